"""Does an address have a name that leads back to it? (iprev: RFC 8601 section 2.7.3, RFC 1912 section 2.1)

The subject is an address, or a ``Caller``: that and the name by which it greets. ``pass``: at least one of its PTR
names has the address among its own. ``fail``: it has no PTR record, or none that leads back. ``temperror``: DNS could
not be asked, and nothing else confirmed it.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from probe.catalog import Catalog
from probe.checks.protocols import Asker, Connector, Emitted, emit
from probe.checks.steps import Steps
from probe.model import Answer, CheckResult, Result
from probe.names import is_hostname, reverse_name
from probe.text import show

ID = "ptr"
PROVES = ("no-ptr",)

# More names than this are not followed, as RFC 7208 section 4.6.4 has it for the same look-ups.
MOST_NAMES = 10
_SHOWN_NAMES = 5


@dataclass(frozen=True)
class Caller:
    """An address, and the name that it gives with EHLO, which is the one that its PTR record should have."""

    address: str
    helo: str | None = None


async def run(subject: str | Caller, *, ask: Asker, connect: Connector | None = None, facts: Catalog) -> CheckResult:
    """Ask for the names and for their addresses. Facts: ``names``, ``confirmed`` (the names that lead back),
    ``unusable`` (names that are no host names), ``generic`` (they look generated from the address), ``reason``; where
    it fails ``pointer`` and ``forward``, the two records to have published."""
    caller = subject if isinstance(subject, Caller) else Caller(subject)
    steps = Steps(ask, facts)

    def result(word: Result, reason: str, names: tuple[str, ...] = (), back: tuple[str, ...] = ()) -> CheckResult:
        found: dict[str, Any] = {
            "names": names,
            "confirmed": back,
            "unusable": tuple(name for name in names if not is_hostname(name)),
            "generic": any(is_generic(name, caller.address, facts) for name in back or names),
            "reason": reason,
        }
        if word == "fail":
            found |= records_for(caller, back or names, facts)
        return CheckResult(ID, show(caller.address), word, found, steps.queries, steps.trace)

    try:
        address = ipaddress.ip_address(caller.address.partition("%")[0])
    except ValueError:
        return result("permerror", "bad-address")
    answer = await steps.ask(reverse_name(caller.address), "PTR")
    if not answer.known:
        return result("temperror", answer.reason or answer.answer)
    names = names_in(answer)
    if not names:
        # RFC 8601 says permerror here. For the sender it comes to the same: receivers refuse both, and the way out is
        # one and the same record; so it is "fail", and the reason tells them apart.
        return result("fail", "no-ptr")
    usable = [name for name in names if is_hostname(name)][:MOST_NAMES]
    rdtype = "A" if address.version == 4 else "AAAA"
    answers = await steps.ask_all([(name, rdtype) for name in usable]) if usable else []
    back = tuple(name for name, forward in zip(usable, answers, strict=True) if holds(forward, address))
    if back:
        steps.note("ptr-confirmed", subject=caller.address, name=back[0])
        return result("pass", "confirmed", names, back)
    failed = next((forward for forward in answers if not forward.known), None)
    if failed:
        return result("temperror", failed.reason or failed.answer, names)
    steps.note("ptr-not-confirmed", subject=caller.address)
    return result("fail", "not-confirmed", names)


def findings(one: CheckResult, facts: Catalog) -> Iterator[Emitted]:
    details, address = one.facts, one.subject
    names = details.get("names", ())
    if one.result == "fail":
        missing = details.get("reason") == "no-ptr"
        yield emit(
            "no-ptr" if missing else "ptr-not-confirmed",
            address,
            address=address,
            names=_some(names),
            pointer=details.get("pointer", ""),
            forward=details.get("forward", ""),
        )
    elif details.get("generic"):
        yield emit("ptr-generic", address, address=address, names=_some(details.get("confirmed") or names))
    if len(names) > MOST_NAMES:
        yield emit("ptr-too-many", address, address=address, count=len(names), most=MOST_NAMES)
    elif len(names) > 1:
        yield emit("ptr-several", address, address=address, names=_some(names))
    if details.get("unusable"):
        yield emit("ptr-no-host-name", address, address=address, names=_some(details["unusable"]))


def names_in(answer: Answer) -> tuple[str, ...]:
    """The names of a PTR answer, each once, printable."""
    return tuple(dict.fromkeys(show(value).rstrip(".").lower() for value in answer.values))


def records_for(caller: Caller, names: Sequence[str], facts: Catalog) -> dict[str, str]:
    """What must be published so that address and name lead to each other: under the name of EHLO where that is one,
    else under the one that the address has."""
    said = (caller.helo or "").rstrip(".").lower()
    usable = (name for name in (said, *names) if "." in name and is_hostname(name))
    host = next(usable, facts.words["your-host"])
    kind = "AAAA" if ":" in caller.address else "A"
    return {"pointer": f"{reverse_name(caller.address)}. PTR {host}.", "forward": f"{host}. {kind} {caller.address}"}


def is_generic(name: str, address: str, facts: Catalog) -> bool:
    """Whether a name looks generated from the address: it holds all its octets, or its first three or last two beside a
    word such as ``dsl`` or ``pool``. A guess, as receivers make it."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    name = name.lower()
    if isinstance(parsed, ipaddress.IPv6Address):
        return _holds_nibbles(name, parsed)
    octets = [int(octet) for octet in str(parsed).split(".")]
    numbers = [int(digits) for digits in re.findall(r"(?<![0-9])[0-9]{1,3}(?![0-9])", name)]
    padded = "".join(f"{octet:03}" for octet in octets)
    reverse = "".join(f"{octet:03}" for octet in reversed(octets))
    written = (padded, reverse, f"{int(parsed):08x}", f"{int.from_bytes(parsed.packed[::-1], 'big'):08x}")
    if any(form in name for form in written) or _follow(numbers, octets) or _follow(numbers, octets[::-1]):
        return True
    parts = (octets[:3], octets[2::-1], octets[2:], octets[:1:-1])
    return any(_follow(numbers, part) for part in parts) and any(
        word in facts.host_words and facts.host_words[word].mark == "generated" for word in re.split(r"[^a-z]+", name)
    )


def holds(forward: Answer, address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    """Whether an address is among those of an answer."""
    for value in forward.values:
        try:
            if ipaddress.ip_address(value) == address:
                return True
        except ValueError:
            continue
    return False


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:_SHOWN_NAMES]) + (" …" if len(names) > _SHOWN_NAMES else "")


def _follow(numbers: list[int], wanted: list[int]) -> bool:
    return any(numbers[start : start + len(wanted)] == wanted for start in range(len(numbers)))


def _holds_nibbles(name: str, address: ipaddress.IPv6Address) -> bool:
    whole = address.exploded.replace(":", "")
    squeezed = re.sub(r"[^0-9a-f]", "", name)
    groups = "-".join(f"{int(group, 16):x}" for group in address.exploded.split(":"))
    short = str(address).replace("::", "--").replace(":", "-")
    return any(form in squeezed for form in (whole, whole[::-1])) or groups in name or short in name
