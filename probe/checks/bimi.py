"""May a domain's logo be shown beside its mail? (Brand Indicators for Message Identification, an Internet-Draft)

The subject is a domain, or a ``Logo``: a domain with a selector. The assertion record is found – at the domain, else at
its organizational domain – and judged, and with it the DMARC policy that it needs. Logo and certificate are not
fetched. The result is ``pass`` (record and policy would do), ``fail`` (the policy does not), ``none`` (no record, or
one that declines), ``permerror`` or ``temperror``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from probe.catalog import Catalog
from probe.checks.destination import domain_of
from probe.checks.dmarc.discovery import Discovery, Places, by_tree_walk
from probe.checks.dmarc.publication import Publication, first_record, mended_record, next_records
from probe.checks.dmarc.record import Record, parse, separated
from probe.checks.protocols import Asker, Connector, Emitted, emit
from probe.checks.steps import Steps
from probe.checks.taglist import parse_tags
from probe.model import CheckResult, Result
from probe.names import is_hostname
from probe.text import show

ID = "bimi"
PROVES = ()

_VERSION = re.compile(r"\s*[vV]\s*=\s*BIMI1\s*(?:;|\Z)")
_MEANS_ONE = re.compile(r"(?i)\bbimi1?\b")
_HTTPS = re.compile(r"https://[^/?#@:\s]+(?::[0-9]{1,5})?/[!-+\--~]+")
_KNOWN = ("v", "l", "a", "avp", "lps")


@dataclass(frozen=True)
class Logo:
    """The logo of a domain: ``selector`` is ``default``, or what a message's BIMI-Selector field says."""

    domain: str
    selector: str = "default"


async def run(subject: str | Logo, *, ask: Asker, connect: Connector | None = None, facts: Catalog) -> CheckResult:
    """Find and judge the record and its DMARC policy. Facts: ``domain``, ``selector``, ``reason``, ``fetched`` (False);
    of a record ``found_at``, ``record``, ``logo``, ``certificate``, ``avatar`` (the ``avp`` tag), ``declined``,
    ``alias``, ``unknown_tags``, ``warnings``; ``dmarc`` (``policy``, ``found_at``, ``reason``; None where it would do)
    and ``publish`` (``name``, ``record``: the DMARC record that would)."""
    logo = subject if isinstance(subject, Logo) else Logo(subject)
    steps, domain = Steps(ask, facts), domain_of(logo.domain)
    selector = logo.selector.lower()
    about: dict[str, Any] = {"domain": domain or show(logo.domain), "selector": show(selector), "fetched": False}

    def result(word: Result, reason: str, **found: Any) -> CheckResult:
        name = f"{about['selector']}._bimi.{about['domain']}"
        return CheckResult(ID, name, word, {**about, "reason": reason, **found}, steps.queries, steps.trace)

    if domain is None or not is_hostname(f"{selector}._bimi.{domain}"):
        return result("none", "bad-domain")
    places = Places(steps)
    policy, _ = await by_tree_walk(domain, places, steps)
    for at in dict.fromkeys((domain, policy.organizational_domain or domain)):
        answer = await steps.ask(f"{selector}._bimi.{at}", "TXT")
        if not answer.known:
            return result("temperror", answer.reason or answer.answer)
        texts = [show(value) for value in answer.values]
        records = [text for text in texts if _VERSION.match(text)]
        if len(records) == 1:
            break
        if records or any(map(_MEANS_ONE.search, texts)):
            return result("permerror", "multiple-records" if records else "bad-version", found_at=at)
    else:
        return result("none", "no-record")
    found = {"found_at": at, "alias": answer.canonical_name and show(answer.canonical_name), **_read(records[0])}
    if found["declined"]:
        return result("none", "declined", **found)
    if found["flaw"]:
        return result("permerror", found["flaw"], **found)
    if policy.result == "temperror":
        return result("temperror", policy.reason, **found)
    organization = policy.organizational_domain
    above = (await places.at(organization)).record if organization else None
    wanting = _wanting(policy, above)
    found["dmarc"] = {"policy": policy.policy, "found_at": policy.found_at, "reason": wanting}
    if wanting:
        needed = _policy_to_publish(organization or domain, above or policy.record)
        found["publish"] = {"name": needed.name, "record": needed.text}
        steps.note("bimi-no-logo", reason=steps.reason(wanting))
        return result("fail", wanting, **found)
    steps.note("bimi-logo", found_at=at, logo=found["logo"])
    return result("pass", "not-fetched", **found)


