"""The reader of prose: recipients and reasons in whatever order and dress, and nothing else."""

from __future__ import annotations

import pytest

from probe.replies.bounces.prose import plain, read


def told(text: str, **known: bool) -> list[tuple[str | None, str]]:
    return [(notice.recipient, notice.text) for notice in read(text, **known)]


@pytest.mark.parametrize(
    "line",
    [
        "<joe@example.org>: 550 no such user",
        "joe@example.org: 550 no such user",
        "  - joe@example.org\n    550 no such user",
        "Recipient: <joe@example.org>\nReason: 550 no such user",
        "Recipient address: joe@example.org\nDiagnostic: 550 no such user".replace("Diagnostic: ", ""),
        "Unable to deliver message to: joe@example.org\n\n550 no such user",
        "joe@example.org\nRemote Server returned '550 no such user'",
        "joe@example.org (expanded from <all@shop.test>)\n550 no such user",
        "[SMTP:joe@example.org]\n\nserver said: 550 no such user",
        ">>> RCPT TO:<joe@example.org>\n<<< 550 no such user",
        "RCPT TO:<joe@example.org>\n550 no such user",
        "--> RCPT TO:<joe@example.org>\n<-- 550 no such user",
        " In:  RCPT TO:<joe@example.org>\n Out: 550 no such user",
        " ~> RCPT TO:<joe@example.org>\n<~* 550 no such user",
        "550 no such user\n\nThe following recipients were affected:\n  joe@example.org",
    ],
)
def test_one_recipient_and_one_reason(line: str) -> None:
    assert [("joe@example.org", "550 no such user")] == told(line)


def test_a_letter_is_no_bounce() -> None:
    assert [] == told("Dear Joe,\n\nplease write to jane@example.org: she knows. There were 550 people.\n")


def test_without_a_code_only_a_known_bounce_counts() -> None:
    text = "joe@example.org\n  The mailbox is full\n"
    assert [] == told(text)
    assert [("joe@example.org", "The mailbox is full")] == told(text, sure=True)


def test_what_comes_back_is_no_reason() -> None:
    text = (
        "<joe@example.org>:\n550 no such user\n\n--- Below this line is a copy of the message.\n\n<a@b.test>:\n554 x\n"
    )
    assert [("joe@example.org", "550 no such user")] == told(text)


def test_advice_behind_the_reason_is_none() -> None:
    text = "<joe@example.org>:\n550 no such user\n\nPlease call 555 1234, or see 554 Main Street.\n"
    assert [("joe@example.org", "550 no such user")] == told(text)


def test_a_reply_of_several_lines() -> None:
    (notice,) = read(">>> DATA\n<<< 554-one\n<<< 554 two\n554 5.0.0 Service unavailable\n")
    assert ("554-one\n554 two", "DATA") == (notice.text, notice.command)


def test_a_reply_may_be_broken_before_an_address() -> None:
    text = "<joe@example.org>:\nRemote host said: 552 5.2.2\n<joe@example.org>... Mailbox full\n"
    assert [("joe@example.org", "552 5.2.2\n<joe@example.org>... Mailbox full")] == told(text)


def test_recipients_in_lines_of_their_own() -> None:
    text = "joe@example.org: 550 no such user\njane@example.org: 552 mailbox full\n"
    assert [("joe@example.org", "550 no such user"), ("jane@example.org", "552 mailbox full")] == told(text)


def test_a_refusal_that_follows_from_another_is_none_of_its_own() -> None:
    text = " -> RCPT TO:<joe@example.org>\n<** 550 no such user\n -> DATA\n<** 554 no valid recipients\n"
    (notice,) = read(text)
    assert ("550 no such user", "RCPT") == (notice.text, notice.command)


def test_a_summary_takes_its_command_from_the_conversation() -> None:
    (notice,) = read("<joe@example.org>\n    (reason: 550 no such user)\n\n>>> DATA\n<<< 550 no such user\n")
    assert ("joe@example.org", "550 no such user", "DATA") == (notice.recipient, notice.text, notice.command)


def test_behind_354_the_text_is_answered() -> None:
    (notice,) = read("DATA\n354 go on\n.\n554 5.7.1 spam\n")
    assert ("DATA", "dot") == (notice.command, notice.stage)


def test_a_page_becomes_lines() -> None:
    page = "<html><style>550 x</style><table><tr><td>Reported&nbsp;error:</td><td>550 a&lt;b</td></tr></table>"
    assert ["Reported error:", "550 a<b"] == plain(page).split("\n")[:2]
    assert "x" == plain("<style>x")[-1:]
