"""A page of the reference shows what is written in data/, whatever that is, and nothing else."""

import io
import re

import pytest

from probe.catalog import catalog
from probe.reports.markdown import render

FACTS = catalog()
KINDS = {
    "codes": FACTS.codes,
    "enhanced": FACTS.enhanced,
    "pairs": FACTS.pairs,
    "causes": FACTS.causes,
    "dnsbl": FACTS.blocklists,
    "findings": FACTS.findings,
    "extensions": FACTS.extensions,
    "references": FACTS.references,
}


def page(kind: str, rows: object, lang: str = "en") -> str:
    out = io.StringIO()
    render(kind, rows, out, catalog(lang))  # type: ignore[arg-type]
    return out.getvalue()


def cells(line: str) -> list[str]:
    return [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]


@pytest.mark.parametrize("kind", KINDS)
def test_every_entry_is_one_line_of_as_many_cells(kind: str) -> None:
    lines = [line for line in page(kind, KINDS[kind].values()).splitlines() if line.startswith("|")]
    assert len(KINDS[kind]) + 2 == len(lines)
    assert {len(cells(lines[0]))} == {len(cells(line)) for line in lines}


def test_reply_texts_stand_under_their_provider_with_source_page_and_day() -> None:
    text = page("replies", FACTS.signatures)
    google = text.split("## google\n")[1].split("\n## ")[0]
    row = next(row for row in FACTS.signatures if row.provider == "google" and row.url and row.checked)
    line = next(line for line in google.splitlines() if row.example.split("http")[0][:40] in line)
    assert f"<{row.url}>" in line and line.rstrip(" |").endswith(row.checked)


def test_markup_in_data_is_no_markup() -> None:
    row = {"keyword": "X|Y", "name": "<script>", "meaning": "a*b\x1b[0m\nnext", "reference": "[x](http://e.test)"}
    line = page("extensions", [row]).splitlines()[-2]
    assert ["X\\|Y", "\\<script\\>"] == cells(line)[:2]
    assert "\x1b" not in line and "](" not in line.replace("\\]", "")


def test_a_page_is_written_in_the_language_asked_for() -> None:
    assert "# 拒否の原因" == page("causes", catalog("ja").causes.values(), "ja").splitlines()[0]
