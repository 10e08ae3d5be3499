"""Which names may be used, how they go on the wire, and reverse names."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probe.errors import UsageError
from probe.names import BadName, encode_name, is_hostname, reverse_name


@pytest.mark.parametrize(
    "name", ["mx.example.org", "localhost", "_dmarc.example.org", "xn--bcher-kva.example", "3com.com"]
)
def test_names_that_may_be_used(name: str) -> None:
    assert is_hostname(name)


@pytest.mark.parametrize(
    "name",
    [
        *["", ".", "a..b", "-a.example", "a-.example", "192.0.2.1", "::1", "a b.example", "a\\.b.example"],
        *["\x1b.example", "bücher.example", "a" * 64 + ".example", ".".join(["a" * 60] * 5), "mx.example.org."],
        *["mx.example.org\n", "a/b.example"],
    ],
)
def test_names_that_are_only_shown(name: str) -> None:
    assert not is_hostname(name)


@pytest.mark.parametrize(
    ("octets", "name"),
    [
        (b"\2mx\7example\0", "mx.example"),
        (b"\2mx\7example\0", "mx.example."),
        (b"\0", "."),
        (b"\x0dxn--bcher-kva\7example\0", "bücher.example"),
        (b"\x0dxn--bcher-kva\7example\0", "Bücher\u3002example"),
        (b"\x0axn--fa-hia\2de\0", "faß.de"),
        (b"\3a b\1c\0", "a b.c"),
        (b"\6_dmarc\x0dxn--bcher-kva\0", "_dmarc.bücher"),
    ],
)
def test_on_the_wire(octets: bytes, name: str) -> None:
    assert octets == encode_name(name)


@pytest.mark.parametrize(
    "name", ["", "a..b", ".a", "..", "a" * 64, ".".join(["a" * 60] * 5), "\ud800.example", "\u202ea\u05d0.x"]
)
def test_names_that_cannot_be_asked_for(name: str) -> None:
    with pytest.raises(BadName):
        encode_name(name)


@given(st.text())
def test_any_text_is_a_name_or_a_bad_name(name: str) -> None:
    try:
        encoded = encode_name(name)
    except BadName:
        return
    assert encoded.endswith(b"\0") and len(encoded) <= 255


def test_reverse_names() -> None:
    assert reverse_name("198.51.100.25") == "25.100.51.198.in-addr.arpa"
    assert reverse_name("2001:db8::1") == ("1" + ".0" * 23 + ".8.b.d.0.1.0.0.2.ip6.arpa")
    with pytest.raises(UsageError, match="needs an IPv4 or IPv6 address"):
        reverse_name("mx.example.org")
