"""Whatever comes in: it is read as far as it can be, in its order, and never fails."""

from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import probe
from probe.catalog import catalog
from probe.codec import from_json, to_json
from probe.model import Incident
from probe.replies.intake import LONGEST_LINE, Intake, lines
from tests.replies.samples import samples

FACTS = catalog()
PIECES = [line for folder in ("bounces", "logs") for path in samples(folder) for line in path.read_bytes().split(b"\n")]


def causes(octets: bytes | str) -> list[str | None]:
    return [one.explanation.cause for one in probe.diagnose(octets)]


def test_a_reply_alone() -> None:
    (one,) = probe.diagnose("550 5.1.1 <joe@example.org>: User unknown")
    assert ("reply", 550, "5.1.1", "failed", 1) == (one.format, one.code, one.enhanced, one.action, one.line)
    assert "user-unknown" == one.explanation.cause


def test_replies_one_a_line() -> None:
    assert ["user-unknown", "mailbox-full"] == causes("550 5.1.1 User unknown\n\n552 5.2.2 Mailbox full\n")


def test_the_lines_of_one_reply_belong_together() -> None:
    (one,) = probe.diagnose("550-5.1.1 There is no\r\n550 5.1.1 such user\r\n")
    assert ("5.1.1 There is no", "5.1.1 such user") == one.lines


def test_a_reply_that_a_window_wrapped() -> None:
    (one,) = probe.diagnose(
        "554 5.7.1 Service unavailable; Client host [203.0.113.7] blocked using\n  zen.spamhaus.org"
    )
    assert "zen.spamhaus.org" == one.explanation.fields["list_zone"]


def test_words_without_a_code() -> None:
    (one,) = probe.diagnose("The mailbox is full")
    assert ("words", "mailbox-full") == (one.format, one.explanation.cause)
    assert () == probe.diagnose("Dear colleague, how are you?")


LETTERS = (
    "please order 550 boxes; the account was closed last week",
    "Dear team,\n\nplease order\n550 boxes; the account was closed last week\n",
    "Hello,\nplease send 500 pens and\n450 boxes of paper, the account was closed.\n\nBest",
    "The error 554 came up in room 550 again, and user unknown, too",
    "We sent the goods. The mailbox is full of letters",
)
MAIL = "From: Ann <ann@example.org>\nTo: team@example.com\nSubject: boxes\nDate: Fri, 27 Nov 2026 09:00:00 +0000\n\n"


@pytest.mark.parametrize("text", [*LETTERS, *(MAIL + letter for letter in LETTERS), MAIL + "The mailbox is full"])
def test_a_number_in_a_letter_is_no_reply(text: str) -> None:
    intake = Intake(FACTS)
    assert [] == list(intake.read([text.encode()]))
    assert not intake.understood


@pytest.mark.parametrize(
    "text",
    [
        "Dear team,\nour server said: 550 5.1.1 User unknown\nwhat now?",
        "Dear team,\n\n550 5.1.1 User unknown\n\nwhat now?",
        "Dear team,\nthey refused it with 550 5.1.1 User unknown",
        "Dear team, they wrote 'it was 550 5.1.1 User unknown'",
    ],
)
def test_a_reply_in_a_letter_is_shown_as_it_stands(text: str) -> None:
    for whole in (text, MAIL + text):
        (one,) = probe.diagnose(whole)
        assert (550, "5.1.1", "user-unknown") == (one.code, one.enhanced, one.explanation.cause)
        assert one.lines[0].startswith("5.1.1 User unknown")


def test_words_between_the_lines_of_a_log_are_none() -> None:
    assert () == probe.diagnose("Nov 27 07:16:38 web app[1]: it failed\n  caused by: The mailbox is full\n")


