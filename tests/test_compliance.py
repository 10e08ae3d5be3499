"""The published rules of the large receivers, held against what was found: pass, fail, or why it cannot be told."""

from __future__ import annotations

import asyncio
import datetime
import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probe.authentication.message import message
from probe.catalog import catalog
from probe.checks import dkim, dmarc, spf
from probe.codec import dumps, from_json
from probe.compliance import RULES, compliance
from probe.model import CheckResult, Compliance
from tests.checks.fake import FakeAsker, Said, check, failed
from tests.signing import NOW, PLAIN, Signer

FACTS = catalog()
DKIM_PASS = CheckResult("dkim", "s1._domainkey.shop.example", "pass", {"verified": True})
DKIM_FAIL = CheckResult("dkim", "s1._domainkey.shop.example", "fail", {"verified": True, "reason": "body-hash"})
UNSIGNED = CheckResult("dkim", "message", "none", {"verified": False, "reason": "no-signature"})
GUESSED = CheckResult("dkim", "shop.example", "none", {"guessed": True, "keys": ()})
KEY = CheckResult("dkim", "shop.example", None, {"guessed": False, "keys": ({"subject": "s1"},)})
SPF_PASS = CheckResult("spf", "mailfrom", "pass", {"evaluated": True, "identity": "mailfrom"})
SPF_FAIL = CheckResult("spf", "mailfrom", "softfail", {"evaluated": True, "identity": "mailfrom"})
SPF_READ = CheckResult("spf", "shop.example", None, {"evaluated": False, "reason": "not-evaluated"})
SPF_NONE = CheckResult("spf", "shop.example", "none", {"evaluated": False, "reason": "no-record"})
SPF_LATE = CheckResult("spf", "mailfrom", "temperror", {"evaluated": True, "reason": "timeout"})
PTR = CheckResult("ptr", "203.0.113.7", "pass", {"reason": "confirmed"})
NO_PTR = CheckResult("ptr", "203.0.113.8", "fail", {"reason": "no-ptr"})


def told(*results: CheckResult, lang: str = "en") -> dict[str, Compliance]:
    return {one.id: one for one in compliance(results, catalog(lang))}


def structure(result: str = "pass", *problems: str, one_click: bool | None = None) -> CheckResult:
    rows = tuple({"problem": problem, "term": ""} for problem in problems)
    return CheckResult("structure", "message", result, {"problems": rows, "one_click": one_click})  # type: ignore[arg-type]


def judged(subject: str | dmarc.Author, record: str | None = "v=DMARC1; p=none") -> CheckResult:
    domain = subject if isinstance(subject, str) else subject.domain
    zone: dict[str, Said] = {} if record is None else {f"TXT _dmarc.{domain}": record}
    return check(dmarc, subject, zone)


def author(spf_result: str, domain: str = "shop.example") -> dmarc.Author:
    return dmarc.Author(domain, (spf_result, domain), ())


def test_of_nothing_nothing_is_claimed() -> None:
    everything = told()
    assert len(everything) == len(FACTS.requirements)
    assert {one.holds for one in everything.values()} == {"unknown"}
    assert all(one.because and one.reason and not one.proof for one in everything.values())


def test_a_message_with_everything_in_order_keeps_all_that_can_be_seen() -> None:
    message = structure(one_click=True)
    everything = told(SPF_PASS, DKIM_PASS, PTR, judged(author("pass")), message)
    assert {one.holds for one in everything.values()} == {"pass", "unknown"}
    unknown = {one.id for one in everything.values() if one.holds == "unknown"}
    assert unknown == {
        "google-tls",
        "google-spam-rate",
        "google-unsubscribe-in-time",
        "microsoft-reachable",
        "microsoft-list-hygiene",
        "yahoo-spam-rate",
        "yahoo-unsubscribe-in-time",
    }
    assert everything["google-ptr"].proof == ("ptr 203.0.113.7",)
    assert everything["yahoo-spf-and-dkim"].proof == ("spf mailfrom", "dkim s1._domainkey.shop.example")


