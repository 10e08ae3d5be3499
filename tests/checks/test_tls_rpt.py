"""Asking for reports on TLS (RFC 8460 section 3)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probe.catalog import catalog
from probe.checks import tls_rpt
from probe.findings import finding
from tests.checks.fake import FakeAsker, Said, absent, check, failed, run
from tests.checks.test_hostile import RECORDS

AT = "TXT _smtp._tls.shop.example"
MX = "MX shop.example"
SCENES = {
    "tls-rpt-missing": check(tls_rpt, "shop.example", {}),
    "tls-rpt-broken": check(tls_rpt, "shop.example", {AT: "v=TLSRPTv1"}),
    "tls-rpt-lost": check(
        tls_rpt, "shop.example", {AT: "v=TLSRPTv1; rua=mailto:t@shop.example,https://shop.example/t"}
    ),
}
"""For each finding of this check a result that is worth it."""


def test_a_sound_record_passes_and_needs_no_change() -> None:
    record = "v=TLSRPTv1; rua=mailto:t@shop.example,https://report.example/v1"
    result = check(tls_rpt, "Shop.Example.", {AT: ["v=spf1 -all", record], MX: "10 mx.shop.example"})
    assert (result.result, result.subject, result.facts["reason"]) == ("pass", "shop.example", "reports-wanted")
    assert result.facts["rua"] == ("mailto:t@shop.example", "https://report.example/v1")
    assert result.facts["publish"] == {"name": "_smtp._tls.shop.example", "record": record, "changed": False}
    assert [one["deliverable"] for one in result.facts["destinations"]] == [True, None]
    assert list(tls_rpt.findings(result, catalog())) == []


@pytest.mark.parametrize(
    ("said", "result", "reason"),
    [
        (absent(), "none", "no-record"),
        (absent("nodata"), "none", "no-record"),
        (["v=spf1 -all", "other"], "none", "no-record"),
        (failed("servfail"), "temperror", "servfail"),
        (["v=TLSRPTv1; rua=mailto:a@b.example", "v=TLSRPTv1; rua=mailto:c@b.example"], "permerror", "multiple-records"),
        ("v=tlsrptv1; rua=mailto:t@shop.example", "permerror", "bad-version"),
        ("v=TSLRPTv1; rua=mailto:t@shop.example", "permerror", "bad-version"),
        ("v=TLSRPTv2; rua=mailto:t@shop.example", "permerror", "bad-version"),
        ("rua=mailto:t@shop.example; v=TLSRPTv1", "permerror", "bad-version"),
        ("v=TLSRPTv1 rua=mailto:t@shop.example", "permerror", "bad-version"),
        ("v=TLSRPTv1", "permerror", "missing-rua"),
        ("v=TLSRPTv1; RUA=mailto:t@shop.example", "permerror", "missing-rua"),
        ("v=TLSRPTv1; rua=", "permerror", "no-usable-rua"),
        ("v=TLSRPTv1; rua=t@shop.example", "permerror", "no-usable-rua"),
        ("v=TLSRPTv1; rua=http://shop.example/t", "permerror", "no-usable-rua"),
        ("v=TLSRPTv1; rua=mailto:t@shop.example!10m", "permerror", "no-usable-rua"),
        ("v=TLSRPTv1;rua=mailto:t@shop.example;", "pass", "reports-wanted"),
        ("v=TLSRPTv1 ;\trua=mailto:t@shop.example", "pass", "reports-wanted"),
        ("v=TLSRPTv1; rua=https://shop.example:8443/t?x=1", "pass", "reports-wanted"),
    ],
    ids=str,
)
def test_what_senders_make_of_it(said: Said, result: str, reason: str) -> None:
    one = check(tls_rpt, "shop.example", {AT: said, MX: "10 mx.shop.example"})
    assert (one.result, one.facts["reason"]) == (result, reason)


@pytest.mark.parametrize(
    ("record", "publish"),
    [
        ("v=TLSRPTv1", "v=TLSRPTv1; rua=mailto:tls-reports@shop.example"),
        ("v=TLSRPTv1; rua=t@x.example, mailto:u@x.example", "v=TLSRPTv1; rua=mailto:u@x.example"),
        ("v=TLSRPTv1; rua=mailto:u@x.example; ext=1", "v=TLSRPTv1; rua=mailto:u@x.example; ext=1"),
    ],
)
def test_the_record_to_publish_keeps_what_is_right(record: str, publish: str) -> None:
    assert check(tls_rpt, "shop.example", {AT: record}).facts["publish"]["record"] == publish


def test_what_a_user_reads_of_a_mailbox_that_takes_no_mail() -> None:
    zone: dict[str, Said] = {AT: "v=TLSRPTv1; rua=mailto:t@dead.example", "MX dead.example": "0 ."}
    for lang, title in (("en", "cannot arrive"), ("ja", "届きません")):
        facts = catalog(lang)
        told = [
            finding(one.id, one.subject, facts, **one.details)
            for one in tls_rpt.findings(check(tls_rpt, "shop.example", zone), facts)
        ]
        assert [(one.id, title in one.title) for one in told] == [("tls-rpt-lost", True)]


def test_a_mailbox_that_could_not_be_asked_is_not_lost() -> None:
    one = check(tls_rpt, "shop.example", {AT: "v=TLSRPTv1; rua=mailto:t@x.example", "MX x.example": failed()})
    assert (one.result, one.facts["destinations"][0]["deliverable"]) == ("pass", None)
    assert list(tls_rpt.findings(one, catalog())) == []


def test_a_name_that_is_no_domain_is_not_asked() -> None:
    asker = FakeAsker({})
    assert (run(tls_rpt, "a..b", asker).result, asker.asked) == ("none", [])


@given(st.lists(RECORDS.map("v=TLSRPTv1;{}".format) | RECORDS, max_size=2))
def test_any_record_is_survived_and_what_is_proposed_is_sound(texts: list[str]) -> None:
    said: Said = list(texts)
    one = check(tls_rpt, "shop.example", {AT: said})
    proposed = one.facts["publish"]["record"]
    assert check(tls_rpt, "shop.example", {AT: proposed}).facts["publish"] == {**one.facts["publish"], "changed": False}
