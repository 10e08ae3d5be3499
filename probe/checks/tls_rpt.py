"""Does a domain ask for reports on TLS? (SMTP TLS Reporting, RFC 8460 section 3)

The subject is a domain that takes mail. The record at ``_smtp._tls`` is found and judged, and its mail addresses are
asked for a way to take mail; nothing is sent. The result is ``pass`` (one record, with at least one address that
senders can use), ``none`` (no record), ``permerror`` (several, or one that senders must overlook) or ``temperror``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from probe.catalog import Catalog
from probe.checks.destination import Destination, deliverable, domain_of, elements, read
from probe.checks.protocols import Asker, Connector, Emitted, emit
from probe.checks.steps import Steps
from probe.checks.taglist import parse_tags
from probe.model import CheckResult, Result
from probe.text import show

ID = "tls_rpt"
PROVES = ()

# RFC 8460 section 3: the version is case-sensitive, and what does not begin with it is discarded.
_VERSION = re.compile(r"v=TLSRPTv1[ \t]*(?:;|\Z)")
_MEANS_ONE = re.compile(r"(?i)v\s*=\s*t\w*rpt|\brua\s*=|tlsrpt")
_SCHEMES = ("mailto", "https")
_MOST_ASKED = 10
# The mailbox to propose where a record names none.
_MAILBOX = "tls-reports"


async def run(subject: str, *, ask: Asker, connect: Connector | None = None, facts: Catalog) -> CheckResult:
    """Find and judge the record. Facts: ``reason``, ``alias`` (a CNAME's target), and of a record ``record``, ``rua``
    (the usable addresses), ``destinations`` (one entry an address: ``uri``, ``scheme``, ``domain``, ``problem``,
    ``deliverable``), ``extensions`` (other tags), and ``publish`` (``name``, ``record``, ``changed``)."""
    steps, domain = Steps(ask, facts), domain_of(subject)

    def result(word: Result, reason: str, **found: Any) -> CheckResult:
        return CheckResult(ID, domain or show(subject), word, {"reason": reason, **found}, steps.queries, steps.trace)

    if domain is None:
        return result("none", "bad-domain")
    answer = await steps.ask(f"_smtp._tls.{domain}", "TXT")
    about: dict[str, Any] = {"alias": answer.canonical_name and show(answer.canonical_name)}
    if not answer.known:
        return result("temperror", answer.reason or answer.answer, **about)
    texts = [show(value) for value in answer.values]
    records = [text for text in texts if _VERSION.match(text)]
    if len(records) != 1:  # several: senders must act as if there were none
        meant = any(map(_MEANS_ONE.search, texts))
        reason = "multiple-records" if records else "bad-version" if meant else "no-record"
        about["publish"] = _publish(domain, (), {})
        return result("permerror" if records or meant else "none", reason, **about)
    tags = dict(parse_tags(records[0]).tags)
    addresses = tuple(read("rua", part, _SCHEMES) for part in elements(tags["rua"])) if "rua" in tags else ()
    asked = list(dict.fromkeys(one.domain for one in addresses if one.mailbox and one.domain))[:_MOST_ASKED]
    reachable, _ = await deliverable(asked, steps)
    usable = tuple(one for one in addresses if _is_usable(one))
    extensions = {name: value for name, value in tags.items() if name not in ("v", "rua")}
    about |= {
        "record": records[0],
        "rua": tuple(one.uri for one in usable),
        "destinations": tuple(_entry(one, reachable) for one in addresses),
        "extensions": extensions,
        "publish": _publish(domain, usable, extensions),
    }
    about["publish"]["changed"] = len(usable) != len(addresses) or not usable
    if not usable:
        steps.note("tls-rpt-unusable")
        return result("permerror", "missing-rua" if "rua" not in tags else "no-usable-rua", **about)
    steps.note("tls-rpt-wanted", rua=", ".join(one.uri for one in usable))
    return result("pass", "reports-wanted", **about)


def findings(one: CheckResult, facts: Catalog) -> Iterator[Emitted]:
    domain, publish = one.subject, one.facts.get("publish", {})
    name, record = publish.get("name", f"_smtp._tls.{domain}"), publish.get("record", "")
    if one.result == "none" and record:
        yield emit("tls-rpt-missing", domain, domain=domain, name=name, record=record)
    if one.result == "permerror":
        reason = facts.reason(one.facts)
        yield emit("tls-rpt-broken", domain, domain=domain, reason=reason, name=name, record=record)
    for entry in one.facts.get("destinations", ()):
        fault = entry["problem"] or ("undeliverable" if entry["deliverable"] is False else None)
        if fault:
            yield emit("tls-rpt-lost", domain, uri=entry["uri"], reason=facts.reason({"reason": f"report-{fault}"}))


def _is_usable(one: Destination) -> bool:
    # RFC 8460 section 3: "!" has to be encoded, and the size limit of DMARC is unknown here.
    return one.problem is None and one.limit is None and one.uri.isascii() and one.uri.isprintable()


def _entry(one: Destination, reachable: dict[str, bool | None]) -> dict[str, Any]:
    problem = one.problem or (None if _is_usable(one) else "bad-uri")
    return {
        "uri": show(one.uri),
        "scheme": one.scheme,
        "domain": one.domain,
        "problem": problem,
        "deliverable": reachable.get(one.domain or ""),
    }


def _publish(domain: str, usable: tuple[Destination, ...], extensions: dict[str, str]) -> dict[str, Any]:
    """The whole record, the sound addresses of the present one kept."""
    rua = ",".join(one.uri for one in usable) or f"mailto:{_MAILBOX}@{domain}"
    kept = [f"{name}={value}" for name, value in extensions.items() if re.fullmatch(r"[!#-:<-\[\]-~]+", value)]
    return {"name": f"_smtp._tls.{domain}", "record": "; ".join(("v=TLSRPTv1", f"rua={rua}", *kept)), "changed": True}
