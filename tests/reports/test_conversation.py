"""The transcript: long refusals, plurals, TLS from the start, and no certainty that contradicts the verdict."""

from __future__ import annotations

from dataclasses import replace

import pytest
from rich.cells import cell_len

from probe.model import Diagnosis, Extensions, Report
from tests.reports.conversations import TLS, lines_of, report, said, session, text_of


def refusing(text: str) -> Report:
    return report(session(said("banner", None, text), outcome="rejected", stage="banner"))


def test_a_long_refusal_is_cut() -> None:
    text = "\n".join([*(f"554-line {number}" for number in range(900)), "554 the end"])
    said_ = lines_of(refusing(text))
    assert "<-   554-line 11" in said_
    assert "… 889 more lines (-v)" in said_
    assert "<-   554-line 12" not in said_
    assert len(said_) < 50
    whole = lines_of(refusing(text), verbose=True)
    assert "<-   554-line 899" in whole
    assert [] == [line for line in whole if line.endswith("(-v)")]


def test_lines_that_wrap_count_as_often_as_they_do() -> None:
    text = "\n".join([*(f"554-{number} " + "word " * 20 for number in range(20)), "554 end"])
    assert "… 15 more lines (-v)" in lines_of(refusing(text))


def test_one_endless_line_is_cut_too() -> None:
    text = text_of(refusing("554 " + "x" * 100_000))
    assert text.count("\n") < 45
    assert "…\n" in text
    assert [] == [line for line in text.splitlines() if cell_len(line) > 80]


def test_twelve_lines_are_shown_whole() -> None:
    text = "\n".join([*(f"554-line {number}" for number in range(11)), "554 the end"])
    assert "<-   554 the end" in lines_of(refusing(text))
    assert "more line" not in text_of(refusing(text))


@pytest.mark.parametrize(
    ("offer", "expected"),
    [({"SIZE": "1000"}, "250 1 extension "), ({"SIZE": "", "DSN": ""}, "250 2 extensions "), ({}, "250 0 extensions ")],
)
def test_extensions_are_counted_as_they_were_read(offer: dict[str, str], expected: str) -> None:
    reply = "250-mx.example.org\n250-SIZE 1000\n250-SIZE 1000\n250 !!"
    one = session(said("ehlo", "EHLO probe.example", reply), extensions=Extensions(offer))
    assert expected in text_of(report(one))


def test_implicit_tls_is_told_before_the_greeting() -> None:
    one = session(said("banner", None, "220 mx.example.org ESMTP", in_tls=True), tls=TLS)
    text = lines_of(report(one))
    begun = text.index("==   TLS 1.3 · TLS_AES_256_GCM_SHA384")
    assert text[begun + 1].startswith("1.0 ms <~  220 mx.example.org")


def test_starttls_is_told_once() -> None:
    one = session(
        said("banner", None, "220 mx.example.org ESMTP"),
        said("starttls", "STARTTLS", "220 Go on"),
        said("ehlo", "EHLO probe.example", "250 mx.example.org", in_tls=True),
        said("quit", "QUIT", "221 Bye", in_tls=True),
        tls=TLS,
    )
    text = lines_of(report(one))
    assert text.count("==   TLS 1.3 · TLS_AES_256_GCM_SHA384") == 1
    assert text[text.index("==   TLS 1.3 · TLS_AES_256_GCM_SHA384") + 1] == "~>   EHLO probe.example"


def test_the_cause_says_by_which_words_and_not_how_sure() -> None:
    text = text_of(refusing("554 5.7.1 Client host [203.0.113.7] blocked using dnsbl.test"))
    assert 'cause  ip-blocklisted, by "blocked using" · postfix' in text
    for word in ("(certain)", "(likely)", "(possible)"):
        assert word not in text


def test_without_words_it_was_a_code() -> None:
    assert 'cause  user-unknown, by "5.1.1"' in lines_of(refusing("550 5.1.1 zzz"))


def test_no_cause_is_no_line() -> None:
    text = lines_of(report(session(said("mail", "MAIL FROM:<>", "554 zzz"), outcome="rejected", stage="mail")))
    assert [] == [line for line in text if line.startswith("cause")]


REFUTED = Diagnosis(
    "ip-blocklisted",
    "refuted",
    "banner",
    0,
    0,
    summary="The server looked it up and found it there.",
    evidence=('the reply says "blocked using"',),
    against=("7.113.0.203.dnsbl.test A: not listed, just now",),
    ruled_out=("SPF: fine", "PTR: fine"),
    not_asked=("a list: no answer",),
)


def test_what_is_refuted_is_not_told_as_a_fact() -> None:
    one = replace(refusing("554 no"), diagnoses=(REFUTED,))
    text = " ".join(text_of(one).split())
    expected = "The reply says: The address of the client is on a blocklist – this does not hold now (refuted)"
    assert f"Why {expected}" in text
    assert "found it there" not in text
    assert "応答の主張:" in text_of(one, lang="ja")
    confirmed = replace(REFUTED, verdict="confirmed")
    text = " ".join(text_of(replace(one, diagnoses=(confirmed,))).split())
    assert "Why The address of the client is on a blocklist (confirmed) The server looked it up" in text


def test_what_was_said_of_the_other_checks_is_said_once() -> None:
    second = replace(REFUTED, cause="policy", ruled_out=("SPF: fine", "DKIM: fine"))
    text = text_of(replace(refusing("554 no"), diagnoses=(REFUTED, second)))
    for line in ("SPF: fine", "PTR: fine", "DKIM: fine", "a list: no answer"):
        assert text.count(line) == 1
    assert (text.count(" Also "), text.count(" Not asked ")) == (2, 1)


def test_no_message_was_sent() -> None:
    assert "1 connection, 0 DNS questions, 0.01 s. No message was sent." in text_of(refusing("554 no"))
    assert "メッセージは送信していません。" in text_of(refusing("554 no"), lang="ja")
