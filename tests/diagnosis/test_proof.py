"""A refusal and the DNS behind it, through the whole line: what is confirmed, refuted, and what could not be asked."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Mapping

import pytest

from probe.catalog import Catalog, catalog
from probe.codec import dumps
from probe.embedded.behaviour import Behaviour
from probe.embedded.dns import DnsServer, Fault
from probe.embedded.scenes import SCENES, ZONES
from probe.embedded.smtp import SmtpServer
from probe.model import Diagnosis, Report
from probe.reports.terminal import render
from probe.resolver import Resolver
from probe.run import Options, check
from probe.smtp.plan import Plan

REFUSAL = SCENES[1].behaviour
HEALTHY_LIST = "2.0.0.127 A 127.0.0.2"


def probe(
    behaviour: Behaviour = REFUSAL,
    zones: Mapping[str, str] = ZONES,
    faults: Mapping[str, Fault] | None = None,
    *,
    plan: Plan | None = None,
    options: Options | None = None,
    facts: Catalog | None = None,
) -> Report:
    async def run() -> Report:
        async with DnsServer(zones, faults=faults) as dns, SmtpServer(behaviour) as server:
            return await check(
                server.endpoint,
                plan or Plan(("postmaster@[127.0.0.1]",), mail_from="orders@shop.test", ehlo="mail.shop.test"),
                options=options or Options(lists="named"),
                resolver=Resolver(dns.endpoint, timeout=0.3, tries=1),
                facts=facts,
            )

    return asyncio.run(run())


def only(report: Report) -> Diagnosis:
    assert len(report.diagnoses) == 1
    return report.diagnoses[0]


def ids(report: Report) -> set[str]:
    return {finding.id for finding in report.findings}


def test_a_listing_is_confirmed_by_the_list_that_the_reply_names() -> None:
    report = probe()
    diagnosis = only(report)
    assert (diagnosis.cause, diagnosis.verdict, diagnosis.stage) == ("ip-blocklisted", "confirmed", "banner")
    assert any("7.113.0.203.dnsbl.test A 127.0.0.2" in line for line in diagnosis.evidence)
    assert any("203.0.113.7 is the address that the reply names" in line for line in diagnosis.evidence)
    assert any(fix.url == "https://dnsbl.test/q?ip=203.0.113.7" for fix in diagnosis.fix)
    assert (report.client.address, report.client.learned_from) == ("203.0.113.7", "reply")
    assert "client-listed" in ids(report)


@pytest.mark.parametrize("lang", ["en", "ja"])
@pytest.mark.parametrize(
    ("zone", "answer", "accuses"),
    [
        ("zen.spamhaus.org", "127.0.0.10", False),
        ("pbl.spamhaus.org", "127.0.0.11", False),
        ("zen.spamhaus.org", "127.0.0.4", True),
    ],
)
def test_an_entry_by_policy_accuses_nobody(zone: str, answer: str, accuses: bool, lang: str) -> None:
    refusal = Behaviour(greeting=f"554 5.7.1 Client host [203.0.113.7] blocked using {zone}")
    listed = {zone: f"7.113.0.203 A {answer}\n2.0.0.127 A 127.0.0.2"}
    diagnosis = only(probe(refusal, zones={**ZONES, **listed}, facts=catalog(lang)))
    first = catalog(lang).words["fix-stop-the-cause" if accuses else "fix-policy-list"]
    assert ("confirmed", first) == (diagnosis.verdict, diagnosis.fix[0].do)


def test_no_entry_any_more_refutes_it_and_sends_nobody_to_the_list() -> None:
    diagnosis = only(probe(zones={**ZONES, "dnsbl.test": HEALTHY_LIST}))
    assert diagnosis.verdict == "refuted"
    assert any("not listed" in line for line in diagnosis.against)
    assert [fix.url for fix in diagnosis.fix] == [None]
    assert diagnosis.fix[0].who == "receiver"


def test_an_emptied_list_refutes_nothing() -> None:
    diagnosis = only(probe(zones={**ZONES, "dnsbl.test": "other A 192.0.2.1"}))
    assert diagnosis.verdict == "likely"
    assert any("its silence proves little" in line for line in diagnosis.against)


@pytest.mark.parametrize("fault", ["servfail", "refused", "timeout", "lame"])
def test_a_list_that_cannot_be_asked_is_never_clean(fault: Fault) -> None:
    report = probe(faults={"*.dnsbl.test": fault})
    diagnosis = only(report)
    assert diagnosis.verdict == "likely"
    assert any("could not ask" in line for line in diagnosis.not_asked)
    assert not any("not listed" in line or "clean" in line for line in (*diagnosis.against, *diagnosis.ruled_out))
    assert "list-not-asked" in ids(report)
    assert "client-listed" not in ids(report)


def test_a_list_that_refuses_our_resolver_is_not_a_hit() -> None:
    zone = f"{HEALTHY_LIST}\n7.113.0.203 A 127.255.255.254"
    report = probe(zones={**ZONES, "dnsbl.test": zone})
    assert only(report).verdict == "likely"
    assert "client-listed" not in ids(report)
    assert "list-not-asked" in ids(report)


def test_a_list_that_lists_the_world_is_the_receivers_fault() -> None:
    report = probe(zones={**ZONES, "dnsbl.test": "* A 127.0.0.2"})
    diagnosis = only(report)
    assert diagnosis.verdict == "refuted"
    assert [fix.who for fix in diagnosis.fix] == ["receiver"]
    assert "list-not-believed" in ids(report)


def test_a_closed_list_is_not_asked_and_nobody_is_sent_there() -> None:
    text = "554 5.7.1 Service unavailable; Client host [203.0.113.7] blocked using dnsbl.sorbs.net"
    report = probe(Behaviour(greeting=text))
    diagnosis = only(report)
    assert diagnosis.verdict == "refuted"
    assert not any("sorbs" in answer.name for one in report.checks for answer in one.queries)
    assert all(fix.url is None and fix.who == "receiver" for fix in diagnosis.fix)


def test_a_parked_zone_is_no_listing() -> None:
    report = probe(zones={**ZONES, "dnsbl.test": "* A 192.0.2.80"})
    assert only(report).verdict == "refuted"
    assert "client-listed" not in ids(report)


def test_a_missing_ptr_is_confirmed_with_the_record_to_ask_for() -> None:
    refusal = Behaviour(greeting="554 5.7.1 Client host rejected: cannot find your reverse hostname, [203.0.113.9]")
    diagnosis = only(probe(refusal, {**ZONES, "113.0.203.in-addr.arpa": ""}))
    assert (diagnosis.cause, diagnosis.verdict) == ("no-ptr", "confirmed")
    assert diagnosis.fix[0].publish == "9.113.0.203.in-addr.arpa. PTR mail.shop.test."
    assert diagnosis.fix[1].publish == "mail.shop.test. A 203.0.113.9"


def test_a_ptr_that_leads_back_refutes_the_reply() -> None:
    refusal = Behaviour(greeting="554 5.7.1 Client host rejected: cannot find your reverse hostname, [203.0.113.7]")
    diagnosis = only(probe(refusal))
    assert (diagnosis.cause, diagnosis.verdict) == ("no-ptr", "refuted")


def test_a_ptr_that_could_not_be_asked_proves_nothing() -> None:
    refusal = Behaviour(greeting="554 5.7.1 Client host rejected: cannot find your reverse hostname, [203.0.113.7]")
    diagnosis = only(probe(refusal, faults={"*.113.0.203.in-addr.arpa": "servfail"}))
    assert diagnosis.verdict == "likely"
    assert "no-ptr" not in ids(probe(refusal, faults={"*.113.0.203.in-addr.arpa": "servfail"}))


def test_spf_is_evaluated_and_dkim_and_dmarc_claim_no_verdict_that_was_not() -> None:
    report = probe()
    by_check = {one.check: one for one in report.checks}
    assert {"dnsbl", "ptr", "spf", "dkim", "dmarc"} <= set(by_check)
    assert (by_check["spf"].subject, by_check["spf"].result) == ("shop.test", "pass")
    assert by_check["dmarc"].result is None
    assert by_check["spf"].facts["sender"] == "orders@shop.test"
    assert by_check["spf"].facts["helo"] == "mail.shop.test"
    assert by_check["dmarc"].facts["policy"] == "reject"
    told = only(report).ruled_out
    assert "SPF pass: ip4:203.0.113.0/24 in the record of shop.test allows 203.0.113.7" in told
    assert "not evaluated" in " ".join(told)


def refused_for_spf(
    zones: Mapping[str, str] = ZONES, faults: Mapping[str, Fault] | None = None, client_ip: str = "198.51.100.9"
) -> Diagnosis:
    refusal = Behaviour(replies={"MAIL": "550 5.7.23 SPF validation failed"})
    return only(probe(refusal, zones, faults, options=Options(lists="named", client_ip=client_ip)))


@pytest.mark.parametrize(
    ("record", "verdict", "said"),
    [
        (
            "v=spf1 ip4:203.0.113.0/24 -all",
            "confirmed",
            "SPF fail: -all in the record of shop.test rejects 198.51.100.9",
        ),
        ("v=spf1 mx ~all", "confirmed", "SPF softfail: ~all in the record of shop.test distrusts 198.51.100.9"),
        ("v=spf1 ipv4:203.0.113.7 -all", "confirmed", "SPF: the record of shop.test is broken"),
        ("v=spf1 include:nothing.shop.test -all", "confirmed", "an include leads to no SPF record: include:nothing"),
        ("v=spf1 mx", "likely", "SPF neutral: the record of shop.test takes no side about 198.51.100.9"),
        ("nothing of the kind", "likely", "SPF: shop.test publishes no record"),
    ],
)
def test_an_spf_refusal_is_proved_by_evaluating_the_record(record: str, verdict: str, said: str) -> None:
    diagnosis = refused_for_spf(with_shop(f'@ TXT "{record}"\n@ MX 10 mail\nmail A 203.0.113.7'))
    assert (diagnosis.cause, diagnosis.verdict) == ("spf-fail", verdict)
    assert [line for line in diagnosis.evidence if said in line], diagnosis.evidence


def test_an_spf_pass_refutes_the_reply() -> None:
    diagnosis = refused_for_spf(client_ip="203.0.113.7")
    assert diagnosis.verdict == "refuted"
    assert "SPF pass: ip4:203.0.113.0/24 in the record of shop.test allows 203.0.113.7" in diagnosis.against
    assert [fix.who for fix in diagnosis.fix] == ["receiver"]
    assert [fix.publish for fix in diagnosis.fix] == [None]


def test_a_fail_of_the_ehlo_name_is_proof_where_mail_from_gives_none() -> None:
    zone = '@ TXT "v=spf1 ip4:203.0.113.0/24 -all"\nmail TXT "v=spf1 ip4:192.0.2.1 -all"'
    diagnosis = refused_for_spf(with_shop(zone), client_ip="203.0.113.7")
    assert diagnosis.verdict == "confirmed"
    assert "SPF fail: -all in the record of mail.shop.test rejects 203.0.113.7" in diagnosis.evidence
    assert diagnosis.fix[0].publish == 'mail.shop.test. TXT "v=spf1 ip4:192.0.2.1 ip4:203.0.113.7 -all"'
    silent = refused_for_spf(
        with_shop('@ TXT "v=spf1 ip4:203.0.113.0/24 -all"\nmail A 203.0.113.7'), client_ip="203.0.113.7"
    )
    assert silent.verdict == "refuted"


@pytest.mark.parametrize("fault", ["servfail", "timeout", "refused", "lame"])
def test_spf_that_could_not_be_asked_proves_nothing(fault: Fault) -> None:
    diagnosis = refused_for_spf(faults={"shop.test": fault})
    assert diagnosis.verdict == "likely"
    assert any("SPF of shop.test: could not ask" in line for line in diagnosis.not_asked)
    assert not any(fix.publish for fix in diagnosis.fix)


@pytest.mark.parametrize(
    ("record", "publish", "words"),
    [
        (
            "v=spf1 ip4:203.0.113.0/24 a -all",
            'shop.test. TXT "v=spf1 ip4:203.0.113.0/24 a ip4:198.51.100.9 -all"',
            "1 of 10 look-ups",
        ),
        (
            "v=spf1 ipv4:203.0.113.7 -all",
            'shop.test. TXT "v=spf1 ip4:203.0.113.7 ip4:198.51.100.9 -all"',
            "0 of 10 look-ups",
        ),
        ("nothing of the kind", 'shop.test. TXT "v=spf1 ip4:198.51.100.9 ~all"', "the only SPF record of shop.test"),
    ],
)
def test_the_spf_fix_is_the_whole_record(record: str, publish: str, words: str) -> None:
    diagnosis = refused_for_spf(with_shop(f'@ TXT "{record}"\n@ A 203.0.113.7'))
    first = diagnosis.fix[0]
    assert (first.who, first.publish) == ("DNS owner", publish)
    assert words in first.do
    assert not any("in front of its all" in fix.do for fix in diagnosis.fix)


def test_what_the_domain_says_to_whom_it_rejects_is_evidence() -> None:
    zone = '@ TXT "v=spf1 exp=why.shop.test -all"\nwhy TXT "%{i} is none of ours"'
    diagnosis = refused_for_spf(with_shop(zone))
    assert "shop.test itself says why: 198.51.100.9 is none of ours" in diagnosis.evidence


def refused_for_dmarc(zones: Mapping[str, str] = ZONES, **given: str) -> Report:
    """A message from orders@shop.test, sent from an address that its SPF record does not name."""
    plan = Plan(
        ("postmaster@[127.0.0.1]",),
        mail_from=given.get("mail_from", "orders@shop.test"),
        ehlo="relay.shop.test",
        send=True,
        message=b"From: orders@shop.test\r\nSubject: test\r\n\r\ntext\r\n",
    )
    seen = Options(lists="named", client_ip=given.get("client_ip", "198.51.100.9") or None)
    behaviour = Behaviour(replies={"dot": given["reply"]}) if "reply" in given else SCENES[2].behaviour
    return probe(behaviour, zones, plan=plan, options=seen)


def with_shop(zone: str) -> dict[str, str]:
    return {**ZONES, "test": "", "shop.test": zone}


def test_a_dmarc_failure_is_confirmed_by_spf_and_the_missing_signature() -> None:
    report = refused_for_dmarc()
    diagnosis = only(report)
    assert (diagnosis.cause, diagnosis.verdict) == ("dmarc-fail", "confirmed")
    said = "DMARC: the message fails for shop.test, p=reject: neither SPF nor DKIM passed; spf=fail (shop.test)"
    assert said in diagnosis.evidence
    assert "dmarc-fail" in ids(report)


def test_a_pass_for_another_domain_does_not_align() -> None:
    zones = {**ZONES, "test": "", "post.test": '@ TXT "v=spf1 ip4:198.51.100.9 -all"'}
    diagnosis = only(refused_for_dmarc(zones, mail_from="bounce@post.test"))
    assert diagnosis.verdict == "confirmed"
    assert any("does not align" in line and "spf=pass (post.test)" in line for line in diagnosis.evidence)


def test_a_message_that_passes_dmarc_refutes_the_reply() -> None:
    diagnosis = only(refused_for_dmarc(client_ip="203.0.113.7"))
    assert (diagnosis.cause, diagnosis.verdict) == ("dmarc-fail", "refuted")
    assert any("DMARC: the message passes for shop.test" in line for line in diagnosis.against)


def test_spf_that_could_not_be_asked_leaves_dmarc_open() -> None:
    zones = with_shop('@ TXT "v=spf1 include:spf.dead.invalid -all"\n_dmarc TXT "v=DMARC1; p=reject"')
    diagnosis = only(refused_for_dmarc(zones))
    assert diagnosis.verdict == "likely"
    assert any("DMARC of shop.test: could not ask" in line for line in diagnosis.not_asked)


def test_a_missing_dmarc_record_comes_with_the_one_to_publish() -> None:
    diagnosis = only(refused_for_dmarc(with_shop('@ TXT "v=spf1 -all"')))
    assert diagnosis.fix[0].who == "DNS owner"
    expected = '_dmarc.shop.test. TXT "v=DMARC1; p=none; rua=mailto:dmarc-reports@shop.test"'
    assert diagnosis.fix[0].publish == expected


def test_a_sender_that_proves_nothing_gets_every_record_that_is_missing() -> None:
    text = "550 5.7.515 Access denied, sending domain shop.test does not meet the required authentication level"
    report = refused_for_dmarc(with_shop("@ MX 10 mail"), reply=text)
    diagnosis = only(report)
    assert (diagnosis.cause, diagnosis.verdict) == ("sender-unauthenticated", "likely")
    assert any("DMARC: shop.test publishes no record" in line for line in diagnosis.evidence)
    published = [fix.publish for fix in diagnosis.fix if fix.publish]
    assert any(text.startswith('_dmarc.shop.test. TXT "v=DMARC1; p=none; rua=') for text in published)


def test_an_address_that_is_only_our_socket_s_refutes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """SPF may pass for our own address while the server sees another one, behind a NAT."""
    monkeypatch.setattr("probe.diagnosis.proof.is_private", lambda address: False)
    zones = with_shop('@ TXT "v=spf1 ip4:127.0.0.1 -all"\n_dmarc TXT "v=DMARC1; p=reject"')
    diagnosis = only(refused_for_dmarc(zones, client_ip=""))
    assert diagnosis.verdict == "likely"
    assert any("DMARC: the message passes for shop.test" in line for line in diagnosis.against)


def test_a_guessed_selector_is_said_to_be_a_guess() -> None:
    report = probe()
    assert any("guessed selectors, which proves nothing" in line for line in only(report).ruled_out)
    named = probe(options=Options(lists="named", selectors=("s1",)))
    assert any("under the given selectors" in line for line in only(named).ruled_out)


def test_every_554_asks_for_everything_and_a_550_for_what_its_cause_needs() -> None:
    unknown = {"RCPT": "550 5.1.1 User unknown"}
    assert [] == [one.check for one in probe(Behaviour(replies=unknown)).checks]
    seen = Options(lists="named", client_ip="203.0.113.7")
    relay = probe(Behaviour(replies={"RCPT": "554 5.7.1 Relay access denied"}), options=seen)
    assert only(relay).cause == "relay-denied"
    assert {"ptr", "spf", "dkim", "dmarc"} <= {one.check for one in relay.checks}


def test_the_address_comes_from_the_reply_the_ehlo_the_option_or_the_socket() -> None:
    plain = {"RCPT": "554 5.7.1 Rejected"}
    seen = probe(Behaviour(replies=plain, greet_address=True)).client
    assert (seen.address, seen.learned_from) == ("127.0.0.1", "ehlo")
    given = probe(Behaviour(replies=plain), options=Options(client_ip="203.0.113.7", lists="named")).client
    assert (given.address, given.learned_from) == ("203.0.113.7", "option")
    own = probe(Behaviour(replies=plain)).client
    assert (own.address, own.learned_from) == ("127.0.0.1", "socket")


def test_public_lists_are_not_asked_about_private_addresses() -> None:
    report = probe(Behaviour(replies={"RCPT": "554 5.7.1 Rejected"}), options=Options(lists="all"))
    assert [] == [one.subject for one in report.checks if one.check == "dnsbl"]


def test_all_lists_are_asked_about_a_public_one_and_the_mute_ones_counted() -> None:
    options = Options(lists="all", client_ip="203.0.113.7")
    report = probe(Behaviour(replies={"RCPT": "554 5.7.1 Rejected by policy"}), options=options)
    asked = [one for one in report.checks if one.check == "dnsbl"]
    assert len(asked) > 25
    assert {one.result for one in asked} == {"temperror"}
    assert any("lists could not be asked, or not be believed" in line for line in only(report).not_asked)


def test_a_mechanism_that_is_not_offered_is_proved_by_the_offer() -> None:
    scene = SCENES[3]
    plan = Plan(("postmaster@[127.0.0.1]",), ehlo="probe.test", auth_mechanism="NTLM", mail_parameters=("REQUIRETLS",))
    auth, mail = probe(scene.behaviour, plan=plan).diagnoses
    assert (auth.cause, auth.verdict, auth.stage) == ("unsupported-parameter", "confirmed", "auth")
    assert "PLAIN LOGIN" in auth.fix[0].do
    assert (mail.cause, mail.verdict, mail.stage) == ("unsupported-parameter", "confirmed", "mail")
    assert "REQUIRETLS" in mail.fix[0].do
    assert "NTLM" not in " ".join(fix.do for fix in mail.fix)


def test_an_offered_parameter_that_is_refused_is_the_servers_own_contradiction() -> None:
    behaviour = Behaviour(extensions=("SIZE 1000000",), refused_parameters=("SIZE",))
    plan = Plan(("postmaster@[127.0.0.1]",), ehlo="probe.test", mail_parameters=("SIZE=10",))
    diagnosis = only(probe(behaviour, plan=plan))
    assert diagnosis.verdict == "likely"
    assert any("own EHLO offer" in line for line in diagnosis.against)


def test_a_refusal_that_says_nothing_is_unknown_and_said_so() -> None:
    diagnosis = only(probe(Behaviour(replies={"RCPT": "550 No"})))
    assert diagnosis.cause in ("unknown", "policy", "user-unknown")
    assert diagnosis.verdict in ("unknown", "possible")


def test_a_private_address_confirms_nothing_and_gets_no_record_to_publish() -> None:
    refusal = Behaviour(replies={"MAIL": "450 4.7.25 Client host rejected: cannot find your hostname"})
    report = probe(refusal)
    diagnosis = only(report)
    assert (diagnosis.cause, diagnosis.verdict) == ("no-ptr", "likely")
    assert [one for one in report.checks if one.check == "ptr"] == []
    assert any("--client-ip" in line for line in diagnosis.not_asked)
    assert not any("127.0.0.1" in (fix.publish or "") + fix.do for fix in diagnosis.fix)


def test_a_domain_list_is_asked_about_the_name_that_the_reply_gives() -> None:
    text = "554 5.7.1 Service unavailable; Helo command [evil.test] blocked using dbl.test"
    zones = {**ZONES, "dbl.test": "evil.test A 127.0.1.2\ntest A 127.0.1.2"}
    plan = Plan(("postmaster@[127.0.0.1]",), mail_from="orders@shop.test", ehlo="evil.test")
    report = probe(Behaviour(replies={"MAIL": text}), zones, plan=plan)
    diagnosis = only(report)
    assert (diagnosis.cause, diagnosis.verdict) == ("domain-blocklisted", "confirmed")
    assert {one.subject for one in report.checks if one.check == "dnsbl"} == {"evil.test @ dbl.test"}


def test_the_spf_fix_names_no_private_address() -> None:
    diagnosis = only(probe(Behaviour(replies={"MAIL": "550 5.7.23 SPF validation failed"})))
    assert diagnosis.cause == "spf-fail"
    assert not any("127.0.0.1" in fix.do for fix in diagnosis.fix)


def test_an_unsigned_message_of_ours_is_said_to_be_unsigned() -> None:
    plan = Plan(
        ("postmaster@[127.0.0.1]",),
        mail_from="orders@shop.test",
        ehlo="mail.shop.test",
        send=True,
        message=b"From: a@shop.test\r\n\r\nhi",
    )
    refusal = Behaviour(replies={"dot": "550 5.7.26 Rejected by the DMARC policy of shop.test"})
    assert any("no DKIM signature" in line for line in only(probe(refusal, plan=plan)).evidence)


def test_a_size_above_the_offer_is_proved_and_the_limit_named() -> None:
    behaviour = Behaviour(extensions=("SIZE 1000",), replies={"MAIL": "552 5.3.4 Message size exceeds fixed limit"})
    plan = Plan(("postmaster@[127.0.0.1]",), ehlo="probe.test", mail_parameters=("SIZE=99999",))
    diagnosis = only(probe(behaviour, plan=plan))
    assert (diagnosis.cause, diagnosis.verdict) == ("message-too-large", "confirmed")
    assert "SIZE=1000" in diagnosis.fix[0].do


def test_a_size_that_is_not_offered_at_all_is_a_parameter_like_any_other() -> None:
    behaviour = Behaviour(extensions=("8BITMIME",), replies={"MAIL": "555 5.5.4 Unsupported option: SIZE=10"})
    plan = Plan(("postmaster@[127.0.0.1]",), ehlo="probe.test", mail_parameters=("SIZE=10",))
    diagnosis = only(probe(behaviour, plan=plan))
    assert (diagnosis.cause, diagnosis.verdict) == ("unsupported-parameter", "confirmed")
    assert "leave out SIZE=10" in diagnosis.fix[0].do


def test_what_was_proved_is_the_cause_whatever_the_code_says() -> None:
    behaviour = Behaviour(extensions=("SIZE 1000",), replies={"MAIL": "501 5.5.4 Syntax error in parameters"})
    plan = Plan(("postmaster@[127.0.0.1]",), ehlo="probe.test", mail_parameters=("BODY=8BITMIME",))
    diagnosis = only(probe(behaviour, plan=plan))
    assert (diagnosis.cause, diagnosis.verdict) == ("unsupported-parameter", "confirmed")


def test_a_private_address_of_ours_is_asked_of_no_list() -> None:
    text = "554 5.7.1 Service unavailable; Client host blocked using dnsbl.test"
    report = probe(Behaviour(greeting=text))
    diagnosis = only(report)
    assert diagnosis.verdict == "likely"
    assert [] == [one.subject for one in report.checks if one.check == "dnsbl"]
    assert any("--client-ip" in line for line in diagnosis.not_asked)


def test_what_the_reply_names_is_asked_even_on_a_loopback_laboratory() -> None:
    text = "554 5.7.1 Service unavailable; Client host [127.0.0.1] blocked using dnsbl.test"
    zones = {**ZONES, "dnsbl.test": "1.0.0.127 A 127.0.0.2\n2.0.0.127 A 127.0.0.2"}
    assert only(probe(Behaviour(greeting=text), zones)).verdict == "confirmed"
    assert (
        only(probe(Behaviour(greeting=text), {**ZONES, "dnsbl.test": "1.0.0.127 A 127.0.0.2"})).verdict == "confirmed"
    )


def test_the_given_address_comes_before_a_private_one() -> None:
    text = "554 5.7.1 Service unavailable; Client host [10.0.0.5] blocked using dnsbl.test"
    report = probe(Behaviour(greeting=text), options=Options(lists="named", client_ip="203.0.113.7"))
    assert (report.client.address, report.client.learned_from) == ("203.0.113.7", "option")
    assert only(report).verdict == "confirmed"


@pytest.mark.parametrize("named", ["zen.spamhaus.org", "theirs77keyofthem.zen.dq.spamhaus.net"])
def test_a_key_of_ones_own_proves_and_is_never_shown(named: str, monkeypatch: pytest.MonkeyPatch) -> None:
    key = "x7kq2mzp4wab6rt9cd5ehn3uvy"
    monkeypatch.setenv("SMTP_PROBE_DQS_KEY", key)
    zone = f"{key}.zen.dq.spamhaus.net"
    zones = {zone: f'7.113.0.203 A 127.0.0.4\n7.113.0.203 TXT "keyed by {key}"\n2.0.0.127 A 127.0.0.2'}
    report = probe(Behaviour(greeting=f"554 5.7.1 Client host [203.0.113.7] blocked using {named}"), zones)
    assert only(report).verdict == "confirmed"
    assert any("7.113.0.203.<key>.zen.dq.spamhaus.net A 127.0.0.4" in line for line in only(report).evidence)
    out = io.StringIO()
    render(report, out, catalog(), color=False, verbose=True)
    assert key not in dumps(report) + out.getvalue() + repr(report)


def test_a_refused_ehlo_name_is_proved_by_where_it_leads() -> None:
    text = "504 5.5.2 <mail.shop.test>: Helo command rejected: Host not found"
    refused = Behaviour(replies={"RCPT": text})
    options = Options(lists="named", client_ip="203.0.113.7")
    nowhere = only(probe(refused, {"shop.test": "@ TXT x"}, options=options))
    assert (nowhere.cause, nowhere.verdict) == ("helo-rejected", "confirmed")
    assert any("EHLO mail.shop.test: the name has no address" in line for line in nowhere.evidence)
    here = only(probe(refused, {"shop.test": "mail A 203.0.113.7"}, options=options))
    assert (here.cause, here.verdict) == ("helo-rejected", "likely")
    mute = only(probe(refused, {}, options=options))
    assert mute.verdict == "likely"
    assert any("could not be asked for" in line for line in mute.not_asked)
