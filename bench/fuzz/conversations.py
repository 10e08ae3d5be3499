"""Whole sessions, compared with the truth.

The property above all others: **no conversation ends ``ok`` and paired with a command shown as answered otherwise than
the server decided**, a refusal shown as consent least of all. One thing nobody can tell, and only that is left out: a
stray in the place of a real reply that is withheld, that is, which never arrives as lines of its own while the probe
still has to listen (to the end of the stream, or as long after QUIT as its limit says).

Besides: nothing raises and nothing is left behind; no session outlives its deadline; what is shown is printable; a
password is never shown; no message text goes out unless it was asked for and heard 354; and an honest server is
believed word for word.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from bench.fuzz.memory import MemoryLoop, Pipe
from bench.fuzz.reading import Feature
from bench.fuzz.server import Server, Truth
from bench.fuzz.tape import Tape, Violation
from probe.limits import Limits
from probe.model import Endpoint, Exchange, Session
from probe.smtp import session as session_module
from probe.smtp.plan import Plan
from probe.smtp.session import STAGES, converse
from probe.smtp.wire import Wire
from probe.text import Redactor

_ENDPOINT = Endpoint("mx.test", "192.0.2.1", 25)
_PASSWORD = "hunter2-hunter2"
_DEFAULTS = Limits()
_LIMITS = (
    _DEFAULTS,
    Limits(session=5.0),
    Limits(line=60, reply=200, reply_lines=4, transcript=2000),
    Limits(command=1),
)
# Outcomes that an honest server never leads to.
_FAULTS = frozenset(
    "timeout closed reset unreachable not_smtp malformed inconsistent_codes unsolicited injection limit tls_error "
    "delivery_unknown".split()
)
_GRACE_S = 1.0


@dataclass(frozen=True)
class _Case:
    plan: Plan
    limits: Limits
    server: Server
    honest: bool


class Network:
    """A loop in memory, used for one conversation after another; it is made anew after one that broke it."""

    def __init__(self) -> None:
        self._loop: MemoryLoop | None = None

    def hold(self, case: _Case) -> tuple[Session, list[str]]:
        """The session, and what was wrong with the way in which it ended."""
        loop = self._loop = self._loop or MemoryLoop()
        loop.begin()
        try:
            return loop.run_until_complete(_held(case, loop))
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        if self._loop is not None:
            for task in asyncio.all_tasks(self._loop):
                task.cancel()
            self._loop.close()
            self._loop = None


class Conversations:
    """The target of the campaign; ``tls_in`` is how rarely STARTTLS is offered, for a handshake costs ten sessions."""

    def __init__(self, tls_in: int = 40) -> None:
        self._network = Network()
        self._tls_in = tls_in

    def __call__(self, tape: Tape, story: list[str] | None = None) -> Feature:
        """One run."""
        case = _drawn(tape, self._tls_in)
        began = time.monotonic()
        session: Session | None = None
        try:
            session, faults = self._network.hold(case)
            _judge(case, session, faults)
        finally:
            if story is not None:
                story += _told(case, session)
        if time.monotonic() - began > 5:
            raise Violation("slow: one conversation in memory took more than 5 s")
        failures = tuple(exchange.failure for exchange in session.exchanges if exchange.failure)
        return ("session", session.outcome, session.stage, session.paired, failures, len(session.exchanges))


def _drawn(tape: Tape, tls_in: int) -> _Case:
    lmtp = tape.once_in(8)
    send = tape.once_in(2)
    login, ask = tape.once_in(10), tape.once_in(12)
    secure = tape.once_in(tls_in)
    offers = ("SIZE 1000", "AUTH PLAIN LOGIN CRAM-MD5", *(("STARTTLS",) if secure else ()))
    plan = Plan(
        recipients=("a@mx.test", "b@mx.test", "c@mx.test")[: 1 + (tape.draw(3) if tape.once_in(3) else 0)],
        ehlo="probe.test",
        protocol="lmtp" if lmtp else "smtp",
        send=send,
        message=b"Subject: x\r\n\r\nsecret text\r\n" if send else None,
        quit_after=tape.pick(STAGES) if tape.once_in(6) else None,
        help_topic="MAIL" if tape.once_in(8) else None,
        tls="starttls" if tape.once_in(10) else "auto",
        auth_mechanism=tape.pick(("LOGIN", "PLAIN", "CRAM-MD5")) if login or ask else None,
        auth_user="user" if login else None,
        password=_PASSWORD if login else "",
        allow_clear_auth=login,
    )
    faults = tape.draw(5)
    limits = tape.pick(_LIMITS) if tape.once_in(8) else _DEFAULTS
    server = Server(tape, faults=faults, offers=offers, recipients_each=lmtp)
    return _Case(plan, limits, server, honest=faults == 0 and limits is _DEFAULTS)


async def _held(case: _Case, loop: MemoryLoop) -> tuple[Session, list[str]]:
    wires: list[Wire] = []

    async def connect(
        endpoint: Endpoint,
        limits: Limits,
        clock: Callable[[], float],
        source: str | None = None,
        redact: Redactor | None = None,
    ) -> Wire:
        wire = Wire(limits, clock, redact)
        wires.append(wire)
        case.server.attend(Pipe(loop, wire, case.server.hear))
        return wire

    with _network_is(connect):
        session = await converse(_ENDPOINT, case.plan, case.limits, loop.time)
    await asyncio.sleep(0)
    faults = [f"callback: {fault!r}" for fault in loop.faults]
    faults += [f"left: {task}" for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    faults += ["left: the connection is open" for wire in wires if wire.transport is not None]
    return session, faults


@contextmanager
def _network_is(connect: object) -> Iterator[None]:
    real = vars(session_module)["connect"]
    setattr(session_module, "connect", connect)  # noqa: B010
    try:
        yield
    finally:
        setattr(session_module, "connect", real)  # noqa: B010


def _judge(case: _Case, session: Session, faults: list[str]) -> None:
    if faults:
        raise Violation(faults[0])
    if session.elapsed_ms / 1000 > case.limits.session + case.limits.connect + _GRACE_S:
        raise Violation(f"deadline: it took {session.elapsed_ms / 1000:.1f} s of {case.limits.session:g}")
    for exchange in session.exchanges:
        _check_shown(exchange)
    if case.plan.auth_user is not None and _PASSWORD in repr(session):
        raise Violation("password: it is shown")
    if (session.outcome == "ok") > session.paired:
        raise Violation("paired: ok, though replies and commands do not balance")
    _check_message(case, session)
    if case.honest:
        _check_honest(case, session)
    if session.outcome == "ok" and not _withheld(case, session):
        _check_truth(session, case.server.truth)


def _check_shown(exchange: Exchange) -> None:
    shown = [exchange.command or "", exchange.partial or "", exchange.detail or ""]
    shown += exchange.reply.lines if exchange.reply else ()
    if not all(text.isprintable() for text in shown):
        raise Violation(f"printable: {shown!r}")
    if (exchange.reply is None) == (exchange.failure is None):
        raise Violation(f"exchange: neither reply nor failure, or both: {exchange}")


def _check_message(case: _Case, session: Session) -> None:
    heard_354 = any(one.stage == "data" and one.reply and one.reply.code // 100 == 3 for one in session.exchanges)
    sent = any(said == "secret text" for _, _, said in case.server.log)
    if (sent or session.message_sent) and not (case.plan.send and heard_354):
        raise Violation("message: its text went out uninvited")


def _check_honest(case: _Case, session: Session) -> None:
    if not session.paired or session.outcome in _FAULTS:
        raise Violation(f"honest: {session.outcome} at {session.stage}, {session.detail}")
    _check_truth(session, case.server.truth)
    decisive = [
        truth.code
        for truth in case.server.truth
        if (truth.command or "").split(" ")[0] not in ("HELP", "RSET", "QUIT", "STARTTLS", "AUTH", "*")
    ]
    simple = case.plan.tls == "auto" and case.plan.auth_mechanism is None
    consent = all(code < 400 for code in decisive) and 421 not in {truth.code for truth in case.server.truth}
    if simple and consent and session.outcome != "ok":
        raise Violation(f"honest: all was consent, and it is {session.outcome} at {session.stage}")


def _withheld(case: _Case, session: Session) -> bool:
    """Whether some real reply stayed away, QUIT's apart: what stands in the place of its 221 tells a shift. One that
    would have come while the probe still had to listen is no excuse: then the probe left too early."""
    missing = [truth for truth in case.server.truth if truth.withheld]
    if not missing:
        return False
    last = session.exchanges[-1]
    began = case.server.began_at
    listens_until = began + (last.sent_ms + last.elapsed_ms) / 1000 + (case.limits.quit if last.reply else 0.0)
    listens_until = min(listens_until, began + case.limits.session)
    for truth in missing:
        if truth.whole and 0 < truth.due < listens_until - 1e-3 and not case.server.closed_before(truth.due):
            raise Violation(f"early: the probe left before the {truth.code} to {truth.command!r} came")
    return any(truth.command != "QUIT" for truth in missing)


def _check_truth(session: Session, truths: list[Truth]) -> None:
    shown = [exchange for exchange in session.exchanges if exchange.command != "QUIT"]
    decided = [truth for truth in truths if truth.command != "QUIT"]
    last = session.exchanges[-1]
    if last.command == "QUIT" and last.reply is not None and truths[-1].command == "QUIT" and not truths[-1].withheld:
        shown, decided = [*shown, last], [*decided, truths[-1]]
    for exchange, truth in zip(shown, decided, strict=False):
        if exchange.reply is not None and exchange.reply.code != truth.code:
            kind = "accepted" if exchange.reply.code < 400 <= truth.code else "other"
            raise Violation(
                f"{kind}: {exchange.command or exchange.stage} was answered with {truth.code},"
                f" and is shown with {exchange.reply.code}"
            )
    if len(shown) != len(decided):
        raise Violation(f"count: {len(shown)} exchanges, and {len(decided)} decisions")


def _told(case: _Case, session: Session | None) -> list[str]:
    plan = case.plan
    lines = [
        f"plan    {plan.protocol}, {len(plan.recipients)} recipients, send {plan.send}, quit after {plan.quit_after},"
        f" tls {plan.tls}, auth {plan.auth_mechanism} as {plan.auth_user}",
        f"limits  {case.limits}" if case.limits is not _DEFAULTS else "limits  the defaults",
        *(f"{at - case.server.began_at:8.4f} {kind} {said!r}" for at, kind, said in case.server.log),
    ]
    for truth in case.server.truth:
        fate = "arrived" if not truth.withheld else "withheld"
        lines.append(f"truth   {truth.code} to {truth.command or 'the connection'!s}, {fate}")
    for exchange in session.exchanges if session else ():
        heard = exchange.reply.code if exchange.reply else f"{exchange.failure}: {exchange.detail}"
        lines.append(f"shown   {exchange.stage}: {exchange.command} -> {heard}")
    if session is not None:
        lines.append(f"result  {session.outcome} at {session.stage}, paired {session.paired}: {session.detail}")
    return lines
