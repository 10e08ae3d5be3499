"""Discovering a DMARC record up the tree (RFC 9989), and judging it."""

from __future__ import annotations

import pytest

from probe.catalog import catalog
from probe.checks import dmarc
from probe.findings import finding
from probe.model import Answer
from tests.checks.fake import FakeAsker, Said, absent, check, failed, refused, run

FROM = "mail.shop.example"
RUA = "rua=mailto:d@shop.example"


def at(domain: str) -> str:
    return f"TXT _dmarc.{domain}"


FORGED = dmarc.Author("shop.example", ("fail", "shop.example"), ())
SCENES = {
    "dmarc-missing": check(dmarc, "shop.example", {}),
    "dmarc-broken": check(dmarc, "shop.example", {at("shop.example"): ["v=DMARC1; p=none", "v=DMARC1; p=reject"]}),
    "dmarc-misplaced": check(dmarc, "shop.example", {"TXT shop.example": "v=DMARC1; p=reject"}),
    "dmarc-flaw": check(dmarc, "shop.example", {at("shop.example"): "v=DMARC1; p=reject; rua=d@shop.example"}),
    "dmarc-hint": check(dmarc, "shop.example", {at("shop.example"): "v=DMARC1; p=reject"}),
    "dmarc-policy-none": check(dmarc, "shop.example", {at("shop.example"): "v=DMARC1; p=none"}),
    "dmarc-takes-effect": check(dmarc, "shop.example", {at("shop.example"): "v=DMARC1; p=rejected"}),
    "dmarc-testing": check(dmarc, "shop.example", {at("shop.example"): "v=DMARC1; p=reject; t=y"}),
    "dmarc-fail": check(dmarc, FORGED, {at("shop.example"): "v=DMARC1; p=reject"}),
    "dmarc-fail-watched": check(dmarc, FORGED, {at("shop.example"): "v=DMARC1; p=none"}),
    "dmarc-reports-refused": check(
        dmarc, "shop.example", {at("shop.example"): "v=DMARC1; p=reject; rua=mailto:d@other.example"}
    ),
    "dmarc-reports-lost": check(dmarc, "shop.example", {at("shop.example"): "v=DMARC1; p=reject; rua=ftp://a/b"}),
    "dmarc-standards-differ": check(dmarc, "shop.example", {at("shop.example"): "v=DMARC1; p=reject; t=y"}),
}
"""For each finding of this check a result that is worth it."""


def findings(subject: str | dmarc.Author, zone: dict[str, Said], lang: str = "en") -> list[str]:
    """What a user would read of it, title and explanation."""
    facts = catalog(lang)
    told = [
        finding(one.id, one.subject, facts, **one.details) for one in dmarc.findings(check(dmarc, subject, zone), facts)
    ]
    return [f"{one.id}: {one.explanation} {one.remedy}" for one in told]


def test_a_sound_record_is_described_and_not_evaluated() -> None:
    record = f"v=DMARC1; p=reject; np=reject; adkim=s; {RUA}, mailto:e@shop.example; x=1"
    zone: dict[str, Said] = {at("shop.example"): ["unrelated", record], "MX shop.example": "10 mx.shop.example"}
    result = check(dmarc, "Shop.Example.", zone)
    assert (result.result, result.subject) == (None, "shop.example")
    standard = {
        "result": None,
        "reason": "not-evaluated",
        "organizational_domain": "shop.example",
        "found_at": "shop.example",
        "record": record,
        "policy": "reject",
        "policy_tag": "p",
        "applied": "reject",
        "disposition": None,
        "identifiers": (),
    }
    address = {"tag": "rua", "scheme": "mailto", "domain": "shop.example", "limit": None, "problem": None}
    mailbox = {"external": False, "deliverable": True, "consent": None, "authorized": None, "overrides": ()}
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
        "sp": None,
        "np": "reject",
        "adkim": "s",
        "aspf": "r",
        "psd": "u",
        "t": False,
        "rua": ("mailto:d@shop.example", "mailto:e@shop.example"),
        "ruf": (),
        "fallback": False,
        "unknown_tags": ("x",),
        "misspelt": {},
        "warnings": (),
        "organizational_domain": "shop.example",
        "alias": None,
        "discarded": (),
        "rfc9989": standard,
        "rfc7489": standard,
        "differences": (),
        "misplaced": (),
        "reports": tuple({**address, **mailbox, "uri": f"mailto:{name}@shop.example"} for name in "de"),
        "publish": {
            "name": "_dmarc.shop.example",
            "record": "v=DMARC1; p=reject; np=reject; adkim=s; rua=mailto:d@shop.example,mailto:e@shop.example; x=1",
            "later": (),
            "changed": False,
            "choices": (),
            "new_mailbox": None,
            "takes_effect": None,
        },
    }
    assert result.trace[-1] == "The record at shop.example applies: p=reject."
    assert findings("shop.example", zone) == []


