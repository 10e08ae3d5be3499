"""The report as a person reads it: verdict, proof, way out, what it is not, the conversation, what was done."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TextIO

from rich.cells import cell_len

from probe.catalog import Catalog
from probe.model import Answer, CheckResult, Diagnosis, Finding, Report
from probe.reports.conversation import print_conversation
from probe.reports.headline import place_of, print_headline, stopped, verdict
from probe.reports.layout import Page, padded
from probe.text import show

_COLUMN = 11
_WHO = 10
_SEVERITY = {"error": "bold red", "warning": "yellow", "notice": "cyan", "info": "dim"}


def render(report: Report, out: TextIO, facts: Catalog, *, color: bool, width: int = 80, verbose: bool = False) -> None:
    """Write one report to ``out``. ``verbose`` shows every octet, every question and every answer."""
    page = Page(out, color=color, width=width)
    page.blank()
    print_headline(page, report, facts)
    told: set[str] = set()
    for diagnosis in _worth_telling(report):
        page.blank()
        _diagnosis(page, diagnosis, facts, told)
    _findings(page, report, facts)
    for session in report.sessions:
        page.blank()
        print_conversation(page, session, report, facts, verbose=verbose)
    if verbose:
        _questions(page, report, facts)
    page.blank()
    _what_was_done(page, report, facts, verbose)
    page.blank()


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
    title = facts.say("why-refuted", title=cause.title) if refuted else cause.title
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
            ((padded(facts.words[f"severity-{one.severity}"], 8), _SEVERITY[one.severity]),),
            ((one.title, "bold"), facts.words["title-end"], one.explanation),
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
        "dmarc-fail",
        "dmarc-fail-watched",
        "dkim-broken",
    )
)


def _questions(page: Page, report: Report, facts: Catalog) -> None:
    asked = [*report.dns, *_asked(report.checks)]
    if not asked:
        return
    page.blank()
    page.line(("DNS", "bold"))
    for answer in asked:
        said = ", ".join(answer.values) or answer.reason
        word = facts.words[f"answer-{answer.answer}"]
        page.hanging(
            ((f"{answer.elapsed_ms:5.0f} ms", "dim"),),
            (f"{answer.name} {answer.type}  ", (word, "bold"), f"  {said}" if said and said != answer.answer else ""),
            indent=1,
            column=_COLUMN,
        )


def _what_was_done(page: Page, report: Report, facts: Catalog, verbose: bool) -> None:
    connections = report.connections or sum(1 for session in report.sessions if session.stage != "connect")
    questions = len({(a.name, a.type) for a in (*report.dns, *_asked(report.checks))})
    sent = any(session.message_sent for session in report.sessions)
    words = facts.words
    done = facts.say(
        "what-was-done",
        connections=facts.count("connections-count", connections),
        questions=facts.count("questions-count", questions),
        seconds=f"{report.elapsed_ms / 1000:.2f}",
    )
    fate = words["message-sent" if sent else "nothing-sent"]
    page.line((facts.joined(done, fate, "" if verbose else words["see-octets"]), "dim"))


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
    place = place_of(report, session)
    where = place if place == typed or place.startswith(f"{typed}:") else f"{typed} ({place})"
    causes = ", ".join(dict.fromkeys(f"{d.cause} ({facts.words[f'certainty-{d.verdict}']})" for d in report.diagnoses))
    return show(
        f"{where} {word}"
        + ("" if session.outcome == "ok" else f" {', '.join(stopped(session, facts))}")
        + (f"; {causes}" if causes else "")
    )
