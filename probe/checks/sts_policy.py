"""MTA-STS as text: the record, the policy file, and which hosts a policy covers (RFC 8461). Pure, and never raises."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from probe.names import is_hostname
from probe.text import show

MODES = ("enforce", "testing", "none")
MOST_AGE = 31_557_600  # RFC 8461 section 3.2
# RFC 8461 section 10.2 advises weeks; below a day a policy hardly protects at all.
SHORT_AGE = 86_400
_ADVISED_AGE = 604_800

_FIELD_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,31}")
_ID = re.compile(r"[A-Za-z0-9]{1,32}")
_EXTENSION_VALUE = re.compile(r"[!-:<>-~]+")
_AGE = re.compile(r"[0-9]{1,10}")
_LABELS = re.compile(r"(?:\*\.)?[^*]+")


@dataclass(frozen=True)
class Record:
    """The text of ``_mta-sts``: its ``id``, or ``reason`` why it is none: ``malformed-tag``, ``no-id``, ``bad-id``
    or ``repeated-tag``."""

    text: str
    id: str | None
    reason: str | None = None


@dataclass(frozen=True)
class Policy:
    """A policy file. ``mx`` are the patterns in lower case. ``reason`` is the first thing that keeps senders from using
    it, None for a valid one; ``warnings`` is what they overlook."""

    mode: str | None
    max_age: int | None
    mx: tuple[str, ...]
    reason: str | None
    detail: str = ""
    unknown: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


def is_record(text: str) -> bool:
    """Whether a TXT record counts: all others are as if they were not there (RFC 8461 section 3.1)."""
    return text.startswith("v=STSv1;")


def looks_like_record(text: str) -> bool:
    """Whether a TXT record was meant to be one and is not: spaces, capitals, a missing semicolon."""
    return bool(re.match(r"\s*v\s*=\s*sts", text, re.IGNORECASE)) and not is_record(text)


def parse_record(text: str) -> Record:
    """Read a text that ``is_record``. Fields of unknown names are allowed."""
    ids: list[str] = []
    parts = text.split(";")
    if not parts[-1].strip(" \t"):
        parts.pop()
    for part in parts[1:]:
        name, equals, value = part.strip(" \t").partition("=")
        if not equals or not _FIELD_NAME.fullmatch(name):
            return Record(text, None, "malformed-tag")
        if name == "id":
            ids.append(value)
        elif not _EXTENSION_VALUE.fullmatch(value):
            return Record(text, None, "malformed-tag")
    if not ids:
        return Record(text, None, "no-id")
    if len(ids) > 1:
        return Record(text, None, "repeated-tag")
    return Record(text, ids[0]) if _ID.fullmatch(ids[0]) else Record(text, None, "bad-id")


def parse_policy(octets: bytes) -> Policy:
    """Read a policy file (RFC 8461 section 3.2): lines of ``name: value``, ended by CR LF or LF."""
    text = octets.decode("utf-8", "surrogateescape")
    fields: dict[str, str] = {}
    mx: list[str] = []
    warnings: dict[str, None] = {}
    broken = None
    if octets.startswith(b"\xef\xbb\xbf"):
        broken = "byte-order-mark"
    lines = text.split("\n")
    if not lines[-1]:
        lines.pop()  # the last line may have an end or none
    for line in lines:
        name, colon, value = line.removesuffix("\r").rstrip(" \t").partition(":")
        value = value.strip(" \t")
        if not name and not colon:
            warnings["empty-line"] = None
            continue
        if not colon or not _FIELD_NAME.fullmatch(name) or "\r" in value:
            broken = broken or f"malformed:{show(line)}"
            continue
        if name == "mx":
            mx.append(value.lower().removesuffix("."))
        elif name in fields:
            warnings["repeated-field"] = None  # RFC 8461 section 3.2: only the first counts
        else:
            fields[name] = value
    if not text.isascii():
        warnings["not-ascii"] = None
    reason, _, detail = (broken or _reason(fields, mx) or "").partition(":")
    mode, age = fields.get("mode"), fields.get("max_age", "")
    return Policy(
        mode=mode if mode in MODES else None,
        max_age=int(age) if _AGE.fullmatch(age) else None,
        mx=tuple(dict.fromkeys(show(pattern) for pattern in mx)),
        reason=reason or None,
        detail=detail,
        unknown=tuple(show(name) for name in fields if name not in ("version", "mode", "max_age")),
        warnings=tuple(warnings),
    )


def _reason(fields: dict[str, str], mx: Sequence[str]) -> str | None:
    """In the order in which the RFC lists the fields; after a colon what was found there."""
    version, mode, age = (fields.get(name) for name in ("version", "mode", "max_age"))
    if version is None:
        return "no-version"
    if version != "STSv1":
        return f"bad-version:{show(version)}"
    if mode is None:
        return "no-mode"
    if mode not in MODES:
        return f"bad-mode:{show(mode)}"
    if age is None:
        return "no-max-age"
    if not _AGE.fullmatch(age) or int(age) > MOST_AGE:
        return f"bad-max-age:{show(age)}"
    if not mx and mode != "none":
        return "no-mx"
    wrong = next((pattern for pattern in mx if not is_pattern(pattern)), None)
    return None if wrong is None else f"bad-mx:{show(wrong)}"


def is_pattern(pattern: str) -> bool:
    """Whether a text is a host name, or one with a star for its whole first label."""
    host = pattern.removeprefix("*.")
    return bool(_LABELS.fullmatch(pattern)) and is_hostname(host) and "_" not in host


def covers(patterns: Iterable[str], host: str) -> bool:
    """Whether one of the patterns matches an MX host; a star stands for exactly one label (RFC 8461 section 4.1)."""
    name = host.lower().removesuffix(".")
    return any(pattern in (name, f"*.{name.partition('.')[2]}") for pattern in patterns)


def new_id(now: datetime.datetime) -> str:
    """An id out of a moment: letters and digits alone, and another one each second."""
    return now.astimezone(datetime.UTC).strftime("%Y%m%dT%H%M%SZ")


def record_text(id_: str) -> str:
    """The text to publish under ``_mta-sts``."""
    return f"v=STSv1; id={id_};"


def policy_text(mode: str, mx: Sequence[str], max_age: int = _ADVISED_AGE) -> str:
    """The file to serve, with the line ends that the RFC writes."""
    lines = ("version: STSv1", f"mode: {mode}", *(f"mx: {host}" for host in mx), f"max_age: {max_age}")
    return "".join(f"{line}\r\n" for line in lines)
