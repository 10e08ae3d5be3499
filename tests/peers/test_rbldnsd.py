"""Each rule of reading a list, against rbldnsd, under the names of the lists that the rule was made for.

The lists of the catalogue are served here under their own zones, so that their rows are what is tested; nothing leaves
loopback.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence

import pytest

from probe.catalog import catalog
from probe.checks import dnsbl
from probe.checks.dnsbl import Listing, unlisted_zone
from probe.checks.dnsbl.asking import known_list, listings
from probe.checks.dnsbl.key import VARIABLE
from probe.codec import dumps
from probe.model import CheckResult
from probe.resolver import Resolver
from tests.peers.lists import Lists

pytestmark = pytest.mark.peer

FACTS = catalog()
CLIENT, CLEAN, SIX = "203.0.113.7", "203.0.113.9", "2001:db8:1:2::7"
KEY = "x7kq2mzp4wab6rt9cd5ehn3uvy"
WORLD = "0.0.0.0/1\n128.0.0.0/1"

ZONES = {
    # listed and clean, several codes at once, a test point with three
    "zen.spamhaus.org": {
        "ip4set": f":127.0.0.2:https://check.test/$\n127.0.0.2\n{CLIENT}",
        "ip4set-2": f":127.0.0.10:\n127.0.0.2\n{CLIENT}",
        "ip6trie": "2001:db8:1:2 :127.0.0.3:the whole /64",
    },
    # the same for the holder of a key; the public zone of DBL refuses
    f"{KEY}.zen.dq.spamhaus.net": {"ip4set": f":127.0.0.4:keyed by {KEY}\n127.0.0.2\n{CLIENT}"},
    f"{KEY}.dbl.dq.spamhaus.net": {"dnset": ":127.0.1.4:\n.shop.example\ntest\ndbltest.com"},
    "wrong77key.zen.dq.spamhaus.net": {"ip4set": f":127.255.255.251:\n{WORLD}"},
    # public resolvers, and the wrong kind of question
    "dbl.spamhaus.org": {"dnset": ":127.255.255.254:\n.example\n.com\n.test"},
    "list.dnswl.org": {"ip4set": f":127.0.0.255:\n{CLEAN}\n:127.0.5.3:\n{CLIENT}\n127.0.0.2"},
    "multi.uribl.com": {"dnset": ":127.0.0.1:\n.example\n.test\n.com"},
    "multi.surbl.org": {"dnset": ":127.0.0.72:\n.shop.example\ntest.surbl.org\nsurbl-org-permanent-test-point.com"},
    # one answer allows, one blocks, one informs
    "hostkarma.junkemailfilter.com": {
        "ip4set": f":127.0.0.1:\n{CLEAN}\n:127.0.0.2:black\n{CLIENT}\n127.0.0.2\n:127.0.0.3:\n203.0.113.8"
    },
    # sick lists: of the world, parked, emptied, without a test point
    "psbl.surriel.com": {"ip4set": WORLD},
    "bl.mailspike.net": {"ip4set": f":198.51.100.80:\n{WORLD}"},
    "dnsbl-1.uceprotect.net": {"ip4set": "192.0.2.200"},
    "bl.blocklist.de": {"ip4set": CLIENT},
    "private.test": {"ip4set": f"{CLIENT} :127.0.0.9:ours"},
    # light, and for information
    "dnsbl-2.uceprotect.net": {"ip4set": "127.0.0.2\n203.0.113.0/24"},
    "rep.mailspike.net": {"ip4set": f"{CLIENT} :127.0.0.18:good"},
    # IPv6 by address, by /64, and by the first address of the /64
    "bl.nordspam.com": {"ip6trie": ":127.0.0.2:$\n::ffff:7f00:2/128\n2001:db8:1:2::7/128"},
    "all.s5h.net": {"ip6trie": ":127.0.0.2:$\n::ffff:7f00:2/128\n2001:db8:1:2::/128"},
    "bl.ipv6.spameatingmonkey.net": {"ip6tset": ":127.0.0.2:\n2001:db8:1:2"},
}


@pytest.fixture(scope="module")
def lists() -> Iterator[Lists]:
    with Lists(ZONES) as made:
        yield made


@pytest.fixture(autouse=True)
def no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)


def ask(lists: Lists, asked: Sequence[Listing]) -> list[CheckResult]:
    async def main() -> list[CheckResult]:
        async with Resolver(lists.endpoint, timeout=5.0) as resolver:
            return list(await asyncio.gather(*(dnsbl.run(one, ask=resolver, facts=FACTS) for one in asked)))

    return asyncio.run(main())


def one(lists: Lists, zone: str, subject: str, key: str | None = None) -> CheckResult:
    (result,) = ask(lists, [Listing(subject, known_list(zone, FACTS) or unlisted_zone(zone), key)])
    return result


@pytest.mark.parametrize(
    ("zone", "subject", "result", "listed", "reason"),
    [
        ("zen.spamhaus.org", CLIENT, "fail", True, "listed"),
        ("zen.spamhaus.org", CLEAN, "pass", False, "not-listed"),
        ("list.dnswl.org", CLIENT, "neutral", True, "allow"),
        ("list.dnswl.org", CLEAN, "temperror", None, "list-error"),
        ("dbl.spamhaus.org", "shop.example", "temperror", None, "list-error"),
        ("multi.uribl.com", "shop.example", "temperror", None, "list-error"),
        ("multi.surbl.org", "shop.example", "fail", True, "listed"),
        ("multi.surbl.org", "other.example", "pass", False, "not-listed"),
        ("hostkarma.junkemailfilter.com", CLEAN, "neutral", True, "allow"),
        ("hostkarma.junkemailfilter.com", CLIENT, "fail", True, "listed"),
        ("hostkarma.junkemailfilter.com", "203.0.113.8", "neutral", True, "info"),
        ("rep.mailspike.net", CLIENT, "neutral", True, "info"),
        ("psbl.surriel.com", CLIENT, "permerror", None, "lists-clean-point"),
        ("bl.mailspike.net", CLIENT, "permerror", None, "outside-127"),
        ("dnsbl-1.uceprotect.net", CLIENT, "pass", False, "not-listed"),
        ("bl.blocklist.de", CLIENT, "permerror", None, "test-point-missing"),
        ("private.test", CLIENT, "fail", True, "listed"),
        ("dnsbl-2.uceprotect.net", CLIENT, "fail", True, "listed"),
        ("zen.spamhaus.org", SIX, "fail", True, "listed"),
        ("bl.nordspam.com", SIX, "fail", True, "listed"),
        ("bl.nordspam.com", "2001:db8:1:2::8", "pass", False, "not-listed"),
        ("all.s5h.net", SIX, "fail", True, "listed"),
        ("all.s5h.net", "2001:db8:1:3::7", "pass", False, "not-listed"),
        ("bl.ipv6.spameatingmonkey.net", SIX, "fail", True, "listed"),
        ("b.barracudacentral.org", CLIENT, "temperror", None, "refused"),
        ("dnsbl.sorbs.net", CLIENT, "permerror", None, "closed"),
        ("bl.spamcop.net", SIX, None, None, "wrong-kind"),
    ],
)
def test_what_is_made_of_it(
    lists: Lists, zone: str, subject: str, result: str | None, listed: bool | None, reason: str
) -> None:
    found = one(lists, zone, subject)
    assert (result, listed, reason) == (found.result, found.facts["listed"], found.facts["reason"])


def test_a_hit_brings_all_its_codes_and_the_words_of_the_list(lists: Lists) -> None:
    found = one(lists, "zen.spamhaus.org", CLIENT)
    assert set(found.facts["answer"].split(", ")) == {"127.0.0.2", "127.0.0.10"}
    assert "SBL" in found.facts["meaning"] and "PBL" in found.facts["meaning"]
    assert f"https://check.test/{CLIENT}" in found.facts["text"]
    assert found.facts["delist"] == f"https://check.spamhaus.org/results/?query={CLIENT}"
    assert found.facts["healthy"] is True


@pytest.mark.parametrize(
    ("zone", "network"),
    [("zen.spamhaus.org", None), ("bl.nordspam.com", None), ("all.s5h.net", "2001:db8:1:2::/64")],
)
def test_an_entry_of_the_network_is_called_so_where_the_address_itself_has_none(
    lists: Lists, zone: str, network: str | None
) -> None:
    assert network == one(lists, zone, SIX).facts.get("network")


def test_only_healthy_hits_are_findings_and_each_list_has_its_own(lists: Lists) -> None:
    zones = [zone for zone in ZONES if "dq.spamhaus" not in zone and "ip4set" in ZONES[zone]]
    rows = [known_list(zone, FACTS) or unlisted_zone(zone) for zone in zones]
    told = {
        (finding.id, result.facts["zone"])
        for result in ask(lists, [Listing(CLIENT, row) for row in rows])
        for finding in dnsbl.findings(result, FACTS)
    }
    assert told == {
        ("client-listed", "zen.spamhaus.org"),
        ("client-listed", "hostkarma.junkemailfilter.com"),
        ("client-listed", "private.test"),
        ("listed-lightly", "dnsbl-2.uceprotect.net"),
        ("list-empty", "dnsbl-1.uceprotect.net"),
        ("list-not-believed", "psbl.surriel.com"),
        ("list-not-believed", "bl.mailspike.net"),
        ("list-not-believed", "bl.blocklist.de"),
    }


def test_a_key_opens_the_zones_of_its_holder_and_is_not_shown(lists: Lists) -> None:
    address, domain = one(lists, "zen.spamhaus.org", CLIENT, KEY), one(lists, "dbl.spamhaus.org", "shop.example", KEY)
    assert (address.result, domain.result) == ("fail", "fail")
    assert address.facts["meaning"].startswith("XBL")
    assert address.facts["text"] == "keyed by <key>"
    assert KEY not in dumps([address, domain]) + repr(address)


def test_a_key_that_is_not_accepted_says_so(lists: Lists) -> None:
    found = one(lists, "zen.spamhaus.org", CLIENT, "wrong77key")
    assert (found.result, found.facts["error"]) == ("temperror", "key-unknown")


def test_all_lists_about_one_sender_each_once(lists: Lists) -> None:
    """The lists that are not served here refuse, and count for nothing."""
    asked = listings(CLIENT, ["mail.shop.example"], FACTS)
    results = ask(lists, asked)
    assert len(results) == len({result.subject for result in results}) > 60
    assert {"zen.spamhaus.org", "hostkarma.junkemailfilter.com", "dnsbl-2.uceprotect.net", "multi.surbl.org"} >= {
        str(result.facts["zone"]) for result in results if result.result == "fail"
    }
    mute = [result for result in results if str(result.facts["zone"]) not in ZONES]
    assert {("temperror", "refused")} == {(result.result, result.facts["reason"]) for result in mute}


def test_no_question_is_put_twice_in_one_run(lists: Lists) -> None:
    async def main() -> list[str]:
        async with Resolver(lists.endpoint) as resolver:
            asked = listings(CLIENT, ["shop.example", "mail.shop.example"], FACTS)
            await asyncio.gather(*(dnsbl.run(one, ask=resolver, facts=FACTS) for one in asked))
            return [f"{answer.name} {answer.type}" for answer in resolver.asked]

    questions = asyncio.run(main())
    assert len(questions) == len(set(questions))
    assert questions.count("test.surbl.org.multi.surbl.org A") == 1
