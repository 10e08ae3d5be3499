"""The text of a refusal, read: which signature matched, every cause it may have, and what stands in it.

The text speaks louder than the codes: a signature's weight says how sure its words are, a code alone gives a weak
reading, and a code that agrees with the text makes it a little surer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from probe.catalog import Catalog
from probe.model import CauseReading, Explanation
from probe.replies import extraction, signatures
from probe.replies.signatures import GENERIC, NOBODY, Hit

UNKNOWN = "unknown"
CERTAIN = 0.99  # what a text says can always have been meant otherwise
UNDECIDED = 0.75  # where a text names causes of several families, it may mean any of them
_CLOSE = 0.06


@dataclass(frozen=True)
class Reading:
    """``causes``, best first, is empty where nothing names one. ``hit`` is the signature that decided, None where
    nothing spoke."""

    causes: tuple[CauseReading, ...]
    provider: str | None
    hit: Hit | None
    fields: Mapping[str, Any]

    @property
    def cause(self) -> str:
        return self.causes[0].cause if self.causes else UNKNOWN


def read(
    text: str,
    code: int | None,
    enhanced_code: str | None,
    stage: str | None,
    facts: Catalog,
    earlier: Sequence[Explanation] = (),
) -> Reading:
    """Read one refusal. ``earlier`` are the explanations of the same session so far."""
    best, provider, causes = _weigh(text, code, enhanced_code, stage, facts)
    fields: dict[str, Any] = extraction.extract(text, causes[0].cause if causes else None) if text else {}
    if best is not None:
        causes = _flags(best, causes, fields, earlier)
    return Reading(causes, provider, best, fields)


def _weigh(
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
    best = deciding[ranked[0]] if ranked else None
    most = UNDECIDED if best in spoken and _rivalled(ranked, weights, deciding, spoken, facts) else CERTAIN
    readings = tuple(CauseReading(cause, round(min(weights[cause], most), 3)) for cause in ranked)
    if ranked[:1] == [UNKNOWN]:
        readings = ()  # the words say something, but no cause
    named = [
        hit.signature.provider for hit in (*marks, *([best] if best else [])) if hit.signature.provider not in NOBODY
    ]
    return best, (named[0] if named else None), readings


def _rivalled(
    ranked: Sequence[str],
    weights: Mapping[str, float],
    deciding: Mapping[str, Hit],
    spoken: Sequence[Hit],
    facts: Catalog,
) -> bool:
    """Whether other words of the text name a cause of another family nearly as clearly as the best does. A common
    wording is no rival to a provider's own text."""
    best = deciding[ranked[0]]
    for cause in ranked[1:]:
        hit = deciding[cause]
        if weights[cause] < weights[ranked[0]] - _CLOSE:
            return False
        if hit in spoken and facts.causes[cause].family != facts.causes[ranked[0]].family:
            apart = hit.end <= best.begin or best.end <= hit.begin
            if apart and (best.signature.provider == GENERIC or hit.signature.provider != GENERIC):
                return True
    return False


def _flags(
    best: Hit, causes: tuple[CauseReading, ...], fields: dict[str, Any], earlier: Sequence[Explanation]
) -> tuple[CauseReading, ...]:
    """Follow an echo back to what it repeats, and take the blame off the sender where the receiver has it."""
    if best.signature.id.endswith("-echo"):
        fields["echo"] = True
        if before := [one for one in earlier if one.cause and not one.fields.get("echo")]:
            return before[-1].causes
    if best.signature.id.endswith("-receiver-fault"):
        fields["receiver_fault"] = True
        fields.pop("delist_url", None)
    return causes
