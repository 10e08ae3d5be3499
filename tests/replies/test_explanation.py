"""What a user reads about a reply."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probe.catalog import catalog
from probe.errors import UsageError
from probe.model.explanation import Explanation
from probe.replies.codes import explain_code
from probe.replies.explanation import explain, explain_text
from probe.rows import Signature

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
    assert ("unknown", ()) == (reply.cause, reply.causes)


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
    assert (cause, None) == (reply.cause, reply.matched)
    assert reply.causes[0].confidence < 0.6
    assert reply.signature is not None


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("554 5.7.1 blocked using dnsbl.test", "blocked using"),
        ("450 <joe@example.org>: Recipient address rejected: Greylisted, see http://x.example", "Greylisted"),
        ("535 5.7.8 Error: authentication failed: again", "authentication failed"),
        ("550 5.2.3 MailPolicy violation", "MailPolicy"),
        ("504 5.5.2 <x>: Helo command rejected: no", "Helo command rejected: no"),
        ("554 Blocked - see https://x.example/lookup", "Blocked - see"),
    ],
)
def test_quoted_words_are_whole(text: str, words: str) -> None:
    assert words == explain_text(text, facts=FACTS).matched


@pytest.mark.parametrize("signature", FACTS.signatures, ids=lambda signature: signature.id)
def test_no_quotation_cuts_a_word(signature: Signature) -> None:
    text, words = signature.example, explain_text(signature.example, facts=FACTS).matched
    if words and words.isascii() and words in text:
        begin = text.index(words)
        before, after = text[:begin], text[begin + len(words) :]
        assert not (before[-1:].isalnum() and words[0].isalnum())
        assert not (words[-1].isalnum() and after[:1].isalnum())


def test_long_quotations_end_between_words() -> None:
    reply = explain_text(f"554 This user doesn't have a {'quite ' * 16}good account", facts=FACTS)
    assert reply.matched == f"This user doesn't have a {'quite ' * 16}".strip()[:120].strip()
    url = "https://x.example/" + "a" * 150 + "?ip=203.0.113.7"
    assert 0 < len(explain_text(f"553 {url}", facts=FACTS).matched or "") <= 120


def test_several_causes_in_one_text_leave_doubt() -> None:
    reply = explain_text("550 spam or virus or sender is blacklisted", facts=FACTS)
    assert reply.causes[0].confidence <= 0.75
    assert {"virus", "sender-rejected"} <= {reading.cause for reading in reply.causes}
    assert explain_text("550 5.7.0 Virus detected", facts=FACTS).causes[0].confidence >= 0.9


def test_one_statement_read_twice_leaves_none() -> None:
    assert explain_text("552 5.2.2 Mailbox size limit exceeded", facts=FACTS).causes[0].confidence >= 0.9


def test_cancelled_login_has_no_cause() -> None:
    reply = explain(501, "5.7.0", ("5.7.0 Authentication aborted",), command="*", stage="auth", facts=FACTS)
    assert (None, (), True) == (reply.cause, reply.causes, reply.allowed_here)


@pytest.mark.parametrize("words", ["Authentication aborted", "Authentication cancelled", "Authentication canceled"])
def test_cancelled_login_is_no_failed_one(words: str) -> None:
    reply = explain_text(f"501 5.7.0 {words}", facts=FACTS)
    assert ("unknown", ()) == (reply.cause, reply.causes)
    assert "client itself" in (reply.provider_meaning or "")


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        ("454 4.7.0 TLS not available due to local problem", "system-error"),
        ("454 TLS currently unavailable", "system-error"),
        ("530 5.7.0 Must issue a STARTTLS command first", "tls-required"),
        ("503 5.5.1 authentication not enabled", "unsupported-command"),
        ("503 5.5.1 Error: authentication not enabled", "unsupported-command"),
        ("535 5.7.8 Error: authentication failed", "auth-failed"),
    ],
)
def test_whose_fault_tls_and_login_are(text: str, cause: str) -> None:
    assert cause == explain_text(text, facts=FACTS).cause


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
    assert reply.fields["urls"] == ["https://x.example/"]


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


@pytest.mark.parametrize(
    ("word", "nearest"),
    [
        ("599", "nearest assigned code is 556,"),
        ("598", "too far to tell anything about 598."),
        ("558", "nearest assigned code is 556,"),
        ("333", "nearest assigned code is 334,"),
        ("5.7.33", "nearest assigned code is 5.7.30,"),
        ("4.7.33", "nearest assigned code is 4.7.30,"),
        ("5.7.300", "No assigned code is near."),
        ("4.9.1", "No assigned code is near."),
    ],
)
def test_unassigned_codes_are_composed(word: str, nearest: str) -> None:
    reply = explain_code(word, facts=FACTS)
    assert "Unassigned" in reply.title
    assert nearest in reply.meaning
    assert reply.remedy != ""


@pytest.mark.parametrize(
    ("word", "title"),
    [
        ("5.7.606", "5.7.606 to 5.7.649"),
        ("5.7.620", "5.7.606 to 5.7.649"),
        ("5.7.649", "5.7.606 to 5.7.649"),
        ("5.7.650", "Unassigned"),
        ("4.7.501", "4.7.500 to 4.7.699"),
        ("4.7.699", "4.7.500 to 4.7.699"),
        ("4.7.700", "Unassigned"),
        ("4.7.650", "rate limited"),
        ("4.7.899", "4.7.850 to 4.7.899"),
        ("5.7.999", "5.7.900 to 5.7.999"),
        ("4.7.620", "4.7.500 to 4.7.699"),
    ],
)
def test_ranges_hold_every_number(word: str, title: str) -> None:
    assert title in explain_code(word, facts=FACTS).title


@given(st.text(max_size=300))
def test_no_text_raises(text: str) -> None:
    assert explain_text(text, facts=FACTS).causes or True


@given(st.sampled_from(["550 5.7.1 ", "host x said: 554-", "421 <", "5.1.1 [", "250-"]), st.text(max_size=120))
def test_no_reply_raises(start: str, rest: str) -> None:
    reply = explain_text(start + rest, facts=FACTS)
    assert (reply.cause in (None, "unknown")) == (reply.causes == ())
    assert all(value.isprintable() for value in reply.fields.values() if isinstance(value, str))


def test_a_number_that_one_provider_alone_gives_tells_the_provider() -> None:
    reply = explain_text(
        "550 5.7.515 Access denied, shop.example doesn't meet the required authentication", facts=FACTS
    )
    assert (reply.cause, reply.provider) == ("sender-unauthenticated", "microsoft")
    assert explain_text("550 5.7.1 Access denied, the required authentication failed", facts=FACTS).provider is None
