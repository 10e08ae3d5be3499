"""Do the domains that SPF and DKIM authenticated align with the author domain, and what does DMARC make of it?

RFC 9989 sections 4.10.2 and 5.3.5, RFC 7489 section 3.1. Strict alignment wants the same domain, relaxed the same
organizational domain. An identifier that could not be judged for a while never turns a message into one that fails.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from probe.checks.destination import domain_of
from probe.checks.dmarc.discovery import Discovery
from probe.checks.dmarc.record import Record
from probe.model import Result
from probe.text import show

Mechanism = Literal["spf", "dkim"]
Organization = Callable[[str], Awaitable[str | None]]
"""The organizational domain of a domain, None where DNS could not tell."""

# A message may carry as many signatures as somebody likes, and each costs a walk up the tree.
_MOST_LOOKED_UP = 10
_LIKELY_FIRST = {"pass": 0, "temperror": 1}


@dataclass(frozen=True)
class Author:
    """The domain of a message's From field, and what authenticated the message. ``spf`` is the result of
    ``check_host()`` and the domain that it judged: that of MAIL FROM, or of HELO where the return path is empty.
    ``dkim`` is one (result, d=) a signature; an empty one says that there is no signature. None: not known."""

    domain: str
    spf: tuple[str, str] | None = None
    dkim: tuple[tuple[str, str], ...] | None = None


@dataclass(frozen=True)
class Identifier:
    """One authenticated domain beside the author domain. ``aligned`` is None where that could not be told."""

    mechanism: Mechanism
    result: str
    domain: str
    strict: bool
    organizational_domain: str | None
    aligned: bool | None

    @property
    def facts(self) -> dict[str, Any]:
        return {
            "mechanism": self.mechanism,
            "result": self.result,
            "domain": self.domain,
            "mode": "strict" if self.strict else "relaxed",
            "organizational_domain": self.organizational_domain,
            "aligned": self.aligned,
        }


async def align(author: Author, domain: str, record: Record, organization: Organization) -> tuple[Identifier, ...]:
    """Every identifier of ``author`` beside ``domain``, under the modes that the record asks for."""
    given: list[tuple[Mechanism, str, str]] = []
    if author.spf is not None:
        given.append(("spf", *author.spf))
    given += [("dkim", result, signer) for result, signer in author.dkim or ()]
    own: str | None = None
    looked_up: dict[str, str | None] = {}
    found = {}
    order = sorted(range(len(given)), key=lambda index: _LIKELY_FIRST.get(given[index][1], 2))
    for index in order:
        mechanism, result, name = given[index]
        strict = (record.aspf if mechanism == "spf" else record.adkim) == "s"
        other = domain_of(name)
        theirs: str | None = None
        aligned: bool | None = other == domain
        if other and not aligned and not strict:
            if other not in looked_up and len(looked_up) < _MOST_LOOKED_UP:
                own = own or await organization(domain)
                looked_up[other] = await organization(other)
            theirs = looked_up.get(other)
            aligned = None if own is None or theirs is None else own == theirs
        found[index] = Identifier(mechanism, show(result), show(other or name), strict, theirs, aligned)
    return tuple(found[index] for index in range(len(given)))


def verdict(author: Author, identifiers: Sequence[Identifier]) -> tuple[Result | None, str]:
    """pass, fail or temperror, and why; None where what is not known could still make it pass."""
    if any(one.result == "pass" and one.aligned for one in identifiers):
        return "pass", "aligned"
    if any(one.result == "pass" and one.aligned is None for one in identifiers):
        return "temperror", "organization-unknown"
    waiting = next((one for one in identifiers if one.result == "temperror" and one.aligned is not False), None)
    if waiting is not None:
        return "temperror", f"{waiting.mechanism}-temperror"
    if author.spf is None:
        return None, "spf-not-known"
    if author.dkim is None:
        return None, "dkim-not-known"
    return "fail", "not-aligned" if any(one.result == "pass" for one in identifiers) else "nothing-passed"


def disposition(result: Result | None, found: Discovery) -> str | None:
    """What the domain owner asks receivers to do with this message: none, quarantine or reject."""
    return {"pass": "none", "fail": found.applied}.get(result or "")
