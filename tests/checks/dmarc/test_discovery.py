"""Up the tree (RFC 9989) and by the Public Suffix List (RFC 7489): which record applies, whose organization it is."""

from __future__ import annotations

import pytest

from probe.catalog import catalog
from probe.checks import dmarc
from probe.checks.dmarc.discovery import registered_domain, targets
from tests.checks.fake import FakeAsker, Said, absent, check, failed, refused, run

FROM = "mail.shop.example"
RUA = "rua=mailto:d@shop.example"


def at(domain: str) -> str:
    return f"TXT _dmarc.{domain}"


def walked(asker: FakeAsker) -> list[str]:
    """The domains whose record was asked for, without what else was asked."""
    return [one.removeprefix("TXT _dmarc.") for one in asker.asked if one.startswith("TXT _dmarc.")]


def test_the_domains_own_record_applies_and_the_walk_finds_its_organization() -> None:
    asker = FakeAsker({at(FROM): "v=DMARC1; p=none; " + RUA, at("shop.example"): "v=DMARC1; p=reject"})
    facts = run(dmarc, FROM, asker).facts
    assert (facts["policy"], facts["found_at"], facts["organizational_domain"]) == ("none", FROM, "shop.example")
    assert walked(asker) == [FROM, "shop.example", "example"]


def test_the_walk_goes_up_to_the_top_and_takes_the_highest_record() -> None:
    said: dict[str, Said] = {
        at("b.c.shop.example"): "v=DMARC1; p=none",
        at("shop.example"): "v=DMARC1; p=reject; sp=quarantine",
    }
    asker = FakeAsker(said)
    result = run(dmarc, "a.b.c.shop.example", asker)
    assert (result.facts["found_at"], result.facts["policy"]) == ("shop.example", "quarantine")
    assert result.facts["organizational_domain"] == "shop.example"
    assert walked(asker) == ["a.b.c.shop.example", "b.c.shop.example", "c.shop.example", "shop.example", "example"]


def test_a_long_name_jumps_to_seven_labels_and_costs_eight_questions() -> None:
    """The example of RFC 9989 section 4.10."""
    asker = FakeAsker({})
    assert run(dmarc, "a.b.c.d.e.f.g.h.i.j.mail.example.com", asker).result == "none"
    assert walked(asker)[:8] == [
        "a.b.c.d.e.f.g.h.i.j.mail.example.com",
        "g.h.i.j.mail.example.com",
        "h.i.j.mail.example.com",
        "i.j.mail.example.com",
        "j.mail.example.com",
        "mail.example.com",
        "example.com",
        "com",
    ]
    assert len(targets("a.b.c.d.e.f.g.example")) == 8


def test_a_zone_cut_deep_below_is_passed_over() -> None:
    """The warning of RFC 9989 section 5.1.7: the record at b.c.d.e.f.g.example.com is never asked for."""
    said: dict[str, Said] = {
        at("example.com"): "v=DMARC1; p=none",
        at("b.c.d.e.f.g.example.com"): "v=DMARC1; p=reject; psd=n",
    }
    asker = FakeAsker(said)
    assert run(dmarc, "mail.a.b.c.d.e.f.g.example.com", asker).facts["found_at"] == "example.com"
    assert "b.c.d.e.f.g.example.com" not in walked(asker)


def test_psd_n_stops_the_walk_and_is_the_organization() -> None:
    said: dict[str, Said] = {
        at("shop.example"): "v=DMARC1; p=quarantine; psd=n",
        at("example"): "v=DMARC1; p=reject; psd=y",
    }
    asker = FakeAsker(said)
    result = run(dmarc, FROM, asker)
    assert (result.facts["found_at"], result.facts["organizational_domain"]) == ("shop.example", "shop.example")
    assert walked(asker) == [FROM, "shop.example"]


def test_psd_n_on_a_subdomain_makes_it_its_own_organization() -> None:
    said: dict[str, Said] = {at(FROM): "v=DMARC1; p=none; psd=n", at("shop.example"): "v=DMARC1; p=reject"}
    facts = check(dmarc, f"a.{FROM}", said).facts
    assert (facts["organizational_domain"], facts["found_at"]) == (FROM, FROM)
    assert facts["rfc7489"]["found_at"] == "shop.example"
    assert set(facts["differences"]) >= {"organizational-domain", "record"}


def test_below_psd_y_the_organization_is_one_label_down() -> None:
    suffix = "v=DMARC1; p=reject; psd=y; " + RUA
    alone = check(dmarc, FROM, {at("example"): suffix})
    assert (alone.facts["found_at"], alone.facts["organizational_domain"]) == ("example", "shop.example")
    assert alone.facts["rfc7489"]["result"] == "none"
    both = check(dmarc, FROM, {at("example"): suffix, at("shop.example"): "v=DMARC1; p=none"})
    assert (both.facts["found_at"], both.facts["policy"]) == ("shop.example", "none")


def test_psd_y_at_the_domain_itself_is_its_own_record() -> None:
    facts = check(dmarc, "example", {at("example"): "v=DMARC1; p=reject; psd=y"}).facts
    assert (facts["found_at"], facts["policy"], facts["organizational_domain"]) == ("example", "reject", "example")
    assert "psd-no-suffix" not in facts["warnings"]


def test_psd_y_at_a_domain_that_is_no_public_suffix_is_told() -> None:
    assert (
        "psd-no-suffix"
        in check(dmarc, "shop.example", {at("shop.example"): "v=DMARC1; p=none; psd=y"}).facts["warnings"]
    )


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
    assert result.facts["rfc7489"]["policy_tag"] == ("sp" if "sp=" in record else "p")


