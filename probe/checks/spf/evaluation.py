"""``check_host()``: the record of a domain, term by term, against one client (RFC 7208 sections 4 to 7).

Each step is written into a trace, a tree of mappings that JSON can hold: a record with its terms, a term with what it
was expanded to, what DNS said, whether it matched, what had been used up by then, and for ``include`` and ``redirect``
the record that they led to. Everything in it has passed ``show()``.

``Stopped`` is how a permerror or temperror leaves the middle of it; it never leaves this module.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from probe.checks.spf.macros import Macro, Tokens, as_name, expand, tokens, uses
from probe.checks.spf.query import Client, Name, can_be_asked, is_domain
from probe.checks.spf.questions import Questions, texts
from probe.checks.spf.record import RESULTS, Network, Record, Term, is_record, parse
from probe.model import Answer, Result
from probe.text import show

# RFC 7208 section 4.6.4: terms that need a look-up, look-ups that find nothing, hosts of one MX or PTR look-up, and
# seconds for all of it.
LIMITS: Mapping[str, int] = {"lookups": 10, "void_lookups": 2, "mx_hosts": 10, "ptr_names": 10, "seconds": 20}
UNKNOWN = "unknown"


class Stopped(Exception):
    """The evaluation ends here, with ``result`` permerror or temperror, because of ``reason``, at a term of the record
    of a domain."""

    def __init__(self, result: Result, reason: str, term: str | None = None) -> None:
        super().__init__(reason)
        self.result: Result = result
        self.reason = reason
        self.term = term
        self.domain: str | None = None


@dataclass(frozen=True)
class Decision:
    """What a record says: the directive that matched, None where none did, and the record and domain it stands in."""

    result: Result
    term: Term | None = None
    record: Record | None = None
    domain: str = ""
    reason: str | None = None


@dataclass(frozen=True)
class Outcome:
    """How an evaluation ended. ``reason``, ``term`` and ``at`` say why there is no verdict, and in which term of whose
    record that came up; ``mechanism`` is the directive that decided, ``default`` where none did."""

    result: Result
    record: Record | None
    reason: str | None = None
    term: str | None = None
    at: str | None = None
    mechanism: str | None = None
    explanation: str | None = None


class Evaluation:
    """One ``check_host()``. ``trace`` may be read at any time, and holds how far it came."""

    def __init__(
        self,
        client: Client,
        name: Name,
        questions: Questions,
        *,
        receiver: str = UNKNOWN,
        clock: Callable[[], float] = time.perf_counter,
        now: Callable[[], float] = time.time,
    ) -> None:
        self.lookups = 0
        self.void_lookups = 0
        self.expanded: dict[str, str] = {}
        self.trace: dict[str, Any] = {}
        self._client = client
        self._name = name
        self._questions = questions
        self._receiver = receiver
        self._clock = clock
        self._now = now
        self._began = clock()
        self._validated: tuple[str, ...] | None = None
        self._first: Record | None = None

    async def run(self) -> Outcome:
        """Evaluate the record of the name's domain, which must be one that ``is_domain``."""
        explanation: str | None = None
        try:
            async with asyncio.timeout(LIMITS["seconds"]):
                decision = await self._check(self._name.domain, self.trace)
        except Stopped as stop:
            term = None if stop.term is None else show(stop.term)
            return Outcome(stop.result, self._first, stop.reason, term, show(stop.domain or ""))
        except TimeoutError:  # RFC 7208 section 4.6.4
            self.trace["result"] = "temperror"
            return Outcome("temperror", self._first, "timeout")
        _mark(self.trace)
        if decision.result == "fail":
            explanation = await self._explanation(decision)
        mechanism = None
        if decision.result != "none":
            mechanism = show(decision.term.text) if decision.term else "default"
        return Outcome(decision.result, self._first, decision.reason, mechanism=mechanism, explanation=explanation)

    async def _check(self, domain: str, node: dict[str, Any]) -> Decision:
        """The record of one domain. ``node`` is its place in the trace."""
        node |= {"domain": show(domain), "record": None, "result": None, "terms": []}
        try:
            decision = await self._evaluate(domain, node)
        except Stopped as stop:
            stop.domain = stop.domain or domain
            node["result"] = stop.result
            raise
        node["result"] = decision.result
        return decision

    async def _evaluate(self, domain: str, node: dict[str, Any]) -> Decision:
        record, reason = await self._fetch(domain)
        if record is None:
            return Decision("none", reason=reason)
        node["record"] = show(record.text)
        self._first = self._first or record
        if record.errors:  # RFC 7208 section 4.6: wherever in the record, and before any of it is evaluated
            raise Stopped("permerror", *record.errors[0])
        for term in record.mechanisms:
            step = self._step(term, node)
            matched = await self._timed(term, domain, step)
            if matched:
                return Decision(RESULTS[term.qualifier or "+"], term, record, domain)
        if record.redirect is not None:
            return await self._redirected(record.redirect, domain, self._step(record.redirect, node))
        return Decision("neutral", None, record, domain)  # RFC 7208 section 4.7

    async def _fetch(self, domain: str) -> tuple[Record | None, str | None]:
        """The one record of a domain, or why there is none (RFC 7208 sections 4.3 to 4.5)."""
        if not is_domain(domain):
            return None, "bad-domain"
        answer = await self._questions.ask(domain, "TXT")
        if not answer.known:
            raise Stopped("temperror", answer.reason or answer.answer)
        records = [text for text in texts(answer) if is_record(text)]
        if len(records) > 1:
            raise Stopped("permerror", "multiple-records")
        if not records:
            return None, "no-record" if answer.values else answer.reason or "no-record"
        return parse(records[0]), None

    # One term

    def _step(self, term: Term, node: dict[str, Any]) -> dict[str, Any]:
        step: dict[str, Any] = {"term": show(term.text), "matched": None}
        node["terms"].append(step)
        return step

    async def _timed(self, term: Term, domain: str, step: dict[str, Any]) -> bool:
        """Whether a directive matches, with what that took noted down."""
        began = self._clock()
        try:
            matched = step["matched"] = await self._matches(term, domain, step)
        except Stopped as stop:
            stop.term = stop.term or term.text
            step |= {"error": stop.reason, "decided": True}
            raise
        finally:
            self._note(step, began)
        return matched

    def _note(self, step: dict[str, Any], began: float) -> None:
        step["lookups"] = self.lookups
        step["void_lookups"] = self.void_lookups
        step["elapsed_ms"] = round((self._clock() - began) * 1000, 3)

    async def _matches(self, term: Term, domain: str, step: dict[str, Any]) -> bool:
        if term.network is not None:
            return self._within(term.network)
        if term.name == "all":
            return True
        self._count()
        target = await self._target(term, domain, step)
        if target is None:
            return False
        match term.name:
            case "include":
                return await self._included(target, step)
            case "exists":
                # RFC 7208 section 5.7: A records, whatever the version of the client's address.
                return bool(await self._ask(target, "A", step))
            case "a":
                addresses = await self._ask(target, self._client.address_type, step)
                return self._among(addresses, term)
            case "mx":
                return await self._mx(target, term, step)
            case _:
                return await self._ptr(target, step)

    def _count(self) -> None:
        self.lookups += 1
        if self.lookups > LIMITS["lookups"]:
            raise Stopped("permerror", "too-many-lookups")

    async def _target(self, term: Term, domain: str, step: dict[str, Any]) -> str | None:
        """The ``<target-name>`` of a term (RFC 7208 section 4.8). None where it can match nothing: a macro stands for a
        local part beyond ASCII (RFC 8616 section 4)."""
        if not term.spec:
            return domain
        read = tokens(term.spec)
        assert read is not None  # the record was found to be well formed
        if all(isinstance(token, str) for token in read):
            return as_name(term.spec)
        if uses(read, "ls") and not self._name.local.isascii():
            step["error"] = "local-part-not-ascii"
            return None
        expanded = expand(read, await self._values(read, domain))
        name = "" if expanded is None else as_name(expanded)
        step["expanded"] = self.expanded[show(term.text)] = show(name)
        return name

    async def _ask(self, name: str, rdtype: str, step: dict[str, Any]) -> tuple[str, ...]:
        """Records that a term needs. A name that nobody can ask for has none, and costs nothing."""
        if not can_be_asked(name):
            step["error"] = "bad-name"
            return ()
        answer = await self._questions.ask(name, rdtype)
        _tell(step, answer)
        if not answer.known:
            raise Stopped("temperror", answer.reason or answer.answer)
        self._count_void(answer)
        return answer.values

    def _count_void(self, answer: Answer) -> None:
        self.void_lookups += answer.answer == "absent"
        if self.void_lookups > LIMITS["void_lookups"]:
            raise Stopped("permerror", "too-many-void-lookups")

    # The mechanisms that need more than one line

    async def _included(self, target: str, step: dict[str, Any]) -> bool:
        """RFC 7208 section 5.2: only a pass matches, and no record at all is an error."""
        step["record"] = {}
        decision = await self._check(target, step["record"])
        if decision.result == "none":
            raise Stopped("permerror", "include-without-record")
        return decision.result == "pass"

    async def _redirected(self, term: Term, domain: str, step: dict[str, Any]) -> Decision:
        """RFC 7208 section 6.1: the other record's word is ours, and no record at all is an error."""
        began = self._clock()
        try:
            self._count()
            target = await self._target(term, domain, step)
            step["record"] = {}
            decision = await self._check(target or "", step["record"])
            if decision.result == "none":
                raise Stopped("permerror", "redirect-without-record")
        except Stopped as stop:
            stop.term = stop.term or term.text
            step |= {"error": stop.reason, "decided": True}
            raise
        finally:
            self._note(step, began)
        step["matched"] = True
        return decision

    async def _mx(self, target: str, term: Term, step: dict[str, Any]) -> bool:
        """RFC 7208 section 5.4. A domain without MX records has none here: no A record takes their place."""
        hosts = []
        for value in sorted(await self._ask(target, "MX", step), key=_preference):
            host = value.rpartition(" ")[2]
            if host not in ("", "."):  # RFC 7505: no mail here
                hosts.append(host)
        if len(hosts) > LIMITS["mx_hosts"]:
            raise Stopped("permerror", "too-many-mx-hosts")
        rdtype = self._client.address_type
        await self._questions.ask_all([host for host in hosts if _can_be_told(host)], rdtype)
        for host in hosts:
            if _can_be_told(host) and self._among(await self._ask(host, rdtype, step), term):
                return True
        return False

    async def _ptr(self, target: str, step: dict[str, Any]) -> bool:
        """RFC 7208 section 5.5: a validated name of the client that is the target or stands below it."""
        answer = await self._questions.ask(self._client.reverse, "PTR")
        _tell(step, answer)
        self._count_void(answer)
        names = await self._validated_names()
        step["validated"] = names
        return any(_is_below(name, target) for name in names)

    async def _validated_names(self) -> tuple[str, ...]:
        """The names of the client that lead back to it, of ten at most. Names that cannot be asked for are skipped, and
        an address nobody can ask about has none (RFC 7208 section 5.5). Whoever owns the address names them, so what
        they cost is not the policy's fault: nothing is counted here."""
        if self._validated is None:
            answer = await self._questions.ask(self._client.reverse, "PTR")
            rdtype = self._client.address_type
            hosts = [host for host in answer.values[: LIMITS["ptr_names"]] if _can_be_told(host)]
            await self._questions.ask_all(hosts, rdtype)
            found = []
            for host in hosts:
                addresses = (await self._questions.ask(host, rdtype)).values
                if any(_number(address, self._client.version) == self._client.number for address in addresses):
                    found.append(host)
            self._validated = tuple(found)
        return self._validated

    # Addresses

    def _within(self, network: Network) -> bool:
        if network.version != self._client.version:
            return False
        shift = (32 if network.version == 4 else 128) - network.prefix
        return network.address >> shift == self._client.number >> shift

    def _among(self, addresses: tuple[str, ...], term: Term) -> bool:
        version = self._client.version
        prefix = term.prefix4 if version == 4 else term.prefix6
        numbers = (_number(address, version) for address in addresses)
        return any(self._within(Network(version, number, prefix)) for number in numbers if number is not None)

    # Macros

    async def _values(self, read: Tokens, domain: str) -> dict[str, str]:
        """What each letter that is used stands for (RFC 7208 section 7.2)."""
        values: dict[str, str] = {}
        for token in read:
            if isinstance(token, Macro) and token.letter not in values:
                values[token.letter] = await self._value(token.letter, domain)
        return values

    async def _value(self, letter: str, domain: str) -> str:
        match letter:
            case "s":
                return self._name.sender
            case "l":
                return self._name.local
            case "o":
                return self._name.domain
            case "d":
                return domain
            case "i":
                return self._client.macro
            case "p":
                return await self._client_name(domain)
            case "v":
                return self._client.zone
            case "h":
                return self._name.helo
            case "c":
                return self._client.text
            case "r":
                return self._receiver
            case "t":
                return str(int(self._now()))
        return ""  # one of the escapes

    async def _client_name(self, domain: str) -> str:
        """``%{p}``: the domain itself if it is validated, else a name below it, else any. The ten of section 4.6.4 are
        terms, and this is none; it is asked once."""
        names = await self._validated_names()
        below = [name for name in names if _is_below(name, domain)]
        same = [name for name in below if name == domain.lower()]
        return next(iter((*same, *below, *names)), UNKNOWN)

    async def _explanation(self, decision: Decision) -> str | None:
        """What the domain has to say to those that it rejects (RFC 7208 section 6.2). It is never counted, and whatever
        is wrong with it, there is then simply none."""
        exp = decision.record.exp if decision.record else None
        if exp is None:
            return None
        step: dict[str, Any] = {"term": show(exp.text)}
        self.trace["explanation"] = step
        try:
            left = LIMITS["seconds"] - (self._clock() - self._began)
            async with asyncio.timeout(max(0.1, left)):
                text = await self._explained(exp, decision.domain, step)
        except TimeoutError:
            step["error"], text = "timeout", None
        if text is not None:
            step["text"] = text
        return text

    async def _explained(self, exp: Term, domain: str, step: dict[str, Any]) -> str | None:
        target = await self._target(exp, domain, step)
        if target is None or not can_be_asked(target):
            step["error"] = "bad-name"
            return None
        answer = await self._questions.ask(target, "TXT")
        _tell(step, answer)
        published = texts(answer)
        if len(published) != 1:
            step["error"] = "no-single-text"
            return None
        read = tokens(published[0], explanation=True) if published[0].isascii() else None
        if read is None:
            step["error"] = "bad-explanation"
            return None
        text = expand(read, await self._values(read, domain))
        if text is None or not text.isascii():
            step["error"] = "bad-explanation"
            return None
        return show(text)


