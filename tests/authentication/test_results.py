"""The Authentication-Results field, read back with a strict parser of RFC 8601 section 2.2."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probe.authentication.results import authentication_results
from probe.model import CheckResult, Client
from probe.text import show

TOKEN = r"[!#-'*+\-.0-9A-Z^-~]+"
QUOTED = r'"(?:[^"\\\r\n]|\\.)*"'
ADDRESS = r"(?:[^\s@\";()<>\[\],:\\]+)?@[A-Za-z0-9_.-]+"
VALUE = rf"(?:{QUOTED}|{ADDRESS}|{TOKEN})"
METHOD = re.compile(rf"([a-z0-9]+)=([a-z]+)(?: reason=({VALUE}))?((?: [a-z]+\.[a-z-]+={VALUE})*)")
PROPERTY = re.compile(rf" ([a-z]+\.[a-z-]+)=({VALUE})")


def unquoted(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text[1:-1]) if text.startswith('"') else text


def read(field: str) -> tuple[str, list[tuple[str, str, str | None, dict[str, str]]]]:
    """The field as its readers take it apart; an error where they could not."""
    lines = field.split("\n")
    assert all(line.startswith("    ") for line in lines[1:])
    whole = lines[0] + "".join(" " + line.strip() for line in lines[1:])
    assert whole.isprintable()
    found = re.fullmatch(rf"Authentication-Results: ({VALUE})((?:;.*)?)", whole)
    assert found is not None, whole
    if found[2] == "; none":
        return unquoted(found[1]), []
    methods, position = [], 0
    rest = found[2]
    while position < len(rest):
        assert rest.startswith("; ", position)
        method = METHOD.match(rest, position + 2)
        assert method is not None, rest[position:]
        properties = {name: unquoted(said) for name, said in PROPERTY.findall(method[4])}
        methods.append((method[1], method[2], method[3] and unquoted(method[3]), properties))
        position = method.end()
    return unquoted(found[1]), methods


def row(check: str, result: Any, subject: str = "shop.test", **facts: Any) -> CheckResult:
    return CheckResult(check, subject, result, facts)


SIGNED = {
    "domain": "shop.test",
    "selector": "s1",
    "identity": "@shop.test",
    "algorithm": "rsa-sha256",
    "b": "dzdVyOfAKCdLXdJO",
}


def test_every_method_says_whom_it_speaks_of() -> None:
    checks = [
        row("structure", "pass"),
        row("spf", "pass", identity="mailfrom", sender="ann@shop.test", helo="mail.shop.test"),
        row("dkim", "pass", **SIGNED),
        row("dkim", "fail", reason="body-changed", **{**SIGNED, "b": "+/x="}),
        row("arc", "pass", oldest_pass=0),
        row("dmarc", "pass"),
    ]
    assert (
        "mx.test",
        [
            ("spf", "pass", None, {"smtp.mailfrom": "ann@shop.test"}),
            (
                "dkim",
                "pass",
                None,
                {
                    "header.d": "shop.test",
                    "header.i": "@shop.test",
                    "header.s": "s1",
                    "header.a": "rsa-sha256",
                    "header.b": "dzdVyOfA",
                },
            ),
            (
                "dkim",
                "fail",
                "body-changed",
                {
                    "header.d": "shop.test",
                    "header.i": "@shop.test",
                    "header.s": "s1",
                    "header.a": "rsa-sha256",
                    "header.b": "+/x=",
                },
            ),
            ("arc", "pass", None, {"header.oldest-pass": "0", "smtp.remote-ip": "203.0.113.7"}),
            ("dmarc", "pass", None, {"header.from": "shop.test"}),
        ],
    ) == read(authentication_results("mx.test", checks, Client("203.0.113.7", "option")))


def test_the_null_reverse_path_is_judged_by_its_ehlo_name() -> None:
    checks = [row("spf", "softfail", identity="helo", sender="postmaster@mail.shop.test", helo="mail.shop.test")]
    _, [(method, result, _, properties)] = read(authentication_results("mx.test", checks, Client()))
    assert ("spf", "softfail", {"smtp.helo": "mail.shop.test"}) == (method, result, properties)


def test_what_came_to_no_verdict_is_left_out() -> None:
    checks = [
        row("spf", None),
        row("dmarc", None),
        row("dkim2", None),
        row("arc", "temperror"),
        row("structure", "fail"),
    ]
    assert ("mx.test", []) == read(authentication_results("mx.test", checks, Client()))
    assert "Authentication-Results: mx.test; none" == authentication_results("mx.test", checks, Client())


@pytest.mark.parametrize(
    "name", ["mx.test", "a host", 'say "hi"', "back\\slash", "semi;colon", "(comment)", "[192.0.2.1]", ""]
)
def test_who_verifies_is_quoted_where_it_must_be(name: str) -> None:
    assert name == read(authentication_results(name, [], Client()))[0]


@given(text=st.text(min_size=1, max_size=40), other=st.text(max_size=40))
def test_no_text_breaks_out_of_its_place(text: str, other: str) -> None:
    shown, more = show(text), show(other)
    checks = [
        row("dkim", "fail", reason=shown, domain=more, identity=shown, selector=more, algorithm=shown, b=more),
        row("spf", "fail", identity="mailfrom", sender=shown),
        row("dmarc", "pass", subject=shown),
    ]
    name, methods = read(authentication_results(shown, checks, Client(shown, "option")))
    assert (shown, ["dkim", "spf", "dmarc"]) == (name, [method for method, *_ in methods])
    assert {"header.from": shown} == methods[2][3]


def test_long_fields_are_folded_below_80() -> None:
    field = authentication_results("mx.test", [row("dkim", "pass", **SIGNED)] * 5, Client())
    assert max(map(len, field.split("\n"))) < 80
    assert 5 == len(read(field)[1])
