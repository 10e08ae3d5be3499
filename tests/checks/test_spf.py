"""Judging the SPF policy of a domain, and evaluating it where there is somebody to check."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from probe.checks import spf
from probe.model import CheckResult
from tests.checks.fake import FakeAsker, Said, absent, check, failed, refused, run

WARNED: dict[str, tuple[str, str | int]] = {
    "plus-all": ("+all", ""),
    "neutral-all": ("?all", ""),
    "no-all": ("", ""),
    "ptr-deprecated": ("ptr:shop.test", ""),
    "terms-after-all": ("mx", ""),
    "redirect-ignored": ("redirect=_spf.shop.test", ""),
    "unknown-modifier": ("ra=postmaster", ""),
    "duplicate-term": ("mx", 2),
    "lookups-near-limit": ("", 10),
    "void-lookups": ("a:gone.shop.test", 1),
    "mx-without-mx": ("mx", "shop.test"),
    "wide-range": ("ip4:203.0.113.0/2", ""),
    "private-range": ("ip4:10.0.0.0/8", ""),
    "long-record": ("", 512),
    "split-word": ("ip4:203.0.113.7include:mail.test", ""),
    "mistyped": ("include=mail.test", "include:mail.test"),
    "not-recognised": ("spf1 -all", ""),
    "type-99-only": ("", "shop.test"),
    "wrong-name": ("", "_spf.shop.test"),
    "not-asked": ("a:gone.shop.test", "timeout"),
}

EVALUATED = {
    "evaluated": True,
    "ip": "198.51.100.9",
    "mechanism": "-all",
    "record": "v=spf1 mx -all",
    "publish": {"record": "v=spf1 mx ip4:198.51.100.9 -all"},
}

SCENES = {
    "spf-missing": CheckResult("spf", "shop.test", "none"),
    "spf-broken-beyond": CheckResult(
        "spf",
        "mailfrom",
        "pass",
        {
            "domain": "shop.test",
            "errors": [{"reason": "include-without-record", "term": "include:x.test", "at": "mail.test"}],
        },
    ),
    "spf-rejects": CheckResult("spf", "shop.test", "fail", EVALUATED),
    "spf-distrusts": CheckResult("spf", "shop.test", "softfail", EVALUATED | {"publish": None}),
    "spf-unasked": CheckResult("spf", "shop.test", "temperror", {"evaluated": True, "reason": "servfail"}),
    "spf-broken": CheckResult("spf", "shop.test", "permerror", {"reason": "multiple-records"}),
    **{
        f"spf-{id_}": CheckResult(
            "spf",
            "shop.test",
            None,
            {"warnings": [{"id": id_, "at": "shop.test", "term": term, "value": value}]},
        )
        for id_, (term, value) in WARNED.items()
    },
}
"""For each finding of this check a result that is worth it."""


ZONE: dict[str, Said] = {
    "TXT _spf.mail.example": "v=spf1 ip6:2001:db8::/32 a:mx.mail.example -all",
    "A mx.mail.example": "198.51.100.7",
    "AAAA mx.mail.example": "2001:db8::7",
    "A shop.example": "203.0.113.1",
    "AAAA shop.example": "2001:db8::1",
    "MX mx.example": "10 mx.mail.example",
    "TXT _spf.shop.example": "v=spf1 -all",
    "TXT a.example": "v=spf1 -all",
    "A b.example": "127.0.0.2",
    "MX shop.example": "10 mx.mail.example",
}


def judge(record: str, zone: Mapping[str, Said] | None = None) -> CheckResult:
    texts: Said = ["some other text", record]
    return check(spf, "shop.example", {**ZONE, "TXT shop.example": texts, **(zone or {})})


def warned(result: CheckResult) -> set[str]:
    return {warning["id"] for warning in result.facts["warnings"]}


def test_a_sound_policy_is_described_and_not_evaluated() -> None:
    result = judge("v=spf1 ip4:203.0.113.0/24 include:_spf.mail.example a mx:mx.example//64 exp=why.%{d} -all")
    assert result.result is None
    assert result.subject == "shop.example"
    assert dict(result.facts) == {
        "evaluated": False,
        "domain": "shop.example",
        "reason": "not-evaluated",
        "record": "v=spf1 ip4:203.0.113.0/24 include:_spf.mail.example a mx:mx.example//64 exp=why.%{d} -all",
        "terms": ("ip4:203.0.113.0/24", "include:_spf.mail.example", "a", "mx:mx.example//64", "exp=why.%{d}", "-all"),
        "lookups_here": 3,
        "lookups_most": 4,
        "all_qualifier": "-",
        "redirect": None,
        "length": 89,
        "errors": (),
        "warnings": (),
        "publish": None,
    }
    assert "A of mx.mail.example: 198.51.100.7" in result.trace


def test_a_query_is_evaluated_and_the_policy_described_beside_it() -> None:
    query = spf.Query("198.51.100.7", "orders@shop.example", "mail.shop.example")
    zone = {**ZONE, "TXT shop.example": "v=spf1 include:_spf.mail.example ptr -all"}
    result = check(spf, query, zone)
    facts = result.facts
    assert (result.subject, result.result, facts["domain"]) == ("mailfrom", "pass", "shop.example")
    assert (facts["mechanism"], facts["lookups"], facts["lookups_most"]) == ("include:_spf.mail.example", 2, 3)
    assert warned(result) == {"ptr-deprecated"}
    helo = check(spf, spf.Query("198.51.100.7", "orders@shop.example", "mail.shop.example", "helo"), zone)
    assert (helo.subject, helo.result, helo.facts["domain"]) == ("helo", "none", "mail.shop.example")


def test_a_pass_hides_nothing_that_waits_for_others() -> None:
    query = spf.Query("203.0.113.7", "orders@shop.example", "mail.shop.example")
    result = check(spf, query, {"TXT shop.example": "v=spf1 ip4:203.0.113.7 include:gone.example -all"})
    assert (result.result, [error["reason"] for error in result.facts["errors"]]) == (
        "pass",
        ["include-without-record"],
    )


@pytest.mark.parametrize(
    ("said", "word", "reason"),
    [
        (absent(), "none", "nxdomain"),
        (absent("nodata"), "none", "nodata"),
        ("no spf here", "none", "no-record"),
        ("v=spf10 -all", "none", "no-record"),
        ("v=spf1\t-all", "none", "no-record"),
        (failed("servfail"), "temperror", "servfail"),
        (refused(), "temperror", "refused"),
        (["v=spf1 -all", "V=SPF1 ~all"], "permerror", "multiple-records"),
    ],
)
def test_finding_the_record(said: Said, word: str, reason: str) -> None:
    result = check(spf, "Shop.Example.", {"TXT shop.example": said})
    assert (result.result, result.facts["reason"], result.facts["evaluated"]) == (word, reason, False)


@pytest.mark.parametrize("domain", ["localhost", "a..b", "x" * 64 + ".example", "", "shop example", "203.0.113.7"])
def test_a_name_that_can_have_no_record_is_not_asked(domain: str) -> None:
    asker = FakeAsker({})
    result = run(spf, domain, asker)
    assert (result.result, result.facts["reason"], asker.asked) == ("none", "bad-domain", [])


@pytest.mark.parametrize(
    ("term", "reason"),
    [
        ("moo", "unknown-mechanism"),
        ("spf2.0", "unknown-mechanism"),
        ("moo:shop.example", "unknown-mechanism"),
        ("-", "bad-term"),
        ("3com", "bad-term"),
        ("a\tmx", "unwanted-argument"),
        ("-redirect=shop.example", "qualifier-on-modifier"),
        ("redirect=", "missing-argument"),
        ("redirect=museum", "bad-domain"),
        ("exp=", "missing-argument"),
        ("include", "missing-argument"),
        ("include:", "missing-argument"),
        ("include/24", "missing-argument"),
        ("include:museum", "bad-domain"),
        ("include:museum.", "bad-domain"),
        ("include:shop.example/24", "bad-domain"),
        ("exists", "missing-argument"),
        ("exists:%{i}.%{d}/24", "bad-domain"),
        ("exists:%{p}.%{c}.shop.example", "bad-macro"),
        ("exists:%(ir).shop.example", "bad-macro"),
        ("exists:%{d0}.shop.example", "bad-macro"),
        ("exists:%{d2r.shop.example", "bad-macro"),
        ("exists:%", "bad-macro"),
        ("a:", "missing-argument"),
        ("a:/24", "missing-argument"),
        ("a:shop.example:8080", "bad-domain"),
        ("a:shop.123", "bad-domain"),
        ("a:shop.-bad", "bad-domain"),
        ("a/33", "bad-prefix-length"),
        ("a/", "unwanted-argument"),
        ("a//129", "bad-prefix-length"),
        ("a/032", "bad-prefix-length"),
        ("mx/24/16", "unwanted-argument"),
        ("mx:shop.example/99999999999999999999", "bad-prefix-length"),
        ("ptr/0", "unwanted-argument"),
        ("ptr:", "missing-argument"),
        ("ip4", "missing-argument"),
        ("ip4:", "bad-address"),
        ("ip4:1.2.3", "bad-address"),
        ("ip4:1.2.3.4:8080", "bad-address"),
        ("ip4:1.2.3.4//32", "bad-prefix-length"),
        ("ip4:1.2.3.4/33", "bad-prefix-length"),
        ("ip4:1.2.3.4/", "bad-prefix-length"),
        ("ip4:2001:db8::1", "bad-address"),
        ("ip6:203.0.113.7", "bad-address"),
        ("ip6:::1.1.1.1/129", "bad-prefix-length"),
        ("ip6:fe80::1%eth0", "bad-address"),
        ("all/8", "unwanted-argument"),
        ("all:", "unwanted-argument"),
        ("extra=%{x}", "bad-macro"),
        ("extra=%", "bad-macro"),
    ],
)
def test_a_broken_term_is_a_permerror_that_names_it(term: str, reason: str) -> None:
    result = judge(f"v=spf1 ip4:203.0.113.7 {term} -all")
    assert (result.result, result.facts["reason"]) == ("permerror", reason)
    assert result.facts["term"] == term.replace("\t", "\\t")


@pytest.mark.parametrize(
    "term",
    [
        "A", "?MX", "ptr", "a//0", "a/0//128", "mx:shop.example/24//64", "a:shop.example.",
        "a:foo:bar/baz.shop.example",
        "ip4:203.0.113.7/32", "ip6:::/0", "ip6:2001:db8::/32", "ip6:::ffff:1.2.3.4",
        "exists:%{ir}.%{v}._spf.%{d2}", "exists:%{L1R-}.lp.%{d}", "exists:%{d}", "include:%%shop.%_%-.example",
        "include:%{d}%%", "extra=%{c}", "extra=", "some.thing-else_=a", "a:1.example1", "a:x.a-b",
    ],
)  # fmt: skip
def test_a_sound_term_is_left_alone(term: str) -> None:
    result = judge(f"v=spf1 {term} -all")
    errors = {error["reason"] for error in result.facts["errors"]}
    assert errors <= {"include-without-record"}


@pytest.mark.parametrize(
    ("record", "warnings"),
    [
        ("v=spf1 +all", {"plus-all"}),
        ("v=spf1 ALL", {"plus-all"}),
        ("v=spf1", {"no-all"}),
        ("v=spf1 mx", {"no-all"}),
        ("v=spf1 redirect=_spf.shop.example", set()),
        ("v=spf1 redirect=_spf.shop.example ~all", {"redirect-ignored"}),
        ("v=spf1 ptr -all", {"ptr-deprecated"}),
        ("v=spf1 -all mx", {"terms-after-all"}),
        ("v=spf1 ra=postmaster -all", {"unknown-modifier"}),
        ("v=spf1 " + "".join(f"ip4:203.0.113.{host} " for host in range(100, 128)) + "-all", {"long-record"}),
        ("v=spf1 ?all", {"neutral-all"}),
        ("v=spf1 ip4:203.0.113.7 mx +ip4:203.0.113.7 -all", {"duplicate-term"}),
        ("v=spf1 a:gone.example -all", {"void-lookups"}),
        ("v=spf1 mx:b.example -all", {"void-lookups", "mx-without-mx"}),
        ("v=spf1 ip4:203.0.113.7/1 -all", {"wide-range"}),
        ("v=spf1 ip4:0.0.0.0/0 -all", {"wide-range"}),
        ("v=spf1 ip6:2000::/3 -all", {"wide-range"}),
        ("v=spf1 a/0 -all", {"wide-range"}),
        ("v=spf1 -ip4:203.0.113.7/1 -all", set()),
        ("v=spf1 ip4:192.168.1.0/24 -all", {"private-range"}),
        ("v=spf1 include=_spf.mail.example -all", {"mistyped"}),
        ("v=spf1 ip4=203.0.113.7 -all", {"mistyped"}),
    ],
)
def test_what_is_allowed_but_unwise(record: str, warnings: set[str]) -> None:
    result = judge(record)
    assert (result.result, warned(result)) == (None, warnings)


@pytest.mark.parametrize(
    ("record", "lookups"),
    [
        ("v=spf1 a mx ptr include:a.example exists:b.example -all", 5),
        ("v=spf1 ip4:203.0.113.7 ip6:::1 exp=a.example -all", 0),
        ("v=spf1 a redirect=a.example", 2),
        ("v=spf1 a redirect=a.example -all", 1),
        ("v=spf1 -all a mx", 0),
    ],
)
def test_only_terms_that_can_be_reached_cost_a_look_up(record: str, lookups: int) -> None:
    assert lookups == judge(record).facts["lookups_here"]


def test_ten_look_ups_are_allowed_and_eleven_are_not() -> None:
    ten = judge("v=spf1 " + "a " * 10 + "-all")
    assert (ten.result, warned(ten)) == (None, {"duplicate-term", "lookups-near-limit"})
    result = judge("v=spf1 " + "a " * 10 + "include:_spf.mail.example ~all")
    assert (result.result, result.facts["reason"], result.facts["lookups_most"]) == (
        "permerror",
        "too-many-lookups",
        12,
    )


@pytest.mark.parametrize("name", ["redirect", "exp"])
def test_a_modifier_may_stand_once(name: str) -> None:
    result = judge(f"v=spf1 {name}=a.example {name.upper()}=b.example -all")
    assert (result.facts["reason"], result.facts["term"]) == ("duplicate-modifier", f"{name.upper()}=b.example")


def test_every_error_is_kept() -> None:
    result = judge("v=spf1 ip4:1.2.3 moo -all")
    assert result.facts["errors"] == (
        {"reason": "bad-address", "term": "ip4:1.2.3", "at": "shop.example"},
        {"reason": "unknown-mechanism", "term": "moo", "at": "shop.example"},
    )


def test_a_record_beyond_ascii_is_broken() -> None:
    assert judge("v=spf1 a:b\u00fccher.example -all").facts["reason"] == "not-ascii"
