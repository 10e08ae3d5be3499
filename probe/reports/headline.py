"""The first lines of a report: where, the verdict in a word, the way there, and what decided it."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator

from probe.catalog import Catalog
from probe.model import Certificate, Report, Session
from probe.reports.delivery import recipient_of, refusals, sent_to
from probe.reports.layout import Page
from probe.reports.route import print_route

_MOST_LINES = 4
_MOST_NAMES = 5
_MANY_DAYS = 3652


def verdict(report: Report, facts: Catalog) -> tuple[str, str]:
    """The one word for the whole run, and its style."""
    if not report.sessions:
        return facts.words["verdict-no-route"], "bold red"
    return verdict_of(report.sessions[-1], facts)


def verdict_of(session: Session, facts: Catalog) -> tuple[str, str]:
    """The same for one session. A message that went out is told first, whoever was refused beside it."""
    words = facts.words
    sent, asked = sent_to(session)
    if 0 < sent < asked:
        return facts.say("verdict-sent-to-some", sent=sent, asked=asked), "bold yellow"
    if sent:
        return words["verdict-sent"], "bold green" if session.outcome == "ok" else "bold yellow"
    if session.interrupted:
        return words["verdict-interrupted"], "bold yellow"
    if session.outcome != "ok":
        return words[f"verdict-{session.outcome}"], "bold yellow" if session.outcome == "tempfail" else "bold red"
    accepted = {exchange.stage for exchange in session.exchanges if exchange.reply and exchange.reply.code < 300}
    return words["verdict-ok" if "rcpt" in accepted else "verdict-greets"], "bold green"


def print_headline(page: Page, report: Report, facts: Catalog) -> None:
    """Where, the verdict, the way there, and what stopped it or what a healthy server has."""
    word, style = verdict(report, facts)
    if not report.sessions:
        page.line((report.target.host, "bold"), right=(word, style))
        return
    session = report.sessions[-1]
    endpoint = session.endpoint
    address = "" if endpoint.address == endpoint.host else f" · {endpoint.address}"
    page.line((place_of(report, session), "bold"), (address, "dim"), right=(word, style))
    print_route(page, report, facts, {s.endpoint: verdict_of(s, facts)[0] for s in report.sessions})
    if session.outcome != "ok":
        for line in stopped(session, facts):
            page.line(line, most=_MOST_LINES)
    else:
        page.line((" · ".join(_virtues(session, report, facts)), "dim"), most=_MOST_LINES)
        if more := " · ".join(_proofs(session, facts)):
            page.line((more, "dim"), most=_MOST_LINES)


def place_of(report: Report, session: Session) -> str:
    """Host and port; of a unix socket its path."""
    host, port = session.endpoint.host, session.endpoint.port
    return host if report.target.kind == "unix" else f"{_bracketed(host)}:{port}"


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def stopped(session: Session, facts: Catalog) -> list[str]:
    """Where and why it stopped; where a message went out to some, everybody whom it did not reach."""
    sent, asked = sent_to(session)
    refused = list(refusals(session))
    if 0 < sent < asked and refused:
        lines = [_said(session, index, facts) for index, _ in refused[:_MOST_LINES]]
        more = len(refused) - len(lines)
        return [*lines, f"… (+{more})"] if more else lines
    if session.outcome in ("rejected", "tempfail"):
        for index, exchange in enumerate(session.exchanges):
            if exchange.stage == session.stage and exchange.reply and exchange.reply.code >= 400:
                return [_said(session, index, facts)]
    return [f"{facts.words[f'stage-{session.stage}']}: {session.detail or session.outcome}"]


def _said(session: Session, index: int, facts: Catalog) -> str:
    """One refusal: at which stage, which codes, for whom."""
    exchange = session.exchanges[index]
    reply = exchange.reply
    codes = f"{reply.code} {reply.enhanced or ''}".strip() if reply else ""
    recipient = recipient_of(session, index)
    if recipient is not None:
        codes = facts.say("said-to-recipient", reply=codes, recipient=recipient)
    return f"{facts.words[f'stage-{exchange.stage}']}: {codes}"


def _virtues(session: Session, report: Report, facts: Catalog) -> Iterator[str]:
    """What a sending server would want to know of a healthy one."""
    if session.tls is None:
        yield facts.words["in-clear"]
    else:
        yield session.tls.version or "TLS"
        if session.tls.certificate is not None:
            yield _validity(session.tls.certificate, report, facts, verified=bool(session.tls.verified))
    offer = session.extensions.current
    size = offer.get("SIZE", "")
    if size.isascii() and size.isdigit() and len(size) <= 20 and int(size) > 0:
        yield f"SIZE {_size(int(size), facts)}"
    rest = [keyword for keyword in offer if keyword not in ("SIZE", "STARTTLS", "AUTH", "HELP", "ENHANCEDSTATUSCODES")]
    if rest:
        yield " ".join(rest)


def _validity(leaf: Certificate, report: Report, facts: Catalog, *, verified: bool) -> str:
    now, end = _moment(report.started), _moment(leaf.not_after)
    days = (end - now).days
    if days < 0:
        return facts.words["certificate-expired"]
    key = "certificate-valid" if verified else "certificate-days"
    if days > _MANY_DAYS:
        return facts.say(f"{key}-year", year=end.year)
    return facts.count(key, days)


def _moment(text: str) -> datetime.datetime:
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))


def _proofs(session: Session, facts: Catalog) -> Iterator[str]:
    """How one may log in, and whose certificate it is."""
    offer = session.extensions.current
    if "AUTH" in offer:
        yield f"AUTH {offer['AUTH']}".strip()
    leaf = session.tls.certificate if session.tls is not None else None
    if leaf is not None:
        named = leaf.names or (_common_name(leaf.subject),)
        names = ", ".join(named[:_MOST_NAMES]) + (f" (+{len(named) - _MOST_NAMES})" if len(named) > _MOST_NAMES else "")
        key = "certificate-for-self" if leaf.subject == leaf.issuer else "certificate-for"
        yield facts.say(key, names=names, issuer=_common_name(leaf.issuer))


def _common_name(name: str) -> str:
    """The CN of a distinguished name (RFC 4514), else the whole of it."""
    found = re.search(r"(?:^|[,+])CN=((?:\\.|[^\\,+])+)", name)
    return re.sub(r"\\(.)", r"\1", found[1]) if found else name or "?"


def _size(octets: int, facts: Catalog) -> str:
    for unit in (facts.words["unit-octets"], "kB", "MB", "GB"):
        if octets < 10_000 or unit == "GB":
            return f"{octets} {unit}"
        octets //= 1000
    return ""
