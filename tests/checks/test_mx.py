"""MX records that lead somewhere, and all the ways in which they do not."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from probe.catalog import catalog
from probe.checks import mx
from probe.model import Answer, CheckResult
from probe.text import filled
from tests.checks.fake import FakeAsker, Said, absent, check, failed, refused, run

DOMAIN, MX = "shop.example", "MX shop.example"
# Public ones: those of examples are a finding of their own. Nothing is ever sent there.
HERE, THERE, SIX = "9.9.9.9", "8.8.8.8", "2620:fe::fe"
NOWHERE = absent("nodata")


def told(problem: str, about: str = "mx.shop.example", *addresses: str, **more: Any) -> CheckResult:
    facts = {"problems": ({"problem": problem, "about": about, "addresses": addresses, **more},)}
    return CheckResult("mx", DOMAIN, "pass", {**facts, "publish": (f"{DOMAIN}. IN MX 10 mx.{DOMAIN}.",)})


SCENES = {f"mx-{problem}": told(problem, "mx.shop.example", HERE, reason="timeout") for problem in mx.PROBLEMS}
"""For each finding of this check a result that is worth it."""


def alias_of(name: str, *values: str) -> Answer:
    return Answer("", "", "found" if values else "absent", values, None if values else "nodata", canonical_name=name)


def problems(result: CheckResult) -> dict[str, str]:
    return {told["problem"]: told["about"] for told in result.facts["problems"]}


def a_domain(*records: str, **hosts: Said) -> CheckResult:
    """``a="9.9.9.9"`` gives the host a.shop.example an address, ``a6=`` an IPv6 one."""
    zone: dict[str, Said] = {MX: list(records)}
    for key, said in hosts.items():
        zone[f"{'AAAA' if key.endswith('6') else 'A'} {key.removesuffix('6')}.{DOMAIN}"] = said
        other = f"{'A' if key.endswith('6') else 'AAAA'} {key.removesuffix('6')}.{DOMAIN}"
        zone.setdefault(other, NOWHERE)
    return check(mx, DOMAIN, zone)


def test_two_hosts_in_two_networks_are_fine() -> None:
    result = a_domain("20 b.shop.example", "10 a.shop.example", a=HERE, a6=SIX, b=THERE)
    assert (result.result, result.subject) == ("pass", DOMAIN)
    assert dict(result.facts) == {
        "reason": "mx",
        "mx": ({"preference": 10, "host": "a.shop.example"}, {"preference": 20, "host": "b.shop.example"}),
        "hosts": (
            {"host": "a.shop.example", "preference": 10, "addresses": (HERE, SIX), "alias_of": None},
            {"host": "b.shop.example", "preference": 20, "addresses": (THERE,), "alias_of": None},
        ),
        "implicit": False,
        "null_mx": False,
        "ties": (),
        "problems": (),
        "publish": (),
    }
    assert "MX of shop.example: 20 b.shop.example, 10 a.shop.example" in result.trace


def test_hosts_that_share_a_preference_share_the_mail() -> None:
    result = a_domain("10 a.shop.example", "10 b.shop.example", a=HERE, b=THERE)
    assert (result.facts["ties"], problems(result)) == ((10,), {})


@pytest.mark.parametrize(
    ("records", "hosts", "expected", "publish"),
    [
        (["10 a.shop.example"], {"a": HERE}, {"one-host": "a.shop.example"}, ()),
        (
            ["10 a.shop.example", "10 b.shop.example"],
            {"a": "9.9.9.9", "b": "9.9.9.10"},
            {"one-network": DOMAIN},
            (),
        ),
        (
            ["10 a.shop.example", "10 b.shop.example"],
            {"a": HERE, "b": HERE},
            {"same-address": "a.shop.example, b.shop.example"},
            (),
        ),
        (
            ["10 a.shop.example", "20 a.shop.example", "30 b.shop.example"],
            {"a": HERE, "b": THERE},
            {"repeated": "a.shop.example"},
            (f"{DOMAIN}. IN MX 10 a.{DOMAIN}.", f"{DOMAIN}. IN MX 30 b.{DOMAIN}."),
        ),
        (
            ["10 a.shop.example", "0 ."],
            {"a": HERE},
            {"null-mixed": "a.shop.example", "one-host": "a.shop.example"},
            (f"{DOMAIN}. IN MX 10 a.{DOMAIN}.",),
        ),
        (
            ["10 a.shop.example", "20 b.shop.example"],
            {"a": HERE},
            {"no-such-host": "b.shop.example", "one-host": "a.shop.example"},
            (f"{DOMAIN}. IN MX 10 a.{DOMAIN}.",),
        ),
        (
            ["10 a.shop.example", "20 b.shop.example"],
            {"a": HERE, "b": NOWHERE},
            {"no-host-address": "b.shop.example", "one-host": "a.shop.example"},
            (),
        ),
        (
            ["10 a.shop.example", "20 b.shop.example"],
            {"a": HERE, "b": ["10.0.0.1", THERE]},
            {"unroutable": "b.shop.example"},
            (),
        ),
        (
            ["10 a.shop.example", "20 b.shop.example"],
            {"a": HERE, "b": "192.0.2.1"},
            {"documentation": "b.shop.example"},
            (),
        ),
        (
            ["10 a.shop.example", "20 b.shop.example"],
            {"a": HERE, "b": failed("servfail")},
            {"not-asked": "b.shop.example", "one-host": "a.shop.example"},
            (),
        ),
        (
            ["10 a.shop.example", "20 localhost"],
            {"a": HERE},
            {"localhost": "localhost", "one-host": "a.shop.example"},
            (f"{DOMAIN}. IN MX 10 a.{DOMAIN}.",),
        ),
        (
            ["10 a.shop.example", "20 203.0.113.7"],
            {"a": HERE},
            {"address": "203.0.113.7", "one-host": "a.shop.example"},
            (
                f"{DOMAIN}. IN MX 10 a.{DOMAIN}.",
                f"{DOMAIN}. IN MX 20 mx1.{DOMAIN}.",
                f"mx1.{DOMAIN}. IN A 203.0.113.7",
            ),
        ),
        (
            ["10 a.shop.example", "20 b.shop.example.shop.example"],
            {"a": HERE},
            {"doubled-domain": "b.shop.example.shop.example", "one-host": "a.shop.example"},
            (f"{DOMAIN}. IN MX 10 a.{DOMAIN}.", f"{DOMAIN}. IN MX 20 b.{DOMAIN}."),
        ),
        (
            ["10 a.shop.example", r"20 b.shop.example\,"],
            {"a": HERE},
            {"no-host-name": r"b.shop.example\,", "one-host": "a.shop.example"},
            (f"{DOMAIN}. IN MX 10 a.{DOMAIN}.",),
        ),
        (["10 a.shop.example", "20 b.shop.example"], {"a6": SIX, "b6": "2a00::1"}, {"no-ip4": DOMAIN}, ()),
        (
            ["10 a.shop.example", "20 b.shop.example"],
            {"a": [f"9.9.{number}.9" for number in range(11)], "b": THERE},
            {"too-many": "a.shop.example"},
            (),
        ),
    ],
)
def test_what_works_and_is_wrong_all_the_same(
    records: list[str], hosts: dict[str, Said], expected: dict[str, str], publish: tuple[str, ...]
) -> None:
    result = a_domain(*records, **hosts)
    assert (result.result, problems(result)) == ("pass", expected)
    assert result.facts["publish"] == publish


def test_an_mx_host_that_is_an_alias_is_named_by_its_own_name() -> None:
    result = a_domain("10 a.shop.example", "20 b.shop.example", a=HERE, b=alias_of("real.example", THERE))
    assert problems(result) == {"alias": "b.shop.example"}
    assert result.facts["hosts"][1]["alias_of"] == "real.example"
    assert result.facts["publish"] == (f"{DOMAIN}. IN MX 10 a.{DOMAIN}.", f"{DOMAIN}. IN MX 20 real.example.")


@pytest.mark.parametrize(
    ("records", "hosts", "expected"),
    [
        (["10 a.shop.example"], {}, {"no-such-host": "a.shop.example", "nowhere": DOMAIN}),
        (["10 a.shop.example"], {"a": NOWHERE}, {"no-host-address": "a.shop.example", "nowhere": DOMAIN}),
        (["10 a.shop.example"], {"a": "127.0.0.1"}, {"unroutable": "a.shop.example", "one-host": "a.shop.example"}),
        (["10 localhost"], {}, {"localhost": "localhost", "nowhere": DOMAIN}),
        (["10 203.0.113.7"], {}, {"address": "203.0.113.7", "nowhere": DOMAIN}),
        (["10 [203.0.113.7]"], {}, {"address": "[203.0.113.7]", "nowhere": DOMAIN}),
    ],
)
def test_no_host_at_all_is_permerror(records: list[str], hosts: dict[str, Said], expected: dict[str, str]) -> None:
    result = a_domain(*records, **hosts)
    assert (result.result, result.facts["reason"], problems(result)) == ("permerror", "no-host", expected)


def test_a_laboratory_is_told_and_works() -> None:
    result = a_domain("10 a.shop.example", a="203.0.113.7")
    assert ("pass", ["documentation", "one-host"]) == (result.result, list(problems(result)))


def test_localhost_is_never_asked_for() -> None:
    asker = FakeAsker({MX: ["10 localhost", "20 mail.localhost"]})
    assert (run(mx, DOMAIN, asker).result, asker.asked) == ("permerror", [MX])


def test_a_null_mx_declares_that_no_mail_is_taken() -> None:
    asker = FakeAsker({MX: "0 ."})
    result = run(mx, DOMAIN, asker)
    assert (result.result, result.facts["reason"], result.facts["null_mx"]) == ("none", "null-mx", True)
    assert (problems(result), asker.asked) == ({"takes-no-mail": DOMAIN}, [MX])


def test_the_domain_stands_in_for_a_missing_mx() -> None:
    result = check(mx, DOMAIN, {MX: NOWHERE, f"A {DOMAIN}": HERE, f"AAAA {DOMAIN}": NOWHERE})
    assert (result.result, result.facts["reason"], result.facts["implicit"]) == ("pass", "implicit-mx", True)
    assert problems(result) == {"implicit": DOMAIN}
    assert result.facts["publish"] == ("shop.example. IN MX 10 shop.example.",)


def test_neither_mx_nor_address_is_none() -> None:
    result = check(mx, DOMAIN, {MX: NOWHERE, f"A {DOMAIN}": NOWHERE, f"AAAA {DOMAIN}": NOWHERE})
    assert (result.result, result.facts["reason"], problems(result)) == ("none", "no-address", {"nowhere": DOMAIN})
    asker = FakeAsker({})
    gone = run(mx, DOMAIN, asker)
    assert (gone.result, gone.facts["reason"], asker.asked) == ("none", "nxdomain", [MX])


@pytest.mark.parametrize("said", [failed("servfail"), refused()], ids=lambda a: a.reason)
def test_what_could_not_be_asked_is_not_absent(said: Answer) -> None:
    result = check(mx, DOMAIN, {MX: said})
    assert (result.result, result.facts["reason"], result.facts["problems"]) == ("temperror", said.reason, ())
    hosts = a_domain("10 a.shop.example", "20 b.shop.example", a=said, b=NOWHERE)
    assert (hosts.result, "nowhere" in problems(hosts)) == ("temperror", False)
    apex = check(mx, DOMAIN, {MX: NOWHERE, f"A {DOMAIN}": said, f"AAAA {DOMAIN}": NOWHERE})
    assert (apex.result, problems(apex)) == ("temperror", {"not-asked": DOMAIN})


def test_an_address_that_could_not_be_asked_for_is_not_claimed_to_be_missing() -> None:
    six = a_domain("10 a.shop.example", a6=SIX)
    assert "no-ip4" in problems(six)
    unknown = check(mx, DOMAIN, {MX: "10 a.shop.example", "A a.shop.example": failed(), "AAAA a.shop.example": SIX})
    assert (unknown.result, "no-ip4" in problems(unknown)) == ("pass", False)


def test_a_zone_with_a_hundred_hosts_is_not_followed_for_ever() -> None:
    asker = FakeAsker({MX: [f"10 h{number}.shop.example" for number in range(100)]})
    result = run(mx, DOMAIN, asker)
    assert len(asker.asked) == 1 + 2 * 20
    assert len([one for one in result.facts["problems"] if one["problem"] == "no-such-host"]) == 5
    assert len(result.facts["mx"]) == 100


@pytest.mark.parametrize("domain", ["", "a..b", "shop example", "203.0.113.7"])
def test_what_is_no_domain_is_not_asked(domain: str) -> None:
    asker = FakeAsker({})
    assert (run(mx, domain, asker).facts["reason"], asker.asked) == ("bad-domain", [])


def test_a_name_beyond_ascii_is_asked_for_in_a_labels() -> None:
    asker = FakeAsker({"MX xn--bcher-kva.example": "0 ."})
    result = run(mx, "Bücher.example.", asker)
    assert ("xn--bcher-kva.example", "null-mx") == (result.subject, result.facts["reason"])


def test_the_words_hold_what_is_to_be_published() -> None:
    result = a_domain("10 a.shop.example", "20 203.0.113.7", a=HERE)
    (said,) = [one for one in mx.findings(result, catalog()) if one.id == "mx-address"]
    assert said.details["publish"] == (
        "shop.example. IN MX 10 a.shop.example.; shop.example. IN MX 20 mx1.shop.example.; "
        "mx1.shop.example. IN A 203.0.113.7"
    )


SOME_HOST = f"{DOMAIN}. IN MX 10 {catalog().words['a-host-with-address']}."
NAMED = (f"{DOMAIN}. IN MX 10 mx1.{DOMAIN}.", f"mx1.{DOMAIN}. IN A 192.0.2.1")


@pytest.mark.parametrize(
    ("publish", "records", "problem"),
    [
        ((SOME_HOST,), ["10 a.shop.example"], "no-such-host"),
        ((SOME_HOST,), ["10 localhost"], "localhost"),
        ((SOME_HOST,), ["10 a b.shop.example"], "no-host-name"),
        ((SOME_HOST,), ["0 .", "10 gone.shop.example"], "null-mixed"),
        (NAMED, ["10 192.0.2.1"], "address"),
        (NAMED, ["0 .", "10 192.0.2.1"], "null-mixed"),
        (NAMED, ["10 192.0.2.1.shop.example"], "address-completed"),
        (NAMED, ["10 192.0.2.1", "20 192.0.2.1.shop.example"], "address-completed"),
        ((NAMED[0], f"mx1.{DOMAIN}. IN AAAA 2001:db8::1"), ["10 2001:db8::1.shop.example"], "address-completed"),
        ((SOME_HOST,), ["10 10.0.0.1"], "address"),
        ((SOME_HOST,), ["10 10.0.0.1.shop.example"], "address-completed"),
    ],
)
def test_broken_records_never_become_a_null_mx(publish: tuple[str, ...], records: list[str], problem: str) -> None:
    result = a_domain(*records)
    assert problem in problems(result)
    assert publish == result.facts["publish"]
    if problem != "null-mixed":  # there the owner has to choose
        (said,) = [one for one in mx.findings(result, catalog()) if one.id == f"mx-{problem}"]
        for language in ("en", "ja"):
            remedy = filled(catalog(language).findings[said.id].remedy, said.details)
            assert "MX 0 ." not in remedy
            assert publish[0] in remedy


def test_a_null_mx_that_stands_twice_is_one_already() -> None:
    assert (f"{DOMAIN}. IN MX 0 .",) == a_domain("0 .", "10 .").facts["publish"]


def test_a_completed_address_is_said_to_be_one() -> None:
    (said,) = [
        one for one in mx.findings(a_domain("10 192.0.2.1.shop.example"), catalog()) if one.id == "mx-address-completed"
    ]
    assert ("192.0.2.1.shop.example", "192.0.2.1") == (said.details["about"], said.details["addresses"])


def test_an_address_gets_a_name_that_is_not_taken() -> None:
    result = a_domain("10 mx1.shop.example", "20 203.0.113.7", mx1=HERE)
    assert result.facts["publish"] == (
        "shop.example. IN MX 10 mx1.shop.example.",
        "shop.example. IN MX 20 mx2.shop.example.",
        "mx2.shop.example. IN A 203.0.113.7",
    )


def test_a_failed_look_up_is_the_only_finding() -> None:
    (said,) = mx.findings(check(mx, DOMAIN, {MX: failed("timeout")}), catalog())
    assert (said.id, said.details["reason"]) == ("mx-not-asked", "no answer in time")


def test_hostile_names_are_shown() -> None:
    result = a_domain("10 evil\x1b[2J.example", "10 a.shop.example", a=HERE)
    assert problems(result)["no-host-name"] == "evil\\x1b[2J.example"
    assert all(line.isprintable() for line in result.trace)
    assert dataclasses.replace(result) == result
