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
from dataclasses import dataclass
from functools import cached_property
from types import TracebackType

from probe.model import Answer
from probe.names import BadName, encode_name
from probe.resolver.classify import Verdict
from probe.resolver.codec import TYPES
from probe.resolver.decode import CHAIN
from probe.resolver.servers import Servers
from probe.resolver.system import Server, parse_server, system_servers
from probe.text import show

# Enough to ask every blocklist at once; more would overrun the receive buffer of a name server, 200 KiB on Linux.
_AT_ONCE = 128


@dataclass(frozen=True)
class _Hop:
    """One question of a chain of aliases: its place in the log and when it began."""

    name: str
    place: int
    began: float


class Resolver:
    """A stub resolver for one run.

    ``servers`` is one or more of ``ADDR``, ``ADDR:PORT`` and ``[ADDR]:PORT``; without it the system's are used, read
    when first needed. ``timeout`` is seconds a try, so that an answer takes ``timeout * tries`` at most. Raises
    ``UsageError`` for a server that cannot be read.
    """

    def __init__(
        self,
        servers: str | Sequence[str] | None = None,
        *,
        timeout: float = 5.0,
        tries: int = 2,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._given = tuple(map(parse_server, [servers] if isinstance(servers, str) else servers or ()))
        self._timeout = timeout
        self._tries = tries
        self._clock = clock
        self._gate = asyncio.Semaphore(_AT_ONCE)
        self._log: list[Answer | None] = []
        self._answers: dict[tuple[str, str], Answer] = {}
        self._running: dict[tuple[str, str], asyncio.Task[Answer]] = {}

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
        answer = self._answers.get(key)
        if answer is None:
            task = self._running.get(key)
            if task is None:
                task = self._running[key] = asyncio.create_task(self._answer(name, rdtype.upper()))
                task.add_done_callback(lambda done: self._keep(key, done))
            # Shielded: one caller giving up must not take the answer from the others.
            answer = await asyncio.shield(task)
        shown = show(name)
        return answer if answer.name == shown else dataclasses.replace(answer, name=shown)

    def fresh(self) -> Resolver:
        """One that asks the same servers and has no answers yet, for whoever waits for DNS to change."""
        return Resolver(tuple(map(str, self._given)), timeout=self._timeout, tries=self._tries, clock=self._clock)

    async def addresses(self, name: str) -> tuple[Answer, Answer]:
        """The A and the AAAA records, asked for at once."""
        a, aaaa = await asyncio.gather(self.ask(name, "A"), self.ask(name, "AAAA"))
        return a, aaaa

    async def close(self) -> None:
        """Drop the questions still under way; the answers stay."""
        running = list(self._running.values())
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)

    async def __aenter__(self) -> Resolver:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    def _keep(self, key: tuple[str, str], task: asyncio.Task[Answer]) -> None:
        self._running.pop(key, None)
        if not task.cancelled() and task.exception() is None:
            self._answers[key] = task.result()

    async def _answer(self, name: str, rdtype: str) -> Answer:
        async with self._gate:
            hops: list[_Hop] = []
            verdict, server = await self._follow(name, rdtype, hops)
            end, last = self._clock(), hops[-1].name
        alias = verdict.canonical_name or last
        # Each question of a chain ends as the chain does; the first is the one that was asked for, so it comes last.
        for hop in reversed(hops):
            answer = self._log[hop.place] = Answer(
                name=show(hop.name),
                type=show(rdtype),
                answer=verdict.answer,
                values=verdict.values,
                reason=verdict.reason,
                elapsed_ms=(end - hop.began) * 1000,
                server=None if server is None else str(server),
                canonical_name=None if alias == hop.name else show(alias),
                authenticated=verdict.authenticated,
                strings=verdict.strings,
            )
        return answer

    async def _follow(self, name: str, rdtype: str, hops: list[_Hop]) -> tuple[Verdict, Server | None]:
        """Ask, and ask on where aliases lead out of the answer: at most ``CHAIN`` times, and no name twice. ``hops``
        gets each question as it is asked."""
        number = _number(rdtype)
        deadline = self._clock() + self._timeout * self._tries
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
            verdict, server = await self._servers.ask(wire, number, deadline)
            # An answer is as good as the weakest link of its chain.
            validated = validated and verdict.authenticated
            links += verdict.links
            if links > CHAIN:
                return Verdict("failed", "cname-loop"), server
            if verdict.ask_on is None:
                return dataclasses.replace(verdict, authenticated=validated), server
            name = verdict.ask_on
            if "\\" in name:
                # It holds an octet or a dot that only an escape can show: no name to ask for.
                return Verdict("failed", "bad-name", canonical_name=name), server
            if _key(name) in [_key(hop.name) for hop in hops]:
                return Verdict("failed", "cname-loop"), server

    @cached_property
    def _servers(self) -> Servers:
        return Servers(self._given or system_servers(), self._timeout, self._tries, self._clock)


def _key(name: str) -> str:
    return name.lower().removesuffix(".") or name


def _number(rdtype: str) -> int | None:
    """The number of a type by its mnemonic, or by the form for unknown ones (RFC 3597 section 5)."""
    number = TYPES.get(rdtype, 0)
    if re.fullmatch(r"TYPE[0-9]{1,5}", rdtype, re.ASCII):
        number = int(rdtype[4:])
    # 128 to 255 are questions about more than one type or none (RFC 6895 section 3.1), and 41 is EDNS's own.
    return number if 0 < number < 0x10000 and not 128 <= number <= 255 and number != 41 else None
