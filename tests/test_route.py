"""From target to endpoints, with a DNS that is told what to say."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest

from probe.embedded.dns import DnsServer
from probe.limits import Limits
from probe.model import Answer
from probe.resolver import Resolver
from probe.route import Family, Route, find_route, hosts_file
from probe.target import parse_target

Zone = dict[str, Sequence[str] | str]


class Asker:
    """Answers from ``{"name TYPE": values}``; a word instead of values is a reason for a failure."""

    def __init__(self, zone: Zone) -> None:
        self.zone = zone
        self.asked: list[str] = []

    async def ask(self, name: str, rdtype: str) -> Answer:
        question = f"{name} {rdtype}"
        self.asked.append(question)
        said = self.zone.get(question)
        if said is None:
            exists = any(key.startswith(f"{name} ") for key in self.zone)
            return Answer(name, rdtype, "absent", reason="nodata" if exists else "nxdomain")
        if isinstance(said, str):
            return Answer(name, rdtype, "refused" if said == "refused" else "failed", reason=said)
        return Answer(name, rdtype, "found", tuple(said))


def routed(
    typed: str, zone: Zone, *, family: Family = "any", allow_private: bool = False, limits: Limits | None = None
) -> tuple[Route, list[str]]:
    asker = Asker(zone)
    limits = limits or Limits()
    route = asyncio.run(find_route(parse_target(typed), asker, limits, family=family, allow_private=allow_private))
    return route, asker.asked


def places(route: Route) -> list[str]:
    return [f"{endpoint.host} {endpoint.address} {endpoint.port} {endpoint.preference}" for endpoint in route.endpoints]


def test_mx_hosts_come_by_preference_and_ties_as_dns_gave_them() -> None:
    route, asked = routed(
        "shop.test",
        {
            "shop.test MX": ["10 b.test", "5 a.test", "10 c.test", "100 d.test"],
            "a.test A": ["192.0.2.1"],
            "b.test A": ["192.0.2.2"],
            "c.test A": ["192.0.2.3"],
            "d.test A": ["192.0.2.4"],
        },
    )
    assert places(route) == [
        "a.test 192.0.2.1 25 5",
        "b.test 192.0.2.2 25 10",
        "c.test 192.0.2.3 25 10",
        "d.test 192.0.2.4 25 100",
    ]
    assert (route.problem, route.implicit, route.private, route.unusable) == (None, False, (), ())
    assert asked[0] == "shop.test MX"
    assert "shop.test A" not in asked
    assert [f"{answer.name} {answer.type}" for answer in route.answers] == asked


def test_at_most_five_hosts_with_two_addresses_each_are_tried() -> None:
    zone: Zone = {"shop.test MX": [f"{number} m{number}.test" for number in range(9)]}
    for number in range(9):
        zone[f"m{number}.test A"] = [f"192.0.2.{number}", f"198.51.100.{number}", f"203.0.113.{number}"]
        zone[f"m{number}.test AAAA"] = [f"2001:db8::{number + 1}", f"2001:db8::1:{number + 1}"]
    route, asked = routed("shop.test", zone)
    assert [f"{endpoint.host} {endpoint.address}" for endpoint in route.endpoints] == [
        line for n in range(5) for line in (f"m{n}.test 192.0.2.{n}", f"m{n}.test 2001:db8::{n + 1}")
    ]
    assert len(asked) == 11
    small, _ = routed("shop.test", zone, limits=Limits(mx_hosts=1, addresses_each=3))
    assert [one.address for one in small.endpoints] == ["192.0.2.0", "2001:db8::1", "198.51.100.0"]


@pytest.mark.parametrize("record", ["0 .", "0 ", "0"])
def test_a_null_mx_is_a_no_and_nothing_more_is_asked(record: str) -> None:
    route, asked = routed("shop.test", {"shop.test MX": [record], "shop.test A": ["192.0.2.1"]})
    assert (route.endpoints, route.problem, route.implicit) == ((), "null-mx", False)
    assert asked == ["shop.test MX"]


def test_a_null_mx_is_understood_as_the_real_resolver_gives_it() -> None:
    async def main() -> Route:
        async with DnsServer({"shop.test": "@ MX 0 .\n@ A 192.0.2.1"}) as dns, Resolver(dns.endpoint) as resolver:
            return await find_route(parse_target("shop.test"), resolver, Limits())

    route = asyncio.run(main())
    assert route.answers[0].answer == "found"
    assert (route.problem, route.endpoints) == ("null-mx", ())


def test_without_mx_the_domain_itself_stands_in() -> None:
    route, asked = routed("shop.test", {"shop.test A": ["192.0.2.1"], "shop.test AAAA": ["2001:db8::1"]})
    assert places(route) == ["shop.test 192.0.2.1 25 None", "shop.test 2001:db8::1 25 None"]
    assert (route.problem, route.implicit) == (None, True)
    assert asked == ["shop.test MX", "shop.test A", "shop.test AAAA"]


def test_a_domain_that_does_not_exist_is_not_one_without_addresses() -> None:
    assert routed("nosuch.test", {})[0].problem == "no-such-domain"
    assert routed("bare.test", {"bare.test TXT": ["v=spf1 -all"]})[0].problem == "no-address"
    assert routed("shop.test", {"shop.test MX": ["10 gone.test"]})[0].problem == "no-address"
    assert routed("gone.test:25", {})[0].problem == "no-address"


@pytest.mark.parametrize("failure", ["servfail", "timeout", "refused"])
def test_a_failed_look_up_is_never_no_mx(failure: str) -> None:
    route, asked = routed("shop.test", {"shop.test MX": failure, "shop.test A": ["192.0.2.1"]})
    assert (route.endpoints, route.problem, route.implicit) == ((), "dns-failed", False)
    assert asked == ["shop.test MX"]


def test_an_address_that_could_not_be_asked_for_is_not_absent() -> None:
    zone: Zone = {"shop.test MX": ["10 a.test"], "a.test A": "servfail"}
    assert routed("shop.test", zone)[0].problem == "dns-failed"
    route, _ = routed("shop.test", {**zone, "a.test AAAA": ["2001:db8::1"]})
    assert (places(route), route.problem) == (["a.test 2001:db8::1 25 10"], None)


def test_private_space_behind_dns_is_left_alone_unless_allowed() -> None:
    zone: Zone = {
        "shop.test MX": ["10 trap.test", "20 open.test"],
        "trap.test A": ["10.0.0.1", "127.0.0.1"],
        "open.test A": ["192.0.2.1"],
    }
    route, _ = routed("shop.test", zone)
    assert places(route) == ["open.test 192.0.2.1 25 20"]
    assert [endpoint.address for endpoint in route.private] == ["10.0.0.1", "127.0.0.1"]
    assert route.problem is None
    assert [one.address for one in routed("shop.test", zone, allow_private=True)[0].endpoints] == [
        "10.0.0.1",
        "127.0.0.1",
        "192.0.2.1",
    ]
    lone, _ = routed("trap.test:25", zone)
    assert (lone.endpoints, lone.problem) == ((), "private-address")


def test_an_mx_that_is_called_localhost_leads_nobody_into_this_machine() -> None:
    """The table of this machine answers for what its user typed, not for a name that somebody put into the DNS."""
    route, _ = routed("shop.test", {"shop.test MX": ["10 localhost"]})
    assert places(route) == []
    assert route.problem == "private-address"
    assert "127.0.0.1" in [one.address for one in routed("localhost:25", {})[0].endpoints]


@pytest.mark.parametrize("record", ["10 -a.test", "10 a b", "10 a\\.b.test", "x a.test", "10 192.0.2.9", "10 a..b"])
def test_an_mx_that_is_no_host_name_is_named_and_passed_over(record: str) -> None:
    route, asked = routed("shop.test", {"shop.test MX": [record, "20 b.test"], "b.test A": ["192.0.2.2"]})
    assert route.unusable == (record,)
    assert places(route) == ["b.test 192.0.2.2 25 20"]
    assert asked == ["shop.test MX", "b.test A", "b.test AAAA"]


def test_nothing_but_unusable_mx_is_no_null_mx() -> None:
    route, _ = routed("shop.test", {"shop.test MX": ["10 a b"], "shop.test A": ["192.0.2.1"]})
    assert (route.endpoints, route.problem, route.unusable) == ((), "no-address", ("10 a b",))


def test_one_endpoint_is_tried_once() -> None:
    zone: Zone = {"shop.test MX": ["10 a.test", "20 a.test"], "a.test A": ["192.0.2.1"]}
    assert places(routed("shop.test", zone)[0]) == ["a.test 192.0.2.1 25 10"]


@pytest.mark.parametrize(
    ("family", "addresses", "questions"),
    [
        ("any", ["192.0.2.1", "2001:db8::1"], ["a.test A", "a.test AAAA"]),
        ("4", ["192.0.2.1", "192.0.2.2"], ["a.test A"]),
        ("6", ["2001:db8::1"], ["a.test AAAA"]),
    ],
)
def test_only_the_wanted_family_is_asked_for(family: Family, addresses: list[str], questions: list[str]) -> None:
    zone: Zone = {"a.test A": ["192.0.2.1", "192.0.2.2"], "a.test AAAA": ["2001:db8::1"]}
    route, asked = routed("a.test:2525", zone, family=family)
    assert [endpoint.address for endpoint in route.endpoints] == addresses
    assert {endpoint.port for endpoint in route.endpoints} == {2525}
    assert asked == questions


def test_a_host_is_used_as_it_is() -> None:
    route, asked = routed("mx.test:26", {"mx.test MX": ["10 other.test"], "mx.test A": ["192.0.2.1"]})
    assert places(route) == ["mx.test 192.0.2.1 26 None"]
    assert "mx.test MX" not in asked


@pytest.mark.parametrize("typed", ["192.0.2.1", "127.0.0.1:2525", "[2001:db8::1]:25", "/run/lmtp", "a@[192.0.2.1]"])
def test_literals_and_sockets_ask_nothing(typed: str) -> None:
    route, asked = routed(typed, {})
    assert len(route.endpoints) == 1
    assert (route.problem, asked) == (None, [])
    assert route.endpoints[0].address == parse_target(typed).host


def test_a_mailbox_is_routed_by_its_domain() -> None:
    route, _ = routed("someone@shop.test", {"shop.test MX": ["10 a.test"], "a.test A": ["192.0.2.1"]})
    assert places(route) == ["a.test 192.0.2.1 25 10"]


def test_localhost_needs_no_dns() -> None:
    route, asked = routed("localhost:2525", {"localhost A": ["198.51.100.1"]})
    assert route.endpoints[0].address == "127.0.0.1"
    assert asked == []


@pytest.mark.parametrize(
    ("text", "host", "addresses"),
    [
        ("192.0.2.1 mx.test mail # alias\n", "mx.test", ("192.0.2.1",)),
        ("192.0.2.1 mx.test mail\n", "mail", ("192.0.2.1",)),
        ("2001:DB8::1 MX.Test\n192.0.2.1\tmx.test\n", "mx.test", ("192.0.2.1", "2001:db8::1")),
        ("192.0.2.1 mx.test\n192.0.2.1 mx.test\n", "mx.test", ("192.0.2.1",)),
        ("# 192.0.2.1 mx.test\n192.0.2.2 #mx.test\n", "mx.test", ()),
        ("nonsense mx.test\n\n192.0.2.1\nmx.test\n", "mx.test", ()),
        ("192.0.2.1 mx.test.example\n", "mx.test", ()),
        ("", "localhost", ("127.0.0.1", "::1")),
        ("127.0.0.2 localhost\n", "localhost", ("127.0.0.2",)),
    ],
)
def test_hosts_file(tmp_path: Path, text: str, host: str, addresses: tuple[str, ...]) -> None:
    path = tmp_path / "hosts"
    path.write_text(text, encoding="utf-8")
    assert hosts_file(host, path) == addresses


def test_a_hosts_file_may_be_broken_or_absent(tmp_path: Path) -> None:
    path = tmp_path / "hosts"
    path.write_bytes(b"\xff\xfe\0\n192.0.2.1 mx.test\n")
    assert hosts_file("mx.test", path) == ("192.0.2.1",)
    assert hosts_file("mx.test", tmp_path / "absent") == ()
    assert hosts_file("localhost", tmp_path / "absent") == ("127.0.0.1", "::1")
