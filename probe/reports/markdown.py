"""Reference pages in Markdown: one table a kind of facts, the reply texts one table a provider.

Every cell is data of ours, but data may be edited: what would be markup is escaped, so that a page shows what is
written and nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from typing import Any, TextIO

from probe.catalog import Catalog
from probe.text import show

# The fields of each kind of rows that a page shows, in the order of its columns.
_COLUMNS: Mapping[str, tuple[str, ...]] = {
    "codes": ("code", "name", "meaning", "when", "remedy", "reference"),
    "enhanced": ("code", "title", "meaning", "remedy", "reference"),
    "pairs": ("pair", "difference", "which", "both", "reference"),
    "causes": ("cause", "family", "title", "meaning", "who", "lasts", "fix", "checks"),
    "replies": ("example", "cause", "meaning", "fix", "source"),
    "dnsbl": ("zone", "operator", "kind", "role", "state", "delist", "source"),
    "findings": ("id", "severity", "title", "explanation", "remedy", "references"),
    "extensions": ("keyword", "name", "meaning", "reference"),
    "references": ("name", "title", "year", "status", "url"),
    "checks": ("check", "about", "proves"),
}
_MARKUP = re.compile(r"([\\`*_{}\[\]<>|#~])")


def render(kind: str, rows: Iterable[Any], out: TextIO, facts: Catalog) -> None:
    """Write the page of one kind; ``rows`` are rows of ``data/`` or mappings."""
    entries = [row if isinstance(row, dict) else vars(row) for row in rows]
    print(f"# {facts.words[f'list-{kind}']}\n\n{facts.say('list-count', count=len(entries), kind=kind)}\n", file=out)
    if kind != "replies":
        _table(_COLUMNS[kind], entries, out)
        return
    for provider, texts in groupby(sorted(entries, key=lambda row: row["provider"]), key=lambda row: row["provider"]):
        print(f"## {_escaped(provider)}\n", file=out)
        _table(_COLUMNS[kind], [_reply(row) for row in texts], out)


def _reply(row: Mapping[str, Any]) -> dict[str, Any]:
    """A reply text: its page and the day on which the source was looked at stand with the source."""
    page, looked_at = row.get("url"), row.get("checked")
    cited = [_escaped(row["source"]), f"<{page}>" if page else "", str(looked_at or "")]
    return {
        **row,
        "example": f"`{show(row['example']).replace('`', chr(39)).replace('|', chr(0xA6))}`",
        "source": cited,
    }


def _table(columns: Sequence[str], rows: Iterable[Mapping[str, Any]], out: TextIO) -> None:
    print(f"| {' | '.join(columns)} |\n|{'---|' * len(columns)}", file=out)
    for row in rows:
        print(f"| {' | '.join(_cell(name, row.get(name, '')) for name in columns)} |", file=out)
    print(file=out)


def _cell(name: str, value: Any) -> str:
    if name == "source" and isinstance(value, list):
        return " · ".join(part for part in value if part)
    if isinstance(value, (tuple, list)):
        return "<br>".join(_escaped(str(part)) for part in value)
    return str(value) if name == "example" else _escaped(str(value))


def _escaped(text: str) -> str:
    return _MARKUP.sub(r"\\\1", show(text))
