"""From what a place says to an incident: whose codes count, what the sentence around a reply tells, what is shown."""

from __future__ import annotations

import pytest

from probe.catalog import catalog
from probe.model import Incident
from probe.replies.notice import LONGEST_FIELD, Explainer, Notice


def incident(text: str, **told: object) -> Incident:
    return Explainer(catalog()).incident(Notice("postfix", text, **told), "mail.log")  # type: ignore[arg-type]


def test_the_sentence_tells_who_spoke_and_what_was_answered() -> None:
    one = incident("host spam.example.org[192.0.2.1] said: 550 5.1.1 User unknown (in reply to RCPT TO command)")
    assert ("spam.example.org", "192.0.2.1", "RCPT", "rcpt") == (one.host, one.address, one.command, one.stage)
    assert ("5.1.1 User unknown",) == one.lines
    assert ("user-unknown", "mail.log") == (one.explanation.cause, one.source)


def test_what_is_known_elsewhere_comes_first() -> None:
    one = incident("host a.test[192.0.2.1] said: 550 no", host="b.test", stage="dot", command="DATA")
    assert ("b.test", None, "dot", "DATA") == (one.host, one.address, one.stage, one.command)


@pytest.mark.parametrize(
    ("text", "status", "enhanced"),
    [
        ("550 no", "5.2.2", "5.2.2"),
        ("550 5.1.1 no", "5.2.2", "5.1.1"),
        ("550 no", "5.0.0", None),
        ("550 no", "4.2.2", None),
        ("550 no", "2.0.0", None),
        ("550 no", "5.02.2", None),
        ("550 no", "rubbish", None),
        ("no", "5.2.2", "5.2.2"),
    ],
)
def test_the_reporters_status_helps_where_the_reply_has_none(text: str, status: str, enhanced: str | None) -> None:
    assert enhanced == incident(text, status=status).explanation.enhanced


@pytest.mark.parametrize(
    ("text", "status", "action"),
    [
        ("550 no", None, "failed"),
        ("450 no", None, "delayed"),
        ("words", "4.4.1", "delayed"),
        ("words", None, "failed"),
        ("4.7.1 words", "5.0.0", "delayed"),
    ],
)
def test_without_an_action_the_class_decides(text: str, status: str | None, action: str) -> None:
    assert action == incident(text, status=status).action


def test_a_null_sender_is_a_sender() -> None:
    assert "" == incident("550 no", sender="").sender
    assert incident("550 no").sender is None


def test_hostile_fields_are_shown_and_cut() -> None:
    one = incident("550 \x1b[2J", recipient="a\x1b" + "x" * 10_000, host="\u202eh", time="\x07")
    assert "\\x1b" in " ".join(one.lines)
    assert one.recipient is not None and one.recipient.isprintable() and len(one.recipient) <= LONGEST_FIELD + 3
    assert ("\\u202eh", "\\x07") == (one.host, one.time)


def test_the_same_words_are_explained_once() -> None:
    explainer = Explainer(catalog())
    notice = Notice("postfix", "550 5.1.1 User unknown")
    first, second = explainer.incident(notice), explainer.incident(notice._replace(recipient="a@b.test"))
    assert first.explanation is second.explanation
    assert "a@b.test" == second.recipient