def test_what_would_be_told_of_a_domain_without_a_record() -> None:
    told = findings("shop.example", {})
    assert [line.split(":")[0] for line in told] == ["dmarc-missing"]
    assert "First set up the mailbox dmarc-reports@shop.example, or name another one: it is a proposal." in told[0]
    assert 'Publish _dmarc.shop.example TXT "v=DMARC1; p=none; rua=mailto:dmarc-reports@shop.example"' in told[0]


@pytest.mark.parametrize("name", ["shop.example", "dmarc.shop.example", "_dmarc.shop.example.shop.example"])
def test_a_record_where_nobody_looks_is_found(name: str) -> None:
    zone: dict[str, Said] = {f"TXT {name}": "v=DMARC1; p=reject"}
    assert check(dmarc, "shop.example", zone).facts["misplaced"] == (name,)
    assert any(line.startswith("dmarc-misplaced") and name in line for line in findings("shop.example", zone))


def test_nobody_looks_for_misplaced_records_where_one_is_found_or_the_answer_is_missing() -> None:
    for said in ("v=DMARC1; p=none", failed()):
        asker = FakeAsker({at("shop.example"): said})
        run(dmarc, "shop.example", asker)
        assert "TXT shop.example" not in asker.asked


@pytest.mark.parametrize(
    ("said", "result", "reason"),
    [
        (["v=DMARC1; p=none", "v=DMARC1; p=reject"], "permerror", "multiple-records"),
        ("v=dmarc1; p=none", "permerror", "bad-version"),
        ("V=DMARC2; p=none", "permerror", "bad-version"),
        ("DMARC1; p=none", "permerror", "bad-version"),
        ("p=none; v=DMARC1", "permerror", "version-not-first"),
        ("v=DMARC1 p=none", "permerror", "missing-semicolon"),
        ("v=DMARC1, p=none", "permerror", "missing-semicolon"),
        ("v=DMARC1p=none", "permerror", "missing-semicolon"),
        ('"v=DMARC1; p=none"', "permerror", "quoted-record"),
        ("v=DMARC1; p=monitor", "permerror", "bad-p"),
        ("v=DMARC1; p=none, rua=mailto:d@shop.example", "permerror", "unseparated"),
        ("v=DMARC1; p='none'", "permerror", "quotes"),
        ("v=DMARC1", "permerror", "missing-p"),
        ("v=DMARC1; p=reject; np=", "permerror", "bad-np"),
        ("v=spf1 -all", "none", "spf-in-its-place"),
        ("v=DKIM1; p=MIGf", "none", "dkim-in-its-place"),
        ("google-site-verification=x", "none", "no-record"),
        (absent("nodata"), "none", "no-record"),
        (failed("servfail"), "temperror", "servfail"),
        (refused(), "temperror", "refused"),
    ],
    ids=str,
)
def test_why_no_policy_applies(said: Said, result: str, reason: str) -> None:
    one = check(dmarc, "shop.example", {at("shop.example"): said})
    assert (one.result, one.facts["reason"], one.facts["evaluated"]) == (result, reason, False)
    assert one.facts["rfc9989"]["policy"] is None


