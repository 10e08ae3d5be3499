"""One SPF record, read by its grammar (RFC 7208 sections 4.6.1, 5, 6 and 12). No look-up, no opinion.

All of a record must be well formed, even what is never reached (section 4.6). What is not is kept as (problem, term),
the problem as an id that ``data/words.toml`` has words for.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache

from probe.checks.spf.macros import EXPLANATION_LETTERS, Macro, tokens, uses
from probe.model import Result

# RFC 7208 section 4.6.4: the terms that cost a look-up.
LOOKUP_TERMS = frozenset({"include", "a", "mx", "ptr", "exists", "redirect"})
RESULTS: Mapping[str, Result] = {"+": "pass", "-": "fail", "~": "softfail", "?": "neutral"}

# Octets of the longest record that is kept read; what is longer is nobody's but an attacker's.
_REMEMBERED = 2048

_TERM = re.compile(r"([-+~?]?)([A-Za-z][A-Za-z0-9._-]*)(.*)", re.DOTALL)
_TOPLABEL = re.compile(r"(?![0-9]+\Z)[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?")
_DUAL_CIDR = re.compile(r"(?:/([0-9]+))?(?://([0-9]+))?\Z")
_PREFIX_LENGTH = re.compile(r"0|[1-9][0-9]{0,2}")


@dataclass(frozen=True)
class Network:
    """What ``ip4`` and ``ip6`` name: the address as a number, and how many of its bits count."""

    version: int
    address: int
    prefix: int


@dataclass(frozen=True)
class Term:
    """One directive or modifier. ``qualifier`` is None for a modifier. ``value`` is all behind the name; ``spec`` the
    domain-spec in it, empty for the domain itself; ``prefix4`` and ``prefix6`` how many bits of an address count.
    ``problem`` is the id of what is wrong with it."""

    text: str
    name: str
    qualifier: str | None
    value: str
    problem: str | None = None
    spec: str = ""
    prefix4: int = 32
    prefix6: int = 128
    network: Network | None = None


@dataclass(frozen=True)
class Record:
    """One record. ``errors`` holds (problem, term) for all that makes it a permerror; only where there are none do the
    rest tell what receivers see in it."""

    text: str
    terms: tuple[Term, ...]
    errors: tuple[tuple[str, str], ...]

    @cached_property
    def mechanisms(self) -> tuple[Term, ...]:
        """The directives, in the order in which they are tried."""
        return tuple(term for term in self.terms if term.qualifier is not None)

    @cached_property
    def reached(self) -> tuple[Term, ...]:
        """The directives up to ``all``: what stands after it is never tried (RFC 7208 section 5.1)."""
        end = next((index for index, term in enumerate(self.mechanisms) if term.name == "all"), None)
        return self.mechanisms if end is None else self.mechanisms[: end + 1]

    @cached_property
    def all(self) -> Term | None:
        """The ``all`` that ends it."""
        return self.reached[-1] if self.reached and self.reached[-1].name == "all" else None

    @cached_property
    def redirect(self) -> Term | None:
        return self._modifier("redirect")

    @cached_property
    def exp(self) -> Term | None:
        return self._modifier("exp")

    @cached_property
    def lookups(self) -> int:
        """How many of its own terms need a look-up for an address that none of them matches. With an ``all`` the
        redirect is ignored (RFC 7208 section 6.1)."""
        here = sum(term.name in LOOKUP_TERMS for term in self.reached)
        return here + (self.redirect is not None and self.all is None)

    def _modifier(self, name: str) -> Term | None:
        return next((term for term in self.terms if term.qualifier is None and term.name == name), None)


def is_record(text: str) -> bool:
    """Whether a TXT record is an SPF record: the version, then a space or the end (RFC 7208 section 4.5)."""
    return text[:6].lower() == "v=spf1" and text[6:7] in ("", " ")


def parse(text: str) -> Record:
    """Read a record that ``is_record``; never raises. Octets beyond ASCII are to be in ``text`` as UTF-8 reads them, or
    as ``surrogateescape`` carries them."""
    return _parse_once(text) if len(text) <= _REMEMBERED else _parse(text)


def _parse(text: str) -> Record:
    terms = tuple(parse_term(part) for part in text[6:].split(" ") if part)
    errors = [(term.problem, term.text) for term in terms if term.problem]
    if not text.isascii():  # RFC 7208 section 3.1
        errors.insert(0, ("not-ascii", next((term.text for term in terms if not term.text.isascii()), "")))
    for name in ("redirect", "exp"):  # RFC 7208 section 6: each at most once
        again = [term.text for term in terms if term.qualifier is None and term.name == name][1:]
        errors += [("duplicate-modifier", term) for term in again]
    return Record(text, terms, tuple(errors))


_parse_once = lru_cache(maxsize=256)(_parse)


def parse_term(text: str) -> Term:
    """One term (RFC 7208 section 4.6.1). What cannot be read at all is a directive without a name."""
    match = _TERM.fullmatch(text)
    if not match:
        return Term(text, "", "+", text, "bad-term")
    sign, name, rest = match[1], match[2].lower(), match[3]
    if rest.startswith("="):
        problem = "qualifier-on-modifier" if sign else _modifier_problem(name, rest[1:])
        return Term(text, name, None, rest[1:], problem, spec=rest[1:])
    return _mechanism(text, name, sign or "+", rest)


def _mechanism(text: str, name: str, qualifier: str, rest: str) -> Term:
    value = rest.removeprefix(":")
    if name in ("ip4", "ip6") and rest.startswith(":"):
        read = _network(int(name[2]), value)
        problem, network = (read, None) if isinstance(read, str) else (None, read)
        return Term(text, name, qualifier, value, problem, network=network)
    if name in ("include", "exists") and rest.startswith(":"):
        return Term(text, name, qualifier, value, _domain_problem(value), spec=value)
    if name in ("a", "mx", "ptr"):
        return _host(text, name, qualifier, rest)
    problem = "unknown-mechanism"
    if name == "all":
        problem = "unwanted-argument" if rest else ""
    elif name in ("ip4", "ip6", "include", "exists"):
        problem = "missing-argument"
    return Term(text, name, qualifier, value, problem or None)


def _modifier_problem(name: str, value: str) -> str | None:
    if name in ("redirect", "exp"):
        return _domain_problem(value)
    return None if tokens(value) is not None else "bad-macro"


def _host(text: str, name: str, qualifier: str, rest: str) -> Term:
    """``[":" domain-spec] [dual-cidr-length]`` (RFC 7208 sections 5.3 to 5.6)."""
    value = rest.removeprefix(":")
    cidr = _DUAL_CIDR.search(rest) if name != "ptr" else None
    four, six = (cidr[1], cidr[2]) if cidr else (None, None)
    if not all(_is_length(digits, most) for digits, most in ((four, 32), (six, 128)) if digits):
        return Term(text, name, qualifier, value, "bad-prefix-length")
    spec = rest[: cidr.start()] if cidr else rest
    problem = None
    if spec:
        problem = _domain_problem(spec[1:]) if spec.startswith(":") else "unwanted-argument"
    return Term(text, name, qualifier, value, problem, spec[1:], int(four or 32), int(six or 128))


def _network(version: int, value: str) -> Network | str:
    """What is named, or the problem with it."""
    address, slash, length = value.partition("/")
    bits = 32 if version == 4 else 128
    if slash and not _is_length(length, bits):
        return "bad-prefix-length"
    try:
        read = ipaddress.ip_address(address)
    except ValueError:
        return "bad-address"
    if read.version != version or "%" in address:
        return "bad-address"
    return Network(version, int(read), int(length) if slash else bits)


def _is_length(digits: str, most: int) -> bool:
    return bool(_PREFIX_LENGTH.fullmatch(digits)) and int(digits) <= most


def _domain_problem(value: str) -> str | None:
    """``domain-spec``: it ends in a macro, or in a dot and a label that may stand at the top (RFC 7208 section 7.1)."""
    if not value:
        return "missing-argument"
    read = tokens(value)
    if read is None or uses(read, EXPLANATION_LETTERS):
        return "bad-macro"
    if isinstance(read[-1], Macro):
        return None
    _, dot, label = read[-1].removesuffix(".").rpartition(".")
    return None if dot and _TOPLABEL.fullmatch(label) else "bad-domain"
