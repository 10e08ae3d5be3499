"""Does a domain publish an SPF record, and is it well formed? (RFC 7208 sections 3 to 6)

The subject is a domain. The record is found and judged, not evaluated: no other name is looked up, so the result is
never pass or fail. It is ``none`` (no record), ``permerror`` (several records, or one that every ``check_host()`` must
refuse), ``temperror`` (could not be asked), or None: a record that is well formed, with ``evaluated`` False.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from probe.catalog import Catalog
from probe.checks.protocols import Asker, Connector, Emitted, emit
from probe.checks.steps import Steps
from probe.model import CheckResult, Result
from probe.names import is_hostname
from probe.text import show

ID = "spf"
PROVES = ("spf-fail", "sender-unauthenticated")

# RFC 7208 section 4.6.4: the terms that cost a look-up, and how many there may be.
_LOOKUPS = frozenset({"include", "a", "mx", "ptr", "exists", "redirect"})
_LOOKUP_LIMIT = 10
# RFC 7208 section 3.4: a longer record may not fit into one UDP answer.
_ADVISED_LENGTH = 450

_TERM = re.compile(r"([-+~?]?)([A-Za-z][A-Za-z0-9._-]*)(.*)", re.DOTALL)
# RFC 7208 section 7.1. The letters c, r and t belong into explanations only (section 7.2).
_TRANSFORMERS = r"(?:0*[1-9][0-9]*)?[rR]?[-.+,/_=]*"
_DOMAIN_TOKEN = re.compile(rf"%[%_-]|%\{{[slodiphvSLODIPHV]{_TRANSFORMERS}\}}|[!-$&-~]+")
_ANY_TOKEN = re.compile(rf"%[%_-]|%\{{[slodiphcrtvSLODIPHCRTV]{_TRANSFORMERS}\}}|[!-$&-~]+")
_TOPLABEL = re.compile(r"(?![0-9]+\Z)[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?")
_DUAL_CIDR = re.compile(r"(?:/([0-9]+))?(?://([0-9]+))?\Z")
_PREFIX_LENGTH = re.compile(r"0|[1-9][0-9]{0,2}")


@dataclass(frozen=True)
class Term:
    """One directive or modifier. ``qualifier`` is None for a modifier; ``problem`` is the id of what is wrong with
    it."""

    text: str
    name: str
    qualifier: str | None
    value: str
    problem: str | None = None


@dataclass(frozen=True)
class Record:
    """One record, read. ``errors`` holds (problem, term) for all that makes it a permerror, ``warnings`` ids of what is
    allowed but unwise. ``lookups_here`` counts this record's own terms, not those of included ones."""

    text: str
    terms: tuple[Term, ...]
    errors: tuple[tuple[str, str], ...]
    warnings: tuple[str, ...]
    lookups_here: int
    all_qualifier: str | None
    redirect: str | None


async def run(subject: str, *, ask: Asker, connect: Connector | None = None, facts: Catalog) -> CheckResult:
    """Find and judge the record. Facts: ``evaluated`` (False), ``reason``, and of a record ``record``, ``terms``,
    ``lookups_here``, ``all_qualifier``, ``redirect``, ``length``, ``errors``, ``warnings``, ``term`` (the broken
    one)."""
    steps, domain = Steps(ask), subject.rstrip(".").lower()

    def result(word: Result | None, **found: Any) -> CheckResult:
        return CheckResult(ID, show(domain), word, {"evaluated": False, **found}, steps.queries, steps.trace)

    if not is_hostname(domain) or "." not in domain:  # RFC 7208 section 4.3
        return result("none", reason="bad-domain")
    answer = await steps.ask(domain, "TXT")
    if not answer.known:  # RFC 7208 section 4.4
        return result("temperror", reason=answer.reason or answer.answer)
    records = [text for text in map(show, answer.values) if is_record(text)]
    if not records:  # RFC 7208 section 4.5
        return result("none", reason="no-record" if answer.values else answer.reason or "no-record")
    if len(records) > 1:
        return result("permerror", reason="multiple-records", records=tuple(records))
    record = parse(records[0])
    found = {
        "record": record.text,
        "terms": tuple(term.text for term in record.terms),
        "lookups_here": record.lookups_here,
        "all_qualifier": record.all_qualifier,
        "redirect": record.redirect,
        "length": len(record.text),
        "errors": tuple({"reason": reason, "term": term} for reason, term in record.errors),
        "warnings": record.warnings,
    }
    if record.errors:
        reason, term = record.errors[0]
        steps.note(f"The record is broken ({reason}): {term or record.text}")
        return result("permerror", reason=reason, term=term or None, **found)
    steps.note(f"The record is well formed; {record.lookups_here} of its own terms need a look-up.")
    return result(None, reason="not-evaluated", **found)


def findings(one: CheckResult, facts: Catalog) -> Iterator[Emitted]:
    if one.result in ("none", "permerror"):
        id_ = "spf-missing" if one.result == "none" else "spf-broken"
        yield emit(id_, one.subject, domain=one.subject, reason=facts.reason(one.facts))


def is_record(text: str) -> bool:
    """Whether a TXT record is an SPF record: the version, then a space or the end (RFC 7208 section 4.5)."""
    return text.lower() == "v=spf1" or text.lower().startswith("v=spf1 ")


