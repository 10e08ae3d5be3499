"""The reference book: what a code or a pasted reply means, and two codes side by side. No network."""

from __future__ import annotations

from probe.catalog import Catalog, catalog
from probe.errors import UsageError
from probe.model import Comparison, Explanation


def explain(words: str | int, *, facts: Catalog | None = None) -> Explanation:
    """A code, basic or enhanced, as a word or a number; any other text is a reply as it was pasted, be it one without a
    code.

    Raises ``UsageError`` for nothing at all, and for what is no text.
    """
    facts = facts or catalog()
    text = _text(words)
    if len(text.split()) <= 1:
        from probe.replies.codes import explain_code

        try:
            return explain_code(text, facts=facts)
        except UsageError:
            if not text:
                raise
    # What reads texts is some 20 ms to import, so a bare code does without.
    from probe.replies.explanation import explain_text

    return explain_text(text, facts=facts)


def compare(a: str | int, b: str | int, *, facts: Catalog | None = None) -> Comparison:
    """Any two codes. Raises ``UsageError`` where one is no code."""
    from probe.replies.comparison import compare as compared

    return compared(_text(a), _text(b), facts=facts or catalog())


def _text(words: object) -> str:
    if isinstance(words, int) and not isinstance(words, bool):
        return str(words)
    if not isinstance(words, str):
        raise UsageError(f"a code or a reply is text or a number, not {type(words).__name__}")
    return words.strip().strip("\0").strip()  # what C programs leave at the end of a text
