"""Is an address or a domain on a list? (RFC 5782)

The subject is a ``Listing``: who is asked about, and which list. The entry and the list's test points are asked for at
once, for a list that lists the world, its own clean point or nobody at all is not believed (RFC 5782 section 5); of a
hit also the list's words (TXT). An IPv6 address is asked for itself, and for the /64 around it, as the unit that one
customer has.

``fail`` is a hit on a healthy block list, ``pass`` no entry. ``temperror`` means that nothing was learnt: no answer,
or the list's own "not for you". ``permerror`` means that the list is not to be believed: closed, parked or sick.
``neutral`` is all that an allow list or a list for information can say. None: this list is not for such a subject.
Nothing is asked of a closed list, nor of one whose zone needs a key that is not there.

``asking`` says which lists are worth a question, ``reading`` what an answer means, ``key`` keeps the user's own key.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from probe.catalog import Catalog
from probe.checks.dnsbl.key import PLACE, Keyed, is_key
from probe.checks.dnsbl.reading import AMBIGUOUS, CONVENTION, read_all
from probe.checks.protocols import Asker, Connector, Emitted, emit
from probe.checks.steps import Steps
from probe.model import Answer, CheckResult, Result
from probe.names import is_address, is_hostname, reverse_name
from probe.rows import BlockList
from probe.text import capital, show

ID = "dnsbl"
PROVES = ("ip-blocklisted", "domain-blocklisted")


@dataclass(frozen=True)
class Listing:
    """Who is asked about, an address or a domain in A-labels, and the list that is asked. ``key`` is the user's own for
    a list that has a zone for such (``BlockList.keyed``)."""

    subject: str
    list: BlockList
    key: str | None = field(default=None, repr=False)

    @property
    def zone(self) -> str:
        """The zone that is asked, with ``<key>`` in the place of the key."""
        return self.list.keyed if self.key and self.list.keyed else self.list.zone


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
        codes={"*": ""},
        errors={**AMBIGUOUS, **CONVENTION},
        listed=("test",) if domains else ("127.0.0.2", "::FFFF:7F00:2"),
        clean=("invalid",) if domains else ("127.0.0.1", "::FFFF:7F00:1"),
    )


async def run(subject: Listing, *, ask: Asker, connect: Connector | None = None, facts: Catalog) -> CheckResult:
    """Ask one list. Facts: ``zone``, ``asked`` (the zone with ``<key>`` where a key was used), ``role``, ``weight``,
    ``listed`` (True, False, or None where it is not known), ``reason``, ``healthy`` (None where its points do not tell)
    and of an answer ``answer``, ``meaning``, ``text``, ``network`` (the /64 that is listed), ``sick``, ``error``,
    ``delist`` as far as they apply; of a closed list ``closed``, the year."""
    row = subject.list
    steps = Steps(Keyed(ask, subject.key) if subject.key and PLACE in subject.zone else ask, facts)
    result, found = await _judge(subject, steps)
    about = {"zone": show(row.zone), "role": row.role, "main": row.main, "weight": row.weight}
    if subject.zone != row.zone:
        about["asked"] = subject.zone
    title = f"{show(subject.subject)} @ {show(row.zone)}"
    return CheckResult(ID, title, result, {**about, **found}, steps.queries, steps.trace)


def findings(one: CheckResult, facts: Catalog) -> Iterator[Emitted]:
    details = one.facts
    subject, zone = one.subject.partition(" @ ")[0], details.get("zone", "")
    page = details.get("delist") or page_of(facts.blocklists.get(zone), subject) or zone
    if one.result == "fail":
        domain = not is_address(subject)
        ordinary = details.get("weight") != "light"
        yield emit(
            ("domain-listed" if domain else "client-listed") if ordinary else "listed-lightly",
            subject,
            address=details.get("network") or subject,
            zone=zone,
            meaning=capital(details.get("meaning") or facts.words["listed"]),
            delist=page,
        )
    elif one.result == "permerror":
        yield emit("list-not-believed", zone, zone=zone, reason=facts.reason(details))
    elif one.result == "temperror":
        yield emit("list-not-asked", zone, zone=zone, reason=capital(facts.reason(details)), delist=page)
    elif details.get("sick") == "lists-clean-point":
        yield emit("list-not-believed", zone, zone=zone, reason=facts.reason(details))
    elif details.get("healthy") is False:
        yield emit("list-empty", zone, zone=zone, reason=capital(facts.reason(details)), delist=page)


def page_of(blocklist: BlockList | None, subject: str) -> str | None:
    """The list's page, with the subject filled in where it takes one; for removal, and for looking by hand."""
    if blocklist is None or not blocklist.delist:
        return None
    return blocklist.delist.replace("{ip}", subject).replace("{domain}", subject)


def owner_name(subject: str, zone: str) -> str:
    """The name to ask for: octets or nibbles reversed, or the domain as it is (RFC 5782 sections 2.1, 2.4 and 2.3)."""
    if family_of(subject) == "domain":
        return f"{subject}.{zone}"
    return f"{reverse_name(subject).rpartition('.')[0].rpartition('.')[0]}.{zone}"


