"""The pages of explain and compare."""

from __future__ import annotations

from typing import TextIO

from probe.catalog import Catalog
from probe.model import Comparison, Explanation
from probe.reports.layout import Page


def render_explanation(one: Explanation, out: TextIO, facts: Catalog, *, color: bool, width: int = 80) -> None:
    """One code or reply. A refusal begins with its cause and what to do about it; what its codes say stands below."""
    page = Page(out, color=color, width=width)
    words = facts.words
    headings = ("heading-class", "heading-meaning", "heading-remedy", "heading-fields", "heading-read-by")
    column = _column(words[key] for key in headings)
    code = " ".join(part for part in (str(one.code) if one.code else "", one.enhanced or "") if part)
    page.blank()
    page.hanging(((code, "bold"),), ((one.title, "bold"),), column=len(code) + 3 if code else 1)
    page.blank()
    if one.cause:
        _cause(page, one, facts, column)
        page.blank()
    _section(page, words["heading-class"], _class(one), column)
    _section(page, words["heading-meaning"], one.meaning, column)
    if one.code and one.enhanced_title:
        text = f"{one.enhanced}  {facts.titled(one.enhanced_title, one.enhanced_meaning or '')}"
        _section(page, words["heading-registry"], text, column)
    _section(page, words["heading-when"], one.when, column)
    _section(page, words["heading-general-remedy"] if one.cause else words["heading-remedy"], one.remedy, column)
    if one.retry and not one.cause:
        _section(page, words["heading-retry"], words[f"retry-{one.retry}"], column)
    for number, (key, value) in enumerate(sorted(one.fields.items())):
        _section(page, words["heading-fields"] if number == 0 else "", facts.field(key, value), column)
    references = ", ".join(dict.fromkeys(r for r in (one.reference, one.enhanced_reference) if r))
    _section(page, words["heading-source"], facts.cited(references), column)
    page.blank()


def render_reply(line: int, text: str, out: TextIO, facts: Catalog, *, color: bool, width: int = 80) -> None:
    """Which of several replies the explanation below is about."""
    page = Page(out, color=color, width=width)
    page.blank()
    page.line((facts.say("explained-line", line=line, text=text), "dim"))


def render_comparison(two: Comparison, out: TextIO, facts: Catalog, *, color: bool, width: int = 80) -> None:
    """Two codes in two columns, then what sets them apart, and which is which when."""
    page = Page(out, color=color, width=width)
    words = facts.words
    headings = ("heading-class", "heading-meaning", "heading-when", "heading-remedy", "heading-retry")
    column = _column(words[key] for key in (*headings, "heading-difference", "heading-which", "heading-both"))
    a, b = two.a, two.b
    page.blank()
    page.columns(a.title, b.title, label="", column=column, style="bold", heads=(_code(a), _code(b)))
    rows = (
        ("heading-meaning", a.meaning, b.meaning),
        ("heading-when", a.when, b.when),
        ("heading-remedy", a.remedy, b.remedy),
        ("heading-retry", _retry(a, facts), _retry(b, facts)),
    )
    page.blank()
    page.columns(a.category, b.category, label=words["heading-class"], column=column, heads=(_digit(a), _digit(b)))
    for key, left, right in rows:
        page.blank()
        if column < 20:
            page.columns(left, right, label=words[key], column=column)
        else:
            page.line((words[key], "bold"))
            page.columns(left, right, label="", column=4)
    page.blank()
    _section(page, words["heading-difference"], two.difference, column)
    _section(page, words["heading-which"], two.which, column)
    _section(page, words["heading-both"], two.both, column)
    _section(page, words["heading-source"], facts.cited(two.reference), column)
    page.blank()


def _cause(page: Page, one: Explanation, facts: Catalog, column: int) -> None:
    """The first reading with the words that decided, what to do about it, for how long and how much it holds, what
    speaks against it, and the entry of the reference that read it."""
    words = facts.words
    sure = one.causes[0].confidence if one.causes else 0.0
    level = "certain" if sure >= 0.9 else "likely" if sure >= 0.6 else "possible"
    by = f' "{one.matched}"' if one.matched else ""
    head = f"{one.cause} ({words['confidence-' + level]}){by}" if one.causes else str(one.cause)
    _section(page, words["heading-cause"], head, column, "bold")
    _section(page, "", facts.titled(one.cause_title or "", one.cause_meaning or ""), column)
    if one.provider_meaning or (one.provider and one.provider != "generic"):
        name = facts.say("provider-says" if one.provider_meaning else "provider-is", provider=one.provider or "?")
        _section(page, words["heading-provider"], f"{name}{one.provider_meaning or ''}", column)
    who = facts.listed([words[f"who-{who}"] for who in one.who])
    steps = [step for step in (one.provider_remedy, *one.fix) if step]
    for number, step in enumerate(steps):
        _section(page, words["heading-remedy"] if number == 0 else "", f"{number + 1}. {step}", column)
    if one.help_url:
        page.row("", (one.help_url, "underline"), column=column)
    if who:
        _section(page, words["heading-who"], who, column)
    _section(page, words["heading-holds"], facts.joined(*_holds(one, facts)), column)
    others = ", ".join(f"{r.cause} {r.confidence:.2f}" for r in one.causes[1:4])
    if others:
        _section(page, words["heading-others"], others, column)
    if one.code_cause:
        _section(page, words["heading-against"], facts.say("codes-disagree", cause=one.code_cause), column)
    cited = [one.signature, one.source, facts.say("looked-at", day=one.checked) if one.checked else None]
    if one.signature:
        _section(page, words["heading-read-by"], " · ".join(part for part in cited if part), column)


def _holds(one: Explanation, facts: Catalog) -> list[str]:
    """What else would be refused likewise, for how long, and where words and digit disagree about that."""
    said = [facts.words[f"scope-{one.scope}"]] if one.scope else []
    if one.temporary_by_text is not None and one.temporary is not None and one.temporary_by_text != one.temporary:
        said.append(facts.words["temporary-by-text" if one.temporary_by_text else "permanent-by-text"])
    elif one.temporary is not None:
        said.append(facts.words["temporary-by-code" if one.temporary else "permanent-by-code"])
    return [*said, one.lasts or ""]


def _section(page: Page, label: str, text: str, column: int, style: str = "") -> None:
    """A label too long for its column stands on a line of its own."""
    from rich.cells import cell_len

    if not text:
        return
    if cell_len(label) + 2 > column:
        page.line((label, "bold"))
        label = ""
    page.row(label, (text, style), column=column)


def _column(labels: object) -> int:
    from rich.cells import cell_len

    return min(18, max(cell_len(str(label)) for label in labels) + 3)  # type: ignore[attr-defined]


def _code(one: Explanation) -> str:
    return f"{one.code or one.enhanced}  "


def _class(one: Explanation) -> str:
    return f"{_digit(one)}{one.category}" if one.code or one.enhanced else ""


def _digit(one: Explanation) -> str:
    """The class as a pattern of codes."""
    return f"{one.code // 100}yz  " if one.code else f"{(one.enhanced or '')[:1]}.x.x  "


def _retry(one: Explanation, facts: Catalog) -> str:
    return facts.words.get(f"retry-{one.retry}", "")
