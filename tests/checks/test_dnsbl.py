"""Reading a blocklist: what is a listing, what is none, and what says nothing at all."""

from __future__ import annotations

import asyncio

import pytest

from probe.catalog import catalog
from probe.checks import dnsbl
from probe.checks.dnsbl import Listing, owner_name, unlisted_zone
from probe.checks.dnsbl.reading import Reading, read
from probe.model import Answer, CheckResult
from probe.rows import BlockList
from tests.checks.fake import FakeAsker, Said, absent, check, failed, refused, run

SCENES = {
    "client-listed": CheckResult("dnsbl", "203.0.113.7 @ dnsbl.test", "fail", {"zone": "dnsbl.test"}),
    "domain-listed": CheckResult("dnsbl", "shop.test @ dbl.test", "fail", {"zone": "dbl.test"}),
    "listed-lightly": CheckResult("dnsbl", "192.0.2.1 @ a.test", "fail", {"zone": "a.test", "weight": "light"}),
    "list-empty": CheckResult(
        "dnsbl",
        "192.0.2.1 @ a.test",
        "pass",
        {"zone": "a.test", "healthy": False, "sick": "test-point-missing", "reason": "not-listed"},
    ),
    "list-not-believed": CheckResult("dnsbl", "192.0.2.1 @ a.test", "permerror", {"zone": "a.test"}),
    "list-not-asked": CheckResult("dnsbl", "192.0.2.1 @ a.test", "temperror", {"zone": "a.test"}),
}
"""For each finding of this check a result that is worth it."""


ASKED = "A 7.113.0.203.dnsbl.test"
HEALTHY: dict[str, Said] = {"A 2.0.0.127.dnsbl.test": "127.0.0.2"}
POINTS = ("A 2.0.0.127.dnsbl.test", "A 1.0.0.127.dnsbl.test")


def a_list(**changes: object) -> BlockList:
    row = BlockList(
        zone="dnsbl.test",
        operator="Nobody",
        kind="ip4+ip6",
        role="block",
        state="active",
        meaning="A list for tests.",
        source="RFC 5782",
        codes={"127.0.0.2": "a source of spam", "127.0.0.4": "an infected host"},
        errors={"127.0.0.1": "resolver-refused"},
        listed=("127.0.0.2", "::FFFF:7F00:2"),
        clean=("127.0.0.1", "::FFFF:7F00:1"),
        delist="https://dnsbl.test/q?ip={ip}",
    )
    return BlockList(**{**vars(row), **changes})


def ask(zone: dict[str, Said], row: BlockList | None = None, subject: str = "203.0.113.7") -> CheckResult:
    return check(dnsbl, Listing(subject, row or a_list()), zone)


def told(result: CheckResult) -> list[str]:
    return [finding.id for finding in dnsbl.findings(result, catalog())]


def asked_of(zone: str, said: dict[str, Said], subject: str = "203.0.113.7") -> CheckResult:
    """A list as it is shipped."""
    return check(dnsbl, Listing(subject, catalog().blocklists[zone]), said)


def test_a_hit_on_a_healthy_list_fails_with_its_proof_and_the_way_out() -> None:
    result = ask({**HEALTHY, ASKED: "127.0.0.2", "TXT 7.113.0.203.dnsbl.test": "Listed, see our page"})
    assert result.result == "fail"
    assert result.subject == "203.0.113.7 @ dnsbl.test"
    assert dict(result.facts) == {
        "zone": "dnsbl.test",
        "role": "block",
        "main": False,
        "weight": "",
        "listed": True,
        "reason": "listed",
        "answer": "127.0.0.2",
        "meaning": "a source of spam",
        "text": "Listed, see our page",
        "healthy": True,
        "delist": "https://dnsbl.test/q?ip=203.0.113.7",
    }
    assert result.trace == (
        "A of 7.113.0.203.dnsbl.test: 127.0.0.2",
        "A of 2.0.0.127.dnsbl.test: 127.0.0.2",
        "A of 1.0.0.127.dnsbl.test: there is none (nxdomain).",
        'TXT of 7.113.0.203.dnsbl.test: "Listed, see our page"',
        "203.0.113.7 is listed: a source of spam.",
    )


