"""What a reply means: the reference's words for its codes, this provider's words for its text, and the cause.

The text speaks louder than the codes, for servers choose codes loosely: a signature's weight says how sure its words
are, a code alone gives a weak reading, and a code that agrees with the text makes it a little surer. Only refusals
(4yz, 5yz) have a cause; one that nothing explains has the cause ``unknown``, said plainly.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from probe.catalog import Catalog, Code
from probe.model.explanation import CauseReading, Explanation
from probe.replies import conformance, enhanced, extraction, signatures
from probe.replies.codes import basic_entry, class_of, enhanced_entry
from probe.replies.parsing import LONGEST, STAGE_OF_VERB, parse
from probe.replies.signatures import GENERIC, NOBODY, Hit
from probe.text import show

UNKNOWN = "unknown"
CERTAIN = 0.99  # what a text says can always have been meant otherwise
LONGEST_WORDS = 120


def explain(
    reply_code: int,
    enhanced: str | None,
    lines: Sequence[str],
    *,
    command: str | None = None,
    stage: str | None = None,
    facts: Catalog,
    earlier: Sequence[Explanation] = (),
) -> Explanation:
    """Explain a reply that was heard.

    ``lines`` is the text after the code, ``command`` the line or verb that was answered, ``stage`` a word of
    ``Session.stage``. ``earlier`` are the explanations of the same session so far: a refusal that only repeats one of
    them takes its cause from there.
    """
    verb = command.split(None, 1)[0].upper() if command and command.split() else None
    return _explain(reply_code, enhanced, lines, verb, stage or STAGE_OF_VERB.get(verb or ""), facts, earlier)


def explain_text(text: str, *, facts: Catalog, command: str | None = None) -> Explanation:
    """Explain a reply as it was pasted, alone or inside a sentence of the server that passed it on.

    ``command`` tells what was answered where the text does not. Any text is accepted.
    """
    reply = parse(text)
    verb = reply.command or (command.upper() if command else None)
    stage = reply.stage or STAGE_OF_VERB.get(verb or "")
    return _explain(reply.code, reply.enhanced, reply.lines, verb, stage, facts, ())


def _explain(
    code: int | None,
    enhanced_code: str | None,
    lines: Sequence[str],
    verb: str | None,
    stage: str | None,
    facts: Catalog,
    earlier: Sequence[Explanation],
) -> Explanation:
    entry = basic_entry(code, facts) if code is not None else _nothing()
    status = enhanced_entry(enhanced_code, facts) if enhanced_code else None
    text = " ".join(enhanced.split(line)[1] for line in lines)[:LONGEST]
    refused = code is None or code >= 400
    best: Hit | None = None
    provider: str | None = None
    readings: tuple[CauseReading, ...] = ()
    cause = None
    if refused:
        best, provider, readings = _read(text, code, enhanced_code, stage, facts)
        cause = readings[0].cause
    fields: dict[str, Any] = extraction.extract(text, cause) if text else {}
    if best is not None:
        cause, readings = _flags(best, cause, readings, fields, earlier)
    if code is not None and enhanced_code and not enhanced.agrees(code, enhanced_code):
        fields["class_mismatch"] = True
    return Explanation(
        code=code,
        enhanced=enhanced_code,
        title=entry.name,
        meaning=entry.meaning,
        when=entry.when,
        remedy=entry.remedy,
        category=class_of(code, facts),
        retry=entry.retry,
        reference=entry.reference or None,
        enhanced_title=status.title if status else None,
        enhanced_meaning=status.meaning if status else None,
        enhanced_remedy=status.remedy if status else None,
        enhanced_reference=status.reference if status else None,
        allowed_here=None if code is None else conformance.allowed(code, verb, stage, facts),
        cause=cause,
        causes=readings,
        provider=provider,
        provider_meaning=(best.signature.meaning or None) if best else None,
        provider_remedy=(best.signature.fix or None) if best else None,
        matched=show(best.matched[:LONGEST_WORDS]) or None if best else None,
        signature=best.signature.id if best else None,
        source=best.signature.source if best else None,
        fields={key: _shown(value) for key, value in fields.items()},
    )


def _read(
    text: str, code: int | None, enhanced_code: str | None, stage: str | None, facts: Catalog
) -> tuple[Hit | None, str | None, tuple[CauseReading, ...]]:
    """The hit that decides, the provider, and every reading, best first."""
    known = signatures.book(facts)
    hits = known.search(signatures.prepare(text), code, enhanced_code, stage) if text else []
    hits.sort(key=lambda hit: (-hit.signature.weight, hit.signature.provider == GENERIC, hit.signature.id))
    marks = [hit for hit in hits if hit.signature.weight == 0]
    spoken = [hit for hit in hits if hit.signature.weight > 0]
    priors = known.priors(code, enhanced_code, stage)

    weights: dict[str, float] = {}
    deciding: dict[str, Hit] = {}
    for hit in spoken:
        weights.setdefault(hit.signature.cause, hit.signature.weight)
        deciding.setdefault(hit.signature.cause, hit)
    for hit in priors:
        cause, weight = hit.signature.cause, hit.signature.weight
        if cause in deciding and deciding[cause] in spoken:
            weights[cause] = 1 - (1 - weights[cause]) * (1 - weight / 2)
        else:
            weights[cause] = max(weights.get(cause, 0.0), weight)
            deciding.setdefault(cause, hit)

    ranked = sorted(weights, key=lambda cause: -weights[cause])
    readings = tuple(CauseReading(cause, round(min(weights[cause], CERTAIN), 3)) for cause in ranked)
    best = deciding[ranked[0]] if ranked else None
    named = [
        hit.signature.provider for hit in (*marks, *([best] if best else [])) if hit.signature.provider not in NOBODY
    ]
    return best, (named[0] if named else None), readings or (CauseReading(UNKNOWN, 0.0),)


def _flags(
    best: Hit,
    cause: str | None,
    readings: tuple[CauseReading, ...],
    fields: dict[str, Any],
    earlier: Sequence[Explanation],
) -> tuple[str | None, tuple[CauseReading, ...]]:
    """Follow an echo back to what it repeats, and take the blame off the sender where the receiver has it."""
    if best.signature.id.endswith("-echo"):
        fields["echo"] = True
        if before := [one for one in earlier if one.cause and one.causes and not one.fields.get("echo")]:
            return before[-1].cause, before[-1].causes
    if best.signature.id.endswith("-receiver-fault"):
        fields["receiver_fault"] = True
        fields.pop("delist_url", None)
    return cause, readings


def _nothing() -> Code:
    """The entry of a text that begins with no code."""
    return Code(
        code="",
        name="No reply code",
        meaning="The text holds no reply code, so only its words can be read.",
        when="",
        remedy="Look for the whole reply, with its three digits, in the bounce or the log.",
        retry="",
        kind="",
        commands=(),
        reference="",
        source="",
    )


def _shown(value: Any) -> Any:
    if isinstance(value, str):
        return show(value)
    return [show(item) for item in value] if isinstance(value, list) else value
