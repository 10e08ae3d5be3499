"""smtp-probe list: the facts that everything rests on, with their sources."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from probe.catalog import Catalog
from probe.cli.common import facts_in, parser, use_color, width_of
from probe.cli.status import Status

Row = tuple[str, str, str]
"""Key, what kind it is, what it says."""

_SCHEMAS = {"schema": "Report", "assessment-schema": "Assessment"}
"""The documents that other programs read, by the noun that they hold."""

_PLACE = re.compile(r"\{[a-z_]+\}")  # filled from the facts of each case, of which a list has none


def run(arguments: Sequence[str]) -> int:
    """Print one kind of facts: a line an entry, or everything about each as JSON."""
    options = parser("list", "The facts that everything rests on.", ("terminal", "json", "markdown"))
    options.add_argument(
        "what",
        choices=(*_KINDS, *_SCHEMAS),
        help="what to list; schema is the JSON Schema of a report, assessment-schema that of message",
    )
    given = options.parse_args(arguments)
    facts = facts_in(given.lang)
    if given.what in _SCHEMAS:
        from probe import model
        from probe.codec import schema

        print(json.dumps(schema(getattr(model, _SCHEMAS[given.what])), indent=2))
        return Status.OK
    entries, row = _KINDS[given.what]
    if given.format == "json":
        from probe.codec import dumps

        print(dumps([entry if isinstance(entry, dict) else vars(entry) for entry in entries(facts)]))
        return Status.OK
    if given.format == "markdown":
        from probe.reports.markdown import render

        render(given.what, entries(facts), sys.stdout, facts)
        return Status.OK
    from probe.reports.layout import Page, clipped

    rows = [row(entry) for entry in entries(facts)]
    column = min(30, max(len(key) for key, _, _ in rows) + 3)
    middle = min(24, max(len(kind) for _, kind, _ in rows)) + 2
    page = Page(sys.stdout, color=use_color(given.color, sys.stdout), width=width_of(sys.stdout))
    for key, kind, text in rows:
        page.hanging(
            ((key.ljust(column - 2) + " ", "bold"), (clipped(kind, middle - 2).ljust(middle), "dim")),
            (text,),
            column=column + middle,
        )
    return Status.OK


def _checks(facts: Catalog) -> Iterable[dict[str, Any]]:
    """Every check with the question that it answers and the causes that it can prove."""
    from probe import checks
    from probe.diagnosis import offer

    for one in (*map(checks.check, checks.IDS), offer):
        about = facts.words[f"check-{one.ID}"]
        # Some checks only say how a domain takes mail.
        proves = facts.say("check-proves", causes=", ".join(one.PROVES)) if one.PROVES else ""
        yield {"check": one.ID, "proves": one.PROVES, "about": about, "text": facts.joined(about, proves)}


_KINDS: dict[str, tuple[Callable[[Catalog], Iterable[Any]], Callable[[Any], Row]]] = {
    "codes": (lambda facts: facts.codes.values(), lambda row: (row.code, row.kind, row.name)),
    "enhanced": (lambda facts: facts.enhanced.values(), lambda row: (row.code, row.kind, row.title)),
    "pairs": (lambda facts: facts.pairs.values(), lambda row: (row.pair, "", row.difference)),
    "causes": (lambda facts: facts.causes.values(), lambda row: (row.cause, row.family, row.title)),
    "replies": (lambda facts: facts.signatures, lambda row: (row.id, row.cause, row.example)),
    "dnsbl": (
        lambda facts: facts.blocklists.values(),
        lambda row: (row.zone, f"{row.state} {row.role} {row.kind}", row.operator),
    ),
    "findings": (lambda facts: facts.findings.values(), lambda row: (row.id, row.severity, _PLACE.sub("…", row.title))),
    "extensions": (lambda facts: facts.extensions.values(), lambda row: (row.keyword, row.reference, row.meaning)),
    "references": (
        lambda facts: facts.references.values(),
        lambda row: (row.name, f"{row.status} {row.year}", row.title),
    ),
    "checks": (_checks, lambda row: (row["check"], "", row["text"])),
}
