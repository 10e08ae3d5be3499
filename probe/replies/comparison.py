"""Two codes side by side: what sets them apart, and when to expect which.

Well known pairs are written in ``data/pairs.toml``. Any other pair is composed from its two entries: class, category,
retry, and the commands that both may answer.
"""

from __future__ import annotations

from probe.catalog import Catalog
from probe.model.explanation import Comparison, Explanation
from probe.replies.codes import explain_code

_RETRY = {
    "none": "nothing is to be repeated",
    "later": "the same may succeed later",
    "never": "the same will fail again",
}
_PLACES = {"greeting": "the greeting", "dot": "the end of the message text", "any": "any command"}


def compare(a: str, b: str, *, facts: Catalog) -> Comparison:
    """Compare two codes, basic or enhanced or one of each. Raises ``UsageError`` where one is no code."""
    left, right = explain_code(a, facts=facts), explain_code(b, facts=facts)
    a, b = a.strip(), b.strip()
    pair = facts.pairs.get(f"{a}/{b}") or facts.pairs.get(f"{b}/{a}")
    if pair is not None:
        return Comparison(left, right, pair.difference, pair.which, pair.both, pair.reference)
    if a == b:
        return Comparison(
            left, right, f"None: {a} is the same code on both sides.", left.when, "", left.reference or ""
        )
    return Comparison(
        left, right, _difference(a, left, b, right), _which(a, left, b, right, facts), "", _references(left, right)
    )


def _difference(a: str, left: Explanation, b: str, right: Explanation) -> str:
    sentences = [f"{a} is {_name(left)}; {b} is {_name(right)}."]
    if left.category == right.category:
        sentences.append(f"Both are of the class {left.category}.")
    elif (left.code is None) == (right.code is None):
        sentences.append(f"{a} is of the class {left.category}, {b} of the class {right.category}.")
    if (left.code is None) != (right.code is None):
        sentences.append(
            "One is a basic code, the other an enhanced code, which stands behind a basic one and says more."
        )
    if left.retry == right.retry:
        sentences.append(f"With either, {_RETRY[left.retry]}.")
    else:
        sentences.append(f"After {a} {_RETRY[left.retry]}; after {b} {_RETRY[right.retry]}.")
    return " ".join(sentences)


def _which(a: str, left: Explanation, b: str, right: Explanation, facts: Catalog) -> str:
    places = [_places(explanation, facts) for explanation in (left, right)]
    if None in places:
        return f"{a}: {left.when} {b}: {right.when}"
    ours, theirs = (set(place or ()) for place in places)
    common = sorted(ours & theirs)
    if common:
        return (
            f"Both may answer {_listed(common)}, so the text has to tell them apart. {a}: {left.when} {b}: {right.when}"
        )
    return f"No standard allows both as the answer to one command. {a}: {left.when} {b}: {right.when}"


def _places(explanation: Explanation, facts: Catalog) -> tuple[str, ...] | None:
    entry = facts.codes.get(str(explanation.code)) if explanation.code is not None else None
    return entry.commands if entry is not None else None


def _listed(tokens: list[str]) -> str:
    words = [_PLACES.get(token, token) for token in tokens]
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def _name(explanation: Explanation) -> str:
    return f"“{explanation.title}”"


def _references(left: Explanation, right: Explanation) -> str:
    return "; ".join(dict.fromkeys(each for each in (left.reference, right.reference) if each))
