"""Domain names: which may be used as a host, how one is written on the wire, and what an address is called in reverse.

Names in questions are taken literally: the dot parts labels, every other ASCII character stands for itself, and labels
beyond ASCII become A-labels (RFC 5890 section 2.3.2.1). There is no escape by backslash; names in answers may show one,
and such a name is no host name.
"""

from __future__ import annotations

import ipaddress
import re

from probe.errors import UsageError

# RFC 1123 section 2.1, with the underscore that service names use (RFC 8552).
_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?", re.ASCII | re.IGNORECASE)
# RFC 3490 section 3.1: characters that people type for the dot between labels.
_DOTS = re.compile("[.\u3002\uff0e\uff61]")
# Valid in IDNA2008 (RFC 5892 section 2.6), but folded away by the older nameprep.
_DEVIATIONS = re.compile("([\u00df\u03c2])")


class BadName(ValueError):
    """A name that cannot be asked for: an empty or long label, a long name, or characters without an A-label."""


def is_hostname(name: str) -> bool:
    """Whether ``name`` may be looked up and connected to: letters, digits, hyphens and underscores only.

    An address is none, and neither is the root; a last dot is not expected.
    """
    labels = name.split(".")
    # RFC 3696 section 2: the last label is not all digits, so an address written as a name is none.
    return len(name) <= 253 and not labels[-1].isdecimal() and all(map(_LABEL.fullmatch, labels))


def is_address(text: str) -> bool:
    """Whether ``text`` is an IPv4 or IPv6 address, without brackets."""
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def reverse_name(address: str) -> str:
    """The name of an address under in-addr.arpa (RFC 1035 section 3.5) or ip6.arpa (RFC 3596 section 2.5).

    Raises ``UsageError`` for what is no address.
    """
    try:
        return ipaddress.ip_address(address.partition("%")[0]).reverse_pointer
    except ValueError:
        raise UsageError("a reverse name needs an IPv4 or IPv6 address") from None


def to_ascii(name: str) -> str:
    """``name`` in A-labels and lower case, without the last dot. Raises ``BadName``."""
    labels = _labels(name.lower())
    if not labels or not all(len(label) in _LENGTHS for label in labels):
        raise BadName("a label is empty or too long")
    return b".".join(labels).decode("ascii").lower()


def encode_name(name: str) -> bytes:
    """``name`` as labels with their lengths (RFC 1035 section 3.1). Raises ``BadName``."""
    labels = name.encode("ascii").split(b".") if name.isascii() and not name.endswith(".") else _labels(name)
    try:
        encoded = b"".join([_LENGTHS[len(label)] + label for label in labels]) + b"\0"
    except KeyError:
        raise BadName("a label is empty or too long") from None
    if len(encoded) > 255:  # RFC 1035 section 2.3.4
        raise BadName("the name is too long")
    return encoded


# RFC 1035 section 2.3.4: how long a label may be.
_LENGTHS = {length: bytes([length]) for length in range(1, 64)}


def _labels(name: str) -> list[bytes]:
    """The labels in ASCII; none for the root."""
    labels = _DOTS.split(name)
    if not labels[-1]:
        labels.pop()
    if labels == [""]:
        labels.pop()
    return [label.encode("ascii") if label.isascii() else _a_label(label) for label in labels]


def _a_label(label: str) -> bytes:
    from encodings.idna import nameprep

    try:
        prepared = "".join(part if _DEVIATIONS.match(part) else nameprep(part) for part in _DEVIATIONS.split(label))
        return prepared.encode("ascii") if prepared.isascii() else b"xn--" + prepared.encode("punycode")
    except UnicodeError:
        raise BadName("a label has no form in ASCII") from None
