"""Where DMARC reports go: the addresses, the way to them, and the consent of their owners (RFC 9990 section 4)."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probe.checks import dmarc
from probe.checks.dmarc.record import parse
from probe.checks.dmarc.reports import consent_name, destinations, faults
from tests.checks.fake import FakeAsker, Said, absent, check, failed, run

SHOP = "TXT _dmarc.blue.example.com"


def reports(tags: str, zone: dict[str, Said] | None = None) -> list[dict[str, Any]]:
    found = check(dmarc, "blue.example.com", {SHOP: f"v=DMARC1; p=none; {tags}", **(zone or {})})
    return list(found.facts["reports"])


@pytest.mark.parametrize(
    ("part", "scheme", "domain", "problem"),
    [
        ("mailto:d@shop.example", "mailto", "shop.example", None),
        ("MAILTO:d+x@Shop.Example", "mailto", "shop.example", None),
        ("mailto:d@shop.example!10m", "mailto", "shop.example", None),
        ("mailto:d@shop.example!50G", "mailto", "shop.example", None),
        ("mailto:d@shop.example!10x", "mailto", "shop.example", "bad-limit"),
        ("mailto:d@shop.example!", "mailto", "shop.example", "bad-limit"),
        ("mailto:d@bücher.example", "mailto", "xn--bcher-kva.example", None),
        ("mailto:d@shop", "mailto", "shop", "bad-address"),
        ("mailto:shop.example", "mailto", None, "bad-address"),
        ("mailto:@shop.example", "mailto", "shop.example", "bad-address"),
        ("mailto: d@shop.example", "mailto", "shop.example", "bad-address"),
        ("mailto://d@shop.example", "mailto", "shop.example", "bad-address"),
        ("mailto:d..d@shop.example", "mailto", "shop.example", "bad-address"),
        ("d@shop.example", None, None, "without-mailto"),
        ("shop.example", None, None, "bad-uri"),
        ("", None, None, "bad-uri"),
        ("https://shop.example/dmarc", "https", None, "unsupported-scheme"),
        ("ftp://shop.example", "ftp", None, "unsupported-scheme"),
    ],
)
def test_reading_an_address(part: str, scheme: str | None, domain: str | None, problem: str | None) -> None:
    (one,) = destinations(parse(f"v=DMARC1; p=none; rua={part}"))
    assert (one.scheme, one.domain, one.problem) == (scheme, domain, problem)


@given(st.text())
def test_any_list_of_addresses_is_read(text: str) -> None:
    for one in destinations(parse(f"v=DMARC1; p=none; rua={text}; ruf={text}")):
        assert one.tag in ("rua", "ruf")


def test_an_address_of_the_organization_needs_no_consent() -> None:
    for name in ("blue.example.com", "example.com", "reports.example.com"):
        (one,) = reports(
            f"rua=mailto:d@{name}", {"TXT _dmarc.example.com": "v=DMARC1; p=none", f"MX {name}": "10 mx.x"}
        )
        assert (one["external"], one["consent"], list(faults(one))) == (False, None, [])


def test_the_example_of_the_standard() -> None:
    """blue.example.com asks for reports at red.example.net."""
    zone: dict[str, Said] = {"MX red.example.net": "10 mx.red.example.net"}
    name = "blue.example.com._report._dmarc.red.example.net"
    assert consent_name("blue.example.com", "red.example.net") == name
    (refused,) = reports("rua=mailto:reports@red.example.net", zone)
    assert (refused["external"], refused["authorized"], list(faults(refused))) == (True, False, ["unauthorized"])
    (granted,) = reports("rua=mailto:reports@red.example.net", {**zone, f"TXT {name}": "v=DMARC1"})
    assert (granted["authorized"], granted["overrides"], list(faults(granted))) == (True, (), [])


@pytest.mark.parametrize(
    ("said", "authorized"),
    [
        ("v=DMARC1;", True),
        (["other text", "v=DMARC1"], True),
        (["v=DMARC1", "v=DMARC1; rua=mailto:x@red.example.net"], True),
        ("v=DMARC1; rua=mailto:x@red.example.net", True),
        ("v=DMARC1; rua=mailto:x@green.example", False),
        ("v=DMARC2", False),
        ("v=spf1 -all", False),
        (absent(), False),
        (absent("nodata"), False),
        (failed(), None),
    ],
    ids=str,
)
def test_what_is_consent(said: Said, authorized: bool | None) -> None:
    zone: dict[str, Said] = {
        "TXT blue.example.com._report._dmarc.red.example.net": said,
        "MX red.example.net": "10 a.b",
    }
    (one,) = reports("rua=mailto:reports@red.example.net", zone)
    assert one["authorized"] is authorized
    assert ("unauthorized" in faults(one)) == (authorized is False)


def test_the_consent_is_asked_for_the_domain_of_the_record() -> None:
    asker = FakeAsker({"TXT _dmarc.example.com": "v=DMARC1; p=none; rua=mailto:d@red.example.net"})
    run(dmarc, "news.example.com", asker)
    assert "TXT example.com._report._dmarc.red.example.net" in asker.asked


@pytest.mark.parametrize(
    ("zone", "deliverable"),
    [
        ({"MX shop.example": "10 mx.shop.example"}, True),
        ({"MX shop.example": "0 ."}, False),
        ({"A shop.example": "192.0.2.1"}, True),
        ({"AAAA shop.example": "2001:db8::1"}, True),
        ({}, False),
        ({"MX shop.example": failed()}, None),
        ({"A shop.example": failed()}, None),
        ({"A shop.example": failed(), "AAAA shop.example": "2001:db8::1"}, True),
    ],
    ids=str,
)
def test_whether_mail_can_get_there(zone: dict[str, Said], deliverable: bool | None) -> None:
    consent: dict[str, Said] = {"TXT blue.example.com._report._dmarc.shop.example": "v=DMARC1"}
    (one,) = reports("rua=mailto:d@shop.example", {**zone, **consent})
    assert one["deliverable"] is deliverable
    assert list(faults(one)) == (["undeliverable"] if deliverable is False else [])


def test_a_domain_is_asked_once_and_no_more_than_ten_are() -> None:
    both = FakeAsker(
        {SHOP: "v=DMARC1; p=none; rua=mailto:a@red.example.net,mailto:b@red.example.net; ruf=mailto:c@red.example.net"}
    )
    assert [one["tag"] for one in run(dmarc, "blue.example.com", both).facts["reports"]] == ["rua", "rua", "ruf"]
    assert both.asked.count("MX red.example.net") == 1
    many = ",".join(f"mailto:d@a{index}.example" for index in range(40))
    asker = FakeAsker({SHOP: f"v=DMARC1; p=none; rua={many}"})
    run(dmarc, "blue.example.com", asker)
    assert sum(question.startswith("MX ") for question in asker.asked) == 10


def test_a_name_too_long_for_consent_is_none() -> None:
    long = ".".join(["a" * 60] * 3) + ".example"
    (one,) = reports(f"rua=mailto:d@{long}.{'b' * 40}.example")
    assert (one["external"], one["authorized"]) == (True, False)
