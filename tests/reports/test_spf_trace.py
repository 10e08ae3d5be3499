"""The tree of an SPF evaluation on a terminal, from real evaluations."""

from __future__ import annotations

import io

import pytest

from probe.catalog import catalog
from probe.checks import spf
from probe.model import CheckResult
from probe.reports.assessment import render
from probe.reports.layout import Page
from probe.reports.spf_trace import print_trace
from tests.checks.fake import Said, absent, check, failed
from tests.reports.test_assessment import assessment

ZONE: dict[str, Said] = {
    "TXT shop.test": "v=spf1 a:gone.test include:_spf.mail.test exists:%{i}.list.test exp=why.shop.test -all",
    "TXT _spf.mail.test": "v=spf1 ip4:203.0.113.0/24 -all",
    "TXT why.shop.test": "%{i} is not ours",
    "TXT redir.test": "v=spf1 redirect=_r.test",
    "TXT _r.test": "v=spf1 ip4:203.0.113.1 -all",
    "TXT open.test": "v=spf1 ip4:203.0.113.1",
    "TXT broken.test": "v=spf1 include:moo.test -all",
    "TXT moo.test": "v=spf1 moo -all",
    "TXT silent.test": "v=spf1 a:dead.test -all",
    "A dead.test": failed("servfail"),
    "A gone.test": absent(),
    "TXT evil.test": "v=spf1 a:%{l}.\x1b[2J.test -all",
}


def evaluated(domain: str, address: str = "192.0.2.10") -> CheckResult:
    return check(spf, spf.Query(address, f"orders@{domain}", "mail.shop.test"), ZONE)


def shown(domain: str, address: str = "192.0.2.10", language: str = "en", width: int = 120) -> list[str]:
    out = io.StringIO()
    print_trace(
        Page(out, color=False, width=width), "mailfrom", evaluated(domain, address).facts["trace"], catalog(language)
    )
    return out.getvalue().splitlines()


def test_each_term_stands_under_its_record_with_what_it_came_to() -> None:
    assert shown("shop.test") == [
        "",
        " SPF term by term: mailfrom",
        "   shop.test  fail  v=spf1 a:gone.test include:_spf.mail.test exists:%{i}.list.test exp=why.shop.test -all",
        "       a:gone.test  does not match  look-ups so far 1, void 1",
        "         A of gone.test: there is no such name",
        "       include:_spf.mail.test  does not match  look-ups so far 2, void 1",
        "         _spf.mail.test  fail  v=spf1 ip4:203.0.113.0/24 -all",
        "             ip4:203.0.113.0/24  does not match  look-ups so far 2, void 1",
        "             -all  matches  look-ups so far 2, void 1",
        "       exists:%{i}.list.test  does not match  look-ups so far 3, void 2",
        "         with its macros filled in: 192.0.2.10.list.test",
        "         A of 192.0.2.10.list.test: there is no such name",
        "     → -all  matches; this decides  look-ups so far 3, void 2",
        "       exp=why.shop.test",
        "         TXT of why.shop.test: %{i} is not ours",
        "       what the domain says: 192.0.2.10 is not ours",
    ]


def test_a_pass_is_marked_down_to_the_term_that_gave_it() -> None:
    lines = shown("shop.test", "203.0.113.7")
    arrows = [line.strip().split("  ")[0] for line in lines if "→" in line]
    assert arrows == ["→ include:_spf.mail.test", "→ ip4:203.0.113.0/24"]


def test_after_a_redirect_the_deciding_term_stands_in_the_other_record() -> None:
    lines = shown("redir.test")
    assert [line.strip().split("  ")[0] for line in lines if "→" in line] == ["→ redirect=_r.test", "→ -all"]
    assert lines.index(next(line for line in lines if "_r.test  fail" in line)) < lines.index(
        next(line for line in lines if "→ -all" in line)
    )


@pytest.mark.parametrize(
    ("domain", "line"),
    [
        ("open.test", "       no term matches, which is neutral"),
        ("broken.test", "     → include:moo.test  a mechanism is unknown; this decides  look-ups so far 1, void 0"),
        (
            "silent.test",
            "     → a:dead.test  the name server reports a failure; this decides  look-ups so far 1, void 0",
        ),
    ],
)
def test_what_came_to_no_verdict_is_told_at_its_term(domain: str, line: str) -> None:
    assert line.strip() in [one.strip() for one in shown(domain)]


@pytest.mark.parametrize("domain", ["evil.test", "shop.test", "broken.test"])
def test_outside_text_is_shown_and_fits(domain: str) -> None:
    for language in ("en", "ja"):
        assert all(line.isprintable() and "?" not in line for line in shown(domain, language=language, width=60))


def test_what_could_not_be_asked_for_is_not_said_to_be_absent() -> None:
    out = io.StringIO()
    trace = check(spf, spf.Query("192.0.2.1", "a@dumb.test", "x"), {"TXT dumb.test": failed()}).facts["trace"]
    print_trace(Page(out, color=False, width=80), "mailfrom", trace, catalog())
    assert out.getvalue().splitlines()[2:] == ["   dumb.test  temperror"]
    assert "   none.test  none  there is no record" in shown("none.test")


def test_nothing_is_printed_where_nothing_was_evaluated() -> None:
    assert shown("none") == []


def test_it_is_part_of_the_verbose_report_alone() -> None:
    one = assessment(checks=(evaluated("redir.test"),))
    told = []
    for verbose in (False, True):
        out = io.StringIO()
        render(one, out, catalog(), color=False, verbose=verbose)
        told.append("SPF term by term: mailfrom" in out.getvalue())
    assert told == [False, True]
