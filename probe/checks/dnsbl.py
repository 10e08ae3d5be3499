"""Is an address or a domain on a list? (RFC 5782)

The subject is a ``Listing``: who is asked about, and which list. One A question; for a hit also the list's words (TXT)
and its test points, for a list that lists the world, or its own clean point, is not believed (RFC 5782 section 5).

``fail`` is a hit on a healthy block list, ``pass`` no entry. ``temperror`` means that nothing was learnt: no answer,
or the list's own "not for you". ``permerror`` means that the list is not to be believed: closed, parked or sick.
``neutral`` is all that an allow list or a list for information can say. None: this list is not for such a subject.
Nothing is asked of a closed list, nor of one whose zone needs a key.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from probe.catalog import Catalog
from probe.checks.protocols import Asker, Connector, Emitted, emit
from probe.checks.steps import Steps
from probe.model import Answer, CheckResult, Result
from probe.names import is_address, is_hostname, reverse_name
from probe.rows import BlockList
from probe.text import capital, show

ID = "dnsbl"
PROVES = ("ip-blocklisted", "domain-blocklisted")

_ERROR_NETWORK = "127.255.255."
# What Spamhaus began and others have taken over; for lists of which no more is known.
_CONVENTION = {
    "127.255.255.250": "The key is disabled: ask the operator for a valid one.",
    "127.255.255.251": "The key is not accepted: check that it was typed in full.",
    "127.255.255.252": "The zone name was mistyped: correct it in the configuration that asks.",
    "127.255.255.254": "Asked through a public or nameless resolver: ask through a resolver of your own.",
    "127.255.255.255": "Too many questions, or an unregistered resolver: register, or ask through one of your own.",
    _ERROR_NETWORK: "The list reports an error, not an entry: ask its operator.",
}
# Some lists refuse with this answer, some mean an entry by it, one praises. Of a list that nobody knows it says
# nothing.
_AMBIGUOUS = {"127.0.0.1": "Lists that refuse a question often answer so; what this one means by it is not known."}


@dataclass(frozen=True)
class Listing:
    """Who is asked about, an address or a domain in A-labels, and the list that is asked."""

    subject: str
    list: BlockList
    thorough: bool = False
    """Ask for the test points of a list that says "not listed" too: an emptied list says so of everybody."""


@dataclass(frozen=True)
class Reading:
    """One answer, read. ``role`` is ``block``, ``allow`` or ``info``, ``error`` for "not for you", or ``outside`` for
    an answer that is not in 127.0.0.0/8. ``meaning`` is empty where the list does not say."""

    role: str
    meaning: str = ""


def unlisted_zone(zone: str, kind: str = "ip4+ip6") -> BlockList:
    """A list of which only the name is known, with the test points of RFC 5782 section 5."""
    domains = kind == "domain"
    return BlockList(
        zone=zone.rstrip(".").lower(),
        operator="",
        kind=kind,
        role="block",
        state="active",
        meaning="",
        source="",
        codes={"*": "listed"},
        errors={**_AMBIGUOUS, **_CONVENTION},
        listed=("test",) if domains else ("127.0.0.2", "::FFFF:7F00:2"),
        clean=("invalid",) if domains else ("127.0.0.1", "::FFFF:7F00:1"),
    )


async def run(subject: Listing, *, ask: Asker, connect: Connector | None = None, facts: Catalog) -> CheckResult:
    """Ask one list. Facts: ``zone``, ``role``, ``listed`` (True, False, or None where it is not known), ``reason``,
    and of an answer ``answer``, ``meaning``, ``text``, ``healthy``, ``sick``, ``error``, ``delist`` as far as they
    apply."""
    steps = Steps(ask, facts)
    result, found = await _judge(subject, steps)
    about = {"zone": show(subject.list.zone), "role": subject.list.role, "main": subject.list.main}
    title = f"{show(subject.subject)} @ {show(subject.list.zone)}"
    return CheckResult(ID, title, result, {**about, **found}, steps.queries, steps.trace)


def findings(one: CheckResult, facts: Catalog) -> Iterator[Emitted]:
    details = one.facts
    subject, zone = one.subject.partition(" @ ")[0], details.get("zone", "")
    if one.result == "fail":
        yield emit(
            "client-listed" if is_address(subject) else "domain-listed",
            subject,
            address=subject,
            zone=zone,
            meaning=capital(details.get("meaning") or facts.words["listed"]),
            delist=details.get("delist") or zone,
        )
    elif one.result == "permerror":
        yield emit("list-not-believed", zone, zone=zone, reason=facts.reason(details))
    elif one.result == "temperror":
        yield emit("list-not-asked", zone, zone=zone, reason=capital(facts.reason(details)))


def owner_name(subject: str, zone: str) -> str:
    """The name to ask for: octets or nibbles reversed, or the domain as it is (RFC 5782 sections 2.1, 2.4 and 2.3)."""
    if _family(subject) == "domain":
        return f"{subject}.{zone}"
    return f"{reverse_name(subject).rpartition('.')[0].rpartition('.')[0]}.{zone}"


def read(blocklist: BlockList, value: str) -> Reading:
    """What one answer of this list means. An exact entry beats a bit, a bit a prefix, and an error the like code."""
    try:
        inside = ipaddress.IPv4Address(value).is_loopback
    except ValueError:
        inside = False
    if not inside:
        return Reading("outside")
    general = _CONVENTION if value.startswith(_ERROR_NETWORK) else {}
    for table in (blocklist.errors, general):
        error, code = _closest(table, value), _closest(blocklist.codes, value)
        if error[0] and error[0] >= code[0]:
            return Reading("error", error[2])
    return Reading(code[1] or blocklist.role, code[2])


def _closest(table: Mapping[str, str], value: str) -> tuple[int, str, str]:
    """How close the best entry is (0 for none), its own role if it has one, and its meaning."""
    best = (0, "", "")
    for key, meaning in table.items():
        role, _, pattern = key.rpartition(" ")
        closeness = _closeness(pattern, value)
        if closeness == best[0] == _BIT:  # several bits of one answer are several meanings
            best = (_BIT, role, f"{best[2]}; {meaning}")
        elif closeness > best[0]:
            best = (closeness, role, meaning)
    return best


_EXACT, _BIT = 6, 5


def _closeness(pattern: str, value: str) -> int:
    if pattern == value:
        return _EXACT
    if pattern == "*":
        return 1
    network, bit, mask = pattern.partition("&")
    if bit:
        octet = value.removeprefix(network)
        return _BIT if octet.isdecimal() and int(octet) & int(mask) else 0
    return 1 + pattern.count(".") if pattern.endswith(".") and value.startswith(pattern) else 0


def _family(subject: str) -> str:
    try:
        return f"ip{ipaddress.ip_address(subject).version}"
    except ValueError:
        return "domain"


async def _judge(asked: Listing, steps: Steps) -> tuple[Result | None, dict[str, Any]]:
    blocklist, subject = asked.list, asked.subject.rstrip(".").lower()
    if blocklist.state == "dead":
        steps.note("list-closed", zone=blocklist.zone)
        return "permerror", {"listed": None, "reason": "closed", "closed": blocklist.since or None}
    if "<" in blocklist.zone:
        return "temperror", {"listed": None, "reason": "needs-key"}
    if not is_hostname(blocklist.zone):
        return "permerror", {"listed": None, "reason": "bad-zone"}
    family = _family(subject)
    # DBL and others answer a question for the wrong kind with an error, or worse, with a listing.
    if family not in blocklist.kind.split("+"):
        return None, {"listed": None, "reason": "wrong-kind"}
    if family == "domain" and not is_hostname(subject):
        return None, {"listed": None, "reason": "bad-domain"}

    name = owner_name(subject, blocklist.zone)
    answer = await steps.ask(name, "A")
    if answer.answer == "absent":
        health = {"healthy": (await _tested(blocklist, subject, steps))[0]} if asked.thorough else {}
        return ("pass" if blocklist.role == "block" else "neutral"), {"listed": False, "reason": "not-listed", **health}
    if answer.answer != "found" or not answer.values:
        return "temperror", {"listed": None, "reason": answer.reason or answer.answer}

    role, found = _read_all(blocklist, answer.values)
    if role == "outside":
        return "permerror", {**found, "listed": None, "reason": "outside-127"}
    if role == "error":
        return "temperror", {**found, "listed": None, "reason": "list-error", "error": found["meaning"]}
    if role != "block":
        return "neutral", {**found, "listed": True, "reason": role}
    return await _believe(blocklist, subject, name, found, steps)


def _read_all(blocklist: BlockList, values: Iterable[str]) -> tuple[str, dict[str, Any]]:
    """The readings of a whole answer: the worst role decides, since a parked or refusing list proves nothing."""
    readings = [read(blocklist, value) for value in values]
    role = next(role for role in ("outside", "error", "block", "info", "allow") if role in {r.role for r in readings})
    meanings = dict.fromkeys(r.meaning for r in readings if r.role == role and r.meaning)
    return role, {"answer": ", ".join(map(show, values)), "meaning": "; ".join(meanings)}


async def _believe(
    blocklist: BlockList, subject: str, name: str, found: dict[str, Any], steps: Steps
) -> tuple[Result | None, dict[str, Any]]:
    """A hit: ask for the list's words and for its test points, then believe it or not (RFC 5782 section 5)."""
    words = await steps.ask(name, "TXT")
    healthy, sick = await _tested(blocklist, subject, steps)
    found |= {"text": " ".join(map(show, words.values)) or None, "healthy": healthy, "delist": None}
    if healthy is False:
        steps.note("list-sick", zone=blocklist.zone, reason=steps.reason(sick))
        word: Result = "temperror" if sick == "list-error" else "permerror"
        return word, {**found, "listed": None, "reason": sick, "sick": sick}
    if sick == "health-unknown":
        return "temperror", {**found, "listed": None, "reason": sick}
    steps.note("listed", subject=subject, meaning=found["meaning"] or found["answer"])
    where = blocklist.delist.replace("{ip}", subject).replace("{domain}", subject)
    return "fail", {**found, "listed": True, "reason": "listed", "delist": where or None}


