"""The reply texts of ``data/signatures``, made searchable.

An expression is run only where the words that it needs stand in the text (see ``literals``), and compiled only then;
one that needs no word at all is never run.
The first texts are held against one signature after the other, which needs no preparation: most programs read one. From
then on the words of all signatures are found in one pass over the text.

An id may end in a flag: ``-echo`` (the reply only repeats an earlier refusal) and ``-receiver-fault`` (the list refused
the receiver's question, or is closed: the sender is not listed). A signature of weight 0 only tells the provider.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING

from probe.catalog import Catalog
from probe.replies import literals
from probe.replies.literals import Way
from probe.replies.texts import Text, whole_words
from probe.rows import Outline

if TYPE_CHECKING:
    from ahocorasick import Automaton

GENERIC = "generic"
NOBODY = frozenset({GENERIC, "pages"})  # signatures that tell no provider: anybody may name a page or a list
_MOST_PRIORS = 4096  # servers that make up codes must not fill the memory
_ONE_BY_ONE = 2  # texts; more are worth an index


class Hit:
    """A signature that speaks, and where the words stand that it read. A code alone has no words."""

    __slots__ = ("_text", "begin", "end", "rule")

    def __init__(self, rule: Rule, text: Text | None = None, begin: int = 0, end: int = 0) -> None:
        self.rule, self._text, self.begin, self.end = rule, text, begin, end

    @property
    def matched(self) -> str:
        """The words that were read, without names that they cut, and with the rest of words that they cut."""
        if self._text is None:
            return ""
        begin, end = whole_words(self._text.bare if self.rule.generic else self._text.full, self.begin, self.end)
        return self._text.original[begin:end].strip()


class Rule:
    """A signature as far as it was needed: its expression, what that needs, and what it is worth once it may speak."""

    def __init__(self, id_: str, provider: str, pattern: str, read: Callable[[str], Outline]) -> None:
        self.id = id_
        self.provider = provider
        self.pattern = pattern
        self.generic = provider == GENERIC
        self._read = read

    @cached_property
    def outline(self) -> Outline:
        return self._read(self.id)

    @cached_property
    def cause(self) -> str:
        return self.outline.cause

    @cached_property
    def weight(self) -> float:
        return self.outline.weight

    @cached_property
    def narrow(self) -> bool:
        """Whether it is held to certain codes or stages."""
        return bool(self.outline.codes or self.outline.enhanced or self.outline.stages)

    @cached_property
    def order(self) -> tuple[float, bool, str]:
        """Of two that name one cause, the one that comes first speaks: the surest, then that of a provider."""
        return -self.weight, self.generic, self.id

    @cached_property
    def ways(self) -> tuple[Way, ...]:
        return literals.ways(self.pattern)

    @cached_property
    def expression(self) -> re.Pattern[str]:
        # Texts are searched in lower case, so only an expression with capitals of its own needs the slower flag.
        return re.compile(self.pattern, re.IGNORECASE if _CAPITAL.search(self.pattern) else re.NOFLAG)

    @cached_property
    def group(self) -> int | str:
        """What is shown of a match: the group called ``words``, where there is one."""
        return "words" if "words" in self.expression.groupindex else 0

    def fits(self, code: int | None, enhanced: str | None, stage: str | None) -> bool:
        """Basic codes are exact or the first digits of one; a text without a code is not held to any."""
        only = self.outline
        if only.codes and code is not None and not str(code).startswith(only.codes):
            return False
        if only.enhanced and not any(form in only.enhanced for form in _forms(enhanced)):
            return False
        return not only.stages or stage in only.stages

    def search(self, text: Text, begin: int = 0) -> Hit | None:
        """The hit in ``text``, none of which begins before ``begin``."""
        found = self.expression.search(text.bare if self.generic else text.full, begin)
        return Hit(self, text, *found.span(self.group)) if found else None

    def match(self, text: Text, begins: Iterable[int]) -> Hit | None:
        """The hit that begins at one of these places."""
        searched = text.bare if self.generic else text.full
        for begin in begins:
            if found := self.expression.match(searched, begin):
                return Hit(self, text, *found.span(self.group))
        return None

    def may_speak(self, full: str) -> bool:
        """Whether a match is possible, cheaply: enough to leave most signatures alone."""
        return literals.possible(self.pattern, full)


class Book:
    """All signatures of a catalogue."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        self.by_code: dict[str, list[Rule]] = {}
        self._priors: dict[tuple[int | None, str | None, str | None], list[Hit]] = {}
        self.rules: list[Rule] = []
        self.read = 0
        for rule in rules:
            if rule.pattern:
                self.rules.append(rule)
                continue
            for code in rule.outline.enhanced or rule.outline.codes:
                self.by_code.setdefault(code, []).append(rule)

    def search(self, text: Text, code: int | None, enhanced: str | None, stage: str | None) -> list[Hit]:
        """Every signature whose words stand in ``text``, in no particular order."""
        self.read += 1
        if self.read <= _ONE_BY_ONE:
            full = text.full
            may = [(rule, rule.search) for rule in self.rules if rule.may_speak(full)]
            found = [search(text) for rule, search in may if not rule.narrow or rule.fits(code, enhanced, stage)]
            return [hit for hit in found if hit]
        hits = []
        for rule, places in self._index.speaking(text.full).items():
            if rule.narrow and not rule.fits(code, enhanced, stage):
                continue
            if hit := rule.search(text, places) if isinstance(places, int) else rule.match(text, places):
                hits.append(hit)
        return hits

    def priors(self, code: int | None, enhanced: str | None, stage: str | None) -> list[Hit]:
        """What the codes say by themselves, the enhanced code before the basic one."""
        asked = code, enhanced, stage
        hits = self._priors.get(asked)
        if hits is None:
            hits = []
            for word in (*_forms(enhanced), str(code)):
                hits += [Hit(rule) for rule in self.by_code.get(word, ()) if rule.fits(*asked)]
            if len(self._priors) < _MOST_PRIORS:
                self._priors[asked] = hits
        return hits

    @cached_property
    def _index(self) -> _Index:
        return _Index(self.rules)


