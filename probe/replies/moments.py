"""Times as bounces, logs and events write them, in the one form of RFC 3339 where the year is known.

Syslog writes no year (RFC 3164 section 4.1.2), and none is guessed: such a time stays as it stands. Where no offset was
written none is added, for nobody knows the clock of that machine.
"""

from __future__ import annotations

import re

_CLOCK = r"(?P<clock>\d\d:\d\d(?::\d\d)?)(?:[.,](?P<fraction>\d{1,9}))?"
_OFFSET = r"(?: ?(?P<offset>Z|[+-]\d\d:?\d\d|[A-Z]{2,4}))?"
_COMMENT = r"(?: \([^)]{0,40}\))?"
_MONTH = r"(?P<name>[A-Z][a-z]{2})"
_FORMS = tuple(
    re.compile(form)
    for form in (
        rf"(?P<year>\d{{4}})[-/](?P<month>\d\d)[-/](?P<day>\d\d)[Tt ]{_CLOCK}{_OFFSET}",
        # RFC 5322 section 3.3, with the comments and names of zones that older programs write.
        rf"(?:[A-Z][a-z]{{2}},? {{0,2}})?(?P<day>\d{{1,2}}) {_MONTH} (?P<year>\d{{4}}) {_CLOCK}{_OFFSET}{_COMMENT}",
        rf"[*.]?{_MONTH} {{1,2}}(?P<day>\d{{1,2}}) (?P<year>\d{{4}}) {_CLOCK}{_OFFSET}",
        rf"(?:[A-Z][a-z]{{2}} )?{_MONTH} {{1,2}}(?P<day>\d{{1,2}}) {_CLOCK} (?P<year>\d{{4}}){_OFFSET}",
    )
)
_UNIX = re.compile(r"(\d{9,10})(?:\.(\d{1,9}))?")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
# RFC 5322 section 4.3.
_ZONES = {
    "Z": "Z", "UT": "Z", "UTC": "Z", "GMT": "Z", "EDT": "-04:00", "EST": "-05:00", "CDT": "-05:00", "CST": "-06:00",
    "MDT": "-06:00", "MST": "-07:00", "PDT": "-07:00", "PST": "-08:00",
}  # fmt: skip


def rfc3339(written: str) -> str:
    """The time as RFC 3339 section 5.6 writes it, or as it was written where that cannot be told."""
    text = written.strip()
    if (unix := _UNIX.fullmatch(text)) is not None:
        import datetime

        moment = datetime.datetime.fromtimestamp(int(unix[1]), datetime.UTC)
        return f"{moment:%Y-%m-%dT%H:%M:%S}{_fraction(unix[2])}Z"
    found = next((found for form in _FORMS if (found := form.fullmatch(text))), None)
    if found is None:
        return written
    told = found.groupdict()
    name, offset = told.get("name"), told["offset"] or ""
    month = int(told["month"]) if name is None else _MONTHS.index(name) + 1 if name in _MONTHS else 0
    clock = told["clock"] if told["clock"].count(":") == 2 else f"{told['clock']}:00"
    hour, minute, second = map(int, clock.split(":"))
    if offset[:1] in ("+", "-"):
        offset = f"{offset[:3]}:{offset[-2:]}"
    elif offset:
        offset = _ZONES.get(offset, "")
    possible = 1 <= month <= 12 and 1 <= int(told["day"]) <= 31 and hour < 24 and minute < 60 and second <= 60
    if not possible or (told["offset"] and not offset):
        return written
    return f"{told['year']}-{month:02}-{int(told['day']):02}T{clock}{_fraction(told['fraction'])}{offset}"


def _fraction(digits: str | None) -> str:
    return f".{digits}" if digits else ""