@pytest.mark.parametrize(
    ("results", "either", "both"),
    [
        ((SPF_PASS, DKIM_PASS), ("pass", None), ("pass", None)),
        ((SPF_PASS, DKIM_FAIL), ("pass", None), ("fail", "body-hash")),
        ((SPF_FAIL, DKIM_PASS), ("pass", None), ("fail", "spf-not-passed")),
        ((SPF_FAIL, DKIM_FAIL), ("fail", "spf-not-passed"), ("fail", "spf-not-passed")),
        ((SPF_FAIL, UNSIGNED), ("fail", "spf-not-passed"), ("fail", "spf-not-passed")),
        ((SPF_FAIL, DKIM_FAIL, DKIM_PASS), ("pass", None), ("fail", "spf-not-passed")),
        ((SPF_PASS, GUESSED), ("pass", None), ("unknown", "selector-not-known")),
        ((SPF_NONE, GUESSED), ("unknown", "selector-not-known"), ("fail", "no-record")),
        ((SPF_READ, KEY), ("unknown", "spf-not-evaluated"), ("unknown", "spf-not-evaluated")),
        ((SPF_LATE, DKIM_FAIL), ("unknown", "timeout"), ("fail", "body-hash")),
        ((SPF_PASS,), ("pass", None), ("unknown", "no-message-seen")),
        ((), ("unknown", "no-sender-domain"), ("unknown", "no-sender-domain")),
    ],
)
def test_spf_and_dkim(
    results: tuple[CheckResult, ...], either: tuple[str, str | None], both: tuple[str, str | None]
) -> None:
    everything = told(*results)
    for id_, wanted in (("google-spf-or-dkim", either), ("yahoo-spf-and-dkim", both)):
        assert wanted == (everything[id_].holds, everything[id_].reason)


def test_the_mailfrom_identity_counts_before_the_ehlo_name() -> None:
    helo = CheckResult("spf", "helo", "pass", {"evaluated": True, "identity": "helo"})
    assert told(helo, SPF_FAIL)["google-spf"].holds == "fail"
    assert told(helo)["google-spf"].holds == "pass"


@pytest.mark.parametrize(
    ("row", "policy", "alignment"),
    [
        (judged("shop.example"), ("pass", None), ("unknown", "no-message-seen")),
        (judged("shop.example", None), ("fail", "no-record"), ("unknown", "no-record")),
        (judged("shop.example", "v=DMARC1; p=x"), ("fail", "bad-p"), ("unknown", "bad-p")),
        (judged(author("pass")), ("pass", None), ("pass", None)),
        (judged(author("fail")), ("pass", None), ("fail", "nothing-passed")),
        (judged(author("temperror")), ("pass", None), ("unknown", "spf-temperror")),
        (judged(dmarc.Author("shop.example", None, ())), ("pass", None), ("unknown", "spf-not-known")),
        (
            CheckResult("dmarc", "shop.example", "temperror", {"reason": "servfail"}),
            ("unknown", "servfail"),
            ("unknown", "servfail"),
        ),
    ],
)
def test_dmarc(row: CheckResult, policy: tuple[str, str | None], alignment: tuple[str, str | None]) -> None:
    everything = told(row)
    for receiver in ("google", "microsoft", "yahoo"):
        one, other = everything[f"{receiver}-dmarc"], everything[f"{receiver}-alignment"]
        assert (policy, alignment) == ((one.holds, one.reason), (other.holds, other.reason))


def test_a_from_that_pretends_to_be_gmail() -> None:
    assert told(judged(author("fail", "gmail.com")))["google-own-from"].holds == "fail"
    assert told(judged(author("pass", "gmail.com")))["google-own-from"].holds == "pass"
    assert told(judged("gmail.com"))["google-own-from"].reason == "from-of-the-receiver"
    assert told(judged("notgmail.com"))["google-own-from"].holds == "pass"


