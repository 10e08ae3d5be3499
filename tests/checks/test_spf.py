"""Finding and judging an SPF record; evaluating it is another's work, so no result is pass or fail."""

from __future__ import annotations

import pytest

from probe.checks import spf
from probe.model import CheckResult
from tests.checks.fake import FakeAsker, Said, absent, check, failed, refused, run

SCENES = {
    "spf-missing": CheckResult("spf", "shop.test", "none"),
    "spf-broken": CheckResult("spf", "shop.test", "permerror", {"reason": "two records"}),
}
"""For each finding of this check a result that is worth it."""


def judge(record: str) -> CheckResult:
    return check(spf, "shop.example", {"TXT shop.example": ["some other text", record]})


def test_a_sound_record_is_described_and_not_evaluated() -> None:
    result = judge("v=spf1 ip4:203.0.113.0/24 include:_spf.mail.example a mx:mx.example//64 exp=why.%{d} -all")
    assert result.result is None
    assert result.subject == "shop.example"
    assert dict(result.facts) == {
        "evaluated": False,
        "reason": "not-evaluated",
        "record": "v=spf1 ip4:203.0.113.0/24 include:_spf.mail.example a mx:mx.example//64 exp=why.%{d} -all",
        "terms": ("ip4:203.0.113.0/24", "include:_spf.mail.example", "a", "mx:mx.example//64", "exp=why.%{d}", "-all"),
        "lookups_here": 3,
        "all_qualifier": "-",
        "redirect": None,
        "length": 89,
        "errors": (),
        "warnings": (),
    }
    assert result.trace[-1] == "The record is well formed; 3 of its own terms need a look-up."


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
    assert (result.result, result.facts["errors"]) == (None, ())


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
        ("v=spf1 " + "ip4:203.0.113.7 " * 28 + "-all", {"long-record"}),
    ],
)
def test_what_is_allowed_but_unwise(record: str, warnings: set[str]) -> None:
    result = judge(record)
    assert (result.result, set(result.facts["warnings"])) == (None, warnings)


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
    assert judge("v=spf1 " + "a " * 10 + "-all").result is None
    result = judge("v=spf1 " + "a " * 10 + "redirect=a.example")
    assert (result.result, result.facts["reason"], result.facts["lookups_here"]) == (
        "permerror",
        "too-many-lookups",
        11,
    )


@pytest.mark.parametrize("name", ["redirect", "exp"])
def test_a_modifier_may_stand_once(name: str) -> None:
    result = judge(f"v=spf1 {name}=a.example {name.upper()}=b.example -all")
    assert (result.facts["reason"], result.facts["term"]) == ("duplicate-modifier", f"{name.upper()}=b.example")


def test_every_error_is_kept() -> None:
    result = judge("v=spf1 ip4:1.2.3 moo -all")
    assert result.facts["errors"] == (
        {"reason": "bad-address", "term": "ip4:1.2.3"},
        {"reason": "unknown-mechanism", "term": "moo"},
    )


def test_a_record_beyond_ascii_is_broken() -> None:
    assert judge("v=spf1 a:b\u00fccher.example -all").facts["reason"] == "not-ascii"
