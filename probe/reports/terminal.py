"""The report as a person reads it: verdict, proof, way out, what it is not, the conversation, what was done."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TextIO

from probe.catalog import Catalog
from probe.model import Answer, CheckResult, Diagnosis, Finding, Report
from probe.reports.conversation import print_conversation
from probe.reports.headline import place_of, print_headline, stopped, verdict
from probe.reports.layout import Page
from probe.reports.parts import COLUMN, print_findings, print_fixes, print_list, print_questions
from probe.text import show


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
        print_questions(page, [*report.dns, *_asked(report.checks)], facts)
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
    page.row(words["heading-why"], (title, "bold"), f" ({words[f'diagnosis-{diagnosis.verdict}']})", column=COLUMN)
    if not refuted:
        page.row("", diagnosis.summary, column=COLUMN)
    print_list(page, words["heading-proof"], diagnosis.evidence)
    print_list(page, words["heading-against"], diagnosis.against)
    print_fixes(page, diagnosis.fix, facts)
    print_list(page, words["heading-not-it"], [line for line in diagnosis.ruled_out if line not in told])
    print_list(page, words["heading-not-asked"], [line for line in diagnosis.not_asked if line not in told])
    told.update(diagnosis.ruled_out, diagnosis.not_asked)


def _findings(page: Page, report: Report, facts: Catalog) -> None:
    """What the diagnoses already say is not said again."""
    told = bool(report.diagnoses)
    shown = [one for one in report.findings if not (told and _repeats(one, report))]
    print_findings(page, shown, facts)


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
        "spf-rejects",
        "spf-distrusts",
        "spf-unasked",
        "dmarc-missing",
        "dmarc-broken",
        "dmarc-fail",
        "dmarc-fail-watched",
        "dkim-broken",
    )
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
