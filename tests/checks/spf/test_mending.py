"""What is to be published in the place of a record that gives permerror, and what the owner is told about it."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from probe.catalog import catalog
from probe.checks import spf
from probe.checks.spf import check_host
from probe.checks.spf.typos import correction
from probe.model import CheckResult
from probe.text import filled
from tests.checks.fake import FakeAsker, Said, absent, check, failed

CLIENT = "192.0.2.10"
MANY = " ".join(f"include:i{number}.test" for number in range(11))
INCLUDED: dict[str, Said] = {f"TXT i{number}.test": f"v=spf1 ip4:203.0.113.{number} -all" for number in range(12)}


def asked(record: Said, address: str | None = None, **more: Said) -> tuple[CheckResult, dict[str, Said]]:
    zone: dict[str, Said] = {**INCLUDED, "TXT shop.test": record, **more}
    subject = "shop.test" if address is None else spf.Query(address, "orders@shop.test", "mail.shop.test")
    return check(spf, subject, zone), zone


def remedy(result: CheckResult, id_: str = "spf-broken", language: str = "en") -> str:
    facts = catalog(language)
    (said,) = [one for one in spf.findings(result, facts) if one.id == id_]
    return filled(facts.findings[id_].remedy, said.details)


def published(result: CheckResult) -> Any:
    made = result.facts["publish"]
    return None if made is None else made["record"]


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        ("v=spf1 ipv4:192.0.2.1 -all", f"v=spf1 ip4:192.0.2.1 ip4:{CLIENT} -all"),
        ("v=spf1 ipv4:192.0.2.0/24 -all", "v=spf1 ip4:192.0.2.0/24 -all"),
        ("v=spf1 -ip4:192.0.2.0/24 moo ~all", f"v=spf1 ip4:{CLIENT} -ip4:192.0.2.0/24 ~all"),
        ("v=spf1 moo -all", f"v=spf1 ip4:{CLIENT} -all"),
        (["v=spf1 ip4:192.0.2.1 -all", "v=spf1 a ~all"], f"v=spf1 ip4:192.0.2.1 a ip4:{CLIENT} ~all"),
        (["v=spf1 ipv4:192.0.2.1 -all", "v=spf1 mx -all"], f"v=spf1 ip4:192.0.2.1 mx ip4:{CLIENT} -all"),
        ("v=spf1 include:gone.test ip4:192.0.2.1 -all", f"v=spf1 ip4:192.0.2.1 ip4:{CLIENT} -all"),
        ("v=spf1 ip4:192.0.2.1/33 -all", f"v=spf1 ip4:192.0.2.1 ip4:{CLIENT} -all"),
        ("v=spf1 include:shop.test ip4:192.0.2.1 -all", f"v=spf1 ip4:192.0.2.1 ip4:{CLIENT} -all"),
    ],
)
def test_the_mended_record_lets_the_evaluated_client_in(record: Said, expected: str) -> None:
    result, zone = asked(record, CLIENT)
    assert ("permerror", expected) == (result.result, published(result))
    again = asyncio.run(check_host(CLIENT, "orders@shop.test", "", FakeAsker({**zone, "TXT shop.test": expected})))
    assert again.result == "pass"
    assert expected in remedy(result)
    assert expected in remedy(result, language="ja")


@pytest.mark.parametrize("address", ["10.1.2.3", "192.168.1.1", "127.0.0.1", "fd00::1", "::ffff:10.1.2.3"])
def test_a_private_address_never_goes_into_a_public_record(address: str) -> None:
    broken, _ = asked("v=spf1 ipv4:192.0.2.1 -all", address)
    assert published(broken) == "v=spf1 ip4:192.0.2.1 -all"
    rejected, _ = asked("v=spf1 ip4:192.0.2.1 -all", address)
    assert ("fail", None) == (rejected.result, published(rejected))
    assert "private address" in remedy(rejected, "spf-rejects")
    assert "v=spf1" not in remedy(rejected, "spf-rejects")


def test_what_the_policy_needs_is_told_term_by_term_where_it_is_too_much() -> None:
    nested = {"TXT i0.test": "v=spf1 include:i11.test -all"}
    result, _ = asked(f"v=spf1 {MANY} -all", **nested)
    assert (result.facts["reason"], published(result)) == ("too-many-lookups", None)
    assert result.facts["costs"][:2] == (
        {"term": "include:i0.test", "lookups": 2, "void": False},
        {"term": "include:i1.test", "lookups": 1, "void": False},
    )
    assert "include:i0.test (2), include:i1.test (1)" in remedy(result)


@pytest.mark.parametrize("again", ["include:i3.test", "include:I3.TEST", "include:i10.test"])
def test_what_repeats_goes_where_that_suffices(again: str) -> None:
    """``i10`` is included by ``i0`` as well."""
    few = " ".join(f"include:i{number}.test" for number in range(9))
    result, _ = asked(f"v=spf1 {few} {again} -all", **{"TXT i0.test": "v=spf1 include:i10.test -all"})
    assert (result.facts["reason"], published(result)) == ("too-many-lookups", f"v=spf1 {few} -all")
    assert ((again,), 10) == (result.facts["publish"]["removed"], result.facts["publish"]["lookups"])


def test_a_term_that_leads_nowhere_is_taken_out_where_that_suffices() -> None:
    ten = " ".join(f"include:i{number}.test" for number in range(10))
    result, _ = asked(f"v=spf1 a:gone.test {ten} -all")
    assert (result.facts["reason"], published(result)) == ("too-many-lookups", f"v=spf1 {ten} -all")
    assert result.facts["publish"]["removed"] == ("a:gone.test",)
    assert result.facts["publish"]["lookups"] == 10
    assert remedy(result).startswith("Take out a:gone.test: what leads nowhere,")
    unknown, _ = asked(f"v=spf1 a:gone.test {ten} -all", **{"A gone.test": failed(), "AAAA gone.test": absent()})
    assert published(unknown) is None


def test_an_unreadable_term_is_taken_out_and_that_is_said() -> None:
    result, _ = asked("v=spf1 mx moo:1 -all")
    assert ("v=spf1 mx -all", ("moo:1",)) == (published(result), result.facts["publish"]["removed"])
    assert "Take out moo:1, which nobody can read" in remedy(result)


def test_a_record_that_would_allow_nobody_is_not_proposed() -> None:
    result, _ = asked("v=spf1 moo -all")
    assert (published(result), remedy(result)) == (None, "Mend the term moo, or take it out.")


def test_a_mistake_of_somebody_else_is_not_the_domains_to_mend() -> None:
    result, _ = asked("v=spf1 include:i0.test -all", **{"TXT i0.test": "v=spf1 moo -all"})
    assert published(result) is None
    assert remedy(result).startswith("The mistake stands in the record of i0.test: its owner has to mend it.")


def test_a_loop_is_told_where_it_turns_back() -> None:
    back: dict[str, Said] = {"TXT i0.test": "v=spf1 include:shop.test -all"}
    for address in (None, CLIENT):
        result, _ = asked("v=spf1 include:i0.test -all", address, **back)
        assert published(result) is None
        assert remedy(result).startswith("Take the term include:shop.test out of the record of i0.test:")


def test_a_hundred_costs_do_not_fill_the_report() -> None:
    result, _ = asked("v=spf1 " + " ".join(f"exists:%{{i}}.{number}.test" for number in range(100)) + " -all")
    assert (100, 15) == (len(result.facts["costs"]), remedy(result).count("(1)"))


def test_after_a_redirect_the_record_that_decides_is_named() -> None:
    result, _ = asked("v=spf1 redirect=_r.test", CLIENT, **{"TXT _r.test": "v=spf1 ip4:203.0.113.1 -all"})
    assert ("fail", "-all", "_r.test") == (result.result, result.facts["mechanism"], result.facts["mechanism_at"])
    (said,) = [one for one in spf.findings(result, catalog()) if one.id == "spf-rejects"]
    assert "-all is what decides in the record of _r.test" in filled(
        catalog().findings["spf-rejects"].explanation, said.details
    )


@pytest.mark.parametrize(
    ("term", "hint"),
    [
        ("moo", None),
        ("all\x1b[31m", None),
        ("ip4\x1b[31m:192.0.2.1", None),
        ("ip4:192.0.2.1\x1b[0m", None),
        ("include\\x1b[31m:mail.test", None),
        ("mx\x00", None),
        ("include=mail", None),
        ("include:mail.test", None),
        ("INCLUDE:mail.test", None),
        ("ip4:192.0.2.1/33", "ip4:192.0.2.1"),
        ("ip4:192.0.2.0/024", "ip4:192.0.2.0/24"),
        ("a:mail.test/33", "a:mail.test"),
        ("ip4:192.0.2.1,ip4:192.0.2.2", "ip4:192.0.2.1 ip4:192.0.2.2"),
    ],
)
def test_a_hint_is_a_sound_term_and_another_one_than_was_typed(term: str, hint: str | None) -> None:
    assert hint == correction(term)
