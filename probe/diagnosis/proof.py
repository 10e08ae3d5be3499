"""From a cause to its proof: the checks that can tell, asked all at once."""

from __future__ import annotations

import asyncio
import ipaddress
from collections.abc import Awaitable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from probe.addresses import is_private
from probe.catalog import Catalog
from probe.checks import dmarc, dnsbl, helo, ptr, spf
from probe.checks.bounded import bounded
from probe.checks.dkim import keys
from probe.checks.dnsbl.asking import known_list, listings
from probe.checks.dnsbl.key import dqs_key
from probe.diagnosis.inquiry import Inquiry, Lists, Sender
from probe.diagnosis.offer import compare_with_offer
from probe.model import CheckResult, Session
from probe.names import is_hostname
from probe.rows import BlockList

if TYPE_CHECKING:
    from probe.resolver import Resolver

# A 554 may hide any of these, whatever its text says: the mission of this program.
_BEHIND_A_554 = ("dnsbl", "ptr", "spf", "dkim", "dmarc")


async def gather_proof(
    found: Sequence[Inquiry],
    sessions: Sequence[Session],
    sender: Sender,
    ask: Resolver,
    facts: Catalog,
    lists: Lists,
    within: float,
) -> tuple[CheckResult, ...]:
    """Run every check that any of the refusals calls for, all at once and within so many seconds; the list that a
    reply names comes first. A check that does not come to an end is one that could not be asked."""
    wanted = {check for inquiry in found for check in checks_for(inquiry, facts)}
    offers = [compare_with_offer(inquiry, sessions[inquiry.session], facts) for inquiry in found]
    zones = tuple(dict.fromkeys(zone for inquiry in found if (zone := named_zone(inquiry))))
    asked: list[Awaitable[CheckResult]] = []

    def add(check: str, subject: str, run: Awaitable[CheckResult], **about: str) -> None:
        asked.append(bounded(run, CheckResult(check, subject, "temperror", {"reason": "timeout", **about}), within))

    if "dnsbl" in wanted:
        for listing in _listings(zones, found, sender, facts, lists):
            zone = listing.list.zone
            add("dnsbl", f"{listing.subject} @ {zone}", dnsbl.run(listing, ask=ask, facts=facts), zone=zone)
    address = sender.client.address
    # Nobody outside can see a private address, so its PTR record proves nothing to them.
    if "ptr" in wanted and address is not None and not is_private(address):
        add("ptr", address, ptr.run(ptr.Caller(address, sender.ehlo), ask=ask, facts=facts))
    if "helo" in wanted and sender.ehlo:
        seen = None if address is None or is_private(address) else address
        add("helo", sender.ehlo, helo.run(helo.Greeting(sender.ehlo, seen), ask=ask, facts=facts))
    if "spf" in wanted and sender.spf_domain:
        add("spf", sender.spf_domain, _spf(sender.spf_domain, sender, ask, facts))
        other = _helo_query(sender)
        # RFC 7208 section 2.3: many check the EHLO name, too, and some refuse for it alone.
        if other is not None and any(inquiry.explanation.cause == "spf-fail" for inquiry in found):
            add("spf", other.helo, _spf_of_helo(other, ask, facts), identity="helo")
    domain = sender.from_domain or sender.spf_domain
    if "dkim" in wanted and domain:
        add("dkim", domain, keys.survey(domain, sender.selectors, ask=ask, facts=facts))
    if "dmarc" in wanted and domain:
        add("dmarc", domain, _dmarc(domain, sender, ask, facts))
    results = await asyncio.gather(*asked)
    unique = {(offer.check, offer.subject): offer for offer in offers if offer is not None}
    return (*unique.values(), *results)


def checks_for(inquiry: Inquiry, facts: Catalog) -> tuple[str, ...]:
    """The ids of the checks that can say something about this refusal."""
    cause = facts.causes.get(inquiry.explanation.cause or "unknown")
    named = cause.checks if cause else ()
    return tuple(dict.fromkeys((*named, *(_BEHIND_A_554 if inquiry.code == 554 else ()))))


def named_zone(inquiry: Inquiry) -> str | None:
    """The zone of the blocklist that the reply names, if it names one."""
    zone = inquiry.explanation.fields.get("list_zone")
    return zone.lower() if isinstance(zone, str) and zone else None


