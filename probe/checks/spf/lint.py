"""What is wrong or unwise in a whole policy. Pure: a ``Policy`` in, remarks out.

An ``error`` is a permerror for every client that no earlier term matches (RFC 7208 sections 4.6 and 5 to 7); everything
else is a ``warning``. The ids are those of ``spf-…`` in ``data/findings.toml``; those of errors are reasons in
``data/words.toml``.
"""

from __future__ import annotations

import ipaddress
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Literal

from probe.checks.spf.record import Record, Term
from probe.checks.spf.survey import Policy, Visit, followed
from probe.checks.spf.typos import correction, resembles_record
from probe.checks.spf.usage import LIMITS
from probe.checks.spf.way import Stop, lookups, voids, walk
from probe.model import Answer

# RFC 7208 section 3.4: a longer record may not fit into one UDP answer.
ADVISED_LENGTH = 450
_STRING = 255
# So many terms are no record that anybody reads; the first ones show what is wrong with it.
_MOST_TERMS = 500
# Prefixes that hold more addresses than any one sender has.
_WIDE = {4: 8, 6: 16}

WARNINGS = (
    "plus-all",
    "neutral-all",
    "no-all",
    "ptr-deprecated",
    "terms-after-all",
    "redirect-ignored",
    "unknown-modifier",
    "duplicate-term",
    "lookups-near-limit",
    "void-lookups",
    "mx-without-mx",
    "wide-range",
    "private-range",
    "long-record",
    "split-word",
    "mistyped",
    "not-recognised",
    "type-99-only",
    "wrong-name",
    "not-asked",
)
"""Every id that a warning can have."""


@dataclass(frozen=True)
class Remark:
    """One thing about one term, or about the record ``at`` a domain. ``value`` is a number or a text that goes with it:
    a length, a count, what a term should read."""

    id: str
    level: Literal["error", "warning"]
    at: str
    term: str = ""
    value: str | int = ""


def remarks(policy: Policy) -> tuple[Remark, ...]:
    """Everything worth a remark, errors first."""
    found = [*_errors(policy), *_of_tree(policy), *_of_neighbours(policy)]
    for own in _own(policy):
        if own.record is not None:
            found += _of_record(own.record, own)
    return tuple(sorted(dict.fromkeys(found), key=lambda remark: remark.level != "error"))


# Errors


def _errors(policy: Policy) -> Iterator[Remark]:
    broken = list(_broken(policy))
    yield from broken
    if any(remark.id == "loop" for remark in broken):
        return
    way = walk(policy)
    if _stops(way, _over(way, "lookups")):
        yield Remark("too-many-lookups", "error", policy.domain, value=lookups(policy))
    if all(_stops(way, _over(way, void)) for void in ("void4", "void6")):
        terms = ", ".join(dict.fromkeys(stop.term.text for stop in way if stop.void4 and stop.void6))
        yield Remark("too-many-void-lookups", "error", policy.domain, terms, min(voids(way)))


def _over(way: Sequence[Stop], what: str) -> int:
    """The place on the way where a limit of section 4.6.4 is exceeded; the end of the way where it never is."""
    most = LIMITS["lookups" if what == "lookups" else "void_lookups"]
    used = accumulate(getattr(stop, what) for stop in way)
    return next((place for place, count in enumerate(used) if count > most), len(way))


def _stops(way: Sequence[Stop], place: int) -> bool:
    """Whether exceeding a limit there breaks the policy: somebody whom it allows comes no further, or it allows nobody
    before. Otherwise it only turns a fail of strangers into a permerror."""
    if place == len(way):
        return False
    return any(stop.allows for stop in way[place:]) or not any(stop.allows for stop in way[:place])


def _broken(policy: Policy) -> Iterator[Remark]:
    """Errors of the records themselves, over the tree."""
    if policy.state == "several":
        yield Remark("multiple-records", "error", policy.domain)
    if policy.record is None:
        return
    for problem, text in policy.record.errors:
        yield Remark(problem, "error", policy.domain, text)
    for place, visit in policy.visits.items():
        term = policy.record.terms[place]
        if visit.policy is not None and visit.policy.state == "none":
            yield Remark(f"{term.name}-without-record", "error", policy.domain, term.text)
        elif visit.policy is not None and visit.policy.state == "loop":
            yield Remark("loop", "error", policy.domain, term.text)
        elif visit.policy is not None:
            yield from _broken(visit.policy)
        if term.name == "mx" and visit.answers and len(visit.answers[0].values) > LIMITS["mx_hosts"]:
            yield Remark("too-many-mx-hosts", "error", policy.domain, term.text)


# Warnings


def _of_tree(policy: Policy) -> Iterator[Remark]:
    """What matters wherever it stands: in the domain's own record or in somebody else's."""
    way, used = walk(policy), lookups(policy)
    if used >= LIMITS["lookups"] - 1 and not _stops(way, _over(way, "lookups")):
        yield Remark("lookups-near-limit", "warning", policy.domain, value=used)
    if min(voids(way)):
        terms = ", ".join(dict.fromkeys(stop.term.text for stop in way if stop.void4 and stop.void6))
        yield Remark("void-lookups", "warning", policy.domain, terms, min(voids(way)))
    for one, term, visit in _visited(policy):
        if term.name == "mx" and visit.answers and visit.answers[0].answer == "absent":
            yield Remark("mx-without-mx", "warning", one.domain, term.text, visit.target or "")
        failed = next((answer for answer in visit.answers if not answer.known), None)
        if failed is not None:
            yield _not_asked(one, term, failed)
        elif visit.policy is not None and visit.policy.state == "failed":
            yield Remark("not-asked", "warning", one.domain, term.text, visit.policy.reason or "failed")
    for one in _records(policy):
        if one.record is not None and one.record.all is not None and one.record.all.qualifier == "+":
            yield Remark("plus-all", "warning", one.domain, one.record.all.text)


