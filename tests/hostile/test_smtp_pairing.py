"""The property behind the ledger: no stray line makes a session end ``ok`` with a refused command shown as accepted.

A server decides about each command, and answers every one, in order. Stray lines stand before, within the segment of
or behind its replies, now or a moment later. Transport and time are in memory, so a thousand conversations cost a
second. A server that withholds the real reply for ever cannot be told from an honest one, and is no part of this.
"""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from unittest.mock import patch

from hypothesis import event, example, given, settings
from hypothesis import strategies as st

from probe.limits import Limits
from probe.model import Endpoint, Session
from probe.smtp.plan import Plan
from probe.smtp.session import converse
from probe.smtp.wire import Wire

# What a server may decide at each point, the consent first.
DECISIONS = {
    "banner": (220, 554, 421),
    "EHLO": (250, 502, 550, 421),
    "HELO": (250, 550),
    "HELP": (214, 502, 421),
    "MAIL": (250, 550, 451, 421),
    "RCPT": (250, 550, 450, 421),
    "DATA": (354, 554, 421),
    ".": (250, 550, 451, 421),
    "RSET": (250, 500, 421),
}
LINES = (220, 221, 250, 354, 214, 334, 550, 451, 502, 421)
# Commands whose refusal a session survives by design.
HARMLESS = ("help", "rset", "quit")
MOMENT = 0.2


@dataclass(frozen=True)
class Stray:
    """A line that answers nothing: before or behind the ``number``-th reply, ``apart`` from it by so many seconds; in
    the same segment where that is 0."""

    number: int
    code: int
    before: bool
    apart: float


@dataclass
class Server:
    """Plays the other side of one conversation and remembers what it really decided. ``latency`` is how many seconds
    it thinks about each command."""

    decisions: dict[str, int]
    strays: tuple[Stray, ...]
    says_goodbye: bool = True
    latency: float = 0.0
    truth: dict[str, int] = field(default_factory=dict)

    async def talk(self, commands: asyncio.Queue[str], say: Callable[[bytes | None], None]) -> None:
        number, text = 0, False
        await self._answer(number, "banner", self.decisions["banner"], say)
        while True:
            line = await commands.get()
            await asyncio.sleep(self.latency)
            if text and line != ".":
                continue
            number += 1
            verb = line.split(" ")[0]
            if verb == "QUIT":
                if self.says_goodbye:
                    await self._answer(number, line, 221, say)
                say(None)
                return
            code = self.decisions.get(verb, 500) if verb != "." or text else 500
            text = code == 354
            await self._answer(number, line, code, say)
            if code == 421:
                say(None)
                return

    async def _answer(self, number: int, line: str, code: int, say: Callable[[bytes | None], None]) -> None:
        self.truth[line] = code
        segment = b""
        for stray in self.strays:
            if stray.number == number and stray.before:
                segment += b"%d stray\r\n" % stray.code
                if stray.apart:
                    say(segment)
                    segment = b""
                    await asyncio.sleep(stray.apart)
        segment += b"%d really\r\n" % code
        for stray in self.strays:
            if stray.number == number and not stray.before:
                if stray.apart:
                    say(segment)
                    segment = b""
                    await asyncio.sleep(stray.apart)
                segment += b"%d stray\r\n" % stray.code
        say(segment)


class Pipe(asyncio.Transport):
    """A transport in memory: what the probe writes becomes lines for the server."""

    def __init__(self, wire: Wire, server: Server) -> None:
        super().__init__()
        self._wire, self._rest, self._closing = wire, b"", False
        self._loop = asyncio.get_running_loop()
        self._commands: asyncio.Queue[str] = asyncio.Queue()
        self._task = self._loop.create_task(server.talk(self._commands, self._deliver))
        wire.connection_made(self)

    def write(self, data: Any) -> None:
        *lines, self._rest = (self._rest + bytes(data)).split(b"\r\n")
        for line in lines:
            self._commands.put_nowait(line.decode())

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        pass

    def is_closing(self) -> bool:
        return self._closing

    def abort(self) -> None:
        self.close()

    def close(self) -> None:
        if not self._closing:
            self._closing = True
            self._task.cancel()
            self._loop.call_soon(self._wire.connection_lost, None)

    def _deliver(self, octets: bytes | None) -> None:
        """What the network does with it: the other side hears it in a turn of its own."""
        self._loop.call_soon(self._hear, octets)

    def _hear(self, octets: bytes | None) -> None:
        if self._closing:
            return
        if octets is not None:
            self._wire.data_received(octets)
        else:
            self._wire.eof_received()
            self.close()


class _Selector(selectors.DefaultSelector):
    """Where nothing is to do, the clock goes forward instead of the time passing."""

    now = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if not ready:
            assert timeout is not None, "everybody waits for everybody"
            self.now += timeout
        return ready