def _listings(
    zones: Sequence[str], found: Sequence[Inquiry], sender: Sender, facts: Catalog, lists: Lists
) -> list[dnsbl.Listing]:
    """The lists that the replies name, and then the others that are known."""
    key = dqs_key()
    named = []
    for inquiry in found:
        zone = named_zone(inquiry)
        if zone is not None:
            row = known_list(zone, facts) or dnsbl.unlisted_zone(zone, _kind_of(inquiry))
            named += [dnsbl.Listing(subject, row, key) for subject in named_subjects(inquiry, row, sender)]
    address = sender.client.address
    if lists == "named" or address is None or is_private(address):
        return list(dict.fromkeys(named))
    # A domain list is worth a question where the reply speaks of a domain, or speaks of nothing.
    domains_too = any(i.explanation.cause in ("domain-blocklisted", "content-spam", "unknown") for i in found)
    domains = [one for one in (sender.spf_domain, sender.from_domain) if one and domains_too]
    return list(
        dict.fromkeys(
            (*named, *listings(address, domains, facts, only_main=lists == "main", roles=("block",), leave=zones))
        )
    )


def _kind_of(inquiry: Inquiry) -> str:
    """What a list of which only the name is known seems to list."""
    return "domain" if inquiry.explanation.cause == "domain-blocklisted" else "ip4+ip6"


def named_subjects(inquiry: Inquiry, row: BlockList, sender: Sender) -> list[str]:
    """Whom to ask a named list about: the name that the reply gives, else the names and addresses that we showed."""
    named = inquiry.explanation.fields.get("listed_name")
    if row.kind == "domain" and isinstance(named, str) and named:
        return [named.lower().rstrip(".")]
    subjects = _subjects(row, sender)
    if row.kind == "domain" and sender.ehlo and "." in sender.ehlo and not sender.ehlo.startswith("["):
        subjects.append(sender.ehlo.lower())
    return list(dict.fromkeys(subjects))


def _subjects(row: BlockList, sender: Sender) -> list[str]:
    """What this list can be asked about."""
    if row.kind == "domain":
        return list(dict.fromkeys(domain for domain in (sender.spf_domain, sender.from_domain) if domain))
    address = sender.client.address
    if address is None or (is_private(address) and sender.client.learned_from != "reply"):
        return []  # the server sees another address, and which one is not known
    return [address] if f"ip{ipaddress.ip_address(address).version}" in row.kind.split("+") else []


async def _spf(domain: str, sender: Sender, ask: Resolver, facts: Catalog) -> CheckResult:
    """SPF as the server evaluated it, where it is known what address it saw; else the policy is judged without one."""
    query = _spf_query(sender)
    result = await spf.run(domain if query is None else query, ask=ask, facts=facts)
    return replace(result, subject=domain)


def _spf_query(sender: Sender) -> spf.Query | None:
    address, domain = sender.client.address, sender.spf_domain
    if address is None or domain is None or (is_private(address) and sender.client.learned_from != "reply"):
        return None
    # Without the whole address its domain will do: the rest matters only to records with macros of the local part.
    return spf.Query(address, domain if sender.mail_from is None else sender.mail_from, sender.ehlo or "")


def _helo_query(sender: Sender) -> spf.Query | None:
    """The other identity, where it is another domain's."""
    query, name = _spf_query(sender), (sender.ehlo or "").lower()
    if query is None or not query.sender or name == sender.spf_domain or "." not in name or not is_hostname(name):
        return None
    return replace(query, helo=name, identity="helo")


async def _spf_of_helo(query: spf.Query, ask: Resolver, facts: Catalog) -> CheckResult:
    return replace(await spf.run(query, ask=ask, facts=facts), subject=query.helo)


async def _dmarc(domain: str, sender: Sender, ask: Resolver, facts: Catalog) -> CheckResult:
    """DMARC of the message, where one went out and SPF can be evaluated; of a domain alone its record is judged."""
    if sender.from_domain is None:
        return await dmarc.run(domain, ask=ask, facts=facts)
    authorized: tuple[str, str] | None = None
    query, identity = _spf_query(sender), sender.spf_domain
    if query is not None and identity is not None:
        one = await spf.check_host(query.ip, query.sender, query.helo, ask)
        authorized = (one.result or "none", identity)
    unsigned = () if sender.signed is False else None
    return await dmarc.run(dmarc.Author(domain, authorized, unsigned), ask=ask, facts=facts)