def _not_asked(policy: Policy, term: Term, answer: Answer) -> Remark:
    return Remark("not-asked", "warning", policy.domain, term.text, answer.reason or answer.answer)


def _of_neighbours(policy: Policy) -> Iterator[Remark]:
    """Texts beside the record that were meant to be one."""
    for text in policy.others:
        if resembles_record(text):
            yield Remark("not-recognised", "warning", policy.domain, text)
    for place, name in policy.elsewhere:
        yield Remark(place, "warning", policy.domain, value=name)


def _of_record(record: Record, policy: Policy) -> Iterator[Remark]:
    """Style and sense of a record that the domain itself answers for."""

    def warn(id_: str, term: Term | None = None, value: str | int = "") -> Remark:
        return Remark(id_, "warning", policy.domain, "" if term is None else term.text, value)

    for term in record.terms[:_MOST_TERMS]:
        right = correction(term.text) if _is_suspect(term) else None
        if right is not None:
            yield warn("mistyped", term, right)
        elif term.qualifier is None and term.name not in ("redirect", "exp"):
            yield warn("unknown-modifier", term)
    if not record.errors:
        if record.all is None and record.redirect is None:
            yield warn("no-all")
        if record.all is not None and record.all.qualifier == "?":
            yield warn("neutral-all", record.all)
        if record.all is not None and record.redirect is not None:  # RFC 7208 section 6.1
            yield warn("redirect-ignored", record.redirect)
        after = record.mechanisms[len(record.reached) :]  # RFC 7208 section 5.1
        if after:
            yield Remark("terms-after-all", "warning", policy.domain, " ".join(term.text for term in after))
    for term in record.mechanisms[:_MOST_TERMS]:
        if term.name == "ptr":  # RFC 7208 section 5.5
            yield warn("ptr-deprecated", term)
        yield from _of_network(term, policy)
    for text, times in Counter(term.text.lower().removeprefix("+") for term in record.mechanisms).items():
        if times > 1:
            yield Remark("duplicate-term", "warning", policy.domain, text, times)
    if len(record.text) > ADVISED_LENGTH:
        yield warn("long-record", value=len(record.text))
    yield from _of_strings(policy)


def _of_network(term: Term, policy: Policy) -> Iterator[Remark]:
    """Ranges that let in too many, or nobody."""
    if term.qualifier == "+" and not term.problem:
        widest = {4: term.prefix4, 6: term.prefix6} if term.name in ("a", "mx") else {}
        if term.network is not None:
            widest = {term.network.version: term.network.prefix}
        if any(prefix <= _WIDE[version] for version, prefix in widest.items()):
            yield Remark("wide-range", "warning", policy.domain, term.text)
    if term.network is not None and term.network.version == 4:
        address = ipaddress.IPv4Address(term.network.address)
        inside = any(address in private for private in _PRIVATE)
        if inside and term.network.prefix >= 8:
            yield Remark("private-range", "warning", policy.domain, term.text)


# RFC 1918, RFC 6598, loopback and link-local: no server of somebody else's sees these.
_PRIVATE = tuple(
    map(
        ipaddress.IPv4Network,
        ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16"),
    )
)


def _of_strings(policy: Policy) -> Iterator[Remark]:
    """Strings are joined without a space (RFC 7208 section 3.3). One that is full was cut by a program that knows; one
    that ends earlier, in front of a string that begins with no space, was probably meant to end a word."""
    for left, right in zip(policy.strings, policy.strings[1:], strict=False):
        if left and right and len(left) < _STRING and not left.endswith(b" ") and not right.startswith(b" "):
            joined = left.rpartition(b" ")[2] + right.partition(b" ")[0]
            yield Remark("split-word", "warning", policy.domain, joined.decode("utf-8", "surrogateescape"))


def _is_suspect(term: Term) -> bool:
    """Broken, or a modifier that bears the name of a mechanism, and so is read and ignored."""
    return term.problem is not None or (term.qualifier is None and term.name not in ("redirect", "exp"))


# The tree


def _own(policy: Policy) -> Iterator[Policy]:
    """The domain's record, and the one that a redirect hands over to."""
    yield policy
    for _, term, visit in _visited(policy, deep=False):
        if term.name == "redirect" and visit.policy is not None and visit.policy.state == "found":
            yield from _own(visit.policy)


def _records(policy: Policy) -> Iterator[Policy]:
    yield policy
    for _, term, visit in _visited(policy, deep=False):
        # A pass of a record that is included with another qualifier is none.
        if visit.policy is not None and term.qualifier in ("+", None):
            yield from _records(visit.policy)


def _visited(policy: Policy, *, deep: bool = True) -> Iterator[tuple[Policy, Term, Visit]]:
    if policy.record is None:
        return
    for place, term in followed(policy.record):
        visit = policy.visits.get(place)
        if visit is not None:
            yield policy, term, visit
            if deep and visit.policy is not None:
                yield from _visited(visit.policy)
