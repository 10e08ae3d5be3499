"""Macro strings: what is well formed, and what it becomes (RFC 7208 section 7)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probe.checks.spf.macros import LONGEST, as_name, expand, tokens, uses

# The sender and client of RFC 7208 section 7.4.
VALUES = {
    "s": "strong-bad@email.example.com",
    "l": "strong-bad",
    "o": "email.example.com",
    "d": "email.example.com",
    "i": "192.0.2.3",
    "p": "mx.example.org",
    "v": "in-addr",
    "h": "mail.example.com",
    "c": "192.0.2.3",
    "r": "receiver.example",
    "t": "1700000000",
}


def expanded(text: str, *, explanation: bool = False, **values: str) -> str | None:
    read = tokens(text, explanation=explanation)
    return None if read is None else expand(read, VALUES | values)


@pytest.mark.parametrize(
    ("text", "becomes"),
    [
        ("%{s}", "strong-bad@email.example.com"),
        ("%{o}", "email.example.com"),
        ("%{d4}", "email.example.com"),
        ("%{d3}", "email.example.com"),
        ("%{d2}", "example.com"),
        ("%{d1}", "com"),
        ("%{dr}", "com.example.email"),
        ("%{d2r}", "example.email"),
        ("%{l-}", "strong.bad"),
        ("%{lr}", "strong-bad"),
        ("%{lr-}", "bad.strong"),
        ("%{l1r-}", "strong"),
        ("%{ir}.%{v}._spf.%{d2}", "3.2.0.192.in-addr._spf.example.com"),
        ("%{lr-}.lp.%{ir}.%{v}._spf.%{d2}", "bad.strong.lp.3.2.0.192.in-addr._spf.example.com"),
        ("%{d2}.trusted-domains.example.net", "example.com.trusted-domains.example.net"),
        ("%{D2}", "example.com"),
        ("%{S}", "strong-bad%40email.example.com"),
        ("a%%b%_c%-d", "a%b c%20d"),
        ("%{d0002}", "example.com"),
        ("%{d99999999999999999999}", "email.example.com"),
        ("%{l1+-/=_,.}", "bad"),
    ],
)
def test_a_macro_becomes_what_the_standard_says(text: str, becomes: str) -> None:
    assert becomes == expanded(text)


@pytest.mark.parametrize(
    "text",
    ["%", "a%", "%a", "%{", "%{d", "%{}", "%{z}", "%{d0}", "%{d00}", "%{d-2}", "%{dr2}", "%{d;}", "%(d)", "a b", "\t",
     "\x7f", "caf\u00e9", "%{d}}%{"],
)  # fmt: skip
def test_what_is_no_macro_string_has_no_tokens(text: str) -> None:
    assert tokens(text) is None


def test_spaces_stand_in_explanations_only() -> None:
    assert tokens("see %{i} there") is None
    assert expanded("see %{i} there", explanation=True) == "see 192.0.2.3 there"
    assert tokens("a\tb", explanation=True) is None


def test_which_letters_are_used_can_be_told() -> None:
    read = tokens("%{L1}.%{d}.x%%")
    assert read is not None
    assert (uses(read, "l"), uses(read, "d"), uses(read, "sip")) == (True, True, False)


def test_escaping_is_for_all_that_a_url_does_not_leave_alone() -> None:
    assert expanded("%{L}", l="~jack&jill=up-a_b3.c") == "~jack%26jill%3Dup-a_b3.c"
    assert expanded("%{L}", l="\u00e9\x00 /") == "%C3%A9%00%20%2F"
    assert expanded("%{L}", l="\ud800") == "%5Cud800"


def test_nothing_grows_without_end() -> None:
    assert expanded("%{l}" * 5000, l="x" * 100) is None
    assert len(expanded("%{l}", l="x" * LONGEST) or "") == LONGEST


@pytest.mark.parametrize(
    ("expansion", "name"),
    [
        ("shop.test.", "shop.test"),
        ("shop.test", "shop.test"),
        (".".join(["a" * 60] * 5), ".".join(["a" * 60] * 4)),
        ("a" * 300, "a" * 300),
        ("", ""),
    ],
)
def test_a_long_name_is_cut_on_its_left(expansion: str, name: str) -> None:
    assert name == as_name(expansion)


@given(st.text(), st.dictionaries(st.sampled_from("slodipvhcrt"), st.text()))
def test_any_text_is_read_and_filled_in(text: str, values: dict[str, str]) -> None:
    for explanation in (False, True):
        read = tokens(text, explanation=explanation)
        if read is not None:
            expand(read, VALUES | values)
