"""An SPF evaluation for people: each record, and under it each term with what it came to, in the order of RFC 7208.

What is shown is the trace that ``probe.checks.spf.evaluation`` keeps; records that a term leads to stand indented
below it. An arrow marks the term that decided, down to the record in which it stands.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from probe.catalog import Catalog
from probe.reports.layout import Page

_RESULT = {"pass": "green", "fail": "bold red", "softfail": "yellow", "permerror": "red", "temperror": "yellow"}
# A record may lead to others ten times; further in than this there is no room to the right.
_DEEPEST = 12


def print_trace(page: Page, title: str, trace: Mapping[str, Any], facts: Catalog) -> None:
    """The whole tree under a heading of its own; nothing where nothing was evaluated."""
    if not trace.get("domain"):
        return
    page.blank()
    page.line((facts.say("heading-spf-trace", subject=title), "bold"))
    _record(page, trace, facts, 0)
    explanation = trace.get("explanation")
    if explanation:
        _term(page, explanation, facts, 1)
        text = explanation.get("text")
        if text:
            page.hanging((), (facts.say("spf-step-explanation", text=text),), indent=_indent(2))


def _record(page: Page, node: Mapping[str, Any], facts: Catalog, depth: int) -> None:
    result = node.get("result") or facts.words["spf-step-open"]
    # What could not be asked for, or stands there twice, is not absent.
    record = node.get("record") or (facts.words["reason-no-record"] if result == "none" else "")
    page.hanging(
        ((node["domain"], "bold"),),
        ("  ", (result, _RESULT.get(result, "")), f"  {record}"),
        indent=_indent(depth),
    )
    terms = node.get("terms", ())
    for step in terms:
        _term(page, step, facts, depth + 1)
        if step.get("record", {}).get("domain"):
            _record(page, step["record"], facts, depth + 3)
    if result == "neutral" and not any(step.get("decided") for step in terms):  # RFC 7208 section 4.7
        page.hanging((), ((facts.words["spf-step-default"], "dim"),), indent=_indent(depth + 1))


def _term(page: Page, step: Mapping[str, Any], facts: Catalog, depth: int) -> None:
    """One line for the term and its outcome, then one for each thing that it asked for."""
    decided = bool(step.get("decided"))
    page.hanging(
        ((("→ " if decided else "  "), "bold"), (step["term"], "bold" if decided else "")),
        ("  ", *_outcome(step, facts)),
        indent=_indent(depth),
    )
    for line in _details(step, facts):
        page.hanging((), ((line, "dim"),), indent=_indent(depth) + 4)


def _outcome(step: Mapping[str, Any], facts: Catalog) -> Iterator[tuple[str, str]]:
    said = []
    if step.get("matched") is not None:
        said.append(facts.words["spf-step-matched" if step["matched"] else "spf-step-missed"])
    if step.get("error"):
        said.append(facts.reason({"reason": step["error"]}))
    if step.get("decided"):
        said.append(facts.words["spf-step-decides"])
    yield "; ".join(said), "bold" if step.get("decided") else ""
    if "lookups" in step:
        yield "  " + facts.say("spf-step-used", lookups=step["lookups"], void=step["void_lookups"]), "dim"


def _details(step: Mapping[str, Any], facts: Catalog) -> Iterator[str]:
    if step.get("expanded"):
        yield facts.say("spf-step-expanded", name=step["expanded"])
    for answer in step.get("answers", ()):
        values = ", ".join(answer.get("values", ())) or facts.reason({"reason": answer.get("reason")})
        yield facts.say("spf-step-answer", type=answer["type"], name=answer["name"], values=values)
    if "validated" in step:
        names = ", ".join(step["validated"]) or facts.words["nothing-of-the-kind"]
        yield facts.say("spf-step-validated", names=names)


def _indent(depth: int) -> int:
    return 3 + 2 * min(depth, _DEEPEST)
