"""Can the reports that a DMARC record asks for arrive? (RFC 9989 section 4.6, RFC 9990 section 4)

Each address of ``rua`` and ``ruf`` is read, its domain is asked for a way to take mail, and where that is another
organization's, for the record by which it consents to these reports. Nothing is sent.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from probe.checks.destination import Destination, deliverable, elements, read, without_limit
from probe.checks.dmarc.record import Record, is_record
from probe.checks.steps import Steps
from probe.checks.taglist import parse_tags
from probe.model import Answer
from probe.names import is_hostname
from probe.text import show

# RFC 9989 section 4.7: receivers need to know no other, and ignore what they do not know.
_SCHEMES = ("mailto",)
# A record may name as many addresses as fit; receivers need not serve more than two (RFC 7489 section 6.2).
_MOST_ASKED = 10


def destinations(record: Record) -> tuple[Destination, ...]:
    """The report addresses as they are written, those of ``rua`` first; never raises."""
    return tuple(
        read(tag, part, _SCHEMES) for tag in ("rua", "ruf") if tag in record.tags for part in elements(record.tags[tag])
    )


def consent_name(domain: str, destination: str) -> str:
    """Where ``destination`` consents to reports about ``domain`` (RFC 9990 section 4, steps 2 and 3)."""
    return f"{domain}._report._dmarc.{destination}"


async def judge(
    record: Record, found_at: str, own: tuple[str | None, ...], steps: Steps, also: tuple[str, str]
) -> tuple[tuple[dict[str, Any], ...], Answer]:
    """One entry an address: ``tag``, ``uri``, ``scheme``, ``domain``, ``limit``, ``problem``, and where a domain was
    asked ``external`` (it belongs to another organization than ``own``), ``authorized``, ``consent`` (the name asked
    for), ``overrides`` (where the reports go instead) and ``deliverable``. None is what could not be told. And the
    answer to the question ``also``, asked in the same breath."""
    addresses = destinations(record)
    asked = list(dict.fromkeys(one.domain for one in addresses if one.mailbox and one.domain))[:_MOST_ASKED]
    outside = [domain for domain in asked if not _inside(domain, (found_at, *own))]
    # Where the name would be too long, there is no way to consent (RFC 9990 section 4, step 4).
    names = {domain: name for domain in outside if is_hostname(name := consent_name(found_at, domain))}
    reachable, answers = await deliverable(asked, steps, [also, *((name, "TXT") for name in names.values())])
    consents = dict(zip(names, answers[1:], strict=True))
    found = []
    for one in addresses:
        entry: dict[str, Any] = {**vars(one), "uri": show(one.uri)}
        if one.domain in reachable:
            entry |= {"external": one.domain in outside, "deliverable": reachable[one.domain]}
            entry |= {"consent": None, "authorized": None, "overrides": ()}
        if one.domain in outside:
            entry["consent"] = consent_name(found_at, one.domain)
            entry |= _consent(consents.get(one.domain), one.tag, one.domain)
        found.append(entry)
    return tuple(found), answers[0]


def faults(entry: Mapping[str, Any]) -> Iterator[str]:
    """What keeps reports from this address, by id."""
    if entry.get("problem"):
        yield str(entry["problem"])
    if entry.get("deliverable") is False:
        yield "undeliverable"
    if entry.get("external") and entry.get("authorized") is False:
        yield "unauthorized"


def _inside(domain: str, own: tuple[str | None, ...]) -> bool:
    """Whether a domain is, or lies below, one of these. A part of the organization that declares itself another one
    (``psd=n``) is rare, and would cost a walk an address to find out."""
    return any(domain == one or domain.endswith(f".{one}") for one in own if one)


def _consent(answer: Answer | None, tag: str, destination: str) -> dict[str, Any]:
    """RFC 9990 section 4, steps 5 to 9."""
    if answer is None:
        return {"authorized": False}
    if not answer.known:
        return {"authorized": None}
    records = [text for value in answer.values if is_record(text := show(value))]
    values = [value for text in records if (value := parse_tags(text, fold_case=True).tags.get(tag))]
    instead = tuple(without_limit(part) for value in values for part in elements(value))
    # An override that leads to yet another host silences both addresses.
    stray = any(read(tag, uri, _SCHEMES).domain != destination for uri in instead)
    return {"authorized": bool(records) and not stray, "overrides": instead}
