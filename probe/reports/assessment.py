"""An assessment as a person reads it: the answer, the proof, the way out, what is worth knowing, and every check.

The checks are grouped by name. A group in which all is well takes a line, or a line a row where there are few; what is
not well says why. What could not be asked stands apart: it is neither well nor ill.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TextIO

from rich.cells import cell_len

from probe.catalog import Catalog
from probe.mail.message import WHOLE
from probe.model import Answer, Assessment, CheckResult, Compliance
from probe.reports.layout import Page, padded
from probe.reports.parts import COLUMN, print_findings, print_fixes, print_list, print_questions
from probe.reports.spf_trace import print_trace
from probe.text import capital, show

_STYLE = {"pass": "bold green", "fail": "bold red", "unknown": "bold yellow"}
_RESULT = {"pass": "green", "fail": "bold red", "softfail": "yellow", "permerror": "red", "temperror": "yellow"}
# Rows of one check that are told one by one; of more only the number, unless they were asked for.
_FEW = 3
_MOST_SILENT = 6
_WELL = frozenset(("pass", "none", None))


def render(
    one: Assessment, out: TextIO, facts: Catalog, *, color: bool, width: int = 80, verbose: bool = False
) -> None:
    """Write one assessment to ``out``. ``verbose`` shows every row, every step and every question."""
    page = Page(out, color=color, width=width)
    words = facts.words
    page.blank()
    page.line((one.subject, "bold"), right=(words[f"verdict-{one.kind}-{one.conclusion}"], _STYLE[one.conclusion]))
    page.blank()
    page.row(words["heading-summary-of"], (one.summary, "bold"), column=COLUMN)
    print_list(page, words["heading-proof"], one.proof)
    print_fixes(page, one.fixes, facts)
    # What could not be asked has a place of its own below.
    print_findings(page, [found for found in one.findings if not found.id.endswith("-not-asked")], facts)
    _checks(page, one.checks, facts, verbose)
    _rules(page, one.compliance, facts, verbose)
    if verbose:
        for row in one.checks:
            if row.check == "spf":
                print_trace(page, row.subject, row.facts.get("trace") or {}, facts)
        print_questions(page, list(_asked(one.checks)), facts)
    if one.authentication_results is not None:
        page.blank()
        for line in one.authentication_results.split("\n"):
            page.line(line.strip(), indent=len(line) - len(line.lstrip()) + 1)
    page.blank()
    _what_was_done(page, one, facts, verbose)
    page.blank()


def quiet(one: Assessment, facts: Catalog) -> str:
    """The whole assessment in one line."""
    results = dict.fromkeys(f"{row.check} {row.result}" for row in one.checks if row.result not in (None, "none"))
    return show(f"{one.subject} {facts.words[f'verdict-{one.kind}-{one.conclusion}']}; {', '.join(results)}")


def _checks(page: Page, checks: Sequence[CheckResult], facts: Catalog, verbose: bool) -> None:
    if not checks:
        return
    page.blank()
    page.line((facts.words["heading-checks"], "bold"))
    names = dict.fromkeys(one.check for one in checks)
    labels = {name: facts.words.get(f"name-{name}", name) for name in names}
    column = 4 + max(map(cell_len, labels.values())) + 2
    for name in names:
        rows = [one for one in checks if one.check == name and one.result != "temperror"]
        _group(page, padded(labels[name], column - 4), rows, facts, column, verbose)
    silent = [one for one in checks if one.result == "temperror"]
    if silent:
        page.blank()
        page.line((facts.words["heading-could-not-ask"], "bold"))
        for name in names:
            rows = [one for one in silent if one.check == name]
            _silent(page, padded(labels[name], column - 4), rows, facts, column, verbose)


def _silent(page: Page, label: str, rows: Sequence[CheckResult], facts: Catalog, column: int, verbose: bool) -> None:
    """Whom nobody could be asked about, together where the reason is the same."""
    for reason in dict.fromkeys(facts.reason(one.facts) for one in rows):
        # Of a list it is its name that tells, whomever it was asked about.
        subjects = [one.subject.rpartition(" @ ")[2] for one in rows if facts.reason(one.facts) == reason]
        names = list(dict.fromkeys(subjects))
        shown = names if verbose else names[:_MOST_SILENT]
        more = [facts.count("findings-alike", len(names) - len(shown))] if len(shown) < len(names) else []
        page.hanging(((label, ""),), (reason, (f"  {', '.join([*shown, *more])}", "dim")), indent=3, column=column)
        label = " " * cell_len(label)


def _group(page: Page, label: str, rows: Sequence[CheckResult], facts: Catalog, column: int, verbose: bool) -> None:
    """What is not well first, opened; then what is."""
    ill = [one for one in rows if one.result not in _WELL]
    well = [one for one in rows if one.result in _WELL]
    for one in ill:
        _row(page, label, one, facts, column, opened=True, verbose=verbose)
        label = " " * cell_len(label)
    if len(well) > _FEW and not verbose:
        for result in dict.fromkeys(_word(one, facts) for one in well):
            count = sum(1 for one in well if _word(one, facts) == result)
            said = facts.say("rows-count", count=count, result=result)
            page.hanging(((label, ""),), (said,), indent=3, column=column)
            label = " " * cell_len(label)
        return
    for one in well:
        _row(page, label, one, facts, column, opened=verbose, verbose=verbose)
        label = " " * cell_len(label)


def _row(
    page: Page, label: str, one: CheckResult, facts: Catalog, column: int, *, opened: bool, verbose: bool = False
) -> None:
    detail, subject = _detail(one, facts), "" if one.subject == WHOLE else one.subject
    page.hanging(
        ((label, ""),),
        ((_word(one, facts), _RESULT.get(one.result or "", "")), *(f"  {text}" for text in (subject, detail) if text)),
        indent=3,
        column=column,
    )
    if not opened:
        return
    reason = facts.reason(one.facts)
    if reason and one.result not in _WELL:
        page.hanging((), (capital(reason),), indent=column + 1, column=column + 2)
    for line in one.trace if verbose else ():
        page.hanging((), ((line, "dim"),), indent=column + 1, column=column + 2)


def _word(one: CheckResult, facts: Catalog) -> str:
    """The word of RFC 8601, which has none for a record that was found and not evaluated, or could not be."""
    return one.result or facts.words.get(f"result-{one.check}") or facts.words["result-found"]


def _detail(one: CheckResult, facts: Catalog) -> str:
    """A few facts in words, where ``data/words.toml`` has any for this check and result."""
    key = f"line-{one.check}-{one.result}"
    key = key if key in facts.words else f"line-{one.check}"
    count = len(one.facts.get("signed_headers", ()))
    return facts.say(key, **{"count": count, **one.facts}) if key in facts.words else ""


def _rules(page: Page, rules: Sequence[Compliance], facts: Catalog, verbose: bool) -> None:
    """A line a receiver, then the rules that are broken; those that nobody can tell from here only where asked for."""
    if not rules:
        return
    page.blank()
    page.line((facts.words["heading-rules"], "bold"))
    for receiver in dict.fromkeys(rule.receiver for rule in rules):
        own = [rule for rule in rules if rule.receiver == receiver]
        kept = sum(1 for rule in own if rule.holds == "pass")
        waiting = sum(1 for rule in own if rule.holds == "unknown")
        said = facts.say("rules-kept", receiver=receiver, kept=kept, all=len(own))
        more = facts.say("rules-open", count=waiting) if waiting else ""
        page.hanging((), (said, *((f" · {more}", "dim") for _ in range(bool(more)))), indent=3, column=5)
        for rule in own:
            if rule.holds == "fail" or verbose:
                _rule(page, rule, facts)


def _rule(page: Page, rule: Compliance, facts: Catalog) -> None:
    text = facts.say("rule-line", text=rule.text.rstrip("。."), because=rule.because) if rule.because else rule.text
    applies = f" {facts.words['rule-applies-bulk']}" if rule.applies == "bulk" else ""
    style = {"pass": "green", "fail": "red", "unknown": "yellow"}[rule.holds]
    page.hanging(((f"{rule.holds:8}", style),), (text, (f"{applies} {rule.since}", "dim")), indent=5, column=14)


def _what_was_done(page: Page, one: Assessment, facts: Catalog, verbose: bool) -> None:
    count = len({(answer.name, answer.type) for answer in _asked(one.checks)})
    done = facts.say(
        "what-was-asked",
        questions=facts.count("questions-count", count) if count else facts.words["questions-none"],
        seconds=f"{one.elapsed_ms / 1000:.2f}",
    )
    page.line((facts.joined(done, "" if verbose else facts.words["see-octets"]), "dim"))


def _asked(checks: Sequence[CheckResult]) -> Iterator[Answer]:
    for one in checks:
        yield from one.queries
