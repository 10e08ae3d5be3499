"""``check_host()``: the record of a domain, term by term, against one client (RFC 7208 sections 4 to 7).

Each step is written into a trace, a tree of mappings that JSON can hold: a record with its terms, a term with what it
was expanded to, what DNS said, whether it matched, what had been used up by then, and for ``include`` and ``redirect``
the record that they led to. Everything in it has passed ``show()``.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from probe.checks.spf.expansion import UNKNOWN, Expansion
from probe.checks.spf.macros import tokens
from probe.checks.spf.query import Client, Name, can_be_asked, can_be_told, is_below, is_domain
from probe.checks.spf.questions import Questions, texts
from probe.checks.spf.record import RESULTS, Record, Term, is_record, parse
from probe.checks.spf.usage import LIMITS, Stopped, Usage
from probe.model import Answer, Result
from probe.text import show


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
    record that came up; ``mechanism`` is the directive that decided, ``default`` where none did, and ``holder`` the
    domain whose record says so: after a ``redirect`` not the one that was asked about."""

    result: Result
    record: Record | None
    reason: str | None = None
    term: str | None = None
    at: str | None = None
    mechanism: str | None = None
    holder: str | None = None
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
        self.usage = Usage()
        self.expanded: dict[str, str] = {}
        self.trace: dict[str, Any] = {}
        self._client = client
        self._name = name
        self._questions = questions
        self._expansion = Expansion(client, name, questions, receiver, now)
        self._clock = clock
        self._began = clock()
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
        mechanism = holder = None
        if decision.result != "none":
            mechanism = show(decision.term.text) if decision.term else "default"
            holder = show(decision.domain)
        return Outcome(
            decision.result,
            self._first,
            decision.reason,
            mechanism=mechanism,
            holder=holder,
            explanation=explanation,
        )

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
        step["lookups"] = self.usage.lookups
        step["void_lookups"] = self.usage.void_lookups
        step["elapsed_ms"] = round((self._clock() - began) * 1000, 3)

    async def _matches(self, term: Term, domain: str, step: dict[str, Any]) -> bool:
        if term.network is not None:
            return self._client.is_in(term.network)
        if term.name == "all":
            return True
        self.usage.term()
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

    async def _target(self, term: Term, domain: str, step: dict[str, Any]) -> str | None:
        target = await self._expansion.target(term.spec, domain)
        if target is None:
            step["error"] = "local-part-not-ascii"
        elif "%" in term.spec:
            step["expanded"] = self.expanded[show(term.text)] = show(target)
        return target

    async def _ask(self, name: str, rdtype: str, step: dict[str, Any]) -> tuple[str, ...]:
        """Records that a term needs. A name that nobody can ask for has none, and costs nothing."""
        if not can_be_asked(name):
            step["error"] = "bad-name"
            return ()
        answer = await self._questions.ask(name, rdtype)
        _tell(step, answer)
        if not answer.known:
            raise Stopped("temperror", answer.reason or answer.answer)
        self.usage.answered(answer)
        return answer.values

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
            self.usage.term()
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
        await self._questions.ask_all([host for host in hosts if can_be_told(host)], rdtype)
        for host in hosts:
            if can_be_told(host) and self._among(await self._ask(host, rdtype, step), term):
                return True
        return False

    async def _ptr(self, target: str, step: dict[str, Any]) -> bool:
        """RFC 7208 section 5.5: a validated name of the client that is the target or stands below it."""
        answer = await self._questions.ask(self._client.reverse, "PTR")
        _tell(step, answer)
        self.usage.answered(answer)
        names = await self._expansion.validated()
        step["validated"] = names
        return any(is_below(name, target) for name in names)

    def _among(self, addresses: tuple[str, ...], term: Term) -> bool:
        prefix = term.prefix4 if self._client.version == 4 else term.prefix6
        return any(self._client.is_at(address, prefix) for address in addresses)

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
        text = await self._expansion.text(read, domain)
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
