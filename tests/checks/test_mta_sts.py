"""MTA-STS from the record to the MX hosts, over real HTTPS on loopback."""

from __future__ import annotations

import asyncio
import datetime
import gzip
from typing import Any

import pytest

from probe.catalog import catalog
from probe.checks import mta_sts
from probe.checks.starttls import Seen
from probe.embedded.certificate import Certificate
from probe.embedded.dns import DnsServer
from probe.findings import finding
from probe.model import CheckResult
from probe.resolver import Resolver
from tests.checks.fake import FakeAsker, Said, absent, failed, refused
from tests.checks.web import Web, answer
from tests.tls.authority import Authority, ders

DOMAIN = "shop.example"
NOW = datetime.datetime(2026, 11, 27, 9, 30, tzinfo=datetime.UTC)
AUTHORITY = Authority(now=NOW)
GOOD = AUTHORITY.issue(f"mta-sts.{DOMAIN}")
RECORD, MX, PLACE = f"TXT _mta-sts.{DOMAIN}", f"MX {DOMAIN}", f"A mta-sts.{DOMAIN}"
POLICY = b"version: STSv1\r\nmode: enforce\r\nmx: *.shop.example\r\nmax_age: 604800\r\n"
ZONE: dict[str, Said] = {
    RECORD: "v=STSv1; id=20260101;",
    MX: ["10 a.shop.example", "20 b.shop.example"],
    "A a.shop.example": "192.0.2.11",
    "A b.shop.example": "192.0.2.12",
    PLACE: "192.0.2.1",
    f"AAAA mta-sts.{DOMAIN}": absent("nodata"),
}

_CERTIFICATE = {"names": ("other.example",), "not_after": "2026-01-01T00:00:00Z", "problems": ("other-name",)}
_FACTS = {
    "reason": "fetch-timeout",
    "url": f"https://mta-sts.{DOMAIN}{mta_sts.PATH}",
    "status": 301,
    "location": "https://www.shop.example/",
    "media_type": "text/html",
    "certificate": _CERTIFICATE,
    "mode": "enforce",
    "max_age": 3600,
    "uncovered": ("b.shop.example",),
    "unused": ("*.old.example",),
    "warnings": ("repeated-field",),
    "without_tls": ("b.shop.example",),
    "wrong_certificates": {"b.shop.example": ("expired",)},
    "publish": {
        "record": f'_mta-sts.{DOMAIN}. IN TXT "v=STSv1; id=20261127T093000Z;"',
        "policy": "version: STSv1\r\nmode: testing\r\nmx: a.shop.example\r\nmax_age: 604800\r\n",
    },
}
SCENES = {
    f"mta-sts-{problem}": CheckResult("mta_sts", DOMAIN, "permerror", {**_FACTS, "problems": (problem,)})
    for problem in mta_sts.PROBLEMS
}
"""For each finding of this check a result that is worth it."""


@pytest.fixture(scope="module")
def ca_file(tmp_path_factory: pytest.TempPathFactory) -> str:
    return AUTHORITY.file(tmp_path_factory.mktemp("authority"))


def without_fetching(changes: dict[str, Said] | None = None) -> CheckResult:
    asker = FakeAsker({**ZONE, **(changes or {})})
    return asyncio.run(mta_sts.run(mta_sts.Domain(DOMAIN, NOW), ask=asker, facts=catalog()))


def look(
    ca_file: str,
    says: bytes = answer(POLICY),
    changes: dict[str, Said] | None = None,
    *,
    certificate: Certificate = GOOD,
    **more: Any,
) -> CheckResult:
    async def looked() -> CheckResult:
        asker = FakeAsker({**ZONE, **(changes or {})})
        subject = mta_sts.Domain(DOMAIN, NOW, ca_file, **more)
        async with Web(certificate.server_context(), says) as web:
            result = await mta_sts.run(subject, ask=asker, connect=web.connect, facts=catalog())
        assert [f"{one.type} {one.name}" for one in result.queries] == asker.asked
        return result

    return asyncio.run(looked())


def words(result: CheckResult, id_: str, lang: str = "en") -> str:
    facts = catalog(lang)
    (told,) = [one for one in mta_sts.findings(result, facts) if one.id == id_]
    one = finding(told.id, told.subject, facts, **told.details)
    return f"{one.title}. {one.explanation} {one.remedy}"


