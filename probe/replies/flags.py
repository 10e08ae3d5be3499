"""What a refusal says about itself beside its cause: for how long it holds, for how much, and in which language.

The first digit of a code says whether to try again (RFC 5321 section 4.2.1); the words often say otherwise, and then
both are reported: a 421 that never ends, a 550 that asks to try again later. The wordings are in
``data/languages.toml``.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from probe.catalog import Catalog
from probe.model import Scope
from probe.replies.signatures import Book, Rule
from probe.replies.texts import Text
from probe.rows import Outline

# What a refusal at a stage covers where its cause does not tell: before MAIL all mail from here, then one message, and
# after RCPT one recipient.
_OF_STAGE: dict[str | None, Scope] = {
    "connect": "site",
    "banner": "site",
    "ehlo": "session",
    "starttls": "session",
    "tls": "session",
    "auth": "session",
    "mail": "message",
    "rcpt": "recipient",
    "data": "message",
    "body": "message",
    "dot": "message",
}
_LATER, _NEVER = "later", "never"
_LETTERS = re.compile(r"[^\W\d_]+")


class _Tongues(NamedTuple):
    scripts: tuple[tuple[re.Pattern[str], str], ...]
    words: dict[str, tuple[str, ...]]
    wordings: Book


@lru_cache(maxsize=8)
def _tongues(facts: Catalog) -> _Tongues:
    rows = facts.languages.values()
    words: dict[str, tuple[str, ...]] = {}
    for row in rows:
        for word in row.common.split():
            words[word] = (*words.get(word, ()), row.language)
    return _Tongues(
        tuple((re.compile(row.script), row.language) for row in rows if row.script),
        words,
        Book(
            _wording(row.language, pattern, promise)
            for row in rows
            for promise, pattern in ((_LATER, row.later), (_NEVER, row.never))
        ),
    )


def _wording(language: str, pattern: str, promise: str) -> Rule:
    return Rule(language, "", pattern, lambda id_: Outline(id_, "", pattern, promise, 1.0))


def temporary_by_text(text: Text, facts: Catalog) -> bool | None:
    """What the words say: True to try again, False never to, None where they say neither or both."""
    promises = {hit.rule.cause for hit in _tongues(facts).wordings.search(text, None, None, None)}
    return promises == {_LATER} if len(promises) == 1 else None


def language(text: Text, facts: Catalog) -> str | None:
    """The language of a text as a tag (BCP 47), None where too little of it tells."""
    known, lowered = _tongues(facts), text.full
    if not lowered.isascii():
        for script, tag in known.scripts:
            if script.search(lowered):
                return tag
    votes: dict[str, int] = {}
    for word in _LETTERS.findall(lowered):
        for tag in known.words.get(word, ()):
            votes[tag] = votes.get(tag, 0) + 1
    best = max(votes, key=votes.__getitem__, default=None)
    if best is None or best == "en":
        return best
    # A single small word may stand in a name; two that English lacks do not.
    return best if votes[best] >= 2 and votes[best] > votes.get("en", 0) else ("en" if "en" in votes else None)


def scope(cause: str | None, stage: str | None, facts: Catalog) -> Scope | None:
    """What else would be refused likewise: all mail from here (``site``), this session, message or recipient."""
    row = facts.causes.get(cause or "")
    own = row.scope if row else ""
    return own or _OF_STAGE.get(stage)  # type: ignore[return-value]
