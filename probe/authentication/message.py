"""The line of one message: octets → checks → findings → ``Assessment`` (RFC 8601 names what each check may say).

Prints nothing and keeps no state; resolver, limits, facts and clock come from the caller. A message is at most read: it
is sent to nobody, and only DNS is asked.
"""

from __future__ import annotations

import asyncio
import datetime
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from typing import Literal

from probe.authentication.envelope import Envelope, envelope, parse_reverse_path
from probe.authentication.remedy import fixes
from probe.authentication.results import authentication_results
from probe.authentication.verdict import conclusion, proof, summary
from probe.catalog import Catalog, catalog
from probe.checks import arc, dkim, dkim2, dmarc, spf, structure
from probe.checks.bounded import bounded
from probe.checks.dkim.signature import claims, read
from probe.checks.protocols import Asker
from probe.errors import UsageError
from probe.findings import findings_of
from probe.limits import Limits
from probe.mail.addresses import mailboxes
from probe.mail.message import WHOLE, Message, holds_fields, parse
from probe.model import ASSESSMENT_SCHEMA, Assessment, CheckResult, Tool
from probe.names import is_address
from probe.smtp.identity import own_name
from probe.text import show
from probe.version import VERSION

# RFC 6376 section 6.1: a verifier may limit how many signatures it looks at; the topmost were added last.
_MOST_SIGNATURES = 10


async def message(
    octets: bytes | bytearray | memoryview | str,
    *,
    name: str = "-",
    client_ip: str | None = None,
    mail_from: str | None = None,
    ehlo: str | None = None,
    authserv_id: str | None = None,
    resolver: Asker | str | None = None,
    limits: Limits | None = None,
    facts: Catalog | None = None,
    clock: Callable[[], float] = time.monotonic,
    now: Callable[[], float] = time.time,
) -> Assessment:
    """Verify one message: structure, DKIM, ARC, SPF, DMARC.

    ``octets`` is the message as it was received or saved, with any line ends; a text stands for its UTF-8, and what
    ``surrogateescape`` made of other octets for those. ``client_ip``, ``mail_from`` and ``ehlo`` are the envelope; what
    is not given is read from the message's own trace. ``authserv_id`` names who verifies (RFC 8601 section 2.5), by
    default this host. ``resolver`` may be the address of a name server. ``clock`` gives seconds that only go forward,
    ``now`` Unix time.

    Raises ``UsageError`` for a ``client_ip`` or ``mail_from`` that is no address, and for what holds no header field:
    that is no message. Never for anything that a message holds or DNS says.
    """
    if client_ip is not None and not is_address(client_ip):
        raise UsageError(f"{show(client_ip)!r} is no address")
    reverse_path = None if mail_from is None else parse_reverse_path(mail_from)
    mail = parse(_octets(octets))
    if not holds_fields(mail):
        raise UsageError(f"{show(name)} {'holds no header field: it is no message' if mail.octets else 'is empty'}")
    limits, facts = limits or Limits(), facts or catalog()
    started, began = now(), clock()
    if resolver is None or isinstance(resolver, str):
        from probe.resolver import Resolver

        resolver = Resolver(resolver or (), timeout=limits.dns_timeout, tries=limits.dns_tries)
    env = envelope(mail, client_ip, ehlo, reverse_path)
    checks = await _checks(mail, env, resolver, facts, limits.session, started)
    moment = datetime.datetime.fromtimestamp(started, datetime.UTC)
    return Assessment(
        schema=ASSESSMENT_SCHEMA,
        tool=Tool("smtp-probe", VERSION),
        kind="message",
        subject=show(name),
        started=moment.strftime("%Y-%m-%dT%H:%M:%SZ"),
        elapsed_ms=(clock() - began) * 1000,
        conclusion=conclusion(checks),
        summary=summary(checks, facts),
        proof=proof(checks, env, facts, unread=max(0, len(mail.all("dkim-signature")) - _MOST_SIGNATURES)),
        client=env.client,
        facts=_facts(mail, env),
        checks=checks,
        findings=findings_of(checks, facts),
        fixes=fixes(checks, facts),
        authentication_results=authentication_results(
            authserv_id or own_name(None), (*checks, *_without_author(checks)), env.client
        ),
    )


def _octets(given: bytes | bytearray | memoryview | str) -> bytes:
    if isinstance(given, (bytes, bytearray, memoryview)):
        return bytes(given)
    if not isinstance(given, str):
        raise UsageError(f"a message is bytes or str, not {type(given).__name__}")
    try:
        return given.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        raise UsageError("the message holds a surrogate that stands for no octet") from None


