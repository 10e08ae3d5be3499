"""A pasted reply is read alone, over several lines, and inside the sentences of other servers."""

import pytest

from probe.replies.parsing import ParsedReply, parse


def test_one_line() -> None:
    assert ParsedReply(554, "5.7.1", ("5.7.1 No service",)) == parse("554 5.7.1 No service")


def test_several_lines() -> None:
    reply = parse("554-5.7.1 No service\r\n554 5.7.1 Ask the postmaster")
    assert (reply.code, reply.enhanced) == (554, "5.7.1")
    assert reply.lines == ("5.7.1 No service", "5.7.1 Ask the postmaster")


def test_several_lines_pasted_as_one() -> None:
    reply = parse(
        "554-gmx.net (mxgmx114) Service not available 554-No SMTP service 554 For explanation visit https://x.example"
    )
    assert reply.lines == (
        "gmx.net (mxgmx114) Service not available",
        "No SMTP service",
        "For explanation visit https://x.example",
    )


def test_repeated_line_counts_once() -> None:
    assert parse("550 Virus 550 Virus").lines == ("Virus",)


@pytest.mark.parametrize(
    ("text", "code", "command", "stage"),
    [
        ("host mx.example.org[192.0.2.1] said: 550 5.1.1 no (in reply to RCPT TO command)", 550, "RCPT", "rcpt"),
        ("host mx.example.org[192.0.2.1] said: 550 no (in reply to end of DATA command)", 550, "DATA", "dot"),
        ("host mx.example.org[192.0.2.1] refused to talk to me: 554 no", 554, None, "banner"),
        (
            "SMTP error from remote mail server after MAIL FROM:<a@b.example> SIZE=554: host mx [192.0.2.1]: 550 no",
            550,
            "MAIL",
            "mail",
        ),
        (
            "SMTP error from remote mail server after initial connection: host mx [192.0.2.1]: 554 no",
            554,
            None,
            "banner",
        ),
        ("SMTP error from remote mail server after end of data: host mx [192.0.2.1]: 554 no", 554, "DATA", "dot"),
        ("192.0.2.1 does not like recipient. Remote host said: 550 no Giving up on 192.0.2.1.", 550, "RCPT", "rcpt"),
        ("192.0.2.1 failed after I sent the message. Remote host said: 550 no", 550, "DATA", "dot"),
        ("mx.example.org [192.0.2.1] did not like our RCPT TO:550 5.1.1 no", 550, "RCPT", "rcpt"),
        ("Remote Server returned '550 5.1.10 no'", 550, None, None),
        ("smtp; 550 5.1.1 no", 550, None, None),
        ("#550 5.1.1 no ##", 550, None, None),
        (">>> RCPT To:<joe@example.org> <<< 550 5.1.1 no", 550, "RCPT", "rcpt"),
        ("no code at all", None, None, None),
    ],
)
def test_sentences_around_a_reply(text: str, code: int | None, command: str | None, stage: str | None) -> None:
    reply = parse(text)
    assert (code, command, stage) == (reply.code, reply.command, reply.stage)


@pytest.mark.parametrize(
    "words", ["Message refused", "recipient rejected", "connections limited", "second try", "bits"]
)
def test_a_code_may_be_followed_by_any_word(words: str) -> None:
    for text in (f"550 {words}", f"host mx.a.test[192.0.2.1] said: 550 {words} (in reply to end of DATA command)"):
        assert (550, (words,)) == (parse(text).code, parse(text).lines)
    assert 596 == parse(f"596 {words}").code
    for text in (f"Remote Server returned '550 {words}'", f"smtp; 550 {words}", f">>> DATA <<< 550 {words}"):
        assert 550 == parse(text).code


@pytest.mark.parametrize("text", ["limited to 500 messages", "wait for 450 seconds", "the limit: 500 recipients"])
def test_a_number_of_something_is_no_code(text: str) -> None:
    assert parse(text).code is None


def test_a_greeting_before_a_refusal_is_not_the_refusal() -> None:
    text = "host mx.a.test[192.0.2.1] refused to talk to me: 220-a.test 421 4.2.1 Service refused, please try later"
    assert (421, "4.2.1", "banner") == (parse(text).code, parse(text).enhanced, parse(text).stage)


def test_words_around_a_reply_are_left_out() -> None:
    assert parse(
        "host spam-filter.example.org[192.0.2.1] said: 550 5.1.1 no such user (in reply to RCPT TO command)"
    ).lines == ("5.1.1 no such user",)


def test_reason_before_a_code_is_evidence_and_no_part_of_the_reply() -> None:
    reply = parse("The account is disabled. 503 5.5.1 RCPT first")
    assert ("The account is disabled.", ("5.5.1 RCPT first",)) == (reply.lead, reply.lines)
    assert "account is disabled" in " ".join(reply.evidence)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("please order 550 boxes; the account was closed", None),
        ("error 554 in the list", None),
        ("550 no such user", 550),
        ("It was refused: 550 no such user", 550),
        ("the server said 550 no such user", 550),
        ('they wrote "550 no such user"', 550),
        ("<<< 550 no such user", 550),
        ("smtp; 550 no such user", 550),
        ("refused with 550 5.1.1 no such user", 550),
        ("refused with 550 4.1.1 no such user", None),
    ],
)
def test_strictly_a_number_inside_a_sentence_is_no_code(text: str, code: int | None) -> None:
    assert code == parse(text, strict=True).code
