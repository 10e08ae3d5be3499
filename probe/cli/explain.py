"""smtp-probe explain: what a code, or a whole reply, means."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Sequence

from probe.cli.common import facts_in, parser, use_color, width_of
from probe.cli.status import Status
from probe.errors import UsageError
from probe.text import show

# Several codes are explained one by one; anything else that was typed without quotes is one reply.
_CODE = re.compile(r"[0-9]{3}|[0-9]\.[0-9]{1,3}\.[0-9]{1,3}")

_CONTINUED = re.compile(r"\s*[2-5][0-9]{2}-")


def run(arguments: Sequence[str]) -> int:
    """Explain each argument; ``-`` reads replies from standard input, one a line."""
    options = parser("explain", "What a reply code, or a whole reply, means.", ("terminal", "json", "jsonl"))
    options.add_argument("reply", nargs="*", help="554, 5.7.1, or a whole reply in quotes; - reads one a line")
    given = options.parse_args(arguments)
    from probe.reference import explain

    facts = facts_in(given.lang)
    status, explained = Status.OK, []
    for place, word in _words(given.reply):
        try:
            explained.append(explain(word, facts=facts))
        except UsageError as error:
            if place is None:
                raise
            # One bad line does not lose the others.
            print(f"smtp-probe: line {place}: {show(str(error))}", file=sys.stderr)
            status = Status.USAGE
    if given.format == "terminal":
        from probe.reports.reference import render_explanation

        for one in explained:
            render_explanation(
                one, sys.stdout, facts, color=use_color(given.color, sys.stdout), width=width_of(sys.stdout)
            )
    else:
        from probe.reports.json_report import render

        render(explained, sys.stdout, lines=given.format == "jsonl")
    return status


def _words(given: Sequence[str]) -> list[tuple[int | None, str]]:
    """What to explain, and for standard input the number of the line where it begins."""
    if len(given) > 1 and all(" " not in word for word in given) and not all(map(_CODE.fullmatch, given)):
        return [(None, " ".join(given))]  # a reply typed without quotes
    words: list[tuple[int | None, str]] = []
    for word in given or ("-",):
        words += _replies(sys.stdin.buffer.read()) if word == "-" else [(None, word)]
    if not words:
        raise UsageError("nothing to explain: give a code such as 554, or a whole reply in quotes")
    return words


def _replies(octets: bytes) -> Iterator[tuple[int, str]]:
    """One reply a line; the lines of a reply that was pasted whole belong together (RFC 5321 section 4.2.1)."""
    text = octets.decode("utf-8", "replace")
    held: list[str] = []
    begun = 0
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        begun = begun if held else number
        held.append(line)
        if not _CONTINUED.match(line):
            yield begun, "\n".join(held)
            held = []
    if held:
        yield begun, "\n".join(held)