@pytest.mark.parametrize(
    ("spf", "dkim", "result", "reason"),
    [
        (("pass", "shop.example"), (), "pass", "aligned"),
        (("pass", "bounce.shop.example"), (), "pass", "aligned"),
        (("pass", "other.example"), (), "fail", "not-aligned"),
        (("fail", "shop.example"), (), "fail", "nothing-passed"),
        (("permerror", "shop.example"), (), "fail", "nothing-passed"),
        (("none", "shop.example"), (("pass", "shop.example"),), "pass", "aligned"),
        (("fail", "x.example"), (("fail", "shop.example"), ("pass", "news.shop.example")), "pass", "aligned"),
        (("temperror", "shop.example"), (), "temperror", "spf-temperror"),
        (("temperror", "other.example"), (), "fail", "nothing-passed"),
        (("temperror", "shop.example"), (("pass", "shop.example"),), "pass", "aligned"),
        (("fail", "shop.example"), (("temperror", "shop.example"),), "temperror", "dkim-temperror"),
        (("fail", "shop.example"), (("temperror", "other.example"),), "fail", "nothing-passed"),
        (None, (("pass", "shop.example"),), "pass", "aligned"),
        (None, (("fail", "shop.example"),), None, "spf-not-known"),
        (("fail", "shop.example"), None, None, "dkim-not-known"),
        (("pass", "shop.example"), None, "pass", "aligned"),
        (("pass", "not a domain"), (), "fail", "not-aligned"),
    ],
)
def test_what_dmarc_makes_of_spf_and_dkim(
    spf: tuple[str, str] | None, dkim: tuple[tuple[str, str], ...] | None, result: str | None, reason: str
) -> None:
    zone: dict[str, Said] = {at("shop.example"): f"v=DMARC1; p=quarantine; {RUA}"}
    one = check(dmarc, dmarc.Author("shop.example", spf, dkim), zone)
    assert (one.result, one.facts["reason"]) == (result, reason)
    asked = {"pass": "none", "fail": "quarantine"}.get(result or "")
    for standard in ("rfc9989", "rfc7489"):
        assert (one.facts[standard]["result"], one.facts[standard]["disposition"]) == (result, asked)
    assert one.facts["evaluated"] == (result is not None)


@pytest.mark.parametrize(
    ("said", "publish"),
    [
        ("v=DMARC1 p=reject; rua=mailto:d@x.example", "v=DMARC1; p=reject; rua=mailto:d@x.example"),
        ("p=reject; rua=mailto:d@x.example; v=DMARC1", "v=DMARC1; p=reject; rua=mailto:d@x.example"),
        ('"v=DMARC1; p=none; rua=mailto:d@x.example"', "v=DMARC1; p=none; rua=mailto:d@x.example"),
        ("v=dmarc1, p=quarantine; rua=mailto:dmarc1@x.example", "v=DMARC1; p=quarantine; rua=mailto:dmarc1@x.example"),
        (
            ["v=DMARC1; p=reject; rua=mailto:a@x.example", "v=DMARC1; p=none; rua=mailto:b@x.example"],
            "v=DMARC1; p=reject; rua=mailto:a@x.example",
        ),
        (
            ["v=DMARC1; p=none; rua=mailto:b@x.example", "v=DMARC1; p=reject"],
            "v=DMARC1; p=reject; rua=mailto:b@x.example",
        ),
        ("v=dmarc1 p=none; rua=mailto:dmarc+v1@x.example", "v=DMARC1; p=none; rua=mailto:dmarc+v1@x.example"),
        ("DMARC1: p=reject rua=dmarc@x.example", "v=DMARC1; p=reject; rua=mailto:dmarc@x.example"),
        ("v=DMARC1; p=rejected; sp=all", "v=DMARC1; p=reject; rua=mailto:dmarc-reports@shop.example"),
        ("v=dmarc1", "v=DMARC1; p=none; rua=mailto:dmarc-reports@shop.example"),
    ],
    ids=str,
)
def test_a_text_that_is_no_record_is_mended_into_one(said: Said, publish: str) -> None:
    for domain in ("shop.example", "mail.shop.example"):
        one = check(dmarc, domain, {at("shop.example"): said})
        assert one.result == "permerror"
        assert (one.facts["publish"]["name"], one.facts["publish"]["record"]) == ("_dmarc.shop.example", publish)
        assert any(publish in line for line in findings(domain, {at("shop.example"): said}))