def test_a_policy_in_force_that_covers_every_host(ca_file: str) -> None:
    result = look(ca_file)
    assert ("pass", "mode-enforce", ()) == (result.result, result.facts["reason"], result.facts["problems"])
    expected = {
        "record": "v=STSv1; id=20260101;",
        "id": "20260101",
        "url": "https://mta-sts.shop.example/.well-known/mta-sts.txt",
        "status": 200,
        "media_type": "text/plain",
        "address": "192.0.2.1",
        "mode": "enforce",
        "max_age": 604800,
        "mx": ("*.shop.example",),
        "uncovered": (),
        "unused": (),
        "warnings": (),
    }
    assert expected == {key: result.facts[key] for key in expected}
    assert result.trace[-1] == f"{result.facts['url']} from 192.0.2.1: status 200, 68 octets."


def test_what_to_publish_is_exact_and_carries_the_callers_clock(ca_file: str) -> None:
    publish = look(ca_file, answer(POLICY.replace(b"*.shop", b"a.shop"))).facts["publish"]
    assert publish == {
        "record": '_mta-sts.shop.example. IN TXT "v=STSv1; id=20261127T093000Z;"',
        "url": "https://mta-sts.shop.example/.well-known/mta-sts.txt",
        "policy": "version: STSv1\r\nmode: enforce\r\nmx: a.shop.example\r\nmx: b.shop.example\r\nmax_age: 604800\r\n",
    }
    tokyo = datetime.timezone(datetime.timedelta(hours=9))
    subject = mta_sts.Domain(DOMAIN, NOW.astimezone(tokyo))
    result = asyncio.run(mta_sts.run(subject, ask=FakeAsker(ZONE), facts=catalog()))
    assert "id=20261127T093000Z;" in result.facts["publish"]["record"]


def test_no_record_is_none_and_begins_with_testing() -> None:
    result = without_fetching({RECORD: absent()})
    assert ("none", "no-record", ("missing",)) == (result.result, result.facts["reason"], result.facts["problems"])
    policy = "version: STSv1\r\nmode: testing\r\nmx: a.shop.example\r\nmx: b.shop.example\r\nmax_age: 604800\r\n"
    assert policy == result.facts["publish"]["policy"]
    said = words(result, "mta-sts-missing")
    assert "version: STSv1; mode: testing; mx: a.shop.example; mx: b.shop.example; max_age: 604800." in said
    assert '_mta-sts.shop.example. IN TXT "v=STSv1; id=20261127T093000Z;"' in said


def test_who_takes_no_mail_needs_no_policy() -> None:
    for mx in ("0 .", absent()):
        result = without_fetching({RECORD: absent(), MX: mx})
        assert ("none", ()) == (result.result, result.facts["problems"])


def test_without_a_connector_the_record_alone_is_judged() -> None:
    result = without_fetching()
    assert (None, "not-fetched", ()) == (result.result, result.facts["reason"], result.facts["problems"])


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (["v=STSv1; id=a;", "v=STSv1; id=b;"], "multiple-records"),
        ("v=STSv1; id=2026-11-27;", "bad-id"),
        ("v=STSv1;", "no-id"),
        ("V=STSv1; id=a", "bad-version"),
    ],
)
def test_a_broken_record(said: Said, reason: str) -> None:
    result = without_fetching({RECORD: said})
    assert ("permerror", reason, ("record-broken",)) == (
        result.result,
        result.facts["reason"],
        result.facts["problems"],
    )


def test_other_texts_beside_the_record_are_not_counted() -> None:
    assert without_fetching({RECORD: ["unrelated", "v=STSv1; id=a;", "v=spf1 -all"]}).facts["id"] == "a"


@pytest.mark.parametrize("question", [RECORD, MX, PLACE])
@pytest.mark.parametrize("said", [failed("servfail"), refused()], ids=lambda a: a.reason)
def test_what_could_not_be_asked_is_temperror(ca_file: str, question: str, said: Any) -> None:
    result = look(ca_file, changes={question: said})
    assert ("temperror", said.reason, ("not-asked",)) == (
        result.result,
        result.facts["reason"],
        result.facts["problems"],
    )


