"""The one door for outside text.

What a server, a name server or a file said may hold escape sequences, bidirectional controls or octets of no known
charset. ``show()`` makes all of it visible and harmless; no other function may hand outside text to an output. A
``Redactor`` stands before it where a server may echo what it must not: a password.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

# Printable by Unicode's categories, yet drawn as nothing: fillers and joiners that can hide text or shift it
# (Unicode's Default_Ignorable_Code_Point that are not of category C).
_FILLERS = (0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x180B, 0x180C, 0x180D, 0x180F, 0x3164, 0xFFA0, 0x2800)
_INVISIBLE = frozenset((*_FILLERS, *range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0)))
_ORDERS = re.compile(r"##(?=\[|vso\[|teamcity\[)", re.IGNORECASE)
_NAMED = {"\t": "\\t", "\n": "\\n", "\r": "\\r", "\0": "\\0"}


def show(outside: str | bytes) -> str:
    """Return ``outside`` with everything that is not plainly printable spelled out, such as ``\\x1b``.

    Octets are read as UTF-8; those that are not UTF-8 are shown one by one. The result holds no control, format,
    surrogate or private character and no line end. Applying it twice changes nothing.
    """
    text = outside.decode("utf-8", "surrogateescape") if isinstance(outside, bytes) else outside
    if not (text.isascii() and text.isprintable()):
        text = "".join(map(_visible, text))
    # Build systems obey these wherever in a line they stand.
    return _ORDERS.sub(r"#\\x23", text) if "##" in text else text


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


def capital(text: str) -> str:
    """``text`` with a capital letter at its start, for words that become a sentence."""
    return text[:1].upper() + text[1:]


class _Values(dict[str, str]):
    def __missing__(self, name: str) -> str:
        return "?"  # a report with a gap is better than none


def filled(words: str, values: Mapping[str, object]) -> str:
    """The words of ``data/`` with the values in the places that are named after them. Values are shown and never filled
    in again, whatever they hold."""
    return words.format_map(_Values({name: show(str(value)) for name, value in values.items()}))


class Redactor:
    """Takes secrets out of octets, in every common encoding in which a server may echo them."""

    _SHORTEST = 3  # a shorter form would hit words that mean something else

    def __init__(self) -> None:
        self._forms: set[bytes] = set()
        self._pattern: re.Pattern[bytes] | None = None

    def add(self, secret: bytes) -> None:
        """Hide this from now on: as it is, in base64 wherever it stands inside a longer text, hex, percent, quoted
        printable, HTML and backslash escapes, whatever the case of the letters."""
        self._forms |= {form for form in _encodings(secret) if len(form) >= self._SHORTEST}
        longest_first = sorted(map(re.escape, self._forms), key=len, reverse=True)
        self._pattern = re.compile(b"|".join(longest_first), re.IGNORECASE) if longest_first else None

    def __call__(self, octets: bytes) -> bytes:
        """The octets with ``***`` in place of each secret."""
        return self._pattern.sub(b"***", octets) if self._pattern else octets

    def cut(self, octets: bytes) -> bytes:
        """The same for octets that end in the middle: the beginning of a secret at their end is one, too."""
        octets = self(octets)
        low = octets.lower()
        for size in range(min(len(octets), max(map(len, self._forms), default=0)), self._SHORTEST - 1, -1):
            if any(form[:size].lower() == low[-size:] for form in self._forms if len(form) > size):
                return octets[:-size] + b"***"
        return octets


def _encodings(secret: bytes) -> Iterator[bytes]:
    import base64
    import html
    from urllib.parse import quote_from_bytes

    yield secret
    for ahead in range(3):
        # Octets in front of the secret shift it inside its base64; only the characters that are wholly its own count.
        first, last = -(-ahead * 8 // 6), (ahead + len(secret)) * 8 // 6
        shifted = base64.b64encode(bytes(ahead) + secret)[first:last]
        yield from (shifted, shifted.translate(bytes.maketrans(b"+/", b"-_")))
    yield base64.b32encode(secret).rstrip(b"=")
    yield secret.hex().encode()
    yield secret.hex(" ").encode()
    for lead, tail in ((b"%", b""), (b"=", b""), (b"\\x", b"")):
        yield b"".join(lead + f"{octet:02x}".encode() + tail for octet in secret)
    yield b"".join(b"&#%d;" % octet for octet in secret)
    yield quote_from_bytes(secret, safe="").encode()
    yield html.escape(secret.decode("utf-8", "surrogateescape")).encode("utf-8", "surrogateescape")
    yield secret.decode("utf-8", "replace").encode("utf-16-le")
    yield secret[::-1]