@pytest.mark.parametrize("reason", ["nxdomain", "nodata"])
def test_only_absence_is_not_listed_and_costs_no_words(reason: str) -> None:
    asker = FakeAsker({**HEALTHY, ASKED: absent(reason)})
    result = run(dnsbl, Listing("203.0.113.7", a_list()), asker)
    assert (result.result, result.facts["listed"], result.facts["reason"]) == ("pass", False, "not-listed")
    assert asker.asked == [ASKED, "A 2.0.0.127.dnsbl.test", "A 1.0.0.127.dnsbl.test"]


@pytest.mark.parametrize("said", [failed("servfail"), failed("timeout"), refused()], ids=lambda a: a.reason)
def test_no_answer_is_not_a_clean_bill(said: Said) -> None:
    result = ask({ASKED: said})
    assert (result.result, result.facts["listed"]) == ("temperror", None)
    assert result.facts["reason"] in ("servfail", "timeout", "refused")


@pytest.mark.parametrize("value", ["146.112.61.108", "10.0.0.2", "192.0.2.1", "not-an-address"])
def test_an_answer_outside_127_is_a_parked_zone(value: str) -> None:
    result = ask({**HEALTHY, ASKED: ["127.0.0.2", value]})
    assert (result.result, result.facts["reason"], result.facts["listed"]) == ("permerror", "outside-127", None)


@pytest.mark.parametrize(
    "value", ["127.255.255.250", "127.255.255.252", "127.255.255.254", "127.255.255.255", "127.255.255.7"]
)
@pytest.mark.parametrize("zone", ["zen.spamhaus.org", "psbl.surriel.com", "fresh.fmb.la"])
def test_an_error_of_the_list_is_never_a_listing(zone: str, value: str) -> None:
    subject = "shop.example" if zone == "fresh.fmb.la" else "203.0.113.7"
    name = owner_name(subject, zone)
    result = asked_of(zone, {f"A {name}": value}, subject)
    assert (result.result, result.facts["reason"], result.facts["listed"]) == ("temperror", "list-error", None)
    assert result.facts["error"]


def test_a_public_resolver_is_told_the_way_out() -> None:
    result = asked_of("zen.spamhaus.org", {"A 7.113.0.203.zen.spamhaus.org": "127.255.255.254"})
    assert result.facts["error"] == "public-resolver-dqs"
    told = catalog().reason(result.facts)
    assert "resolver of your own" in told and "SMTP_PROBE_DQS_KEY" in told


@pytest.mark.parametrize(
    ("zone", "subject", "value", "result"),
    [
        ("multi.uribl.com", "shop.example", "127.0.0.1", "temperror"),
        ("multi.surbl.org", "shop.example", "127.0.0.1", "temperror"),
        ("dbl.spamhaus.org", "shop.example", "127.0.1.255", "temperror"),
        ("list.dnswl.org", "203.0.113.7", "127.0.0.255", "temperror"),
        ("list.dnswl.org", "203.0.113.7", "127.0.10.3", "temperror"),
        ("hostkarma.junkemailfilter.com", "203.0.113.7", "127.0.0.1", "neutral"),
        ("hostkarma.junkemailfilter.com", "203.0.113.7", "127.0.0.3", "neutral"),
        ("list.dnswl.org", "203.0.113.7", "127.0.5.3", "neutral"),
        ("score.senderscore.com", "203.0.113.7", "127.0.4.0", "neutral"),
        ("rep.mailspike.net", "203.0.113.7", "127.0.0.10", "neutral"),
        ("fresh.spameatingmonkey.net", "shop.example", "127.0.0.2", "neutral"),
    ],
)
def test_what_is_special_about_a_list(zone: str, subject: str, value: str, result: str) -> None:
    assert result == asked_of(zone, {f"A {owner_name(subject, zone)}": value}, subject).result


def test_the_same_answer_is_a_listing_elsewhere() -> None:
    zone = "hostkarma.junkemailfilter.com"
    result = asked_of(zone, {f"A 7.113.0.203.{zone}": "127.0.0.2", f"A 2.0.0.127.{zone}": "127.0.0.2"})
    assert (result.result, result.facts["meaning"]) == ("fail", "black: sends nothing but spam")


@pytest.mark.parametrize("role", ["allow", "info"])
def test_lists_that_do_not_block_never_fail(role: str) -> None:
    asker = FakeAsker({ASKED: "127.0.0.2"})
    hit = run(dnsbl, Listing("203.0.113.7", a_list(role=role, listed=(), clean=())), asker)
    assert (hit.result, hit.facts["listed"], asker.asked) == ("neutral", True, [ASKED])
    clean = ask({}, a_list(role=role))
    assert (clean.result, clean.facts["listed"]) == ("neutral", False)