@pytest.mark.parametrize("size", [1, 7, 100_000])
def test_a_stream_may_be_cut_anywhere(size: int) -> None:
    for folder in ("bounces", "logs"):
        for path in samples(folder):
            octets = path.read_bytes()
            pieces = [octets[at : at + size] for at in range(0, len(octets), size)]
            assert list(probe.diagnose(octets)) == list(Intake(FACTS).read(pieces))


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_windows_tools_mark_and_widen_their_files(encoding: str) -> None:
    text = "550 5.1.1 該当するユーザーはいません\r\n"
    mark = "" if encoding in ("utf-8-sig", "utf-16") else "\ufeff"
    octets = (mark + text).encode(encoding)
    for size in (1, 2, 1000):
        pieces = [octets[at : at + size] for at in range(0, len(octets), size)]
        (one,) = Intake(FACTS).read(pieces)
        assert (550, ("5.1.1 該当するユーザーはいません",)) == (one.code, one.lines)


def test_a_line_without_end_is_cut() -> None:
    found = list(lines([b"a" * 100_000] * 20 + [b"\nb\n", b"c"]))
    assert [LONGEST_LINE, 1, 1] == [len(line) for line in found]
    assert [b"b", b"c"] == found[1:]


def test_incidents_come_as_soon_as_they_are_known() -> None:
    def chunks():  # type: ignore[no-untyped-def]
        yield b"NOQUEUE: reject: RCPT from unknown[203.0.113.7]: 550 5.1.1 <a@b.test>: User unknown; from=<> to=<a>\n"
        raise EOFError

    assert "user-unknown" == next(Intake(FACTS).read(chunks())).explanation.cause


def test_an_incident_survives_json() -> None:
    for path in (*samples("bounces"), *samples("logs")):
        for one in probe.diagnose(path.read_bytes()):
            assert one == from_json(Incident, to_json(one))


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=400))
def test_no_octets_make_it_fail(octets: bytes) -> None:
    for one in probe.diagnose(octets):
        assert "".join(one.lines).isprintable()


@settings(max_examples=100, deadline=None)
@given(st.text(st.characters(), max_size=200))
def test_no_text_makes_it_fail(text: str) -> None:
    for one in probe.diagnose(text):
        assert "".join(one.lines).isprintable()


@settings(max_examples=200, deadline=None)
@given(st.lists(st.one_of(st.sampled_from(PIECES), st.binary(max_size=40)), max_size=30))
def test_no_mixture_of_what_is_known_makes_it_fail(pieces: list[bytes]) -> None:
    for one in probe.diagnose(b"\n".join(pieces)):
        assert one.action in ("failed", "delayed")


@settings(max_examples=60, deadline=None)
@given(st.sampled_from([*samples("bounces"), *samples("logs")]), st.data())
def test_a_file_may_be_cut_or_hurt(path, data) -> None:  # type: ignore[no-untyped-def]
    octets = path.read_bytes()
    at = data.draw(st.integers(0, len(octets)))
    hurt = octets[:at] + data.draw(st.binary(max_size=5)) + octets[at + data.draw(st.integers(0, 50)) :]
    probe.diagnose(octets[:at])
    probe.diagnose(hurt)


_FLAT = """
import resource, sys
from probe.catalog import catalog
from probe.replies.intake import Intake

def log(count):
    line = (
        "Nov 27 07:16:38 mail postfix/qmgr[12]: {0:010X}: from=<orders@shop.test>, size=123, nrcpt=1 (queue active)\\n"
        "Nov 27 07:16:38 mail postfix/smtp[9]: {0:010X}: to=<joe@example.org>, relay=mx.example.org[192.0.2.1]:25, "
        "delay=1, delays=0/0/1/0, dsn={1}, status={2}\\n"
    )
    for number in range(count):
        bad = number % 50 == 0
        said = "bounced (host mx.b.test[192.0.2.1] said: 550 5.1.1 no user %d (in reply to DATA command))" % number
        yield line.format(number, "5.1.1" if bad else "2.0.0", said if bad else "sent (250 ok)").encode()

peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
facts = catalog()
for _ in Intake(facts).read(log(25_000)): pass
before = peak()
found = sum(1 for _ in Intake(facts).read(log(100_000)))
print(found, peak() - before)
"""


def test_memory_stays_flat() -> None:
    """Four times the log, some 28 MB, takes no more memory than the first quarter; what is kept of it is bounded."""
    done = subprocess.run([sys.executable, "-c", _FLAT], capture_output=True, text=True, timeout=120, check=True)
    found, grown = map(int, done.stdout.split())
    assert 2000 == found
    assert grown < 8 * 1024  # kibibytes
