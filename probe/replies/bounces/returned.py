"""The header of the message that came back: who sent it, which id it has, and which DKIM keys signed it (RFC 6376
section 3.5). What a proof against live DNS needs is here, and only here."""

from __future__ import annotations

import re
from typing import NamedTuple

from probe.replies.bounces.mime import Fields, first

TYPES = (
    "message/rfc822",
    "text/rfc822-headers",
    "message/rfc822-headers",
    "text/rfc822",
    "message/global",
    "message/global-headers",
    "message/partial",
)
_MAILBOX = re.compile(
    r"[^\s<>\"'(),;:\[\]]{1,64}@[^\s<>\"'(),;:\[\]]{1,255}|[^\s<>\"'(),;:\[\]]{1,64}@\[[\w.:]{1,60}\]"
)
_TAG = re.compile(r"(?:^|;)\s{0,40}([ds])\s{0,40}=\s{0,40}([\w.-]{1,253})")
_MOST_SIGNATURES = 8


class Returned(NamedTuple):
    """``sender`` is the reverse-path as the header kept it, ``dkim`` the names of the keys."""

    message_id: str | None = None
    sender: str | None = None
    header_from: str | None = None
    recipient: str | None = None
    dkim: tuple[str, ...] = ()


def read(fields: Fields) -> Returned:
    """The facts of a returned header."""
    path = first(fields, "return-path")
    return Returned(
        message_id=first(fields, "message-id"),
        sender="" if path is not None and path.strip() == "<>" else mailbox(path),
        header_from=mailbox(first(fields, "from"), last=True),
        recipient=mailbox(first(fields, "to")),
        dkim=tuple(dict.fromkeys(_keys(fields)))[:_MOST_SIGNATURES],
    )


def mailbox(value: str | None, *, last: bool = False) -> str | None:
    """The first address in ``value``; the ``last`` where names stand before it, which may look like one."""
    found = _MAILBOX.findall((value or "")[:4000])
    return found[-1 if last else 0] if found else None


def _keys(fields: Fields) -> list[str]:
    keys = []
    for name, value in fields:
        if name == "dkim-signature":
            tags = {found[1]: found[2] for found in _TAG.finditer(value[:4000])}
            if "d" in tags and "s" in tags:
                keys.append(f"{tags['s']}._domainkey.{tags['d']}")
    return keys
