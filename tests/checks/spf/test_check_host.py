"""``probe.check_host()`` as other people call it: over UDP and TCP, from the embedded name server."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import probe
from probe.codec import from_json, to_json
from probe.embedded.dns import DnsServer, Fault
from probe.model import CheckResult
from tests.checks.fake import FakeAsker, Said, absent, failed

# As master files write it: one string for each term, and more than a UDP answer holds.
LONG = " ".join(f'"ip4:192.0.2.{host} "' for host in range(180))
ZONES = {
    "shop.test": f"""
        @           TXT "v=spf1 ip4:203.0.113.0/24 a:mail.shop.test include:_spf.mail.test ptr " "-all"
        @           TXT  "some other text"
        mail        A    198.51.100.1
        exp         TXT  "v=spf1 exp=why.shop.test -all"
        why         TXT  "%{{i}} is not " "one of ours: %{{s}}"
        alias       CNAME exp
        two         TXT  "v=spf1 -all"
        two         TXT  "v=spf1 +all"
        utf8        TXT  "v=spf1 a:b\\195\\188cher.test -all"
        raw         TXT  "v=spf1 a:\\128.test -all"
        back        TXT  "v=spf1 exists:a\\\\b.shop.test -all"
        tab         TXT  "v=spf1 mx\\009-all"
        spaces      TXT  "v=spf1   ip4:203.0.113.7    -all   "
        old         TYPE99 \\# 12 0b763d73706631202d616c6c
        big         TXT  "v=spf1 " {LONG} " -all"
        ask         TXT  "v=spf1 include:slow.shop.test -all"
        broken      TXT  "v=spf1 a:servfail.shop.test -all"
    """,
    "mail.test": '_spf TXT "v=spf1 ip6:2001:db8::/32 -all"',
}
FAULTS: dict[str, Fault] = {"slow.shop.test": "timeout", "servfail.shop.test": "servfail"}


def asked(ip: str, sender: str, helo: str = "mail.shop.test") -> CheckResult:
    async def main() -> CheckResult:
        async with DnsServer(ZONES, faults=FAULTS) as dns:
            resolver = probe.Resolver(dns.endpoint, timeout=0.3, tries=1)
            return await probe.check_host(ip, sender, helo, resolver=resolver)

    return asyncio.run(main())


def host(zone: Mapping[str, Said], ip: str = "203.0.113.7", sender: str = "a@shop.test", helo: str = "") -> CheckResult:
    return asyncio.run(probe.check_host(ip, sender, helo, FakeAsker(zone)))


@pytest.mark.parametrize(
    ("ip", "sender", "result", "mechanism"),
    [
        ("203.0.113.7", "orders@shop.test", "pass", "ip4:203.0.113.0/24"),
        ("::ffff:203.0.113.7", "orders@shop.test", "pass", "ip4:203.0.113.0/24"),
        ("198.51.100.1", "orders@shop.test", "pass", "a:mail.shop.test"),
        ("203.0.113.7", "a@exp.shop.test", "fail", "-all"),
        ("203.0.113.7", "a@alias.shop.test", "fail", "-all"),
        ("203.0.113.7", "a@two.shop.test", "permerror", None),
        ("203.0.113.7", "a@utf8.shop.test", "permerror", None),
        ("203.0.113.7", "a@raw.shop.test", "permerror", None),
        ("203.0.113.7", "a@tab.shop.test", "permerror", None),
        ("203.0.113.7", "a@spaces.shop.test", "pass", "ip4:203.0.113.7"),
        ("203.0.113.7", "a@old.shop.test", "none", None),
        ("203.0.113.7", "a@nowhere.test", "temperror", None),
        ("203.0.113.7", "a@none.shop.test", "none", None),
        ("192.0.2.179", "a@big.shop.test", "pass", "ip4:192.0.2.179"),
        ("203.0.113.7", "a@slow.shop.test", "temperror", None),
        ("203.0.113.7", "a@ask.shop.test", "temperror", None),
        ("203.0.113.7", "a@broken.shop.test", "temperror", None),
        ("203.0.113.7", "", "none", None),
    ],
)
def test_what_is_published_decides(ip: str, sender: str, result: str, mechanism: str | None) -> None:
    found = asked(ip, sender)
    assert (result, mechanism) == (found.result, found.facts["mechanism"])


def test_a_backslash_is_a_backslash_in_the_question() -> None:
    found = asked("203.0.113.7", "a@back.shop.test")
    assert found.result == "fail"
    assert [one.name for one in found.queries] == ["back.shop.test", r"a\b.shop.test"]


def test_the_explanation_is_that_of_the_domain() -> None:
    found = asked("203.0.113.7", "orders@exp.shop.test")
    assert found.facts["explanation"] == "203.0.113.7 is not one of ours: orders@exp.shop.test"
    assert found.facts["lookups"] == 0


def test_a_result_goes_through_json_and_back() -> None:
    found = asked("203.0.113.7", "a@utf8.shop.test")
    again = from_json(CheckResult, json.loads(json.dumps(to_json(found))))
    assert to_json(again) == to_json(found)
    assert again.queries[0].strings == ((b"v=spf1 a:b\xc3\xbccher.test -all",),)


def test_the_trace_tells_the_whole_way() -> None:
    zone: dict[str, Said] = {
        "TXT shop.test": "v=spf1 mx exists:%{ir}.list.test include:_spf.%{d2} -all",
        "MX shop.test": "10 mail.shop.test",
        "A mail.shop.test": "198.51.100.1",
        "TXT _spf.shop.test": "v=spf1 ip4:203.0.113.0/24 -all",
    }
    found = host(zone)
    trace = without_times(found.facts["trace"])
    assert (found.result, found.facts["mechanism"]) == ("pass", "include:_spf.%{d2}")
    assert trace == {
        "domain": "shop.test",
        "record": "v=spf1 mx exists:%{ir}.list.test include:_spf.%{d2} -all",
        "result": "pass",
        "terms": [
            {
                "term": "mx",
                "matched": False,
                "lookups": 1,
                "void_lookups": 0,
                "answers": [
                    {"name": "shop.test", "type": "MX", "answer": "found", "values": ("10 mail.shop.test",)},
                    {"name": "mail.shop.test", "type": "A", "answer": "found", "values": ("198.51.100.1",)},
                ],
            },
            {
                "term": "exists:%{ir}.list.test",
                "expanded": "7.113.0.203.list.test",
                "matched": False,
                "lookups": 2,
                "void_lookups": 1,
                "answers": [{"name": "7.113.0.203.list.test", "type": "A", "answer": "absent", "reason": "nxdomain"}],
            },
            {
                "term": "include:_spf.%{d2}",
                "expanded": "_spf.shop.test",
                "matched": True,
                "decided": True,
                "lookups": 3,
                "void_lookups": 1,
                "record": {
                    "domain": "_spf.shop.test",
                    "record": "v=spf1 ip4:203.0.113.0/24 -all",
                    "result": "pass",
                    "terms": [
                        {
                            "term": "ip4:203.0.113.0/24",
                            "matched": True,
                            "decided": True,
                            "lookups": 3,
                            "void_lookups": 1,
                        }
                    ],
                },
            },
        ],
    }
    assert found.facts["expanded"] == {
        "exists:%{ir}.list.test": "7.113.0.203.list.test",
        "include:_spf.%{d2}": "_spf.shop.test",
    }


def without_times(node: Any) -> Any:
    if isinstance(node, dict):
        return {key: without_times(value) for key, value in node.items() if key != "elapsed_ms"}
    return [without_times(item) for item in node] if isinstance(node, list) else node


@pytest.mark.parametrize(
    ("record", "reason", "term", "at"),
    [
        ("v=spf1 a a a a a a a a a a a -all", "too-many-lookups", "a", "shop.test"),
        ("v=spf1 include:self.test -all", "too-many-lookups", "include:self.test", "self.test"),
        ("v=spf1 a:x.test a:y.test a:z.test -all", "too-many-void-lookups", "a:z.test", "shop.test"),
        ("v=spf1 include:none.test -all", "include-without-record", "include:none.test", "shop.test"),
        ("v=spf1 redirect=none.test", "redirect-without-record", "redirect=none.test", "shop.test"),
        ("v=spf1 include:bad.test -all", "unknown-mechanism", "ipv4:203.0.113.7", "bad.test"),
        ("v=spf1 include:twice.test -all", "multiple-records", "include:twice.test", "twice.test"),
        ("v=spf1 mx:many.test -all", "too-many-mx-hosts", "mx:many.test", "shop.test"),
    ],
)
def test_a_permerror_names_the_term_and_whose_it_is(record: str, reason: str, term: str, at: str) -> None:
    zone: dict[str, Said] = {
        "TXT shop.test": record,
        "A shop.test": "192.0.2.1",
        "TXT self.test": "v=spf1 include:self.test",
        "TXT bad.test": "v=spf1 ipv4:203.0.113.7",
        "TXT twice.test": ["v=spf1 -all", "v=spf1 ~all"],
        "MX many.test": [f"10 mx{number}.test" for number in range(11)],
    }
    facts = host(zone).facts
    assert (reason, term, at) == (facts["reason"], facts["term"], facts["at"])
    assert host(zone).result == "permerror"


@pytest.mark.parametrize("said", [failed("timeout"), failed("servfail")])
def test_what_cannot_be_asked_is_a_temperror_and_never_an_absent_record(said: Said) -> None:
    for question in ("TXT shop.test", "A a.test", "MX m.test", "TXT i.test", "A e.test"):
        record = "v=spf1 a:a.test mx:m.test exists:e.test include:i.test -all"
        zone: dict[str, Said] = {"TXT shop.test": record, "TXT i.test": "v=spf1 -all", "A a.test": "192.0.2.1"}
        assert "temperror" == host(zone | {question: said}).result, question


def test_a_ptr_that_cannot_be_asked_does_not_match() -> None:
    zone: dict[str, Said] = {"TXT shop.test": "v=spf1 ptr ~all", "PTR 7.113.0.203.in-addr.arpa": failed()}
    assert host(zone).result == "softfail"
    named: dict[str, Said] = {"PTR 7.113.0.203.in-addr.arpa": ["a.shop.test", "b.shop.test"]}
    zone |= named | {"A a.shop.test": failed(), "A b.shop.test": "203.0.113.7"}
    assert host(zone).result == "pass"


def test_a_spammers_names_cost_the_policy_nothing() -> None:
    zone: dict[str, Said] = {
        "TXT shop.test": "v=spf1 ptr ip4:203.0.113.7 -all",
        "PTR 7.113.0.203.in-addr.arpa": [f"x{number}.test" for number in range(12)],
    }
    assert host(zone).result == "pass"
    assert len(host(zone).queries) == 12


@pytest.mark.parametrize(
    "published",
    [absent(), failed(), ["one", "two"], "caf\u00e9", "%{x}", "100%", "a\tb", "%{l}", "\u202egnp"],
)
def test_an_explanation_that_is_wrong_is_none_and_the_result_stands(published: Said) -> None:
    zone: dict[str, Said] = {"TXT shop.test": "v=spf1 -all exp=why.test", "TXT why.test": published}
    found = host(zone, sender="caf\u00e9@shop.test")
    assert (found.result, found.facts["explanation"]) == ("fail", None)


def test_a_hostile_local_part_stays_harmless_in_the_explanation() -> None:
    zone: dict[str, Said] = {"TXT shop.test": "v=spf1 -all exp=why.test", "TXT why.test": "%{l} %{L}"}
    assert host(zone, sender="\x1b[2J@shop.test").facts["explanation"] == r"\x1b[2J %1B%5B2J"


def test_no_explanation_grows_without_end() -> None:
    zone: dict[str, Said] = {"TXT shop.test": "v=spf1 -all exp=why.test", "TXT why.test": "%{s-r}" * 9000}
    assert host(zone, sender="x-" * 5000 + "@shop.test").facts["explanation"] is None


def test_a_local_part_beyond_ascii_matches_nothing() -> None:
    zone: dict[str, Said] = {
        "TXT shop.test": "v=spf1 -include:%{l}.test -exists:%{s}.test ip4:203.0.113.7 -all",
    }
    found = host(zone, sender="caf\u00e9@shop.test")
    assert (found.result, len(found.queries)) == ("pass", 1)


def test_a_domain_in_its_own_script_is_asked_for_in_ascii() -> None:
    found = host({"TXT xn--bcher-kva.test": "v=spf1 exists:%{o}.ok.test -all"}, sender="a@b\u00fccher.test")
    assert found.subject == "xn--bcher-kva.test"
    assert found.queries[1].name == "xn--bcher-kva.test.ok.test"


@pytest.mark.parametrize(
    ("sender", "helo", "result", "reason"),
    [
        ("", "", "none", "bad-domain"),
        ("", "[203.0.113.7]", "none", "bad-domain"),
        ("", "localhost", "none", "bad-domain"),
        ("a@[203.0.113.7]", "shop.test", "none", "bad-domain"),
        ("a@[IPv6:2001:db8::1]", "shop.test", "none", "bad-domain"),
        ("a@203.0.113.7", "shop.test", "none", "bad-domain"),
        ("a@", "shop.test", "none", "bad-domain"),
        ("a@shop..test", "shop.test", "none", "bad-domain"),
        ("a@" + "x" * 64 + ".test", "shop.test", "none", "bad-domain"),
        ("a" * 10_000, "shop.test", "none", "bad-domain"),
        ("\u00fc" * 10_000 + ".test", "shop.test", "none", "bad-domain"),
        ("", "shop.test", "pass", None),
        ("<>", "shop.test", "pass", None),
        ("shop.test", "", "pass", None),
        ("@shop.test", "", "pass", None),
        ("a@b@shop.test", "", "pass", None),
        ('"a@b c"@shop.test', "", "pass", None),
        ("<a@SHOP.Test.>", "", "pass", None),
        ("\x00\x1b@shop.test", "\r\n", "pass", None),
        ("a" * 10_000 + "@shop.test", "x" * 10_000, "pass", None),
    ],
)
def test_any_text_is_a_sender_and_a_helo(sender: str, helo: str, result: str, reason: str | None) -> None:
    found = host({"TXT shop.test": "v=spf1 ip4:203.0.113.7 -all"}, sender=sender, helo=helo)
    assert (result, reason) == (found.result, found.facts["reason"])


@pytest.mark.parametrize("ip", ["", "shop.test", "203.0.113", "203.0.113.256", "::g", "1" * 10_000, "\x1b"])
def test_without_an_address_there_is_nothing_to_check(ip: str) -> None:
    found = host({"TXT shop.test": "v=spf1 +all"}, ip=ip)
    assert (found.result, found.facts["reason"], found.queries) == ("none", "bad-address", ())


@settings(max_examples=150)
@given(ip=st.one_of(st.text(), st.ip_addresses().map(str)), sender=st.text(), helo=st.text(), record=st.text())
def test_nothing_raises(ip: str, sender: str, helo: str, record: str) -> None:
    zone: dict[str, Said] = {"TXT shop.test": "v=spf1 " + record, "TXT why.test": record}
    for given_sender in (sender, sender + "@shop.test"):
        written = json.dumps(to_json(host(zone, ip, given_sender, helo)), ensure_ascii=False)
        assert written.isprintable()


@settings(max_examples=150)
@given(sender=st.text(), helo=st.text())
def test_no_macro_raises(sender: str, helo: str) -> None:
    letters = ".".join(f"%{{{letter}}}.%{{{letter.upper()}2r-.+}}" for letter in "slodiphv")
    zone: dict[str, Said] = {
        "TXT shop.test": f"v=spf1 a:{letters} mx:%{{l}} exists:%{{h}} include:%{{s}} exp=why.test -all",
        "TXT why.test": letters + "%{c}%{r}%{t}%%%_%-",
    }
    assert host(zone, sender=sender + "@shop.test", helo=helo).result in ("fail", "permerror")
