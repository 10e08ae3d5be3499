"""Which lists are worth a question about a sender: an address and names in, ``Listing`` values out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from probe.catalog import Catalog
from probe.checks.dmarc.discovery import registered_domain
from probe.checks.dnsbl import Listing, family_of
from probe.checks.dnsbl.key import PLACE, dqs_key
from probe.names import is_hostname
from probe.rows import BlockList

EVERY_ROLE = ("block", "allow", "info")


def listings(
    address: str | None,
    domains: Sequence[str],
    facts: Catalog,
    *,
    only_main: bool = False,
    roles: Sequence[str] = EVERY_ROLE,
    leave: Iterable[str] = (),
) -> list[Listing]:
    """One ``Listing`` for each list that can say something about the address, and about each of the domains: those of
    MAIL FROM, From, HELO and DKIM's d=. Lists are asked about the domain that was registered, too, since many know no
    other; names without one, such as ``localhost``, are left out.

    All active lists count, or only those that most servers ask; ``roles`` are those of ``BlockList``. ``leave`` names
    zones that are asked already. A list that another one contains would be counted twice, and is left out. With a key
    of its own (``SMTP_PROBE_DQS_KEY``) Spamhaus is asked by way of that. Whether an address is one that others see is
    the caller's to know.
    """
    key = dqs_key()
    rows = [row for row in facts.blocklists.values() if _is_asked(row, key) and row.role in roles]
    rows = [row for row in rows if row.main or not only_main]
    zones = {row.zone for row in rows}
    rows = [row for row in rows if row.part_of not in zones and row.zone not in set(leave)]
    subjects = ([_plain(address)] if address else []) + names_of(domains)
    return [
        Listing(subject, row, key if row.keyed else None)
        for row in rows
        for subject in subjects
        if family_of(subject) in row.kind.split("+")
    ]


def names_of(domains: Iterable[str]) -> list[str]:
    """Each domain once, and after it the one that it was registered as."""
    found: dict[str, None] = {}
    for domain in (one.lower().rstrip(".") for one in domains):
        if "." in domain and is_hostname(domain):
            found |= dict.fromkeys((domain, registered_domain(domain) or domain))
    return list(found)


def _plain(address: str) -> str:
    """An IPv4 address that came in IPv6 clothes (RFC 4291 section 2.5.5.2) is listed as what it is."""
    import ipaddress

    parsed = ipaddress.ip_address(address.partition("%")[0])
    return str(parsed.ipv4_mapped or parsed) if isinstance(parsed, ipaddress.IPv6Address) else str(parsed)


def known_list(zone: str, facts: Catalog) -> BlockList | None:
    """The row of a zone as a reply names it; one with somebody's key in it is known, too."""
    row = facts.blocklists.get(zone)
    if row is None and zone.count(".") > 2:
        keyed = f"{PLACE}.{zone.partition('.')[2]}"
        row = next((one for one in facts.blocklists.values() if keyed in (one.keyed, one.zone)), None)
    return row


def _is_asked(row: BlockList, key: str | None) -> bool:
    return row.state == "active" or (row.state == "inactive" and bool(key and row.keyed) and PLACE in row.zone)
