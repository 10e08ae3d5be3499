"""Who takes the mail of a domain: its MX hosts with their addresses, as DNS says, for the checks that look at them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from probe.checks.steps import Steps
from probe.exchanges import Exchanges, read_mx
from probe.model import Answer
from probe.names import is_address

# More hosts than this are not looked at: no sender would try them, and a zone must not make us ask for ever.
MOST_HOSTS = 20


@dataclass(frozen=True)
class MailHost:
    """One host and what DNS said about its addresses. ``preference`` is None where the domain stands in for a missing
    MX. A host called localhost is never asked for (RFC 6761 section 6.3): its answers are None."""

    name: str
    preference: int | None
    a: Answer | None
    aaaa: Answer | None

    @property
    def ip4(self) -> tuple[str, ...]:
        return _addresses(self.a)

    @property
    def ip6(self) -> tuple[str, ...]:
        return _addresses(self.aaaa)

    @property
    def addresses(self) -> tuple[str, ...]:
        return self.ip4 + self.ip6

    @property
    def alias_of(self) -> str | None:
        """The name at the end of its CNAME records, where it has one."""
        return next((said.canonical_name for said in (self.a, self.aaaa) if said and said.canonical_name), None)

    @property
    def failure(self) -> str | None:
        """Why an address may be missing that is there: what kept DNS from being asked."""
        return next((said.reason or said.answer for said in (self.a, self.aaaa) if said and not said.known), None)

    @property
    def exists(self) -> bool:
        """False only where DNS says so of both types."""
        return not all(said and said.answer == "absent" and said.reason == "nxdomain" for said in (self.a, self.aaaa))


@dataclass(frozen=True)
class MailHosts:
    """``answer`` is what was said about MX. ``implicit`` says that there is none, and that the one host is the domain
    itself (RFC 5321 section 5.1). ``hosts`` are in the order of a sender, each once."""

    answer: Answer
    exchanges: Exchanges
    hosts: tuple[MailHost, ...]
    implicit: bool = False

    @property
    def null(self) -> bool:
        """Whether the domain declares that it takes no mail (RFC 7505 section 3)."""
        return self.exchanges.null and len(self.answer.values) == 1

    @property
    def failure(self) -> str | None:
        """Why the hosts are not known, None where DNS could be asked for MX."""
        return None if self.answer.known else self.answer.reason or self.answer.answer

    @cached_property
    def addressed(self) -> tuple[MailHost, ...]:
        """The hosts that have an address."""
        return tuple(host for host in self.hosts if host.addresses)


async def mail_hosts(domain: str, steps: Steps) -> MailHosts:
    """Ask for the MX records and for the addresses of the hosts. Never raises for anything DNS may say."""
    answer = await steps.ask(domain, "MX")
    exchanges = read_mx(answer.values)
    if answer.answer == "absent":
        # A name that does not exist has no addresses either (RFC 8020).
        hosts = () if answer.reason == "nxdomain" else await _with_addresses([(None, domain)], steps)
        return MailHosts(answer, exchanges, hosts, implicit=True)
    first: dict[str, int | None] = {}
    for preference, name in exchanges.exchanges:
        first.setdefault(name, preference)
    named = [(preference, name) for name, preference in first.items()]
    return MailHosts(answer, exchanges, await _with_addresses(named[:MOST_HOSTS], steps))


async def _with_addresses(named: list[tuple[int | None, str]], steps: Steps) -> tuple[MailHost, ...]:
    asked = [name for _, name in named if not is_localhost(name)]
    answers = await steps.ask_all([(name, rdtype) for name in asked for rdtype in ("A", "AAAA")])
    said = {name: (answers[2 * place], answers[2 * place + 1]) for place, name in enumerate(asked)}
    return tuple(MailHost(name, preference, *said.get(name, (None, None))) for preference, name in named)


def is_localhost(name: str) -> bool:
    """Whether a name is the asking machine's own (RFC 6761 section 6.3)."""
    return name == "localhost" or name.endswith(".localhost")


def _addresses(said: Answer | None) -> tuple[str, ...]:
    return tuple(value for value in said.values if is_address(value)) if said else ()
