"""smtp-probe explain: what a code, or a whole reply, means."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from probe.cli.common import facts_in, parser, use_color, width_of
from probe.cli.status import Status
from probe.errors import UsageError
from probe.model import Explanation
from probe.text import show

if TYPE_CHECKING:
    import argparse

    from probe.catalog import Catalog

# Several codes are explained one by one; anything else that was typed without quotes is one reply.
_CODE = re.compile(r"[0-9]{3}|[0-9]\.[0-9]{1,3}\.[0-9]{1,3}")

_CONTINUED = re.compile(r"\s*[2-5][0-9]{2}-")

_LONGEST = 500  # characters of a reply that are shown again
_NOTHING = "nothing to explain: give a code such as 554, or a whole reply in quotes"
_STREAM = (
    "A line of standard input is a reply, or a JSON object with text and, if known, code, enhanced, command and stage."
    " With --format jsonl every line gives one object at once and in its place, an empty line and one that is no reply,"
    " too: its cause is unknown. The other formats join the lines of one reply (554-… 554 …) and pass over empty ones."
    " The objects tell the line and the text that was read, beside the fields of an explanation; error says what in the"
    " line could not be read or believed, and the rest is explained all the same."
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
    show_one, finish = _printer(given, facts)
    status, count = Status.OK, 0
    for place, word in _words(given.reply):
        count += 1
        if place is None:
            show_one(Answer(_single(word, facts)))
            continue
        answered = _answered(place, word, facts)
        if answered.error is not None and given.format == "terminal":
            # One bad line does not lose the others.
            print(f"smtp-probe: line {place}: {answered.error}", file=sys.stderr)
            if answered.says_nothing:
                status = Status.USAGE
                continue
        show_one(answered)
    if not count:
        raise UsageError(_NOTHING)
    finish()
    return status


def _single(word: str, facts: Catalog) -> Explanation:
    """What one argument says: a word without a space is a code, and a mistyped one is told."""
    if len(word.split()) <= 1:
        from probe.replies.codes import explain_code

        return explain_code(word, facts=facts)
    from probe.reference import explain

    return explain(word, facts=facts)


class Answer(NamedTuple):
    """An explanation and, for standard input, the line where the reply begins, its text, and what is wrong with it."""

    explanation: Explanation
    line: int | None = None
    text: str = ""
    error: str | None = None

    @property
    def says_nothing(self) -> bool:
        return self.error is not None and self.explanation.code is None and self.explanation.cause == "unknown"

    def document(self) -> dict[str, Any]:
        """As JSON: the fields of the explanation, and beside them what only a stream has."""
        from probe.codec import to_json

        beside = {"line": self.line, "text": self.text} if self.line is not None else {}
        wrong = {"error": self.error} if self.error is not None else {}
        return {**to_json(self.explanation), **beside, **wrong}


def _answered(place: int, words: str, facts: Catalog) -> Answer:
    """What a line of standard input says."""
    from probe.replies.feed import answer, text_in

    explanation, error = answer(words, facts=facts)
    return Answer(explanation, place, show(text_in(words)[:_LONGEST]), error)


def _stream(facts: Catalog) -> int:
    """One object a line, in the same order, whatever the line holds."""
    from probe.cli.stream import chunks
    from probe.codec import dumps
    from probe.replies.intake import lines

    count = 0
    for count, octets in enumerate(lines(chunks("-")), 1):
        line = _answered(count, octets.decode("utf-8", "replace"), facts)
        sys.stdout.write(dumps(line.document(), indent=None) + "\n")
        sys.stdout.flush()
    if not count:
        raise UsageError(_NOTHING)
    return Status.OK


def _printer(given: argparse.Namespace, facts: Catalog) -> tuple[Callable[[Answer], None], Callable[[], None]]:
    """What to do with each answer, at once where the format allows it, and what to do at the end."""
    if given.format == "terminal":
        from probe.reports.reference import render_explanation, render_reply

        color, width = use_color(given.color, sys.stdout), width_of(sys.stdout)

        def page(one: Answer) -> None:
            if one.line is not None:
                render_reply(one.line, one.text, sys.stdout, facts, color=color, width=width)
            render_explanation(one.explanation, sys.stdout, facts, color=color, width=width)

        return page, sys.stdout.flush
    from probe.reports.json_report import render

    if given.format == "jsonl":

        def line(one: Answer) -> None:
            render([one.document()], sys.stdout, lines=True)
            sys.stdout.flush()

        return line, sys.stdout.flush
    held: list[dict[str, Any]] = []
    return lambda one: held.append(one.document()), lambda: render(held, sys.stdout) if held else None


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