def test_the_name_of_every_address_counts() -> None:
    assert told(PTR, NO_PTR)["yahoo-ptr"].holds == "fail"
    assert told(PTR, NO_PTR)["yahoo-ptr"].because == "there is no PTR record"
    late = CheckResult("ptr", "203.0.113.9", "temperror", {"reason": "timeout"})
    assert told(PTR, late)["yahoo-ptr"].holds == "unknown"


@pytest.mark.parametrize(
    ("row", "one_click", "any_way", "form"),
    [
        (structure(one_click=True), "pass", "pass", "pass"),
        (structure("neutral", "not-one-click"), "fail", "pass", "pass"),
        (structure("fail", "one-click-broken"), "fail", "fail", "fail"),
        (structure(), "unknown", "unknown", "pass"),
        (structure("fail", "from-twice"), "unknown", "unknown", "fail"),
    ],
)
def test_what_a_message_says_of_unsubscribing_and_form(
    row: CheckResult, one_click: str, any_way: str, form: str
) -> None:
    everything = told(row)
    found = [everything[id_].holds for id_ in ("google-one-click", "yahoo-unsubscribe", "google-format")]
    assert [one_click, any_way, form] == found


@pytest.mark.parametrize(
    ("result", "holds", "reason"),
    [
        ("pass", "unknown", "mailbox-not-asked"),
        ("none", "fail", "null-mx"),
        ("permerror", "fail", "nowhere"),
        ("temperror", "unknown", "timeout"),
    ],
)
def test_whether_replies_can_arrive(result: Any, holds: str, reason: str) -> None:
    row = CheckResult("mx", "shop.example", result, {"reason": reason})
    assert (holds, reason) == (told(row)["microsoft-reachable"].holds, told(row)["microsoft-reachable"].reason)


def test_the_results_of_the_checks_themselves_are_understood() -> None:
    """Not only those that this file wrote by hand."""
    zone: dict[str, Said] = {
        "TXT shop.example": "v=spf1 ip4:203.0.113.0/24 -all",
        "TXT _dmarc.shop.example": "v=DMARC1; p=none",
    }
    evaluated = check(spf, spf.Query("203.0.113.7", "a@shop.example", "mail.shop.example"), zone)
    assert told(evaluated)["google-spf"].holds == "pass"
    refused = check(spf, spf.Query("192.0.2.1", "a@shop.example", "mail.shop.example"), zone)
    assert told(refused)["google-spf"].holds == "fail"
    assert told(check(spf, "shop.example", zone))["google-spf"].reason == "spf-not-evaluated"
    assert told(check(spf, "other.example", zone))["google-spf"].holds == "fail"
    no_key = check(dkim, dkim.Key("shop.example", "s1"), zone)
    assert told(no_key)["google-dkim"].holds == "fail"
    guess = check(dkim, dkim.Key("shop.example", "s1", True), zone)
    assert told(guess)["google-dkim"].reason == "selector-not-known"


RECEIVED = (
    b"Received: from mail.shop.test (mail.shop.test [203.0.113.7]) by mx.test; Fri, 27 Nov 2026 09:00:01 +0000\r\n"
)
SIGNER = Signer(algorithm="ed25519-sha256")
ZONE: dict[str, Said] = {
    SIGNER.name: SIGNER.record,
    "TXT shop.test": "v=spf1 ip4:203.0.113.0/24 -all",
    "TXT _dmarc.shop.test": "v=DMARC1; p=none; rua=mailto:d@shop.test",
}


def of_message(octets: bytes, zone: dict[str, Said]) -> dict[str, Compliance]:
    """A message as it came in, verified by the checks themselves."""
    assessed = asyncio.run(
        message(octets, resolver=FakeAsker(zone), mail_from="ann@shop.test", clock=lambda: 0.0, now=lambda: NOW)
    )
    return told(*assessed.checks)


