"""What to do about a refusal as far as its text tells: steps that are filled, and pages that can be followed."""

from __future__ import annotations

import io
import string

import pytest

from probe.catalog import catalog
from probe.model import Explanation
from probe.reference import explain
from probe.replies.advice import removal_page, steps
from probe.reports.reference import render_explanation

FACTS = catalog()
REPLY = "554 5.7.1 Service unavailable; Client host [203.0.113.7] blocked using {}"


def page_of(one: Explanation) -> str:
    out = io.StringIO()
    render_explanation(one, out, FACTS, color=False)
    return " ".join(out.getvalue().split())


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"list_zone": "psbl.surriel.com", "blocked_ip": "203.0.113.7"}, "https://psbl.org/listing?ip=203.0.113.7"),
        ({"list_zone": "PSBL.surriel.com", "blocked_ip": "2001:db8::7"}, "https://psbl.org/listing?ip=2001:db8::7"),
        ({"list_zone": "psbl.surriel.com", "blocked_ip": "x.xx.xx.xx"}, "https://psbl.org/listing"),
        ({"list_zone": "psbl.surriel.com", "blocked_ip": "10.0.0.1"}, "https://psbl.org/listing"),
        ({"list_zone": "psbl.surriel.com"}, "https://psbl.org/listing"),
        ({"list_zone": "dbl.spamhaus.org", "domain": "a b&c"}, "https://check.spamhaus.org/results/?query=a%20b%26c"),
        ({"list_zone": "dbl.spamhaus.org"}, "https://check.spamhaus.org/results/"),
        ({"list_zone": "dnsbl.test"}, ""),
        ({}, ""),
    ],
)
def test_the_page_of_a_list(fields: dict[str, str], expected: str) -> None:
    assert expected == removal_page(fields, FACTS)


def test_the_page_stands_among_what_to_do() -> None:
    text = page_of(explain(REPLY.format("bl.spamcop.net")))
    assert text.index("What to do") < text.index("https://www.spamcop.net/bl.shtml?203.0.113.7") < text.index("Holds")


def test_an_unknown_list_has_no_page() -> None:
    assert not any("http" in step for step in explain(REPLY.format("dnsbl.test")).fix)


def test_steps_are_filled_from_the_reply() -> None:
    assert any("203.0.113.7 in dnsbl.test" in step for step in explain(REPLY.format("dnsbl.test")).fix)


@pytest.mark.parametrize("cause", sorted(FACTS.causes))
def test_no_step_keeps_a_place_or_loses_its_fact(cause: str) -> None:
    for lang in ("en", "ja"):
        for step in steps(cause, {}, catalog(lang)):
            assert not any(name for _, name, _, _ in string.Formatter().parse(step))
            assert "None" not in step


def test_nobody_is_sent_to_a_list_that_is_closed() -> None:
    one = explain("554 5.7.1 Service unavailable; Client host [203.0.113.7] blocked using dnsbl.sorbs.net")
    assert one.fields["receiver_fault"] is True
    assert () == one.fix


def test_where_codes_and_words_disagree_both_are_shown() -> None:
    text = page_of(explain("550 5.1.1 Your IP 203.0.113.7 has been blacklisted, try again later"))
    assert "the codes alone would say user-unknown" in text
    assert "Its code says permanent, its words say temporary" in text


def test_a_reading_cites_itself() -> None:
    one = explain(REPLY.format("dnsbl.test"))
    assert f"Read by {one.signature} · {one.source} · looked at {one.checked}" in page_of(one)
