"""DMARC over real DNS packets: the examples of RFC 7489 appendix B.2 as zones, wildcards, aliases and faults."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from hypothesis import given
from hypothesis import strategies as st

from probe.catalog import catalog
from probe.checks import dmarc
from probe.checks.dmarc.discovery import targets
from probe.checks.dmarc.reports import faults
from probe.embedded.dns import DnsServer, Fault
from probe.findings import finding
from probe.model import CheckResult
from probe.resolver import Resolver
from tests.checks.fake import FakeAsker, Said, absent, failed, refused, run

TOP = {"com": "", "net": "", "example": ""}
EXAMPLES = {
    **TOP,
    "example.com": """
        @ MX 10 mail
        _dmarc TXT ( "v=DMARC1; p=none; " "rua=mailto:dmarc-feedback@example.com; "
                     "ruf=mailto:auth-reports@thirdparty.example.net" )
        test MX 10 mail
        _dmarc.test TXT ( "v=DMARC1; p=quarantine; rua=mailto:dmarc-feedback@example.com,"
                          "mailto:tld-test@thirdparty.example.net!10m; pct=25" )
    """,
    "thirdparty.example.net": """
        @ MX 10 mail
        example.com._report._dmarc TXT "v=DMARC1"
    """,
    "example.net": "",
}


def over_dns(
    subject: str | dmarc.Author, zones: Mapping[str, str], faults: Mapping[str, Fault] | None = None
) -> CheckResult:
    async def ask() -> CheckResult:
        async with DnsServer(zones, faults=faults) as dns, Resolver(dns.endpoint, timeout=0.3, tries=1) as resolver:
            result: CheckResult = await dmarc.run(subject, ask=resolver, facts=catalog())
            return result

    return asyncio.run(ask())


def test_b_2_1_to_b_2_3_the_whole_domain_with_reports_to_somebody_else() -> None:
    one = over_dns("example.com", EXAMPLES)
    assert (one.result, one.facts["policy"], one.facts["found_at"]) == (None, "none", "example.com")
    own, other = one.facts["reports"]
    assert (own["uri"], own["external"], own["deliverable"]) == ("mailto:dmarc-feedback@example.com", False, True)
    assert (other["consent"], other["authorized"]) == ("example.com._report._dmarc.thirdparty.example.net", True)
    assert [list(faults(entry)) for entry in one.facts["reports"]] == [[], []]


def test_b_2_4_a_subdomain_with_sampling_and_two_addresses() -> None:
    one = over_dns("test.example.com", EXAMPLES)
    assert one.facts["record"].endswith("pct=25")
    assert (one.facts["policy"], one.facts["differences"]) == ("quarantine", ("pct",))
    assert set(one.facts["warnings"]) == {"size-limit", "removed-pct"}
    mine, theirs = one.facts["reports"]
    assert (mine["external"], theirs["external"], theirs["limit"]) == (False, True, "10m")
    # The consent of appendix B.2.3 is for example.com, not for the subdomain.
    assert list(faults(theirs)) == ["unauthorized"]


def test_the_consent_to_everybody_is_a_wildcard() -> None:
    zone = '@ MX 10 mail\n*._report._dmarc TXT "v=DMARC1"'
    one = over_dns("test.example.com", {**EXAMPLES, "thirdparty.example.net": zone})
    assert one.facts["reports"][1]["authorized"] is True


def test_a_wildcard_that_answers_for_the_record_is_told_from_one_that_does_not() -> None:
    everywhere = {**TOP, "shop.example": '@ MX 10 mail\n* TXT "v=DMARC1; p=reject; rua=mailto:d@shop.example"'}
    one = over_dns("shop.example", everywhere)
    assert (one.facts["policy"], "wildcard" in one.facts["warnings"]) == ("reject", True)
    beside = {**TOP, "shop.example": '@ MX 10 mail\n* TXT "v=spf1 -all"\n_dmarc TXT "v=DMARC1; p=reject"'}
    assert "wildcard" not in over_dns("shop.example", beside).facts["warnings"]
    # A wildcard for SPF is what the walk meets at every name that has no record of its own.
    below = over_dns("mail.shop.example", beside)
    assert (below.facts["found_at"], below.facts["policy"]) == ("shop.example", "reject")


def test_a_record_behind_an_alias() -> None:
    zones = {
        **TOP,
        "shop.example": "_dmarc CNAME shop.hosted.example.",
        "hosted.example": 'shop TXT "v=DMARC1; p=quarantine"',
    }
    one = over_dns("shop.example", zones)
    assert (one.facts["policy"], one.facts["alias"]) == ("quarantine", "shop.hosted.example")


def test_psd_over_the_wire() -> None:
    zones = {
        **TOP,
        "bank.example": '_dmarc TXT "v=DMARC1; p=reject; np=reject; psd=y"\n_dmarc.giant TXT "v=DMARC1; p=quarantine"',
    }
    given_ = dmarc.Author("giant.bank.example", ("pass", "mail.giant.bank.example"), ())
    one = over_dns(given_, zones)
    assert (one.result, one.facts["organizational_domain"]) == ("pass", "giant.bank.example")
    missing = over_dns("no.such.bank.example", zones)
    assert (missing.facts["found_at"], missing.facts["policy_tag"]) == ("bank.example", "np")
    assert missing.facts["domain_exists"] is False


def test_a_server_that_does_not_answer_is_never_a_missing_record() -> None:
    for fault in ("servfail", "refused", "timeout", "lame"):
        one = over_dns("shop.example", {**TOP, "shop.example": ""}, {"_dmarc.shop.example": fault})  # type: ignore[dict-item]
        assert one.result == "temperror"
        assert list(dmarc.findings(one, catalog())) == []


PIECES = st.sampled_from(
    "v=DMARC1; p=none; p=reject; sp=none; np=reject; psd=y; psd=n; t=y; pct=0; aspf=s; p=x; v=DMARC1, "
    "rua=mailto:d@other.example; rua=d@shop.example;".split()
)
TEXTS = st.lists(PIECES, min_size=1, max_size=5).map(" ".join)
ANSWERS: st.SearchStrategy[Said] = st.one_of(
    TEXTS, TEXTS, st.lists(TEXTS, max_size=2), st.sampled_from([absent(), absent("nodata"), failed(), refused()])
)
NAMES = ("_dmarc.a.shop.example", "_dmarc.shop.example", "_dmarc.example", "_dmarc.b.shop.example")


@given(
    st.tuples(*(ANSWERS for _ in NAMES)),
    st.sampled_from([absent(), failed(), absent("nodata")]),
    st.sampled_from([None, ("pass", "b.shop.example"), ("fail", "a.shop.example"), ("temperror", "shop.example")]),
    st.sampled_from([None, (), (("pass", "shop.example"),), (("temperror", "b.shop.example"),)]),
)
def test_whatever_dns_says_a_verdict_and_its_words_come_of_it(
    said: tuple[Said, ...],
    exists: Said,
    spf: tuple[str, str] | None,
    dkim: tuple[tuple[str, str], ...] | None,
) -> None:
    zone = {f"TXT {name}": answer for name, answer in zip(NAMES, said, strict=True)} | {"A a.shop.example": exists}
    asker = FakeAsker(zone)
    one = run(dmarc, dmarc.Author("a.shop.example", spf, dkim), asker)
    facts = catalog()
    for emitted in dmarc.findings(one, facts):
        told = finding(emitted.id, emitted.subject, facts, **emitted.details)
        assert "?" not in f"{told.title} {told.explanation} {told.remedy}"
    late = any(not answer.known for answer in one.queries) or "temperror" in str((spf, dkim))
    allowed = {None, "none", "permerror", "pass", "fail"} | ({"temperror"} if late else set())
    assert {one.facts["rfc9989"]["result"], one.facts["rfc7489"]["result"]} <= allowed


@given(st.lists(st.from_regex(r"[a-z]{1,3}", fullmatch=True), min_size=1, max_size=60).map(".".join))
def test_no_domain_costs_more_than_eight_questions_a_walk(domain: str) -> None:
    asker = FakeAsker({})
    assert len(targets(domain)) <= 8
    assert run(dmarc, domain, asker).result == "none"
    walked = [one for one in asker.asked if one.startswith("TXT _dmarc.") and not one.endswith(f".{domain}.{domain}")]
    # RFC 7489 asks at the registered domain, which a walk has passed already.
    assert len(walked) <= 8
