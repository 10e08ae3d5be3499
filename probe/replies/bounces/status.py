"""Delivery status: the fields of RFC 3464, and of RFC 6533 for addresses beyond ASCII.

``message/delivery-status`` is a group of fields about the message, then one for each recipient, parted by empty lines.
Some reporters forget the empty lines, some put everything into one group, some wrap the report in base64: what begins a
new recipient is then its ``Final-Recipient``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from probe.replies.bounces.mime import Fields, first, split
from probe.replies.notice import Notice

TYPES = ("message/delivery-status", "message/global-delivery-status", "message/disposition-notification")
_RECIPIENT = ("original-recipient", "final-recipient")
_STATUS = re.compile(r"(?<![\d.])([245]\.\d{1,3}\.\d{1,3})(?![\d.])")
_EMBEDDED = re.compile(r"\\x\{([0-9A-Fa-f]{2,6})\}")
_TYPED = re.compile(r"\s{0,20}[\w./-]{1,40}\s{0,20};\s{0,20}")


def read(octets: bytes, format: str = "rfc3464") -> list[Notice]:
    """A notice for each recipient that was not reached; none for those that were."""
    message: Fields = ()
    notices = []
    for group in _groups(octets):
        if not any(name in _RECIPIENT or name in ("action", "diagnostic-code", "status") for name, _ in group):
            message += group
            continue
        notice = _recipient(group, message + group, format)
        if notice is not None:
            notices.append(notice)
    return notices


def looks_like(text: bytes) -> bool:
    """Whether the fields of a report stand in a text that was not declared as one."""
    lowered = text.lower()
    return b"final-recipient:" in lowered and (b"action:" in lowered or b"diagnostic-code:" in lowered)


def _groups(octets: bytes) -> Iterator[Fields]:
    """Groups of fields; a second recipient without an empty line before it begins a new one."""
    for paragraph in re.split(rb"\r?\n[ \t]*\r?\n", octets.strip(b"\r\n")):
        fields, rest = split(paragraph.lstrip(b"\r\n"))
        while rest and not fields and b"\n" in rest:  # words before the fields
            fields, rest = split(rest.partition(b"\n")[2])
        group: list[tuple[str, str]] = []
        seen: set[str] = set()
        for name, value in fields:
            if name in _RECIPIENT and (name in seen or "action" in seen or "status" in seen):
                yield tuple(group)
                group, seen = [], set()
            group.append((name, value))
            seen.add(name)
        if group:
            yield tuple(group)


def _recipient(group: Fields, all_fields: Fields, format: str) -> Notice | None:
    action = (first(group, "action") or "").split()[:1]
    word = action[0].lower().rstrip(";,.") if action else ""
    status = _STATUS.search(first(group, "status") or "")
    if word in ("delivered", "relayed", "expanded") or (not word and status and status[1][0] == "2"):
        return None
    if not word and status is None and first(group, "diagnostic-code") is None:
        return None
    remote = _typed(first(group, "remote-mta"))
    host, address = _host(remote)
    # Oracle's server writes protocol, its own address and port, and the other side's.
    ends = _ENDS.search(remote or "")
    return Notice(
        format=format,
        text=_typed(first(group, "diagnostic-code")) or "",
        action="delayed" if word == "delayed" else "failed" if word.startswith("fail") else None,
        time=first(group, "last-attempt-date") or first(all_fields, "arrival-date"),
        queue_id=first(all_fields, "x-postfix-queue-id") or first(group, "final-log-id"),
        sender=_mailbox(first(all_fields, "x-postfix-sender")),
        recipient=_mailbox(first(group, "final-recipient")) or _mailbox(first(group, "original-recipient")),
        status=status[1] if status else None,
        host=host,
        address=ends[2] if ends else address,
        client_address=ends[1] if ends else None,
        reporting_mta=_host(_typed(first(all_fields, "reporting-mta")))[0],
    )


def _typed(value: str | None) -> str | None:
    """The value without its type: ``smtp; 550 …``, ``dns; mx.example.org`` (RFC 3464 section 2.1.2)."""
    if value is None:
        return None
    found = _TYPED.match(value)
    return (value[found.end() :] if found else value).strip() or None


def _mailbox(value: str | None) -> str | None:
    """An address without its type and brackets. RFC 6533 section 3 writes what is not ASCII as ``\\x{…}``."""
    if value is None:
        return None
    bare = (_typed(value) or "").strip("<> \t")
    return _EMBEDDED.sub(lambda found: _character(found[1]), bare) or None


def _character(digits: str) -> str:
    point = int(digits, 16)
    return chr(point) if point < 0x110000 and not 0xD800 <= point < 0xE000 else "\ufffd"


_ENDS = re.compile(r"\(TCP\|([0-9A-Fa-f.:]{3,45})\|\d{1,5}\|([0-9A-Fa-f.:]{3,45})\|\d{1,5}\)")
_HOST = re.compile(r"\[?([\w.:-]{1,253})\]?(?: ?[(\[]{1,2}(?:IPv6:)?([0-9A-Fa-f.:]{3,45})[)\],])?")
_DIGITS = re.compile(r"[\d.]+|[0-9A-Fa-f:]*:[0-9A-Fa-f:.]*")


def _host(value: str | None) -> tuple[str | None, str | None]:
    """``mx.example.org (192.0.2.1)`` as name and address; an address alone is no name."""
    found = _HOST.search(value or "")
    if found is None:
        return None, None
    if _DIGITS.fullmatch(found[1]):
        return None, found[1]
    return found[1].rstrip("."), found[2]
