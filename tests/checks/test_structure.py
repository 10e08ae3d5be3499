"""What a message must be like, rule by rule: each test breaks one rule of a sound message."""

from __future__ import annotations

import pytest

from probe.checks import structure
from probe.checks.structure import PROBLEMS, Arrived
from probe.mail.message import parse
from probe.model import CheckResult
from tests.checks.fake import FakeAsker, run
from tests.signing import NOW, PLAIN


def looked_at(message: bytes) -> CheckResult:
    return run(structure, Arrived(parse(message), NOW), FakeAsker({}))


def problems(message: bytes) -> list[str]:
    return [row["problem"] for row in looked_at(message).facts["problems"]]


def without(name: bytes, message: bytes = PLAIN) -> bytes:
    return b"".join(line for line in message.splitlines(keepends=True) if not line.startswith(name + b":"))


def instead(name: bytes, value: bytes, message: bytes = PLAIN) -> bytes:
    return name + b": " + value + b"\r\n" + without(name, message)


RECEIVED = b"Received: from a.test ([192.0.2.1]) by mx.test; Fri, 27 Nov 2026 09:00:05 +0000\r\n"
LIST = b"List-Unsubscribe: <https://shop.test/u?1>, <mailto:u@shop.test>\r\n"
BROKEN: dict[str, bytes] = {
    "no-from": without(b"From"),
    "from-twice": b"From: eve@evil.test\r\n" + PLAIN,
    "from-unreadable": instead(b"From", b"Ann"),
    "from-several": instead(b"From", b"ann@shop.test, bob@mail.test"),
    "no-date": without(b"Date"),
    "date-unreadable": instead(b"Date", b"yesterday"),
    "date-future": instead(b"Date", b"Mon, 30 Nov 2026 09:00:00 +0000"),
    "date-far": RECEIVED + instead(b"Date", b"Mon, 1 Jun 2026 09:00:00 +0000"),
    "no-message-id": without(b"Message-ID"),
    "message-id-unreadable": instead(b"Message-ID", b"1@shop.test"),
    "duplicate-field": b"Subject: another\r\n" + PLAIN,
    "no-recipient": without(b"To"),
    "no-subject": without(b"Subject"),
    "malformed-field": b"hello there\r\n" + PLAIN,
    "header-controls": instead(b"Subject", b"\x1b[31mred\x1b[0m"),
    "header-8bit": instead(b"Subject", "ご注文".encode()),
    "eight-bit-unannounced": PLAIN + "三箱\r\n".encode(),
    "long-line": PLAIN + b"x" * 999 + b"\r\n",
    "bare-lf": PLAIN + b"one\ntwo\r\n",
    "bare-cr": PLAIN + b"one\rtwo\r\n",
    "nul": PLAIN + b"\0\r\n",
    "no-final-line-end": PLAIN.removesuffix(b"\r\n"),
    "no-boundary": instead(b"Content-Type", b'multipart/mixed; boundary="b1"'),
    "not-one-click": LIST + PLAIN,
    "one-click-broken": LIST + b"List-Unsubscribe-Post: yes\r\n" + PLAIN,
}
SCENES = {f"structure-{problem}": looked_at(message) for problem, message in BROKEN.items()}
"""For each finding of this check a result that is worth it."""


def test_every_problem_is_tried() -> None:
    assert set(PROBLEMS) == set(BROKEN)


@pytest.mark.parametrize("problem", BROKEN)
def test_one_rule_broken_is_one_problem(problem: str) -> None:
    assert [problem] == problems(BROKEN[problem])


def test_a_sound_message_passes() -> None:
    result = looked_at(PLAIN)
    assert ("pass", ()) == (result.result, result.facts["problems"])
    assert ("ann@shop.test",) == result.facts["from"]
    assert ("crlf", 39, 7) == tuple(result.facts[name] for name in ("line_ends", "longest_line", "fields"))


@pytest.mark.parametrize(
    ("problem", "word"), [("no-from", "fail"), ("long-line", "fail"), ("no-subject", "neutral"), ("bare-lf", "fail")]
)
def test_what_breaks_a_rule_fails_and_what_is_unwise_does_not(problem: str, word: str) -> None:
    assert word == looked_at(BROKEN[problem]).result


def test_a_file_with_the_line_ends_of_its_system_is_no_broken_message() -> None:
    for saved in (PLAIN.replace(b"\r\n", b"\n"), PLAIN.replace(b"\r\n", b"\r")):
        assert [] == problems(saved)


def test_one_click_as_rfc_8058_wants_it() -> None:
    result = looked_at(LIST + b"List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n" + PLAIN)
    assert ((), True) == (result.facts["problems"], result.facts["one_click"])


def test_one_click_needs_https() -> None:
    mailto = b"List-Unsubscribe: <mailto:u@shop.test>\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"
    assert ["one-click-broken"] == problems(mailto + PLAIN)


def test_eight_bits_that_are_announced_are_fine() -> None:
    assert [] == problems(b"Content-Transfer-Encoding: 8bit\r\n" + PLAIN + "三箱\r\n".encode())


def test_a_date_is_held_against_the_day_on_which_the_message_arrived() -> None:
    old = b"Received: from a.test ([192.0.2.1]) by mx.test; Mon, 2 Jan 2006 15:04:05 +0000\r\n"
    assert [] == problems(old + instead(b"Date", b"Mon, 2 Jan 2006 15:04:00 +0000"))
    assert ["date-future"] == problems(old + PLAIN)


@pytest.mark.parametrize("date", [b"", b"\0", b"Fri, 99 Nov 99999999999 99:99:99 +9999", b"27.11.2026"])
def test_a_date_that_no_calendar_knows_is_unreadable(date: bytes) -> None:
    assert "date-unreadable" in problems(instead(b"Date", date))


@pytest.mark.parametrize("control", ["\0", "\b", "\x1b", "\x7f", "\x85", "\x9b", "\r"])
def test_a_control_character_in_any_field_is_an_error_and_shown_harmless(control: str) -> None:
    result = looked_at(instead(b"Reply-To", f"Ann{control}x <ann@shop.test>".encode()))
    [term] = [row["term"] for row in result.facts["problems"] if row["problem"] == "header-controls"]
    assert "fail" == result.result
    assert term.startswith("Reply-To: Ann\\")
    assert term.isprintable()


def test_tabs_and_folds_are_no_control_characters() -> None:
    assert "header-controls" not in problems(instead(b"Subject", b"one\ttwo\r\n\tthree\r\n four"))
