"""Who may issue certificates for a mail host? (Certification Authority Authorization, RFC 8659)

The subject is a host name: that of an MX, or ``mta-sts.`` of a domain. The records that count are the nearest ones up
the tree (section 3). The result is ``pass`` (somebody may issue), ``fail`` (nobody may: the certificate cannot be
renewed), ``none`` (no record: everybody may), ``permerror`` (a record that every issuer must refuse over), or
``temperror``, over which an issuer refuses too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from probe.catalog import Catalog
from probe.checks.destination import domain_of
from probe.checks.protocols import Asker, Connector, Emitted, emit
from probe.checks.steps import Steps
from probe.model import CheckResult, Result
from probe.names import is_hostname
from probe.text import show

ID = "caa"
PROVES = ()

_RECORD = re.compile(r'([0-9]{1,3}) ([A-Za-z0-9]+) "(.*)"', re.DOTALL)
_CRITICAL = 128
# RFC 8659 section 4, RFC 9495 (issuemail), and the properties of mark certificates, which BIMI uses.
_KNOWN = frozenset({"issue", "issuewild", "iodef", "contactemail", "contactphone", "issuemail", "issuevmc"})
_DEEPEST = 20  # labels; the name of a host has four or five


@dataclass(frozen=True)
class Property:
    """One CAA record: ``flags``, ``tag`` in small letters, ``value`` without its quotes."""

    flags: int
    tag: str
    value: str

    @property
    def critical(self) -> bool:
        return bool(self.flags & _CRITICAL)

    @property
    def issuer(self) -> str | None:
        """The issuer that an ``issue`` property names (section 4.2): empty for nobody, None where it is malformed."""
        name = self.value.partition(";")[0].strip().lower()
        return name if not name or is_hostname(name) else None


async def run(subject: str, *, ask: Asker, connect: Connector | None = None, facts: Catalog) -> CheckResult:
    """Climb to the nearest records and judge them. Facts: ``reason``, ``found_at``, ``records``, ``issuers`` (of plain
    certificates; None where everybody may issue), ``wildcard_issuers``, ``iodef``, ``critical`` (unknown tags that stop
    every issuer), ``warnings`` (``bad-iodef``, ``unknown-property``, ``bad-record``) and ``strange`` (the records that
    they are about)."""
    steps, host = Steps(ask, facts), domain_of(subject)

    def result(word: Result, reason: str, **found: Any) -> CheckResult:
        return CheckResult(ID, host or show(subject), word, {"reason": reason, **found}, steps.queries, steps.trace)

    if host is None:
        return result("none", "bad-domain")
    if host.count(".") >= _DEEPEST:
        return result("temperror", "too-deep")
    labels = host.split(".")
    for index in range(len(labels)):
        at = ".".join(labels[index:])
        answer = await steps.ask(at, "CAA")
        if not answer.known:
            return result("temperror", answer.reason or answer.answer)
        if answer.values:
            break
    else:
        return result("none", "no-record")
    texts = [show(value) for value in answer.values]
    read = [parse(text) for text in texts]
    properties = [one for one in read if one]
    issue, wild = _issuers(properties, "issue"), _issuers(properties, "issuewild")
    critical = tuple(one.tag for one in properties if one.critical and one.tag not in _KNOWN)
    strange = tuple(text for text, one in zip(texts, read, strict=True) if _warning(one))
    found = {
        "found_at": at,
        "records": tuple(texts),
        "issuers": issue,
        "wildcard_issuers": issue if wild is None else wild,
        "iodef": tuple(one.value for one in properties if one.tag == "iodef"),
        "critical": critical,
        "warnings": tuple(dict.fromkeys(filter(None, map(_warning, read)))),
        "strange": strange,
    }
    if critical:
        steps.note("caa-critical", found_at=at, tags=", ".join(critical))
        return result("permerror", "unknown-critical", **found)
    if issue is None:
        steps.note("caa-unrestricted", found_at=at)
        return result("pass", "unrestricted", **found)
    if not issue:
        steps.note("caa-nobody", found_at=at)
        return result("fail", "nobody-may-issue", **found)
    steps.note("caa-issuers", found_at=at, issuers=", ".join(issue))
    return result("pass", "restricted", **found)


def findings(one: CheckResult, facts: Catalog) -> Iterator[Emitted]:
    host, at = one.subject, one.facts.get("found_at", one.subject)
    if one.result == "none" and one.facts["reason"] == "no-record":
        yield emit("caa-missing", host, host=host)
    if one.result == "fail":
        yield emit("caa-forbids", host, host=host, place=at)
    if one.result == "permerror":
        yield emit("caa-critical", host, host=host, place=at, tags=", ".join(one.facts["critical"]))
    if one.facts.get("warnings"):
        reason = "; ".join(facts.reason({"reason": f"caa-{id_}"}) for id_ in one.facts["warnings"])
        yield emit("caa-strange", at, place=at, reason=reason, records=", ".join(one.facts["strange"]))


def parse(text: str) -> Property | None:
    """One record in presentation form, None where it has not the form of one."""
    match = _RECORD.fullmatch(text)
    return Property(int(match[1]), match[2].lower(), match[3]) if match else None


def _issuers(properties: Sequence[Property], tag: str) -> tuple[str, ...] | None:
    """Who may issue by the properties of ``tag``; a malformed one names nobody (section 4.2). None: there is none."""
    found = [one for one in properties if one.tag == tag]
    return tuple(dict.fromkeys(one.issuer for one in found if one.issuer)) if found else None


def _warning(one: Property | None) -> str | None:
    if one is None or (one.tag in ("issue", "issuewild") and one.issuer is None):
        return "bad-record"
    if one.tag == "iodef" and not one.value.lower().startswith(("mailto:", "http://", "https://")):
        return "bad-iodef"
    return "unknown-property" if one.tag not in _KNOWN and not one.critical else None
