"""What is wrong, how often, and for whom: many incidents as few groups, in flat memory."""

from __future__ import annotations

from functools import lru_cache

from probe.model import Incident, IncidentGroup
from probe.names import is_address

_MOST_GROUPS = 5000  # beyond these a group is known by its cause alone
_MOST_DOMAINS = 200


class _Open:
    """A group that still grows."""

    __slots__ = ("count", "domains", "example", "last", "site")

    def __init__(self, example: Incident, site: str | None) -> None:
        self.count = 0
        self.example = example
        self.site = site
        self.last: str | None = None
        self.domains: dict[str, int] = {}


class Grouping:
    """Feed it incidents; ask for the groups at any time."""

    def __init__(self) -> None:
        self.count = 0
        self._open: dict[tuple[str | None, ...], _Open] = {}

    def add(self, incident: Incident) -> None:
        self.count += 1
        domain = _domain(incident.recipient)
        site = None
        if incident.role == "client":
            site = site_of(incident.host) or (site_of(domain) if domain else None)
        if (*_kind(incident), site) not in self._open and len(self._open) >= _MOST_GROUPS:
            site = None
        key = (*_kind(incident), site)
        group = self._open.get(key)
        if group is None:
            group = self._open[key] = _Open(incident, site)
        group.count += 1
        group.last = incident.time or group.last
        if domain and (domain in group.domains or len(group.domains) < _MOST_DOMAINS):
            group.domains[domain] = group.domains.get(domain, 0) + 1

    def groups(self) -> list[IncidentGroup]:
        """The most frequent first; what failed before what was only delayed."""
        closed = [_closed(group) for group in self._open.values()]
        return sorted(closed, key=lambda one: (-one.count, one.action == "delayed"))


def _kind(incident: Incident) -> tuple[str | None, ...]:
    return incident.explanation.cause, incident.action, incident.role


def _closed(group: _Open) -> IncidentGroup:
    example = group.example
    return IncidentGroup(
        count=group.count,
        cause=example.explanation.cause,
        action=example.action,
        role=example.role,
        site=group.site,
        provider=example.explanation.provider,
        first=example.time,
        last=group.last,
        domains=dict(sorted(group.domains.items(), key=lambda one: -one[1])),
        example=example,
    )


@lru_cache(maxsize=10_000)
def site_of(host: str | None) -> str | None:
    """The domain under which ``host`` was registered (publicsuffix.org), so that all servers of one provider are one
    site; an address stands for itself."""
    if not host:
        return None
    name = host.rstrip(".").lower()
    if is_address(name.strip("[]")):
        return name
    from probe.checks.dmarc.discovery import registered_domain  # the Public Suffix List is heavy

    return registered_domain(name)


def _domain(recipient: str | None) -> str | None:
    return recipient.rpartition("@")[2].lower() if recipient and "@" in recipient else None