class _Index:
    """The words of all rules in one automaton (Aho and Corasick, 1975): one pass over a text finds them all."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        common = Counter(word.text for rule in rules for way in rule.ways for clause in way for word in clause)
        words: dict[str, list[_Lead]] = {word: [] for word in common}
        for rule in rules:
            for way in rule.ways:
                # A word that many signatures need stands in many texts: the clause of the rarest words leads to a way.
                trigger = min(way, key=lambda clause: sum(common[word.text] for word in clause))
                others = tuple(frozenset(word.text for word in clause) for clause in way if clause is not trigger)
                for word in trigger:
                    words[word.text].append((rule, others, len(word.text) - 1 + word.ahead, word.ahead == 0))
        self._words = _automaton(words)

    def speaking(self, full: str) -> dict[Rule, int | list[int]]:
        """The rules that may match the text: all the places where a match can begin, or the earliest of them where
        there are more than can be named."""
        found = set()
        leads = []
        if not self._words:
            return {}
        for end, (word, begun) in self._words.iter(full):
            found.add(word)
            if begun:
                leads.append((end, begun))
        speaking: dict[Rule, int | list[int]] = {}
        for end, begun in leads:
            for rule, others, back, exact in begun:
                for clause in others:
                    if clause.isdisjoint(found):
                        break
                else:
                    begin = end - back if end > back else 0
                    known = speaking.get(rule)
                    if known is None:
                        speaking[rule] = [begin] if exact else begin
                    elif isinstance(known, int):
                        if begin < known:
                            speaking[rule] = begin
                    elif exact:
                        known.append(begin)
                    else:
                        speaking[rule] = min(begin, *known)
        return speaking


_Lead = tuple[Rule, tuple[frozenset[str], ...], int, bool]
"""A rule that a word may begin, the other clauses of that way, how far back from the end of the word a match can begin,
and whether it can begin nowhere else."""


def _automaton(words: dict[str, list[_Lead]]) -> Automaton:
    import ahocorasick

    made = ahocorasick.Automaton()
    for word, begun in words.items():
        made.add_word(word, (word, tuple(begun)))
    made.make_automaton()
    return made


@lru_cache(maxsize=8)
def book(facts: Catalog) -> Book:
    """The signatures of ``facts``, prepared once."""
    return Book(Rule(id_, *known, facts.outline) for id_, known in facts.patterns.items())


def _forms(enhanced: str | None) -> tuple[str, ...]:
    """How a signature may name an enhanced code: itself, in every class, or its subject alone."""
    return () if enhanced is None else (enhanced, f"X{enhanced[1:]}", f"X.{enhanced.split('.')[1]}")


_CAPITAL = re.compile(r"(?<!\\)(?:\\\\)*[A-Z](?!<)")