def findings(one: CheckResult, facts: Catalog) -> Iterator[Emitted]:
    domain, found = one.facts.get("domain", one.subject), one.facts
    if one.result == "permerror":
        yield emit("bimi-broken", one.subject, name=one.subject, reason=facts.reason(found))
    if one.result == "fail":
        publish = found["publish"]
        reason = facts.reason(found)
        yield emit(
            "bimi-without-dmarc",
            one.subject,
            domain=domain,
            reason=reason,
            name=publish["name"],
            record=publish["record"],
        )
    for id_ in found.get("warnings", ()):
        yield emit("bimi-hint", one.subject, name=one.subject, what=facts.reason({"reason": f"bimi-{id_}"}))


def _read(text: str) -> dict[str, Any]:
    """One assertion record: an empty ``l`` and ``a`` decline."""
    tags = dict(parse_tags(text, fold_case=True).tags)
    logo, certificate = tags.get("l", ""), tags.get("a", "")
    avatar = tags.get("avp", "brand").lower()
    declined = not logo and not certificate
    bad_logo = bool(logo) and not _HTTPS.fullmatch(logo)
    bad_certificate = bool(certificate) and not _HTTPS.fullmatch(certificate)
    warnings = {
        "no-certificate": bool(logo) and not certificate,
        "not-svg": bool(logo) and not bad_logo and not logo.partition("?")[0].lower().endswith((".svg", ".svgz")),
        "not-pem": bool(certificate) and not certificate.partition("?")[0].lower().endswith(".pem"),
        "bad-avp": avatar not in ("brand", "personal"),
        "unknown-tag": any(name not in _KNOWN for name in tags),
    }
    flaw = "missing-l" if not logo else "bad-l" if bad_logo else "bad-a" if bad_certificate else None
    return {
        "record": text,
        "logo": logo,
        "certificate": certificate,
        "avatar": avatar,
        "declined": declined,
        "flaw": None if declined else flaw,
        "unknown_tags": tuple(name for name in tags if name not in _KNOWN),
        "warnings": () if declined else tuple(id_ for id_, present in warnings.items() if present),
    }


def _wanting(policy: Discovery, above: Record | None) -> str | None:
    """Why the DMARC policy does not do, None where it does: quarantine or reject, for all mail, at the domain and at
    its organizational domain, whose subdomains must not be let off."""
    record = policy.record
    if record is None or policy.policy is None:
        return "dmarc-missing" if policy.result == "none" else "dmarc-broken"
    if policy.policy == "none" or (above is not None and above.p == "none"):
        return "dmarc-none"
    if record.t:
        return "dmarc-testing"
    if record.pct < 100:
        return "dmarc-pct"
    return "dmarc-sp-none" if above is not None and above.sp == "none" else None


def _policy_to_publish(at: str, record: Record | None) -> Publication:
    """The DMARC record that would do: the present one, enforced for all mail."""
    present = separated(record or parse(first_record(at).text))
    tags = {name: value for name, value in present.tags.items() if name not in ("t", "pct")}
    if tags.get("sp", "").lower() == "none":
        tags["sp"] = "quarantine"
    enforced = parse("; ".join(f"{name}={value}" for name, value in tags.items()))
    return mended_record(at, enforced) if present.p in ("quarantine", "reject") else next_records(at, enforced)[0]
