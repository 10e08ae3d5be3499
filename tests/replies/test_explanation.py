"""What a user reads about a reply."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probe.catalog import catalog
from probe.errors import UsageError
from probe.model.explanation import CauseReading, Explanation
from probe.replies.codes import explain_code
from probe.replies.explanation import explain, explain_text

FACTS = catalog()
SAMPLE = "5.7.1 Service unavailable; Client host [203.0.113.7] blocked using dnsbl.test; Listed, see https://dnsbl.test/q?ip=203.0.113.7"


def test_sample() -> None:
    reply = explain_text(f"554 {SAMPLE}", facts=FACTS)
    assert (reply.provider, reply.signature, reply.matched) == ("postfix", "postfix-rbl-client", "blocked using")
    assert "ip-blocklisted" == reply.cause == reply.causes[0].cause
    assert reply.causes[0].confidence >= 0.95
    assert reply.fields["blocked_ip"] == "203.0.113.7"
    assert reply.fields["list_zone"] == "dnsbl.test"
    assert reply.fields["urls"] == ["https://dnsbl.test/q?ip=203.0.113.7"]
    assert (reply.title, reply.retry) == ("Transaction failed", "never")
    assert reply.category == "Permanent Negative Completion"


def test_sample_as_it_was_heard() -> None:
    reply = explain(554, "5.7.1", (SAMPLE,), stage="banner", facts=FACTS)
    assert (reply.cause, reply.allowed_here) == ("ip-blocklisted", True)


@pytest.mark.parametrize(
    "text", ["250 2.0.0 Ok: queued", "214 Help: no such user, spam, blocked", "354 go on", "220 mx.example.org"]
)
def test_positive_replies_have_no_cause(text: str) -> None:
    reply = explain_text(text, facts=FACTS)
    assert (reply.cause, reply.causes, reply.retry) == (None, (), "none")


def test_refusal_that_says_nothing_is_unknown() -> None:
    reply = explain_text("550 Xyzzy", facts=FACTS)
    assert ("unknown", (CauseReading("unknown", 0.0),)) == (reply.cause, reply.causes)


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        ("550 5.1.1 <joe@example.org> 203.0.113.7 has sent to too many recipients this hour. IB607", "rate-limited"),
        ("550 5.2.0 Message rejected due to DMARC.", "dmarc-fail"),
        ("550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup", "user-unknown"),
        ("550 5.2.1 <joe@example.org>... User Unknown", "user-unknown"),
        ("421 4.7.0 Reverse DNS is missing", "no-ptr"),
    ],
)
def test_text_beats_code(text: str, cause: str) -> None:
    assert cause == explain_text(text, facts=FACTS).cause


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        ("550 5.1.1", "user-unknown"),
        ("550 5.7.1", "policy"),
        ("504 5.5.4", "unsupported-parameter"),
        ("555", "unsupported-parameter"),
        ("502", "unsupported-command"),
        ("503", "bad-sequence"),
        ("552", "message-too-large"),
        ("550 5.3.4", "message-too-large"),
        ("550 5.2.2", "mailbox-full"),
        ("421", "service-unavailable"),
    ],
)
def test_codes_alone_give_weak_readings(text: str, cause: str) -> None:
    reply = explain_text(text, facts=FACTS)
    assert cause == reply.cause
    assert reply.causes[0].confidence < 0.6


def test_agreeing_code_makes_surer() -> None:
    alone = explain_text("550 User unknown", facts=FACTS)
    agreeing = explain_text("550 5.1.1 User unknown", facts=FACTS)
    assert agreeing.causes[0].confidence > alone.causes[0].confidence


def test_unknown_user_after_the_message_is_a_filter() -> None:
    said = "host mx.example.org[192.0.2.1] said: 550 Unknown user joe@example.org (in reply to {} command)"
    assert explain_text(said.format("end of DATA"), facts=FACTS).cause == "recipient-restricted"
    assert explain_text(said.format("RCPT TO"), facts=FACTS).cause == "user-unknown"


def test_echo_takes_the_cause_of_the_earlier_refusal() -> None:
    first = explain(550, "5.7.1", (SAMPLE,), command="RCPT TO:<joe@example.org>", facts=FACTS)
    echo = explain(554, "5.5.1", ("5.5.1 Error: no valid recipients",), command="DATA", facts=FACTS, earlier=(first,))
    assert (echo.cause, echo.fields["echo"]) == ("ip-blocklisted", True)


def test_echo_without_an_earlier_refusal_is_marked() -> None:
    assert True is explain_text("503 5.5.1 Error: need RCPT command", facts=FACTS).fields["echo"]


def test_joined_replies_are_explained_by_the_one_that_says_why() -> None:
    text = "550 5.1.1 <joe@example.org>... User unknown 503 5.0.0 Need RCPT (recipient)"
    reply = explain_text(text, facts=FACTS)
    assert reply.cause == "user-unknown"
    assert "echo" not in reply.fields


def test_refused_list_is_the_receivers_fault() -> None:
    text = f"554 {SAMPLE}; Error: open resolver; https://check.spamhaus.org/returnc/pub/203.0.113.7/"
    reply = explain_text(text, facts=FACTS)
    assert (reply.cause, reply.fields["receiver_fault"]) == ("system-error", True)
    assert "delist_url" not in reply.fields


def test_class_mismatch_is_noted() -> None:
    assert True is explain_text("450 5.1.1 User unknown", facts=FACTS).fields["class_mismatch"]
    assert "class_mismatch" not in explain_text("550 5.1.1 User unknown", facts=FACTS).fields


def test_outside_text_is_made_printable() -> None:
    reply = explain_text("550 Mailbox \x1b[31mfull, see https://x.example/\x1b[0m", facts=FACTS)
    assert reply.fields["urls"] == ["https://x.example/\\x1b[0m"]


@pytest.mark.parametrize(
    "language",
    ["Benutzer unbekannt", "Usuario desconocido", "Пользователь не найден", "收件人不存在", "宛先が存在しません"],
)
def test_other_languages(language: str) -> None:
    assert explain_text(f"550 {language}", facts=FACTS).cause == "user-unknown"


@pytest.mark.parametrize("word", ["abc", "99", "199", "654", "5.7", "7.1.1", "", "5541", "٥٥٤", "5.7.1.1", "\x1b[2J"])
def test_words_that_are_no_code(word: str) -> None:
    with pytest.raises(UsageError) as caught:
        explain_code(word, facts=FACTS)
    assert "is no reply code" in str(caught.value)
    assert str(caught.value).isprintable()


def test_basic_code() -> None:
    assert _essence(explain_code("214", facts=FACTS)) == ("Help message", "none", None)
    assert _essence(explain_code(" 554 ", facts=FACTS)) == ("Transaction failed", "never", None)


def _essence(explanation: Explanation) -> tuple[str, str, str | None]:
    return explanation.title, explanation.retry, explanation.cause


@pytest.mark.parametrize(
    ("word", "category", "retry"),
    [
        ("5.1.1", "Permanent Failure", "never"),
        ("4.2.2", "Persistent Transient Failure", "later"),
        ("2.0.0", "Success", "none"),
    ],
)
def test_enhanced_code(word: str, category: str, retry: str) -> None:
    reply = explain_code(word, facts=FACTS)
    assert (None, word, category, retry) == (reply.code, reply.enhanced, reply.category, reply.retry)
    assert reply.title == reply.enhanced_title != ""


@pytest.mark.parametrize(("word", "nearest"), [("599", "556"), ("5.7.999", "5.7.30"), ("4.9.1", "4."), ("333", "334")])
def test_unassigned_codes_are_composed(word: str, nearest: str) -> None:
    reply = explain_code(word, facts=FACTS)
    assert "Unassigned" in reply.title
    assert nearest in reply.meaning
    assert reply.remedy != ""


@given(st.text(max_size=300))
def test_no_text_raises(text: str) -> None:
    assert explain_text(text, facts=FACTS).causes or True


@given(st.sampled_from(["550 5.7.1 ", "host x said: 554-", "421 <", "5.1.1 [", "250-"]), st.text(max_size=120))
def test_no_reply_raises(start: str, rest: str) -> None:
    reply = explain_text(start + rest, facts=FACTS)
    assert (reply.cause is None) == (reply.causes == ())
    assert all(value.isprintable() for value in reply.fields.values() if isinstance(value, str))
