"""The mailboxes of an address list (RFC 5322 section 3.4), the ordinary and the strange."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probe.mail.addresses import mailboxes


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("ann@shop.test", [("ann", "shop.test")]),
        ("Ann <ann@shop.test>", [("ann", "shop.test")]),
        ('"Ann, of the shop" <ann@shop.test>', [("ann", "shop.test")]),
        ('"eve@evil.test" <ann@shop.test>', [("ann", "shop.test")]),
        ('"<eve@evil.test>" <ann@shop.test>', [("ann", "shop.test")]),
        ('"a\\"b" <ann@shop.test>', [("ann", "shop.test")]),
        ("ann@shop.test (eve@evil.test)", [("ann", "shop.test")]),
        ("(a (b) c) ann@shop.test", [("ann", "shop.test")]),
        ("(a \\) b) ann@shop.test", [("ann", "shop.test")]),
        ("Ann <ann@shop.test>, Bob <bob@mail.test>", [("ann", "shop.test"), ("bob", "mail.test")]),
        ("team: ann@shop.test, bob@mail.test;", [("ann", "shop.test"), ("bob", "mail.test")]),
        ("undisclosed-recipients:;", []),
        ("Ann <@relay.test,@other.test:ann@shop.test>", [("ann", "shop.test")]),
        ('"ann@home"@shop.test', [('"ann@home"', "shop.test")]),
        ("ann@SHOP.Test.", [("ann", "shop.test")]),
        ("ann@bücher.test", [("ann", "xn--bcher-kva.test")]),
        ("ann@[192.0.2.1]", [("ann", None)]),
        ("ann", [("ann", None)]),
        ("Ann <ann>", [("ann", None)]),
        ("Ann <>", []),
        ("", []),
        (",,;", []),
        ("ann@", [("ann", None)]),
        ("@shop.test", [("", "shop.test")]),
        ("Ann <ann@shop.test", [("ann", "shop.test")]),
        ('"Ann <ann@shop.test>', [('"Ann <ann', None)]),
    ],
)
def test_an_address_list(text: str, found: list[tuple[str, str | None]]) -> None:
    assert found == [(box.local, box.domain) for box in mailboxes(text)]


@given(text=st.text(alphabet='ab@.<>"(),;:\\[] é', max_size=60))
def test_no_text_raises(text: str) -> None:
    for box in mailboxes(text):
        assert box.domain is None or box.domain.isascii()


def test_a_list_without_end_is_cut() -> None:
    assert 1000 == len(mailboxes("a@b.test," * 5000))
    assert 0 == len(mailboxes("(" * 1_000_000))
