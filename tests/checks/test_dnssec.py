"""Secure, insecure, bogus, and nobody can tell."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from probe.catalog import catalog
from probe.checks import dnssec
from probe.findings import finding
from probe.model import Answer, CheckResult
from tests.checks.fake import FakeAsker, Said, absent, check, failed, refused, run

DOMAIN = "shop.example"
SOA = "ns.shop.example hostmaster.shop.example 1 2 3 4 5"
# RFC 6605 section 6.1: the example for ECDSA P-256, with the digest that it gives for the key.
KEY = "257 3 13 GojIhhXUN/u4v54ZQqGSnyhWJwaubCvTmeexv7bR6edbkrSqQpF64cYbcB7wNcP+e+MAnLr+Wi9xMWyQLc8NAA=="
OWNER, TAG = "example.net", "55648 13 2 b4c8c1fe2e7477127b27115656ad6256f424625bf5c1e2770ce6d6e37df61d17"
DS = f"{TAG.split()[0]} 13 2 {'ab' * 32}"

SCENES = {
    f"dnssec-{problem}": CheckResult(
        "dnssec",
        DOMAIN,
        "fail",
        {
            "zone": DOMAIN,
            "problems": ({"problem": problem, "reason": "servfail", "detail": "5"},),
            "publish": (f"{DOMAIN}. IN DS {DS}",),
        },
    )
    for problem in dnssec.PROBLEMS
}
"""For each finding of this check a result that is worth it."""


class Validating(FakeAsker):
    """One that also has what it does not believe: the records of ``beyond``."""

    def __init__(self, zone: Mapping[str, Said], beyond: Mapping[str, Said]) -> None:
        super().__init__(zone)
        self.beyond = FakeAsker(beyond)
        self.beyond.asked = self.asked

    def unchecked(self) -> FakeAsker:
        return self.beyond


def signed(*values: str) -> Answer:
    return Answer("", "", "found" if values else "absent", values, None if values else "nodata", authenticated=True)


def bogus(*codes: int) -> Answer:
    return Answer("", "", "failed", reason="servfail", extended_errors=codes)


SECURE: dict[str, Said] = {
    f"SOA {DOMAIN}": signed(SOA),
    f"MX {DOMAIN}": signed("10 mx.shop.example"),
    f"DS {DOMAIN}": signed(DS),
    f"DNSKEY {DOMAIN}": signed(KEY),
}
INSECURE: dict[str, Said] = {
    f"SOA {DOMAIN}": SOA,
    f"MX {DOMAIN}": "10 mx.shop.example",
    f"DS {DOMAIN}": signed(),
    f"DNSKEY {DOMAIN}": absent("nodata"),
}
ROOT = "SOA ."


def problems(result: CheckResult) -> list[str]:
    return [told["problem"] for told in result.facts["problems"]]


def outcome(result: CheckResult) -> tuple[Any, ...]:
    return result.result, result.facts["reason"], result.facts["state"], problems(result)


def words(result: CheckResult, lang: str = "en") -> str:
    facts = catalog(lang)
    (told,) = dnssec.findings(result, facts)
    one = finding(told.id, told.subject, facts, **told.details)
    return f"{one.title}. {one.explanation} {one.remedy}"


def test_a_zone_whose_answers_are_authentic() -> None:
    result = check(dnssec, DOMAIN, SECURE)
    assert ("pass", "secure", "secure", []) == outcome(result)
    assert (DOMAIN, True, True) == tuple(result.facts[key] for key in ("zone", "validating", "mx_authenticated"))
    assert ((DS,), (KEY,)) == (result.facts["ds"], result.facts["keys"])


def test_the_zone_of_a_name_further_down_is_found() -> None:
    below: dict[str, Said] = {f"SOA mail.{DOMAIN}": signed(), f"MX mail.{DOMAIN}": signed("10 mx.shop.example")}
    asker = FakeAsker({**SECURE, **below})
    result = run(dnssec, f"mail.{DOMAIN}", asker)
    assert ("pass", DOMAIN) == (result.result, result.facts["zone"])
    assert [f"SOA mail.{DOMAIN}", f"SOA {DOMAIN}"] == asker.asked[:2]


def test_an_unsigned_zone() -> None:
    result = check(dnssec, DOMAIN, INSECURE)
    assert ("none", "unsigned", "insecure", ["unsigned"]) == outcome(result)
    # An authenticated denial of the DS record shows that the resolver validates.
    assert (True, ()) == (result.facts["validating"], result.facts["publish"])


def test_a_signed_zone_without_ds_gets_the_record_for_its_registrar() -> None:
    result = check(dnssec, DOMAIN, {**INSECURE, f"DNSKEY {DOMAIN}": ["256 3 13 AAAA", KEY]})
    assert ("none", "no-ds", "insecure", ["no-ds"]) == outcome(result)
    (line,) = result.facts["publish"]
    assert line.startswith(f"{DOMAIN}. IN DS 55648 13 2 ")
    assert line in words(result)
    assert line in words(result, "ja")


def test_the_digest_is_that_of_the_standard() -> None:
    assert (f"{OWNER}. IN DS {TAG}",) == dnssec.ds_records(OWNER, (KEY,))
    assert () == dnssec.ds_records(OWNER, ("257 3 13 not/base64!", "257 3 x y", "256" + KEY[3:], ""))


def test_a_ds_record_that_leads_nowhere_the_resolver_can_follow() -> None:
    result = check(dnssec, DOMAIN, {**INSECURE, f"DS {DOMAIN}": DS, ROOT: signed(SOA)})
    assert ("none", "broken-above", "insecure", ["broken-above"]) == outcome(result)


@pytest.mark.parametrize(
    ("root", "reason", "validating"),
    [(SOA, "not-validating", False), (failed(), "validation-unknown", None)],
)
def test_a_resolver_that_does_not_validate_cannot_tell(root: Said, reason: str, validating: bool | None) -> None:
    result = check(dnssec, DOMAIN, {**INSECURE, f"DS {DOMAIN}": absent("nodata"), ROOT: root})
    assert (None, reason, "indeterminate", ["not-validating"]) == outcome(result)
    assert validating is result.facts["validating"]


def test_what_is_there_and_not_believed_is_bogus() -> None:
    (ours,) = dnssec.ds_records(DOMAIN, (KEY,))
    beyond: dict[str, Said] = {**SECURE, f"DS {DOMAIN}": ours.partition(" DS ")[2]}
    result = run(dnssec, DOMAIN, Validating({f"SOA {DOMAIN}": bogus()}, beyond))
    assert ("fail", "bogus", "bogus", ["bogus"]) == outcome(result)
    assert (KEY,) == result.facts["keys"]
    assert f"unchecked: SOA of {DOMAIN}: {SOA}" in result.trace
    assert "SPF, DKIM and DMARC" in words(result)


def test_ds_records_of_other_keys_come_with_the_right_ones() -> None:
    result = run(dnssec, DOMAIN, Validating({f"SOA {DOMAIN}": bogus(9)}, SECURE))
    assert ("fail", "other-ds", "bogus", ["other-ds"]) == outcome(result)
    (line,) = result.facts["publish"]
    assert line in words(result)
    assert line in words(result, "ja")


def test_the_zone_of_a_bogus_name_further_down_is_found_too() -> None:
    zone: dict[str, Said] = {f"SOA mail.{DOMAIN}": bogus(9), f"SOA {DOMAIN}": bogus(9)}
    result = run(dnssec, f"mail.{DOMAIN}", Validating(zone, SECURE))
    assert ("fail", "other-ds", DOMAIN) == (result.result, result.facts["reason"], result.facts["zone"])


def test_a_zone_that_has_moved_and_left_its_ds_records_behind() -> None:
    beyond: dict[str, Said] = {**SECURE, f"DNSKEY {DOMAIN}": absent("nodata")}
    result = run(dnssec, DOMAIN, Validating({f"SOA {DOMAIN}": bogus(9)}, beyond))
    assert ("fail", "ds-without-keys", "bogus", ["ds-without-keys"]) == outcome(result)
    unknown = run(dnssec, DOMAIN, Validating({f"SOA {DOMAIN}": bogus()}, {**SECURE, f"DNSKEY {DOMAIN}": failed()}))
    assert ("fail", "bogus") == outcome(unknown)[:2]


@pytest.mark.parametrize(
    ("ds", "leads"),
    [
        (TAG, True),
        (TAG.replace("55648", "55649"), False),
        (TAG.replace("b4c8", "b4c9"), False),
        ("55648 13 200 abcd", True),
        ("nonsense", False),
    ],
)
def test_whether_a_ds_record_leads_to_a_key(ds: str, leads: bool) -> None:
    assert leads == dnssec.leads_to_key(OWNER, ds, ("nonsense", KEY))


def test_a_resolver_that_explains_itself_is_believed_without_a_second_question() -> None:
    result = check(dnssec, DOMAIN, {f"SOA {DOMAIN}": bogus(7)})
    assert ("fail", "bogus", (7,)) == (result.result, result.facts["reason"], result.facts["extended_errors"])


@pytest.mark.parametrize("codes", [(), (22, 23)])
def test_a_failure_that_stays_one_without_checking_is_no_verdict(codes: tuple[int, ...]) -> None:
    result = run(dnssec, DOMAIN, Validating({f"SOA {DOMAIN}": bogus(*codes)}, {f"SOA {DOMAIN}": bogus()}))
    assert ("temperror", "servfail", "indeterminate", ["not-asked"]) == outcome(result)


@pytest.mark.parametrize("said", [failed("timeout"), failed("servfail"), refused()], ids=lambda a: a.reason)
def test_what_could_not_be_asked_is_temperror(said: Answer) -> None:
    result = check(dnssec, DOMAIN, {f"SOA {DOMAIN}": said})
    assert ("temperror", said.reason, "indeterminate", ["not-asked"]) == outcome(result)
    without_ds = check(dnssec, DOMAIN, {**INSECURE, f"DS {DOMAIN}": said, ROOT: signed(SOA)})
    assert ("temperror", said.reason) == outcome(without_ds)[:2]


@pytest.mark.parametrize(
    ("key", "ds", "expected"),
    [
        (KEY, DS, []),
        (KEY.replace(" 13 ", " 5 "), DS, ["weak-algorithm"]),
        (KEY.replace(" 13 ", " 7 "), DS, ["weak-algorithm"]),
        (KEY, DS.replace(" 2 ", " 1 "), ["weak-digest"]),
        (KEY.replace(" 13 ", " 8 "), DS.replace(" 2 ", " 4 "), []),
    ],
)
def test_what_rests_on_sha_1_is_pointed_out(key: str, ds: str, expected: list[str]) -> None:
    result = check(dnssec, DOMAIN, {**SECURE, f"DNSKEY {DOMAIN}": signed(key), f"DS {DOMAIN}": signed(ds)})
    assert ("pass", expected) == (result.result, problems(result))


def test_a_strong_one_beside_a_weak_one_is_enough() -> None:
    keys = signed(KEY, KEY.replace(" 13 ", " 5 "))
    assert [] == problems(check(dnssec, DOMAIN, {**SECURE, f"DNSKEY {DOMAIN}": keys}))


def test_a_name_with_many_labels_costs_eight_questions_on_the_way_up() -> None:
    asker = FakeAsker({ROOT: signed(SOA)})
    result = run(dnssec, "a.b.c.d.e.f.g.h.i.j.shop.example", asker)
    assert 8 == len([one for one in asker.asked if one.startswith("SOA ") and one != ROOT])
    assert result.result == "none"


def test_what_is_no_domain_is_not_asked() -> None:
    asker = FakeAsker({})
    assert ("none", []) == (run(dnssec, "a..b", asker).result, asker.asked)
