"""Do the MX records of a domain lead to hosts that can take its mail? (RFC 5321 section 5.1, RFC 7505, RFC 2181)

The subject is a domain. ``pass``: at least one host has an address on the Internet. ``none``: the domain takes no mail,
by a null MX or because there is nothing that mail could go to. ``permerror``: there are MX records, and none leads to a
host. ``temperror``: DNS could not be asked. What is wrong beside that is in ``problems``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import count
from typing import Any

from probe.addresses import is_documentation, is_private, network_of
from probe.catalog import Catalog
from probe.checks.destination import domain_of
from probe.checks.mail_hosts import MailHost, MailHosts, is_localhost, mail_hosts
from probe.checks.protocols import Asker, Connector, Emitted, emit
from probe.checks.steps import Steps
from probe.model import CheckResult, Result
from probe.names import is_address
from probe.text import show

ID = "mx"
PROVES = ()

PROBLEMS = (
    *("null-mixed", "takes-no-mail", "nowhere", "implicit", "address", "address-completed", "no-host-name"),
    *(
        "localhost",
        "doubled-domain",
        "no-such-host",
        "no-host-address",
        "alias",
        "unroutable",
        "documentation",
        "not-asked",
    ),
    *("repeated", "same-address", "one-network", "one-host", "too-many", "no-ip4"),
)
"""Everything that can be wrong; each has its words as the finding ``mx-`` and the id."""

# Senders try only a few: Postfix five addresses a delivery, as it comes (smtp_mx_address_limit).
_MANY_HOSTS, _MANY_ADDRESSES = 10, 10
_MOST_OF_A_KIND = 5
_PREFERENCE = 10


async def run(subject: str, *, ask: Asker, connect: Connector | None = None, facts: Catalog) -> CheckResult:
    """Ask for MX and the hosts' addresses. Facts: ``reason``, ``mx`` (each ``preference`` and ``host``, in order),
    ``hosts`` (each ``host``, ``preference``, ``addresses``, ``alias_of``), ``implicit``, ``null_mx``, ``ties`` (the
    preferences that several hosts share), ``problems`` (each ``problem``, ``about`` and ``addresses``), and
    ``publish``, the records as they should be where they are wrong."""
    steps, domain = Steps(ask, facts), domain_of(subject)
    if domain is None:
        return CheckResult(ID, show(subject), "none", {"reason": "bad-domain", "problems": ()})
    found = await mail_hosts(domain, steps)
    problems = () if found.failure else tuple(_problems(domain, found))
    result, reason = _result(found)
    preferences = Counter(host.preference for host in found.hosts if host.preference is not None)
    return CheckResult(
        ID,
        domain,
        result,
        {
            "reason": reason,
            "mx": tuple({"preference": preference, "host": host} for preference, host in found.exchanges.exchanges),
            "hosts": tuple(map(_described, found.hosts)),
            "implicit": found.implicit and bool(found.hosts),
            "null_mx": found.null,
            "ties": tuple(sorted(preference for preference, times in preferences.items() if times > 1)),
            "problems": problems,
            "publish": _publish(domain, found, problems, facts.words["a-host-with-address"]),
        },
        steps.queries,
        steps.trace,
    )


def findings(one: CheckResult, facts: Catalog) -> Iterator[Emitted]:
    if one.result == "temperror":
        yield emit("mx-not-asked", one.subject, domain=one.subject, about=one.subject, reason=facts.reason(one.facts))
        return
    publish = "; ".join(one.facts.get("publish", ()))
    for told in one.facts["problems"]:
        problem, addresses = told["problem"], ", ".join(told["addresses"])
        yield emit(
            f"mx-{problem}",
            one.subject,
            domain=one.subject,
            about=told["about"],
            addresses=addresses,
            reason=facts.reason(told),
            publish=publish,
        )


def _described(host: MailHost) -> dict[str, Any]:
    return {
        "host": host.name,
        "preference": host.preference,
        "addresses": host.addresses,
        "alias_of": host.alias_of,
    }


def _result(found: MailHosts) -> tuple[Result, str]:
    if found.failure:
        return "temperror", found.failure
    if found.null:
        return "none", "null-mx"
    if any(map(_reachable, found.hosts)):
        return "pass", "implicit-mx" if found.implicit else "mx"
    failure = next((host.failure for host in found.hosts if host.failure), None)
    if failure:
        return "temperror", failure
    if found.implicit:
        return "none", "no-address" if found.hosts else "nxdomain"
    return "permerror", "no-host"


def _reachable(host: MailHost) -> bool:
    # The addresses of examples lead nowhere, or into somebody's laboratory: they are told, and not held against it.
    return not all(map(is_private, host.addresses))


def _problems(domain: str, found: MailHosts) -> Iterator[dict[str, Any]]:
    """In the order in which a sender meets them: the records, each host, then all of them together."""
    if found.null:
        yield _problem("takes-no-mail", domain)
        return
    if found.implicit and found.addressed:
        yield _problem("implicit", domain)
    yield from _of_records(domain, found)
    for kind in map(list, _of_hosts(domain, found.hosts)):
        yield from kind[:_MOST_OF_A_KIND]  # a zone must not fill the report
    if not found.addressed and not any(host.failure for host in found.hosts):
        yield _problem("nowhere", domain)
    yield from _of_all(domain, found)


def _of_records(domain: str, found: MailHosts) -> Iterator[dict[str, Any]]:
    if found.exchanges.null:  # RFC 7505 section 3: it must be the only one
        others = [*(host for _, host in found.exchanges.exchanges), *found.exchanges.unusable]
        yield _problem("null-mixed", ", ".join(others[:_MOST_OF_A_KIND]) or "0 .")
    for record in found.exchanges.unusable[:_MOST_OF_A_KIND]:
        # RFC 5321 section 5.1: the record names a domain; an address there is a name that cannot exist.
        named = record.partition(" ")[2].removesuffix(".")
        if is_address(named.strip("[]")):
            yield _problem("address", named)
        elif _completed_address(domain, named):
            yield _problem("address-completed", named, _completed_address(domain, named))
        else:
            yield _problem("no-host-name", named or record)
    names = Counter(host for _, host in found.exchanges.exchanges)
    for name in [name for name, times in names.items() if times > 1][:_MOST_OF_A_KIND]:
        yield _problem("repeated", name)


def _of_hosts(domain: str, hosts: Sequence[MailHost]) -> Iterator[Iterator[dict[str, Any]]]:
    # What is wrong with the domain's own addresses as such is told of the domain as a whole.
    named = [host for host in hosts if host.preference is not None]
    asked = [host for host in named if not is_localhost(host.name)]
    missing = [host for host in asked if not host.addresses and host.failure is None]
    yield (_problem("localhost", host.name) for host in named if is_localhost(host.name))
    addresses = [(host, _completed_address(domain, host.name)) for host in missing]
    yield (_problem("address-completed", host.name, address) for host, address in addresses if address)
    unnamed = [host for host, address in addresses if not address]
    yield (_problem("doubled-domain", host.name) for host in unnamed if _doubled(domain, host.name))
    gone = [host for host in unnamed if not _doubled(domain, host.name)]
    yield (_problem("no-such-host", host.name) for host in gone if not host.exists)
    yield (_problem("no-host-address", host.name) for host in gone if host.exists)
    # RFC 2181 section 10.3, RFC 5321 section 5.1.
    yield (_problem("alias", host.name, host.alias_of or "") for host in asked if host.alias_of)
    for problem, wrong in (("unroutable", is_private), ("documentation", is_documentation)):
        told = [(host, tuple(filter(wrong, host.addresses))) for host in hosts]
        yield (_problem(problem, host.name, *addresses) for host, addresses in told if addresses)
    yield (
        {**_problem("not-asked", host.name), "reason": host.failure}
        for host in hosts
        if not host.addresses and host.failure
    )


def _of_all(domain: str, found: MailHosts) -> Iterator[dict[str, Any]]:
    hosts = found.addressed
    holders: dict[str, list[str]] = {}
    for host in hosts:
        for address in host.addresses:
            holders.setdefault(address, []).append(host.name)
    shared = [(address, names) for address, names in holders.items() if len(names) > 1]
    for address, names in shared[:_MOST_OF_A_KIND]:
        yield _problem("same-address", ", ".join(names), address)
    networks = {network_of(address) for address in holders}
    families = Counter(":" in network for network in networks)
    if len(hosts) > 1 and len(holders) > 1 and max(families.values()) == 1:
        yield _problem("one-network", domain, *sorted(networks))
    if len(hosts) == 1 and not found.implicit:
        yield _problem("one-host", hosts[0].name)
    many = [host.name for host in hosts if len(host.addresses) > _MANY_ADDRESSES]
    if many or len({host for _, host in found.exchanges.exchanges}) > _MANY_HOSTS:
        yield _problem("too-many", ", ".join(many) or domain)
    if hosts and not any(host.ip4 for host in hosts) and not any(host.failure for host in hosts):
        yield _problem("no-ip4", domain)


def _problem(id_: str, about: str, *addresses: str) -> dict[str, Any]:
    return {"problem": id_, "about": show(about), "addresses": addresses}


def _doubled(domain: str, host: str) -> bool:
    """A name in a zone file that lacks its last dot gets the zone's name once more."""
    return host.endswith(f"{domain}.{domain}")