async def _checks(
    mail: Message, env: Envelope, ask: Asker, facts: Catalog, within: float, now: float
) -> tuple[CheckResult, ...]:
    """Everything at once, but DMARC, which needs what SPF and DKIM said."""

    def unknown(check: str, subject: str, **about: object) -> CheckResult:
        return CheckResult(check, subject, "temperror", {**about, "reason": "timeout"})

    def signature(place: int) -> Awaitable[CheckResult]:
        about = claims(read(fields[place])) if fields else {}
        run = dkim.run(dkim.Signed(mail, place, now), ask=ask, facts=facts)
        return bounded(run, unknown("dkim", WHOLE, signature=place + 1, **about), within)

    fields = mail.all("dkim-signature")
    count = max(1, min(_MOST_SIGNATURES, len(fields)))
    query = spf_query(env)
    first = await asyncio.gather(
        structure.run(structure.Arrived(mail, now), ask=ask, facts=facts),
        *([bounded(spf.run(query, ask=ask, facts=facts), unknown("spf", "mailfrom"), within)] if query else []),
        *map(signature, range(count)),
        bounded(arc.run(arc.Chain(mail), ask=ask, facts=facts), unknown("arc", WHOLE), within),
        dkim2.run(mail, ask=ask, facts=facts),
    )
    # DKIM2 is worth a row only where it is there.
    shown = tuple(one for one in first if one.check != "dkim2" or one.result is None)
    domain = author_domain(mail)
    if domain is None:
        return shown
    author = dmarc.Author(domain, spf=_spf_said(shown, env), dkim=_dkim_said(shown))
    return (*shown, await bounded(dmarc.run(author, ask=ask, facts=facts), unknown("dmarc", domain), within))


def spf_query(env: Envelope) -> spf.Query | str | None:
    """What SPF can be asked: who sent it from where, else about the record of the domain alone; None where not even
    that is known. The null reverse-path leaves the EHLO name (RFC 7208 section 2.4)."""
    if env.client.address is not None and (env.mail_from or env.ehlo):
        identity: Literal["mailfrom", "helo"] = "mailfrom" if env.mail_from else "helo"
        return spf.Query(env.client.address, env.mail_from or "", env.ehlo or "", identity)
    return (env.mail_from or "").rpartition("@")[2] or None


def _spf_said(checks: Sequence[CheckResult], env: Envelope) -> tuple[str, str] | None:
    """The result that DMARC may use, and its domain; None where it is not known. An EHLO name counts only where the
    reverse-path is empty (RFC 9989 section 4.4)."""
    one = next((one for one in checks if one.check == "spf"), None)
    if one is None or one.result is None or env.mail_from is None:
        return None
    return one.result, str(one.facts.get("domain") or one.subject)


def _dkim_said(checks: Sequence[CheckResult]) -> tuple[tuple[str, str], ...]:
    return tuple(
        (str(one.result), str(one.facts["domain"]))
        for one in checks
        if one.check == "dkim" and one.result != "none" and one.facts.get("domain")
    )


def author_domain(mail: Message) -> str | None:
    """The domain of the From field, where there is one such field with one domain (RFC 9989 section 4.3)."""
    fields = mail.all("from")
    domains = {box.domain for box in mailboxes(fields[0].text)} if len(fields) == 1 else set()
    return next(iter(domains)) if len(domains) == 1 else None


def _without_author(checks: Sequence[CheckResult]) -> Iterator[CheckResult]:
    """What DMARC says where From names not one domain (RFC 9989 section 4.9): an error that no later attempt mends."""
    if any(one.check == "dmarc" for one in checks):
        return
    problems = [row["problem"] for one in checks if one.check == "structure" for row in one.facts["problems"]]
    for problem in problems:
        if problem in ("from-twice", "from-unreadable", "from-several"):
            yield CheckResult("dmarc", "", "permerror", {"reason": problem})
            return


def _facts(mail: Message, env: Envelope) -> dict[str, object]:
    """What is known of the message itself."""
    return {
        "author_domain": author_domain(mail),
        "mail_from": None if env.mail_from is None else show(env.mail_from),
        "ehlo": None if env.ehlo is None else show(env.ehlo),
        "received_by": None if env.hop is None else env.hop.by,
        "received_place": None if env.hop is None else env.hop.place,
        "signatures": len(mail.all("dkim-signature")),
        "signatures_verified": min(_MOST_SIGNATURES, len(mail.all("dkim-signature"))),
    }