def _mark(node: dict[str, Any]) -> None:
    """Mark what decided, down to the bottom."""
    for step in node["terms"]:
        if step["matched"]:
            step["decided"] = True
            if "record" in step:
                _mark(step["record"])


def _tell(step: dict[str, Any], answer: Answer) -> None:
    said: dict[str, Any] = {"name": answer.name, "type": answer.type, "answer": answer.answer}
    if answer.values:
        said["values"] = answer.values
    else:
        said["reason"] = answer.reason
    step.setdefault("answers", []).append(said)


def _preference(value: str) -> int:
    number = value.partition(" ")[0]
    return int(number) if number.isdecimal() and len(number) < 6 else 0


def _can_be_told(host: str) -> bool:
    """Whether a name out of an answer can be asked for: one with a backslash holds what no name in a question can."""
    return "\\" not in host and can_be_asked(host)


def _is_below(name: str, domain: str) -> bool:
    name, domain = name.lower(), domain.lower()
    return name == domain or name.endswith("." + domain)


def _number(address: str, version: int) -> int | None:
    """An address as a number; None for what is none of this version."""
    import socket

    family = socket.AF_INET if version == 4 else socket.AF_INET6
    try:
        return int.from_bytes(socket.inet_pton(family, address), "big")
    except (OSError, ValueError):
        return None
