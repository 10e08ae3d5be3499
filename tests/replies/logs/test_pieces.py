"""Heads of lines, fields in them, what is remembered between them, tables and objects."""

from __future__ import annotations

import pytest

from probe.replies.logs.events import documents, notices
from probe.replies.logs.fields import angle, between, peer
from probe.replies.logs.log import Log
from probe.replies.logs.memory import Memory
from probe.replies.logs.syslog import entry, is_logged
from probe.replies.logs.table import Table
from probe.replies.notice import Notice


@pytest.mark.parametrize(
    ("line", "time", "host", "program", "message"),
    [
        ("Nov  7 07:16:38 mail postfix/smtp[9]: x: y", "Nov  7 07:16:38", "mail", "postfix/smtp", "x: y"),
        ("<22>Nov 27 07:16:38 mail exim: x", "Nov 27 07:16:38", "mail", "exim", "x"),
        ("Nov 27 2026 07:16:38 mail exim: x", "Nov 27 2026 07:16:38", "mail", "exim", "x"),
        ("2026-11-27T07:16:38Z mail smtpd[1]: x", "2026-11-27T07:16:38Z", "mail", "smtpd", "x"),
        ("<22>1 2026-11-27T07:16:38Z mail smtpd 12 - - x", "2026-11-27T07:16:38Z", "mail", "smtpd", "x"),
        ('<22>1 2026-11-27T07:16:38Z mail smtpd 12 ID [a b="c"] x', "2026-11-27T07:16:38Z", "mail", "smtpd", "x"),
        ("web-1  | Nov 27 07:16:38 mail exim: x", "Nov 27 07:16:38", "mail", "exim", "x"),
        ("no head at all", None, None, None, "no head at all"),
        ("", None, None, None, ""),
    ],
)
def test_the_head_of_a_line(line: str, time: str | None, host: str | None, program: str | None, message: str) -> None:
    found = entry(line, 7)
    assert (7, time, host, program, message) == tuple(found)


@pytest.mark.parametrize("line", ["Nov 27 07:16:38 x", "2026-11-27 07:16:38 x", "4ABCDEF012: x", "[2026-11-27T07:16 x"])
def test_lines_of_a_log(line: str) -> None:
    assert is_logged(line)


@pytest.mark.parametrize("line", ["", "Dear Joe", "550 5.1.1 no", "November rain", "To: a@b.test", "<a@b.test>: x"])
def test_lines_of_none(line: str) -> None:
    assert not is_logged(line)


def test_fields() -> None:
    assert "b" == between("a=b, c=d", "a=", ", ")
    assert "d" == between("a=b, c=d", "c=", ", ")
    assert between("a=b", "x=", ",") is None
    assert '"a>b"@c.test' == angle('to=<"a>b"@c.test>, relay=x', "to")
    assert "" == angle("from=<> to=<a>", "from")
    assert "cut" == angle("to=<cut", "to")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("mx.a.test[192.0.2.1]:25", ("mx.a.test", "192.0.2.1", 25)),
        ("mx.a.test. [192.0.2.1]", ("mx.a.test", "192.0.2.1", None)),
        ("unknown[2001:db8::1]", (None, "2001:db8::1", None)),
        ("[IPv6:2001:db8::1]:25", (None, "2001:db8::1", 25)),
        ("mail.a.test[private/dovecot-lmtp]", ("mail.a.test", None, None)),
        ("mx.a.test", ("mx.a.test", None, None)),
        ("none", (None, None, None)),
        (None, (None, None, None)),
    ],
)
def test_a_peer(text: str | None, found: tuple[object, ...]) -> None:
    assert found == peer(text)


def test_what_is_remembered_is_bounded() -> None:
    memory = Memory(most=100)
    for number in range(1000):
        memory.note("sender", str(number), "a@b.test")
    assert memory.recall("sender", "0") is None
    assert "a@b.test" == memory.recall("sender", "999")


def test_an_attempt_counts_once() -> None:
    memory = Memory()
    memory.attempt("1", Notice("postfix", "450 a"))
    memory.attempt("2", Notice("postfix", "450 b"))
    memory.settle("1")
    assert ["450 b"] == [notice.text for notice in memory.unsettled()]
    assert [] == list(memory.unsettled())


@pytest.mark.parametrize("status", ["sent (250 ok)", "deferred (host b.test[192.0.2.2] said: 451 4.7.1 later)"])
def test_an_attempt_is_over_when_the_message_is(status: str) -> None:
    log = Log()
    head = b"Nov 27 07:16:38 mail postfix/smtp[9]: 4ABCDEF012: "
    assert () == log.read(head + b"host a.test[192.0.2.1] said: 450 4.7.1 no (in reply to RCPT TO command)", 1)
    found = log.read(
        head + b"to=<joe@example.org>, relay=b.test[192.0.2.2]:25, dsn=2.0.0, status=" + status.encode(), 2
    )
    assert ([] if status.startswith("sent") else ["451 4.7.1 later"]) == [
        one.text.rpartition("said: ")[2] for one in found or ()
    ]
    assert [] == list(log.unsettled())


