"""smtp-probe explain: what a code, or a whole reply, means."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from probe.cli.common import facts_in, parser, use_color, width_of
from probe.cli.status import Status
from probe.errors import UsageError
from probe.text import show

if TYPE_CHECKING:
    import argparse

    from probe.catalog import Catalog
    from probe.model import Explanation

# Several codes are explained one by one; anything else that was typed without quotes is one reply.
_CODE = re.compile(r"[0-9]{3}|[0-9]\.[0-9]{1,3}\.[0-9]{1,3}")

_CONTINUED = re.compile(r"\s*[2-5][0-9]{2}-")

_NOTHING = "nothing to explain: give a code such as 554, or a whole reply in quotes"
_STREAM = (
    "A line of standard input is a reply, or a JSON object with text and, if known, code, enhanced, command and stage."
    " With --format jsonl every line gives one object at once and in its place, an empty line and one that is no reply,"
    " too: its cause is unknown and its error says why. The other formats join the lines of one reply (554-… 554 …) and"
    " pass over empty ones."
)


def run(arguments: Sequence[str]) -> int:
    """Explain each argument; ``-`` reads replies from standard input, one a line."""
    options = parser("explain", "What a reply code, or a whole reply, means.", ("terminal", "json", "jsonl"))
    options.add_argument("reply", nargs="*", help="554, 5.7.1, or a whole reply in quotes; - reads one a line")
    options.epilog = _STREAM
    given = options.parse_args(arguments)
    facts = facts_in(given.lang)
    if given.format == "jsonl" and given.reply in ([], ["-"]):
        return _stream(facts)
    from probe.reference import explain

    show_one, finish = _printer(given, facts)
    status, count = Status.OK, 0
    for place, word in _words(given.reply):
        count += 1
        try:
            show_one(explain(word, facts=facts) if place is None else _told(word, facts))
        except UsageError as error:
            if place is None:
                raise
            # One bad line does not lose the others.
            print(f"smtp-probe: line {place}: {show(str(error))}", file=sys.stderr)
            status = Status.USAGE
    if not count:
        raise UsageError(_NOTHING)
    finish()
    return status


def _told(line: str, facts: Catalog) -> Explanation:
    """What a line of standard input says. Raises ``UsageError`` for one that holds no reply."""
    from probe.replies.feed import answer

    explanation, error = answer(line, facts=facts)
    if error is not None:
        raise UsageError(error)
    return explanation


def _stream(facts: Catalog) -> int:
    """One object a line, in the same order, whatever the line holds."""
    from probe.cli.stream import chunks
    from probe.codec import dumps
    from probe.replies.feed import answer
    from probe.replies.intake import lines

    count = 0
    for count, octets in enumerate(lines(chunks("-")), 1):  # noqa: B007
        explanation, error = answer(octets.decode("utf-8", "replace"), facts=facts)
        line = dumps(explanation, indent=None)
        if error is not None:
            line = f"{line[:-1]}, {dumps({'error': error}, indent=None)[1:]}"
        sys.stdout.write(line + "\n")
        sys.stdout.flush()
    if not count:
        raise UsageError(_NOTHING)
    return Status.OK


def _printer(given: argparse.Namespace, facts: Catalog) -> tuple[Callable[[Explanation], None], Callable[[], None]]:
    """What to do with each explanation, at once where the format allows it, and what to do at the end."""
    if given.format == "terminal":
        from probe.reports.reference import render_explanation

        color, width = use_color(given.color, sys.stdout), width_of(sys.stdout)
        return lambda one: render_explanation(one, sys.stdout, facts, color=color, width=width), sys.stdout.flush
    from probe.reports.json_report import render

    if given.format == "jsonl":

        def line(one: Explanation) -> None:
            render([one], sys.stdout, lines=True)
            sys.stdout.flush()

        return line, sys.stdout.flush
    held: list[Explanation] = []
    return held.append, lambda: render(held, sys.stdout) if held else None


def _words(given: Sequence[str]) -> Iterator[tuple[int | None, str]]:
    """What to explain, and for standard input the number of the line where it begins."""
    if len(given) > 1 and all(" " not in word for word in given) and not all(map(_CODE.fullmatch, given)):
        yield None, " ".join(given)  # a reply typed without quotes
        return
    for word in given or ("-",):
        if word == "-":
            yield from _replies(sys.stdin.buffer)
        else:
            yield None, word


def _replies(lines: Iterable[bytes]) -> Iterator[tuple[int, str]]:
    """One reply a line, as soon as it is there; the lines of a reply that was pasted whole belong together (RFC 5321
    section 4.2.1)."""
    held: list[str] = []
    begun = 0
    for number, octets in enumerate(lines, 1):
        line = octets.decode("utf-8", "replace").rstrip("\r\n")
        if not line.strip():
            continue
        begun = begun if held else number
        held.append(line)
        if not _CONTINUED.match(line):
            yield begun, "\n".join(held)
            held = []
    if held:
        yield begun, "\n".join(held)