class _Loop(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        self._clockwork = _Selector()
        super().__init__(self._clockwork)

    def time(self) -> float:
        return self._clockwork.now


def converse_with(server: Server, *, send: bool) -> Session:
    """The session that the probe makes of the server."""

    async def connect(endpoint: Endpoint, limits: Limits, clock: Callable[[], float], *more: Any) -> Wire:
        wire = Wire(limits, clock)
        Pipe(wire, server)
        return wire

    async def run() -> Session:
        plan = Plan(("a@mx.test",), ehlo="probe.test", send=send, message=b"Subject: x\r\n\r\nx\r\n" if send else None)
        made = await converse(Endpoint("mx.test", "192.0.2.1", 25), plan, Limits(), asyncio.get_running_loop().time)
        await asyncio.sleep(0)
        return made

    with patch("probe.smtp.session.connect", connect), asyncio.Runner(loop_factory=_Loop) as runner:
        return runner.run(run())


def wrongly_accepted(session: Session, server: Server) -> list[str]:
    """The commands that the server refused and that the session shows as accepted."""
    found = []
    for exchange in session.exchanges:
        name = exchange.command or exchange.stage
        if exchange.reply is None or exchange.stage in HARMLESS or name not in server.truth:
            continue
        if exchange.reply.code < 400 <= server.truth[name]:
            found.append(f"{name}: {server.truth[name]} shown as {exchange.reply.code}")
    return found


decisions = st.fixed_dictionaries(
    {name: st.one_of(st.just(codes[0]), st.sampled_from(codes)) for name, codes in DECISIONS.items()}
)
strays = st.builds(
    Stray,
    number=st.integers(0, 8),
    code=st.sampled_from(LINES),
    before=st.booleans(),
    apart=st.sampled_from((0.0, 0.0001, 0.004, 0.02, MOMENT)),
)
latencies = st.sampled_from((0.0, 0.005, 0.03))
_CONSENT = {name: codes[0] for name, codes in DECISIONS.items()}


@settings(max_examples=400, deadline=None)
@given(decisions, st.lists(strays, min_size=1, max_size=3), st.booleans(), st.booleans(), latencies)
@example(_CONSENT | {"RCPT": 550}, [Stray(4, 250, True, 0.02)], False, True, 0.005)
@example(_CONSENT | {"RCPT": 550}, [Stray(4, 250, True, 0.02)], False, False, 0.005)
@example(_CONSENT | {"RCPT": 550, "RSET": 421}, [Stray(4, 250, True, 0.02)], False, True, 0.005)
@example(_CONSENT | {"RCPT": 550}, [Stray(4, 250, True, 0.02), Stray(6, 421, True, 0.02)], False, True, 0.005)
@example(_CONSENT | {".": 550}, [Stray(6, 250, True, 0.02)], True, True, 0.005)
@example(_CONSENT | {".": 550}, [Stray(5, 250, False, 0.0)], True, True, 0.005)
@example(_CONSENT | {"EHLO": 550}, [Stray(1, 250, True, 0.02)], False, True, 0.005)
def test_no_stray_line_makes_a_refusal_an_acceptance(
    decided: dict[str, int], lines: list[Stray], send: bool, says_goodbye: bool, latency: float
) -> None:
    server = Server(decided, tuple(lines), says_goodbye, latency)
    session = converse_with(server, send=send)
    event(session.outcome)
    if session.outcome == "ok":
        assert [] == wrongly_accepted(session, server), session
        assert session.paired


@settings(max_examples=100, deadline=None)
@given(decisions, st.booleans(), st.booleans(), latencies)
def test_an_honest_server_is_believed(decided: dict[str, int], send: bool, says_goodbye: bool, latency: float) -> None:
    """The other half: without a stray line no answer is withdrawn, and all consent is ``ok``."""
    server = Server(decided, (), says_goodbye, latency)
    session = converse_with(server, send=send)
    event(session.outcome)
    assert session.paired
    assert session.outcome in ("ok", "rejected", "tempfail")
    shown = {exchange.command or "banner": exchange.reply.code for exchange in session.exchanges if exchange.reply}
    assert shown == {name: code for name, code in server.truth.items() if name in shown}
    decisive = [code for name, code in server.truth.items() if name.split(" ")[0] not in ("HELP", "RSET", "QUIT")]
    if all(code < 400 for code in decisive) and 421 not in server.truth.values():
        assert session.outcome == "ok"
    if session.outcome == "ok":
        assert [] == wrongly_accepted(session, server) or "HELO probe.test" in shown


def test_a_stray_line_alone_is_never_a_success() -> None:
    """One surplus 250 anywhere in a conversation that is all consent: the books do not balance."""
    for number in range(8):
        for apart in (0.0, 0.0001, 0.02, MOMENT):
            for before in (True, False):
                server = Server(dict(_CONSENT), (Stray(number, 250, before, apart),))
                session = converse_with(server, send=True)
                assert (session.outcome, session.paired) == ("unsolicited", False), (number, apart, before)
