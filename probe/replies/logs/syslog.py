"""What stands before a log line's message: time, host, program (RFC 3164, RFC 5424, ISO 8601 times, journald).

A line may have no such head at all, or one that nobody knows; then the whole line is the message.
"""

from __future__ import annotations

import re
from typing import NamedTuple


class Entry(NamedTuple):
    """One line: its number, its head, and its message."""

    number: int
    time: str | None
    host: str | None
    program: str | None
    message: str


# What containers and their collectors put before the line, then the priority (RFC 3164 section 4.1.1).
_PRIORITY = r"(?:[\w.-]{1,64} {0,20}\| |[\d:T.Z+-]{20,40} std(?:out|err) [FP] )?(?:<\d{1,3}>)?"
_HEAD = re.compile(
    rf"{_PRIORITY}(?:"
    # RFC 3164 section 4.1.2: Mmm dd hh:mm:ss; some add a year, milliseconds, or a star for a clock that is not set.
    r"(?P<bsd>[*.]?[A-Z][a-z]{2} [ \d]?\d (?:\d{4} )?\d\d:\d\d:\d\d(?:[.,]\d{1,9})?)"
    # RFC 3339, and the looser form that Exim and journalctl write.
    r"|(?:1 )?(?P<iso>\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?: ?Z| ?[+-]\d\d:?\d\d)?)"
    r"|(?P<unix>\d{9,10}\.\d{3,9})"
    r") (?P<host>[\w.:\[\]-]{1,255}) "
    r"(?P<program>[\w./-]{1,64})(?:\[[\w./-]{1,32}\])?"
    # RFC 5424 section 6: process, message id and structured data stand between, and a BOM may begin the message.
    r"(?::| \S{1,128} \S{1,32} (?:-|\[[^\]]{0,1000}\])(?: ?\ufeff)?) ?"
)


def entry(line: str, number: int) -> Entry:
    """Take the head off ``line``."""
    found = _HEAD.match(line)
    if found is None:
        return Entry(number, None, None, None, line)
    time = found["bsd"] or found["iso"] or found["unix"]
    return Entry(number, time, found["host"], found["program"], line[found.end() :])


_LOGGED = re.compile(
    rf"{_PRIORITY}(?:"
    r"[*.]?[A-Z][a-z]{2} [ \d]?\d (?:\d{4} )?\d\d:\d\d:\d\d|(?:1 )?\[?\d{4}[-/]\d\d[-/]\d\d[T ]\d\d:\d\d"
    r"|\[\d\d/[A-Z][a-z]{2}/\d{4}[ :]\d\d:\d\d|@4[0-9a-f]{23} |\d{9,10}\.\d{3,9} "
    r"|(?:[0-9A-F]{6,16}|[0-9B-DF-HJ-NP-TV-Zb-df-hj-np-tv-z]{10,20}|NOQUEUE): )"
)


def is_logged(line: str) -> bool:
    """Whether ``line`` begins as log lines do: with a time, or with a queue's id."""
    return _LOGGED.match(line) is not None
