"""The report as a person reads it: verdict, proof, way out, what it is not, the conversation, what was done."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator, Sequence
from typing import TextIO

from rich.cells import cell_len

from probe.catalog import Catalog
from probe.model import Answer, Certificate, CheckResult, Diagnosis, Finding, Report, Session
from probe.reports.conversation import print_conversation
from probe.reports.delivery import recipient_of, refusals, sent_to
from probe.reports.layout import Page, counted, padded
from probe.reports.route import print_route
from probe.text import show

_COLUMN = 11
_WHO = 10
_MOST_LINES = 4
_MOST_NAMES = 5
_MANY_DAYS = 3652
_SEVERITY = {"error": "bold red", "warning": "yellow", "notice": "cyan", "info": "dim"}


def render(report: Report, out: TextIO, facts: Catalog, *, color: bool, width: int = 80, verbose: bool = False) -> None:
    """Write one report to ``out``. ``verbose`` shows every octet, every question and every answer."""
    page = Page(out, color=color, width=width)
    page.blank()
    _headline(page, report, facts)
    told: set[str] = set()
    for diagnosis in _worth_telling(report):
        page.blank()
        _diagnosis(page, diagnosis, facts, told)
    _findings(page, report, facts)
    for session in report.sessions:
        page.blank()
        print_conversation(page, session, report, facts, verbose=verbose)
    if verbose:
        _questions(page, report)
    page.blank()
    _what_was_done(page, report, facts, verbose)
    page.blank()


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
        return words["verdict-sent-to-some"].format(sent=sent, asked=asked), "bold yellow"
    if sent:
        return words["verdict-sent"], "bold green" if session.outcome == "ok" else "bold yellow"
    if session.outcome != "ok":
        return words[f"verdict-{session.outcome}"], "bold yellow" if session.outcome == "tempfail" else "bold red"
    accepted = {exchange.stage for exchange in session.exchanges if exchange.reply and exchange.reply.code < 300}
    return words["verdict-ok" if "rcpt" in accepted else "verdict-greets"], "bold green"


def _headline(page: Page, report: Report, facts: Catalog) -> None:
    word, style = verdict(report, facts)
    if not report.sessions:
        page.line((report.target.host, "bold"), right=(word, style))
        return
    session = report.sessions[-1]
    endpoint = session.endpoint
    address = "" if endpoint.address == endpoint.host else f" · {endpoint.address}"
    page.line((_place(report, session), "bold"), (address, "dim"), right=(word, style))
    print_route(page, report, facts, {s.endpoint: verdict_of(s, facts)[0] for s in report.sessions})
    if session.outcome != "ok":
        for line in _stopped(session, facts):
            page.line(line, most=_MOST_LINES)
    else:
        page.line((" · ".join(_virtues(session, report, facts)), "dim"), most=_MOST_LINES)
        if more := " · ".join(_proofs(session, facts)):
            page.line((more, "dim"), most=_MOST_LINES)


def _place(report: Report, session: Session) -> str:
    host, port = session.endpoint.host, session.endpoint.port
    return host if report.target.kind == "unix" else f"{_bracketed(host)}:{port}"


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _stopped(session: Session, facts: Catalog) -> list[str]:
    """Where and why it stopped; where a message went out to some, everybody whom it did not reach."""
    sent, asked = sent_to(session)
    refused = list(refusals(session))
    if 0 < sent < asked and refused:
        lines = [_said(session, index, facts) for index, _ in refused[:_MOST_LINES]]
        more = len(refused) - len(lines)
        return [*lines, "… " + counted(facts.words, "more-lines", more)] if more else lines
    if session.outcome in ("rejected", "tempfail"):
        for index, exchange in enumerate(session.exchanges):
            if exchange.stage == session.stage and exchange.reply and exchange.reply.code >= 400:
                return [_said(session, index, facts)]
    return [f"{facts.words[f'stage-{session.stage}']}: {session.detail}"]


def _said(session: Session, index: int, facts: Catalog) -> str:
    """One refusal: at which stage, which codes, for whom."""
    exchange = session.exchanges[index]
    reply = exchange.reply
    codes = f"{reply.code} {reply.enhanced or ''}".strip() if reply else ""
    recipient = recipient_of(session, index)
    if recipient is not None:
        codes = facts.words["said-to-recipient"].format(reply=codes, recipient=recipient)
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
    if size.isdigit() and len(size) <= 20 and int(size) > 0:
        yield f"SIZE {_size(int(size))}"
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
        return facts.words[f"{key}-year"].format(year=end.year)
    return counted(facts.words, key, days)


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
        yield facts.words[key].format(names=names, issuer=_common_name(leaf.issuer))


def _common_name(name: str) -> str:
    """The CN of a distinguished name (RFC 4514), else the whole of it."""
    found = re.search(r"(?:^|[,+])CN=((?:\\.|[^\\,+])+)", name)
    return re.sub(r"\\(.)", r"\1", found[1]) if found else name or "?"


def _size(octets: int) -> str:
    for unit in ("octets", "kB", "MB", "GB"):
        if octets < 10_000 or unit == "GB":
            return f"{octets} {unit}"
        octets //= 1000
    return ""


def _worth_telling(report: Report) -> list[Diagnosis]:
    """One diagnosis a cause: the same refusal of three recipients is told once."""
    told: dict[tuple[str, str, str], Diagnosis] = {}
    for diagnosis in report.diagnoses:
        told.setdefault((diagnosis.cause, diagnosis.stage, diagnosis.verdict), diagnosis)
    return list(told.values())


def _diagnosis(page: Page, diagnosis: Diagnosis, facts: Catalog, told: set[str]) -> None:
    """``told`` holds what earlier diagnoses of this report said of the other checks; it is not said twice."""
    words = facts.words
    cause = facts.causes[diagnosis.cause]
    refuted = diagnosis.verdict == "refuted"
    title = words["why-refuted"].format(title=cause.title) if refuted else cause.title
    page.row(words["heading-why"], (title, "bold"), f" ({words[f'diagnosis-{diagnosis.verdict}']})", column=_COLUMN)
    if not refuted:
        page.row("", diagnosis.summary, column=_COLUMN)
    _list(page, words["heading-proof"], diagnosis.evidence)
    _list(page, words["heading-against"], diagnosis.against)
    column = _COLUMN + max([_WHO, *(cell_len(fix.who) + 1 for fix in diagnosis.fix)])
    for number, fix in enumerate(diagnosis.fix):
        label = words["heading-fix"] if number == 0 else ""
        repeated = number > 0 and diagnosis.fix[number - 1].who == fix.who
        who = "" if repeated else fix.who
        page.hanging(((padded(label, _COLUMN - 1), "bold"), (who, "")), (fix.do,), column=column)
        if fix.publish:
            page.row("", (fix.publish, "bold"), column=column)
        if fix.url:
            page.row("", (fix.url, "underline"), column=column)
    _list(page, words["heading-not-it"], [line for line in diagnosis.ruled_out if line not in told])
    _list(page, words["heading-not-asked"], [line for line in diagnosis.not_asked if line not in told])
    told.update(diagnosis.ruled_out, diagnosis.not_asked)


def _list(page: Page, label: str, lines: Sequence[str]) -> None:
    for number, line in enumerate(lines):
        page.row(label if number == 0 else "", line, column=_COLUMN)


def _findings(page: Page, report: Report, facts: Catalog) -> None:
    """What the diagnoses already say is not said again."""
    told = bool(report.diagnoses)
    shown = [one for one in report.findings if not (told and _repeats(one, report))]
    if not shown:
        return
    page.blank()
    for number, one in enumerate(shown):
        label = facts.words["heading-findings"] if number == 0 else ""
        if label:
            page.line((label, "bold"))
        page.hanging(
            ((one.severity.ljust(8), _SEVERITY[one.severity]),),
            ((one.title, "bold"), ". ", one.explanation),
            indent=3,
            column=12,
        )
        if one.remedy and one.severity in ("error", "warning"):
            page.hanging((("", ""),), (("→ ", "dim"), one.remedy), indent=3, column=12)


def _repeats(one: Finding, report: Report) -> bool:
    return one.id in ("rejected", "tempfail", "parameter-not-offered", "list-not-asked", "list-not-believed") or (
        one.severity != "info" and one.id in _SAID_BY_A_DIAGNOSIS
    )


_SAID_BY_A_DIAGNOSIS = frozenset(
    (
        "client-listed",
        "domain-listed",
        "no-ptr",
        "ptr-not-confirmed",
        "spf-missing",
        "spf-broken",
        "dmarc-missing",
        "dmarc-broken",
        "dkim-broken",
    )
)


def _questions(page: Page, report: Report) -> None:
    asked = [*report.dns, *_asked(report.checks)]
    if not asked:
        return
    page.blank()
    page.line(("DNS", "bold"))
    for answer in asked:
        said = ", ".join(answer.values) if answer.values else (answer.reason or answer.answer)
        page.hanging(
            ((f"{answer.elapsed_ms:5.0f} ms", "dim"),),
            (f"{answer.name} {answer.type}  ", (answer.answer, "bold"), f"  {said}" if said != answer.answer else ""),
            indent=1,
            column=_COLUMN,
        )


def _what_was_done(page: Page, report: Report, facts: Catalog, verbose: bool) -> None:
    connections = report.connections or sum(1 for session in report.sessions if session.stage != "connect")
    questions = len({(a.name, a.type) for a in (*report.dns, *_asked(report.checks))})
    sent = any(session.message_sent for session in report.sessions)
    words = facts.words
    said = ", ".join(
        (
            counted(words, "connections-count", connections),
            counted(words, "questions-count", questions),
            f"{report.elapsed_ms / 1000:.2f} s.",
        )
    )
    tail = "" if verbose else " " + words["see-octets"]
    page.line((f"{said} {words['message-sent' if sent else 'nothing-sent']}{tail}", "dim"))


def _asked(checks: tuple[CheckResult, ...]) -> Iterator[Answer]:
    for one in checks:
        yield from one.queries


def quiet(report: Report, facts: Catalog) -> str:
    """The whole report in one line."""
    word, _ = verdict(report, facts)
    typed = report.target.input
    if not report.sessions:
        return f"{typed} {word}" + (f": {report.findings[0].title}" if report.findings else "")
    session = report.sessions[-1]
    place = _place(report, session)
    where = place if place == typed or place.startswith(f"{typed}:") else f"{typed} ({place})"
    causes = ", ".join(dict.fromkeys(f"{d.cause} ({d.verdict})" for d in report.diagnoses))
    return show(
        f"{where} {word}"
        + ("" if session.outcome == "ok" else f" {', '.join(_stopped(session, facts))}")
        + (f"; {causes}" if causes else "")
    )