def test_a_host_that_is_not_there_and_one_that_is_inside(ca_file: str) -> None:
    gone = look(ca_file, changes={PLACE: absent()})
    assert ("permerror", ("no-address",)) == (gone.result, gone.facts["problems"])
    inside = look(ca_file, changes={PLACE: "10.0.0.1"})
    assert ("permerror", ("private",)) == (inside.result, inside.facts["problems"])
    assert "pass" == look(ca_file, changes={PLACE: "10.0.0.1"}, allow_private=True).result


@pytest.mark.parametrize("status", ["301 Moved Permanently", "302 Found", "307 Temporary Redirect"])
def test_a_redirect_is_not_followed(ca_file: str, status: str) -> None:
    fields = "Location: https://www.shop.example/policy\r\n"
    result = look(ca_file, answer(b"", status=status, fields=fields))
    assert ("permerror", "fetch-redirect", ("redirect",)) == (
        result.result,
        result.facts["reason"],
        result.facts["problems"],
    )
    assert 'sends on to "https://www.shop.example/policy"' in words(result, "mta-sts-redirect")


@pytest.mark.parametrize(
    ("status", "result"),
    [("404 Not Found", "permerror"), ("204 No Content", "permerror"), ("503 Later", "temperror")],
)
def test_only_200_is_a_policy(ca_file: str, status: str, result: str) -> None:
    found = look(ca_file, answer(b"", status=status))
    assert (result, ("not-found",)) == (found.result, found.facts["problems"])
    assert status[:3] in words(found, "mta-sts-not-found")


@pytest.mark.parametrize(
    ("certificate", "problem", "english", "japanese"),
    [
        (AUTHORITY.issue(f"mta-sts.{DOMAIN}", days=(-20, -2)), "expired", "2026-11-25", "2026-11-25"),
        (
            AUTHORITY.issue("www.shop.example"),
            "other-name",
            "It is for another name: it names www.shop.example",
            "www.shop.example",
        ),
        (Authority(now=NOW).issue(f"mta-sts.{DOMAIN}"), "unknown-issuer", "issuer", "発行"),
    ],
    ids=["expired", "name", "issuer"],
)
def test_why_the_certificate_does_not_hold(
    ca_file: str, certificate: Certificate, problem: str, english: str, japanese: str
) -> None:
    result = look(ca_file, certificate=certificate)
    assert ("permerror", "fetch-certificate") == (result.result, result.facts["reason"])
    assert (problem,) == result.facts["certificate"]["problems"]
    assert english in words(result, "mta-sts-certificate")
    assert japanese in words(result, "mta-sts-certificate", "ja")


def test_a_server_that_cannot_be_reached_is_for_now(ca_file: str) -> None:
    result = look(ca_file, changes={PLACE: "192.0.2.99"})
    assert ("temperror", ("unreachable",)) == (result.result, result.facts["problems"])
    assert "connection refused" in words(result, "mta-sts-unreachable")


@pytest.mark.parametrize(
    ("says", "reason"),
    [
        (answer(gzip.compress(POLICY), fields="Content-Encoding: gzip\r\n"), "fetch-content-coding"),
        (answer(b"x" * 65537), "fetch-too-large"),
        (b"220 mx.shop.example ESMTP\r\n", "fetch-no-http"),
    ],
)
def test_what_is_no_policy_at_all(ca_file: str, says: bytes, reason: str) -> None:
    result = look(ca_file, says)
    assert ("permerror", reason, ("http",)) == (result.result, result.facts["reason"], result.facts["problems"])


@pytest.mark.parametrize(
    ("fields", "problems"),
    [
        ("Content-Type: text/plain; charset=utf-8\r\n", ()),
        ("Content-Type: TEXT/PLAIN\r\n", ()),
        ("Content-Type: text/html\r\n", ("media-type",)),
        ("", ("media-type",)),
    ],
)
def test_the_media_type(ca_file: str, fields: str, problems: tuple[str, ...]) -> None:
    result = look(ca_file, answer(POLICY, fields=fields))
    assert ("pass", problems) == (result.result, result.facts["problems"])