async def _tested(blocklist: BlockList, subject: str, steps: Steps) -> tuple[bool | None, str | None]:
    """Ask for the test points: whether the list is well, and what ails it."""
    # The address in question proves nothing about itself, even where it is one of the points.
    listed, clean = (
        tuple(point for point in _of_family(points, subject) if point.lower() != subject)
        for points in (blocklist.listed, blocklist.clean)
    )
    answers = await steps.ask_all([(owner_name(point, blocklist.zone), "A") for point in (*listed, *clean)])
    return _health(blocklist, answers[: len(listed)], answers[len(listed) :])


def _of_family(points: tuple[str, ...], subject: str) -> tuple[str, ...]:
    """The test points of the subject's own address family, or all where it has none of its own."""
    return tuple(point for point in points if _family(point) == _family(subject)) or points


def _health(blocklist: BlockList, listed: list[Answer], clean: list[Answer]) -> tuple[bool | None, str | None]:
    """Whether the list is well, None where its test points do not tell; and what ails it."""
    roles = {_read_all(blocklist, point.values)[0] for point in (*listed, *clean) if point.values}
    if "outside" in roles:
        return False, "outside-127"
    if "error" in roles:
        return False, "list-error"
    if any(point.answer == "found" for point in clean):
        return False, "lists-clean-point"
    if not all(point.known for point in clean) or (listed and not any(point.known for point in listed)):
        return None, "health-unknown"
    if listed and all(point.answer != "found" for point in listed):
        # Many a private list has no test entry, and a hit of it still stands, since it does not list everybody. Of a
        # list that is known to have one, its absence says that something is wrong.
        return (False if blocklist.operator else None), "test-point-missing"
    return (True if listed or clean else None), None
