"""What a signature leaves out: fields that readers rely on, and fields that could be added beside a signed one (RFC
6376 sections 5.4 and 8.15)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from probe.checks.dkim.signature import Signature
from probe.mail.message import Message

# RFC 6376 section 5.4.1, those that a reader or a program acts on; and RFC 8058 section 4 for one-click.
_WORTH_SIGNING = (
    *("from", "sender", "reply-to", "subject", "date", "message-id", "to", "cc", "in-reply-to", "references"),
    *("mime-version", "content-type", "content-transfer-encoding", "list-unsubscribe", "list-unsubscribe-post"),
)
# RFC 5322 section 3.6: these may stand only once, so that a second one is somebody's addition.
_ONCE = (
    *("from", "sender", "reply-to", "subject", "date", "message-id", "to", "cc", "in-reply-to", "references"),
    *("mime-version", "content-type", "content-transfer-encoding"),
)


@dataclass(frozen=True)
class Coverage:
    """Names in lower case. ``unsigned`` are present and not signed at all; ``unsigned_duplicates`` are signed, and
    stand once more than was signed; ``oversigned`` are named once more than they stand, so that none can be added."""

    unsigned: tuple[str, ...]
    unsigned_duplicates: tuple[str, ...]
    oversigned: tuple[str, ...]

    @property
    def facts(self) -> Mapping[str, Any]:
        return vars(self)


def coverage(message: Message, signature: Signature) -> Coverage:
    mentions = Counter(signature.headers)
    there = {name: len(message.all(name)) for name in _WORTH_SIGNING}
    return Coverage(
        unsigned=tuple(name for name, count in there.items() if count and not mentions[name]),
        unsigned_duplicates=tuple(name for name in _ONCE if 0 < mentions[name] < there[name]),
        oversigned=tuple(name for name, count in there.items() if mentions[name] > count),
    )
