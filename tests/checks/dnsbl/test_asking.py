"""Which lists are asked about a sender, about what of it, and which are left alone."""

from __future__ import annotations

import asyncio

import pytest

from probe.catalog import catalog
from probe.checks import dnsbl
from probe.checks.dnsbl.asking import known_list, listings, names_of
from probe.checks.dnsbl.key import VARIABLE
from probe.model import Answer, CheckResult

FACTS = catalog()
ADDRESS = "203.0.113.7"


@pytest.fixture(autouse=True)
def no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)


def test_every_active_list_is_asked_about_what_it_lists_and_about_nothing_else() -> None:
    asked = listings(ADDRESS, ["shop.example"], FACTS)
    assert {one.list.state for one in asked} == {"active"}
    assert {one.list.role for one in asked} == {"block", "allow", "info"}
    subjects = {one.list.zone: one.subject for one in asked}
    assert subjects["zen.spamhaus.org"] == ADDRESS
    assert subjects["dbl.spamhaus.org"] == "shop.example"
    assert "bl.ipv6.spameatingmonkey.net" not in subjects
    both = [one.subject for one in asked if one.list.zone == "dnsbl.spfbl.net"]
    assert both == [ADDRESS, "shop.example"]


def test_no_question_is_put_twice_and_none_to_a_part_of_a_list_that_is_asked() -> None:
    asked = listings(ADDRESS, ["shop.example", "Shop.Example.", "shop.example"], FACTS)
    pairs = [(one.subject, one.list.zone) for one in asked]
    assert len(set(pairs)) == len(pairs)
    assert not [one for one in asked if one.list.part_of]


def test_closed_lists_and_those_that_nobody_vouches_for_are_left_alone() -> None:
    zones = {one.list.zone for one in listings(ADDRESS, [], FACTS)}
    assert not zones & {row.zone for row in FACTS.blocklists.values() if row.state != "active"}


def test_ipv6_is_put_to_the_lists_that_know_it() -> None:
    zones = {one.list.zone for one in listings("2001:db8::1", [], FACTS)}
    assert {"zen.spamhaus.org", "bl.ipv6.spameatingmonkey.net"} <= zones
    assert "bl.spamcop.net" not in zones


def test_an_ipv4_address_in_ipv6_clothes_is_asked_about_as_what_it_is() -> None:
    assert {ADDRESS} == {one.subject for one in listings(f"::ffff:{ADDRESS}", [], FACTS)}


def test_the_main_lists_alone_and_the_roles_that_are_wanted() -> None:
    zones = [one.list.zone for one in listings(ADDRESS, ["shop.example"], FACTS, only_main=True)]
    assert zones == ["zen.spamhaus.org", "bl.spamcop.net", "b.barracudacentral.org"]
    assert {"block"} == {one.list.role for one in listings(ADDRESS, ["shop.example"], FACTS, roles=("block",))}
    assert "zen.spamhaus.org" not in {o.list.zone for o in listings(ADDRESS, [], FACTS, leave=["zen.spamhaus.org"])}


@pytest.mark.parametrize(
    ("names", "domains"),
    [
        (["shop.example"], ["shop.example"]),
        (["mail.shop.example"], ["mail.shop.example", "shop.example"]),
        (["mail.shop.co.uk", "shop.co.uk"], ["mail.shop.co.uk", "shop.co.uk"]),
        (["MAIL.Shop.example."], ["mail.shop.example", "shop.example"]),
        (["localhost", "a..b", "", "x\x1b.example", "[192.0.2.1]", "192.0.2.1"], []),
    ],
)
def test_a_domain_list_is_asked_about_the_registered_name_too(names: list[str], domains: list[str]) -> None:
    assert domains == names_of(names)


def test_with_a_key_spamhaus_is_asked_by_way_of_it_and_about_more(monkeypatch: pytest.MonkeyPatch) -> None:
    without = {one.list.zone for one in listings(ADDRESS, ["shop.example"], FACTS)}
    monkeypatch.setenv(VARIABLE, "x7kq2mzp4wab6rt9cd5ehn3uvy")
    asked = listings(ADDRESS, ["shop.example"], FACTS)
    assert {one.list.zone for one in asked} - without == {"<key>.zrd.dq.spamhaus.net", "<key>.authbl.dq.spamhaus.net"}
    zones = {one.list.zone: one.zone for one in asked}
    assert zones["zen.spamhaus.org"] == "<key>.zen.dq.spamhaus.net"
    assert zones["bl.spamcop.net"] == "bl.spamcop.net"
    assert {"Spamhaus"} == {one.list.operator for one in asked if one.key}


@pytest.mark.parametrize(
    ("zone", "known"),
    [
        ("zen.spamhaus.org", "zen.spamhaus.org"),
        ("<key>.zen.dq.spamhaus.net", "zen.spamhaus.org"),
        ("x7kq2mzp4wab6rt9cd5ehn3uvy.dbl.dq.spamhaus.net", "dbl.spamhaus.org"),
        ("x7kq2mzp4wab6rt9cd5ehn3uvy.combined.mail.abusix.zone", "<key>.combined.mail.abusix.zone"),
        ("dnsbl.test", None),
        ("bl.mailspike.org", None),
    ],
)
def test_a_list_is_known_by_any_of_its_zones(zone: str, known: str | None) -> None:
    row = known_list(zone, FACTS)
    assert known == (row and row.zone)


class Barrier:
    """Answers nobody before so many have asked: whoever waits for an answer before asking on waits for ever."""

    def __init__(self, wanted: int) -> None:
        self.wanted, self.asked, self.all_here = wanted, 0, asyncio.Event()

    async def ask(self, name: str, rdtype: str) -> Answer:
        self.asked += 1
        if self.asked >= self.wanted:
            self.all_here.set()
        await asyncio.wait_for(self.all_here.wait(), 10.0)
        return Answer(name, rdtype, "absent", reason="nxdomain")


@pytest.mark.parametrize("address", [ADDRESS, "2001:db8:1:2::7"])
def test_all_lists_take_no_longer_than_the_slowest(address: str) -> None:
    """Entries and test points of all lists are under way together, so that no answer waits for another's."""

    async def main(wanted: int) -> list[CheckResult]:
        barrier = Barrier(wanted)
        asked = listings(address, ["shop.example"], FACTS)
        return list(await asyncio.gather(*(dnsbl.run(one, ask=barrier, facts=FACTS) for one in asked)))

    at_will = asyncio.run(main(0))
    questions = sum(len(result.queries) for result in at_will)
    assert questions > 60
    assert at_will == asyncio.run(main(questions))
