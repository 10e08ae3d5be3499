"""The DMARC record to publish: exact text, made from what stands there and from what is wrong with it.

Pure. Tags that are right are kept as they are; wrong ones are mended where the intention is plain, else left out; what
RFC 9989 took away goes (its appendix C.4), and ``pct=0`` becomes the ``t=y`` that replaced it. The way to enforcement
is the one of RFC 9989 section 5.1: watch the reports first, then one step at a time.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from probe.checks.destination import elements, without_limit
from probe.checks.dmarc.record import CLOSED, KNOWN, POLICIES, Record, parse, separated
from probe.checks.dmarc.reports import consent_name, destinations

# The mailbox to propose where a record names none.
_MAILBOX = "dmarc-reports"
# What may be kept of a tag that nobody here knows: it must fit between the quotes of a zone file, and hold none itself.
_PLAIN = re.compile(r"[!#-&(-\[\]-~]+(?: [!#-&(-\[\]-~]+)*")


@dataclass(frozen=True)
class Publication:
    """One TXT record to publish: owner name and text."""

    name: str
    text: str

    def __str__(self) -> str:
        """As a line of a zone file."""
        return f'{self.name}. TXT "{self.text}"'


def first_record(domain: str) -> Publication:
    """The record to begin with: nothing is refused, and reports come in."""
    return Publication(f"_dmarc.{domain}", f"v=DMARC1; p=none; rua=mailto:{_MAILBOX}@{domain}")


def mended_record(at: str, record: Record) -> Publication:
    """The record of ``at`` as it should read, with its own policy."""
    return Publication(f"_dmarc.{at}", _written(_mended(at, record)))


def next_records(at: str, record: Record) -> tuple[Publication, ...]:
    """The records that follow, one for each step up to ``p=reject``, to be published when the reports have been clean
    for some weeks. A policy under test is first taken out of the test."""
    tags = _mended(at, record)
    steps = []
    if tags.get("t") == "y" and tags["p"] != "none":
        steps.append(tags["p"])
    steps += POLICIES[POLICIES.index(tags["p"]) + 1 :]
    tags.pop("t", None)
    found = []
    for policy in steps:
        stage = {**tags, "p": policy}
        for name in ("sp", "np"):  # no subdomain stays behind the domain itself
            if name in stage and POLICIES.index(stage[name]) < POLICIES.index(policy):
                stage[name] = policy
        found.append(Publication(f"_dmarc.{at}", _written(stage)))
    return tuple(found)


def consent_record(domain: str, destination: str) -> tuple[Publication, Publication]:
    """What the owner of ``destination`` publishes to take reports about ``domain``, and about any domain (RFC 9990
    section 4)."""
    return Publication(consent_name(domain, destination), "v=DMARC1"), Publication(
        f"*._report._dmarc.{destination}", "v=DMARC1"
    )


def new_mailbox(at: str, record: Publication, present: Record | None) -> str | None:
    """The mailbox that a record to publish names, where it was made up here and the ``present`` record does not know
    it: somebody has to set it up."""
    made_up = f"{_MAILBOX}@{at}"
    known = present is not None and made_up in present.text.lower()
    return made_up if f"rua=mailto:{made_up}" in record.text and not known else None


def _mended(at: str, record: Record) -> dict[str, str]:
    """The tags as they should be, those that need no text left out."""
    record = separated(record)
    given = {record.misspelt.get(name, name): value for name, value in record.tags.items()}
    tags = {"v": "DMARC1"}
    for name in ("p", "sp", "np"):
        policy = _policy(given[name]) if name in given else None
        if policy:
            tags[name] = policy
    tags.setdefault("p", "none")
    for name, (values, default) in CLOSED.items():
        value = given.get(name, default).lower()
        value = value if value in values else value[:1]  # "strict" is s, "relaxed" r, "yes" y
        if value in values and value != default:
            tags[name] = value
    if record.tags.get("pct", "").strip() == "0" and tags["p"] != "none":
        tags["t"] = "y"
    for name in ("rua", "ruf"):
        kept = [uri for uri in map(_report_uri, elements(given.get(name, ""))) if uri]
        if kept:
            tags[name] = ",".join(dict.fromkeys(kept))
    tags.setdefault("rua", f"mailto:{_MAILBOX}@{at}")
    if "ruf" in tags and "fo" in record.tags and "bad-fo" not in record.warnings:
        tags["fo"] = record.tags["fo"]
    tags |= {
        name: value
        for name in record.unknown
        if name not in record.misspelt and _PLAIN.fullmatch(value := record.tags[name])
    }
    order = {name: index for index, name in enumerate(KNOWN)}
    return dict(sorted(tags.items(), key=lambda item: order.get(item[0], len(order))))


def _policy(value: str) -> str | None:
    """The policy that a value means: ``rejected``, ``quarantine,`` and the like."""
    from difflib import get_close_matches

    word = value.strip("\"'., ").lower().split(",")[0].split()
    return next(iter(get_close_matches(word[0], POLICIES, 1, 0.75)), None) if word else None


def _report_uri(part: str) -> str | None:
    """A report address as it should read, None where nothing can be made of it."""
    bare = without_limit(part).strip("\"'<> ")
    return next((uri for uri in (bare, f"mailto:{bare}") if _is_sound(uri)), None)


def _is_sound(uri: str) -> bool:
    return [one.problem for one in destinations(parse(f"v=DMARC1; p=none; rua={uri}"))] == [None]


def _written(tags: dict[str, str]) -> str:
    return "; ".join(f"{name}={value}" for name, value in tags.items())
