"""An assessment on a terminal: the answer first, what is well in a line, what is ill with its reason."""

from __future__ import annotations

import io
from dataclasses import replace
from typing import Any

import pytest

from probe.catalog import catalog
from probe.model import ASSESSMENT_SCHEMA, Answer, Assessment, CheckResult, Finding, Fix, Tool
from probe.reports.assessment import quiet, render

FACTS = catalog()


def row(check: str, subject: str, result: Any, **facts: Any) -> CheckResult:
    answer = Answer(f"{subject}.dns.test", "TXT", "found", ("hello",), elapsed_ms=1.0)
    return CheckResult(check, subject, result, facts, (answer,), (f"asked about {subject}",))


def assessment(**changes: Any) -> Assessment:
    one = Assessment(
        ASSESSMENT_SCHEMA,
        Tool("smtp-probe", "0"),
        "message",
        "a.eml",
        "2026-11-27T09:00:00Z",
        12.0,
        "fail",
        "Nothing stands for it.",
        ("first proof", "second proof"),
    )
    return replace(one, **changes)


def shown(
    one: Assessment, *, verbose: bool = False, color: bool = False, width: int = 80, lang: str = "en"
) -> list[str]:
    out = io.StringIO()
    render(one, out, catalog(lang), color=color, width=width, verbose=verbose)
    return out.getvalue().splitlines()


def test_the_answer_comes_first_then_proof_then_fix() -> None:
    fix = Fix("DNS owner", "publish the record", publish='shop.test. TXT "v=spf1 -all"', url="https://help.test/")
    lines = shown(assessment(fixes=(fix, Fix("DNS owner", "and wait"))))
    assert ["a.eml", "NOT AUTHENTIC"] == [lines[1].split()[0], lines[1].strip()[-13:]]
    assert 80 == len(lines[1])
    assert [
        " Answer    Nothing stands for it.",
        " Proof     first proof",
        "           second proof",
        " Fix       DNS owner publish the record",
        '                     shop.test. TXT "v=spf1 -all"',
        "                     https://help.test/",
        "                     and wait",
    ] == lines[3:10]


@pytest.mark.parametrize(
    ("conclusion", "word"), [("pass", "AUTHENTIC"), ("fail", "NOT AUTHENTIC"), ("unknown", "NOT DECIDED")]
)
def test_each_conclusion_has_its_word(conclusion: Any, word: str) -> None:
    assert shown(assessment(conclusion=conclusion))[1].endswith(f"  {word}")
    assert f"a.eml {word}; spf pass" == quiet(
        assessment(conclusion=conclusion, checks=(row("spf", "x", "pass"), row("arc", "y", "none"))), FACTS
    )


def test_many_that_are_well_are_counted_and_what_is_not_is_told() -> None:
    rows = [row("dnsbl", f"list{number}.test", "pass") for number in range(9)]
    rows += [row("dnsbl", "ill.test", "fail", reason="sha1"), row("dnsbl", "mute.test", "temperror", reason="timeout")]
    lines = shown(assessment(checks=tuple(rows)))
    text = "\n".join(lines)
    assert "   blocklists   fail  ill.test" in lines
    assert "SHA-1 must not be believed any more" in text
    assert "                9 pass" in lines
    assert "list3.test" not in text
    at = lines.index(" Could not ask")
    assert "   blocklists   no answer in time  mute.test" == lines[at + 1]
    assert text.index("9 pass") < text.index("Could not ask")


def test_few_that_are_well_have_a_line_each() -> None:
    lines = shown(assessment(checks=(row("ptr", "192.0.2.1", "pass"), row("ptr", "192.0.2.2", None))))
    at = lines.index(" Checks")
    assert ["   PTR   pass  192.0.2.1", "         found  192.0.2.2"] == lines[at + 1 : at + 3]


def test_verbose_shows_every_row_step_and_question() -> None:
    rows = tuple(row("dnsbl", f"list{number}.test", "pass") for number in range(9))
    text = "\n".join(shown(assessment(checks=rows), verbose=True))
    for number in range(9):
        assert f"list{number}.test" in text
        assert f"asked about list{number}.test" in text
        assert f"list{number}.test.dns.test TXT  found  hello" in text
    assert "-v shows" not in text


def test_findings_come_with_what_to_do_where_something_is_wrong() -> None:
    wrong = Finding("a", "error", "x", {}, "It is wrong", "Quite wrong.", "Mend it.")
    told = Finding("b", "info", "x", {}, "It is so", "Quite so.", "Leave it.")
    text = "\n".join(shown(assessment(findings=(wrong, told))))
    assert "error    It is wrong. Quite wrong." in text
    assert "→ Mend it." in text
    assert "Leave it." not in text


def test_the_field_keeps_its_folds() -> None:
    field = "Authentication-Results: mx.test;\n    spf=pass smtp.mailfrom=a@b.test;\n        header.x=y"
    lines = shown(assessment(authentication_results=field))
    at = lines.index(" Authentication-Results: mx.test;")
    assert ["     spf=pass smtp.mailfrom=a@b.test;", "         header.x=y"] == lines[at + 1 : at + 3]


@pytest.mark.parametrize("octet", range(256))
def test_no_octet_reaches_the_terminal(octet: int) -> None:
    text = bytes([octet]).decode("latin-1")
    one = assessment(
        subject=f"a{text}b",
        summary=text,
        proof=(text,),
        checks=(row("dkim", f"s{text}", "fail", reason=text),),
        fixes=(Fix(text, text, publish=text, url=text),),
        findings=(Finding("a", "error", text, {}, text, text, text),),
        authentication_results=f"Authentication-Results: {text if text != chr(10) else ''}",
    )
    for verbose in (False, True):
        assert all(line.isprintable() for line in shown(one, verbose=verbose))
    assert quiet(one, FACTS).isprintable()


@pytest.mark.parametrize("width", [60, 80, 100])
def test_lines_keep_to_the_width(width: int) -> None:
    rows = (
        row("dkim", "s1._domainkey.shop.test", "fail", reason="sha1"),
        row("spf", "mailfrom", "pass", domain="shop.test"),
    )
    for lang in ("en", "ja"):
        assert max(map(len, shown(assessment(checks=rows), width=width, lang=lang))) <= width


def test_colours_only_where_they_are_wanted() -> None:
    assert "\x1b[" in "\n".join(shown(assessment(), color=True))
    assert "\x1b[" not in "\n".join(shown(assessment()))