def _completed_address(domain: str, host: str) -> str:
    """The address to which the zone's name was added for want of a last dot; empty where it is none."""
    address = host.lower().removesuffix(f".{domain}").strip("[]")
    return address if address != host and is_address(address) else ""


def _publish(domain: str, found: MailHosts, problems: Sequence[dict[str, Any]], some_host: str) -> tuple[str, ...]:
    """The MX records as they should be, in master-file form; empty where nothing about them is to be changed.
    ``some_host`` stands for the one that only the owner can name. That no mail is taken is never proposed: the owner
    alone can know (RFC 7505)."""
    wrong = {told["problem"] for told in problems}
    if "implicit" in wrong:
        return (f"{domain}. IN MX {_PREFERENCE} {domain}.",)
    mended = ("null-mixed", "address", "address-completed", "no-host-name", "localhost", "doubled-domain")
    if not wrong.intersection((*mended, "no-such-host", "alias", "repeated")):
        return ()
    if found.exchanges.null and not found.exchanges.exchanges and not found.exchanges.unusable:
        return (f"{domain}. IN MX 0 .",)  # said already, only more than once
    lines: dict[str, str] = {}  # by host, so that each stands once, where it is tried first
    for preference, name in _named(domain, found):
        lines.setdefault(name, f"{domain}. IN MX {preference} {name}.")
    taken = {host.name for host in found.hosts}
    free = (name for name in (f"mx{number}.{domain}" for number in count(1)) if name not in taken)
    for preference, address in _addresses_named(domain, found):
        name = next(free)
        lines[name] = f"{domain}. IN MX {preference} {name}."
        lines[address] = f"{name}. IN {'AAAA' if ':' in address else 'A'} {address}"
    return tuple(lines.values()) or (f"{domain}. IN MX {_PREFERENCE} {some_host}.",)


