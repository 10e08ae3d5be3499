"""What a code alone says: its entry in the reference, or what its digits say where nobody assigned it.

A basic code is three digits (RFC 5321 section 4.2.1), an enhanced one three numbers (RFC 3463 section 2). A code alone
has no cause: nothing was refused yet.
"""

from __future__ import annotations

from probe.catalog import Catalog, Code, Digit, EnhancedCode
from probe.errors import UsageError
from probe.model import Explanation
from probe.replies import enhanced
from probe.text import show


def explain_code(word: str, *, facts: Catalog) -> Explanation:
    """Explain a bare code, basic (``554``) or enhanced (``5.7.1``).

    A code that nobody registered is explained by its digits. Raises ``UsageError`` for a word that is no code.
    """
    word = word.strip()
    if enhanced.well_formed(word):
        return _bare_enhanced(word, facts)
    if len(word) == 3 and word.isascii() and word.isdigit() and "2" <= word[0] <= "5":
        return _bare(basic_entry(int(word), facts), facts)
    raise UsageError(
        f"{show(word)[:60]!r} is no reply code: give three digits, such as 554, or an enhanced code, such as 5.7.1"
    )


def _bare(entry: Code, facts: Catalog) -> Explanation:
    """A basic code alone. It has no cause: nothing was refused yet."""
    return Explanation(
        code=int(entry.code),
        enhanced=None,
        title=entry.name,
        meaning=entry.meaning,
        when=entry.when,
        remedy=entry.remedy,
        category=class_of(int(entry.code), facts),
        retry=entry.retry,
        reference=entry.reference or None,
    )


def _bare_enhanced(code: str, facts: Catalog) -> Explanation:
    entry = enhanced_entry(code, facts)
    return Explanation(
        code=None,
        enhanced=code,
        title=entry.title,
        meaning=entry.meaning,
        when=entry.when,
        remedy=entry.remedy,
        category=enhanced.CLASSES[code[0]],
        retry=facts.classes[code[0]].retry,
        reference=entry.reference or None,
        enhanced_title=entry.title,
        enhanced_meaning=entry.meaning,
        enhanced_remedy=entry.remedy,
        enhanced_reference=entry.reference or None,
    )


def class_of(code: int | None, facts: Catalog) -> str:
    digit = facts.classes.get(str(code)[0]) if code is not None else None
    return digit.name if digit else ""


def basic_entry(code: int, facts: Catalog) -> Code:
    """The entry of ``code``, or one made of its digits (RFC 5321 section 4.2.1) and its nearest neighbour."""
    word = str(code)
    if word in facts.codes:
        return facts.codes[word]
    first = facts.classes.get(word[0]) or _undefined(word[0])
    second = facts.categories.get(word[1]) or _undefined(word[1])
    nearest = min(
        (known for known, entry in facts.codes.items() if entry.kind != "vendor"),
        key=lambda known: (known[0] != word[0], known[1:2] != word[1:2], abs(int(known) - code), known),
    )
    return Code(
        code=word,
        name=f"Unassigned: {first.name}",
        meaning=f"No standard assigns {word}. Its first digit says: {_small(first.meaning)} "
        f"Its second: {_small(second.meaning)} The nearest assigned code is {nearest}, {facts.codes[nearest].name}.",
        when="Only from servers that make up codes of their own.",
        remedy=f"Act on the first digit alone, as the standard asks of clients. {first.remedy}".strip(),
        retry=first.retry or "never",
        kind="unassigned",
        commands=(),
        reference="RFC 5321 section 4.2.1",
        source="",
    )


def enhanced_entry(code: str, facts: Catalog) -> EnhancedCode:
    """The entry of ``code`` for its own class or for every class, or one made of its numbers (RFC 3463 section 3)."""
    entry = facts.enhanced.get(code) or facts.enhanced.get(f"X{code[1:]}")
    if entry is not None:
        return entry
    kind, topic, detail = code.split(".")
    subject = facts.subjects.get(topic) or _undefined(topic)
    first = facts.classes.get(kind) or _undefined(kind)
    nearest = min(facts.enhanced, key=lambda known: _distance(known, topic, int(detail)), default="")
    name = f"{kind}{nearest[1:]}" if nearest.startswith("X") else nearest
    near = f" The nearest assigned code is {name}, {facts.enhanced[nearest].title}." if nearest else ""
    return EnhancedCode(
        code=code,
        title=f"Unassigned: {subject.name}",
        meaning=f"{code} is not in the registry. Its class is {enhanced.CLASSES[kind]}. "
        f"Its subject says: {_small(subject.meaning)}{near}",
        when="From servers and providers that make up codes of their own.",
        remedy=(subject.remedy or first.remedy),
        kind="unassigned",
        reference="RFC 3463 section 3",
        source="",
    )


def _distance(known: str, topic: str, detail: int) -> tuple[bool, bool, int, str]:
    _, known_topic, known_detail = known.split(".")
    return (known_topic != topic, not known.startswith("X"), abs(int(known_detail) - detail), known)


def _undefined(digit: str) -> Digit:
    return Digit(digit=digit, name="Undefined", meaning=f"The standard gives {digit} no sense here.")


def _small(sentence: str) -> str:
    return sentence[:1].lower() + sentence[1:]
