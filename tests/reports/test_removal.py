"""The explanation of a reply that names a known list leads to the page where one asks for removal."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest

from probe.catalog import catalog
from probe.model import Explanation
from probe.reference import explain
from probe.reports.reference import render_explanation

REPLY = "554 5.7.1 Service unavailable; Client host [203.0.113.7] blocked using {}"


def page_of(one: Explanation) -> str:
    out = io.StringIO()
    render_explanation(one, out, catalog(), color=False)
    return out.getvalue()


def with_fields(**fields: str) -> Explanation:
    return replace(explain("554 no thanks"), fields=fields)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"list_zone": "psbl.surriel.com", "blocked_ip": "203.0.113.7"}, "https://psbl.org/listing?ip=203.0.113.7"),
        ({"list_zone": "PSBL.surriel.com", "blocked_ip": "2001:db8::7"}, "https://psbl.org/listing?ip=2001:db8::7"),
        ({"list_zone": "psbl.surriel.com"}, "https://psbl.org/listing"),
        ({"list_zone": "dbl.spamhaus.org", "domain": "a b&c"}, "https://check.spamhaus.org/results/?query=a%20b%26c"),
        ({"list_zone": "dbl.spamhaus.org"}, "https://check.spamhaus.org/results/"),
    ],
)
def test_the_page_of_a_known_list(fields: dict[str, str], expected: str) -> None:
    assert f" {expected}\n" in page_of(with_fields(**fields))


def test_it_stands_below_what_to_do() -> None:
    text = page_of(explain(REPLY.format("bl.spamcop.net")))
    assert text.index("What to do") < text.index("https://www.spamcop.net/bl.shtml?203.0.113.7") < text.index("Retry")


def test_an_unknown_list_has_no_page() -> None:
    assert "http" not in page_of(explain(REPLY.format("dnsbl.test")))
