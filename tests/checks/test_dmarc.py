"""Discovering a DMARC record up the tree (RFC 9989), and judging it."""

from __future__ import annotations

import pytest

from probe.checks import dmarc
from probe.model import CheckResult
from tests.checks.fake import FakeAsker, Said, absent, check, failed, refused, run

SCENES = {
    "dmarc-missing": CheckResult("dmarc", "shop.test", "none"),
    "dmarc-broken": CheckResult("dmarc", "shop.test", "permerror", {"reason": "two records"}),
}
"""For each finding of this check a result that is worth it."""


FROM = "mail.shop.example"
RUA = "rua=mailto:d@shop.example"


def at(domain: str) -> str:
    return f"TXT _dmarc.{domain}"


def test_a_sound_record_is_described_and_not_evaluated() -> None:
    record = f"v=DMARC1; p=reject; sp=quarantine; np=reject; adkim=s; {RUA}, mailto:e@shop.example!10m; fo=1:d; x=1"
    result = check(dmarc, "Shop.Example.", {at("shop.example"): ["unrelated", record]})
    assert (result.result, result.subject) == (None, "shop.example")
    assert dict(result.facts) == {
        "evaluated": False,
        "reason": "not-evaluated",
        "found_at": "shop.example",
        "record": record,
        "policy": "reject",
        "applied": "reject",
        "policy_tag": "p",
        "domain_exists": None,
        "p": "reject",
        "sp": "quarantine",
        "np": "reject",
        "adkim": "s",
        "aspf": "r",
        "psd": "u",
        "t": False,
        "rua": ("mailto:d@shop.example", "mailto:e@shop.example"),
        "fallback": False,
        "unknown_tags": ("x",),
        "warnings": (),
        "organizational_domain": None,
        "discarded": (),
    }
    assert result.trace[-1] == "The record at shop.example applies: p=reject."


def test_the_domains_own_record_needs_one_question() -> None:
    asker = FakeAsker({at(FROM): "v=DMARC1; p=none; " + RUA, at("shop.example"): "v=DMARC1; p=reject"})
    assert run(dmarc, FROM, asker).facts["policy"] == "none"
    assert asker.asked == [at(FROM)]


def test_the_walk_goes_up_to_the_top_and_takes_the_highest_record() -> None:
    said: dict[str, Said] = {
        at("b.c.shop.example"): "v=DMARC1; p=none",
        at("shop.example"): "v=DMARC1; p=reject; sp=quarantine",
    }
    asker = FakeAsker(said)
    result = run(dmarc, "a.b.c.shop.example", asker)
    assert (result.facts["found_at"], result.facts["policy"]) == ("shop.example", "quarantine")
    assert result.facts["organizational_domain"] == "shop.example"
    assert asker.asked == [
        at("a.b.c.shop.example"),
        at("b.c.shop.example"),
        at("c.shop.example"),
        at("shop.example"),
        at("example"),
    ]


def test_a_long_name_jumps_to_seven_labels_and_costs_eight_questions() -> None:
    asker = FakeAsker({})
    assert run(dmarc, "a.b.c.d.e.f.g.h.i.j.mail.shop.example", asker).result == "none"
    assert len(asker.asked) == 8
    assert asker.asked[1] == at("g.h.i.j.mail.shop.example")
    assert asker.asked[-1] == at("example")
    assert len(dmarc.targets("a.b.c.d.e.f.g.example")) == 8


def test_psd_n_stops_the_walk_and_is_the_organization() -> None:
    said: dict[str, Said] = {
        at("shop.example"): "v=DMARC1; p=quarantine; psd=n",
        at("example"): "v=DMARC1; p=reject; psd=y",
    }
    asker = FakeAsker(said)
    result = run(dmarc, FROM, asker)
    assert (result.facts["found_at"], result.facts["organizational_domain"]) == ("shop.example", "shop.example")
    assert asker.asked[-1] == at("shop.example")


def test_below_psd_y_the_organization_is_one_label_down() -> None:
    suffix = "v=DMARC1; p=reject; psd=y; " + RUA
    alone = check(dmarc, FROM, {at("example"): suffix})
    assert (alone.facts["found_at"], alone.facts["organizational_domain"]) == ("example", "shop.example")
    both = check(dmarc, FROM, {at("example"): suffix, at("shop.example"): "v=DMARC1; p=none"})
    assert (both.facts["found_at"], both.facts["policy"]) == ("shop.example", "none")


@pytest.mark.parametrize(
    ("record", "exists", "policy", "tag"),
    [
        ("v=DMARC1; p=reject", None, "reject", "p"),
        ("v=DMARC1; p=reject; sp=none", None, "none", "sp"),
        ("v=DMARC1; p=none; np=reject", "203.0.113.7", "none", "p"),
        ("v=DMARC1; p=none; np=reject", absent("nodata"), "none", "p"),
        ("v=DMARC1; p=none; sp=quarantine; np=reject", "203.0.113.7", "quarantine", "sp"),
        ("v=DMARC1; p=none; sp=quarantine; np=reject", absent(), "reject", "np"),
    ],
)
def test_which_policy_speaks_for_a_subdomain(record: str, exists: Said | None, policy: str, tag: str) -> None:
    said: dict[str, Said] = {at("shop.example"): record}
    if exists is not None:
        said[f"A {FROM}"] = exists
    asker = FakeAsker(said)
    result = run(dmarc, FROM, asker)
    assert (result.facts["policy"], result.facts["policy_tag"]) == (policy, tag)
    assert (f"A {FROM}" in asker.asked) == (exists is not None)


