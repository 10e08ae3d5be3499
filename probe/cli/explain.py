"""smtp-probe explain: what a code, or a whole reply, means."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence

from probe.cli.common import facts_in, parser, use_color, width_of
from probe.cli.status import Status
from probe.errors import UsageError

# Several codes are explained one by one; anything else that was typed without quotes is one reply.
_CODE = re.compile(r"[0-9]{3}|[0-9]\.[0-9]{1,3}\.[0-9]{1,3}")


def run(arguments: Sequence[str]) -> int:
    """Explain each argument; ``-`` reads replies from standard input, one a line."""
    options = parser("explain", "What a reply code, or a whole reply, means.", ("terminal", "json", "jsonl"))
    options.add_argument("reply", nargs="*", help="554, 5.7.1, or a whole reply in quotes; - reads one a line")
    given = options.parse_args(arguments)
    from probe.reference import explain

    facts = facts_in(given.lang)
    words = _words(given.reply)
    if len(words) > 1 and all(" " not in word for word in words) and not all(map(_CODE.fullmatch, words)):
        words = [" ".join(words)]  # a reply typed without quotes
    explained = [explain(word, facts=facts) for word in words]
    if given.format == "terminal":
        from probe.reports.reference import render_explanation

        for one in explained:
            render_explanation(
                one, sys.stdout, facts, color=use_color(given.color, sys.stdout), width=width_of(sys.stdout)
            )
    else:
        from probe.reports.json_report import render

        render(explained, sys.stdout, lines=given.format == "jsonl")
    return Status.OK


def _words(given: Sequence[str]) -> list[str]:
    words = []
    for word in given or ("-",):
        if word == "-":
            text = sys.stdin.buffer.read().decode("utf-8", "surrogateescape")
            words += [line for line in text.splitlines() if line.strip()]
        else:
            words.append(word)
    if not words:
        raise UsageError("nothing to explain: give a code such as 554, or a whole reply in quotes")
    return words
