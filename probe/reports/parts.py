"""What every report tells in the same way: findings, fixes, lists under a label, and the DNS questions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from rich.cells import cell_len

from probe.catalog import Catalog
from probe.model import Answer, Finding, Fix
from probe.reports.layout import Page, padded

COLUMN = 11
"""Where the text beside a label begins."""

_WHO = 10
_MOST_ALIKE = 3  # findings of one kind that are told in full; of the others only whom they are about
_SEVERITY = {"error": "bold red", "warning": "yellow", "notice": "cyan", "info": "dim"}


def print_fixes(page: Page, fixes: Sequence[Fix], facts: Catalog) -> None:
    """Who acts, what they do, the text to publish and the page to go to."""
    column = COLUMN + max([_WHO, *(cell_len(fix.who) + 1 for fix in fixes)])
    for number, fix in enumerate(fixes):
        label = facts.words["heading-fix"] if number == 0 else ""
        repeated = number > 0 and fixes[number - 1].who == fix.who
        who = "" if repeated else fix.who
        page.hanging(((padded(label, COLUMN - 1), "bold"), (who, "")), (fix.do,), column=column)
        for line in (fix.publish or "").split("\n") if fix.publish else ():
            page.row("", (line, "bold"), column=column)
        if fix.url:
            page.row("", (fix.url, "underline"), column=column)


def print_findings(page: Page, findings: Sequence[Finding], facts: Catalog) -> None:
    """Each finding with its explanation; what to do only where something is wrong."""
    if not findings:
        return
    page.blank()
    page.line((facts.words["heading-findings"], "bold"))
    told: Counter[str] = Counter()
    for one in findings:
        told[one.id] += 1
        if told[one.id] > _MOST_ALIKE:
            continue
        page.hanging(
            ((padded(facts.words[f"severity-{one.severity}"], 8), _SEVERITY[one.severity]),),
            ((one.title, "bold"), facts.words["title-end"], one.explanation),
            indent=3,
            column=12,
        )
        if one.remedy and one.severity in ("error", "warning"):
            page.hanging((("", ""),), (("→ ", "dim"), one.remedy), indent=3, column=12)
        alike = [other.subject for other in findings if other.id == one.id][_MOST_ALIKE:]
        if told[one.id] == _MOST_ALIKE and alike:
            said = facts.count("findings-alike", len(alike))
            page.hanging((("", ""),), ((f"{said}: {', '.join(alike)}", "dim"),), indent=3, column=12)


def print_list(page: Page, label: str, lines: Sequence[str]) -> None:
    """Lines under one label."""
    for number, line in enumerate(lines):
        page.row(label if number == 0 else "", line, column=COLUMN)


def print_questions(page: Page, asked: Sequence[Answer], facts: Catalog) -> None:
    """Every DNS question with what came of it."""
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
            column=COLUMN,
        )