def test_whether_the_subdomain_exists_may_stay_unknown() -> None:
    result = check(dmarc, FROM, {at("shop.example"): "v=DMARC1; p=none; np=reject", f"A {FROM}": failed()})
    assert (result.result, result.facts["reason"]) == ("temperror", "existence-unknown")


@pytest.mark.parametrize(("p", "applied"), [("reject", "quarantine"), ("quarantine", "none"), ("none", "none")])
def test_testing_is_one_step_milder(p: str, applied: str) -> None:
    facts = check(dmarc, FROM, {at(FROM): f"v=DMARC1; p={p}; t=Y"}).facts
    assert (facts["policy"], facts["applied"], facts["t"]) == (p, applied, True)


@pytest.mark.parametrize("said", [failed("servfail"), refused()], ids=lambda a: a.reason)
def test_what_could_not_be_asked_is_not_absent(said: Said) -> None:
    assert check(dmarc, FROM, {at(FROM): said}).result == "temperror"
    above = check(dmarc, FROM, {at("shop.example"): "v=DMARC1; p=reject", at("example"): said})
    assert (above.result, "policy" in above.facts) == ("temperror", False)


@pytest.mark.parametrize(
    "record", ["v=spf1 -all", "V=DMARC2; p=none", "p=none; v=DMARC1", "v=DMARC1p=none", "v=DMARC1x; p=none"]
)
def test_what_does_not_begin_with_the_version_is_no_record(record: str) -> None:
    assert not dmarc.is_record(record)
    assert check(dmarc, FROM, {at(FROM): record}).result in ("none", "permerror")


def test_a_version_in_small_letters_is_pointed_out() -> None:
    result = check(dmarc, FROM, {at(FROM): "v=dmarc1; p=none"})
    assert (result.result, result.facts["reason"]) == ("permerror", "bad-version")


def test_several_records_are_all_discarded_and_the_walk_goes_on() -> None:
    twice: dict[str, Said] = {at(FROM): ["v=DMARC1; p=none", "v=DMARC1; p=reject"]}
    alone = check(dmarc, FROM, twice)
    assert (alone.result, alone.facts["reason"]) == ("permerror", "multiple-records")
    above = check(dmarc, FROM, {**twice, at("shop.example"): "v=DMARC1; p=quarantine"})
    assert (above.result, above.facts["found_at"]) == (None, "shop.example")
    assert above.facts["discarded"] == ({"domain": FROM, "reason": "multiple-records"},)


@pytest.mark.parametrize(
    ("tags", "reason"),
    [("", "missing-p"), ("p=monitor", "bad-p"), ("p=reject; sp=all", "bad-sp"), ("p=reject; np=", "bad-np")],
)
def test_a_wrong_policy_counts_as_none_with_rua_and_switches_dmarc_off_without(tags: str, reason: str) -> None:
    bare = check(dmarc, FROM, {at(FROM): f"v=DMARC1; {tags}"})
    assert (bare.result, bare.facts["reason"], bare.facts["evaluated"]) == ("permerror", reason, False)
    watched = check(dmarc, FROM, {at(FROM): f"v=DMARC1; {tags}; {RUA}"})
    assert (watched.result, watched.facts["policy"], watched.facts["fallback"]) == (None, "none", True)
    assert reason in watched.facts["warnings"]


@pytest.mark.parametrize(
    ("tags", "warnings"),
    [
        (RUA, set()),
        ("pct=50; rf=afrf; ri=86400; " + RUA, {"removed-pct", "removed-rf", "removed-ri"}),
        ("adkim=x; aspf=strict; psd=z; t=1; " + RUA, {"bad-adkim", "bad-aspf", "bad-psd", "bad-t"}),
        ("rua=d@shop.example", {"bad-rua", "no-rua"}),
        ("rua=mailto:d@shop.example, e", {"bad-rua"}),
        ("ruf=x; fo=2; " + RUA, {"bad-ruf", "bad-fo"}),
        ("reject; " + RUA, {"malformed-tag"}),
        ("p=none; " + RUA, {"repeated-tag"}),
        ("", {"no-rua"}),
    ],
)
def test_what_is_overlooked_is_told(tags: str, warnings: set[str]) -> None:
    result = check(dmarc, FROM, {at(FROM): f"v=DMARC1; p=reject; {tags}"})
    assert (result.result, result.facts["policy"], set(result.facts["warnings"])) == (None, "reject", warnings)
    assert (result.facts["adkim"], result.facts["aspf"], result.facts["psd"]) == ("r", "r", "u")


def test_names_and_values_may_be_in_capitals_and_spaced() -> None:
    facts = check(dmarc, FROM, {at(FROM): f"V = DMARC1 ;\tP = Reject ; ASPF=S; {RUA} ;"}).facts
    assert (facts["policy"], facts["aspf"], facts["warnings"]) == ("reject", "s", ())


@pytest.mark.parametrize("domain", ["", "a..b", "shop example", "x" * 64 + ".example"])
def test_a_name_that_can_have_no_record_is_not_asked(domain: str) -> None:
    asker = FakeAsker({})
    assert (run(dmarc, domain, asker).result, asker.asked) == ("none", [])
