"""The record to publish, in full: with one more sender, with its mistakes mended, or two records made one.

Pure. Nothing is published by anybody but its reader, so each outcome says what it costs and whether it fits.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from probe.checks.spf.lint import ADVISED_LENGTH
from probe.checks.spf.record import LOOKUP_TERMS, Term, parse, parse_term
from probe.checks.spf.typos import after_version, correction
from probe.checks.spf.usage import LIMITS

# RFC 1035 section 3.3.14: the octets of one character-string. RFC 7208 section 3.4: those of a safe answer.
_STRING = 255
_UDP_ANSWER = 512
# Where nothing was published before there may be senders that nobody thought of: to be suspected, not refused.
_CAREFUL_END = "~all"


@dataclass(frozen=True)
class Amendment:
    """A record to publish. ``lookups`` is what it costs a client that nothing matches, over the whole tree;
    ``problems`` says why it does not fit: ``too-many-lookups``, ``long-record`` (more than is advised), ``too-long``
    (no safe answer over UDP). ``removed`` are the terms that were taken out because nobody can read them."""

    record: str
    lookups: int
    problems: tuple[str, ...]
    removed: tuple[str, ...] = ()

    @property
    def fits(self) -> bool:
        """Whether every receiver can be expected to take it."""
        return not self.problems

    @property
    def strings(self) -> tuple[str, ...]:
        """The record as character-strings, each cut behind a space where there is one."""
        found, rest = [], self.record
        while len(rest) > _STRING:
            cut = rest.rfind(" ", 0, _STRING) + 1 or _STRING
            found.append(rest[:cut])
            rest = rest[cut:]
        return (*found, rest)


def term_for(address: str) -> str:
    """The term that allows an IPv4 or IPv6 address, or a network of them."""
    return f"ip{6 if ':' in address else 4}:{address}"


def amend(
    record: str | None, term: str, *, lookups: int = 0, cost: int | None = None, before: str | None = None
) -> Amendment | None:
    """``record`` with ``term`` added, such as ``ip4:203.0.113.7`` or ``include:_spf.example.net``; without a record a
    new one.

    The term comes in front of ``all``, of ``redirect``, or of the directive ``before``, where that is what rejects the
    sender. ``lookups`` is what the policy needs now, over its whole tree, ``cost`` what the new term needs; an include
    of unknown cost counts one. None where ``record`` is broken, or ``term`` no sound directive: then there is nothing
    to build on.
    """
    new = parse_term(term)
    old = parse(record or "v=spf1 " + _CAREFUL_END)
    if new.problem or new.qualifier is None or old.errors:
        return None
    texts = [one.text for one in old.terms]
    if not any(_same(one, new) for one in old.reached):
        texts.insert(_place(old.terms, before), term)
    if cost is None:
        cost = int(new.name in LOOKUP_TERMS)
    return written(texts, lookups + cost)


def mend(record: str) -> Amendment | None:
    """``record`` with its mistyped terms as they were probably meant, and without those that nobody can read; None
    where that does not make it sound, or nothing else than it was."""
    texts: list[str] = []
    removed: list[str] = []
    modifiers: set[str] = set()
    for term in parse(record).terms:
        broken = term.problem is not None or not term.text.isascii()
        text = correction(term.text) if broken else term.text
        read = parse_term(text) if text else None
        if text is None or (read and read.qualifier is None and read.name in modifiers):
            removed.append(term.text)
            continue
        if read and read.qualifier is None and read.name in ("redirect", "exp"):
            modifiers.add(read.name)  # RFC 7208 section 6: each at most once
        texts.append(text)
    mended = parse(" ".join(("v=spf1", *texts)))
    if mended.errors or mended.text == record:
        return None
    return replace(written(texts, mended.lookups), removed=tuple(removed))


def revive(text: str) -> Amendment | None:
    """A text that looks like SPF and is none, as the record that it was meant to be; None where that cannot be told."""
    words = re.split(r"[\s;]+", after_version(text).strip("\"' ;"))
    record = " ".join(("v=spf1", *filter(None, words)))
    made = mend(record)
    if made is None and not parse(record).errors:
        made = written(record.split(" ")[1:], parse(record).lookups)
    return made


def merge(records: Sequence[str]) -> Amendment | None:
    """Several records made one, since there may be only one (RFC 7208 section 4.5): all senders, and the gentlest
    end. None where one of them is broken or redirects."""
    read = [parse(record) for record in records]
    if any(one.errors or one.redirect is not None for one in read):
        return None
    terms = [term.text for one in read for term in one.reached if term.name != "all"]
    ends = {one.all.qualifier for one in read if one.all is not None}
    explanations = [one.exp.text for one in read if one.exp is not None][:1]
    end = next((f"{sign}all" for sign in ("?", "~", "-") if sign in ends), _CAREFUL_END)
    texts = [*dict.fromkeys(terms), *explanations, end]
    return written(texts, parse(" ".join(("v=spf1", *texts))).lookups)


def written(texts: Sequence[str], lookups: int) -> Amendment:
    """A record of these terms, with what it costs."""
    record = " ".join(("v=spf1", *texts))
    problems = {
        "too-many-lookups": lookups > LIMITS["lookups"],
        "long-record": ADVISED_LENGTH < len(record) <= _UDP_ANSWER,
        "too-long": len(record) > _UDP_ANSWER,
    }
    return Amendment(record, lookups, tuple(id_ for id_, present in problems.items() if present))


def _place(terms: Sequence[Term], before: str | None) -> int:
    """Where a new directive is reached, and reached before it is too late."""
    for place, term in enumerate(terms):
        if term.text == before or (term.qualifier is not None and term.name == "all"):
            return place
    return next((place for place, term in enumerate(terms) if term.name in ("redirect", "exp")), len(terms))


def _same(one: Term, other: Term) -> bool:
    return (one.name, one.qualifier, one.value.lower()) == (other.name, other.qualifier, other.value.lower())
