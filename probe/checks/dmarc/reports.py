"""Can the reports that a DMARC record asks for arrive? (RFC 9989 section 4.6, RFC 9990 section 4)

Each address of ``rua`` and ``ruf`` is read, its domain is asked for a way to take mail, and where that is another
organization's, for the record by which it consents to these reports. Nothing is sent.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from probe.checks.dmarc.alignment import domain_of
from probe.checks.dmarc.record import Record, elements, is_record, without_limit
from probe.checks.steps import Steps
from probe.checks.taglist import parse_tags
from probe.model import Answer
from probe.names import is_hostname
from probe.text import show

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):(.*)", re.DOTALL)
_LIMIT = re.compile(r"[0-9]{1,20}[kmgtKMGT]?")
# RFC 5322 section 3.2.3, without the slashes that people put after "mailto:".
_LOCAL_PART = re.compile(r"(?!/)[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
# A record may name as many addresses as fit; receivers need not serve more than two (RFC 7489 section 6.2).
_MOST_ASKED = 10


@dataclass(frozen=True)
class Address:
    """One address of a record. ``domain`` is None where it is no mail address; ``problem`` says what is wrong with
    it."""

    tag: str
    uri: str
    scheme: str | None
    domain: str | None
    limit: str | None
    problem: str | None


def addresses(record: Record) -> tuple[Address, ...]:
    """The report addresses as they are written, those of ``rua`` first; never raises."""
    return tuple(
        _address(tag, part) for tag in ("rua", "ruf") if tag in record.tags for part in elements(record.tags[tag])
    )


def consent_name(domain: str, destination: str) -> str:
    """Where ``destination`` consents to reports about ``domain`` (RFC 9990 section 4, steps 2 and 3)."""
    return f"{domain}._report._dmarc.{destination}"


async def judge(record: Record, found_at: str, own: tuple[str | None, ...], steps: Steps) -> tuple[dict[str, Any], ...]:
    """One entry an address: ``tag``, ``uri``, ``scheme``, ``domain``, ``limit``, ``problem``, and where a domain was
    asked ``external`` (it belongs to another organization than ``own``), ``authorized``, ``consent`` (the name asked
    for), ``overrides`` (where the reports go instead) and ``deliverable``. None is what could not be told."""
    read = addresses(record)
    asked = list(dict.fromkeys(one.domain for one in read if one.domain and one.problem is None))[:_MOST_ASKED]
    outside = [domain for domain in asked if not _inside(domain, (found_at, *own))]
    # Where the name would be too long, there is no way to consent (RFC 9990 section 4, step 4).
    names = {domain: name for domain in outside if is_hostname(name := consent_name(found_at, domain))}
    questions = [(domain, "MX") for domain in asked] + [(name, "TXT") for name in names.values()]
    answers = await steps.ask_all(questions) if questions else []
    routes = dict(zip(asked, answers, strict=False))
    consents = dict(zip(names, answers[len(asked) :], strict=True))
    without_mx = [domain for domain, answer in routes.items() if answer.known and not answer.values]
    hosts = (
        await steps.ask_all([(domain, kind) for domain in without_mx for kind in ("A", "AAAA")]) if without_mx else []
    )
    found = []
    for one in read:
        entry: dict[str, Any] = {**vars(one), "uri": show(one.uri), "domain": one.domain and show(one.domain)}
        if one.domain in routes:
            external = one.domain in outside
            at = without_mx.index(one.domain) * 2 if one.domain in without_mx else None
            entry |= {
                "external": external,
                "deliverable": _deliverable(routes[one.domain], [] if at is None else hosts[at : at + 2]),
                "consent": consent_name(found_at, one.domain) if external else None,
                "authorized": None,
                "overrides": (),
            }
            if external:
                entry |= _consent(consents.get(one.domain), one.tag, one.domain)
        found.append(entry)
    return tuple(found)


def _address(tag: str, part: str) -> Address:
    uri, bang, limit = part.partition("!")
    match = _SCHEME.fullmatch(uri)
    if match is None:
        return Address(tag, part, None, None, limit or None, "without-mailto" if "@" in uri else "bad-uri")
    scheme = match[1].lower()
    if scheme != "mailto":  # RFC 9989 section 4.7: receivers need to know no other, and ignore what they do not know
        return Address(tag, part, scheme, None, limit or None, "unsupported-scheme")
    local, at, name = match[2].partition("?")[0].rpartition("@")
    domain = domain_of(name) if at else None
    if domain is None or "." not in domain or not _LOCAL_PART.fullmatch(local):
        return Address(tag, part, scheme, domain, limit or None, "bad-address")
    return Address(
        tag, part, scheme, domain, limit or None, "bad-limit" if bang and not _LIMIT.fullmatch(limit) else None
    )


def _inside(domain: str, own: tuple[str | None, ...]) -> bool:
    """Whether a domain is, or lies below, one of these. A part of the organization that declares itself another one
    (``psd=n``) is rare, and would cost a walk an address to find out."""
    return any(domain == one or domain.endswith(f".{one}") for one in own if one)


def _deliverable(route: Answer, hosts: list[Answer]) -> bool | None:
    """Whether mail to this domain has somewhere to go (RFC 5321 section 5.1, RFC 7505)."""
    if route.values:
        return any(value.split()[-1:] not in (["."], []) for value in route.values)
    if not route.known or (not any(host.values for host in hosts) and not all(host.known for host in hosts)):
        return None
    return any(host.values for host in hosts)


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
    stray = any(_address(tag, uri).domain != destination for uri in instead)
    return {"authorized": bool(records) and not stray, "overrides": instead}


def faults(entry: dict[str, Any]) -> Iterator[str]:
    """What keeps reports from this address, by id."""
    if entry.get("problem"):
        yield str(entry["problem"])
    if entry.get("deliverable") is False:
        yield "undeliverable"
    if entry.get("external") and entry.get("authorized") is False:
        yield "unauthorized"
