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

from probe.catalog import Catalog, catalog
from probe.diagnosis.inquiry import Lists, Sender, client_of, inquiries
from probe.findings import findings
from probe.limits import Limits
from probe.model import SCHEMA, Answer, CheckResult, Diagnosis, Exchange, Explanation, Report, Session, Target, Tool
from probe.replies.explanation import explain
from probe.resolver import Resolver
from probe.route import Family, Route, find_route
from probe.smtp.plan import Plan
from probe.smtp.session import converse
from probe.target import default_recipient, parse_target
from probe.text import show
from probe.version import VERSION

_AGAIN_S = 0.25


@dataclass(frozen=True)
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
    resolver: Resolver
    limits: Limits
    facts: Catalog
    clock: Callable[[], float]
    now: Callable[[], float]
    route: Route = field(default_factory=Route)
    sessions: tuple[Session, ...] = ()


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
    resolver = resolver or Resolver(timeout=limits.dns_timeout, tries=limits.dns_tries)
    run = _Run(target, plan, options or Options(), resolver, limits, facts or catalog(), clock, now)
    started, began = now(), clock()
    await _until_greeted(run)
    run.sessions = tuple(_explained(session, run.facts) for session in run.sessions)
    sender = _sender(run)
    found = inquiries(run.sessions)
    checks: tuple[CheckResult, ...] = ()
    diagnosed: tuple[Diagnosis, ...] = ()
    if found:
        # Only a refusal needs what proves it.
        from probe.diagnosis.diagnosis import diagnoses
        from probe.diagnosis.proof import gather_proof

        checks = await gather_proof(found, run.sessions, sender, resolver, run.facts, run.options.lists)
        diagnosed = diagnoses(found, checks, sender, run.facts)
    moment = datetime.datetime.fromtimestamp(started, datetime.UTC)
    return Report(
        schema=SCHEMA,
        tool=Tool("smtp-probe", VERSION),
        target=replace(target, input=show(target.input), kind="host" if run.route.implicit else target.kind),
        started=moment.strftime("%Y-%m-%dT%H:%M:%SZ"),
        elapsed_ms=(clock() - began) * 1000,
        client=sender.client,
        route=run.route.endpoints,
        dns=run.route.answers,
        sessions=run.sessions,
        checks=checks,
        diagnoses=diagnosed,
        findings=findings(target, run.route, run.sessions, checks, run.facts, now=moment),
    )


def greeted(sessions: Sequence[Session]) -> bool:
    """Whether any endpoint answered with a greeting, kind or not."""
    return any(exchange.stage == "banner" and exchange.reply for session in sessions for exchange in session.exchanges)


async def _until_greeted(run: _Run) -> None:
    end = run.clock() + run.options.wait
    while True:
        run.route = await find_route(
            run.target,
            run.resolver,
            run.limits,
            family=run.options.family,
            allow_private=run.options.allow_private,
        )
        run.sessions = await _sessions(run)
        if greeted(run.sessions) or run.clock() + _AGAIN_S > end:
            return
        await asyncio.sleep(_AGAIN_S)
        run.resolver = run.resolver.fresh()


async def _sessions(run: _Run) -> tuple[Session, ...]:
    """One session, with the first endpoint that greets, as a sender would (RFC 5321 section 5.1)."""
    sessions: list[Session] = []
    for endpoint in run.route.endpoints:
        name = endpoint.host if run.target.kind != "unix" else None
        plan = replace(run.plan, tls_name=run.plan.tls_name or name)
        sessions.append(await converse(endpoint, plan, run.limits, run.clock, run.now))
        if greeted(sessions):
            break
    return tuple(sessions)


def _explained(session: Session, facts: Catalog) -> Session:
    earlier: list[Explanation] = []
    exchanges: list[Exchange] = []
    for exchange in session.exchanges:
        reply = exchange.reply
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
            earlier.append(explanation)
            exchange = replace(exchange, explanation=explanation)
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
    )


def _from_header(plan: Plan) -> str | None:
    """The domain of the message's From, where a message goes out (RFC 9989 section 4: the author domain)."""
    if not plan.send or plan.message is None:
        return None
    from email.parser import BytesHeaderParser
    from email.utils import parseaddr

    header = BytesHeaderParser().parsebytes(plan.message)["From"]
    return parseaddr(str(header or ""))[1].rpartition("@")[2] or None


def _as_domain(name: str | None) -> str | None:
    return None if not name or name.startswith("[") else name.rstrip(".").lower()


def questions(report: Report) -> tuple[Answer, ...]:
    """Every DNS question of a run, each counted once."""
    asked = [*report.dns, *(answer for one in report.checks for answer in one.queries)]
    return tuple({(answer.name, answer.type): answer for answer in asked}.values())
