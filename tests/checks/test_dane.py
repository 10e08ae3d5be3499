"""TLSA records of MX hosts: authenticated or not, usable or not, matching or not."""

from __future__ import annotations

import asyncio
import datetime
from typing import Any

import pytest

from probe.catalog import catalog
from probe.checks import dane, tlsa
from probe.findings import finding
from probe.model import Answer, CheckResult
from tests.checks.fake import FakeAsker, Said, absent, check, failed, refused, run
from tests.checks.web import Listener, Script, says, smtp_with
from tests.tls.authority import Authority, ders

NOW = datetime.datetime(2026, 11, 27, tzinfo=datetime.UTC)
DOMAIN, A, B = "shop.example", "a.shop.example", "b.shop.example"
TLSA_A, TLSA_B = f"TLSA _25._tcp.{A}", f"TLSA _25._tcp.{B}"
AUTHORITY = Authority(now=NOW)
CHAIN = ders(AUTHORITY.issue(A))
OURS = tlsa.association(CHAIN[0])
OTHERS = "3 1 1 " + "ab" * 32

_HOSTS = ({"host": A, "name": f"_25._tcp.{A}", "reason": "no-record", "records": ()},)
SCENES = {
    f"dane-{problem}": CheckResult(
        "dane",
        DOMAIN,
        "fail",
        {
            "hosts": _HOSTS,
            "problems": ({"problem": problem, "about": A, "detail": "3 1 1", "reason": "tlsa-no-match"},),
            "publish": (f"_25._tcp.{A}. IN TLSA {OURS}",),
        },
    )
    for problem in dane.PROBLEMS
}
"""For each finding of this check a result that is worth it."""


def signed(*values: str, **more: Any) -> Answer:
    """Records, or an authenticated denial."""
    return Answer(
        "", "", "found" if values else "absent", values, None if values else "nodata", authenticated=True, **more
    )


ZONE: dict[str, Said] = {
    f"MX {DOMAIN}": signed(f"10 {A}"),
    f"A {A}": signed("192.0.2.1"),
    f"AAAA {A}": signed(),
    TLSA_A: signed(OURS),
}
TWO: dict[str, Said] = {
    **ZONE,
    f"MX {DOMAIN}": signed(f"10 {A}", f"20 {B}"),
    f"A {B}": signed("192.0.2.2"),
    f"AAAA {B}": signed(),
}
ROOT = "SOA ."


def look(changes: dict[str, Said] | None = None, *, seen: bool = True, zone: dict[str, Said] = ZONE) -> CheckResult:
    shown = (dane.Seen(f"{A}.", CHAIN),) if seen else ()
    return check(dane, dane.Mail(DOMAIN, NOW, shown), {**zone, **(changes or {})})


def problems(result: CheckResult) -> dict[str, str]:
    return {told["problem"]: told["about"] for told in result.facts["problems"]}


def words(result: CheckResult, id_: str, lang: str = "en") -> str:
    facts = catalog(lang)
    (told,) = [one for one in dane.findings(result, facts) if one.id == id_]
    one = finding(told.id, told.subject, facts, **told.details)
    return f"{one.title}. {one.explanation} {one.remedy}"


def test_a_certificate_that_was_seen_matches() -> None:
    result = look()
    assert ("pass", "match", {}) == (result.result, result.facts["reason"], problems(result))
    assert (True, True, ()) == (result.facts["validating"], result.facts["mx_authenticated"], result.facts["publish"])
    assert (
        {
            "host": A,
            "authenticated": True,
            "name": f"_25._tcp.{A}",
            "seen": True,
            "reason": "match",
            "records": ({"parameters": "3 1 1", "data": OURS[6:], "reason": None, "match": "match"},),
        },
    ) == result.facts["hosts"]


