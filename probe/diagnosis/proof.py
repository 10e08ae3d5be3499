"""From a cause to its proof: the checks that can tell, asked all at once."""

from __future__ import annotations

import asyncio
import ipaddress
from collections.abc import Awaitable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from probe.catalog import BlockList, Catalog
from probe.checks import dkim, dmarc, dnsbl, ptr, spf
from probe.diagnosis.inquiry import Inquiry, Lists, Sender
from probe.diagnosis.offer import compare_with_offer
from probe.model import CheckResult, Session
from probe.route import is_private

if TYPE_CHECKING:
    from probe.resolver import Resolver

# A 554 may hide any of these, whatever its text says: the mission of this program.
_BEHIND_A_554 = ("dnsbl", "ptr", "spf", "dkim", "dmarc")


async def gather_proof(
    found: Sequence[Inquiry], sessions: Sequence[Session], sender: Sender, ask: Resolver, facts: Catalog, lists: Lists
) -> tuple[CheckResult, ...]:
    """Run every check that any of the refusals calls for; the list that a reply names comes first."""
    wanted = {check for inquiry in found for check in checks_for(inquiry, facts)}
    offers = [compare_with_offer(inquiry, sessions[inquiry.session], facts) for inquiry in found]
    zones = tuple(dict.fromkeys(zone for inquiry in found if (zone := named_zone(inquiry))))
    asked: list[Awaitable[CheckResult]] = []
    if "dnsbl" in wanted:
        asked += [dnsbl.run(listing, ask=ask, facts=facts) for listing in _listings(zones, found, sender, facts, lists)]
    address = sender.client.address
    if "ptr" in wanted and address is not None:
        asked.append(ptr.run(address, ask=ask, facts=facts))
    if "spf" in wanted and sender.spf_domain:
        asked.append(spf.run(sender.spf_domain, ask=ask, facts=facts))
    domain = sender.from_domain or sender.spf_domain
    if "dkim" in wanted and domain:
        asked.append(_dkim_keys(domain, sender.selectors, ask, facts))
    if "dmarc" in wanted and domain:
        asked.append(dmarc.run(domain, ask=ask, facts=facts))
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
    named = [facts.blocklists.get(zone) or dnsbl.unlisted_zone(zone) for zone in zones]
    others = [
        row
        for row in facts.blocklists.values()
        if row.role == "block" and row.state == "active" and (lists == "all" or (lists == "main" and row.main))
    ]
    address = sender.client.address
    listings = [replace(listing, thorough=True) for row in named for listing in _subjects(row, sender)]
    if lists != "named" and address is not None and not is_private(address):
        # A domain list is worth a question where the reply speaks of a domain, or speaks of nothing.
        domains_too = any(i.explanation.cause in ("domain-blocklisted", "content-spam", "unknown") for i in found)
        for row in others:
            if row.zone not in zones and (row.kind != "domain" or domains_too):
                listings += _subjects(row, sender)
    return listings


def _subjects(row: BlockList, sender: Sender) -> list[dnsbl.Listing]:
    """What this list can be asked about."""
    if row.kind == "domain":
        domains = dict.fromkeys(domain for domain in (sender.spf_domain, sender.from_domain) if domain)
        return [dnsbl.Listing(domain, row) for domain in domains]
    address = sender.client.address
    if address is None:
        return []
    version = ipaddress.ip_address(address).version
    return [dnsbl.Listing(address, row)] if f"ip{version}" in row.kind.split("+") else []


async def _dkim_keys(domain: str, selectors: tuple[str, ...], ask: Resolver, facts: Catalog) -> CheckResult:
    """The keys under the given selectors, else under well-known ones: one result for the domain, the guesses said to
    be guesses."""
    guessed = not selectors
    names = selectors or tuple(facts.selectors)
    results = await asyncio.gather(*(dkim.run(dkim.Key(domain, name, guessed), ask=ask, facts=facts) for name in names))
    told = [one for one in results if one.result != "none"]
    worst = next((one.result for one in told if one.result in ("permerror", "temperror")), None)
    return CheckResult(
        "dkim",
        domain,
        "none" if not told else worst,
        {
            "guessed": guessed,
            "selectors": names,
            "keys": tuple({"subject": one.subject, "result": one.result, **one.facts} for one in told),
            "evaluated": False,
        },
        tuple(answer for one in results for answer in one.queries),
        tuple(line for one in told for line in one.trace),
    )
