"""The line of one sender: subject → checks → findings and fixes → ``Assessment``.

Prints nothing and keeps no state; resolver, connector, limits, facts and clock come from the caller. Nothing is sent
but DNS questions and, for MTA-STS, one HTTPS request to the domain's own policy host.
"""

from __future__ import annotations

import asyncio
import datetime
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from probe.addresses import is_private
from probe.catalog import Catalog, catalog
from probe.checks.bounded import bounded
from probe.checks.protocols import Asker, Connector
from probe.compliance import compliance
from probe.errors import UsageError
from probe.findings import findings_of
from probe.limits import Limits
from probe.model import ASSESSMENT_SCHEMA, Assessment, CheckResult, Client, Compliance, Tool
from probe.names import is_address
from probe.sending.plan import ORDER, Lists, Means, Step, Wishes, asks_dmarc, first_round, second_round
from probe.sending.remedy import fixes
from probe.sending.subject import Subject, read_subject
from probe.sending.verdict import conclusion, proof, summary
from probe.text import show
from probe.version import VERSION


async def sender(
    subject: str,
    *,
    client_ip: str | Sequence[str] | None = None,
    ehlo: str | None = None,
    selectors: Sequence[str] = (),
    only: Sequence[str] = (),
    lists: Lists = "all",
    ca_file: str | None = None,
    allow_private: bool = False,
    resolver: Asker | str | None = None,
    connect: Connector | None = None,
    limits: Limits | None = None,
    facts: Catalog | None = None,
    clock: Callable[[], float] = time.monotonic,
    now: Callable[[], float] = time.time,
) -> Assessment:
    """Will mail from here be accepted? ``subject`` is a domain, an address or a mailbox.

    ``client_ip`` is the address, or the addresses, that the other side sees; by default the subject's own, else those
    of this machine that others can see, and if there is none, what needs an address is left out and said so. ``ehlo``
    is the name given in EHLO, ``selectors`` those of DKIM, by default well-known ones, as guesses. ``only`` names the
    checks to run (see ``ORDER``), ``lists`` which blocklists: all, or the main ones.

    ``resolver`` may be the place of a name server, ``ADDR[:PORT]``.

    Raises ``TargetError`` for a subject that cannot be read and ``UsageError`` for a wrong address or check; never for
    anything that DNS or a web server says.
    """
    read = read_subject(subject)
    limits, facts = limits or Limits(), facts or catalog()
    started, began = now(), clock()
    wishes, client = _wishes(read, client_ip, only)
    wishes = replace(
        wishes,
        ehlo=ehlo,
        selectors=tuple(selectors),
        lists=lists,
        ca_file=ca_file,
        allow_private=allow_private,
        seconds=min(wishes.seconds, limits.session),
    )
    if resolver is None or isinstance(resolver, str):
        from probe.resolver import Resolver

        resolver = Resolver(resolver or (), timeout=limits.dns_timeout, tries=limits.dns_tries)
    if connect is None:
        from probe.smtp.connection import open_streams as connect
    moment = datetime.datetime.fromtimestamp(started, datetime.UTC)
    means = Means(resolver, connect, facts, moment)
    checks = await _checks(read, wishes, means, limits.session)
    # Rules are about all of a sender: what was left out on purpose is not unknown.
    rules = () if only else compliance(checks, facts)
    return Assessment(
        schema=ASSESSMENT_SCHEMA,
        tool=Tool("smtp-probe", VERSION),
        kind=read.kind,
        subject=read.text,
        started=moment.strftime("%Y-%m-%dT%H:%M:%SZ"),
        elapsed_ms=(clock() - began) * 1000,
        conclusion=conclusion(checks, facts),
        summary=summary(read, checks, facts),
        proof=proof(read, wishes, client, checks, facts),
        client=client,
        facts=_facts(read, wishes),
        checks=checks,
        findings=findings_of(checks, facts),
        fixes=fixes(read, wishes, checks, facts),
        compliance=_of_interest(rules, read),
    )


def _wishes(subject: Subject, given: str | Sequence[str] | None, only: Sequence[str]) -> tuple[Wishes, Client]:
    """The addresses to ask about, and how they were learnt."""
    wrong = [check for check in only if check not in ORDER]
    if wrong:
        raise UsageError(f"no check is called {show(wrong[0])[:40]!r}; there are: {' '.join(ORDER)}")
    clients = (given,) if isinstance(given, str) else tuple(dict.fromkeys(given or ()))
    for address in clients:
        if not is_address(address):
            raise UsageError(f"{show(address)[:80]!r} is no address")
    if subject.address is not None:
        clients = (subject.address, *(one for one in clients if one != subject.address))
    if clients:
        return Wishes(clients=clients, only=tuple(only)), Client(clients[0], "option")
    from probe.smtp.identity import own_addresses

    seen = tuple(address for address in own_addresses() if address is not None)
    outside = tuple(address for address in seen if not is_private(address))
    return Wishes(clients=outside, only=tuple(only)), Client(
        (outside or seen or (None,))[0], "socket" if seen else None
    )


async def _checks(subject: Subject, wishes: Wishes, means: Means, within: float) -> tuple[CheckResult, ...]:
    """All of the first round at once, then what needs it; told in the order of the report."""

    async def run(steps: Sequence[Step]) -> list[CheckResult]:
        return await asyncio.gather(
            *(
                bounded(step.run, CheckResult(step.check, step.subject, "temperror", _unknown(step)), within)
                for step in steps
            )
        )

    steps = first_round(subject, wishes, means)
    if not steps and not asks_dmarc(subject, wishes):
        raise UsageError(f"{' '.join(wishes.only)}: nothing of this can be asked about {subject.text}")
    found = await run(steps)
    found += await run(second_round(subject, wishes, means, found))
    return tuple(sorted(found, key=lambda one: ORDER.index(one.check)))


def _unknown(step: Step) -> dict[str, Any]:
    """The facts of a check that never came to an end; those with problems have none to tell."""
    return {"reason": "timeout", "problems": (), **step.about}


def _facts(subject: Subject, wishes: Wishes) -> dict[str, object]:
    return {
        "domain": subject.domain,
        "mail_from": show(subject.mail_from) or None,
        "ehlo": None if wishes.ehlo is None else show(wishes.ehlo),
        "clients": wishes.clients,
    }


def _of_interest(rules: Sequence[Compliance], subject: Subject) -> tuple[Compliance, ...]:
    """An address alone cannot keep or break what is asked of a domain."""
    if subject.domain is not None:
        return tuple(rules)
    return tuple(rule for rule in rules if any(proof.startswith("ptr ") for proof in rule.proof))
