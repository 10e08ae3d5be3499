"""A log line of a program that has no reader here, such as Haraka, msmtp, amavis and many a relay.

It is taken only where a basic and an enhanced code of one class stand side by side: hardly anything but a refusal looks
like that.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from probe.replies.logs.memory import Memory
from probe.replies.logs.syslog import Entry, is_logged
from probe.replies.notice import Notice

FORMAT = "log"
CUES = (" 5.", " 4.", "-5.", "-4.", "smtpmsg=")
_REPLY = re.compile(
    r"(?<![\d.])(?:(?P<basic>[45])\d\d[ -](?P<enhanced>[45])\.\d{1,3}\.\d{1,3}(?![\d.])|smtpstatus=[45]\d\d smtpmsg=')"
)
_MAILBOX = r"<?([^\s<>\"',;()\[\]]{1,64}@[^\s<>\"',;()\[\]]{1,255})"
_RECIPIENT = re.compile(rf"\b(?:to|rcpt|rcpt_to|recipients?|rcpts)[\"']?[=:] ?[\"'(]?{_MAILBOX}", re.IGNORECASE)
_SENDER = re.compile(rf"\b(?:from|sender|mail_from|mailfrom)[\"']?[=:] ?[\"'(]?{_MAILBOX}", re.IGNORECASE)
_HOST = re.compile(r"\b(?:relay|host|mx|server|remote)[\"']?[=:] ?[\"']?((?:[\w-]{1,63}\.){1,10}[A-Za-z][\w-]{1,62})")
_CLOSED = {"'": "'", '"': '"', "(": ")", "[": "]"}


def read(entry: Entry, memory: Memory) -> Iterator[Notice] | None:
    """The incident of one line; None where no reply stands in it."""
    message = entry.message
    if entry.time is None and not is_logged(message):
        return None  # a text that somebody pasted is none of a log's
    found = _REPLY.search(message)
    if found is None or found["basic"] != found["enhanced"]:
        return None
    begin = found.start() if found["basic"] else found.end()
    text = message[begin:]
    opened = message[begin - 1 : begin]
    if opened in _CLOSED:
        text = text.partition(_CLOSED[opened])[0]
    recipient, sender, host = (_first(pattern, message) for pattern in (_RECIPIENT, _SENDER, _HOST))
    return iter(
        [
            Notice(
                FORMAT,
                text,
                line=entry.number,
                time=entry.time,
                recipient=recipient,
                sender=sender,
                host=host,
                reporting_mta=entry.host,
            )
        ]
    )


def _first(pattern: re.Pattern[str], message: str) -> str | None:
    found = pattern.search(message)
    return found[1] if found else None
