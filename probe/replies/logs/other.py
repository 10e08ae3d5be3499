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
CUES = (" 5.", " 4.", "smtpmsg=", ' lr="')
_BOTH_CODES = re.compile(r"(?<![\d.])([45])\d\d[ -](?P<class>[45])\.\d{1,3}\.\d{1,3}(?![\d.])")
# msmtp's log of one message, and what Haraka logs at the end of a session in which it refused something last.
_LABELLED = re.compile(r"(?:\bsmtpmsg='| lr=\")(?=[45]\d\d[ -])")
_MAILBOX = r"<?([^\s<>\"',;()\[\]]{1,64}@[^\s<>\"',;()\[\]]{1,255})"
_RECIPIENT = re.compile(rf"\b(?:to|rcpt|rcpt_to|recipients?|rcpts)[\"']?[=:] ?[\"'(]?{_MAILBOX}", re.IGNORECASE)
_SENDER = re.compile(rf"\b(?:from|sender|mail_from|mailfrom)[\"']?[=:] ?[\"'(]?{_MAILBOX}", re.IGNORECASE)
_HOST = re.compile(r"\b(?:relay|host|mx|server|remote)[\"']?[=:] ?[\"']?((?:[\w-]{1,63}\.){1,10}[A-Za-z][\w-]{1,62})")
_CLIENT = re.compile(r"\bip=([0-9A-Fa-f.:]{3,45})(?= )")
_HELO = re.compile(r"\bhelo=\"([^\"]{1,255})\"")
_CLOSED = {"'": "'", '"': '"', "(": ")", "[": "]"}


def read(entry: Entry, memory: Memory) -> Iterator[Notice] | None:
    """The incident of one line; None where no reply stands in it."""
    message = entry.message
    if entry.time is None and not is_logged(message):
        return None  # a text that somebody pasted is none of a log's
    labelled = _LABELLED.search(message)
    both = None if labelled else _BOTH_CODES.search(message)
    if labelled is None and (both is None or both[1] != both["class"]):
        return None
    begin = labelled.end() if labelled else both.start() if both else 0
    text = message[begin:]
    opened = message[begin - 1 : begin]
    if opened in _CLOSED:
        text = text.partition(_CLOSED[opened])[0]
    notice = Notice(
        FORMAT,
        text,
        line=entry.number,
        time=entry.time,
        recipient=_first(_RECIPIENT, message),
        sender=_first(_SENDER, message),
        reporting_mta=entry.host,
    )
    if labelled and "lr=" in labelled[0]:
        client, helo = _first(_CLIENT, message), _first(_HELO, message)
        return iter([notice._replace(format="haraka", role="server", client_address=client, helo=helo)])
    return iter([notice._replace(host=_first(_HOST, message))])


def _first(pattern: re.Pattern[str], message: str) -> str | None:
    found = pattern.search(message)
    return found[1] if found else None
