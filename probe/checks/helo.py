"""Is the name of EHLO or HELO one that leads to the client? (RFC 5321 sections 2.3.5, 4.1.1.1 and 4.1.4)

The subject is a ``Greeting``: the name as said, and the address of who says it where that is known. ``pass``: the name
has the address among its own, or is the address as a literal. ``fail``: it is no full name, leads nowhere or elsewhere.
``temperror``: DNS could not be asked. ``neutral``: the name leads somewhere, and no address is known to compare.

Section 4.1.4 forbids servers to refuse for this alone, and section 7.9 lets them have a policy: many do refuse.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from probe.catalog import Catalog
from probe.checks.dmarc.discovery import registered_domain
from probe.checks.protocols import Asker, Connector, Emitted, emit
from probe.checks.ptr import Caller, holds, names_in, records_for
from probe.checks.steps import Steps
from probe.model import CheckResult, Result
from probe.names import is_address, is_hostname, reverse_name
from probe.text import capital, show

ID = "helo"
PROVES = ("helo-rejected",)

# RFC 5321 section 4.1.3.
_LITERAL = re.compile(r"\[(?:IPv6:([0-9a-f:.]+)|([0-9.]+))\]", re.ASCII | re.IGNORECASE)


@dataclass(frozen=True)
class Greeting:
    """The argument of EHLO, and the address that it is said from."""

    name: str
    address: str | None = None


async def run(subject: Greeting, *, ask: Asker, connect: Connector | None = None, facts: Catalog) -> CheckResult:
    """Look at the name, then ask for its addresses and for the names of the address. Facts: ``name``, ``address``,
    ``reason``, ``addresses`` (of the name), ``names`` (of the address), ``agreement`` between name and names: ``same``,
    ``organization`` (the same registered domain), ``different``, None where it is not known; where the name leads
    elsewhere ``pointer`` and ``forward``, the records to have published."""
    steps = Steps(ask, facts)
    name = subject.name.rstrip(".").lower() if not subject.name.startswith("[") else subject.name
    result, found = await _judge(name, subject.address, steps, facts)
    about = {"name": show(subject.name), "address": subject.address and show(subject.address)}
    return CheckResult(ID, show(subject.name), result, {**about, **found}, steps.queries, steps.trace)


def findings(one: CheckResult, facts: Catalog) -> Iterator[Emitted]:
    details, name, reason = one.facts, one.subject, one.facts.get("reason")
    address, forward = details.get("address") or "", details.get("forward") or ""
    if reason == "literal":
        yield emit("helo-literal", name, name=name)
    elif one.result == "fail" and reason == "no-such-host":
        yield emit("helo-not-found", name, name=name, forward=forward)
    elif one.result == "fail" and reason == "elsewhere":
        addresses = ", ".join(details.get("addresses", ()))
        yield emit("helo-elsewhere", name, name=name, address=address, addresses=addresses, forward=forward)
    elif one.result == "fail":
        yield emit("helo-no-full-name", name, name=name, reason=capital(facts.reason(details)))
    if details.get("agreement") == "different":
        yield emit("helo-differs", name, name=name, address=address, names=", ".join(details.get("names", ())[:3]))


def fault_of(name: str, facts: Catalog) -> str | None:
    """What can be seen without asking: the id of a reason why this is no full name of a host, or None."""
    if is_address(name):
        return "bare-address"
    if not is_hostname(name) or "_" in name:
        return "no-host-name"
    if "." not in name:
        return "no-dot"
    labels = name.split(".")
    endings = (".".join(labels[start:]) for start in range(len(labels)))
    private = any(one in facts.host_words and facts.host_words[one].mark == "private" for one in endings)
    return "private-name" if private else None


async def _judge(name: str, address: str | None, steps: Steps, facts: Catalog) -> tuple[Result, dict[str, Any]]:
    if name.startswith("["):
        return _literal(name, address)
    fault = fault_of(name, facts)
    if fault is not None:
        return "fail", {"reason": fault}
    mine = ipaddress.ip_address(address.partition("%")[0]) if address and is_address(address) else None
    questions = [(name, "A"), (name, "AAAA")] + ([(reverse_name(str(mine)), "PTR")] if mine else [])
    a, aaaa, *pointers = await steps.ask_all(questions)
    names = names_in(pointers[0]) if pointers else ()
    found: dict[str, Any] = {
        "addresses": (*a.values, *aaaa.values),
        "names": names,
        "agreement": _agreement(name, names),
    }
    if mine is not None and (holds(a, mine) or holds(aaaa, mine)):
        return "pass", {**found, "reason": "confirmed"}
    failed = next((answer for answer in (a, aaaa) if not answer.known), None)
    if failed is not None:
        return "temperror", {**found, "reason": failed.reason or failed.answer}
    if mine is not None:
        found |= records_for(Caller(str(mine), name), (), facts)
    if not found["addresses"]:
        return "fail", {**found, "reason": "no-such-host"}
    return ("neutral", {**found, "reason": "resolves"}) if mine is None else ("fail", {**found, "reason": "elsewhere"})


def _literal(name: str, address: str | None) -> tuple[Result, dict[str, Any]]:
    match = _LITERAL.fullmatch(name)
    text = match and (match[1] or match[2])
    if not text or not is_address(text):
        return "fail", {"reason": "bad-literal"}
    if address is None or not is_address(address):
        return "neutral", {"reason": "literal"}
    same = ipaddress.ip_address(text) == ipaddress.ip_address(address.partition("%")[0])
    return ("pass", {"reason": "literal"}) if same else ("fail", {"reason": "literal-elsewhere"})


def _agreement(name: str, names: tuple[str, ...]) -> str | None:
    if not names:
        return None
    if name in names:
        return "same"
    usable = [one for one in names if is_hostname(one)]
    return "organization" if registered_domain(name) in map(registered_domain, usable) else "different"
