"""What must stand in a text before an expression can match it.

Running an expression costs microseconds, looking for plain words next to nothing. So every expression is read once for
the *ways* in which it can match, and each way for its *clauses*: sets of words of which each match holds at least one.
The words are looked for in each text, those of all signatures at once, and an expression is run only where all clauses
of a way speak, and from the first place where a match can begin.

The reading knows the syntax that signatures use. It may find less than there is, never more: a test runs every
expression over what it matches.
"""

from __future__ import annotations

import re
from typing import NamedTuple

SHORTEST = 3  # letters; a shorter word stands in every second text
_FAR = 1 << 20  # "anywhere": more characters than a text has

# A character that stands for itself, also behind a backslash; _ and @ may stand for blanked names.
_LETTER = r"(?:[^\\\[\](){}|.^$?*+_@]|\\[^\w\s@])"
_SYNTAX = r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|\(\?(?:P<\w+>|[:=!]|<[=!])|\{\d*,?\d*\}"
_RUN = re.compile(rf"({_LETTER}{{2,}}|[^\0-\x7f])(?![?*+{{])|{_SYNTAX}", re.DOTALL)
_TOKEN = re.compile(
    rf"(?P<run>{_LETTER}+)"
    r"|(?P<group>\((?:\?(?:P<\w+>|[:=!]|<[=!]))?)"
    r"|(?P<end>\))"
    r"|(?P<bar>\|)"
    r"|(?P<repeat>[?*+]\??|\{\d*(?:,\d*)?\}\??)"
    r"|(?P<one>\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|[._@])"
    r"|(?P<nothing>[\^$])",
    re.DOTALL,
)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_AROUND = ("(?=", "(?!", "(?<=", "(?<!")
_NO_WIDTH = frozenset(r"\b \B \A \Z".split())


class Word(NamedTuple):
    """A word in lower case, and at most how many characters of a match stand in front of it."""

    text: str
    ahead: int


Clause = tuple[Word, ...]
"""Words of which every match holds at least one."""


Way = tuple[Clause, ...]
"""One of the ways to match: all of its clauses hold. The clause that tells most comes first."""


def ways(pattern: str) -> tuple[Way, ...]:
    """Read an expression: each match takes one of these ways. Empty where a match needs no word at all."""
    found, _, _ = _branches(_tokens(pattern), 0)
    return tuple(tuple(sorted(way, key=_telling, reverse=True)) for way in found) if all(found) else ()


def possible(pattern: str, full: str) -> bool:
    """Whether an expression can match a text in lower case, as far as words tell. For a single text this is faster than
    finding out all the ways of every expression."""
    return _hinted(pattern, full) and _through(_tokens(pattern), 0, full)[0]


def _hinted(pattern: str, full: str) -> bool:
    """Whether any word of an expression stands in the text, needed or not: most expressions are done with here."""
    words = [run for run in _RUN.findall(pattern) if run]
    for run in words:
        if run in full or (not run.islower() and _plain(run).lower() in full) or ("\\" in run and _plain(run) in full):
            return True
    return not words


def _through(tokens: _Tokens, at: int, full: str) -> tuple[bool, int]:
    """Whether a text has the words of one alternative at least, and where the alternatives end."""
    open_to_it = False
    while True:
        found, at = _along(tokens, at, full)
        open_to_it = open_to_it or found
        if at == len(tokens) or tokens[at][0] != "bar":
            return open_to_it, at
        at += 1


def _along(tokens: _Tokens, at: int, full: str) -> tuple[bool, int]:
    """Whether a text has all the words of one alternative, and where it ends."""
    there, run = True, ""

    while at < len(tokens):
        kind, text = tokens[at]
        if kind in ("end", "bar"):
            break
        at += 1
        inner, letter = True, ""
        if kind == "group":
            inner, at = _through(tokens, at, full)
            at += 1
            inner = inner or text in _AROUND
        elif kind == "run":
            text = _plain(text)
            run, letter = run + text[:-1], text[-1]
        low, high = 1, 1
        if at < len(tokens) and tokens[at][0] == "repeat":
            low, high = _bounds(tokens[at][1])
            at += 1
        if letter and low:
            run += letter
            if high == 1:
                continue
        there = there and (_size(run) < SHORTEST or run.lower() in full) and (inner or not low)
        run = ""
    return there and (_size(run) < SHORTEST or run.lower() in full), at


def _plain(run: str) -> str:
    return _ESCAPED.sub(r"\1", run) if "\\" in run else run


def _size(word: str) -> int:
    """How much a word tells: a Chinese character as much as three Latin letters."""
    return len(word) if word.isascii() else len(word.encode())


def _telling(clause: Clause) -> tuple[int, int]:
    """A clause tells as much as its shortest word, and the more the fewer words it has."""
    return min(_size(word.text) for word in clause), -len(clause)


_Tokens = list[tuple[str, str]]
_Clauses = list[Clause]


def _tokens(pattern: str) -> _Tokens:
    return [(str(found.lastgroup), found[0]) for found in _TOKEN.finditer(pattern)]


def _branches(tokens: _Tokens, at: int) -> tuple[list[_Clauses], int, int]:
    """Read alternatives up to a closing bracket or the end: the ways through them, the greatest width, and where they
    end. A way without clauses needs no word."""
    found: list[_Clauses] = []
    width = 0
    while True:
        through, wide, at = _branch(tokens, at)
        found += through
        width = max(width, wide)
        if at == len(tokens) or tokens[at][0] != "bar":
            return found, width, at
        at += 1


def _branch(tokens: _Tokens, at: int) -> tuple[list[_Clauses], int, int]:
    """Read one alternative. ``run`` is the word that is being read, ``begin`` the width in front of it."""
    clauses: _Clauses = []
    parted: list[_Clauses] = []  # the group of which each way is told apart, because its ways need several words
    run, begin, width = "", 0, 0

    def close() -> None:
        nonlocal run
        if _size(run) >= SHORTEST:
            clauses.append((Word(run.lower(), begin),))
        run = ""

    while at < len(tokens):
        kind, text = tokens[at]
        if kind in ("end", "bar"):
            break
        at += 1
        inner: list[_Clauses] = []
        most, letter = 1, ""
        if kind == "group":
            inner, most, at = _branches(tokens, at)
            at += 1
            if text in _AROUND:  # what is looked at need not stand in the match
                inner, most = [], 0
        elif kind == "run":
            text = _plain(text)
            letter, text = text[-1], text[:-1]
            if text:
                begin = begin if run else width
                run, width = run + text, min(_FAR, width + len(text))
        elif kind == "nothing" or text in _NO_WIDTH:
            most = 0
        low, high = 1, 1
        if at < len(tokens) and tokens[at][0] == "repeat":
            low, high = _bounds(tokens[at][1])
            at += 1
        if letter and low:
            begin = begin if run else width
            run += letter
            if high == 1:
                width = min(_FAR, width + 1)
                continue
        close()
        if inner and low and all(inner):
            ahead = width if high == 1 else _FAR
            inner = [[_moved(clause, ahead) for clause in way] for way in inner]
            if len(inner) == 1:
                clauses += inner[0]
            elif sum(map(len, inner)) > max(len(inner), sum(map(len, parted))):
                clauses += _any_of(parted)
                parted = inner
            else:
                clauses += _any_of(inner)
        width = min(_FAR, width + most * high)
    close()
    return ([clauses + way for way in parted] if parted else [clauses]), width, at


def _moved(clause: Clause, by: int) -> Clause:
    return tuple(Word(text, min(_FAR, ahead + by)) for text, ahead in clause)


def _any_of(through: list[_Clauses]) -> _Clauses:
    """One clause for all the ways through a group: the most telling one of each."""
    return [tuple(word for way in through for word in max(way, key=_telling))] if through else []


def _bounds(repeat: str) -> tuple[int, int]:
    """The least and the most that a quantifier lets stand."""
    if repeat[0] != "{":
        return (1 if repeat[0] == "+" else 0), (1 if repeat[0] == "?" else _FAR)
    low, comma, high = repeat.rstrip("?")[1:-1].partition(",")
    least = int(low or 0)
    return least, (int(high) if high else _FAR) if comma else least