def test_nothing_is_asked_about_the_root_where_something_was_authenticated() -> None:
    asker = FakeAsker(ZONE)
    run(dane, dane.Mail(DOMAIN, NOW), asker)
    assert [f"MX {DOMAIN}", f"A {A}", f"AAAA {A}", TLSA_A] == asker.asked


def test_without_a_certificate_there_is_no_verdict() -> None:
    result = look(seen=False)
    assert (None, "not-matched", {}) == (result.result, result.facts["reason"], problems(result))
    assert result.facts["hosts"][0]["records"][0]["match"] is None


def test_a_mismatch_comes_with_the_record_to_add() -> None:
    result = look({TLSA_A: signed(OTHERS)})
    assert ("fail", "no-match", {"mismatch": A}) == (result.result, result.facts["reason"], problems(result))
    line = f"_25._tcp.{A}. IN TLSA {OURS}"
    assert (line,) == result.facts["publish"]
    assert line in words(result, "dane-mismatch")
    assert line in words(result, "dane-mismatch", "ja")
    assert "another key" in words(result, "dane-mismatch")


def test_one_record_that_matches_is_enough() -> None:
    result = look({TLSA_A: signed(OTHERS, OURS)})
    assert ("pass", {"stale": A}) == (result.result, problems(result))


def test_a_match_beside_a_stronger_digest_that_does_not_match_is_no_match_for_many() -> None:
    stronger = tlsa.association(CHAIN[0], 3, 1, 2)
    broken = "3 1 2 " + "ab" * 64
    assert {"stale": A, "weaker-digest": A} == problems(look({TLSA_A: signed(OURS, broken)}))
    assert {} == problems(look({TLSA_A: signed(OURS, stronger)}))
    by_another_way = tlsa.association(CHAIN[0], 3, 0, 1)
    assert {"stale": A} == problems(look({TLSA_A: signed(OURS, broken, by_another_way)}))


@pytest.mark.parametrize(("usage", "selector"), [(2, 0), (2, 1)])
def test_the_issuer_may_stand_for_the_host(usage: int, selector: int) -> None:
    record = tlsa.association(AUTHORITY.der, usage, selector, 1)
    assert "pass" == look({TLSA_A: signed(record)}).result
    other = ders(AUTHORITY.issue("else.example"))
    subject = dane.Mail(DOMAIN, NOW, (dane.Seen(A, other),))
    result = check(dane, subject, {**ZONE, TLSA_A: signed(record)})
    assert ("fail", "other-name") == (result.result, result.facts["reason"])
    assert "for another name" in words(result, "dane-mismatch")


def test_the_domain_is_a_name_for_usage_2() -> None:
    """RFC 7672 section 3.2.2: the next-hop domain counts beside the host's name."""
    subject = dane.Mail(DOMAIN, NOW, (dane.Seen(A, ders(AUTHORITY.issue(DOMAIN))),))
    assert "pass" == check(dane, subject, {**ZONE, TLSA_A: signed(tlsa.association(AUTHORITY.der, 2, 0, 1))}).result


def test_records_that_nobody_can_use() -> None:
    result = look({TLSA_A: signed("1 1 1 " + "ab" * 32, "3 1 1 abcd", "3 1 1 xyz")})
    assert ("permerror", "unusable", {"unusable": A}) == (result.result, result.facts["reason"], problems(result))
    assert ["pkix-usage", "bad-length", "malformed"] == [
        record["reason"] for record in result.facts["hosts"][0]["records"]
    ]
    assert "1 1 1, 3 1 1, 3 1 1 xyz: senders of mail know only the usages 2 and 3." in words(result, "dane-unusable")
    assert f"_25._tcp.{A}. IN TLSA {OURS}" in words(result, "dane-unusable")


def test_one_that_cannot_be_used_beside_one_that_can() -> None:
    result = look({TLSA_A: signed("0 0 1 " + "ab" * 32, OURS)})
    assert ("pass", {"some-unusable": A}) == (result.result, problems(result))


