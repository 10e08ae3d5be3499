"""The report as a person reads it: verdict, proof, way out, what it is not, the conversation, what was done."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from typing import TextIO

from probe.catalog import Catalog
from probe.model import Answer, CheckResult, Diagnosis, Finding, Report, Session
from probe.reports.conversation import print_conversation
from probe.reports.layout import Page, clipped

_COLUMN = 11
_WHO = 10
_SEVERITY = {"error": "bold red", "warning": "yellow", "notice": "cyan", "info": "dim"}


def render(report: Report, out: TextIO, facts: Catalog, *, color: bool, width: int = 80, verbose: bool = False) -> None:
    """Write one report to ``out``. ``verbose`` shows every octet, every question and every answer."""
    page = Page(out, color=color, width=width)
    page.blank()
    _headline(page, report, facts)
    for diagnosis in _worth_telling(report):
        page.blank()
        _diagnosis(page, report, diagnosis, facts)
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
    session = report.sessions[-1]
    if session.outcome != "ok":
        return facts.words[f"verdict-{session.outcome}"], "bold yellow" if session.outcome == "tempfail" else "bold red"
    accepted = {exchange.stage for exchange in session.exchanges if exchange.reply and exchange.reply.code < 300}
    word = "sent" if session.message_sent else "ok" if "rcpt" in accepted else "greets"
    return facts.words[f"verdict-{word}"], "bold green"


def _headline(page: Page, report: Report, facts: Catalog) -> None:
    word, style = verdict(report, facts)
    target = report.target
    if not report.sessions:
        page.line((target.host, "bold"), right=(word, style))
        return
    session = report.sessions[-1]
    endpoint = session.endpoint
    place = endpoint.host if target.kind == "unix" else f"{_bracketed(endpoint.host)}:{endpoint.port}"
    address = "" if endpoint.address == endpoint.host else f" · {endpoint.address}"
    page.line((place, "bold"), (address, "dim"), right=(word, style))
    if session.outcome != "ok":
        page.line(_stopped(session, facts))
    else:
        page.line((clipped(" · ".join(_virtues(session, report, facts)), page.width - 1), "dim"))


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _stopped(session: Session, facts: Catalog) -> str:
    where = facts.words[f"stage-{session.stage}"]
    reply = next(
        (e.reply for e in session.exchanges if e.stage == session.stage and e.reply and e.reply.code >= 400), None
    )
    if reply is not None and session.outcome in ("rejected", "tempfail"):
        return f"{where}: {reply.code}" + (f" {reply.enhanced}" if reply.enhanced else "")
    return f"{where}: {session.detail}"


def _virtues(session: Session, report: Report, facts: Catalog) -> Iterator[str]:
    """What a sending server would want to know of a healthy one."""
    if session.tls is None:
        yield facts.words["in-clear"]
    else:
        yield session.tls.version or "TLS"
        leaf = session.tls.certificate
        if leaf is not None:
            now = datetime.datetime.fromisoformat(report.started.replace("Z", "+00:00"))
            days = (datetime.datetime.fromisoformat(leaf.not_after.replace("Z", "+00:00")) - now).days
            key = "certificate-valid" if session.tls.verified else "certificate-days"
            yield facts.words[key if days >= 0 else "certificate-expired"].format(days=days)
    offer = session.extensions.current
    size = offer.get("SIZE", "")
    if size.isdigit() and len(size) <= 20 and int(size) > 0:
        yield f"SIZE {_size(int(size))}"
    rest = [keyword for keyword in offer if keyword not in ("SIZE", "STARTTLS", "AUTH", "HELP", "ENHANCEDSTATUSCODES")]
    if rest:
        yield " ".join(rest)


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


def _diagnosis(page: Page, report: Report, diagnosis: Diagnosis, facts: Catalog) -> None:
    words = facts.words
    cause = facts.causes[diagnosis.cause]
    page.row(
        words["heading-why"], (cause.title, "bold"), f" ({words[f'diagnosis-{diagnosis.verdict}']})", column=_COLUMN
    )
    page.row("", diagnosis.summary, column=_COLUMN)
    _list(page, words["heading-proof"], diagnosis.evidence)
    _list(page, words["heading-against"], diagnosis.against)
    for number, fix in enumerate(diagnosis.fix):
        label = words["heading-fix"] if number == 0 else ""
        repeated = number > 0 and diagnosis.fix[number - 1].who == fix.who
        who = "" if repeated else fix.who
        page.hanging(((label.ljust(_COLUMN - 1), "bold"), (who, "")), (fix.do,), column=_COLUMN + _WHO)
        if fix.publish:
            page.row("", (fix.publish, "bold"), column=_COLUMN + _WHO)
        if fix.url:
            page.row("", (fix.url, "underline"), column=_COLUMN + _WHO)
    _list(page, words["heading-not-it"], diagnosis.ruled_out)
    _list(page, words["heading-not-asked"], diagnosis.not_asked)


def _list(page: Page, label: str, lines: tuple[str, ...]) -> None:
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
    connections = sum(1 for session in report.sessions if session.stage != "connect")
    questions = len({(a.name, a.type) for a in (*report.dns, *_asked(report.checks))})
    sent = any(session.message_sent for session in report.sessions)
    words = facts.words
    said = ", ".join(
        (
            _counted(connections, words["connection-one"], words["connection-many"]),
            _counted(questions, words["question-one"], words["question-many"]),
            f"{report.elapsed_ms / 1000:.2f} s.",
        )
    )
    tail = "" if verbose else " " + words["see-octets"]
    page.line((f"{said} {words['message-sent' if sent else 'nothing-sent']}{tail}", "dim"))


def _counted(count: int, one: str, many: str) -> str:
    return (one if count == 1 else many).format(count=count)


def _asked(checks: tuple[CheckResult, ...]) -> Iterator[Answer]:
    for one in checks:
        yield from one.queries


def quiet(report: Report, facts: Catalog) -> str:
    """The whole report in one line."""
    word, _ = verdict(report, facts)
    if not report.sessions:
        return f"{report.target.host} {word}" + (f": {report.findings[0].title}" if report.findings else "")
    session = report.sessions[-1]
    place = f"{_bracketed(session.endpoint.host)}:{session.endpoint.port}"
    causes = ", ".join(dict.fromkeys(f"{d.cause} ({d.verdict})" for d in report.diagnoses))
    return (
        f"{place} {word}"
        + ("" if session.outcome == "ok" else f" {_stopped(session, facts)}")
        + (f"; {causes}" if causes else "")
    )
