"""Tag lists, ``name=value`` with semicolons between, as DKIM keys and signatures (RFC 6376 section 3.2) and DMARC
records hold them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

# A tab or a line end inside a TXT record has been spelled out by show(); here it is white space again.
_FOLDED = re.compile(r"\\[trn]")
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")


@dataclass(frozen=True)
class TagList:
    """``tags`` in the order of the record, the first of each name. ``malformed`` is what is no tag at all,
    ``repeated`` the names that came more than once."""

    tags: Mapping[str, str]
    malformed: tuple[str, ...] = ()
    repeated: tuple[str, ...] = ()

    @property
    def first(self) -> str | None:
        """The name of the first tag."""
        return next(iter(self.tags), None)


def parse_tags(text: str, *, fold_case: bool = False) -> TagList:
    """Read the tag list of a record; never raises. ``fold_case`` is for lists whose names may be in capitals."""
    return _read(_FOLDED.sub(" ", text), fold_case)


def parse_field(value: bytes) -> TagList:
    """Read the tag list of a header field; never raises. Octets that are not UTF-8 stay as surrogates (RFC 8616
    section 4 allows UTF-8 in domains, selectors and identities)."""
    return _read(value.decode("utf-8", "surrogateescape"), fold_case=False)


def _read(text: str, fold_case: bool) -> TagList:
    tags: dict[str, str] = {}
    malformed: list[str] = []
    repeated: list[str] = []
    for part in text.split(";"):
        item = part.strip()
        if not item:
            continue
        name, equals, value = item.partition("=")
        name = name.strip().lower() if fold_case else name.strip()
        if not equals or not _NAME.fullmatch(name):
            malformed.append(item)
        elif name in tags:
            repeated.append(name)
        else:
            tags[name] = value.strip()
    return TagList(tags, tuple(malformed), tuple(repeated))