def test_whether_the_subdomain_exists_may_stay_unknown() -> None:
    result = check(dmarc, FROM, {at("shop.example"): "v=DMARC1; p=none; np=reject", f"A {FROM}": failed()})
    assert (result.result, result.facts["reason"]) == ("temperror", "existence-unknown")
    assert list(dmarc.findings(result, catalog())) == []


@pytest.mark.parametrize(("p", "applied"), [("reject", "quarantine"), ("quarantine", "none"), ("none", "none")])
def test_testing_is_one_step_milder_and_unknown_to_rfc_7489(p: str, applied: str) -> None:
    facts = check(dmarc, FROM, {at(FROM): f"v=DMARC1; p={p}; t=Y"}).facts
    assert (facts["policy"], facts["applied"], facts["t"]) == (p, applied, True)
    assert facts["rfc7489"]["applied"] == p


@pytest.mark.parametrize("said", [failed("servfail"), refused()], ids=lambda a: a.reason)
def test_what_could_not_be_asked_is_not_absent(said: Said) -> None:
    assert check(dmarc, FROM, {at(FROM): said}).result == "temperror"
    above = check(dmarc, FROM, {at("shop.example"): "v=DMARC1; p=reject", at("example"): said})
    assert (above.result, above.facts["policy"]) == ("temperror", None) if "policy" in above.facts else True
    assert above.facts["rfc7489"]["policy"] == "reject"
    own = check(dmarc, "shop.example", {at("shop.example"): "v=DMARC1; p=reject", at("example"): said})
    assert (own.result, own.facts["policy"], own.facts["organizational_domain"]) == (None, "reject", None)


def test_several_records_are_all_discarded_and_the_walk_goes_on() -> None:
    """RFC 9989 goes on above them; RFC 7489 section 6.6.3 step 5 stops."""
    twice: dict[str, Said] = {at(FROM): ["v=DMARC1; p=none", "v=DMARC1; p=reject"]}
    above = check(dmarc, FROM, {**twice, at("shop.example"): "v=DMARC1; p=quarantine"})
    assert (above.result, above.facts["found_at"]) == (None, "shop.example")
    assert above.facts["discarded"] == ({"domain": FROM, "reason": "multiple-records"},)
    assert (above.facts["rfc7489"]["result"], above.facts["rfc7489"]["reason"]) == ("permerror", "multiple-records")
    assert "record" in above.facts["differences"]


@pytest.mark.parametrize(
    ("domain", "registered"),
    [
        ("shop.example", "shop.example"),
        ("a.b.shop.co.uk", "shop.co.uk"),
        ("co.uk", "co.uk"),
        ("uk", "uk"),
        ("a.city.kawasaki.jp", "city.kawasaki.jp"),
        ("x.user.github.io", "user.github.io"),
    ],
)
def test_the_organizational_domain_of_rfc_7489(domain: str, registered: str) -> None:
    assert registered_domain(domain) == registered


# The examples of RFC 9989 appendix B.4. What the records say beside existing is ours.
SIMPLE: dict[str, Said] = {at("example.com"): "v=DMARC1; p=reject", at("signing.example.com"): "v=DMARC1; p=none"}
BANK: dict[str, Said] = {
    at("bank.example"): "v=DMARC1; p=reject; psd=y",
    at("giant.bank.example"): "v=DMARC1; p=quarantine",
}


def test_appendix_b_4_1_a_simple_organization() -> None:
    given = dmarc.Author("example.com", ("pass", "example.com"), (("pass", "signing.example.com"),))
    one = check(dmarc, given, SIMPLE)
    assert [(i["domain"], i["aligned"]) for i in one.facts["rfc9989"]["identifiers"]] == [
        ("example.com", True),
        ("signing.example.com", True),
    ]
    assert (one.result, one.facts["found_at"]) == ("pass", "example.com")


def test_appendix_b_4_2_a_deep_name() -> None:
    deep = "a.b.c.d.e.f.g.h.i.j.k.example.com"
    given = dmarc.Author(deep, ("pass", "example.com"), (("pass", "signing.example.com"),))
    asker = FakeAsker(SIMPLE)
    one = run(dmarc, given, asker)
    assert walked(asker)[:8] == [
        deep,
        *(f"{label}.example.com" for label in ("g.h.i.j.k", "h.i.j.k", "i.j.k", "j.k", "k")),
        "example.com",
        "com",
    ]
    assert one.facts["organizational_domain"] == one.facts["found_at"] == "example.com"
    assert [i["aligned"] for i in one.facts["rfc9989"]["identifiers"]] == [True, True]
    assert one.result == "pass"


def test_appendix_b_4_3_below_a_public_suffix() -> None:
    given = dmarc.Author(
        "giant.bank.example", ("pass", "mail.giant.bank.example"), (("pass", "mail.mega.bank.example"),)
    )
    one = check(dmarc, given, BANK)
    spf, dkim = one.facts["rfc9989"]["identifiers"]
    assert (spf["organizational_domain"], spf["aligned"]) == ("giant.bank.example", True)
    assert (dkim["organizational_domain"], dkim["aligned"]) == ("mega.bank.example", False)
    assert (one.result, one.facts["found_at"], one.facts["policy"]) == ("pass", "giant.bank.example", "quarantine")
    # The list knows nothing of bank.example, so that for older receivers it is one organization.
    assert [i["aligned"] for i in one.facts["rfc7489"]["identifiers"]] == [True, True]
    assert "organizational-domain" in one.facts["differences"]
