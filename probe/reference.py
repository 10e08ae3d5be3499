"""The reference book: what a code or a pasted reply means, and two codes side by side. No network."""

from __future__ import annotations

from probe.catalog import Catalog, catalog
from probe.model import Comparison, Explanation
from probe.replies import comparison, explanation


def explain(words: str, *, facts: Catalog | None = None) -> Explanation:
    """One word without a space is a code, basic or enhanced; anything else is a reply as it was pasted.

    Raises ``UsageError`` for a word that is no code, or for nothing at all.
    """
    facts = facts or catalog()
    words = words.strip()
    if len(words.split()) <= 1:
        return explanation.explain_code(words, facts=facts)
    return explanation.explain_text(words, facts=facts)


def compare(a: str, b: str, *, facts: Catalog | None = None) -> Comparison:
    """Any two codes. Raises ``UsageError`` where one is no code."""
    return comparison.compare(a, b, facts=facts or catalog())
