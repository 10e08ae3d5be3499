"""The pages of docs/reference are those that the data gives today, and README's links lead somewhere."""

import io
import re
from pathlib import Path

import pytest

from probe.catalog import catalog
from probe.cli.listing import _KINDS
from probe.reports.markdown import render

ROOT = Path(__file__).resolve().parents[1]
PAGES = re.search(r"^PAGES := (.+)$", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)


@pytest.mark.parametrize("kind", PAGES[1].split() if PAGES else [])
def test_a_page_is_as_the_data_has_it(kind: str) -> None:
    entries, _ = _KINDS[kind]
    out = io.StringIO()
    render(kind, entries(catalog()), out, catalog())
    assert out.getvalue() == (ROOT / f"docs/reference/{kind}.md").read_text(encoding="utf-8"), "make docs"


def test_every_kind_has_a_page() -> None:
    assert PAGES is not None
    assert set(_KINDS) == set(PAGES[1].split())


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md", "bench/README.md"])
def test_links_lead_to_files(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    links = [link for link in re.findall(r"\]\(([^)#]+)\)", text) if "://" not in link]
    assert [] == [link for link in links if not ((ROOT / page).parent / link).exists()]