def test_a_record_of_the_whole_certificate_is_pointed_out() -> None:
    result = look({TLSA_A: signed(tlsa.association(CHAIN[0], 3, 0, 1))})
    assert ("pass", {"whole-certificate": A}) == (result.result, problems(result))
    assert f"_25._tcp.{A}. IN TLSA {OURS}" in words(result, "dane-whole-certificate")


def test_no_records_is_none_with_what_to_publish() -> None:
    result = look({TLSA_A: signed()})
    assert ("none", "no-record", {"missing": DOMAIN}) == (result.result, result.facts["reason"], problems(result))
    assert f"_25._tcp.{A}. IN TLSA {OURS}" in words(result, "dane-missing")
    unseen = look({TLSA_A: signed()}, seen=False)
    assert f"_25._tcp.{A}. IN TLSA 3 1 1 …" in words(unseen, "dane-missing")


def test_records_at_one_host_of_two_protect_neither() -> None:
    result = look(zone=TWO)
    assert ("none", "partial", {"partial": B}) == (result.result, result.facts["reason"], problems(result))
    assert f"_25._tcp.{B}. IN TLSA 3 1 1 …" in words(result, "dane-partial")


def test_one_host_that_was_not_seen_leaves_no_verdict() -> None:
    assert None is look({TLSA_B: signed(OTHERS)}, zone=TWO).result
    assert "fail" == look({TLSA_A: signed(OTHERS), TLSA_B: signed(OTHERS)}, zone=TWO).result


@pytest.mark.parametrize(
    "changes",
    [{TLSA_A: OURS}, {f"A {A}": "192.0.2.1"}, {f"AAAA {A}": "2620:fe::fe"}],
    ids=["tlsa", "a", "aaaa"],
)
def test_what_is_not_authenticated_is_not_used(changes: dict[str, Said]) -> None:
    result = look(changes)
    assert ("none", "unsigned", {"unsigned": A}) == (result.result, result.facts["reason"], problems(result))
    assert result.facts["hosts"][0]["records"][0]["match"] is None


def test_mx_records_that_are_not_authenticated_are_told_beside_the_verdict() -> None:
    result = look({f"MX {DOMAIN}": f"10 {A}"})
    assert ("pass", {"mx-unsigned": DOMAIN}) == (result.result, problems(result))


def unsigned(zone: dict[str, Said]) -> dict[str, Said]:
    return {
        key: Answer("", "", said.answer, said.values, said.reason) if isinstance(said, Answer) else said
        for key, said in zone.items()
    }


@pytest.mark.parametrize(
    ("root", "validating", "reason"),
    [
        ("a.root-servers.net nstld.verisign-grs.com 1 2 3 4 5", False, "not-validating"),
        (failed(), None, "validation-unknown"),
    ],
)
def test_a_resolver_that_does_not_validate_cannot_tell(root: Said, validating: bool | None, reason: str) -> None:
    result = look({ROOT: root}, zone=unsigned(ZONE))
    assert (None, reason, validating) == (result.result, result.facts["reason"], result.facts["validating"])
    assert {"not-validating": DOMAIN} == problems(result)


def test_no_records_needs_no_validation_to_be_seen() -> None:
    result = look({ROOT: "a b 1 2 3 4 5", TLSA_A: absent()}, zone=unsigned(ZONE))
    assert ("none", {"missing": DOMAIN}) == (result.result, problems(result))


@pytest.mark.parametrize("said", [failed("servfail"), refused()], ids=lambda a: a.reason)
def test_a_failing_question_for_tlsa_keeps_mail_back(said: Answer) -> None:
    result = look({TLSA_A: said})
    assert ("temperror", said.reason, {"look-up-fails": A}) == (
        result.result,
        result.facts["reason"],
        problems(result),
    )