def test_a_list_that_lists_the_world_is_not_believed() -> None:
    result = ask({**HEALTHY, ASKED: "127.0.0.2", "A 1.0.0.127.dnsbl.test": "127.0.0.2"})
    assert (result.result, result.facts["sick"], result.facts["healthy"]) == ("permerror", "lists-clean-point", False)
    assert (result.facts["answer"], result.facts["listed"]) == ("127.0.0.2", None)


def test_a_list_without_its_test_point_is_not_believed() -> None:
    result = ask({ASKED: "127.0.0.2"})
    assert (result.result, result.facts["sick"], result.facts["delist"]) == ("permerror", "test-point-missing", None)


def test_a_private_list_needs_no_test_point_to_be_believed() -> None:
    result = ask({ASKED: "127.0.0.9"}, unlisted_zone("dnsbl.test"))
    assert (result.result, result.facts["healthy"]) == ("fail", None)


def test_an_emptied_list_is_told_from_one_that_does_not_list_us() -> None:
    clean, emptied = ask(HEALTHY), ask({})
    assert (clean.result, clean.facts["healthy"]) == ("pass", True)
    assert (emptied.result, emptied.facts["healthy"], emptied.facts["sick"]) == ("pass", False, "test-point-missing")
    assert ([], ["list-empty"]) == (told(clean), told(emptied))


def test_a_list_that_refuses_us_at_its_test_points_says_nothing_about_us() -> None:
    result = ask({"A 2.0.0.127.dnsbl.test": "127.255.255.254"})
    assert (result.result, result.facts["reason"], result.facts["listed"]) == ("temperror", "list-error", None)
    parked = ask({"A 1.0.0.127.dnsbl.test": "198.51.100.1"})
    assert (parked.result, parked.facts["reason"]) == ("permerror", "outside-127")


def test_a_failure_is_told_by_its_own_name_and_not_by_that_of_the_test_points() -> None:
    result = ask({ASKED: failed("servfail"), **dict.fromkeys(POINTS, failed("timeout"))})
    assert (result.result, catalog().reason(result.facts)) == ("temperror", "the name server reports a failure")


def test_a_list_whose_test_points_do_not_answer_is_neither_believed_nor_blamed() -> None:
    said: dict[str, Said] = {ASKED: "127.0.0.2", "A 2.0.0.127.dnsbl.test": failed(), "A 1.0.0.127.dnsbl.test": failed()}
    result = ask(said)
    assert (result.result, result.facts["reason"], result.facts["healthy"]) == ("temperror", "health-unknown", None)
    half = ask({**said, "A 2.0.0.127.dnsbl.test": "127.0.0.2"})
    assert half.facts["reason"] == "health-unknown"


@pytest.mark.parametrize(
    ("value", "result", "sick"),
    [("127.255.255.255", "temperror", "list-error"), ("192.0.2.1", "permerror", "outside-127")],
)
def test_a_test_point_may_tell_that_the_hit_was_an_accident(value: str, result: str, sick: str) -> None:
    hit = ask({ASKED: "127.0.0.2", "A 2.0.0.127.dnsbl.test": value})
    assert (hit.result, hit.facts["sick"]) == (result, sick)


def test_without_any_test_point_the_hit_counts_and_health_is_unknown() -> None:
    result = ask({ASKED: "127.0.0.2"}, a_list(listed=(), clean=()))
    assert (result.result, result.facts["healthy"]) == ("fail", None)


def test_a_list_that_refuses_us_can_be_asked_on_its_page() -> None:
    result = asked_of("zen.spamhaus.org", {"A 7.113.0.203.zen.spamhaus.org": "127.255.255.254"})
    (finding,) = dnsbl.findings(result, catalog())
    assert finding.id == "list-not-asked"
    assert finding.details["delist"] == "https://check.spamhaus.org/results/?query=203.0.113.7"
    (unknown,) = dnsbl.findings(ask({ASKED: failed()}, unlisted_zone("dnsbl.test")), catalog())
    assert unknown.details["delist"] == "dnsbl.test"


