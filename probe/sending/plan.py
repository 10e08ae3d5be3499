"""Which checks a subject calls for, each with its own subject and ready to run.

Two rounds: what needs nothing but the subject, all at once; then DMARC, which needs what SPF said.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from probe.catalog import Catalog
from probe.checks import bimi, caa, dane, dmarc, dnsbl, dnssec, helo, ipv6, mta_sts, mx, ptr, spf, tls_rpt
from probe.checks.dkim import keys
from probe.checks.dnsbl.asking import listings
from probe.checks.protocols import Asker, Connector
from probe.model import CheckResult
from probe.model.noun import noun
from probe.names import is_hostname
from probe.sending.subject import Subject

if TYPE_CHECKING:
    from collections.abc import Awaitable

# In the order in which a report tells it: the address, who may speak for the domain, how the domain takes mail.
ORDER = (
    "dnsbl",
    "ptr",
    "helo",
    "spf",
    "dkim",
    "dmarc",
    "mx",
    "ipv6",
    "mta_sts",
    "tls_rpt",
    "dane",
    "dnssec",
    "bimi",
    "caa",
)

Lists = Literal["main", "all"]


@noun(frozen=True)
class Wishes:
    """What the caller wants: ``clients`` are the addresses that the other side sees, ``ehlo`` the name they give,
    ``selectors`` those of DKIM, ``only`` the checks to run (all where empty). ``ca_file`` stands in for the system's
    trust anchors, ``allow_private`` lets HTTPS reach private addresses; ``seconds`` is what one fetch may take."""

    clients: tuple[str, ...] = ()
    ehlo: str | None = None
    selectors: tuple[str, ...] = ()
    only: tuple[str, ...] = ()
    lists: Lists = "all"
    ca_file: str | None = None
    allow_private: bool = False
    seconds: float = 10.0


class Means(NamedTuple):
    """What a check is given to work with."""

    ask: Asker
    connect: Connector | None
    facts: Catalog
    now: datetime.datetime


class Step(NamedTuple):
    """One check: its id, how its subject is called if it never answers, and the run itself."""

    check: str
    subject: str
    run: Awaitable[CheckResult]
    about: dict[str, Any]


def first_round(subject: Subject, wishes: Wishes, means: Means) -> list[Step]:
    """Everything but DMARC, in the order of the report."""
    steps: list[Step] = []
    for check in (one for one in ORDER if not wishes.only or one in wishes.only):
        if check in _STEPS:
            steps += _STEPS[check](subject, wishes, means)
        elif subject.domain is not None and check in _RUNS:
            steps.append(Step(check, subject.domain, _RUNS[check](subject.domain, wishes, means), {}))
    return steps


def asks_dmarc(subject: Subject, wishes: Wishes) -> bool:
    """Whether DMARC can be asked about the subject, and is wanted."""
    return subject.domain is not None and (not wishes.only or "dmarc" in wishes.only)


def second_round(subject: Subject, wishes: Wishes, means: Means, so_far: Sequence[CheckResult]) -> list[Step]:
    """DMARC of the domain, with what SPF said of the first client."""
    if subject.domain is None or not asks_dmarc(subject, wishes):
        return []
    said = next((one for one in so_far if one.check == "spf" and one.subject == "mailfrom" and one.result), None)
    author: str | dmarc.Author = subject.domain
    if said is not None and "domain" in said.facts:
        author = dmarc.Author(subject.domain, (str(said.result), str(said.facts["domain"])), None)
    run = dmarc.run(author, ask=means.ask, facts=means.facts)
    return [Step("dmarc", subject.domain, run, {})]


def names(subject: Subject, wishes: Wishes) -> list[str]:
    """The domains that mail from here would show: that of the reverse-path and the one given in EHLO."""
    ehlo = wishes.ehlo if wishes.ehlo and is_hostname(wishes.ehlo.lower()) else None
    return [name for name in (subject.domain, ehlo) if name]


def _dnsbl(subject: Subject, wishes: Wishes, means: Means) -> Iterator[Step]:
    asked: dict[dnsbl.Listing, None] = {}
    for address in wishes.clients or (None,):
        only_main = wishes.lists == "main"
        asked |= dict.fromkeys(listings(address, names(subject, wishes), means.facts, only_main=only_main))
    for listing in asked:
        zone = listing.list.zone
        run = dnsbl.run(listing, ask=means.ask, facts=means.facts)
        yield Step("dnsbl", f"{listing.subject} @ {zone}", run, {"zone": zone})


def _ptr(subject: Subject, wishes: Wishes, means: Means) -> Iterator[Step]:
    for address in wishes.clients:
        caller = ptr.Caller(address, wishes.ehlo)
        yield Step("ptr", address, ptr.run(caller, ask=means.ask, facts=means.facts), {})


def _helo(subject: Subject, wishes: Wishes, means: Means) -> Iterator[Step]:
    """The name of EHLO beside the addresses of its own family; without any, the name alone."""
    if wishes.ehlo is not None:
        for address in wishes.clients or (None,):
            greeting = helo.Greeting(wishes.ehlo, address)
            yield Step("helo", wishes.ehlo, helo.run(greeting, ask=means.ask, facts=means.facts), {})


def _spf(subject: Subject, wishes: Wishes, means: Means) -> Iterator[Step]:
    """Both identities for each client (RFC 7208 sections 2.3 and 2.4); without a client the policy alone."""
    if subject.domain is not None and not wishes.clients:
        yield Step("spf", subject.domain, spf.run(subject.domain, ask=means.ask, facts=means.facts), {})
    for address in wishes.clients:
        ehlo = wishes.ehlo or ""
        identities: list[Literal["mailfrom", "helo"]] = ["mailfrom"] if subject.mail_from else []
        identities += ["helo"] if is_hostname(ehlo.lower()) else []
        for identity in identities:
            query = spf.Query(address, subject.mail_from if identity == "mailfrom" else "", ehlo, identity)
            yield Step("spf", identity, spf.run(query, ask=means.ask, facts=means.facts), {"ip": address})


def _dkim(subject: Subject, wishes: Wishes, means: Means) -> Iterator[Step]:
    if subject.domain is not None:
        run = keys.survey(subject.domain, wishes.selectors, ask=means.ask, facts=means.facts)
        yield Step("dkim", subject.domain, run, {})


_Run = Callable[[str, Wishes, Means], "Awaitable[CheckResult]"]

# The checks that look at a domain alone.
_RUNS: Mapping[str, _Run] = {
    "mx": lambda domain, wishes, means: mx.run(domain, ask=means.ask, facts=means.facts),
    "ipv6": lambda domain, wishes, means: ipv6.run(ipv6.Hosts(domain), ask=means.ask, facts=means.facts),
    "mta_sts": lambda domain, wishes, means: mta_sts.run(
        mta_sts.Domain(domain, means.now, wishes.ca_file, wishes.seconds, wishes.allow_private),
        ask=means.ask,
        connect=means.connect,
        facts=means.facts,
    ),
    "tls_rpt": lambda domain, wishes, means: tls_rpt.run(domain, ask=means.ask, facts=means.facts),
    "dane": lambda domain, wishes, means: dane.run(dane.Mail(domain, means.now), ask=means.ask, facts=means.facts),
    "dnssec": lambda domain, wishes, means: dnssec.run(domain, ask=means.ask, facts=means.facts),
    "bimi": lambda domain, wishes, means: bimi.run(domain, ask=means.ask, facts=means.facts),
    "caa": lambda domain, wishes, means: caa.run(domain, ask=means.ask, facts=means.facts),
}
_STEPS = {"dnsbl": _dnsbl, "ptr": _ptr, "helo": _helo, "spf": _spf, "dkim": _dkim}
