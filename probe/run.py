"""The line itself: target in, report out.

Target → route → sessions → explanations → proof → diagnoses → findings → report. Keeps no global state and prints
nothing; resolver, limits, facts and clock come from the caller, so that many runs can share one event loop.
"""

from __future__ import annotations

import asyncio
import datetime
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import cast

from probe.catalog import Catalog, catalog
from probe.diagnosis.inquiry import Lists, Sender, client_of, inquiries
from probe.errors import INTERRUPT, Interrupted
from probe.findings import findings
from probe.limits import Limits
from probe.model import SCHEMA, Answer, CheckResult, Diagnosis, Exchange, Explanation, Report, Session, Target, Tool
from probe.model.noun import noun
from probe.names import is_hostname
from probe.replies.explanation import explain
from probe.route import Family, Route, find_route
from probe.smtp.plan import Plan
from probe.smtp.session import converse
from probe.target import default_recipient, parse_target
from probe.text import show
from probe.version import VERSION

TYPE_CHECKING = False
if TYPE_CHECKING:
    from probe.resolver import Resolver

_AGAIN_S, _AGAIN_MOST_S = 0.25, 2.0
_LEAST_S = 0.1


@noun(frozen=True)
class Options:
    """What a run may do beside the conversation itself. ``wait`` is how many seconds to try again until greeted."""

    client_ip: str | None = None
    selectors: tuple[str, ...] = ()
    lists: Lists = "all"
    family: Family = "any"
    allow_private: bool = False
    wait: float = 0.0


@dataclass
class _Run:
    target: Target
    plan: Plan
    options: Options
    given_resolver: Resolver | None
    limits: Limits
    facts: Catalog
    clock: Callable[[], float]
    now: Callable[[], float]
    route: Route = field(default_factory=Route)
    sessions: tuple[Session, ...] = ()
    connections: int = 0
    began: float = 0.0

    def left(self) -> float:
        """Seconds until the deadline, which waiting for a server to start puts off."""
        return max(_LEAST_S, self.limits.session + self.options.wait - (self.clock() - self.began))

    @property
    def resolver(self) -> Resolver:
        """Made when somebody asks: a literal address that is not refused needs no DNS."""
        if self.given_resolver is None:
            from probe.resolver import Resolver

            self.given_resolver = Resolver.under(self.limits)
        return self.given_resolver

    async def ask(self, name: str, rdtype: str) -> Answer:
        return await self.resolver.ask(name, rdtype)


async def check(
    target: Target | str,
    plan: Plan | None = None,
    *,
    options: Options | None = None,
    resolver: Resolver | None = None,
    limits: Limits | None = None,
    facts: Catalog | None = None,
    clock: Callable[[], float] = time.monotonic,
    now: Callable[[], float] = time.time,
) -> Report:
    """Probe one target. ``clock`` gives seconds that only go forward, ``now`` Unix time.

    Raises ``TargetError`` for a target that cannot be read; never for anything that a server or DNS may do.
    """
    target = parse_target(target) if isinstance(target, str) else target
    plan = plan or Plan(recipients=(default_recipient(target),), tls=target.tls, protocol=target.protocol)
    limits = limits or Limits()
    run = _Run(target, plan, options or Options(), resolver, limits, facts or catalog(), clock, now)
    started, began = now(), clock()
    run.began = began
    interrupted = False
    try:
        await _until_greeted(run)
    except asyncio.CancelledError as cancelled:
        interrupted = _was_interrupt(cancelled)
    run.sessions = tuple(_explained(session, run.facts) for session in run.sessions)
    sender = _sender(run)
    found = inquiries(run.sessions)
    checks: tuple[CheckResult, ...] = ()
    diagnosed: tuple[Diagnosis, ...] = ()
    if found and not interrupted:
        # Only a refusal needs what proves it.
        from probe.diagnosis.diagnosis import diagnoses
        from probe.diagnosis.proof import gather_proof

        # The deadline is one session's; a proof that has hardly any of it left gets a second.
        within = max(1.0, run.left())
        try:
            checks = await gather_proof(found, run.sessions, sender, run.resolver, run.facts, run.options.lists, within)
            diagnosed = diagnoses(found, checks, sender, run.facts)
        except asyncio.CancelledError as cancelled:
            # Without its proof a diagnosis would say that there was nothing to ask.
            interrupted = _was_interrupt(cancelled)
    moment = datetime.datetime.fromtimestamp(started, datetime.UTC)
    return Report(
        schema=SCHEMA,
        tool=Tool("smtp-probe", VERSION),
        target=replace(target, input=show(target.input), kind="host" if run.route.implicit else target.kind),
        started=moment.strftime("%Y-%m-%dT%H:%M:%SZ"),
        elapsed_ms=(clock() - began) * 1000,
        client=sender.client,
        connections=run.connections,
        route=run.route.endpoints,
        dns=run.route.answers,
        sessions=run.sessions,
        checks=checks,
        diagnoses=diagnosed,
        findings=findings(
            target,
            run.route,
            run.sessions,
            checks,
            run.facts,
            now=moment,
            interrupted=interrupted,
            client=sender.client,
            client_ip=run.options.client_ip,
        ),
    )