def test_a_closed_list_is_not_asked() -> None:
    asker = FakeAsker({})
    result = run(dnsbl, Listing("203.0.113.7", catalog().blocklists["dnsbl.sorbs.net"]), asker)
    assert (result.result, result.facts["closed"], asker.asked) == ("permerror", "2024", [])
    (finding,) = dnsbl.findings(result, catalog())
    assert (finding.id, finding.details["reason"]) == ("list-not-believed", "the list has closed: 2024")
    assert result.trace == ("dnsbl.sorbs.net has closed; it was not asked.",)


def test_a_zone_that_needs_a_key_is_not_asked() -> None:
    asker = FakeAsker({})
    result = run(dnsbl, Listing("203.0.113.7", catalog().blocklists["<key>.combined.mail.abusix.zone"]), asker)
    assert (result.result, result.facts["reason"], asker.asked) == ("temperror", "needs-key", [])


@pytest.mark.parametrize(
    ("subject", "kind", "reason"),
    [
        ("shop.example", "ip4+ip6", "wrong-kind"),
        ("203.0.113.7", "domain", "wrong-kind"),
        ("2001:db8::1", "ip4", "wrong-kind"),
        ("a..b", "domain", "bad-domain"),
        ("shop.example\x1b[31m", "domain", "bad-domain"),
    ],
)
def test_a_list_is_asked_only_about_what_it_lists(subject: str, kind: str, reason: str) -> None:
    asker = FakeAsker({})
    result = run(dnsbl, Listing(subject, a_list(kind=kind)), asker)
    assert (result.result, result.facts["reason"], asker.asked) == (None, reason, [])
    assert "\x1b" not in result.subject


def test_ipv6_is_asked_nibble_by_nibble_and_tested_with_ipv6() -> None:
    asker = FakeAsker({})
    subject = "2001:db8::7"
    name = "7" + ".0" * 23 + ".8.b.d.0.1.0.0.2.dnsbl.test"
    asker.zone[f"a {name}"] = "127.0.0.4"
    asker.zone[f"a {owner_name('::FFFF:7F00:2', 'dnsbl.test')}"] = "127.0.0.2"
    result = run(dnsbl, Listing(subject, a_list()), asker)
    assert (result.result, result.facts["meaning"]) == ("fail", "an infected host")
    assert asker.asked[:2] == [f"A {name}", f"A {owner_name('2001:db8::', 'dnsbl.test')}"]
    assert asker.asked[4:] == [f"TXT {name}"]
    points = asker.asked[2:4]
    assert all(name.endswith(".f.f.f.f.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.dnsbl.test") for name in points)


@pytest.mark.parametrize("subject", ["2001:db8:1:2::7", "2001:db8:1:2:ffff::", "2001:DB8:1:2:0:0:0:1"])
def test_an_entry_of_the_network_around_an_ipv6_address_counts(subject: str) -> None:
    name = owner_name("2001:db8:1:2::", "dnsbl.test")
    said: dict[str, Said] = {f"A {name}": "127.0.0.4", f"A {owner_name('::FFFF:7F00:2', 'dnsbl.test')}": "127.0.0.2"}
    asker = FakeAsker({**said, f"TXT {name}": "the whole /64"})
    result = run(dnsbl, Listing(subject, a_list()), asker)
    assert (result.result, result.facts["network"]) == ("fail", "2001:db8:1:2::/64")
    assert result.facts["text"] == "the whole /64"
    (finding,) = dnsbl.findings(result, catalog())
    assert finding.details["address"] == "2001:db8:1:2::/64"


def test_an_ipv6_address_of_which_half_is_unknown_is_not_clean() -> None:
    said: dict[str, Said] = {f"A {owner_name('2001:db8:1:2::', 'dnsbl.test')}": failed("timeout")}
    assert ask(said, subject="2001:db8:1:2::7").result == "temperror"


def test_the_first_address_of_a_network_is_asked_once() -> None:
    asker = FakeAsker({})
    run(dnsbl, Listing("2001:db8:1:2::", a_list(listed=(), clean=())), asker)
    assert len(asker.asked) == 1


def test_a_list_of_both_kinds_is_asked_about_both() -> None:
    row = a_list(kind="ip4+ip6+domain")
    assert [ask({}, row, subject).result for subject in ("203.0.113.7", "2001:db8::1", "shop.example")] == ["pass"] * 3


def test_a_list_that_only_informs_is_a_notice() -> None:
    assert ["listed-lightly"] == told(ask({**HEALTHY, ASKED: "127.0.0.2"}, a_list(weight="light")))
    assert ["client-listed"] == told(ask({**HEALTHY, ASKED: "127.0.0.2"}, a_list(weight="heavy")))
    assert catalog().findings["listed-lightly"].severity == "notice"