@pytest.mark.parametrize(
    ("said", "policy"),
    [
        ("v=DMARC1; policy=reject; rua=mailto:d@x.example", "reject"),
        ("v=DMARC1; p=quarantined; rua=mailto:d@x.example", "quarantine"),
        ("v=DMARC1 p=reject", "reject"),
        ("v=DMARC1; p=nonee; rua=mailto:d@x.example", None),
        ("v=DMARC1; p=reject; rua=d@x.example", None),
        ("v=DMARC1; p=reject; t=y", None),
    ],
)
def test_a_policy_that_a_flaw_kept_asleep_is_announced(said: str, policy: str | None) -> None:
    """Who mends such a record switches refusals on, perhaps without having read a report."""
    zone: dict[str, Said] = {at("shop.example"): said}
    assert check(dmarc, "shop.example", zone).facts["publish"]["takes_effect"] == policy
    told = [line for line in findings("shop.example", zone) if line.startswith("dmarc-takes-effect")]
    assert len(told) == (policy is not None)
    assert all(f"they apply {policy} at once" in line and "p=none first" in line for line in told)


def test_strict_alignment_wants_the_very_domain() -> None:
    zone: dict[str, Said] = {at("shop.example"): "v=DMARC1; p=reject; aspf=s; adkim=s"}
    for given in (
        dmarc.Author("shop.example", ("pass", "mail.shop.example"), ()),
        dmarc.Author("shop.example", ("none", "x.example"), (("pass", "mail.shop.example"),)),
    ):
        one = check(dmarc, given, zone)
        assert (one.result, one.facts["reason"]) == ("fail", "not-aligned")
    assert check(dmarc, dmarc.Author("shop.example", ("pass", "SHOP.example."), ()), zone).result == "pass"


def test_a_walk_that_breaks_off_leaves_alignment_open() -> None:
    zone: dict[str, Said] = {
        at("shop.example"): "v=DMARC1; p=reject",
        at("bounce.shop.example"): failed("servfail"),
    }
    one = check(dmarc, dmarc.Author("shop.example", ("pass", "bounce.shop.example"), ()), zone)
    assert (one.result, one.facts["reason"]) == ("temperror", "organization-unknown")
    assert one.facts["rfc7489"]["result"] == "pass"
    assert one.facts["rfc9989"]["identifiers"][0]["aligned"] is None


def test_where_the_standards_differ_both_are_told() -> None:
    """A record below the registered domain alone: for RFC 9989 it is an organization of its own."""
    zone: dict[str, Said] = {at(FROM): f"v=DMARC1; p=reject; {RUA}"}
    one = check(dmarc, dmarc.Author(FROM, ("fail", FROM), (("pass", "shop.example"),)), zone)
    assert (one.facts["rfc9989"]["result"], one.facts["rfc7489"]["result"]) == ("fail", "pass")
    assert one.facts["rfc9989"]["organizational_domain"] == FROM
    assert one.facts["rfc7489"]["organizational_domain"] == "shop.example"
    assert one.facts["differences"] == ("organizational-domain", "result")
    said = findings(dmarc.Author(FROM, ("fail", FROM), (("pass", "shop.example"),)), zone)
    assert any("p=reject fail (mail.shop.example)" in line and "p=reject pass" in line for line in said)


@pytest.mark.parametrize(
    ("record", "differences"),
    [
        ("v=DMARC1; p=reject", ()),
        ("v=DMARC1; p=reject; t=y", ("testing",)),
        ("v=DMARC1; p=reject; pct=0", ("testing",)),
        ("v=DMARC1; p=reject; pct=50", ("pct",)),
        ("v=DMARC1; p=none; pct=50", ()),
        ("v=DMARC1; p=reject; np=bad; rua=mailto:d@shop.example", ("policy",)),
    ],
)
def test_one_record_may_be_read_in_two_ways(record: str, differences: tuple[str, ...]) -> None:
    assert check(dmarc, "shop.example", {at("shop.example"): record}).facts["differences"] == differences


def test_a_wildcard_that_answers_with_the_record_is_told() -> None:
    zone: dict[str, Said] = {at("shop.example"): f"v=DMARC1; p=reject; {RUA}"}
    zone["TXT *.shop.example"] = zone[at("shop.example")]
    assert "wildcard" in check(dmarc, "shop.example", zone).facts["warnings"]
    zone["TXT *.shop.example"] = "v=spf1 -all"
    assert "wildcard" not in check(dmarc, "shop.example", zone).facts["warnings"]


