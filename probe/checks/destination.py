"""Where reports are asked to go: reading such an address, and whether mail can get there.

DMARC (RFC 9989 section 4.6) and SMTP TLS reporting (RFC 8460 section 3) both write a list of URIs; what they allow in
it differs.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from probe.checks.steps import Steps
from probe.model import Answer
from probe.names import BadName, is_hostname, to_ascii

_URI = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):(.*)", re.DOTALL)
_LIMIT = re.compile(r"[0-9]{1,20}[kmgtKMGT]?")
# RFC 5322 section 3.2.3, without the slashes that people put after "mailto:".
_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LOCAL_PART = re.compile(rf"(?!/){_ATOM}(?:\.{_ATOM})*")
_HTTPS = re.compile(r"//([^/?#@:\s\[\]]+)(?::[0-9]{1,5})?(?:[/?#][!-~]*)?")


@dataclass(frozen=True)
class Destination:
    """One address of a record. ``domain`` is whom it leads to, None where that cannot be read; ``limit`` the size
    limit after "!" of RFC 7489; ``problem`` what is wrong with it."""

    tag: str
    uri: str
    scheme: str | None
    domain: str | None
    limit: str | None
    problem: str | None

    @property
    def mailbox(self) -> bool:
        """Whether mail would be sent there."""
        return self.scheme == "mailto" and self.problem is None


def domain_of(name: str) -> str | None:
    """The name in A-labels and small letters (RFC 5890 section 2.3), None where it is no domain name."""
    try:
        ascii_name = to_ascii(name)
    except BadName:
        return None
    return ascii_name if is_hostname(ascii_name) else None


def elements(value: str) -> list[str]:
    """The parts of a list of addresses, as written."""
    return [part.strip() for part in value.split(",")]


def without_limit(uri: str) -> str:
    """An address without the size limit of RFC 7489, which is gone and to be overlooked."""
    return uri.partition("!")[0]


def read(tag: str, part: str, schemes: Sequence[str]) -> Destination:
    """One address of the tag ``tag``; never raises."""
    uri, bang, size = part.partition("!")
    limit, match = size or None, _URI.fullmatch(uri)
    if match is None:
        return Destination(tag, part, None, None, limit, "without-mailto" if "@" in uri else "bad-uri")
    scheme, rest = match[1].lower(), match[2]
    if scheme not in schemes:
        return Destination(tag, part, scheme, None, limit, "unsupported-scheme")
    if scheme != "mailto":
        host = _HTTPS.fullmatch(rest)
        domain = domain_of(host[1]) if host else None
        return Destination(tag, part, scheme, domain, limit, None if domain else "bad-uri")
    local, at, name = rest.partition("?")[0].rpartition("@")
    domain = domain_of(name) if at else None
    if domain is None or "." not in domain or not _LOCAL_PART.fullmatch(local):
        return Destination(tag, part, scheme, domain, limit, "bad-address")
    return Destination(tag, part, scheme, domain, limit, "bad-limit" if bang and not _LIMIT.fullmatch(size) else None)


async def deliverable(
    domains: Sequence[str], steps: Steps, also: Sequence[tuple[str, str]] = ()
) -> tuple[dict[str, bool | None], list[Answer]]:
    """Whether mail to each domain has somewhere to go (RFC 5321 section 5.1, RFC 7505); None where DNS did not say.
    And the answers to the questions in ``also``, which are asked in the same breath."""
    questions = [*also, *((domain, "MX") for domain in domains)]
    answers = await steps.ask_all(questions) if questions else []
    others, routes = answers[: len(also)], answers[len(also) :]
    bare = [domain for domain, route in zip(domains, routes, strict=True) if route.known and not route.values]
    hosts = await steps.ask_all([(domain, kind) for domain in bare for kind in ("A", "AAAA")]) if bare else []
    found = {domain: _by_mx(route) for domain, route in zip(domains, routes, strict=True)}
    for index, domain in enumerate(bare):
        found[domain] = _by_address(hosts[index * 2 : index * 2 + 2])
    return found, others


def _by_mx(route: Answer) -> bool | None:
    if not route.known:
        return None
    hosts = [value.split(" ")[-1] for value in route.values]
    return any(host not in ("", ".") for host in hosts)


def _by_address(answers: Sequence[Answer]) -> bool | None:
    if any(answer.values for answer in answers):
        return True
    return False if all(answer.known for answer in answers) else None
