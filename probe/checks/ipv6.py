"""Can the mail of a domain be delivered over IPv6? (RFC 5321 section 5.2, RFC 3596)

The subject is a ``Hosts``. ``pass``: at least one MX host answers over IPv6. ``fail``: there are IPv6 addresses, and
none of them answers. ``none``: no MX host has one, or the domain takes no mail. ``temperror``: DNS could not be asked.
None: there are addresses, and nobody tried them: no connector was given, or this machine has no way to IPv6.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from probe.addresses import is_private
from probe.catalog import Catalog
from probe.checks.destination import domain_of
from probe.checks.mail_hosts import MailHosts, mail_hosts
from probe.checks.protocols import Asker, Connector, Emitted, emit
from probe.checks.steps import Steps
from probe.errors import WireError
from probe.model import CheckResult, Result
from probe.text import show

ID = "ipv6"
PROVES = ()

PROBLEMS = ("none", "partial", "silent", "not-tried", "not-asked")
"""Everything that can be wrong; each has its words as the finding ``ipv6-`` and the id."""

# As many as a sender would try (RFC 5321 section 5.1 asks for two at least).
_MOST_TRIED = 5
_MOST_NAMED = 10
_GREETING = 512  # RFC 5321 section 4.5.3.1.5
_NO_WAY = ("detail-no-way-to-network", "detail-no-way-to-host")


@dataclass(frozen=True)
class Hosts:
    """The MX hosts of a domain. ``seconds`` is what each of them has to greet, ``port`` where it does."""

    domain: str
    port: int = 25
    seconds: float = 10.0
    allow_private: bool = False


async def run(subject: Hosts, *, ask: Asker, connect: Connector | None = None, facts: Catalog) -> CheckResult:
    """Ask for the hosts and, with a connector, for a greeting of each of the first five IPv6 addresses, one after the
    other. Facts: ``reason``, ``hosts`` (each ``host`` and its IPv6 ``addresses``), ``tried`` (each ``host``,
    ``address``, ``code`` of the greeting, and ``reason`` and ``detail`` where there was none), ``problems`` (each
    ``problem``, ``about`` and ``detail``)."""
    steps, domain = Steps(ask, facts), domain_of(subject.domain)
    if domain is None:
        return CheckResult(ID, show(subject.domain), "none", {"reason": "bad-domain", "problems": ()})
    found = await mail_hosts(domain, steps)
    with_address = [(host.name, address) for host in found.hosts for address in host.ip6]
    tried = [] if connect is None else await _try_all(subject, with_address, connect, facts)
    for one in tried:
        steps.note("greeted" if one["code"] else "not-greeted", **one)
    result, reason, problems = _judge(domain, found, tried)
    hosts = tuple({"host": host.name, "addresses": host.ip6} for host in found.hosts)
    said = {"reason": reason, "hosts": hosts, "tried": tuple(tried), "problems": tuple(problems)}
    return CheckResult(ID, domain, result, said, steps.queries, steps.trace)


def findings(one: CheckResult, facts: Catalog) -> Iterator[Emitted]:
    for told in one.facts.get("problems", ()):
        problem = told["problem"]
        yield emit(
            f"ipv6-{problem}",
            one.subject,
            domain=one.subject,
            about=told["about"],
            detail=told.get("detail", ""),
            reason=facts.reason(told),
        )


async def _try_all(
    subject: Hosts, addresses: list[tuple[str, str]], connect: Connector, facts: Catalog
) -> list[dict[str, Any]]:
    usable = [one for one in addresses if subject.allow_private or not is_private(one[1])]
    return [await _try(subject, host, address, connect, facts) for host, address in usable[:_MOST_TRIED]]


async def _try(subject: Hosts, host: str, address: str, connect: Connector, facts: Catalog) -> dict[str, Any]:
    """The greeting of one address (RFC 5321 section 3.1): any reply will do, for a server that refuses answers too."""
    outcome: dict[str, Any] = {"host": host, "address": address, "code": None, "reason": None, "detail": ""}
    try:
        async with asyncio.timeout(subject.seconds):
            reader, writer = await connect(address, subject.port, deadline=subject.seconds)
            try:
                code = await _greeting(reader)
                if code:
                    await _quit(writer)
            finally:
                writer.transport.abort()
    except WireError as error:
        reason = "no-way" if error.detail.key in _NO_WAY else error.outcome
        return {**outcome, "reason": reason, "detail": show(facts.tell(error.detail))}
    except TimeoutError:
        return {**outcome, "reason": "no-greeting", "detail": facts.words["reason-no-greeting"]}
    except OSError:
        return {**outcome, "reason": "reset", "detail": facts.words["detail-reset-by-them"]}
    if code is None:
        return {**outcome, "reason": "not-smtp", "detail": facts.words["detail-no-greeting"]}
    return {**outcome, "code": code}


async def _greeting(reader: asyncio.StreamReader) -> int | None:
    line = b""
    while b"\n" not in line and len(line) < _GREETING:
        octets = await reader.read(_GREETING - len(line))
        if not octets:
            break
        line += octets
    digits = line[:3]
    return int(digits) if digits.isdigit() and line[3:4] in (b" ", b"-", b"\r", b"\n") else None


async def _quit(writer: asyncio.StreamWriter) -> None:
    """Go as a client should (RFC 5321 section 4.1.1.10); the greeting was heard, whatever comes of it."""
    with contextlib.suppress(OSError):
        writer.write(b"QUIT\r\n")
        writer.close()
        await writer.wait_closed()


def _judge(
    domain: str, found: MailHosts, tried: list[dict[str, Any]]
) -> tuple[Result | None, str, list[dict[str, Any]]]:
    if found.failure:
        return "temperror", found.failure, [_problem("not-asked", domain, reason=found.failure)]
    with_address = [host for host in found.hosts if host.ip6]
    if not with_address:
        failure = next((host.failure for host in found.hosts if host.failure), None)
        if failure:
            return "temperror", failure, [_problem("not-asked", domain, reason=failure)]
        return "none", "no-ipv6", [_problem("none", domain)] if found.addressed else []
    bare = [host.name for host in found.addressed if not host.ip6 and host.failure is None]
    problems = [_problem("partial", ", ".join(bare[:_MOST_NAMED]))] if bare else []
    if tried and all(one["reason"] == "no-way" for one in tried):
        return None, "no-way", [*problems, _problem("not-tried", domain)]
    silent = [one for one in tried if one["code"] is None]
    problems += [_problem("silent", f"{one['host']} ({one['address']})", detail=one["detail"]) for one in silent]
    if not tried:
        return None, "not-tried", problems
    return ("fail", "silent", problems) if len(silent) == len(tried) else ("pass", "greeted", problems)


def _problem(id_: str, about: str, **more: Any) -> dict[str, Any]:
    return {"problem": id_, "about": about, **more}
