"""The reply texts of ``data/signatures``, made searchable.

A signature is tried only where one of its *literals* – words of which every match holds at least one – stands in the
text, and its expression is compiled only then. The literals in turn are looked for only where their rarest three
letters stand in the text, so the cost of a text hardly grows with the number of signatures. Signatures without an
expression are what a code says by itself; they are looked up, not searched.

Evidence is what the server says, not whom it names. Mail addresses are blanked with ``@`` before any search; and before
the search of a ``generic`` signature so are web addresses and host names, with ``_``. A relay called ``spam-filter`` is
then no evidence of spam.

An id may end in a flag: ``-echo`` (the reply only repeats an earlier refusal) and ``-receiver-fault`` (the list refused
the receiver's question, or is closed: the sender is not listed). A signature of weight 0 only tells the provider.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

from probe.catalog import Catalog
from probe.rows import Signature

GENERIC = "generic"
NOBODY = frozenset({GENERIC, "pages"})  # signatures that tell no provider: anybody may name a page or a list
SHORTEST_LITERAL = 3


class Text(NamedTuple):
    """One text in three forms of equal length: as it is, in lower case without addresses, and without any names."""

    original: str
    full: str
    bare: str


class Hit(NamedTuple):
    """A signature that speaks, the words of the text that it read, and where they stand. A code alone has no words."""

    signature: Signature
    matched: str = ""
    begin: int = 0
    end: int = 0


class Rule:
    """A signature with its literals, and its expression once it was needed."""

    __slots__ = ("_expression", "generic", "literals", "signature")

    def __init__(self, signature: Signature) -> None:
        self.signature = signature
        self.generic = signature.provider == GENERIC
        self.literals = literals(signature.pattern)
        self._expression: re.Pattern[str] | None = None

    def search(self, text: Text) -> Hit | None:
        """The hit in ``text``. A group called ``words`` in the expression is what gets shown."""
        if self._expression is None:
            # Texts are searched in lower case, so only an expression with capitals of its own needs the slower flag.
            flags = re.IGNORECASE if _CAPITAL.search(self.signature.pattern) else re.NOFLAG
            self._expression = re.compile(self.signature.pattern, flags)
        searched = text.bare if self.generic else text.full
        found = self._expression.search(searched)
        if found is None:
            return None
        begin, end = whole_words(searched, *found.span("words" if "words" in self._expression.groupindex else 0))
        return Hit(self.signature, text.original[begin:end].strip(), begin, end)


class Book:
    """All signatures of a catalogue."""

    def __init__(self, signatures: Iterable[Signature]) -> None:
        self.by_letters: dict[str, list[tuple[str, list[Rule]]]] = {}
        self.by_code: dict[str, list[Signature]] = {}
        self.always: list[Rule] = []
        by_literal: dict[str, list[Rule]] = {}
        for signature in signatures:
            if not signature.pattern:
                for code in signature.enhanced or signature.codes:
                    self.by_code.setdefault(code, []).append(signature)
                continue
            rule = Rule(signature)
            for literal in rule.literals:
                by_literal.setdefault(literal, []).append(rule)
            if not rule.literals:
                self.always.append(rule)
        commonness = Counter(letters for literal in by_literal for letters in _letters(literal))
        for literal, rules in by_literal.items():
            rarest = min(_letters(literal), key=commonness.__getitem__)
            self.by_letters.setdefault(rarest, []).append((literal, rules))

    def search(self, text: Text, code: int | None, enhanced: str | None, stage: str | None) -> list[Hit]:
        """Every signature whose words stand in ``text``, in no particular order."""
        full = text.full
        rules = dict.fromkeys(self.always)
        for letters in self.by_letters.keys() & _letters(full):
            for literal, speaking in self.by_letters[letters]:
                if literal in full:
                    rules.update(dict.fromkeys(speaking))
        hits = []
        for rule in rules:
            if _fits(rule.signature, code, enhanced, stage) and (hit := rule.search(text)):
                hits.append(hit)
        return hits

    def priors(self, code: int | None, enhanced: str | None, stage: str | None) -> list[Hit]:
        """What the codes say by themselves, the enhanced code before the basic one."""
        hits = []
        for word in (*_forms(enhanced), str(code)):
            hits += [Hit(one) for one in self.by_code.get(word, ()) if _fits(one, code, enhanced, stage)]
        return hits


@lru_cache(maxsize=8)
def book(facts: Catalog) -> Book:
    """The signatures of ``facts``, prepared once."""
    return Book(facts.signatures)


def _letters(text: str) -> set[str]:
    """Every run of ``SHORTEST_LITERAL`` characters in ``text``."""
    return {text[at : at + SHORTEST_LITERAL] for at in range(len(text) - SHORTEST_LITERAL + 1)}


def _fits(signature: Signature, code: int | None, enhanced: str | None, stage: str | None) -> bool:
    """Basic codes are exact or the first digits of one; a text without a code is not held to any."""
    if signature.codes and code is not None and not str(code).startswith(signature.codes):
        return False
    if signature.enhanced and not any(form in signature.enhanced for form in _forms(enhanced)):
        return False
    return not signature.stages or stage in signature.stages


def _forms(enhanced: str | None) -> tuple[str, ...]:
    """How a signature may name an enhanced code: itself, in every class, or its subject alone."""
    return () if enhanced is None else (enhanced, f"X{enhanced[1:]}", f"X.{enhanced.split('.')[1]}")


_CAPITAL = re.compile(r"(?<!\\)(?:\\\\)*[A-Z](?!<)")
_MAILBOX = re.compile(r"[^\s<>\"'(),;:@\[\]]{1,64}@[^\s<>\"'(),;:@\[\]]{1,255}")
_WEB = re.compile(r"https?://[^\s<>\"]+|\bwww\.[^\s<>\"]+")
_NAME = re.compile(r"(?<![\w.-])[\w-]{1,63}(?:\.[\w-]{1,63}){1,10}")
_TOP_LEVEL = frozenset(
    "com net org edu gov mil int info biz arpa example invalid test local lan internal jp de fr uk ru".split()
)


def prepare(text: str) -> Text:
    """The forms of ``text`` that signatures are searched in."""
    lowered = lower(text)
    if "@" in lowered:
        lowered = _MAILBOX.sub(lambda found: "@" * len(found[0]), lowered)
    bare = lowered
    if "://" in bare or "www." in bare:
        bare = _WEB.sub(lambda found: "_" * len(found[0]), bare)
    if "." in bare:
        bare = _NAME.sub(_blank_name, bare)
    return Text(text, lowered, bare)


def lower(text: str) -> str:
    """``text`` in lower case and of the same length: a few letters grow, and the places of the words must stay."""
    lowered = text.lower()
    if len(lowered) == len(text):
        return lowered
    return "".join(low if len(low := letter.lower()) == 1 else letter for letter in text)


_LETTERS = r"[0-9A-Za-z\u00c0-\u052f]"  # scripts that part their words by spaces
_REST_OF_WORD = re.compile(f"{_LETTERS}{{0,40}}")
_END_OF_WORD = re.compile(f"{_LETTERS}$")


def whole_words(searched: str, begin: int, end: int) -> tuple[int, int]:
    """The span from ``begin`` to ``end``, without names that it cuts, and with the rest of words that it cuts."""
    first, last = begin, end
    while first < last < len(searched) and searched[last] in "_@" and searched[last - 1] in "_@":
        last -= 1
    while 0 < first < last and searched[first - 1] in "_@" and searched[first] in "_@":
        first += 1
    if not searched[first:last].strip():
        return begin, end
    if found := _END_OF_WORD.search(searched, first, last):
        last = (_REST_OF_WORD.match(searched, found.end()) or found).end()
    while first and _END_OF_WORD.match(searched[first]) and _END_OF_WORD.match(searched[first - 1]):
        first -= 1
    return first, last


def _blank_name(found: re.Match[str]) -> str:
    labels = found[0].split(".")
    # "rejected.please" is two sentences, not a host name.
    is_name = labels[-1] in _TOP_LEVEL or (len(labels) > 2 and labels[-1].isalpha())
    return "_" * len(found[0]) if is_name else found[0]


def literals(pattern: str) -> tuple[str, ...]:
    """Words of which every match of ``pattern`` holds at least one, in lower case; empty where none can be named.

    A scan by hand: it knows the syntax that signatures use and gives up, never errs, at anything else.
    """
    found, _ = _alternatives(pattern, 0)
    return tuple(sorted({word.lower() for word in found}))


_Words = tuple[str, ...]


def _alternatives(pattern: str, at: int) -> tuple[_Words, int]:
    """Read branches up to a closing bracket or the end; the words of all, or none if one branch has none."""
    branches: list[_Words] = []
    while True:
        words, at = _branch(pattern, at)
        branches.append(words)
        if at < len(pattern) and pattern[at] == "|":
            at += 1
            continue
        return (tuple(word for words in branches for word in words) if all(branches) else ()), at


def _branch(pattern: str, at: int) -> tuple[_Words, int]:
    """Read one branch; its best words are those whose shortest is longest."""
    best: _Words = ()
    run = ""

    def better(words: _Words) -> None:
        nonlocal best
        shortest = min(map(len, words), default=0)
        if shortest >= SHORTEST_LITERAL and shortest > min(map(len, best), default=0):
            best = words

    while at < len(pattern) and pattern[at] not in "|)":
        words: _Words = ()
        letter = ""
        if pattern[at] == "(":
            words, at = _group(pattern, at)
        elif pattern[at] == "[":
            at = _end_of_class(pattern, at)
        elif pattern[at] == "\\":
            letter = "" if pattern[at + 1].isalnum() else pattern[at + 1]
            at += 2
        else:
            letter = "" if pattern[at] in ".^$_@" else pattern[at]  # _ and @ may stand for blanked names
            at += 1
        optional, repeated, at = _quantifier(pattern, at)
        if letter and not optional:
            run += letter
            if not repeated:
                continue
        better((run,))
        run = ""
        if words and not optional:
            better(words)
    better((run,))
    return best, at


def _group(pattern: str, at: int) -> tuple[_Words, int]:
    """Read a group; what stands in a look-around need not stand in the match."""
    at += 1
    around = pattern.startswith(("?=", "?!", "?<=", "?<!"), at)
    if pattern.startswith("?P<", at):
        at = pattern.index(">", at) + 1
    elif pattern.startswith("?", at):
        at = at + 2 if not pattern.startswith("?<", at) else at + 3
    words, at = _alternatives(pattern, at)
    return (() if around else words), at + 1


def _end_of_class(pattern: str, at: int) -> int:
    at += 2 if pattern[at + 1] == "^" else 1
    at += 1 if pattern[at] == "]" else 0
    while pattern[at] != "]":
        at += 2 if pattern[at] == "\\" else 1
    return at + 1


def _quantifier(pattern: str, at: int) -> tuple[bool, bool, int]:
    """Whether the item before may be missing, whether it may repeat, and where the quantifier ends."""
    optional = repeated = False
    if at < len(pattern) and pattern[at] in "?*+":
        optional, repeated = pattern[at] in "?*", pattern[at] in "*+"
        at += 1
    elif at < len(pattern) and pattern[at] == "{":
        end = pattern.index("}", at)
        optional, repeated = pattern[at + 1 : end].split(",")[0].strip("0") == "", True
        at = end + 1
    else:
        return False, False, at
    return optional, repeated, at + 1 if at < len(pattern) and pattern[at] in "?+" else at
