"""What to do about a refusal, as far as the reply alone tells: the cause's own steps, filled with what stands in it."""

from __future__ import annotations

import string
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from probe.catalog import Catalog
from probe.names import is_address
from probe.text import filled


def steps(cause: str, fields: Mapping[str, Any], facts: Catalog) -> tuple[str, ...]:
    """The steps of a cause in order. One that needs a fact which the reply does not give is left out."""
    return tuple(step for step, _ in weighed_steps(cause, fields, facts))


def weighed_steps(cause: str, fields: Mapping[str, Any], facts: Catalog) -> tuple[tuple[str, bool], ...]:
    """The same, each with whether it names something of this very reply."""
    row = facts.causes.get(cause)
    if row is None or "receiver_fault" in fields:
        return ()
    address = _public(fields.get("blocked_ip"))
    known = {
        "ip": address,
        "zone": fields.get("list_zone"),
        "domain": fields.get("listed_name") or fields.get("auth_domain") or fields.get("domain"),
        "url": removal_page(fields, facts) or fields.get("delist_url") or next(iter(fields.get("urls", ())), None),
        "param": fields.get("param"),
        "spf_mechanism": f"ip{6 if ':' in address else 4}:{address}" if address else None,
    }
    possible = (step for step in row.fix if all(known.get(name) for name in places(step)))
    return tuple((filled(step, known), bool(places(step))) for step in possible)


def removal_page(fields: Mapping[str, Any], facts: Catalog) -> str:
    """The page where the list that the reply names can be asked for removal, with the address or domain filled in
    where the reply names it too; else the page without its question; empty where no page is known."""
    row = facts.blocklists.get(str(fields.get("list_zone", "")).lower())
    if row is None:
        return ""
    from urllib.parse import quote

    url = row.delist
    for name, value in (("ip", _public(fields.get("blocked_ip"))), ("domain", fields.get("domain"))):
        if value:
            url = url.replace("{" + name + "}", quote(str(value), safe=":"))
    return url if "{" not in url else url.partition("{")[0].partition("?")[0]


@lru_cache(maxsize=512)
def places(step: str) -> tuple[str, ...]:
    """The names in braces of a step."""
    return tuple(name for _, name, _, _ in string.Formatter().parse(step) if name)


def _public(address: object) -> str | None:
    """An address that may stand in advice: whole, and one that others can see."""
    word = str(address or "")
    if not is_address(word):
        return None
    from probe.addresses import is_private  # most replies name no address

    return None if is_private(word) else word
