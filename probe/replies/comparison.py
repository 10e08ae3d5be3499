"""Two codes side by side: what sets them apart, and when to expect which.

Well known pairs are written in ``data/pairs.toml``. Any other pair is composed from its two entries: class, category,
retry, and the commands that both may answer.
"""

from __future__ import annotations

from probe.catalog import Catalog
from probe.model.explanation import Comparison, Explanation
from probe.replies.codes import explain_code


def compare(a: str, b: str, *, facts: Catalog) -> Comparison:
    """Compare two codes, basic or enhanced or one of each. Raises ``UsageError`` where one is no code."""
    left, right = explain_code(a, facts=facts), explain_code(b, facts=facts)
    a, b = a.strip(), b.strip()
    pair = facts.pairs.get(f"{a}/{b}") or facts.pairs.get(f"{b}/{a}")
    if pair is not None:
        return Comparison(left, right, pair.difference, pair.which, pair.both, pair.reference)
    if a == b:
        return Comparison(left, right, facts.say("same-code", code=a), left.when, "", left.reference or "")
    return Comparison(
        left,
        right,
        _difference(a, left, b, right, facts),
        _which(a, left, b, right, facts),
        "",
        _references(left, right),
    )


def _difference(a: str, left: Explanation, b: str, right: Explanation, facts: Catalog) -> str:
    two = {"a": a, "b": b}
    sentences = [facts.say("two-names", **two, left=left.title, right=right.title)]
    if left.category == right.category:
        sentences.append(facts.say("two-of-one-class", name=left.category))
    elif (left.code is None) == (right.code is None):
        sentences.append(facts.say("two-of-two-classes", **two, left=left.category, right=right.category))
    if (left.code is None) != (right.code is None):
        sentences.append(facts.say("two-of-two-kinds"))
    again = [facts.words[f"again-{one.retry}"] for one in (left, right)]
    if left.retry == right.retry:
        sentences.append(facts.say("two-again-alike", again=again[0]))
    else:
        sentences.append(facts.say("two-again", **two, left=again[0], right=again[1]))
    return facts.joined(*sentences)


def _which(a: str, left: Explanation, b: str, right: Explanation, facts: Catalog) -> str:
    seen = facts.say("two-seen", a=a, b=b, left=left.when, right=right.when)
    places = [_places(explanation, facts) for explanation in (left, right)]
    if None in places:
        return seen
    ours, theirs = (set(place or ()) for place in places)
    common = facts.listed([facts.words.get(f"place-{token}", token) for token in sorted(ours & theirs)])
    if common:
        return facts.joined(facts.say("two-in-common", places=common), seen)
    return facts.joined(facts.say("two-never-both"), seen)


def _places(explanation: Explanation, facts: Catalog) -> tuple[str, ...] | None:
    entry = facts.codes.get(str(explanation.code)) if explanation.code is not None else None
    return entry.commands if entry is not None else None


def _references(left: Explanation, right: Explanation) -> str:
    return "; ".join(dict.fromkeys(each for each in (left.reference, right.reference) if each))