def test_all_questions_but_the_words_are_asked_at_once() -> None:
    class Slow(FakeAsker):
        async def ask(self, name: str, rdtype: str) -> Answer:
            self.asked.append(f"{rdtype} {name}")
            waiting.append(name)
            if len(waiting) == 3:
                together.set()
            if rdtype == "A":
                await asyncio.wait_for(together.wait(), 5.0)
            self.asked.pop()
            return await super().ask(name, rdtype)

    waiting: list[str] = []
    together, asker = asyncio.Event(), Slow({**HEALTHY, ASKED: "127.0.0.2"})
    assert run(dnsbl, Listing("203.0.113.7", a_list()), asker).result == "fail"
    assert waiting[3:] == ["7.113.0.203.dnsbl.test"]


def test_a_domain_list_has_the_domain_before_its_zone() -> None:
    said: dict[str, Said] = {
        "A shop.example.dbl.spamhaus.org": "127.0.1.4",
        "A dbltest.com.dbl.spamhaus.org": "127.0.1.2",
        "A test.dbl.spamhaus.org": "127.0.1.2",
    }
    result = asked_of("dbl.spamhaus.org", said, "Shop.Example.")
    assert (result.result, result.facts["meaning"]) == ("fail", "a domain of phishing")
    assert result.facts["delist"] == "https://check.spamhaus.org/results/?query=shop.example"


def test_several_codes_are_several_meanings() -> None:
    result = ask({**HEALTHY, ASKED: ["127.0.0.2", "127.0.0.4"]})
    assert result.facts["answer"] == "127.0.0.2, 127.0.0.4"
    assert result.facts["meaning"] == "a source of spam; an infected host"


@pytest.mark.parametrize(
    ("zone", "value", "reading"),
    [
        ("multi.uribl.com", "127.0.0.6", "black: seen in spam; grey: seen in bulk mail that some did not ask for"),
        ("multi.surbl.org", "127.0.0.72", "PH: phishing; ABUSE: spam and other abuse"),
        ("zen.spamhaus.org", "127.0.0.99", ""),
        ("xbl.spamhaus.org", "127.0.0.7", "XBL: an exploited host"),
    ],
)
def test_bits_prefixes_and_codes_that_nobody_knows(zone: str, value: str, reading: str) -> None:
    assert Reading("block", reading) == read(catalog().blocklists[zone], value)


def test_an_unknown_list_is_read_by_the_rfc_alone() -> None:
    row = unlisted_zone("DNSBL.test.")
    assert (row.zone, row.role, row.state) == ("dnsbl.test", "block", "active")
    assert ask({**HEALTHY, ASKED: "127.0.0.9"}, row).result == "fail"
    assert ask({**HEALTHY, ASKED: "127.0.0.1"}, row).facts["reason"] == "list-error"
    assert ask({**HEALTHY, ASKED: "127.255.255.254"}, row).result == "temperror"


def test_an_unknown_domain_list_has_the_points_test_and_invalid() -> None:
    row = unlisted_zone("rhsbl.test", "domain")
    said: dict[str, Said] = {"A shop.example.rhsbl.test": "127.0.0.2", "A test.rhsbl.test": "127.0.0.2"}
    assert ask(said, row, "shop.example").result == "fail"
    assert ask({**said, "A invalid.rhsbl.test": "127.0.0.2"}, row, "shop.example").result == "permerror"


@pytest.mark.parametrize("zone", ["dnsbl test", "", "x" * 64 + ".test", "127.0.0.1", "a\x00b.test"])
def test_a_zone_that_is_no_name_is_not_asked(zone: str) -> None:
    asker = FakeAsker({})
    result = run(dnsbl, Listing("203.0.113.7", unlisted_zone(zone)), asker)
    assert (result.result, result.facts["reason"], asker.asked) == ("permerror", "bad-zone", [])


def test_what_a_list_says_is_made_printable() -> None:
    said: dict[str, Said] = {**HEALTHY, ASKED: "127.0.0.2", "TXT 7.113.0.203.dnsbl.test": "see \x1b]52;c;aGk=\x07"}
    result = ask(said)
    assert result.facts["text"] == "see \\x1b]52;c;aGk=\\x07"
    assert all(line.isprintable() for line in result.trace)