def test_a_signed_message_is_held_against_the_rules() -> None:
    everything = of_message(RECEIVED + SIGNER.sign(), ZONE)
    kept = {id_ for id_, one in everything.items() if one.holds == "pass"}
    assert kept >= {"google-spf", "google-dkim", "google-dmarc", "google-alignment", "google-format", "google-own-from"}
    assert "fail" not in {one.holds for one in everything.values()}
    assert "marketing-or-not" == everything["google-one-click"].reason
    assert "no-client-address" == everything["google-ptr"].reason


def test_a_message_that_was_changed_and_not_allowed_breaks_them() -> None:
    zone = {**ZONE, "TXT shop.test": "v=spf1 -all"}
    everything = of_message(RECEIVED + SIGNER.sign() + b"a footer\r\n", zone)
    broken = {id_ for id_, one in everything.items() if one.holds == "fail"}
    assert broken >= {"google-spf-or-dkim", "microsoft-spf", "microsoft-dkim", "yahoo-spf-and-dkim", "yahoo-alignment"}
    unsigned = of_message(RECEIVED + PLAIN, ZONE)
    assert ("fail", "no-signature") == (unsigned["google-dkim"].holds, unsigned["google-dkim"].reason)
    assert "pass" == unsigned["google-spf-or-dkim"].holds == unsigned["google-alignment"].holds


def test_a_key_that_could_not_be_asked_for_leaves_it_open() -> None:
    everything = of_message(RECEIVED + SIGNER.sign(), {**ZONE, SIGNER.name: failed(), "TXT shop.test": "v=spf1 -all"})
    for id_ in ("google-spf-or-dkim", "google-dkim", "google-alignment"):
        assert "unknown" == everything[id_].holds


def test_a_rule_says_who_wants_it_since_when_and_where_that_stands() -> None:
    one = told()["google-dmarc"]
    assert ("Google", "bulk", "required", "2024-02-01") == (one.receiver, one.applies, one.force, one.since)
    assert ("https://support.google.com/a/answer/81126", "2026-03-11") == (one.source, one.checked)
    assert one == from_json(Compliance, json.loads(dumps(one)))


def test_japanese_says_it_too() -> None:
    one = told(NO_PTR, lang="ja")["google-ptr"]
    assert "PTR" in one.text and one.text.endswith("。")
    assert one.because == catalog("ja").words["reason-no-ptr"]


def test_the_rows_are_whole_and_every_rule_is_wanted() -> None:
    known = {"spf", "dkim", "dmarc", "ptr", "mx", "structure"}
    for row in FACTS.requirements.values():
        assert row.id.startswith(f"{row.receiver.lower()}-")
        assert row.applies in ("all", "bulk") and row.force in ("required", "advised")
        assert datetime.date.fromisoformat(row.since) <= datetime.date.fromisoformat(row.checked)
        assert row.source in FACTS.references
        assert row.text.endswith(".")
        assert set(row.checks) <= known
        assert all(re.fullmatch(r"[45]\.\d{1,3}\.\d{1,3}", code) for code in row.replies)
    assert {row.rule for row in FACTS.requirements.values()} == set(RULES)


@given(
    st.lists(
        st.builds(
            CheckResult,
            st.sampled_from(["spf", "dkim", "dmarc", "ptr", "mx", "structure", "other"]),
            st.text(),
            st.sampled_from([None, "none", "pass", "fail", "softfail", "neutral", "policy", "temperror", "permerror"]),
            st.dictionaries(st.sampled_from(["reason", "identity", "evaluated", "guessed", "policy"]), st.text()),
        ),
        max_size=4,
    )
)
def test_any_results_come_to_a_verdict_and_silence_never_to_a_pass(results: list[CheckResult]) -> None:
    looked_at = {one.check for one in results}
    for one in compliance(results, FACTS):
        assert one.holds in ("pass", "fail", "unknown")
        assert (one.reason is None) == (one.holds == "pass")
        if not looked_at & set(FACTS.requirements[one.id].checks):
            assert one.holds == "unknown"
