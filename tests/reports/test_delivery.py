"""Who got the message is said first, and counted right."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from probe.catalog import catalog
from probe.reports.delivery import recipient_of, sent_to
from probe.reports.headline import verdict
from probe.reports.terminal import quiet
from tests.reports.conversations import REFUSED, delivery, lines_of, report, text_of

OK = "250 2.1.5 Ok"
SOME = delivery(("bad@x.test", REFUSED), ("good@x.test", OK), dots=("250 2.0.0 Ok",), outcome="rejected", stage="rcpt")
LMTP = delivery(
    ("a@x.test", OK),
    ("no@x.test", REFUSED),
    ("b@x.test", OK),
    dots=("250 2.0.0 Ok", "452 4.2.2 mailbox full"),
    hello="LHLO",
    outcome="rejected",
    stage="rcpt",
)


def test_a_message_that_reached_some_is_no_refusal() -> None:
    assert (sent_to(SOME), verdict(report(SOME), catalog())[0]) == ((1, 2), "SENT TO 1 OF 2")
    text = lines_of(report(SOME))
    assert text[1].split(maxsplit=3) == ["mx.example.org:25", "·", "198.51.100.25", "SENT TO 1 OF 2"]
    assert text[2] == "at RCPT: 550 5.1.1 for bad@x.test"


def test_quiet_says_it_too() -> None:
    assert quiet(report(SOME), catalog()) == "mx.example.org:25 SENT TO 1 OF 2 at RCPT: 550 5.1.1 for bad@x.test"


def test_japanese_names_the_recipient() -> None:
    assert "RCPTで: 550 5.1.1(宛先 bad@x.test)" in text_of(report(SOME), lang="ja")


@pytest.mark.parametrize(
    ("replies", "dots", "more", "expected"),
    [
        ((("a@x.test", OK),), ("250 Ok",), {}, (1, 1)),
        ((("a@x.test", OK), ("b@x.test", OK)), ("250 Ok",), {}, (2, 2)),
        ((("a@x.test", OK), ("b@x.test", REFUSED)), ("554 no",), {"outcome": "rejected"}, (0, 2)),
        ((("a@x.test", OK), ("b@x.test", REFUSED)), (), {"outcome": "delivery_unknown"}, (0, 2)),
        ((("a@x.test", OK), ("b@x.test", REFUSED)), ("250 Ok",), {"outcome": "unsolicited", "paired": False}, (0, 2)),
        ((("a@x.test", OK), ("b@x.test", REFUSED)), ("250 Ok",), {"message_sent": False}, (0, 2)),
    ],
)
def test_only_what_the_dot_confirmed_counts(
    replies: tuple[tuple[str, str], ...], dots: tuple[str, ...], more: dict[str, Any], expected: tuple[int, int]
) -> None:
    assert sent_to(delivery(*replies, dots=dots, **more)) == expected


def test_all_of_them_is_just_sent() -> None:
    done = delivery(("a@x.test", OK), ("b@x.test", OK), dots=("250 Ok",))
    assert verdict(report(done), catalog()) == ("SENT", "bold green")


def test_refused_by_all_stays_refused() -> None:
    none = delivery(("a@x.test", REFUSED), dots=(), outcome="rejected", stage="rcpt", message_sent=False)
    text = lines_of(report(none))
    assert text[1].endswith("REFUSED")
    assert text[2] == "at RCPT: 550 5.1.1 for a@x.test"


def test_lmtp_answers_each_recipient() -> None:
    """RFC 2033 section 4.2: in the order of the recipients that were accepted."""
    dots = [index for index, exchange in enumerate(LMTP.exchanges) if exchange.stage == "dot"]
    assert [recipient_of(LMTP, index) for index in dots] == ["a@x.test", "b@x.test"]
    assert (sent_to(LMTP), verdict(report(LMTP), catalog())[0]) == ((1, 3), "SENT TO 1 OF 3")
    text = lines_of(report(LMTP))
    assert text[2:4] == ["at RCPT: 550 5.1.1 for no@x.test", "after the dot: 452 4.2.2 for b@x.test"]
    told = text[text.index("->   .") :]
    assert told[1] == "for a@x.test"
    assert told[2].startswith("1.0 ms <-  250 2.0.0 Ok")
    assert told[3] == "for b@x.test"
    assert told[4] == "1.0 ms <-  452 4.2.2 mailbox full"


def test_smtp_answers_once_and_names_nobody() -> None:
    assert "for good@x.test" not in text_of(report(SOME))


def test_parameters_are_no_part_of_the_address() -> None:
    one = SOME.exchanges[3]
    noted = replace(one, command='RCPT TO:<"a b"@x.test> NOTIFY=NEVER')
    assert recipient_of(replace(SOME, exchanges=(noted,)), 0) == '"a b"@x.test'


def test_many_refused_are_counted_not_listed() -> None:
    many = [(f"u{number}@x.test", REFUSED) for number in range(9)]
    one = delivery(*many, ("ok@x.test", OK), dots=("250 Ok",), outcome="rejected", stage="rcpt")
    assert lines_of(report(one))[1].endswith("SENT TO 1 OF 10")
    assert lines_of(report(one))[6] == "… (+5)"
