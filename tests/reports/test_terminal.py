"""The terminal report, to the letter and under attack."""

from __future__ import annotations

import io
import unicodedata
from dataclasses import replace

import pytest
from rich.cells import cell_len

from probe.catalog import catalog
from probe.model import Report
from probe.reference import compare, explain
from probe.reports.reference import render_comparison, render_explanation
from probe.reports.terminal import quiet, render
from tests.golden import golden
from tests.scenes import reports, steady

NAMES = ("healthy", "blocklisted", "dmarc", "parameters")


def text_of(report: Report, *, lang: str = "en", color: bool = False, verbose: bool = False, width: int = 80) -> str:
    out = io.StringIO()
    render(report, out, catalog(lang), color=color, verbose=verbose, width=width)
    return out.getvalue()


@pytest.mark.parametrize("number", range(4), ids=NAMES)
def test_the_demo_reports_are_golden(number: int) -> None:
    text = text_of(steady(reports()[number]))
    assert golden(f"{NAMES[number]}.txt", text) == text


@pytest.mark.parametrize("number", range(4), ids=NAMES)
@pytest.mark.parametrize("verbose", [False, True])
@pytest.mark.parametrize("width", [60, 80, 100])
def test_no_line_is_wider_than_the_terminal(number: int, verbose: bool, width: int) -> None:
    lines = text_of(reports()[number], verbose=verbose, width=width).splitlines()
    # A word that has no place to be broken, such as a URL, may stand out; there is none that long here.
    assert [] == [line for line in lines if cell_len(line) > width]


def test_without_colour_there_is_no_escape_and_with_it_the_words_are_the_same() -> None:
    report = steady(reports()[1])
    plain, coloured = text_of(report), text_of(report, color=True)
    assert "\x1b" not in plain
    assert "\x1b[" in coloured


def test_verbose_shows_every_line_and_every_question() -> None:
    text = text_of(reports()[1], verbose=True)
    for answer in (answer for one in reports()[1].checks for answer in one.queries):
        assert answer.name.split(".")[0] in text
    healthy = text_of(reports()[0], verbose=True)
    assert "250-PIPELINING" in healthy
    assert "214-2.0.0 Commands" in healthy


def test_hostile_text_stays_text() -> None:
    nasty = "".join(map(chr, range(256))) + "‮​\U000e0041[red]boo[/red]\x1b]52;c;aGk=\x07"
    report = reports()[1]
    exchange = report.sessions[0].exchanges[0]
    assert exchange.reply is not None
    hostile = replace(exchange, reply=replace(exchange.reply, lines=(nasty,)), command=nasty)
    session = replace(report.sessions[0], exchanges=(hostile, *report.sessions[0].exchanges[1:]), detail=nasty)
    said = text_of(replace(report, sessions=(session,)), verbose=True)
    assert [] == [c for c in said if unicodedata.category(c) in ("Cc", "Cf", "Cs", "Co", "Zl", "Zp") and c != "\n"]
    assert "[red]boo[/red]" in said.replace("\n", "").replace(" ", "") or "[red]" in said


def test_quiet_is_one_line_with_verdict_and_cause() -> None:
    line = quiet(steady(reports()[1]), catalog())
    assert line == "127.0.0.1:2525 REFUSED at the greeting: 554 5.7.1; ip-blocklisted (confirmed)"


@pytest.mark.parametrize("code", ["554", "214", "504", "5.7.1"])
def test_explanations_are_golden(code: str) -> None:
    out = io.StringIO()
    render_explanation(explain(code), out, catalog(), color=False)
    assert golden(f"explain-{code}.txt", out.getvalue()) == out.getvalue()


@pytest.mark.parametrize(("a", "b", "lang"), [("214", "554", "en"), ("214", "504", "en"), ("214", "554", "ja")])
def test_comparisons_are_golden(a: str, b: str, lang: str) -> None:
    out = io.StringIO()
    render_comparison(compare(a, b, facts=catalog(lang)), out, catalog(lang), color=False)
    assert golden(f"compare-{a}-{b}-{lang}.txt", out.getvalue()) == out.getvalue()


def test_the_japanese_headings_are_the_five() -> None:
    out = io.StringIO()
    render_comparison(compare("214", "554", facts=catalog("ja")), out, catalog("ja"), color=False)
    for heading in ("説明", "このコードが表示される場合", "解決方法", "主な違い", "どちらをいつ使うか"):
        assert heading in out.getvalue()


def test_japanese_lines_keep_to_eighty_cells() -> None:
    out = io.StringIO()
    render_comparison(compare("214", "554", facts=catalog("ja")), out, catalog("ja"), color=False)
    assert [] == [line for line in out.getvalue().splitlines() if cell_len(line) > 80]
