"""Which DMARC record applies to a domain, and what its organizational domain is, by both standards.

RFC 9989 walks up the tree (section 4.10) and asks at most eight names. RFC 7489 asks the domain and then its
organizational domain, which the Public Suffix List tells (sections 3.2 and 6.6.3). Each name is asked once, whoever
wants to know. What could not be asked is never taken for absent.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from probe.checks.dmarc.record import POLICIES, Record, is_record, meant, milder, near_miss, parse
from probe.checks.steps import Steps
from probe.model import Result
from probe.text import show

if TYPE_CHECKING:
    from publicsuffixlist import PublicSuffixList


# Records that are published at this name by mistake, or by a wildcard.
_OTHERS = ("spf", "dkim")


@dataclass(frozen=True)
class Place:
    """What the name ``_dmarc.<domain>`` holds: a record, or else why not. ``flaw`` is what is wrong with a text there
    that means to be one, ``meant`` the record that it was to be and ``several`` those that exclude each other;
    ``other`` is what stands there instead (``spf`` or
    ``dkim``), ``failed`` why it could not be asked, ``alias`` the name that a CNAME leads to."""

    domain: str
    record: Record | None = None
    flaw: str | None = None
    meant: Record | None = None
    several: tuple[Record, ...] = ()
    other: str | None = None
    failed: str | None = None
    alias: str | None = None


class Places:
    """Every ``_dmarc`` name that was asked, each once."""

    def __init__(self, steps: Steps) -> None:
        self._steps = steps
        self._known: dict[str, Place] = {}

    async def at(self, domain: str) -> Place:
        if domain not in self._known:
            self._known[domain] = await self._look(domain)
        return self._known[domain]

    async def _look(self, domain: str) -> Place:
        answer = await self._steps.ask(f"_dmarc.{domain}", "TXT")
        alias = show(answer.canonical_name) if answer.canonical_name else None
        if not answer.known:
            return Place(domain, failed=answer.reason or answer.answer, alias=alias)
        texts = [show(value) for value in answer.values]
        records = [text for text in texts if is_record(text)]
        if len(records) > 1:  # RFC 9989 section 4.10 step 2: all of them are discarded
            several = tuple(map(parse, dict.fromkeys(records)))
            return Place(domain, flaw="multiple-records", meant=_strictest(several), several=several, alias=alias)
        if records:
            return Place(domain, parse(records[0]), alias=alias)
        missed = next(filter(near_miss, texts), None)
        if missed is not None:
            return Place(domain, flaw=near_miss(missed), meant=meant(missed), alias=alias)
        other = next((name for text in texts for name in _OTHERS if text.lower().startswith(f"v={name}")), None)
        return Place(domain, other=other, alias=alias)


@dataclass(frozen=True)
class Walk:
    """The places met on the way up from ``start``, nearest first (RFC 9989 section 4.10)."""

    start: str
    places: tuple[Place, ...]

    @property
    def found(self) -> tuple[tuple[str, Record], ...]:
        return tuple((place.domain, place.record) for place in self.places if place.record)

    @property
    def failed(self) -> str | None:
        """Why the walk broke off. What lies above can then not be told."""
        return self.places[-1].failed

    @property
    def organizational_domain(self) -> str | None:
        """RFC 9989 section 4.10.2. None where the walk broke off."""
        return None if self.failed else organizational_domain(self.start, self.found)


@dataclass(frozen=True)
class Discovery:
    """What one standard comes to. ``result`` is None where a record applies, with its ``policy`` for this domain, the
    ``tag`` that it comes from and the policy ``applied`` (milder while testing); else ``none``, ``permerror`` or
    ``temperror``, and ``reason``; ``meant`` is then what a flawed text at ``found_at`` was to be. ``exists`` is None
    where nobody had to ask."""

    result: Result | None
    reason: str
    organizational_domain: str | None = None
    found_at: str | None = None
    record: Record | None = None
    tag: str | None = None
    policy: str | None = None
    applied: str | None = None
    exists: bool | None = None
    meant: Record | None = None
    several: tuple[Record, ...] = ()


def targets(domain: str) -> list[str]:
    """The domains to ask at, in order: at most eight (RFC 9989 section 4.10 steps 1 to 7)."""
    labels = domain.split(".")
    above = labels[1:] if len(labels) < 8 else labels[-7:]
    return [domain, *(".".join(above[index:]) for index in range(len(above)))]


async def walk(domain: str, places: Places) -> Walk:
    """Up the tree, one question a name, until a record says where it ends, or a name cannot be asked."""
    met: list[Place] = []
    for target in targets(domain):
        met.append(await places.at(target))
        record = met[-1].record
        if met[-1].failed or (record and record.psd != "u"):
            break
    return Walk(domain, tuple(met))


def organizational_domain(domain: str, found: tuple[tuple[str, Record], ...]) -> str:
    """The organizational domain, from the records of a walk, nearest first (RFC 9989 section 4.10.2)."""
    for at, record in found:
        if record.psd == "n":
            return at
        if record.psd == "y" and at != domain:
            return ".".join(domain.split(".")[-1 - len(at.split(".")) :])
    return found[-1][0] if found else domain


async def by_tree_walk(domain: str, places: Places, steps: Steps) -> tuple[Discovery, Walk]:
    """RFC 9989 section 4.10.1: the author domain's own record, else its organization's, else its public suffix's."""
    walked = await walk(domain, places)
    records, organization = dict(walked.found), walked.organizational_domain
    if walked.failed and domain not in records:
        return Discovery("temperror", walked.failed), walked
    suffix = next((at for at, record in walked.found if record.psd == "y"), None)
    at = next((one for one in (domain, organization, suffix) if one in records), None)
    if at is None:
        return _nothing(walked.places, organization), walked
    record = records[at]
    standing = record.standing()
    if standing == "unusable":
        return Discovery("permerror", _fault(record), organization, at, record), walked
    if standing == "fallback" or at == domain:
        policy = "none" if standing == "fallback" else str(record.p)
        return _applies(organization, at, record, "p", policy, milder(policy) if record.t else policy), walked
    tag, exists = await _subdomain_tag(domain, record, steps)
    if tag is None:
        return Discovery("temperror", "existence-unknown", organization, at, record), walked
    policy = str(getattr(record, tag))
    return _applies(organization, at, record, tag, policy, milder(policy) if record.t else policy, exists), walked