def test_an_attempt_of_exim_is_over_too() -> None:
    log = Log()
    head = b"2026-11-27 07:16:38 1vOaBc-000123-AB "
    assert () == log.read(
        head + b"H=a.test [192.0.2.1]: SMTP error from remote mail server after pipelined DATA: 450 no", 2
    )
    assert () == log.read(head + b"=> joe@example.org R=dnslookup T=remote_smtp H=b.test [192.0.2.2]", 3)
    assert [] == list(log.unsettled())


def test_no_log_is_taken_for_what_it_is_not() -> None:
    log = Log()
    assert log.read(b"Dear Joe, you said: 550 people came.", 2) is None
    assert () == log.read(b"Nov 27 07:16:38 web nginx: GET /550 HTTP/1.1", 3)
    assert () == log.read(b"Nov 27 07:16:38 db postgres[1]: status=ok reject: no", 4)


@pytest.mark.parametrize("charset", ["utf-8", "shift_jis", "euc_jp"])
def test_a_servers_words_are_read_in_their_charset(charset: str) -> None:
    line = "mail postfix/smtp[9]: 4ABCDEF012: to=<a@b.test>, relay=none, dsn=5.1.1, status=bounced (宛先がありません)"
    (notice,) = Log().read(line.encode(charset), 2) or ()
    assert "宛先がありません" == notice.text


def test_a_table_needs_telling_names() -> None:
    assert Table.of("a,b,c", Memory()) is None
    assert Table.of("recipient,reason,when", Memory()) is not None
    assert Table.of("Dear Joe, please read, mark and learn", Memory()) is None


def test_a_row_that_does_not_fit_is_none() -> None:
    table = Table.of("recipient,reason,when", Memory())
    assert table is not None
    assert table.read("550 5.1.1 no", 2) is None
    (notice,) = table.read('joe@example.org,"550 5.1.1 no, ""never""",now', 3) or ()
    assert ("joe@example.org", '550 5.1.1 no, "never"') == (notice.recipient, notice.text)


def test_objects_one_after_the_other() -> None:
    assert [{"a": 1}, {"b": 2}] == documents('{"a": 1}\n{"b": 2},')
    assert [] == documents("{a}")
    assert [] == documents("[" * 100_000)


def test_an_event_that_went_well_is_none() -> None:
    event = {"event": "delivered", "recipient": "joe@example.org", "response": "250 ok"}
    assert [] == notices(event, 1)
    assert [] == notices({**event, "event": "processed", "reason": "550 looks like one"}, 1)
    assert [] == notices({"unrelated": [{"name": "550 5.1.1"}]}, 1)


def test_a_failure_that_names_nobody_is_about_anything() -> None:
    assert [] == notices({"type": "failure", "message": "Connection failed after 3 retries"}, 1)
    assert [] == notices({"email": "joe@example.org", "message": "Welcome to the shop"}, 1)


def test_an_unknown_sender_of_events_is_read_by_its_names() -> None:
    (notice,) = notices({"what": "x", "data": {"rcpt_to": "joe@example.org", "smtp_response": "452 4.2.2 full"}}, 1)
    assert ("json", "joe@example.org", "452 4.2.2 full") == (notice.format, notice.recipient, notice.text)


@pytest.mark.parametrize("queue_id", ["4ABC", "3Z", "4abcdef01", "4XaeiouBcdf", "4bXyZw1fJZz1234567890abc", "9-1_x"])
def test_a_delivery_of_postfix_counts_whatever_its_id_looks_like(queue_id: str) -> None:
    head = f"Nov 27 07:16:38 mail postfix/smtp[12]: {queue_id}: "
    told = "host mx.example.org[192.0.2.1] said: 450 4.2.1 wait (in reply to RCPT TO command)"
    found = Log().read(
        f"{head}to=<joe@example.org>, relay=mx.example.org[192.0.2.1]:25, dsn=4.2.1, status=deferred ({told})".encode(),
        1,
    )
    assert found is not None
    assert [(queue_id, "joe@example.org", "delayed")] == [(n.queue_id, n.recipient, n.action) for n in found]


@pytest.mark.parametrize("queue_id", ["4ABC", "4abcdef01"])
def test_what_postfix_refused_counts_whatever_its_id_looks_like(queue_id: str) -> None:
    head = f"Nov 27 07:16:38 mail postfix/smtpd[12]: {queue_id}: reject: "
    found = Log().read(f"{head}RCPT from unknown[203.0.113.7]: 554 5.7.1 no; from=<a@b.test> to=<c@d.test>".encode(), 1)
    assert found is not None
    assert [("203.0.113.7", "server")] == [(n.client_address, n.role) for n in found]
