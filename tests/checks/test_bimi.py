"""Logos beside mail, and the DMARC policy that they need."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probe.catalog import catalog
from probe.checks import bimi
from probe.findings import finding
from tests.checks.fake import FakeAsker, Said, check, failed, run
from tests.checks.test_hostile import RECORDS

AT = "TXT default._bimi.shop.example"
DMARC = "TXT _dmarc.shop.example"
SOUND = "v=BIMI1; l=https://shop.example/logo.svg; a=https://shop.example/mark.pem"
ENFORCED: dict[str, Said] = {DMARC: "v=DMARC1; p=reject; rua=mailto:d@shop.example"}
SCENES = {
    "bimi-broken": check(bimi, "shop.example", {AT: "v=BIMI1; l=http://shop.example/logo.svg"}),
    "bimi-without-dmarc": check(bimi, "shop.example", {AT: SOUND}),
    "bimi-hint": check(bimi, "shop.example", {AT: "v=BIMI1; l=https://shop.example/logo.svg", **ENFORCED}),
}
"""For each finding of this check a result that is worth it."""


def test_a_sound_record_under_an_enforced_policy_would_do() -> None:
    asker = FakeAsker({AT: SOUND, **ENFORCED})
    one = run(bimi, "Shop.Example", asker)
    assert (one.result, one.subject, one.facts["fetched"]) == ("pass", "default._bimi.shop.example", False)
    assert one.facts["logo"] == "https://shop.example/logo.svg"
    assert one.facts["certificate"] == "https://shop.example/mark.pem"
    assert one.facts["dmarc"] == {"policy": "reject", "found_at": "shop.example", "reason": None}
    assert list(bimi.findings(one, catalog())) == []


@pytest.mark.parametrize(
    ("record", "result", "reason"),
    [
        ("v=BIMI1; l=; a=;", "none", "declined"),
        ("v=BIMI1", "none", "declined"),
        ("v=BIMI1; a=https://shop.example/mark.pem", "permerror", "missing-l"),
        ("v=BIMI1; l=http://shop.example/logo.svg", "permerror", "bad-l"),
        ("v=BIMI1; l=https://shop.example/logo.svg; a=http://shop.example/m.pem", "permerror", "bad-a"),
        ("v=BIMI1; l=logo.svg", "permerror", "bad-l"),
        ("v=BIMI2; l=https://shop.example/logo.svg", "none", "no-record"),
        ("l=https://shop.example/logo.svg; v=BIMI1", "permerror", "bad-version"),
        ("v=bimi1; l=https://shop.example/logo.svg", "permerror", "bad-version"),
        ("V=BIMI1;L=https://shop.example/logo.svg", "pass", "not-fetched"),
        ("v=spf1 -all", "none", "no-record"),
        ([SOUND, SOUND + "; avp=brand"], "permerror", "multiple-records"),
        (failed("servfail"), "temperror", "servfail"),
    ],
    ids=str,
)
def test_reading_the_record(record: Said, result: str, reason: str) -> None:
    one = check(bimi, "shop.example", {AT: record, **ENFORCED})
    assert (one.result, one.facts["reason"]) == (result, reason)


@pytest.mark.parametrize(
    ("policy", "reason", "publish"),
    [
        (None, "dmarc-missing", "v=DMARC1; p=quarantine; rua=mailto:dmarc-reports@shop.example"),
        ("p=none; rua=mailto:d@x.example", "dmarc-none", "v=DMARC1; p=quarantine; rua=mailto:d@x.example"),
        ("p=reject; t=y; rua=mailto:d@x.example", "dmarc-testing", "v=DMARC1; p=reject; rua=mailto:d@x.example"),
        ("p=reject; pct=50; rua=mailto:d@x.example", "dmarc-pct", "v=DMARC1; p=reject; rua=mailto:d@x.example"),
        (
            "p=reject; sp=none; rua=mailto:d@x.example",
            "dmarc-sp-none",
            "v=DMARC1; p=reject; sp=quarantine; rua=mailto:d@x.example",
        ),
        ("p=wrong", "dmarc-broken", "v=DMARC1; p=quarantine; rua=mailto:dmarc-reports@shop.example"),
    ],
)
def test_which_policy_does_not_do_and_which_would(policy: str | None, reason: str, publish: str) -> None:
    zone: dict[str, Said] = {AT: SOUND}
    if policy:
        zone[DMARC] = f"v=DMARC1; {policy}"
    one = check(bimi, "shop.example", zone)
    assert (one.result, one.facts["reason"]) == ("fail", reason)
    assert one.facts["publish"] == {"name": "_dmarc.shop.example", "record": publish}
    assert check(bimi, "shop.example", {AT: SOUND, DMARC: publish}).result == "pass"


def test_a_subdomain_takes_the_logo_and_the_policy_of_its_organization() -> None:
    asker = FakeAsker({AT: SOUND, **ENFORCED})
    one = run(bimi, "news.shop.example", asker)
    assert (one.result, one.facts["found_at"]) == ("pass", "shop.example")
    let_off = {AT: SOUND, DMARC: "v=DMARC1; p=none", "TXT _dmarc.news.shop.example": "v=DMARC1; p=reject"}
    assert check(bimi, "news.shop.example", let_off).facts["reason"] == "dmarc-none"


def test_another_selector() -> None:
    zone: dict[str, Said] = {"TXT winter._bimi.shop.example": SOUND, **ENFORCED}
    one = check(bimi, bimi.Logo("shop.example", "Winter"), zone)
    assert (one.result, one.facts["selector"]) == ("pass", "winter")
    assert check(bimi, "shop.example", zone).result == "none"


@pytest.mark.parametrize(
    ("tags", "warnings"),
    [
        ("l=https://a.example/x.svg; a=https://a.example/y.pem", ()),
        ("l=https://a.example/x.svg", ("no-certificate",)),
        ("l=https://a.example/x.png; a=https://a.example/y.crt", ("not-svg", "not-pem")),
        ("l=https://a.example/x.svg?v=2; a=https://a.example/y.pem; avp=team; z=1", ("bad-avp", "unknown-tag")),
    ],
)
def test_what_may_show_nothing(tags: str, warnings: tuple[str, ...]) -> None:
    assert check(bimi, "shop.example", {AT: f"v=BIMI1; {tags}", **ENFORCED}).facts["warnings"] == warnings


def test_a_policy_that_could_not_be_asked_for_is_not_missing() -> None:
    assert check(bimi, "shop.example", {AT: SOUND, DMARC: failed()}).result == "temperror"


def test_what_a_user_reads_without_an_enforced_policy() -> None:
    facts = catalog()
    (one,) = bimi.findings(check(bimi, "shop.example", {AT: SOUND, DMARC: "v=DMARC1; p=none"}), facts)
    told = finding(one.id, one.subject, facts, **one.details)
    assert told.title == "No logo for shop.example: DMARC is not enforced"
    assert '_dmarc.shop.example TXT "v=DMARC1; p=quarantine; rua=' in told.remedy


@given(RECORDS, RECORDS, st.text())
def test_anything_is_survived(record: str, policy: str, name: str) -> None:
    check(bimi, "shop.example", {AT: f"v=BIMI1;{record}", DMARC: f"v=DMARC1;{policy}"})
    assert check(bimi, bimi.Logo(name, name), {}).subject.isprintable()
