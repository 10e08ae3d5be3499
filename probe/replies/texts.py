"""The text of a reply in the forms that are searched.

Evidence is what the server says, not whom it names. Mail addresses are blanked with ``@`` before any search; and before
the search of a ``generic`` signature so are web addresses and host names, with ``_``. A relay called ``spam-filter`` is
then no evidence of spam.
"""

from __future__ import annotations

import re
from typing import NamedTuple


class Text(NamedTuple):
    """One text in three forms of equal length: as it is, in lower case without addresses, and without any names."""

    original: str
    full: str
    bare: str


_MAILBOX = re.compile(r"[^\s<>\"'(),;:@\[\]]{1,64}@[^\s<>\"'(),;:@\[\]]{1,255}")
_WEB = re.compile(r"https?://[^\s<>\"]+|\bwww\.[^\s<>\"]+")
_NAME = re.compile(r"(?<![\w.-])[\w-]{1,63}(?:\.[\w-]{1,63}){1,10}")
_TOP_LEVEL = frozenset(
    "com net org edu gov mil int info biz arpa example invalid test local lan internal jp de fr uk ru".split()
)


def prepare(text: str) -> Text:
    """The forms of ``text`` that signatures are searched in."""
    lowered = lower(text)
    if "@" in lowered:
        lowered = _MAILBOX.sub(lambda found: "@" * len(found[0]), lowered)
    bare = lowered
    if "://" in bare or "www." in bare:
        bare = _WEB.sub(lambda found: "_" * len(found[0]), bare)
    if "." in bare:
        bare = _NAME.sub(_blank_name, bare)
    return Text(text, lowered, bare)


def lower(text: str) -> str:
    """``text`` in lower case and of the same length: a few letters grow, and the places of the words must stay."""
    lowered = text.lower()
    if len(lowered) == len(text):
        return lowered
    return "".join(low if len(low := letter.lower()) == 1 else letter for letter in text)


_LETTERS = r"[0-9A-Za-z\u00c0-\u052f]"  # scripts that part their words by spaces
_REST_OF_WORD = re.compile(f"{_LETTERS}{{0,40}}")
_END_OF_WORD = re.compile(f"{_LETTERS}$")


def whole_words(searched: str, begin: int, end: int) -> tuple[int, int]:
    """The span from ``begin`` to ``end``, without names that it cuts, and with the rest of words that it cuts."""
    first, last = begin, end
    while first < last < len(searched) and searched[last] in "_@" and searched[last - 1] in "_@":
        last -= 1
    while 0 < first < last and searched[first - 1] in "_@" and searched[first] in "_@":
        first += 1
    if not searched[first:last].strip():
        return begin, end
    if found := _END_OF_WORD.search(searched, first, last):
        last = (_REST_OF_WORD.match(searched, found.end()) or found).end()
    while first and _END_OF_WORD.match(searched[first]) and _END_OF_WORD.match(searched[first - 1]):
        first -= 1
    return first, last


def _blank_name(found: re.Match[str]) -> str:
    labels = found[0].split(".")
    # "rejected.please" is two sentences, not a host name.
    is_name = labels[-1] in _TOP_LEVEL or (len(labels) > 2 and labels[-1].isalpha())
    return "_" * len(found[0]) if is_name else found[0]
