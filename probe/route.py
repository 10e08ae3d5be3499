"""Target → route: the endpoints that a sending server would try, in its order (RFC 5321 section 5, RFC 7505).

MX first, the address records of the domain itself only where DNS says that there is no MX. What DNS could not say
stays unsaid: a failed look-up is no "no MX". Addresses that the DNS points into private, loopback or link-local space
are reported and left alone unless that is allowed.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from itertools import zip_longest
from pathlib import Path
from typing import Literal, Protocol

from probe.addresses import is_private
from probe.exchanges import read_mx
from probe.limits import Limits
from probe.model import Answer, Endpoint, Target
from probe.model.noun import noun

Family = Literal["any", "4", "6"]

_HOSTS = Path("/etc/hosts")


class Asker(Protocol):
    """What a route needs of a resolver."""

    async def ask(self, name: str, rdtype: str) -> Answer: ...


@noun(frozen=True)
class Route:
    """Where to connect, in order, and what DNS said on the way.

    ``problem`` names why there is no endpoint: ``null-mx``, ``no-such-domain``, ``no-address``, ``dns-failed`` or
    ``private-address``. ``implicit`` is true where the domain itself stands in for a missing MX. ``private`` are the
    endpoints that were left alone, ``unusable`` the MX names that are no host names.
    """

    endpoints: tuple[Endpoint, ...] = ()
    answers: tuple[Answer, ...] = ()
    problem: str | None = None
    implicit: bool = False
    private: tuple[Endpoint, ...] = ()
    unusable: tuple[str, ...] = ()


async def find_route(
    target: Target, ask: Asker, limits: Limits, *, family: Family = "any", allow_private: bool = False
) -> Route:
    """The route to a target. Never raises for anything DNS may say."""
    if target.kind in ("address", "unix"):
        return Route(endpoints=(Endpoint(target.host, target.host, target.port),))
    finder = _Finder(target, ask, limits, family, allow_private)
    if target.kind == "host":
        await finder.add(target.host, None)
        return finder.route()
    return await finder.by_mx()


class _Finder:
    def __init__(self, target: Target, ask: Asker, limits: Limits, family: Family, allow_private: bool) -> None:
        self._target = target
        self._ask = ask
        self._limits = limits
        self._family = family
        self._allow_private = allow_private
        self._endpoints: list[Endpoint] = []
        self._private: list[Endpoint] = []
        self._answers: list[Answer] = []

    async def by_mx(self) -> Route:
        domain = self._target.host
        answer = await self._question(domain, "MX")
        if answer.answer == "absent":
            await self.add(domain, None)
            problem = "no-such-domain" if answer.reason == "nxdomain" else None
            return self.route(problem, implicit=True)
        if answer.answer != "found":
            await self._add_from_hosts_file(domain)
            return self.route("dns-failed")
        mx = read_mx(answer.values)
        if not mx.exchanges and not mx.unusable:
            return self.route("null-mx")
        for preference, host in mx.exchanges[: self._limits.mx_hosts]:
            await self.add(host, preference)
        return self.route(unusable=mx.unusable)

    async def add(self, host: str, preference: int | None) -> None:
        """The addresses of one host, families in turn, at most as many as the limits allow."""
        if preference is None and await self._add_from_hosts_file(host):
            return
        found: dict[str, tuple[str, ...]] = {}
        if host == "localhost" or host.endswith(".localhost"):
            # RFC 6761 section 6.3: never a question for DNS, of either family, and never another machine.
            found = {"4": ("127.0.0.1",), "6": ()}
        for family, rdtype in (("4", "A"), ("6", "AAAA")):
            if family not in found and self._family in ("any", family):
                answer = await self._question(host, rdtype)
                found[family] = answer.values if answer.answer == "found" else ()
        for address in _in_turn(found, self._limits.addresses_each):
            endpoint = Endpoint(host, address, self._target.port, preference)
            open_to_us = self._allow_private or not is_private(address)
            known = self._endpoints if open_to_us else self._private
            if all((one.address, one.port) != (address, endpoint.port) for one in known):
                known.append(endpoint)

    def route(self, problem: str | None = None, *, implicit: bool = False, unusable: tuple[str, ...] = ()) -> Route:
        if self._endpoints:
            problem = None
        elif self._private:
            problem = "private-address"
        elif problem is None:
            problem = "no-address" if all(answer.known for answer in self._answers) else "dns-failed"
        return Route(tuple(self._endpoints), tuple(self._answers), problem, implicit, tuple(self._private), unusable)

    async def _question(self, name: str, rdtype: str) -> Answer:
        answer = await self._ask.ask(name, rdtype)
        self._answers.append(answer)
        return answer

    async def _add_from_hosts_file(self, host: str) -> bool:
        """The machine's own table comes first for what was typed, as for every other program on it. A name that DNS
        gave us is looked up in DNS alone: else an MX called localhost would lead into this machine."""
        found = hosts_file(host)
        wanted = [a for a in found if self._family == "any" or self._family == ("6" if ":" in a else "4")]
        self._endpoints += [Endpoint(host, address, self._target.port) for address in wanted]
        return bool(found)


def hosts_file(host: str, path: Path = _HOSTS) -> tuple[str, ...]:
    """The addresses that /etc/hosts gives a name, IPv4 first; ``localhost`` is loopback (RFC 6761 section 6.3)."""
    found: dict[str, None] = {}
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        text = ""
    for line in text.splitlines():
        address, *names = line.partition("#")[0].split() or [""]
        if host in (name.lower() for name in names):
            try:
                found[str(ipaddress.ip_address(address))] = None
            except ValueError:
                continue
    if host == "localhost" and not found:
        found = {"127.0.0.1": None, "::1": None}
    return tuple(sorted(found, key=lambda address: ":" in address))


def _in_turn(found: dict[str, tuple[str, ...]], most: int) -> Iterator[str]:
    count = 0
    for row in zip_longest(*found.values()):
        for address in row:
            if address is not None and count < most:
                count += 1
                yield address
