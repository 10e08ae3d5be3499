"""The examples of identifier alignment: RFC 9989 and RFC 7489, both appendix B.1."""

from __future__ import annotations

import pytest

from probe.catalog import catalog
from probe.checks import dmarc
from tests.checks.fake import check

RELAXED = {"TXT _dmarc.example.com": "v=DMARC1; p=reject"}
STRICT = {"TXT _dmarc.example.com": "v=DMARC1; p=reject; adkim=s; aspf=s"}


@pytest.mark.parametrize("mechanism", ["spf", "dkim"])
@pytest.mark.parametrize(
    ("author", "other", "relaxed", "strict"),
    [
        ("example.com", "example.com", True, True),
        ("example.com", "child.example.com", True, False),
        ("child.example.com", "example.com", True, False),
        ("child.example.com", "example.net", False, False),
    ],
)
def test_appendix_b_1(author: str, other: str, relaxed: bool, strict: bool, mechanism: str) -> None:
    for zone, aligned in ((RELAXED, relaxed), (STRICT, strict)):
        spf = ("pass", other) if mechanism == "spf" else ("none", "unrelated.example")
        given = dmarc.Author(author, spf, (("pass", other),) if mechanism == "dkim" else ())
        one = check(dmarc, given, zone)
        for standard in ("rfc9989", "rfc7489"):
            said = next(i for i in one.facts[standard]["identifiers"] if i["mechanism"] == mechanism)
            assert (said["aligned"], said["mode"]) == (aligned, "relaxed" if zone is RELAXED else "strict")
            assert one.facts[standard]["result"] == ("pass" if aligned else "fail")


def test_the_mode_of_each_mechanism_is_its_own() -> None:
    zone = {"TXT _dmarc.example.com": "v=DMARC1; p=reject; adkim=s"}
    given = dmarc.Author("example.com", ("pass", "a.example.com"), (("pass", "b.example.com"),))
    spf, dkim = check(dmarc, given, zone).facts["rfc9989"]["identifiers"]
    assert (spf["mode"], spf["aligned"], dkim["mode"], dkim["aligned"]) == ("relaxed", True, "strict", False)


def test_the_identifiers_keep_the_order_in_which_they_were_given() -> None:
    signers = (("fail", "c.example.com"), ("pass", "b.example.com"), ("temperror", "a.example.com"))
    given = dmarc.Author("example.com", ("softfail", "z.example.com"), signers)
    told = check(dmarc, given, RELAXED).facts["rfc9989"]["identifiers"]
    assert [one["domain"][0] for one in told] == ["z", "c", "b", "a"]


def test_the_trace_says_how_each_identifier_stands() -> None:
    given = dmarc.Author("example.com", ("pass", "example.net"), (("fail", "example.com"),))
    trace = check(dmarc, given, RELAXED).trace
    assert "rfc9989: SPF pass of example.net is not aligned (relaxed)." in trace
    assert "rfc9989: DKIM fail of example.com is aligned (relaxed)." in trace
    assert trace[-1] == f"rfc7489: DMARC fail ({catalog().words['reason-not-aligned']})."
