"""smtp-probe compare: two codes side by side."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from probe.cli.common import facts_in, parser, use_color, width_of
from probe.cli.status import Status


def run(arguments: Sequence[str]) -> int:
    """Compare two codes, basic or enhanced."""
    options = parser(
        "compare", "Two codes side by side: what sets them apart, and which is which.", ("terminal", "json")
    )
    options.add_argument("a", help="a code, such as 214")
    options.add_argument("b", help="another, such as 554")
    given = options.parse_args(arguments)
    from probe.reference import compare

    facts = facts_in(given.lang)
    compared = compare(given.a, given.b, facts=facts)
    if given.format == "terminal":
        from probe.reports.reference import render_comparison

        render_comparison(
            compared, sys.stdout, facts, color=use_color(given.color, sys.stdout), width=width_of(sys.stdout)
        )
    else:
        from probe.reports.json_report import render

        render([compared], sys.stdout)
    return Status.OK
