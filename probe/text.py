"""The one door for outside text.

What a server, a name server or a file said may hold escape sequences, bidirectional controls or octets of no known
charset. ``show()`` makes all of it visible and harmless; no other function may hand outside text to an output.
"""

from __future__ import annotations

# Printable by Unicode's categories, yet drawn as nothing: fillers and joiners that can hide text or shift it
# (Unicode's Default_Ignorable_Code_Point that are not of category C).
_FILLERS = (0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x180B, 0x180C, 0x180D, 0x180F, 0x3164, 0xFFA0, 0x2800)
_INVISIBLE = frozenset((*_FILLERS, *range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0)))
_NAMED = {"\t": "\\t", "\n": "\\n", "\r": "\\r", "\0": "\\0"}


def show(outside: str | bytes) -> str:
    """Return ``outside`` with everything that is not plainly printable spelled out, such as ``\\x1b``.

    Octets are read as UTF-8; those that are not UTF-8 are shown one by one. The result holds no control, format,
    surrogate or private character and no line end. Applying it twice changes nothing.
    """
    text = outside.decode("utf-8", "surrogateescape") if isinstance(outside, bytes) else outside
    if text.isascii() and text.isprintable():
        return text
    return "".join(map(_visible, text))


def _visible(character: str) -> str:
    point = ord(character)
    if character.isprintable() and point not in _INVISIBLE:
        return character
    if character in _NAMED:
        return _NAMED[character]
    if 0xDC80 <= point <= 0xDCFF:  # an octet that was not UTF-8, as surrogateescape carries it
        return f"\\x{point - 0xDC00:02x}"
    if point < 0x100:
        return f"\\x{point:02x}"
    return f"\\u{point:04x}" if point < 0x10000 else f"\\U{point:08x}"
