"""The pages of diagnose: every sample fits the width and is printable, in both languages; what matters is there."""

from __future__ import annotations

import io
import json
import unicodedata
from pathlib import Path

import jsonschema  # type: ignore[import-untyped]
import pytest

import probe
from probe.catalog import catalog
from probe.codec import schema
from probe.model import Incident
from probe.reports.incidents import FEW, Terminal
from probe.reports.incidents_json import Json
from tests.replies.samples import read, samples

ALL = [*samples("bounces"), *samples("logs")]


def width(line: str) -> int:
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in line)


def page(incidents: list[Incident], lang: str = "en", **which: bool) -> str:
    out = io.StringIO()
    terminal = Terminal(out, catalog(lang), color=False, width=80, **which)
    for incident in incidents:
        terminal.add(incident)
    terminal.finish(7)
    return out.getvalue()


@pytest.mark.parametrize("lang", ["en", "ja"])
@pytest.mark.parametrize("path", ALL, ids=lambda path: path.name)
def test_every_sample_has_its_pages(path: Path, lang: str) -> None:
    facts = catalog(lang)
    incidents = list(probe.diagnose(path.read_bytes(), facts=facts))
    each, summary = page(incidents, lang, each=True), page(incidents, lang, summary=True)
    for text in (each, summary):
        assert text.replace("\n", "").isprintable()
        # A link is never broken: a reader wants to click it.
        assert [] == [line for line in text.splitlines() if width(line) > 80 and "://" not in line]
    for incident in incidents:
        assert (incident.explanation.cause_title or incident.explanation.title)[:20] in each
        assert (incident.recipient or "")[:40] in each
    assert facts.count("incidents-count", len(incidents)) in summary


@pytest.mark.parametrize("path", ALL, ids=lambda path: path.name)
def test_every_sample_keeps_the_schema(path: Path) -> None:
    out = io.StringIO()
    printer = Json(out, lines=False, summary=False)
    incidents = read(path)
    for incident in incidents:
        printer.add(incident)
    printer.finish(1)
    document = json.loads(out.getvalue())
    validator = jsonschema.Draft202012Validator(schema(Incident))
    for one in document:
        validator.validate(one)
    assert len(incidents) == len(document)


def test_few_stand_alone_and_many_in_groups() -> None:
    (one,) = probe.diagnose("550 5.1.1 <joe@example.org>: User unknown")
    assert FEW == page([one] * FEW).count("There is no such recipient")
    many = page([one] * (FEW + 1))
    assert 1 == many.count("There is no such recipient")
    assert f"{FEW + 1} ×" in many
    assert f"{FEW + 1} refusals and delays · 7 lines read" in many


def test_the_steps_are_filled_with_what_the_log_tells() -> None:
    line = (
        "NOQUEUE: reject: RCPT from unknown[198.51.100.25]: 550 5.7.1 Client host rejected: cannot find your hostname; "
        "from=<a@shop.test> to=<b@example.org> proto=ESMTP helo=<x>"
    )
    (one,) = probe.diagnose(line)
    assert "no-ptr" == one.explanation.cause
    assert "198.51.100.25" in page([one]).partition("Fix")[2]


def test_nothing_is_said_in_one_line() -> None:
    assert "\n Nothing was refused or delayed in 7 lines.\n\n" == page([])