@pytest.mark.parametrize(
    ("old", "new", "reason", "problems", "result"),
    [
        (b"STSv1", b"STSv2", "policy-bad-version", ("policy-broken",), "permerror"),
        (b"enforce", b"on", "policy-bad-mode", ("policy-broken",), "permerror"),
        (b"mx: *.shop.example\r\n", b"", "policy-no-mx", ("policy-broken",), "permerror"),
        (b"enforce", b"testing", "mode-testing", ("testing",), "pass"),
        (b"enforce", b"none", "mode-none", ("mode-none",), "none"),
        (b"604800", b"3600", "mode-enforce", ("short-age",), "pass"),
        (b"\r\n", b"\n", "mode-enforce", (), "pass"),
        (b"max_age", b"mode: none\nmax_age", "mode-enforce", ("overlooked",), "pass"),
        (b"*.shop", b"*.a.shop", "mx-uncovered", ("mx-unused", "mx-uncovered"), "fail"),
        (b"mx: *.shop.example", b"mx: a.shop.example", "mx-uncovered", ("mx-uncovered",), "fail"),
        (b"mx: *.shop.example", b"mx: *.shop.example\nmx: c.example", "mode-enforce", ("mx-unused",), "pass"),
    ],
)
def test_what_the_policy_says(
    ca_file: str, old: bytes, new: bytes, reason: str, problems: tuple[str, ...], result: str
) -> None:
    found = look(ca_file, answer(POLICY.replace(old, new)))
    assert (result, reason, problems) == (found.result, found.facts["reason"], found.facts["problems"])


def test_the_hosts_that_are_left_out_are_named_with_the_policy_that_names_them(ca_file: str) -> None:
    said = words(look(ca_file, answer(POLICY.replace(b"*.shop", b"a.shop"))), "mta-sts-mx-uncovered")
    assert "No mx line matches b.shop.example." in said
    assert "mx: a.shop.example; mx: b.shop.example; max_age: 604800." in said


def test_what_the_mx_hosts_showed_is_held_against_the_policy(ca_file: str) -> None:
    good = Seen("a.shop.example", ders(AUTHORITY.issue("a.shop.example")))
    assert "pass" == look(ca_file, seen=(good, Seen("B.shop.example.", failure="timeout"))).result

    old = Seen("b.shop.example", ders(AUTHORITY.issue("a.shop.example", days=(-9, -1))))
    wrong = look(ca_file, seen=(good, old))
    assert ("fail", "mx-certificate", ("mx-certificate",)) == (
        wrong.result,
        wrong.facts["reason"],
        wrong.facts["problems"],
    )
    assert {"b.shop.example": ("expired", "other-name")} == wrong.facts["wrong_certificates"]
    assert "The certificates: b.shop.example: expired and for another name." in words(wrong, "mta-sts-mx-certificate")

    bare = look(ca_file, seen=(good, Seen("b.shop.example", failure="no-starttls")))
    assert ("fail", ("mx-no-tls",)) == (bare.result, bare.facts["problems"])
    assert "at b.shop.example. In mode enforce" in words(bare, "mta-sts-mx-no-tls")

    elsewhere = Seen("c.shop.example", failure="no-starttls")
    assert ("pass", ()) == ((other := look(ca_file, seen=(elsewhere,))).result, other.facts["problems"])


def test_a_broken_line_is_quoted_and_shown(ca_file: str) -> None:
    result = look(ca_file, answer(POLICY + b"\x1b[2Jevil"))
    assert '("\\x1b[2Jevil")' in words(result, "mta-sts-policy-broken")
    assert result.facts["policy"].isprintable()


def test_over_real_dns_and_real_https(ca_file: str) -> None:
    zone = """
        @ MX 10 a
        a A 192.0.2.11
        mta-sts CNAME web
        web A 192.0.2.1
        _mta-sts TXT "v=STSv1; " "id=20260101;"
    """

    async def looked() -> CheckResult:
        subject = mta_sts.Domain(DOMAIN, NOW, ca_file)
        async with (
            DnsServer({DOMAIN: zone}) as dns,
            Resolver(dns.endpoint, timeout=5.0) as resolver,
            Web(GOOD.server_context(), answer(POLICY)) as web,
        ):
            return await mta_sts.run(subject, ask=resolver, connect=web.connect, facts=catalog())

    result = asyncio.run(looked())
    assert ("pass", "mode-enforce", "20260101") == (result.result, result.facts["reason"], result.facts["id"])


def test_what_is_no_domain_is_not_asked() -> None:
    asker = FakeAsker({})
    result = asyncio.run(mta_sts.run(mta_sts.Domain("a..b", NOW), ask=asker, facts=catalog()))
    assert ("none", [], []) == (result.result, asker.asked, list(mta_sts.findings(result, catalog())))