def test_tags_without_effect_are_told() -> None:
    zone: dict[str, Said] = {at(FROM): f"v=DMARC1; p=reject; sp=reject; np=reject; {RUA}"}
    zone[at("shop.example")] = f"v=DMARC1; p=reject; {RUA}"
    assert check(dmarc, FROM, zone).facts["warnings"] == ("sp-without-effect", "np-without-effect")


def test_an_alias_to_a_provider_is_named() -> None:
    hosted = Answer("", "", "found", (f"v=DMARC1; p=reject; {RUA}",), canonical_name="shop.example.hosted.example")
    assert check(dmarc, "shop.example", {at("shop.example"): hosted}).facts["alias"] == "shop.example.hosted.example"


def test_an_internationalized_domain_is_asked_for_in_a_labels() -> None:
    asker = FakeAsker({})
    assert run(dmarc, dmarc.Author("bücher.example", ("pass", "BÜCHER.example"), ()), asker).subject == (
        "xn--bcher-kva.example"
    )
    assert asker.asked[0] == at("xn--bcher-kva.example")


def test_a_message_with_a_hundred_signatures_costs_ten_walks() -> None:
    signers = tuple(("fail", f"a{index}.example") for index in range(100))
    asker = FakeAsker({at("shop.example"): f"v=DMARC1; p=reject; {RUA}"})
    given = dmarc.Author("shop.example", ("fail", "x.example"), (*signers, ("pass", "shop.example")))
    assert run(dmarc, given, asker).result == "pass"
    assert sum(question.startswith("TXT _dmarc.a") for question in asker.asked) <= 10


def test_every_reason_has_its_words_in_both_languages() -> None:
    flaws = {"multiple-records", "bad-version", "version-not-first", "missing-semicolon", "quoted-record"}
    verdicts = {"aligned", "not-aligned", "nothing-passed", "organization-unknown", "spf-temperror", "dkim-temperror"}
    others = {
        "spf-in-its-place",
        "dkim-in-its-place",
        "spf-not-known",
        "dkim-not-known",
        "no-record",
        "existence-unknown",
        "bad-domain",
    }
    for lang in ("en", "ja"):
        words = catalog(lang).words
        for id_ in {*dmarc._FLAWS, *dmarc._HINTS, *flaws, *verdicts, *others}:
            assert f"reason-{id_}" in words


@pytest.mark.parametrize("domain", ["", "a..b", "shop example", "x" * 64 + ".example"])
def test_a_name_that_can_have_no_record_is_not_asked(domain: str) -> None:
    asker = FakeAsker({})
    assert (run(dmarc, domain, asker).result, asker.asked) == ("none", [])


def test_of_two_records_the_owner_chooses_and_the_strictest_comes_first() -> None:
    said: Said = ["v=DMARC1; p=none; rua=mailto:b@x.example", "v=DMARC1; p=reject; rua=mailto:a@x.example"]
    one = check(dmarc, "shop.example", {at("shop.example"): said})
    assert one.facts["publish"]["choices"] == tuple(said)
    assert one.facts["publish"]["new_mailbox"] is None
    (told,) = [line for line in findings("shop.example", {at("shop.example"): said}) if "dmarc-broken" in line]
    assert "only the owner can say which is meant" in told
    assert told.index("p=reject") < told.index("p=none")
    assert "set up the mailbox" not in told


@pytest.mark.parametrize(
    ("said", "mailbox"),
    [
        ("v=DMARC1; p=none", "dmarc-reports@shop.example"),
        ("v=DMARC1; p=none; rua=https://x.example/", "dmarc-reports@shop.example"),
        ("v=DMARC1; p=none; rua=mailto:dmarc-reports@shop.example", None),
        ("v=DMARC1; p=none; rua=mailto:d@x.example", None),
    ],
)
def test_a_mailbox_that_was_made_up_is_one_to_set_up(said: str, mailbox: str | None) -> None:
    one = check(dmarc, "shop.example", {at("shop.example"): said})
    assert mailbox == one.facts["publish"]["new_mailbox"]
    told = " ".join(findings("shop.example", {at("shop.example"): said}))
    assert (mailbox is not None) == ("First set up the mailbox dmarc-reports@shop.example" in told)