def family_of(subject: str) -> str:
    """``ip4``, ``ip6`` or ``domain``: what a list must be of to be asked about it."""
    try:
        return f"ip{ipaddress.ip_address(subject).version}"
    except ValueError:
        return "domain"


async def _judge(asked: Listing, steps: Steps) -> tuple[Result | None, dict[str, Any]]:
    blocklist, subject = asked.list, asked.subject.rstrip(".").lower()
    if blocklist.state == "dead":
        steps.note("list-closed", zone=blocklist.zone)
        since = {"closed": blocklist.since, "term": blocklist.since} if blocklist.since else {"closed": None}
        return "permerror", {"listed": None, "reason": "closed", **since}
    if PLACE in asked.zone and not (asked.key and is_key(asked.key)):
        return "temperror", {"listed": None, "reason": "key-unusable" if asked.key else "needs-key"}
    if not is_hostname(asked.zone.replace(PLACE, "key")):
        return "permerror", {"listed": None, "reason": "bad-zone"}
    family = family_of(subject)
    # DBL and others answer a question for the wrong kind with an error, or worse, with a listing.
    if family not in blocklist.kind.split("+"):
        return None, {"listed": None, "reason": "wrong-kind"}
    if family == "domain" and not is_hostname(subject):
        return None, {"listed": None, "reason": "bad-domain"}

    subjects = (subject, network) if (network := _network_of(subject)) not in (None, subject) else (subject,)
    listed, clean = (_points(points, subject) for points in (blocklist.listed, blocklist.clean))
    names = [owner_name(one, asked.zone) for one in (*subjects, *listed, *clean)]
    answers = await steps.ask_all([(name, "A") for name in names])
    own, points = answers[: len(subjects)], answers[len(subjects) :]
    healthy, sick = _health(blocklist, points[: len(listed)], points[len(listed) :])
    health = {"healthy": healthy, **({"sick": sick} if sick else {})}

    hit = next((answer for answer in own if answer.values), None)
    if hit is None:
        return _without_entry(blocklist, own, health)
    role, meanings = read_all(blocklist, hit.values)
    found = {"answer": ", ".join(map(show, hit.values)), "meaning": "; ".join(meanings), **health}
    if role == "outside":
        return "permerror", {**found, "listed": None, "reason": "outside-127"}
    if role == "error":
        return "temperror", {
            **found,
            "listed": None,
            "reason": "list-error",
            "error": meanings[0] if meanings else None,
        }
    if hit is not own[0]:
        found["network"] = f"{network}/64"
    if role != "block":
        return "neutral", {**found, "listed": True, "reason": role}
    words = await steps.ask(hit.name, "TXT")
    found |= {"text": " ".join(map(show, words.values)) or None, "delist": None}
    return _believed(blocklist, subject, found, steps)


def _without_entry(
    blocklist: BlockList, own: Sequence[Answer], health: dict[str, Any]
) -> tuple[Result, dict[str, Any]]:
    failed = next((answer for answer in own if answer.answer != "absent"), None)
    if failed is not None:
        return "temperror", {"healthy": health["healthy"], "listed": None, "reason": failed.reason or failed.answer}
    if health.get("sick") in ("outside-127", "list-error"):  # it tells everybody so, and an entry would look no better
        word: Result = "temperror" if health["sick"] == "list-error" else "permerror"
        return word, {**health, "listed": None, "reason": health["sick"]}
    return ("pass" if blocklist.role == "block" else "neutral"), {**health, "listed": False, "reason": "not-listed"}


def _believed(blocklist: BlockList, subject: str, found: dict[str, Any], steps: Steps) -> tuple[Result, dict[str, Any]]:
    """A hit, and whether it counts (RFC 5782 section 5)."""
    sick = found.get("sick")
    if found["healthy"] is False:
        steps.note("list-sick", zone=blocklist.zone, reason=steps.reason(sick))
        word: Result = "temperror" if sick == "list-error" else "permerror"
        return word, {**found, "listed": None, "reason": sick}
    if sick == "health-unknown":
        return "temperror", {**found, "listed": None, "reason": sick}
    steps.note("listed", subject=found.get("network") or subject, meaning=found["meaning"] or found["answer"])
    return "fail", {**found, "listed": True, "reason": "listed", "delist": page_of(blocklist, subject)}


def _network_of(subject: str) -> str | None:
    """The first address of an IPv6 address's /64, by which a list may name the whole."""
    if family_of(subject) != "ip6":
        return None
    whole = int(ipaddress.IPv6Address(subject.partition("%")[0]))
    return str(ipaddress.IPv6Address(whole >> 64 << 64))


def _points(points: tuple[str, ...], subject: str) -> tuple[str, ...]:
    """The test points of the subject's own family, or all where it has none of its own. The address in question proves
    nothing about itself, even where it is one of the points."""
    family = family_of(subject)
    own = tuple(point for point in points if family_of(point) == family) or points
    return tuple(point for point in own if point.lower() != subject)


def _health(blocklist: BlockList, listed: Sequence[Answer], clean: Sequence[Answer]) -> tuple[bool | None, str | None]:
    """Whether the list is well, None where its test points do not tell; and what ails it."""
    roles = {read_all(blocklist, point.values)[0] for point in (*listed, *clean) if point.values}
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