def test_what_could_not_be_asked_is_not_absent() -> None:
    assert ("temperror", {"not-asked": A}) == ((late := look({TLSA_A: failed()})).result, problems(late))
    assert ("temperror", {"not-asked": DOMAIN}) == ((mx := look({f"MX {DOMAIN}": failed()})).result, problems(mx))
    nowhere = look({f"A {A}": failed("servfail"), f"AAAA {A}": failed("servfail")})
    assert ("temperror", {"not-asked": A}) == (nowhere.result, problems(nowhere))


def test_the_end_of_an_alias_comes_first_and_then_the_host() -> None:
    there = signed("192.0.2.1", canonical_name="real.example")
    at_the_end = {f"A {A}": there, "TLSA _25._tcp.real.example": signed(OURS), TLSA_A: signed(OTHERS)}
    result = look(at_the_end)
    assert ("pass", "_25._tcp.real.example") == (result.result, result.facts["hosts"][0]["name"])
    asker = FakeAsker({**ZONE, f"A {A}": there})
    assert f"_25._tcp.{A}" == run(dane, dane.Mail(DOMAIN, NOW), asker).facts["hosts"][0]["name"]
    assert asker.asked[-2:] == ["TLSA _25._tcp.real.example", TLSA_A]


def test_another_port() -> None:
    asker = FakeAsker({**ZONE, f"TLSA _26._tcp.{A}": signed(OURS)})
    subject = dane.Mail(DOMAIN, NOW, (dane.Seen(A, CHAIN),), port=26)
    assert "pass" == run(dane, subject, asker).result


# --- with a connector


def knock(script: Script, tlsa_: Said = None, **more: Any) -> CheckResult:  # type: ignore[assignment]
    async def knocked() -> CheckResult:
        asker = FakeAsker({**ZONE, **({} if tlsa_ is None else {TLSA_A: tlsa_})})
        subject = dane.Mail(DOMAIN, NOW, seconds=2.0, **more)
        async with Listener(script) as listener:
            result = await dane.run(subject, ask=asker, connect=listener.connect, facts=catalog())
        assert {("192.0.2.1", 25)} >= set(listener.connections)
        assert len(listener.connections) <= 1
        return result

    return asyncio.run(knocked())


def test_a_host_that_nobody_has_seen_is_asked() -> None:
    shows = smtp_with(AUTHORITY.issue(A))
    fits = tlsa.association(AUTHORITY.der, 2, 0, 1)
    assert ("pass", True) == ((result := knock(shows, signed(fits))).result, result.facts["hosts"][0]["seen"])
    assert "fail" == knock(shows, signed(OTHERS)).result


def test_a_host_without_tls_gets_no_mail_from_senders_that_use_dane() -> None:
    result = knock(smtp_with(None))
    assert ("fail", "no-tls", {"no-tls": A}) == (result.result, result.facts["reason"], problems(result))
    assert "offers no STARTTLS" in words(result, "dane-no-tls")


def test_a_host_that_refuses_us_may_show_others_more() -> None:
    result = knock(says(b"554 not you\r\n"))
    assert (None, "not-matched", {"not-seen": A}) == (result.result, result.facts["reason"], problems(result))


@pytest.mark.parametrize("said", [signed(), OURS, signed("1 1 1 " + "ab" * 32)], ids=["none", "unsigned", "unusable"])
def test_hosts_without_records_that_count_are_not_connected_to(said: Said) -> None:
    result = knock(smtp_with(None), said)
    assert result.facts["hosts"][0]["seen"] is None
    seen = (dane.Seen(A, CHAIN),)
    assert "pass" == knock(smtp_with(None), seen=seen).result


def test_a_domain_without_mail_has_no_findings() -> None:
    for mx in (signed("0 ."), absent()):
        result = look({f"MX {DOMAIN}": mx, ROOT: failed()})
        assert ("none", {}) == (result.result, problems(result))


def test_what_is_no_domain_is_not_asked() -> None:
    asker = FakeAsker({})
    assert ("none", []) == (run(dane, dane.Mail("a..b", NOW), asker).result, asker.asked)
