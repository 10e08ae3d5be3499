"""The way to the server in one paragraph: what DNS gave, in the order of trying, and what became of each try."""

from __future__ import annotations

from collections.abc import Mapping

from probe.catalog import Catalog
from probe.model import Endpoint, Report
from probe.reports.layout import Page, Part

_MOST_LINES = 4


def print_route(page: Page, report: Report, facts: Catalog, verdicts: Mapping[Endpoint, str]) -> None:
    """Nothing where there was no choice to make: a host with one address. An endpoint that was tried has its verdict
    in brackets behind it; those without were not needed."""
    by_mx = any(endpoint.preference is not None for endpoint in report.route)
    if not by_mx and len(report.route) < 2:
        return
    parts: list[Part] = [(report.target.host + " " if by_mx else "", "dim")]
    parts.append(("MX" if by_mx else facts.words["heading-route"], "dim"))
    before: Endpoint | None = None
    for endpoint in report.route:
        same = before is not None and (before.host, before.preference) == (endpoint.host, endpoint.preference)
        preference = "" if endpoint.preference is None else f"{endpoint.preference} "
        host = "" if endpoint.host == endpoint.address else f"{endpoint.host} "
        name = endpoint.address if same else f"{preference}{host}{endpoint.address}"
        parts.append((" " if before is None else " · ", "dim"))
        tried = verdicts.get(endpoint)
        parts.append((name, "dim" if tried is None else ""))
        if tried is not None:
            parts.append((f" [{tried}]", "bold" if endpoint == report.sessions[-1].endpoint else ""))
        before = endpoint
    page.line(*parts, most=_MOST_LINES)