async def _route(run: _Run) -> Route:
    try:
        async with asyncio.timeout(run.left()):
            return await find_route(
                run.target, run, run.limits, family=run.options.family, allow_private=run.options.allow_private
            )
    except TimeoutError:
        return Route(problem="dns-failed")


def _ready(sessions: Sequence[Session]) -> bool:
    """Greeted, and not with "come back later"."""
    return greeted(sessions) and not (sessions[-1].stage == "banner" and sessions[-1].outcome == "tempfail")


def _was_interrupt(cancelled: asyncio.CancelledError) -> bool:
    """True for the user's own interrupt: then the report tells what is known. Any other cancellation goes on."""
    task = asyncio.current_task()
    if cancelled.args[:1] != (INTERRUPT,) or task is None:
        raise cancelled
    task.uncancel()
    return True


def greeted(sessions: Sequence[Session]) -> bool:
    """Whether any endpoint answered with a greeting, kind or not."""
    return any(exchange.stage == "banner" and exchange.reply for session in sessions for exchange in session.exchanges)


async def _until_greeted(run: _Run) -> None:
    end, pause = run.clock() + run.options.wait, _AGAIN_S
    while True:
        run.route = await _route(run)
        run.sessions = await _sessions(run)
        left = end - run.clock()
        if _ready(run.sessions) or left <= 0:
            return
        await asyncio.sleep(min(pause, left))
        pause = min(pause * 1.5, _AGAIN_MOST_S)
        if run.given_resolver is not None:
            run.given_resolver = run.given_resolver.fresh()


async def _sessions(run: _Run) -> tuple[Session, ...]:
    """One session, with the first endpoint that greets, as a sender would (RFC 5321 section 5.1)."""
    sessions: list[Session] = []
    for endpoint in run.route.endpoints:
        name = endpoint.host if run.target.kind != "unix" else None
        plan = replace(run.plan, tls_name=run.plan.tls_name or name)
        if sessions and run.left() <= _LEAST_S:
            break
        limits = replace(run.limits, session=run.left())
        interrupted = False
        try:
            session = await converse(endpoint, plan, limits, run.clock, run.now, run.facts)
        except Interrupted as stopped:
            session, interrupted = cast(Session, stopped.learnt), True
        sessions.append(session)
        run.connections += session.stage != "connect"
        if interrupted:
            run.sessions = tuple(sessions)
            raise asyncio.CancelledError(INTERRUPT)
        if greeted(sessions):
            break
    return tuple(sessions)


def _explained(session: Session, facts: Catalog) -> Session:
    earlier: list[Explanation | None] = []
    exchanges: list[Exchange] = []
    for exchange in session.exchanges:
        reply, explanation = exchange.reply, None
        if reply is not None:
            explanation = explain(
                reply.code,
                reply.enhanced,
                reply.lines,
                command=exchange.command,
                stage=exchange.stage,
                facts=facts,
                earlier=tuple(earlier),
            )
            exchange = replace(exchange, explanation=explanation)
        earlier.append(explanation)
        exchanges.append(exchange)
    return replace(session, exchanges=tuple(exchanges))


def _sender(run: _Run) -> Sender:
    """For the null reverse-path SPF speaks of the EHLO name (RFC 7208 section 2.4), unless that is a literal."""
    client = client_of(run.sessions, run.options.client_ip)
    said = [exchange.command for session in run.sessions for exchange in session.exchanges if exchange.stage == "ehlo"]
    ehlo = said[-1].split(" ", 1)[-1] if said and said[-1] else run.plan.ehlo
    domain = run.plan.mail_from.rpartition("@")[2] if "@" in run.plan.mail_from else None
    if domain is None and ehlo and "." in ehlo and not ehlo.startswith("["):
        domain = ehlo
    return Sender(
        client=client,
        ehlo=ehlo,
        spf_domain=_as_domain(domain),
        from_domain=_as_domain(_from_header(run.plan)),
        selectors=run.options.selectors,
        signed=_signed(run.plan),
        mail_from=run.plan.mail_from,
    )


def _from_header(plan: Plan) -> str | None:
    """The domain of the message's From, where a message goes out (RFC 9989 section 4: the author domain)."""
    if not plan.send or plan.message is None:
        return None
    from email.parser import BytesHeaderParser
    from email.utils import parseaddr

    header = BytesHeaderParser().parsebytes(plan.message)["From"]
    return parseaddr(str(header or ""))[1].rpartition("@")[2] or None


def _signed(plan: Plan) -> bool | None:
    """Whether the message that went out carries a DKIM signature; None where none went out."""
    if not plan.send or plan.message is None:
        return None
    head = plan.message.partition(b"\r\n\r\n")[0].partition(b"\n\n")[0]
    return b"\ndkim-signature:" in b"\n" + head.lower()


def _as_domain(name: str | None) -> str | None:
    """A domain that may publish records: neither an address nor a name of this machine alone."""
    if not name or "." not in name.rstrip(".") or not is_hostname(name.rstrip(".").lower()):
        return None
    return name.rstrip(".").lower()