def _addresses_named(domain: str, found: MailHosts) -> Iterator[tuple[int, str]]:
    """The addresses that stand where a host belongs, each once, with their preferences. One that nobody outside can
    reach is not worth a record."""
    records = [record.partition(" ") for record in found.exchanges.unusable]
    named = [(preference, name.removesuffix(".").strip("[]")) for preference, _, name in records]
    missing = {host.name for host in found.hosts if not host.addresses and host.failure is None}
    named += [(str(preference), name) for preference, name in found.exchanges.exchanges if name in missing]
    read = [(preference, _completed_address(domain, name) or name) for preference, name in named]
    meant = {address: int(preference) for preference, address in reversed(read) if preference.isdigit()}
    kept = [(preference, address) for address, preference in meant.items() if is_address(address)]
    yield from sorted((one for one in kept if not is_private(one[1])), key=lambda one: one[0])[:_MOST_OF_A_KIND]


def _named(domain: str, found: MailHosts) -> Iterator[tuple[int, str]]:
    """The hosts that stay, by the names that they should have."""
    looked_at = {host.name: host for host in found.hosts}
    for preference, name in found.exchanges.exchanges:
        host = looked_at.get(name)
        if host is None or host.addresses or host.failure:
            yield preference, host.alias_of or name if host else name
        elif _doubled(domain, name):
            yield preference, name.removesuffix(f".{domain}")
