"""Enhanced status codes in the text of a reply (RFC 3463, carried as RFC 2034 section 4 says).

The code belongs at the start of each line. Servers also write it at the end, ``(#5.7.1)``, with a number sign,
``#5.1.0``, or behind a word of their own, ``cuda_nsu 5.1.1``. An address such as ``4.16.55.1`` is never taken for one.
"""

from __future__ import annotations

import re

_CODE = r"([245]\.\d{1,3}\.\d{1,3})"
_AT_START = re.compile(rf"\s*[#(\[]{{0,2}}{_CODE}(?![\w.]\w|\w)[)\]]?[:;,]?\s*(?:-\s)?")
_BEHIND_A_WORD = re.compile(rf"[^\s<>]{{1,24}} {_CODE}(?=\s)")
_WITH_NUMBER_SIGN = re.compile(rf"#{_CODE}(?![\w.]\w|\w)")
_WHOLE = re.compile(r"([245])\.(0|[1-9]\d{0,2})\.(0|[1-9]\d{0,2})")


def well_formed(code: str) -> bool:
    """Whether ``code`` is class, subject and detail as RFC 3463 section 2 writes them, without leading zeros."""
    return _WHOLE.fullmatch(code) is not None


def split(text: str) -> tuple[str | None, str]:
    """Return the enhanced code of a line and what follows it.

    A code that does not stand at the start is found too; the text is then returned whole.
    """
    if found := _AT_START.match(text):
        return found[1], text[found.end() :]
    found = _BEHIND_A_WORD.match(text) or (_WITH_NUMBER_SIGN.search(text) if "#" in text else None)
    return (found[1] if found else None), text


def agrees(basic: int, code: str) -> bool:
    """Whether both codes are of one class, as RFC 2034 section 4 requires."""
    return str(basic)[:1] == code[:1]
