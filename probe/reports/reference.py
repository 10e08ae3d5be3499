"""The pages of explain and compare."""

from __future__ import annotations

from typing import TextIO

from probe.catalog import Catalog
from probe.model import Comparison, Explanation
from probe.reports.layout import Page


def render_explanation(one: Explanation, out: TextIO, facts: Catalog, *, color: bool, width: int = 80) -> None:
    """One code or reply: class, meaning, when seen, what to do; for a reply also its cause and what stands in it."""
    page = Page(out, color=color, width=width)
    words = facts.words
    column = _column(words[key] for key in ("heading-class", "heading-meaning", "heading-remedy", "heading-fields"))
    code = " ".join(part for part in (str(one.code) if one.code else "", one.enhanced or "") if part)
    page.blank()
    page.hanging(((code, "bold"),), ((one.title, "bold"),), column=len(code) + 3 if code else 1)
    page.blank()
    _section(page, words["heading-class"], _class(one), column)
    _section(page, words["heading-meaning"], one.meaning, column)
    if one.code and one.enhanced_title:
        text = f"{one.enhanced}  {facts.titled(one.enhanced_title, one.enhanced_meaning or '')}"
        _section(page, words["heading-registry"], text, column)
    _section(page, words["heading-when"], one.when, column)
    if one.cause and one.signature:
        _cause(page, one, facts, column)
    _section(page, words["heading-remedy"], one.provider_remedy or one.remedy, column)
    if one.provider_remedy:
        _section(page, "", one.remedy, column)
    if url := _removal_page(one, facts):
        page.row("", (url, "underline"), column=column)
    if one.retry:
        _section(page, words["heading-retry"], words[f"retry-{one.retry}"], column)
    for number, (key, value) in enumerate(sorted(one.fields.items())):
        said = ", ".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value)
        _section(page, words["heading-fields"] if number == 0 else "", f"{key} {said}", column)
    references = ", ".join(dict.fromkeys(r for r in (one.reference, one.enhanced_reference) if r))
    _section(page, words["heading-source"], references, column)
    page.blank()


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
    _section(page, words["heading-source"], two.reference, column)
    page.blank()


def _cause(page: Page, one: Explanation, facts: Catalog, column: int) -> None:
    """The first reading with the words that decided, the others beside it."""
    sure = one.causes[0].confidence if one.causes else 0.0
    level = "certain" if sure >= 0.9 else "likely" if sure >= 0.6 else "possible"
    cause = facts.causes.get(one.cause or "")
    who = f" · {one.provider}" if one.provider and one.provider != "generic" else ""
    by = f' "{one.matched}"' if one.matched else ""
    text = f"{one.cause} ({facts.words['confidence-' + level]}){by}{who}"
    _section(page, facts.words["heading-cause"], text, column)
    _section(page, "", one.provider_meaning or (cause.meaning if cause else ""), column)
    others = ", ".join(f"{r.cause} {r.confidence:.2f}" for r in one.causes[1:4])
    if others:
        _section(page, "", facts.say("cause-others", causes=others), column)


def _section(page: Page, label: str, text: str, column: int) -> None:
    """A label too long for its column stands on a line of its own."""
    from rich.cells import cell_len

    if not text:
        return
    if cell_len(label) + 2 > column:
        page.line((label, "bold"))
        label = ""
    page.row(label, text, column=column)


def _column(labels: object) -> int:
    from rich.cells import cell_len

    return min(18, max(cell_len(str(label)) for label in labels) + 3)  # type: ignore[attr-defined]


def _removal_page(one: Explanation, facts: Catalog) -> str:
    """The page where the list that the reply names can be asked for removal, with the address or domain filled in
    where the reply names it too; else the page without its question."""
    row = facts.blocklists.get(str(one.fields.get("list_zone", "")).lower())
    if row is None:
        return ""
    from urllib.parse import quote

    address = None if "masked_ip" in one.fields else one.fields.get("blocked_ip")
    known = {"ip": address, "domain": one.fields.get("domain")}
    url = row.delist
    for name, value in known.items():
        if value:
            url = url.replace("{" + name + "}", quote(str(value), safe=":"))
    return url if "{" not in url else url.partition("{")[0].partition("?")[0]


def _code(one: Explanation) -> str:
    return f"{one.code or one.enhanced}  "


def _class(one: Explanation) -> str:
    return f"{_digit(one)}{one.category}" if one.code or one.enhanced else ""


def _digit(one: Explanation) -> str:
    """The class as a pattern of codes."""
    return f"{one.code // 100}yz  " if one.code else f"{(one.enhanced or '')[:1]}.x.x  "


def _retry(one: Explanation, facts: Catalog) -> str:
    return facts.words.get(f"retry-{one.retry}", "")
