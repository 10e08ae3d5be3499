"""What is worth knowing: one pure function over route, sessions and check results.

Code emits an id and facts; severity and words are in ``data/findings.toml``. An id that nobody emits there, or that has
no words, fails a test. What a check found is told by the check itself, see ``probe.checks``.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, cast

from probe import checks
from probe.catalog import Catalog
from probe.model import CheckResult, Client, Exchange, Finding, Session, Severity, Target, Tls
from probe.route import Route
from probe.smtp.extensions import size_limit, strange_lines
from probe.text import capital, filled

_SLOW_GREETING_MS = 5000.0
_SOON_DAYS = 14
_MOST_RECORDS = 5
# The facts that are words of ours, not names.
_WORDS = ("detail", "meaning", "reason", "warnings")


def finding(id_: str, subject: str, facts: Catalog, **details: Any) -> Finding:
    """The finding with its words filled in."""
    text = facts.findings[id_]
    return Finding(
        id=id_,
        severity=cast(Severity, text.severity),
        subject=subject,
        facts=details,
        title=filled(text.title, details),
        explanation=_sentence(text.explanation, details),
        remedy=filled(text.remedy, details),
        references=text.references,
    )


def _sentence(words: str, details: Mapping[str, Any]) -> str:
    """The explanation as a sentence. One that begins with a name begins as the name is written."""
    said = filled(words, details)
    first = words[1:].partition("}")[0] if words.startswith("{") else ""
    return said if first and first not in _WORDS else capital(said)


def findings(
    target: Target,
    route: Route,
    sessions: Sequence[Session],
    results: Sequence[CheckResult],
    facts: Catalog,
    *,
    now: datetime.datetime,
    interrupted: bool = False,
    client: Client | None = None,
    client_ip: str | None = None,
) -> tuple[Finding, ...]:
    """All findings of one run, errors first, otherwise in the order in which things happened."""
    found = [
        *([finding("interrupted", target.host, facts)] if interrupted else []),
        *_of_client(client, client_ip, facts),
        *_of_route(target, route, facts),
        *_of_outcomes(sessions, facts),
        *(one for session in sessions for one in _of_session(session, facts, now)),
        *_of_checks(results, facts),
    ]
    return _ordered(found)


def findings_of(results: Sequence[CheckResult], facts: Catalog) -> tuple[Finding, ...]:
    """What a set of check results is worth, errors first."""
    return _ordered([*_of_checks(results, facts)])


def _ordered(found: list[Finding]) -> tuple[Finding, ...]:
    order = {"error": 0, "warning": 1, "notice": 2, "info": 3}
    return tuple(sorted(_distinct(found), key=lambda one: order[one.severity]))


def _of_client(client: Client | None, given: str | None, facts: Catalog) -> Iterator[Finding]:
    if client is not None and given is not None and client.address not in (None, given):
        yield finding("client-differs", given, facts, given=given, seen=client.address)


def _distinct(found: list[Finding]) -> list[Finding]:
    """The same thing said of the same subject counts once."""
    return list({(one.id, one.subject, one.title, one.explanation): one for one in found}.values())


def _of_route(target: Target, route: Route, facts: Catalog) -> Iterator[Finding]:
    domain = target.host
    private = ", ".join(endpoint.address for endpoint in route.private)
    if route.problem == "null-mx":
        yield finding("null-mx", domain, facts, domain=domain)
    elif route.problem == "no-such-domain":
        yield finding("no-such-domain", domain, facts, domain=domain)
    elif route.problem == "no-address":
        asked = ", ".join(f"{answer.name} {answer.type}" for answer in route.answers) or domain
        yield finding("no-address", domain, facts, domain=domain, asked=asked)
    elif route.problem == "dns-failed":
        yield finding("dns-failed", domain, facts, domain=domain, detail=_why_dns_failed(route, facts))
    elif route.problem == "private-address":
        yield finding("private-address", domain, facts, domain=domain, addresses=private)
    if private and route.problem is None:
        yield finding("mx-private", domain, facts, addresses=private)
    for record in route.unusable[:_MOST_RECORDS]:  # a zone must not fill the report
        yield finding("mx-unusable", domain, facts, record=record)
    if route.implicit and route.problem is None:
        yield finding("implicit-mx", domain, facts, domain=domain)


def _why_dns_failed(route: Route, facts: Catalog) -> str:
    unknown = [answer for answer in route.answers if not answer.known]
    if not unknown:
        return facts.words["no-answer-in-time"]
    return "; ".join(
        facts.say(
            "dns-failed-at" if answer.server else "dns-failed",
            question=f"{answer.name} {answer.type}",
            reason=facts.reason({"reason": answer.reason or answer.answer}),
            server=answer.server,
        )
        for answer in unknown
    )


def _of_outcomes(sessions: Sequence[Session], facts: Catalog) -> Iterator[Finding]:
    """The last session decides; what failed before it was a detour."""
    for index, session in enumerate(sessions):
        if session.outcome == "ok" or session.interrupted:
            continue
        host = session.endpoint.host
        detail = session.detail or session.outcome
        if index + 1 < len(sessions) and sessions[-1].stage != "connect":
            yield finding("endpoint-skipped", _place(session), facts, host=_place(session), detail=capital(detail))
        else:
            yield finding(
                session.outcome,
                host,
                facts,
                place=facts.words[f"stage-{session.stage}"],
                detail=detail,
                port=session.endpoint.port,
            )
    if sessions:
        yield from _hints(sessions[-1], facts)
    silent = [s for s in sessions if s.stage == "connect" and s.outcome == "timeout" and s.endpoint.port == 25]
    if sessions and len(silent) == len(sessions):
        yield finding("port-25-silent", sessions[0].endpoint.host, facts)


def _hints(session: Session, facts: Catalog) -> Iterator[Finding]:
    """Another way to speak to this port."""
    heard = any(exchange.reply or exchange.partial for exchange in session.exchanges)
    in_tls = any(exchange.in_tls for exchange in session.exchanges)
    if session.outcome == "timeout" and session.stage == "banner" and not heard and not in_tls:
        yield finding("maybe-implicit-tls", _place(session), facts)
    said = " ".join(exchange.reply.text for exchange in session.exchanges[:3] if exchange.reply)
    if session.stage == "ehlo" and re.search(r"\bL(?:MTP|HLO)\b", said):
        yield finding("maybe-lmtp", _place(session), facts)


def _of_session(session: Session, facts: Catalog, now: datetime.datetime) -> Iterator[Finding]:
    yield from _of_offers(session, facts)
    if session.tls is not None:
        yield from _of_tls(session, session.tls, facts, now)
    for exchange in session.exchanges:
        yield from _of_exchange(session, exchange, facts)


def _of_offers(session: Session, facts: Catalog) -> Iterator[Finding]:
    before, after = session.extensions.before_tls, session.extensions.after_tls
    place = _place(session)
    asked_tls = any(exchange.stage in ("starttls", "tls") for exchange in session.exchanges)
    if before is not None and "STARTTLS" not in before and session.tls is None and session.outcome != "no_tls":
        yield finding("starttls-not-offered", place, facts)
    if after is not None and "STARTTLS" in after and asked_tls:
        yield finding("starttls-inside-tls", place, facts)
    if before and before.get("AUTH"):
        yield finding("auth-in-clear", place, facts, mechanisms=before["AUTH"])
    for offer in (before, after):
        if offer and offer.get("SIZE") and size_limit(offer) is None:
            yield finding("size-unreadable", place, facts, value=offer["SIZE"][:40])
    if session.help_verbs is not None:
        yield from _of_help(session, session.help_verbs, facts)


def _of_help(session: Session, verbs: tuple[str, ...], facts: Catalog) -> Iterator[Finding]:
    """HELP came before TLS, so it is held against the offer before TLS, and STARTTLS may be missing after it."""
    offer = session.extensions.before_tls if session.extensions.before_tls is not None else session.extensions.current
    brought = {verb: keyword for keyword, row in facts.extensions.items() for verb in row.verbs}
    extra = [verb for verb in verbs if verb in brought and not _offers_verb(verb, offer, facts) and verb != "HELP"]
    if extra:
        yield finding("verbs-not-offered", _place(session), facts, verbs=" ".join(extra))
    missing = [
        keyword
        for keyword in offer
        if keyword in facts.extensions
        and facts.extensions[keyword].verbs
        and not any(verb in verbs for verb in facts.extensions[keyword].verbs)
    ]
    if missing and verbs:
        yield finding("verbs-not-in-help", _place(session), facts, keywords=" ".join(missing))


def _offers_verb(verb: str, offer: Mapping[str, str], facts: Catalog) -> bool:
    return any(verb in facts.extensions[keyword].verbs for keyword in offer if keyword in facts.extensions)


def _of_tls(session: Session, tls: Tls, facts: Catalog, now: datetime.datetime) -> Iterator[Finding]:
    place = _place(session)
    if tls.version in ("TLS 1", "TLS 1.0", "TLS 1.1", "SSLv3"):
        yield finding("tls-old-version", place, facts, version=tls.version)
    leaf = tls.certificate
    if leaf is None:
        return
    host = session.endpoint.host
    for problem in tls.problems:
        yield finding(
            f"certificate-{problem}",
            place,
            facts,
            not_after=leaf.not_after,
            not_before=leaf.not_before,
            names=", ".join(leaf.names[:5]) or leaf.subject or facts.words["nobody"],
            host=host,
            issuer=leaf.issuer,
            key=leaf.key,
            signature=leaf.signature,
        )
    days = days_left(leaf.not_after, now)
    if 0 <= days < _SOON_DAYS:
        yield finding("certificate-expires-soon", place, facts, not_after=leaf.not_after, days=int(days))


def days_left(moment: str, now: datetime.datetime) -> float:
    """Days from now to an RFC 3339 moment."""
    return (datetime.datetime.fromisoformat(moment.replace("Z", "+00:00")) - now).total_seconds() / 86400


def _of_exchange(session: Session, exchange: Exchange, facts: Catalog) -> Iterator[Finding]:
    reply, explanation, place = exchange.reply, exchange.explanation, _place(session)
    if exchange.stage == "quit" and exchange.failure and session.outcome == "ok":
        yield finding("quit-unanswered", place, facts, detail=capital(exchange.detail or ""))
    if reply is None:
        return
    verb = (exchange.command or exchange.stage).split(" ")[0]
    for oddity in reply.oddities:
        if oddity != "inconsistent-codes":
            yield finding(f"reply-{oddity}", place, facts, stage=exchange.stage)
    if reply.cut:
        yield finding("reply-cut", place, facts, code=reply.code)
    if reply.enhanced and reply.enhanced[0] != str(reply.code)[0]:
        yield finding("enhanced-class-differs", place, facts, enhanced=reply.enhanced, code=reply.code)
    if explanation is not None and explanation.allowed_here is False and reply.code < 400:
        yield finding("code-not-allowed", place, facts, code=reply.code, command=verb)
    if exchange.stage == "banner" and exchange.elapsed_ms > _SLOW_GREETING_MS:
        yield finding("slow-greeting", place, facts, seconds=round(exchange.elapsed_ms / 1000, 1))
    if exchange.stage == "ehlo" and reply.code < 300:
        for line in strange_lines(reply.lines)[:3]:
            yield finding("ehlo-strange-line", place, facts, line=line[:80])
        if verb == "HELO":
            refused = next((e.reply.code for e in session.exchanges if e.stage == "ehlo" and e.reply), 0)
            yield finding("helo-only", place, facts, code=refused)
    if exchange.stage == "auth" and "***" in (exchange.command or "") and not exchange.in_tls:
        yield finding("password-in-clear", place, facts)
    if (
        exchange.stage == "auth"
        and reply.code == 235
        and not any(e.command == "***" or "***" in (e.command or "") for e in session.exchanges)
    ):
        yield finding("auth-without-secret", place, facts, command=exchange.command)
    if (
        exchange.stage == "help"
        and reply.code >= 400
        and reply.code != 421
        and (exchange.command or "").upper() == "HELP"
    ):
        yield finding("help-refused", place, facts, code=reply.code)
    if exchange.stage == "starttls" and reply.code >= 400 and reply.code != 421 and session.outcome != "tls_refused":
        yield finding("starttls-refused", place, facts, code=reply.code)


def _of_checks(results: Sequence[CheckResult], facts: Catalog) -> Iterator[Finding]:
    for one in results:
        if one.check in checks.IDS:
            for told in checks.check(one.check).findings(one, facts):
                yield finding(told.id, told.subject, facts, **told.details)
        elif one.check == "extensions" and one.result == "fail":
            asked = ", ".join(one.facts["not_offered"])
            offered = " ".join(one.facts["offered"]) or facts.words["nothing-of-the-kind"]
            yield finding("parameter-not-offered", one.subject, facts, asked=asked, offered=offered)


def _place(session: Session) -> str:
    endpoint = session.endpoint
    return endpoint.host if endpoint.host == endpoint.address else f"{endpoint.host} ({endpoint.address})"