async def by_suffix_list(domain: str, places: Places) -> Discovery:
    """RFC 7489 section 6.6.3: the domain, else its organizational domain; several records end the search. ``np``,
    ``psd`` and ``t`` are unknown tags there, and ``pct=0`` is what ``t=y`` is today."""
    organization = registered_domain(domain)
    own = place = await places.at(domain)
    if not own.failed and own.record is None and own.flaw != "multiple-records" and organization != domain:
        place = await places.at(organization)
    record = place.record
    if place.failed:
        return Discovery("temperror", place.failed, organization)
    if record is None:
        return _nothing((own, place), organization)
    standing = record.standing(("sp",))
    if standing == "unusable":
        return Discovery("permerror", _fault(record), organization, place.domain, record)
    tag = "sp" if place.domain != domain and record.sp and standing == "sound" else "p"
    policy = "none" if standing == "fallback" else str(getattr(record, tag))
    applied = milder(policy) if record.pct == 0 else policy
    return _applies(organization, place.domain, record, tag, policy, applied)


def registered_domain(domain: str) -> str:
    """The organizational domain of RFC 7489 section 3.2: one label below the public suffix. A public suffix is its
    own."""
    return suffix_list().privatesuffix(domain) or domain


@cache
def suffix_list() -> PublicSuffixList:
    """The Public Suffix List as it was shipped with its package, loaded when first asked for."""
    from publicsuffixlist import PublicSuffixList

    return PublicSuffixList()


def _nothing(places: Sequence[Place], organization: str | None) -> Discovery:
    """No record: the nearest flaw says why, else what stands in its place."""
    flawed = next((place for place in places if place.flaw), None)
    if flawed is not None:
        return Discovery(
            "permerror", str(flawed.flaw), organization, flawed.domain, meant=flawed.meant, several=flawed.several
        )
    other = places[0].other
    return Discovery("none", f"{other}-in-its-place" if other else "no-record", organization)


def _strictest(records: Sequence[Record]) -> Record:
    """Of several records the one that protects the most, since nobody weakens a policy unasked; its reports go where
    another one sends them if it names no place itself. Which is meant, only the owner knows."""
    record = max(records, key=lambda record: POLICIES.index(record.p) if record.p else -1)
    reports = next((one.tags["rua"] for one in records if one.rua), None)
    return record if record.rua or reports is None else parse(f"{record.text.rstrip('; ')}; rua={reports}")


def _applies(
    organization: str | None,
    at: str,
    record: Record,
    tag: str,
    policy: str,
    applied: str,
    exists: bool | None = None,
) -> Discovery:
    return Discovery(None, "not-evaluated", organization, at, record, tag, policy, applied, exists)


def _fault(record: Record) -> str:
    """Why a record is unusable: what spoilt the value, where that can be seen, else which policy is wrong."""
    told = ("unseparated", "quotes", "missing-p", "bad-p", "bad-sp", "bad-np")
    return next(id_ for id_ in told if id_ in record.warnings)


async def _subdomain_tag(domain: str, record: Record, steps: Steps) -> tuple[str | None, bool | None]:
    """Which of p, sp and np speaks for a subdomain, None where that hangs on an answer that did not come; and whether
    the domain exists, None where nobody had to ask. It does not exist if DNS says NXDOMAIN (RFC 9989 section
    3.2.13)."""
    subdomain = "sp" if record.sp else "p"
    if not record.np:
        return subdomain, None
    answer = await steps.ask(domain, "A")
    if not answer.known:
        return None, None
    exists = answer.reason != "nxdomain"
    return (subdomain if exists else "np"), exists