def parse(text: str) -> Record:
    """Read a record that ``is_record``; never raises. All of it must be well formed, even what is never reached
    (RFC 7208 section 4.6)."""
    terms = tuple(parse_term(part) for part in text[6:].split(" ") if part)
    errors = [(term.problem, term.text) for term in terms if term.problem]
    if not text.isascii():
        errors.insert(0, ("not-ascii", ""))
    for name in ("redirect", "exp"):  # RFC 7208 section 6: each at most once
        again = [term.text for term in terms if term.qualifier is None and term.name == name][1:]
        errors += [("duplicate-modifier", term) for term in again]
    mechanisms = [term for term in terms if term.qualifier is not None]
    end = next((index for index, term in enumerate(mechanisms) if term.name == "all"), None)
    qualifier = None if end is None else mechanisms[end].qualifier
    redirect = next((term.value for term in terms if term.qualifier is None and term.name == "redirect"), None)
    # RFC 7208 sections 5.1 and 6.1: what stands after "all" is never tested, and with it a redirect is ignored.
    reached = mechanisms if end is None else mechanisms[: end + 1]
    lookups = sum(term.name in _LOOKUPS for term in reached) + (redirect is not None and end is None)
    if lookups > _LOOKUP_LIMIT:  # whom no earlier term matches runs into the limit
        errors.append(("too-many-lookups", ""))
    warnings = {
        "plus-all": qualifier == "+",
        "no-all": end is None and redirect is None,
        "ptr-deprecated": any(term.name == "ptr" for term in mechanisms),  # RFC 7208 section 5.5
        "redirect-ignored": redirect is not None and end is not None,
        "terms-after-all": end is not None and len(mechanisms) > end + 1,
        "unknown-modifier": any(t.qualifier is None and t.name not in ("redirect", "exp") for t in terms),
        "long-record": len(text) > _ADVISED_LENGTH,
    }
    wanting = tuple(id_ for id_, present in warnings.items() if present)
    return Record(text, terms, tuple(errors), wanting, lookups, qualifier, redirect)


def parse_term(text: str) -> Term:
    """One term (RFC 7208 section 4.6.1). What cannot be read at all is a directive without a name."""
    match = _TERM.fullmatch(text)
    if not match:
        return Term(text, "", "+", text, "bad-term")
    sign, name, rest = match[1], match[2].lower(), match[3]
    if rest.startswith("="):
        problem = "qualifier-on-modifier" if sign else _modifier_problem(name, rest[1:])
        return Term(text, name, None, rest[1:], problem)
    return Term(text, name, sign or "+", rest.removeprefix(":"), _mechanism_problem(name, rest))


def _modifier_problem(name: str, value: str) -> str | None:
    if name in ("redirect", "exp"):
        return _domain_problem(value)
    return None if _tokens(_ANY_TOKEN, value) is not None else "bad-macro"


def _mechanism_problem(name: str, rest: str) -> str | None:
    if name == "all":
        return "unwanted-argument" if rest else None
    if name in ("ip4", "ip6"):
        return _network_problem(int(name[2]), rest.removeprefix(":")) if rest.startswith(":") else "missing-argument"
    if name in ("include", "exists"):
        return _domain_problem(rest[1:]) if rest.startswith(":") else "missing-argument"
    if name in ("a", "mx", "ptr"):
        return _host_problem(rest, with_cidr=name != "ptr")
    return "unknown-mechanism"


def _host_problem(rest: str, *, with_cidr: bool) -> str | None:
    """``[":" domain-spec] [dual-cidr-length]`` (RFC 7208 sections 5.3 to 5.6)."""
    cidr = _DUAL_CIDR.search(rest) if with_cidr else None
    if cidr and not all(_is_length(digits, most) for digits, most in ((cidr[1], 32), (cidr[2], 128)) if digits):
        return "bad-prefix-length"
    spec = rest[: cidr.start()] if cidr else rest
    if not spec:
        return None
    return _domain_problem(spec[1:]) if spec.startswith(":") else "unwanted-argument"


def _network_problem(version: int, value: str) -> str | None:
    address, slash, length = value.partition("/")
    if slash and not _is_length(length, 32 if version == 4 else 128):
        return "bad-prefix-length"
    try:
        right = ipaddress.ip_address(address).version == version and "%" not in address
    except ValueError:
        right = False
    return None if right else "bad-address"


def _is_length(digits: str, most: int) -> bool:
    return bool(_PREFIX_LENGTH.fullmatch(digits)) and int(digits) <= most


def _domain_problem(value: str) -> str | None:
    """``domain-spec``: it ends in a macro, or in a dot and a label that may stand at the top (RFC 7208 section 7.1)."""
    if not value:
        return "missing-argument"
    tokens = _tokens(_DOMAIN_TOKEN, value)
    if tokens is None:
        return "bad-macro"
    if tokens[-1].startswith("%"):
        return None
    _, dot, label = tokens[-1].removesuffix(".").rpartition(".")
    return None if dot and _TOPLABEL.fullmatch(label) else "bad-domain"


def _tokens(token: re.Pattern[str], value: str) -> list[str] | None:
    """The macros and the literal stretches of a macro string, or None where something is neither."""
    found = list(_scan(token, value))
    return found if sum(map(len, found)) == len(value) else None


def _scan(token: re.Pattern[str], value: str) -> Iterator[str]:
    position = 0
    while match := token.match(value, position):
        yield match[0]
        position = match.end()
