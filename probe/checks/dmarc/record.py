"""One DMARC record: what it says, and what a careful postmaster would mend in it. (RFC 9989 sections 4.7 and 4.8)

Pure: nothing is looked up, and nothing here raises for what a record holds. What RFC 7489 reads otherwise is kept
beside it, because many receivers still follow it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from probe.checks.destination import elements, without_limit
from probe.checks.taglist import TagList, parse_tags

POLICIES = ("none", "quarantine", "reject")
"""From the mildest to the strictest."""

Standing = Literal["sound", "fallback", "unusable"]
"""Applied as it stands; applied as if it said ``p=none``; not applied at all."""

_VERSION = re.compile(r"\s*[vV]\s*=\s*DMARC1\s*(?:;|\Z)")
_ANY_VERSION = re.compile(r"\s*v\s*=\s*dmarc", re.IGNORECASE)
_BARE_VERSION = re.compile(r"\s*dmarc1\b", re.IGNORECASE)
_UNSEPARATED = re.compile(r"\s*[vV]\s*=\s*DMARC1\s*[^;\s]")
_STRAY_VERSION = re.compile(r"(?:^|(?<=[\s;,]))(?:v\s*=\s*)?dmarc\s*[0-9]*(?=[\s;,:]|\Z)[\s;,:]*", re.IGNORECASE)
_LATER_VERSION = re.compile(r";\s*v\s*=\s*DMARC1\b", re.IGNORECASE)
_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[!-+\--~]+")
_BARE_ADDRESS = re.compile(r"[^\s:@,]+@[^\s:@,]+")
_NEXT_TAG = re.compile(r"[,\s]\s*[A-Za-z]+\s*=")
_FO = re.compile(r"[01ds](?::[01ds])*", re.IGNORECASE)
# Characters that a word processor or a DNS panel puts around values. show() spells what is not printable.
_QUOTES = re.compile("[\"'`\u2018\u2019\u201c\u201d\u00ab\u00bb]")
# RFC 9989 section 4.7: the tags with a closed set of values, and their defaults. A wrong value is as none at all.
CLOSED: Mapping[str, tuple[tuple[str, ...], str]] = {
    "adkim": (("r", "s"), "r"),
    "aspf": (("r", "s"), "r"),
    "psd": (("y", "n", "u"), "u"),
    "t": (("y", "n"), "n"),
}
KNOWN = ("v", "p", "sp", "np", "psd", "t", "adkim", "aspf", "rua", "ruf", "fo")
"""The tags of RFC 9989, in the order in which this program writes them."""
REMOVED = ("pct", "rf", "ri")
"""Tags of RFC 7489 that RFC 9989 took away (its appendix C.4)."""
_BEFORE_TAG = re.compile(rf"\s*[,\s]\s*(?=(?:{'|'.join((*KNOWN[1:], *REMOVED))})\s*=)", re.IGNORECASE)
# What people write instead of a tag. Others are found by their likeness.
_CONFUSED = {"policy": "p", "subdomain": "sp", "subdomainpolicy": "sp", "report": "rua", "aggregate": "rua"}
# A longer record may not fit into one UDP answer, as with SPF (RFC 7208 section 3.4).
_ADVISED_LENGTH = 450


@dataclass(frozen=True)
class Record:
    """One record, read. ``p``, ``sp`` and ``np`` are None where absent or wrong; ``rua`` and ``ruf`` hold the valid
    addresses, without the size limit of RFC 7489; ``pct`` (percent, 100 where absent or wrong) counts for RFC 7489
    alone. ``warnings`` are ids, in the order of what matters first."""

    text: str
    tags: Mapping[str, str]
    p: str | None
    sp: str | None
    np: str | None
    adkim: str
    aspf: str
    psd: str
    t: bool
    pct: int
    rua: tuple[str, ...]
    ruf: tuple[str, ...]
    unknown: tuple[str, ...]
    misspelt: Mapping[str, str]
    warnings: tuple[str, ...]

    def standing(self, policies: Sequence[str] = ("sp", "np")) -> Standing:
        """What receivers make of a record whose ``p``, or one of these other policies, is missing or wrong (RFC 9989
        section 4.10.1; RFC 7489 section 6.6.3 step 6, which knows only ``sp``)."""
        wrong = any(name in self.tags and getattr(self, name) is None for name in policies)
        if self.p is not None and not wrong:
            return "sound"
        return "fallback" if self.rua else "unusable"

    @property
    def usable(self) -> bool:
        return self.standing() != "unusable"

    @property
    def fallback(self) -> bool:
        return self.standing() == "fallback"


def is_record(text: str) -> bool:
    """Whether a TXT record is a DMARC record: the version first, its value in capitals (RFC 9989 section 4.7)."""
    return bool(_VERSION.match(text))


def near_miss(text: str) -> str | None:
    """Why a text that is no DMARC record, but means to be one, is none; None for one that does not mean to be."""
    bare = text.strip()
    if is_record(text):
        return None
    if _QUOTES.match(bare) and "dmarc1" in bare.lower():
        return "quoted-record"
    if _UNSEPARATED.match(text):
        return "missing-semicolon"
    if _ANY_VERSION.match(text) or _BARE_VERSION.match(text):
        return "bad-version"
    return "version-not-first" if _LATER_VERSION.search(text) else None


def meant(text: str) -> Record | None:
    """The record that a near miss was to be: without its quotes, the version in front and parted from the rest. None
    where nothing can be made of it."""
    bare = _QUOTES.sub("", text)
    rest = _STRAY_VERSION.sub("", bare).strip(" ;,:")
    repaired = f"v=DMARC1; {rest}"
    return parse(repaired) if near_miss(text) and rest else None


def parse(text: str) -> Record:
    """Read a record that ``is_record``; never raises. Unknown tags are ignored, wrong values too (section 4.7)."""
    read = parse_tags(text, fold_case=True)
    tags = read.tags
    p, sp, np = (value if (value := tags.get(name, "").lower()) in POLICIES else None for name in ("p", "sp", "np"))
    closed = {
        name: value if (value := tags.get(name, default).lower()) in values else default
        for name, (values, default) in CLOSED.items()
    }
    percent = tags.get("pct", "")
    unknown = tuple(name for name in tags if name not in KNOWN and name not in REMOVED)
    record = Record(
        text=text,
        tags=tags,
        p=p,
        sp=sp,
        np=np,
        adkim=closed["adkim"],
        aspf=closed["aspf"],
        psd=closed["psd"],
        t=closed["t"] == "y",
        pct=int(percent)
        if percent.isascii() and percent.isdigit() and len(percent) < 4 and int(percent) < 101
        else 100,
        rua=_uris(tags.get("rua", "")),
        ruf=_uris(tags.get("ruf", "")),
        unknown=unknown,
        misspelt={name: meant for name in unknown if (meant := _meant(name, tags))},
        warnings=(),
    )
    warnings = dict.fromkeys((*_wrong(record), *_unwise(record, read)))
    return Record(**{**vars(record), "warnings": tuple(warnings)})


def separated(record: Record) -> Record:
    """The record with a semicolon in front of each tag that stands behind a comma or a space alone."""
    return parse(_BEFORE_TAG.sub("; ", record.text)) if "unseparated" in record.warnings else record


def milder(policy: str) -> str:
    """One step below (the ``t`` tag, RFC 9989 section 4.7; the messages that ``pct`` spares, RFC 7489 section
    6.6.4)."""
    return POLICIES[max(0, POLICIES.index(policy) - 1)]


def _uris(value: str) -> tuple[str, ...]:
    return tuple(uri for part in elements(value) if _URI.fullmatch(uri := without_limit(part)))


def _wrong(record: Record) -> Iterator[str]:
    """What receivers overlook, or make the worst of."""
    tags = record.tags
    yield from (f"bad-{name}" for name in ("p", "sp", "np") if name in tags and getattr(record, name) is None)
    yield from (
        f"bad-{name}" for name, (values, _) in CLOSED.items() if name in tags and tags[name].lower() not in values
    )
    for name in ("rua", "ruf"):
        if name in tags and len(_uris(tags[name])) < len(elements(tags[name])):
            bare = any(map(_BARE_ADDRESS.fullmatch, elements(tags[name])))
            yield f"{name}-without-mailto" if bare else f"bad-{name}"
    if "fo" in tags and not _FO.fullmatch("".join(tags["fo"].split())):
        yield "bad-fo"
    if "p" not in tags:
        yield "missing-p"


def _unwise(record: Record, read: TagList) -> Iterator[str]:
    """What is written wrongly, and what is allowed but seldom meant."""
    tags, text = record.tags, record.text
    ids = {
        "malformed-tag": bool(read.malformed),
        "repeated-tag": bool(read.repeated),
        "misspelt-tag": bool(record.misspelt),
        "unseparated": any(_NEXT_TAG.search(tags.get(name, "")) for name in ("p", "sp", "np", *CLOSED)),
        "quotes": bool(_QUOTES.search(text)),
        "not-ascii": not text.isascii(),
        "no-rua": not record.rua,
        "testing": record.t,
        "sp-weaker": _rank(record.sp) < _rank(record.p) and record.sp is not None,
        "sp-stricter": record.sp is not None and record.p is not None and _rank(record.sp) > _rank(record.p),
        "np-weaker": record.np is not None and _rank(record.np) < _rank(record.sp or record.p),
        "p-not-second": "p" in tags and next((name for name in tags if name != "v"), "p") != "p",
        "ruf-seldom-sent": bool(record.ruf),
        "fo-without-ruf": "fo" in tags and "ruf" not in tags,
        "size-limit": any("!" in tags.get(name, "") for name in ("rua", "ruf")),
        "long-record": len(text) > _ADVISED_LENGTH,
    }
    yield from (id_ for id_, present in ids.items() if present)
    yield from (f"removed-{name}" for name in tags if name in REMOVED)


def _rank(policy: str | None) -> int:
    return POLICIES.index(policy) if policy else -1


def _meant(name: str, tags: Mapping[str, str]) -> str | None:
    """The known tag that an unknown one probably means, if that does not stand in the record already."""
    from difflib import get_close_matches

    likely = _CONFUSED.get(name.replace("_", "")) or next(iter(get_close_matches(name, KNOWN[1:], 1, 0.75)), None)
    return likely if likely and likely not in tags else None
