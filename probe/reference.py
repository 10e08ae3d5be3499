"""The reference book: what a code or a pasted reply means, and two codes side by side. No network."""

from __future__ import annotations

from probe.catalog import Catalog, catalog
from probe.model import Comparison, Explanation


def explain(words: str, *, facts: Catalog | None = None) -> Explanation:
    """One word without a space is a code, basic or enhanced; anything else is a reply as it was pasted.

    Raises ``UsageError`` for a word that is no code, or for nothing at all.
    """
    facts = facts or catalog()
    words = words.strip()
    if len(words.split()) <= 1:
        from probe.replies.codes import explain_code

        return explain_code(words, facts=facts)
    # What reads texts is some 20 ms to import, so a bare code does without.
    from probe.replies.explanation import explain_text

    return explain_text(words, facts=facts)


def compare(a: str, b: str, *, facts: Catalog | None = None) -> Comparison:
    """Any two codes. Raises ``UsageError`` where one is no code."""
    from probe.replies.comparison import compare as compared

    return compared(a, b, facts=facts or catalog())
