"""Which DMARC policy applies to an author domain? (RFC 9989)

The subject is the domain of the From field. The record is discovered by the DNS tree walk (section 4.10) and judged; no
message is, so the result is never pass or fail. It is ``none`` (no record anywhere), ``permerror`` (a record that makes
receivers apply no DMARC at all), ``temperror`` (could not be asked), or None with ``evaluated`` False.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from probe.catalog import Catalog
from probe.checks.protocols import Asker, Connector, Emitted, emit
from probe.checks.steps import Steps
from probe.checks.taglist import parse_tags
from probe.model import CheckResult, Result
from probe.names import is_hostname
from probe.text import show

ID = "dmarc"
PROVES = ("dmarc-fail", "sender-unauthenticated")

_VERSION = re.compile(r"\s*[vV]\s*=\s*DMARC1\s*(?:;|\Z)")
_LOOKS_LIKE_ONE = re.compile(r"\s*v\s*=\s*dmarc", re.IGNORECASE)
_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[!-+\--~]+")
_FO = re.compile(r"[01ds](?::[01ds])*", re.IGNORECASE)
_POLICIES = ("none", "quarantine", "reject")
# RFC 9989 section 4.7: the tags with a closed set of values, and their defaults. A wrong value is as none at all.
_CLOSED = {
    "adkim": (("r", "s"), "r"),
    "aspf": (("r", "s"), "r"),
    "psd": (("y", "n", "u"), "u"),
    "t": (("y", "n"), "n"),
}
_KNOWN = frozenset({"v", "p", "sp", "np", "rua", "ruf", "fo", *_CLOSED})
# Tags of RFC 7489 that RFC 9989 took away.
_REMOVED = frozenset({"pct", "rf", "ri"})


@dataclass(frozen=True)
class Record:
    """One record, read. ``p``, ``sp`` and ``np`` are None where absent or wrong; ``usable`` is False where receivers
    must not apply it, ``fallback`` True where they must act as if it said ``p=none`` (RFC 9989 section 4.10.1)."""

    text: str
    p: str | None
    sp: str | None
    np: str | None
    adkim: str
    aspf: str
    psd: str
    t: bool
    rua: tuple[str, ...]
    usable: bool
    fallback: bool
    unknown: tuple[str, ...]
    warnings: tuple[str, ...]


@dataclass(frozen=True)
class _Walk:
    """The records met on the way up, nearest first, and what was discarded: (domain, reason)."""

    found: tuple[tuple[str, Record], ...]
    discarded: tuple[tuple[str, str], ...]
    failed: str | None = None


async def run(subject: str, *, ask: Asker, connect: Connector | None = None, facts: Catalog) -> CheckResult:
    """Find and judge the record. Facts: ``evaluated`` (False), ``reason``, and of a record ``found_at``, ``record``,
    ``policy`` (that of this domain), ``applied`` (with ``t=y`` one step milder), ``policy_tag``, ``p``, ``sp``, ``np``,
    ``adkim``, ``aspf``, ``psd``, ``t``, ``rua``, ``unknown_tags``, ``warnings``, ``organizational_domain``."""
    steps, domain = Steps(ask), subject.rstrip(".").lower()
    if not is_hostname(domain):
        return CheckResult(ID, show(domain), "none", {"evaluated": False, "reason": "bad-domain"})
    result, found = await _discover(domain, steps)
    return CheckResult(ID, domain, result, {"evaluated": False, **found}, steps.queries, steps.trace)


def findings(one: CheckResult, facts: Catalog) -> Iterator[Emitted]:
    if one.result in ("none", "permerror"):
        id_ = "dmarc-missing" if one.result == "none" else "dmarc-broken"
        yield emit(id_, one.subject, domain=one.subject, reason=facts.reason(one.facts))


def targets(domain: str) -> list[str]:
    """The domains to ask at, in order: at most eight (RFC 9989 section 4.10 steps 1 to 7)."""
    labels = domain.split(".")
    above = labels[1:] if len(labels) < 8 else labels[-7:]
    return [domain, *(".".join(above[index:]) for index in range(len(above)))]


def is_record(text: str) -> bool:
    """Whether a TXT record is a DMARC record: the version first, its value in capitals (RFC 9989 section 4.7)."""
    return bool(_VERSION.match(text))


def parse(text: str) -> Record:
    """Read a record that ``is_record``; never raises. Unknown tags are ignored, wrong values too (section 4.7)."""
    read = parse_tags(text, fold_case=True)
    tags = read.tags
    rua = _uris(tags.get("rua", ""))
    policies = {name: tags[name].lower() for name in ("p", "sp", "np") if name in tags}
    p, sp, np = (value if (value := policies.get(name)) in _POLICIES else None for name in ("p", "sp", "np"))
    closed = {
        name: value if (value := tags.get(name, default).lower()) in values else default
        for name, (values, default) in _CLOSED.items()
    }
    sound = p is not None and all(value in _POLICIES for value in policies.values())
    wrong = [name for name, value in policies.items() if value not in _POLICIES]
    wrong += [name for name, (values, _) in _CLOSED.items() if name in tags and tags[name].lower() not in values]
    wrong += [name for name in ("rua", "ruf") if name in tags and len(_uris(tags[name])) <= tags[name].count(",")]
    wrong += ["fo"] if "fo" in tags and not _FO.fullmatch("".join(tags["fo"].split())) else []
    warnings = (
        *(f"bad-{name}" for name in wrong),
        *(("missing-p",) if "p" not in tags else ()),
        *(("malformed-tag",) if read.malformed else ()),
        *(("repeated-tag",) if read.repeated else ()),
        *(f"removed-{name}" for name in tags if name in _REMOVED),
        *(("no-rua",) if not rua else ()),
    )
    unknown = tuple(name for name in tags if name not in _KNOWN | _REMOVED)
    fallback = not sound and bool(rua)
    return Record(
        text=text,
        p=p,
        sp=sp,
        np=np,
        adkim=closed["adkim"],
        aspf=closed["aspf"],
        psd=closed["psd"],
        t=closed["t"] == "y",
        rua=rua,
        usable=sound or fallback,
        fallback=fallback,
        unknown=unknown,
        warnings=warnings,
    )


def _uris(value: str) -> tuple[str, ...]:
    # The size limit after "!" of RFC 7489 is gone, and to be overlooked.
    parts = (part.strip().partition("!")[0] for part in value.split(","))
    return tuple(part for part in parts if _URI.fullmatch(part))


async def _discover(domain: str, steps: Steps) -> tuple[Result | None, dict[str, Any]]:
    walk = await _walk(domain, steps)
    discarded: dict[str, Any] = {"discarded": tuple({"domain": at, "reason": why} for at, why in walk.discarded)}
    if walk.failed:
        return "temperror", {"reason": walk.failed, **discarded}
    organizational = organizational_domain(domain, walk.found)
    chosen = _choose(domain, organizational, walk.found)
    if chosen is None:
        broken = next((why for at, why in walk.discarded if at == domain), None)
        return ("permerror" if broken else "none"), {"reason": broken or "no-record", **discarded}
    at, record = chosen
    found = _facts(record) | {"found_at": at, "organizational_domain": organizational, **discarded}
    if at == domain and record.psd == "u":  # the walk ended there, so that the organization was not looked for
        found["organizational_domain"] = None
    if not record.usable:
        reason = next(warning for warning in record.warnings if warning in ("missing-p", "bad-p", "bad-sp", "bad-np"))
        steps.note(f"The record at {at} is unusable ({reason}, and no rua): receivers apply no DMARC.")
        return "permerror", {"reason": reason, **found}
    tag, exists = await _policy_tag(domain, at, record, steps)
    if tag is None:
        return "temperror", {"reason": "existence-unknown", **found}
    # A record that is only half right counts as p=none (RFC 9989 section 4.10.1).
    policy = "none" if record.fallback else str(getattr(record, tag))
    applied = _POLICIES[max(0, _POLICIES.index(policy) - 1)] if record.t else policy
    steps.note(f"The record at {at} applies: {tag}={policy}{', testing' if record.t else ''}.")
    found |= {"policy": policy, "applied": applied, "policy_tag": tag, "domain_exists": exists}
    return None, {"reason": "not-evaluated", **found}


def _facts(record: Record) -> dict[str, Any]:
    return {
        "record": record.text,
        "p": record.p,
        "sp": record.sp,
        "np": record.np,
        "adkim": record.adkim,
        "aspf": record.aspf,
        "psd": record.psd,
        "t": record.t,
        "rua": record.rua,
        "fallback": record.fallback,
        "unknown_tags": record.unknown,
        "warnings": record.warnings,
    }


async def _walk(domain: str, steps: Steps) -> _Walk:
    """Up the tree, one question a name. A record at the domain itself ends it (RFC 9989 section 4.10.1)."""
    found: list[tuple[str, Record]] = []
    discarded: list[tuple[str, str]] = []
    for target in targets(domain):
        answer = await steps.ask(f"_dmarc.{target}", "TXT")
        if not answer.known:  # what lies above cannot be told from what could not be asked
            return _Walk(tuple(found), tuple(discarded), answer.reason or answer.answer)
        texts = [show(value) for value in answer.values]
        records = [text for text in texts if is_record(text)]
        if len(records) > 1:
            discarded.append((target, "multiple-records"))
        elif records:
            found.append((target, parse(records[0])))
            if target == domain or found[-1][1].psd != "u":
                break
        elif any(map(_LOOKS_LIKE_ONE.match, texts)):
            discarded.append((target, "bad-version"))
    return _Walk(tuple(found), tuple(discarded))


def organizational_domain(domain: str, found: tuple[tuple[str, Record], ...]) -> str:
    """The organizational domain, from the records of a walk, nearest first (RFC 9989 section 4.10.2)."""
    for at, record in found:
        if record.psd == "n":
            return at
        if record.psd == "y" and at != domain:
            return ".".join(domain.split(".")[-1 - len(at.split(".")) :])
    return found[-1][0] if found else domain


def _choose(domain: str, organizational: str, found: tuple[tuple[str, Record], ...]) -> tuple[str, Record] | None:
    """The author domain's own record, else its organization's, else its public suffix's (RFC 9989 section 4.10.1)."""
    records = dict(found)
    suffix = next((at for at, record in found if record.psd == "y"), None)
    return next(((at, records[at]) for at in (domain, organizational, suffix) if at in records), None)


async def _policy_tag(domain: str, at: str, record: Record, steps: Steps) -> tuple[str | None, bool | None]:
    """Which of p, sp and np speaks for this domain, None where that hangs on an answer that did not come; and whether
    the domain exists, None where nobody had to ask. It does not exist if DNS says NXDOMAIN (RFC 9989 section
    3.2.13)."""
    if at == domain or record.fallback:
        return "p", None
    subdomain = "sp" if record.sp else "p"
    if not record.np:
        return subdomain, None
    answer = await steps.ask(domain, "A")
    if not answer.known:
        return None, None
    exists = answer.reason != "nxdomain"
    return (subdomain if exists else "np"), exists
