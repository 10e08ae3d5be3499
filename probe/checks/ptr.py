"""Does an address have a name that leads back to it? (iprev: RFC 8601 section 2.7.3, RFC 1912 section 2.1)

The subject is an address. ``pass``: at least one of its PTR names has the address among its own. ``fail``: it has no
PTR record, or none that leads back. ``temperror``: DNS could not be asked, and nothing else confirmed it.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator

from probe.catalog import Catalog
from probe.checks.protocols import Asker, Connector, Emitted, emit
from probe.checks.steps import Steps
from probe.model import Answer, CheckResult, Result
from probe.names import is_hostname, reverse_name
from probe.text import show

ID = "ptr"
PROVES = ("no-ptr",)

# More names than this are not followed, as RFC 7208 section 4.6.4 has it for the same look-ups.
_MOST_NAMES = 10
_DYNAMIC = re.compile(
    r"(?:^|[^a-z])(?:dyn|dynamic|dyna|dip|dsl|adsl|vdsl|xdsl|pool|dhcp|cable|ppp|pppoe|dial|dialup|broadband"
    r"|customer|client|cust|user|host|ip|static|rev|reverse|unassigned|generic)(?=[^a-z]|$)"
)


async def run(subject: str, *, ask: Asker, connect: Connector | None = None, facts: Catalog) -> CheckResult:
    """Ask for the names and for their addresses. Facts: ``names``, ``confirmed`` (the names that lead back),
    ``unusable`` (names that are no host names), ``generic`` (they look generated from the address), ``reason``."""
    steps = Steps(ask, facts)

    def result(word: Result, reason: str, names: tuple[str, ...] = (), back: tuple[str, ...] = ()) -> CheckResult:
        found = {
            "names": names,
            "confirmed": back,
            "unusable": tuple(name for name in names if not is_hostname(name)),
            "generic": any(is_generic(name, subject) for name in back or names),
            "reason": reason,
        }
        return CheckResult(ID, show(subject), word, found, steps.queries, steps.trace)

    try:
        address = ipaddress.ip_address(subject.partition("%")[0])
    except ValueError:
        return result("permerror", "bad-address")
    answer = await steps.ask(reverse_name(subject), "PTR")
    if not answer.known:
        return result("temperror", answer.reason or answer.answer)
    names = tuple(dict.fromkeys(show(value).rstrip(".").lower() for value in answer.values))
    if not names:
        # RFC 8601 says permerror here. For the sender it comes to the same: receivers refuse both, and the way out is
        # one and the same record; so it is "fail", and the reason tells them apart.
        return result("fail", "no-ptr")
    usable = [name for name in names if is_hostname(name)][:_MOST_NAMES]
    rdtype = "A" if address.version == 4 else "AAAA"
    answers = await steps.ask_all([(name, rdtype) for name in usable]) if usable else []
    back = tuple(name for name, forward in zip(usable, answers, strict=True) if _holds(forward, address))
    if back:
        steps.note("ptr-confirmed", subject=subject, name=back[0])
        return result("pass", "confirmed", names, back)
    failed = next((forward for forward in answers if not forward.known), None)
    if failed:
        return result("temperror", failed.reason or failed.answer, names)
    steps.note("ptr-not-confirmed", subject=subject)
    return result("fail", "not-confirmed", names)


def findings(one: CheckResult, facts: Catalog) -> Iterator[Emitted]:
    if one.result == "fail":
        missing = one.facts.get("reason") == "no-ptr"
        yield emit("no-ptr" if missing else "ptr-not-confirmed", one.subject, address=one.subject)


def is_generic(name: str, address: str) -> bool:
    """Whether a name looks generated from the address: it holds all its octets, or its last two beside a word such as
    ``dsl`` or ``pool``. A guess, as receivers make it."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(parsed, ipaddress.IPv6Address):
        return _holds_nibbles(name, parsed)
    octets = [int(octet) for octet in str(parsed).split(".")]
    numbers = [int(digits) for digits in re.findall(r"(?<![0-9])[0-9]{1,3}(?![0-9])", name)]
    padded = "".join(f"{octet:03}" for octet in octets)
    written = (padded, "".join(f"{octet:03}" for octet in reversed(octets)), f"{int(parsed):08x}")
    if any(form in name for form in written) or _follow(numbers, octets) or _follow(numbers, octets[::-1]):
        return True
    pair = _follow(numbers, octets[2:]) or _follow(numbers, octets[:1:-1])
    return pair and bool(_DYNAMIC.search(name))


def _follow(numbers: list[int], wanted: list[int]) -> bool:
    return any(numbers[start : start + len(wanted)] == wanted for start in range(len(numbers)))


def _holds_nibbles(name: str, address: ipaddress.IPv6Address) -> bool:
    whole = address.exploded.replace(":", "")
    squeezed = re.sub(r"[^0-9a-f]", "", name.lower())
    groups = "-".join(f"{int(group, 16):x}" for group in address.exploded.split(":"))
    short = str(address).replace("::", "--").replace(":", "-")
    return any(form in squeezed for form in (whole, whole[::-1])) or groups in name or short in name


def _holds(forward: Answer, address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    for value in forward.values:
        try:
            if ipaddress.ip_address(value) == address:
                return True
        except ValueError:
            continue
    return False
