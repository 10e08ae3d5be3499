"""What a server offers, read from its words."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from probe.catalog import catalog
from probe.limits import Limits
from probe.smtp.extensions import VERBS, help_verbs, offered, size_limit, strange_lines
from probe.smtp.reader import ReplyReader

LINES = st.lists(st.text(max_size=30), max_size=8)


def lines_of(text: str) -> tuple[str, ...]:
    """The lines of one reply as the session gets them."""
    reader = ReplyReader(Limits())
    reader.feed(text.replace("\n", "\r\n").encode(), 0.0)
    reply = reader.take()
    assert reply is not None
    return reply.lines


@pytest.mark.parametrize(
    ("lines", "offers"),
    [
        ((), {}),
        (("mx.test",), {}),
        (("mx.test", "SIZE 1000", "8BITMIME"), {"SIZE": "1000", "8BITMIME": ""}),
        (("SIZE 1", "SIZE 2"), {"SIZE": "2"}),
        (("mx.test", "starttls", "Size  1000 "), {"STARTTLS": "", "SIZE": "1000"}),
        (("mx.test", "AUTH PLAIN LOGIN", "AUTH=PLAIN LOGIN"), {"AUTH": "PLAIN LOGIN"}),
        (("mx.test", "AUTH=LOGIN", "AUTH PLAIN"), {"AUTH": "LOGIN PLAIN"}),
        (("mx.test", "X-EXPS GSSAPI NTLM", "XCLIENT NAME ADDR"), {"X-EXPS": "GSSAPI NTLM", "XCLIENT": "NAME ADDR"}),
        (("mx.test", "", "  ", "-DASH", "STARTTLS!"), {}),
        (("mx.test", "LIMITS RCPTMAX=100 MAILMAX=5"), {"LIMITS": "RCPTMAX=100 MAILMAX=5"}),
    ],
)
def test_offered(lines: tuple[str, ...], offers: dict[str, str]) -> None:
    assert offered(lines) == offers


def test_the_order_is_the_server_s() -> None:
    assert list(offered(("mx.test", "PIPELINING", "SIZE 5", "AUTH PLAIN", "8BITMIME"))) == [
        "PIPELINING",
        "SIZE",
        "AUTH",
        "8BITMIME",
    ]


def test_a_tab_parts_words_as_a_space_does() -> None:
    lines = lines_of("250-mx.test\n250-SIZE\t1000\n250 AUTH PLAIN\tLOGIN\n")
    assert offered(lines) == {"SIZE": "1000", "AUTH": "PLAIN LOGIN"}
    assert strange_lines(lines) == ()


def test_lines_that_are_no_keyword_are_named() -> None:
    assert strange_lines(("mx.test hello!", "SIZE 5", "-- welcome --", "", "STARTTLS!")) == (
        "-- welcome --",
        "STARTTLS!",
    )


@pytest.mark.parametrize(
    ("value", "limit"),
    [
        ("1000", 1000),
        ("0", 0),
        ("9" * 20, 99999999999999999999),
        ("9" * 21, None),
        ("", None),
        ("-1", None),
        ("+1", None),
        ("1e6", None),
        ("10 MB", None),
        ("1_000", None),
        ("²", None),
        ("１０", None),
    ],
)
def test_size_limit(value: str, limit: int | None) -> None:
    assert size_limit({"SIZE": value}) == limit


def test_no_size_is_no_limit_known() -> None:
    assert size_limit({}) is None


EXIM = """\
214-Commands supported:
214 AUTH STARTTLS HELO EHLO MAIL RCPT DATA BDAT NOOP QUIT RSET HELP
"""
SENDMAIL = """\
214-2.0.0 This is sendmail version 8.17.1
214-2.0.0 Topics:
214-2.0.0 \tHELO\tEHLO\tMAIL\tRCPT\tDATA
214-2.0.0 \tRSET\tNOOP\tQUIT\tHELP\tVRFY
214-2.0.0 For more info use "HELP <topic>".
214 2.0.0 End of HELP info
"""
POSTFIX_LIKE = "214 2.0.0 Commands: EHLO, HELO, MAIL, RCPT, DATA, RSET, QUIT\n"


@pytest.mark.parametrize(
    ("text", "verbs"),
    [
        (EXIM, "AUTH STARTTLS HELO EHLO MAIL RCPT DATA BDAT NOOP QUIT RSET HELP"),
        (SENDMAIL, "HELO EHLO MAIL RCPT DATA RSET NOOP QUIT HELP VRFY"),
        (POSTFIX_LIKE, "EHLO HELO MAIL RCPT DATA RSET QUIT"),
        ("214 See https://mx.test/help\n", ""),
        ("214 Ask postmaster for help with mail data\n", ""),
        ("214 XFOO XBAR XBAZ\n", "XFOO XBAR XBAZ"),
        ("214 EHLO EHLO MAIL\n", "EHLO MAIL"),
    ],
    ids=["exim", "sendmail", "commas", "a page", "prose", "own verbs", "twice"],
)
def test_help_verbs(text: str, verbs: str) -> None:
    found = [verb for verb in help_verbs(lines_of(text)) if text is not SENDMAIL or verb in VERBS]
    assert found == verbs.split()


def test_every_verb_of_an_extension_is_known() -> None:
    brought = {verb for row in catalog().extensions.values() for verb in row.verbs}
    assert {verb for verb in brought - VERBS if not verb.startswith("X")} == set()


@given(LINES)
@settings(deadline=None)
def test_any_lines_are_read(lines: list[str]) -> None:
    offers = offered(lines)
    assert all(keyword == keyword.upper() and keyword.isascii() and " " not in keyword for keyword in offers)
    assert all("\n" not in parameters and parameters == parameters.strip() for parameters in offers.values())
    assert len(offers) + len(strange_lines(lines)) <= max(0, len(lines) - 1)
    assert len(set(help_verbs(lines))) == len(help_verbs(lines))
    size_limit(offers)
