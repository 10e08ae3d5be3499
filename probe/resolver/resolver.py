"""Asking DNS as everybody else here does it: a name and a type in, one four-valued ``Answer`` out.

Answers are kept for as long as the resolver lives, and the same question asked twice at once is sent once. Aliases that
lead out of an answer are followed by asking on. Nothing is shared between resolvers.
"""

from __future__ import annotations

import asyncio
import dataclasses
import re
import time
from collections.abc import Callable, Sequence
from functools import cached_property
from types import TracebackType
from typing import NamedTuple

from probe.limits import Limits
from probe.model import Answer
from probe.names import BadName, encode_name
from probe.resolver.classify import Verdict
from probe.resolver.codec import TYPES
from probe.resolver.decode import CHAIN
from probe.resolver.servers import Servers
from probe.resolver.system import Server, parse_server, system
from probe.text import show


class _Hop(NamedTuple):
    """One question of a chain of aliases: its place in the log and when it began."""

    name: str
    place: int
    began: float


_Key = tuple[str, str]


class Resolver:
    """A stub resolver for one run.

    ``servers`` is one or more of ``ADDR``, ``ADDR:PORT`` and ``[ADDR]:PORT``; without it the system's are used, read
    when first needed. ``timeout`` is seconds a try, so that an answer takes ``timeout * tries`` at most; where they are
    not given, the system's options count if its servers do, else 5 s and 2. Without ``checked`` the servers are asked
    to hand out what they do not believe, too. Raises ``UsageError`` for a server that cannot be read.
    """

    def __init__(
        self,
        servers: str | Sequence[str] | None = None,
        *,
        timeout: float | None = None,
        tries: int | None = None,
        clock: Callable[[], float] = time.monotonic,
        checked: bool = True,
    ) -> None:
        self._given = tuple(map(parse_server, [servers] if isinstance(servers, str) else servers or ()))
        self._timeout = timeout
        self._tries = tries
        self._clock = clock
        self._checked = checked
        self._log: list[Answer | None] = []
        self._answers: dict[_Key, Answer] = {}
        # Who asks, and what the others who want the same wait for.
        self._running: dict[_Key, tuple[asyncio.Task[object] | None, asyncio.Future[None]]] = {}

    @classmethod
    def under(cls, limits: Limits, servers: Sequence[str] = ()) -> Resolver:
        """One that keeps to these limits. A limit that nobody changed gives way to what the system says of its servers.
        Raises ``UsageError`` for a server that cannot be read."""
        return cls(
            servers,
            timeout=None if limits.dns_timeout == Limits.dns_timeout else limits.dns_timeout,
            tries=None if limits.dns_tries == Limits.dns_tries else limits.dns_tries,
        )

    @property
    def asked(self) -> list[Answer]:
        """Every question of this run with what came of it, in the order of asking; not those still under way, and
        none that the answers kept could settle. ``server`` is None where nothing was sent."""
        return [answer for answer in self._log if answer is not None]

    async def ask(self, name: str, rdtype: str) -> Answer:
        """Ask for the records of one type. Whatever DNS or the name does, this returns an ``Answer``.

        A name that cannot be asked for is ``failed`` with the reason ``bad-name``, an unknown type with ``bad-type``.
        """
        key = (_key(name), rdtype.upper())
        while (answer := self._answers.get(key)) is None:
            running = self._running.get(key)
            if running is None:
                return await self._lead(key, name)
            # Shielded: one caller giving up must not take the answer from the others. Should the one who asks give up,
            # the next of them takes its place.
            await asyncio.shield(running[1])
        shown = show(name)
        return answer if answer.name == shown else dataclasses.replace(answer, name=shown)

    def fresh(self) -> Resolver:
        """One that asks the same servers and has no answers yet, for whoever waits for DNS to change."""
        return self._alike(self._checked)

    def unchecked(self) -> Resolver:
        """One that asks the same servers with checking disabled (RFC 4035 section 3.2.2)."""
        return self._alike(False)

    def _alike(self, checked: bool) -> Resolver:
        servers = tuple(map(str, self._given))
        return Resolver(servers, timeout=self._timeout, tries=self._tries, clock=self._clock, checked=checked)

    async def addresses(self, name: str) -> tuple[Answer, Answer]:
        """The A and the AAAA records, asked for at once."""
        a, aaaa = await asyncio.gather(self.ask(name, "A"), self.ask(name, "AAAA"))
        return a, aaaa

    async def close(self) -> None:
        """Drop the questions still under way, whoever waits for them; the answers stay."""
        running = list(self._running.values())
        for task, _ in running:
            if task is not None:
                task.cancel()
        await asyncio.gather(*(done for _, done in running), return_exceptions=True)

    async def __aenter__(self) -> Resolver:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def _lead(self, key: _Key, name: str) -> Answer:
        """Ask for all who want to know; no task of its own, for the caller waits anyhow."""
        done = asyncio.get_running_loop().create_future()
        self._running[key] = (asyncio.current_task(), done)
        hops: list[_Hop] = []
        try:
            verdict, server = await self._follow(name, key[1], hops)
            answer = self._answers[key] = self._note(verdict, server, key[1], hops)
            return answer
        finally:
            del self._running[key]
            if not done.done():
                done.set_result(None)

    def _note(self, verdict: Verdict, server: Server | None, rdtype: str, hops: Sequence[_Hop]) -> Answer:
        """Each question of a chain ends as the chain does. Returns the answer to the first, which was asked for."""
        end, alias = self._clock(), verdict.canonical_name or hops[-1].name
        for hop in reversed(hops):
            answer = self._log[hop.place] = Answer(
                name=show(hop.name),
                type=show(rdtype),
                answer=verdict.answer,
                values=verdict.values,
                reason=verdict.reason,
                elapsed_ms=(end - hop.began) * 1000,
                server=None if server is None else server.shown,
                canonical_name=None if alias == hop.name else show(alias),
                authenticated=verdict.authenticated,
                strings=verdict.strings,
                extended_errors=verdict.extended_errors,
            )
        return answer

    async def _follow(self, name: str, rdtype: str, hops: list[_Hop]) -> tuple[Verdict, Server | None]:
        """Ask, and ask on where aliases lead out of the answer: at most ``CHAIN`` times, and no name twice. ``hops``
        gets each question as it is asked."""
        number = _number(rdtype)
        servers = self._servers
        deadline = self._clock() + servers.timeout * servers.tries
        validated = True
        links = 0
        server: Server | None = None
        while True:
            hops.append(_Hop(name, len(self._log), self._clock()))
            self._log.append(None)
            if number is None:
                return Verdict("failed", "bad-type"), None
            try:
                wire = encode_name(name)
            except BadName:
                return Verdict("failed", "bad-name"), server
            verdict, server = await servers.ask(wire, number, deadline)
            # An answer is as good as the weakest link of its chain.
            validated = validated and verdict.authenticated
            links += verdict.links
            if links > CHAIN:
                return Verdict("failed", "cname-loop"), server
            if verdict.ask_on is None:
                return verdict._replace(authenticated=validated), server
            name = verdict.ask_on
            if "\\" in name:
                # It holds an octet or a dot that only an escape can show: no name to ask for.
                return Verdict("failed", "bad-name", canonical_name=name), server
            if _key(name) in [_key(hop.name) for hop in hops]:
                return Verdict("failed", "cname-loop"), server

    @cached_property
    def _servers(self) -> Servers:
        timeout, tries, servers = self._timeout, self._tries, self._given
        if not servers:
            here = system()
            servers = here.servers
            timeout, tries = timeout or here.timeout, tries or here.tries
        return Servers(servers, timeout or Limits.dns_timeout, tries or Limits.dns_tries, self._clock, self._checked)


def _key(name: str) -> str:
    return name.lower().removesuffix(".") or name


def _number(rdtype: str) -> int | None:
    """The number of a type by its mnemonic, or by the form for unknown ones (RFC 3597 section 5)."""
    number = TYPES.get(rdtype, 0)
    if not number and re.fullmatch(r"TYPE[0-9]{1,5}", rdtype, re.ASCII):
        number = int(rdtype[4:])
    # 128 to 255 are questions about more than one type or none (RFC 6895 section 3.1), and 41 is EDNS's own.
    return number if 0 < number < 0x10000 and not 128 <= number <= 255 and number != 41 else None
