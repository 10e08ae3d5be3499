"""A sender from end to end over in-memory DNS: what is concluded, what is to be published, what must not be said."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest

from probe.catalog import catalog
from probe.errors import Detail, UsageError, WireError
from probe.model import Assessment
from probe.sending.plan import ORDER
from probe.sending.sender import sender
from tests.checks.fake import FakeAsker, Said, failed

NOW = 1795770000.0  # 2026-11-27
HEALTHY: dict[str, Said] = {
    "MX shop.test": "10 mx.shop.test",
    "A mx.shop.test": "8.8.4.4",
    "TXT shop.test": "v=spf1 ip4:203.0.113.0/28 -all",
    "TXT _dmarc.shop.test": "v=DMARC1; p=reject; rua=mailto:d@shop.test",
    "PTR 7.113.0.203.in-addr.arpa": "mail.shop.test",
    "A mail.shop.test": "203.0.113.7",
    "TXT mail.shop.test": "v=spf1 a -all",
}


async def nowhere(address: str, port: int, *, deadline: float) -> Any:
    raise WireError("unreachable", Detail("detail-no-answer", seconds="1"))


def assess(subject: str, zone: Mapping[str, Said], **wishes: Any) -> Assessment:
    lang = wishes.pop("lang", "en")
    return asyncio.run(
        sender(
            subject,
            resolver=FakeAsker(zone),
            connect=nowhere,
            facts=catalog(lang),
            now=lambda: NOW,
            **{"client_ip": "203.0.113.7", "lists": "main", **wishes},
        )
    )


def results(one: Assessment) -> dict[str, str | None]:
    return {f"{row.check} {row.subject}": row.result for row in one.checks}


def published(one: Assessment) -> list[str]:
    return [fix.publish for fix in one.fixes if fix.publish]


def test_only_lists_that_show_their_test_entry_are_called_clean() -> None:
    well: dict[str, Said] = {"A 2.0.0.127.zen.spamhaus.org": "127.0.0.2", "A 2.0.0.127.bl.spamcop.net": "127.0.0.2"}
    told = [line for line in assess("203.0.113.7", {**HEALTHY, **well}).proof if line.startswith("lists:")]
    assert ["lists: 2 clean; 1 could not be asked, or not be believed"] == told


def test_keys_that_could_not_be_asked_for_are_not_called_bad() -> None:
    silent = {"TXT s1._domainkey.shop.test": failed("timeout")}
    told = [assess("shop.test", {**HEALTHY, **silent}, selectors=("s1",), lang=lang).proof for lang in ("en", "ja")]
    assert "DKIM temperror for shop.test: its keys could not be asked for" in told[0]
    assert "DKIM temperror: shop.testの鍵を問い合わせできませんでした" in told[1]


def test_a_healthy_sender() -> None:
    one = assess("ann@shop.test", HEALTHY, ehlo="mail.shop.test")
    assert ("pass", "mailbox") == (one.conclusion, one.kind)
    found = results(one)
    assert ("pass", "pass", "pass", "pass") == (
        found["spf mailfrom"],
        found["spf helo"],
        found["ptr 203.0.113.7"],
        found["dmarc shop.test"],
    )
    assert [] == [finding.id for finding in one.findings if finding.severity in ("error", "warning")]
    assert not any(text.startswith("shop.test. TXT") for text in published(one))


def test_the_rows_stand_in_the_order_of_the_report() -> None:
    checks = [row.check for row in assess("shop.test", HEALTHY).checks]
    assert sorted(checks, key=ORDER.index) == checks
    assert set(ORDER) - {"helo"} <= set(checks)


def test_an_address_that_spf_leaves_out_gets_the_whole_record_with_its_cost() -> None:
    one = assess("shop.test", HEALTHY, client_ip="198.51.100.9")
    assert "fail" == one.conclusion
    row = next(row for row in one.checks if row.check == "spf")
    assert ("mailfrom", "fail", "-all") == (row.subject, row.result, row.facts["mechanism"])
    assert 'shop.test. TXT "v=spf1 ip4:203.0.113.0/28 ip4:198.51.100.9 -all"' in published(one)
    assert any("0 of 10 look-ups" in fix.do for fix in one.fixes)


def test_a_missing_pointer_is_asked_of_whoever_gave_the_address() -> None:
    zone = {key: said for key, said in HEALTHY.items() if not key.startswith("PTR")}
    one = assess("shop.test", zone, ehlo="mail.shop.test")
    assert "fail" == one.conclusion
    assert "7.113.0.203.in-addr.arpa. PTR mail.shop.test." in published(one)


@pytest.mark.parametrize(
    ("zone", "expected"),
    [
        ({"A 7.113.0.203.zen.spamhaus.org": "127.0.0.2", "A 2.0.0.127.zen.spamhaus.org": "127.0.0.2"}, "fail"),
        # The list cannot be believed: its test entry is missing.
        ({"A 7.113.0.203.zen.spamhaus.org": "127.0.0.2"}, "pass"),
        ({"A 7.113.0.203.zen.spamhaus.org": failed("servfail")}, "unknown"),
    ],
)
def test_a_listing_counts_only_on_a_healthy_list(zone: Mapping[str, Said], expected: str) -> None:
    one = assess("203.0.113.7", {**HEALTHY, **zone})
    assert expected == one.conclusion
    delisting = [fix.url for fix in one.fixes if fix.url and "spamhaus" in fix.url]
    assert (["203.0.113.7" in url for url in delisting] == [True]) == (expected == "fail")


def test_what_could_not_be_asked_is_never_clean() -> None:
    one = assess("shop.test", {**HEALTHY, "TXT shop.test": failed("timeout")})
    assert "unknown" == one.conclusion
    assert not any(fix.publish and fix.publish.startswith("shop.test. TXT") for fix in one.fixes)
    assert "spf-missing" not in [finding.id for finding in one.findings]


def test_without_an_address_nothing_is_claimed_about_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("probe.smtp.identity.own_addresses", lambda: ("10.0.0.5", None))
    one = assess("shop.test", HEALTHY, client_ip=None)
    found = results(one)
    assert None is found["spf shop.test"]
    assert not any(name.startswith(("ptr ", "dnsbl 10.")) for name in found)
    assert "no address that others see" in one.proof[0]
    assert ("10.0.0.5", "socket") == (one.client.address, one.client.learned_from)


def test_an_address_of_this_machine_that_others_see_is_asked_about(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("probe.smtp.identity.own_addresses", lambda: ("203.0.113.7", None))
    one = assess("shop.test", HEALTHY, client_ip=None)
    assert ("pass", "pass") == (results(one)["spf mailfrom"], results(one)["ptr 203.0.113.7"])


def test_two_clients_are_two_rows_each() -> None:
    one = assess("shop.test", HEALTHY, client_ip=["203.0.113.7", "2001:db8::7"])
    asked = [(row.facts["ip"], row.result) for row in one.checks if row.check == "spf"]
    assert [("203.0.113.7", "pass"), ("2001:db8::7", "fail")] == asked
    assert "fail" == one.conclusion


def test_only_the_checks_that_were_asked_for() -> None:
    assert {"dmarc"} == {row.check for row in assess("shop.test", HEALTHY, only=["dmarc"]).checks}
    with pytest.raises(UsageError, match="no check is called 'nope'"):
        assess("shop.test", HEALTHY, only=["nope"])
    with pytest.raises(UsageError, match="is no address"):
        assess("shop.test", HEALTHY, client_ip="nowhere")


def test_missing_records_are_written_out_in_full() -> None:
    zone = {"MX shop.test": "10 mx.shop.test", "A mx.shop.test": "8.8.4.4"}
    texts = published(assess("shop.test", zone))
    assert 'shop.test. TXT "v=spf1 ip4:203.0.113.7 ~all"' in texts
    assert any(text.startswith('_dmarc.shop.test. TXT "v=DMARC1; p=none; rua=mailto:') for text in texts)
    assert any(text.startswith('_mta-sts.shop.test. IN TXT "v=STSv1; id=20261127T') for text in texts)
    assert any(text.startswith('_smtp._tls.shop.test. TXT "v=TLSRPTv1; rua=') for text in texts)
    policy = next(fix for fix in assess("shop.test", zone).fixes if fix.url and fix.url.endswith("mta-sts.txt"))
    assert ["version: STSv1", "mode: testing", "mx: mx.shop.test"] == str(policy.publish).splitlines()[:3]


def test_the_rules_of_the_receivers_are_held_against_it() -> None:
    rules = {rule.id: rule.holds for rule in assess("shop.test", HEALTHY).compliance}
    assert ("pass", "pass") == (rules["google-ptr"], rules["google-spf-or-dkim"])
    broken = {rule.id: rule.holds for rule in assess("shop.test", HEALTHY, client_ip="198.51.100.9").compliance}
    assert "fail" == broken["google-ptr"]


def test_a_japanese_assessment_says_the_same() -> None:
    one, other = assess("shop.test", HEALTHY), assess("shop.test", HEALTHY, lang="ja")
    assert results(one) == results(other)
    assert not other.summary.isascii()


def test_a_domain_that_does_not_exist_is_told_first_and_has_nothing_to_publish() -> None:
    one = assess("nosuch.test", {}, client_ip="203.0.113.7")
    assert ("fail", []) == (one.conclusion, published(one))
    assert "nosuch.test does not exist" in one.summary


def test_no_green_word_beside_an_error() -> None:
    two = ["v=DMARC1; p=none", "v=DMARC1; p=reject"]
    one = assess("shop.test", {**HEALTHY, "TXT _dmarc.shop.test": two}, only=["dmarc"])
    assert ("fail", True) == (one.conclusion, "something is broken: DMARC" in one.summary)


def test_nothing_asked_is_never_a_pass() -> None:
    silent = {"TXT s1._domainkey.shop.test": failed("timeout")}
    assert "unknown" == assess("shop.test", silent, only=["dkim"], selectors=["s1"]).conclusion
    with pytest.raises(UsageError, match=r"spf: nothing of this can be asked about 203\.0\.113\.7"):
        assess("203.0.113.7", HEALTHY, only=["spf"])


def test_of_several_addresses_the_worst_counts_for_the_rules() -> None:
    one = assess("shop.test", HEALTHY, client_ip=["203.0.113.7", "198.51.100.9", "203.0.113.7"])
    rules = {rule.id: rule.holds for rule in one.compliance}
    assert "fail" == rules["microsoft-spf"]
    assert 2 == sum(row.check == "spf" for row in one.checks)


def test_only_the_record_that_leads_back_is_missing_where_the_pointer_is_there() -> None:
    zone = {key: said for key, said in HEALTHY.items() if key != "A mail.shop.test"}
    texts = published(assess("shop.test", zone))
    assert "mail.shop.test. A 203.0.113.7" in texts
    assert not any(" PTR " in text for text in texts)


def test_no_rules_are_held_against_a_part() -> None:
    assert () == assess("shop.test", HEALTHY, only=["spf"]).compliance
