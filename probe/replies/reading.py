"""The text of a refusal, read: which signature matched, every cause it may have, and what stands in it.

The text speaks louder than the codes: a signature's weight says how sure its words are, a code alone gives a weak
reading, and a code that agrees with the text makes it a little surer. Where the codes alone would name a cause of
another family than the text does, the reading says so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from probe.catalog import Catalog
from probe.model import CauseReading, Explanation
from probe.replies import extraction, signatures
from probe.replies.signatures import NOBODY, Hit
from probe.replies.texts import Text

UNKNOWN = "unknown"
CERTAIN = 0.99  # what a text says can always have been meant otherwise
UNDECIDED = 0.75  # where a text names causes of several families, it may mean any of them
_CLOSE = 0.06
_ECHO, _RECEIVER_FAULT = "-echo", "-receiver-fault"


class Weighed(NamedTuple):
    """``causes`` is cause and confidence, best first, empty where nothing names one. ``hit`` is the signature that
    decided, None where nothing spoke. ``code_cause`` is what the codes alone would say where the text disagrees."""

    causes: tuple[tuple[str, float], ...]
    provider: str | None = None
    hit: Hit | None = None
    code_cause: str | None = None

    @property
    def cause(self) -> str:
        return self.causes[0][0] if self.causes else UNKNOWN


class Reading(NamedTuple):
    """What was weighed, and the fields of the text."""

    weighed: Weighed
    causes: tuple[CauseReading, ...]
    fields: Mapping[str, Any]

    @property
    def cause(self) -> str:
        return self.causes[0].cause if self.causes else UNKNOWN


def read(
    text: Text,
    code: int | None,
    enhanced_code: str | None,
    stage: str | None,
    facts: Catalog,
    earlier: Sequence[Explanation | None] = (),
) -> Reading:
    """Read one refusal. ``earlier`` are the explanations of the same session so far, None for an exchange without."""
    weighed = weigh(text, code, enhanced_code, stage, facts)
    signature = facts.signature(weighed.hit.rule.id) if weighed.hit else None
    fields: dict[str, Any] = extraction.extract(text.original, weighed.cause, signature)
    causes = tuple(CauseReading(cause, confidence) for cause, confidence in weighed.causes)
    if weighed.hit is not None:
        causes = _flags(weighed.hit, causes, fields, earlier)
    return Reading(weighed, causes, fields)


def weigh(text: Text, code: int | None, enhanced_code: str | None, stage: str | None, facts: Catalog) -> Weighed:
    """Decide the cause. This alone is classification; what stands in the text is read afterwards."""
    book = signatures.book(facts)
    provider: str | None = None
    marked: tuple[float, bool, str] | None = None
    deciding: dict[str, Hit] = {}
    for hit in book.search(text, code, enhanced_code, stage):
        rule = hit.rule
        if rule.weight == 0:
            if (marked is None or rule.order < marked) and rule.provider not in NOBODY:
                provider, marked = rule.provider, rule.order
        elif (known := deciding.get(rule.cause)) is None or rule.order < known.rule.order:
            deciding[rule.cause] = hit
    weights = {cause: hit.rule.weight for cause, hit in deciding.items()}
    spoken = tuple(deciding)
    priors = book.priors(code, enhanced_code, stage)
    for hit in priors:
        cause, weight = hit.rule.cause, hit.rule.weight
        if cause in spoken:
            weights[cause] = 1 - (1 - weights[cause]) * (1 - weight / 2)
        elif weight > weights.get(cause, 0.0):
            weights[cause] = weight
            deciding.setdefault(cause, hit)
    if not weights:
        return Weighed((), provider)

    ranked = sorted(weights, key=lambda cause: (-weights[cause], deciding[cause].rule.order))
    first = ranked[0]
    best = deciding[first]
    if provider is None:  # a number that one provider alone gives tells it, where the words could be anybody's
        tellers = (hit.rule for hit in (best, *priors) if hit.rule.cause == first)
        provider = next((rule.provider for rule in tellers if rule.provider not in NOBODY), None)
    if first == UNKNOWN:
        return Weighed((), provider, best)  # the words say something, but no cause
    most = CERTAIN
    if len(spoken) > 1 and first in spoken and _rivalled(ranked, weights, deciding, spoken, facts):
        most = UNDECIDED
    causes = tuple([(cause, round(min(weights[cause], most), 3)) for cause in ranked])
    return Weighed(causes, provider, best, _contradiction(first, spoken, priors, facts))


def _rivalled(
    ranked: Sequence[str],
    weights: Mapping[str, float],
    deciding: Mapping[str, Hit],
    spoken: tuple[str, ...],
    facts: Catalog,
) -> bool:
    """Whether other words of the text name a cause of another family nearly as clearly as the best does. A common
    wording is no rival to a provider's own text."""
    best = deciding[ranked[0]]
    for cause in ranked[1:]:
        if weights[cause] < weights[ranked[0]] - _CLOSE:
            return False
        if cause in spoken and facts.causes[cause].family != facts.causes[ranked[0]].family:
            hit = deciding[cause]
            apart = hit.end <= best.begin or best.end <= hit.begin
            if apart and (best.rule.generic or not hit.rule.generic):
                return True
    return False


def _contradiction(cause: str, spoken: tuple[str, ...], priors: Sequence[Hit], facts: Catalog) -> str | None:
    """The cause that the most telling code names, where words decided for another family."""
    if cause not in spoken or not priors:
        return None
    said = max(priors, key=lambda hit: hit.rule.weight).rule.cause
    vague = (UNKNOWN, "policy")  # codes that name no more than a refusal contradict nothing
    if said in vague or facts.causes[said].family == facts.causes[cause].family:
        return None
    return said


def _flags(
    best: Hit, causes: tuple[CauseReading, ...], fields: dict[str, Any], earlier: Sequence[Explanation | None]
) -> tuple[CauseReading, ...]:
    """Follow an echo back to what it repeats, and take the blame off the sender where the receiver has it."""
    if best.rule.id.endswith(_ECHO):
        fields["echo"] = True
        for place in range(len(earlier) - 1, -1, -1):
            one = earlier[place]
            if one is not None and one.cause and not one.fields.get("echo"):
                fields["echo_of"] = place
                return one.causes
    if best.rule.id.endswith(_RECEIVER_FAULT):
        fields["receiver_fault"] = True
        fields.pop("delist_url", None)
    return causes
