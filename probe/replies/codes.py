"""What a code alone says: its entry in the reference, or what its digits say where nobody assigned it.

A basic code is three digits (RFC 5321 section 4.2.1), an enhanced one three numbers (RFC 3463 section 2). A code alone
has no cause: nothing was refused yet.
"""

from __future__ import annotations

from probe.catalog import Catalog
from probe.errors import UsageError
from probe.model import Explanation
from probe.replies import enhanced
from probe.rows import Code, Digit, EnhancedCode
from probe.text import show

_NEAR = 5  # details of a subject stand in no order, so only a close one may be related
_FAR = 1000  # RFC 3463 section 2: a detail has at most three digits


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
        f"'{show(word[:60])}' is no reply code: give three digits, such as 554, or an enhanced code, such as 5.7.1"
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
        category=facts.words[f"enhanced-class-{code[0]}"],
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
    first = facts.classes.get(word[0]) or _undefined(word[0], facts)
    second = facts.categories.get(word[1]) or _undefined(word[1], facts)
    nearest = min(
        (known for known, entry in facts.codes.items() if known[0] == word[0] and entry.kind != "vendor"),
        key=lambda known: (abs(int(known) - code), known),
        default=None,
    )
    if nearest is None:
        near = facts.say("nearest-none")
    else:
        key = "nearest-code" if nearest[:2] == word[:2] else "nearest-code-far"
        near = facts.say(key, code=nearest, name=facts.codes[nearest].name, asked=word)
    return Code(
        code=word,
        name=facts.say("unassigned", name=first.name),
        meaning=facts.joined(
            facts.say("unassigned-digits", code=word, first=first.meaning, second=second.meaning), near
        ),
        when=facts.say("unassigned-when"),
        remedy=facts.joined(facts.say("unassigned-remedy"), first.remedy),
        retry=first.retry or "never",
        kind="unassigned",
        commands=(),
        reference="RFC 5321 section 4.2.1",
        source="",
    )


def enhanced_entry(code: str, facts: Catalog) -> EnhancedCode:
    """The entry of ``code`` for its own class, for every class, or for a range that holds it; or one made of its
    numbers (RFC 3463 section 3)."""
    entry = facts.enhanced.get(code) or facts.enhanced.get(f"X{code[1:]}") or _range_with(code, facts)
    if entry is not None:
        return entry
    kind, topic, _ = code.split(".")
    subject = facts.subjects.get(topic) or _undefined(topic, facts)
    first = facts.classes.get(kind) or _undefined(kind, facts)
    around = [known for known in facts.enhanced if known[0] in (kind, "X") and _apart(known, code) <= _NEAR]
    nearest = min(
        (known for known in around if facts.enhanced[known].kind != "vendor"),
        key=lambda known: (_apart(known, code), known),
        default=None,
    )
    if nearest is None:
        near = facts.say("nearest-none")
    else:
        near = facts.say("nearest-code", code=f"{kind}{nearest[1:]}", name=facts.enhanced[nearest].title)
    class_name = facts.words[f"enhanced-class-{kind}"]
    return EnhancedCode(
        code=code,
        title=facts.say("unassigned", name=subject.name),
        meaning=facts.joined(
            facts.say("unassigned-numbers", code=code, name=class_name, subject=subject.meaning), near
        ),
        when=facts.say("unassigned-when"),
        remedy=(subject.remedy or first.remedy),
        kind="unassigned",
        reference="RFC 3463 section 3",
        source="",
    )


def _range_with(code: str, facts: Catalog) -> EnhancedCode | None:
    """The vendor's entry for a range, which stands under its first number."""
    for first in facts.enhanced:
        if first[0] == code[0] and _apart(first, code) < _FAR and _detail(first) < _detail(code):
            entry = facts.enhanced[first]
            if entry.last and _detail(code) <= _detail(entry.last):
                return entry
    return None


def _apart(a: str, b: str) -> int:
    """How many details lie between two codes of one subject, whatever their class."""
    return abs(_detail(a) - _detail(b)) if a.split(".")[1] == b.split(".")[1] else _FAR


def _detail(code: str) -> int:
    return int(code.rpartition(".")[2])


def _undefined(digit: str, facts: Catalog) -> Digit:
    return Digit(digit=digit, name=facts.say("digit-undefined"), meaning=facts.say("digit-says-nothing", digit=digit))
