"""Lines of Japanese break where a reader expects it, and nowhere else."""

from __future__ import annotations

import io
from itertools import pairwise

import pytest
from rich.cells import cell_len
from rich.text import Text

from probe.catalog import catalog
from probe.reference import explain
from probe.reports.breaking import broken, is_wide
from probe.reports.layout import Page
from probe.reports.reference import render_explanation
from tests.reports.conversations import report, said, session, text_of
from tests.scenes import reports, steady

CLOSING = "、。，．）」』】・ー！？)"
OPENING = "（「『【("


def lines(text: str, width: int) -> list[str]:
    return [line.plain.rstrip() for line in broken(Text(text), width)]


@pytest.mark.parametrize(
    ("text", "width", "expected"),
    [
        ("挨拶、MAIL、RCPT、DATA", 16, ["挨拶、MAIL、", "RCPT、DATA"]),
        ("応答はAUTHです", 9, ["応答は", "AUTHです"]),
        ("応答はAUTHです", 8, ["応答は", "AUTHです"]),
        ("何も問わず)の後", 11, ["何も問わず)", "の後"]),
        ("何も問わず)の後", 10, ["何も問わ", "ず)の後"]),
        ("確認(多くは)", 6, ["確認", "(多く", "は)"]),
        ("サーバー", 6, ["サー", "バー"]),
        ("はい word end", 9, ["はい word", "end"]),
        ("長い" + "x" * 12 + "語", 8, ["長い", "xxxxxxxx", "xxxx語"]),
        ("。。。。。", 4, ["。。", "。。", "。"]),
        ("あ" * 11 + "です。", 26, ["あ" * 11, "です。"]),
        ("あ" * 10 + "AUTHです。", 26, ["あ" * 10 + "AUTH", "です。"]),
        ("あ" * 13 + "です。", 26, ["あ" * 13, "です。"]),
        ("あ" * 12 + "ー。", 26, ["あ" * 11, "あー。"]),
        ("短い", 10, ["短い"]),
        ("", 10, [""]),
    ],
)
def test_where_lines_break(text: str, width: int, expected: list[str]) -> None:
    assert lines(text, width) == expected


def test_only_wide_characters_ask_for_it() -> None:
    assert not is_wide("plain, with é and …")
    assert is_wide("with 語")


def test_styles_outlive_the_break() -> None:
    first, second = broken(Text("語" * 4, style="bold"), 4)
    assert (first.style, second.style) == ("bold", "bold")


@pytest.mark.parametrize("width", range(20, 60))
def test_no_shipped_text_breaks_badly(width: int) -> None:
    for code in catalog("ja").codes.values():
        for text in (code.meaning, code.when, code.remedy):
            pieces = lines(text, width)
            assert [] == [piece for piece in pieces if cell_len(piece) > width]
            assert [] == [piece for piece in pieces[1:] if piece[0] in CLOSING]
            assert [] == [piece for piece in pieces[:-1] if piece[-1] in OPENING]
            for above, below in pairwise(pieces):
                cut_word = above[-1].isascii() and above[-1].isalnum() and below[0].isascii() and below[0].isalnum()
                assert not cut_word or f"{above[-1]} {below[0]}" in text, (above, below)


JAPANESE = report(
    session(
        said("banner", None, "220 mx.example.org ESMTP", lang="ja"),
        said("ehlo", "EHLO probe.example", "250 mx.example.org", lang="ja"),
        said("mail", "MAIL FROM:<>", "554 5.7.1 Client host [203.0.113.7] blocked using zen.spamhaus.org", lang="ja"),
        said("quit", "QUIT", "221 2.0.0 Bye", lang="ja"),
        outcome="rejected",
        stage="mail",
    )
)


@pytest.mark.parametrize("verbose", [False, True])
@pytest.mark.parametrize("width", [60, 73, 80, 100])
def test_japanese_reports_keep_to_the_width(verbose: bool, width: int) -> None:
    for one in (JAPANESE, *reports()):
        text = text_of(one, lang="ja", verbose=verbose, width=width)
        assert [] == [line for line in text.splitlines() if cell_len(line) > width]


def test_notes_of_a_japanese_report_keep_their_column() -> None:
    text = text_of(JAPANESE, lang="ja").splitlines()
    ready = next(line for line in text if "サービス準備完了" in line)
    done = next(line for line in text if "処理完了" in line)
    assert cell_len(ready.partition("サ")[0]) == cell_len(done.partition("処")[0]) == 54


def test_a_japanese_title_ends_with_its_own_full_stop() -> None:
    assert "554    トランザクション失敗。" in text_of(JAPANESE, lang="ja")


def test_steps_of_a_japanese_report_keep_their_columns() -> None:
    steps = text_of(steady(reports()[1]), lang="ja").splitlines()
    first = next(index for index, line in enumerate(steps) if "解決方法" in line)
    assert cell_len(steps[first].partition("you")[0]) == 11
    assert cell_len(steps[first].partition("find")[0]) == 21
    assert steps[first + 1].index("listing") == 21


def test_a_title_hangs_behind_its_code() -> None:
    out = io.StringIO()
    page = Page(out, color=False, width=60)
    page.columns("語" * 12, "short", label="", column=10, heads=("554  ", "214  "))
    first, second = out.getvalue().splitlines()
    assert cell_len(first.partition("語")[0]) == cell_len(second.partition("語")[0]) == 15
    out = io.StringIO()
    render_explanation(explain("504", facts=catalog("ja")), out, catalog("ja"), color=False, width=60)
    title = catalog("ja").codes["504"].name
    assert f" 504  {title[:8]}" in out.getvalue()
