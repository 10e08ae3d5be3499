"""Is a domain signed, and do its signatures hold, as the resolver sees it? (DNSSEC: RFC 4033, 4034, 4035)

The subject is a domain. ``pass``: the answer about its zone is authentic. ``none``: the zone is not signed, or no chain
of trust leads to it. ``fail``: it is bogus, so that validating resolvers, and everybody behind them, see nothing of it.
``temperror``: DNS could not be asked. None: the resolver does not validate, so that nobody can tell.

A failure of validation and any other failure look alike, a SERVFAIL. They are told apart by asking again with checking
disabled (RFC 4035 section 3.2.2), where the asker can do that, and by extended errors (RFC 8914).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from probe.catalog import Catalog
from probe.checks.destination import domain_of
from probe.checks.protocols import Asker, Connector, Emitted, UncheckedAsker, emit
from probe.checks.steps import Steps
from probe.checks.validation import validates
from probe.model import Answer, CheckResult, Result
from probe.text import show

ID = "dnssec"
PROVES = ()

PROBLEMS = (
    *("bogus", "other-ds", "ds-without-keys", "unsigned", "no-ds", "broken-above"),
    *("not-validating", "not-asked", "weak-algorithm", "weak-digest"),
)
"""Everything that can be wrong; each has its words as the finding ``dnssec-`` and the id."""

# RFC 9904 and RFC 9905 retire what rests on SHA-1 or older: the numbers of IANA's registry of DNSSEC algorithms.
_WEAK_ALGORITHMS = frozenset({1, 3, 5, 6, 7, 12})
_DIGESTS = {1: "SHA1", 2: "SHA256", 4: "SHA384"}
_WEAK_DIGESTS = frozenset({1, 3})
# RFC 8914 section 4: what a resolver says of a failed validation.
_OF_VALIDATION = frozenset({6, 7, 8, 9, 10, 11, 12, 25})
_SECURE_ENTRY_POINT = 257
_DNSKEY = re.compile(r"(\d{1,5}) 3 (\d{1,3}) (.+)")
_DS = re.compile(r"(\d{1,5}) (\d{1,3}) (\d{1,3}) (.+)")
_MOST_LABELS = 8


@dataclass(frozen=True)
class _Zone:
    """The zone that holds the domain, as far as one was found; ``answer`` is what was said about its SOA."""

    name: str
    answer: Answer


async def run(subject: str, *, ask: Asker, connect: Connector | None = None, facts: Catalog) -> CheckResult:
    """Ask for the zone's SOA, its DS and its keys, and for MX of the domain. Facts: ``reason``, ``state`` (``secure``,
    ``insecure``, ``bogus``, ``indeterminate``: RFC 4033 section 5), ``zone``, ``validating`` (None where that could not
    be asked), ``ds`` and ``keys`` (texts of the records), ``mx_authenticated`` (None where there is no answer),
    ``extended_errors`` (numbers of RFC 8914), ``problems`` (each ``problem`` and ``detail``), and ``publish``: the DS
    records that the parent lacks."""
    steps, domain = Steps(ask, facts), domain_of(subject)
    if domain is None:
        return CheckResult(
            ID, show(subject), "none", {"reason": "bad-domain", "state": "indeterminate", "problems": ()}
        )
    check = _Check(domain, steps, ask, facts)
    result, reason = await check.run()
    found = {"reason": reason, **check.found, "problems": tuple(check.problems)}
    return CheckResult(ID, domain, result, found, steps.queries, steps.trace)


def findings(one: CheckResult, facts: Catalog) -> Iterator[Emitted]:
    for told in one.facts.get("problems", ()):
        problem = told["problem"]
        yield emit(
            f"dnssec-{problem}",
            one.subject,
            domain=one.subject,
            zone=one.facts.get("zone") or one.subject,
            reason=facts.reason(told),
            detail=told.get("detail") or "",
            publish="; ".join(one.facts.get("publish", ())),
        )


class _Check:
    """The steps of one run, with what they found."""

    def __init__(self, domain: str, steps: Steps, ask: Asker, facts: Catalog) -> None:
        self._domain, self._steps, self._ask, self._facts = domain, steps, ask, facts
        self.problems: list[dict[str, Any]] = []
        self.found: dict[str, Any] = {
            "state": "indeterminate",
            "zone": None,
            "validating": None,
            "ds": (),
            "keys": (),
            "mx_authenticated": None,
            "extended_errors": (),
            "publish": (),
        }

    async def run(self) -> tuple[Result | None, str]:
        zone = await self._zone(self._steps)
        self.found["zone"] = zone.name
        if not zone.answer.known:
            return await self._not_known(zone.answer)
        mx, ds, keys = await self._steps.ask_all([(self._domain, "MX"), (zone.name, "DS"), (zone.name, "DNSKEY")])
        self.found |= {
            "ds": _texts(ds),
            "keys": _texts(keys),
            "mx_authenticated": mx.authenticated if mx.known else None,
        }
        if zone.answer.authenticated:
            self.found |= {"state": "secure", "validating": True}
            self._weaknesses()
            return "pass", "secure"
        validating = True if ds.authenticated else await validates(self._steps)
        self.found["validating"] = validating
        if not validating:
            return self._stop(None, "not-validating" if validating is False else "validation-unknown", "not-validating")
        return self._insecure(ds)

    async def _zone(self, steps: Steps) -> _Zone:
        """Up from the domain to the first name that has a SOA. A failure ends the way: it is what is to be told."""
        labels = self._domain.split(".")
        for place in range(min(len(labels), _MOST_LABELS)):
            name = ".".join(labels[place:])
            answer = await steps.ask(name, "SOA")
            if answer.answer != "absent":
                break
        return _Zone(name, answer)

    async def _not_known(self, answer: Answer) -> tuple[Result | None, str]:
        """RFC 4035 section 3.2.2: with the CD bit a resolver hands out what it does not believe."""
        reason = answer.reason or answer.answer
        self.found["extended_errors"] = answer.extended_errors
        told = bool(_OF_VALIDATION.intersection(answer.extended_errors))
        if reason == "servfail" and isinstance(self._ask, UncheckedAsker):
            unchecked = Steps(self._ask.unchecked(), self._facts)
            zone = await self._zone(unchecked)
            if zone.answer.known:
                ds, keys = await unchecked.ask_all([(zone.name, "DS"), (zone.name, "DNSKEY")])
                self.found |= {"zone": zone.name, "ds": _texts(ds), "keys": _texts(keys)}
                told = True
            self._steps.take(unchecked, "unchecked")
            if zone.answer.known and ds.answer == "found" and keys.known:
                return self._bogus(self._why_bogus())
        return self._bogus("bogus") if told else self._stop("temperror", reason, "not-asked")

    def _bogus(self, why: str) -> tuple[Result | None, str]:
        self.found |= {"state": "bogus", "validating": True}
        return self._stop("fail", why, why)

    def _why_bogus(self) -> str:
        """RFC 4035 section 5.2: a DS record must lead to a key of the zone; what is wrong beyond that is not told."""
        zone, keys = self.found["zone"], self.found["keys"]
        if not keys:
            return "ds-without-keys"
        if any(leads_to_key(zone, ds, keys) for ds in self.found["ds"]):
            return "bogus"
        self.found["publish"] = ds_records(zone, keys)
        return "other-ds"

    def _insecure(self, ds: Answer) -> tuple[Result | None, str]:
        self.found["state"] = "insecure"
        if ds.answer == "found":
            return self._stop("none", "broken-above", "broken-above")
        if not ds.known:
            return self._stop("temperror", ds.reason or ds.answer, "not-asked")
        if self.found["keys"]:
            self.found["publish"] = ds_records(self.found["zone"], self.found["keys"])
            return self._stop("none", "no-ds", "no-ds")
        return self._stop("none", "unsigned", "unsigned")

    def _weaknesses(self) -> None:
        algorithms = {int(match[2]) for key in self.found["keys"] if (match := _DNSKEY.fullmatch(key))}
        digests = {int(match[3]) for ds in self.found["ds"] if (match := _DS.fullmatch(ds))}
        if algorithms and algorithms <= _WEAK_ALGORITHMS:
            self._problem("weak-algorithm", detail=", ".join(map(str, sorted(algorithms))))
        if digests and digests <= _WEAK_DIGESTS:
            self.found["publish"] = ds_records(self.found["zone"], self.found["keys"])
            self._problem("weak-digest", detail=", ".join(map(str, sorted(digests))))

    def _stop(self, result: Result | None, reason: str, problem: str, **more: Any) -> tuple[Result | None, str]:
        self._problem(problem, reason=reason, **more)
        return result, reason

    def _problem(self, problem: str, **more: Any) -> None:
        self.problems.append({"problem": problem, **more})


def _texts(answer: Answer) -> tuple[str, ...]:
    return tuple(map(show, answer.values))


def leads_to_key(zone: str, ds: str, keys: tuple[str, ...]) -> bool:
    """Whether a DS record is that of one of the keys (RFC 4034 section 5.1.4). One whose digest nobody here knows may
    be."""
    import dns.dnssec
    import dns.exception
    import dns.rdata

    match = _DS.fullmatch(ds)
    if match is None:
        return False
    digest = _DIGESTS.get(int(match[3]))
    if digest is None:
        return True
    for text in keys:
        try:
            record, key = dns.rdata.from_text("IN", "DS", ds), dns.rdata.from_text("IN", "DNSKEY", text)
            if record == dns.dnssec.make_ds(f"{zone}.", key, digest, validating=True):
                return True
        except (dns.exception.DNSException, ValueError):
            continue
    return False


def ds_records(zone: str, keys: tuple[str, ...]) -> tuple[str, ...]:
    """The DS records for a zone's keys that are marked as secure entry points (RFC 4034 section 5.1.4), with SHA-256:
    what the registrar wants. Keys that cannot be read have none."""
    import dns.dnssec
    import dns.exception
    import dns.rdata

    lines = []
    for text in keys:
        if text.startswith(f"{_SECURE_ENTRY_POINT} "):
            try:
                key = dns.rdata.from_text("IN", "DNSKEY", text)
                ds = dns.dnssec.make_ds(f"{zone}.", key, "SHA256")
            except (dns.exception.DNSException, ValueError):
                continue
            lines.append(f"{zone}. IN DS {ds.to_text()}")
    return tuple(lines)
