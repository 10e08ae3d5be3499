"""Objects of JSON: delivery events, queue listings, and log lines that a collector wrapped.

An object inside another is part of it; each object in a list is a record of its own that knows what stands around it.
So one notification of Amazon SES, or one message of ``postqueue -j``, gives an incident for each of its recipients.
"""

from __future__ import annotations

import datetime
import json
from typing import Any

from probe.replies.logs.record import RECIPIENT, STATUS, TEXT, notice, simple
from probe.replies.notice import Notice

_DEEPEST = 10
_MOST = 2000  # items of one list
_ITS_OWN = frozenset((*RECIPIENT, *STATUS, *TEXT))  # what makes an object in a list a record
_LINES = ("MESSAGE", "message", "log", "msg", "line", "_raw")
_FORMATS = (
    ("queuename", "postqueue"),
    ("notificationtype", "ses"),
    ("sgeventid", "sendgrid"),
    ("sgmessageid", "sendgrid"),
    ("messageeventtype", "sparkpost"),
    ("recordtype", "postmark"),
    ("deliverystatusattemptno", "mailgun"),
    ("peeraddressaddr", "kumomta"),
)


def documents(text: str) -> list[Any]:
    """The JSON values in ``text``, one after the other; none where it is something else."""
    found: list[Any] = []
    decoder = json.JSONDecoder()
    at = 0
    while True:
        while at < len(text) and text[at] in " \t\r\n,":
            at += 1
        if at >= len(text):
            return found
        try:
            value, at = decoder.raw_decode(text, at)
        except (ValueError, RecursionError):
            return found
        found.append(value)


def wrapped(document: Any) -> tuple[str, str | None, str | None] | None:
    """The log line that a collector put into an object, with its time and host: journald, Docker and others."""
    if not isinstance(document, dict):
        return None
    line = next((document[name] for name in _LINES if isinstance(document.get(name), str)), None)
    if line is None:
        return None
    stamp = document.get("__REALTIME_TIMESTAMP")
    time = _micros(stamp) if isinstance(stamp, str) else document.get("@timestamp") or document.get("time")
    host = document.get("_HOSTNAME") or document.get("host")
    return line, time if isinstance(time, str) else None, host if isinstance(host, str) else None


def notices(document: Any, line: int) -> list[Notice]:
    """Every refusal in one JSON value."""
    return _found(document, {}, line, 0)


def _found(value: Any, around: dict[str, str], line: int, depth: int) -> list[Notice]:
    """The refusals in ``value``; ``around`` are the values of the objects that it stands in. Where an object holds a
    list of refusals it is none itself."""
    if depth > _DEEPEST:
        return []
    if isinstance(value, list):
        return [made for item in value[:_MOST] for made in _found(item, around, line, depth + 1)]
    if not isinstance(value, dict):
        return []
    if isinstance(packed := value.get("Message"), str) and packed.lstrip().startswith("{"):
        # Amazon SNS puts the notification into a string.
        return [made for inner in documents(packed) for made in _found(inner, around, line, depth + 1)]
    own: dict[str, str] = {}
    inside: list[list[Any]] = []
    _flatten(value, "", own, inside, depth)
    known = {**around, **own}
    within = [made for items in inside for made in _found(items, known, line, depth + 1)]
    if within or (around and not own.keys() & _ITS_OWN):
        return within
    made = notice(known, _format(known), line)
    return [made] if made is not None else []


def _flatten(value: dict[str, Any], path: str, own: dict[str, str], inside: list[list[Any]], depth: int) -> None:
    """Scalars by their simple name and by the one with the object's before it; an object's own before those of the
    objects in it."""
    nested = []
    for key, item in value.items():
        name = simple(str(key))
        if isinstance(item, bool) or item is None:
            continue
        if isinstance(item, (str, int, float)):
            own.setdefault(name, str(item))
            own.setdefault(path + name, str(item))
        elif isinstance(item, list):
            if any(isinstance(one, dict) for one in item):
                inside.append(item)
            elif len(item) == 1 and isinstance(item[0], str):
                own.setdefault(name, item[0])
                own.setdefault(path + name, item[0])
        elif isinstance(item, dict):
            nested.append((name, item))
    for name, item in nested:
        if name == "enhancedcode" and {"class", "subject", "detail"} <= item.keys():
            own.setdefault(name, f"{item['class']}.{item['subject']}.{item['detail']}")
        elif depth < _DEEPEST:
            _flatten(item, name, own, inside, depth + 1)


def _format(values: dict[str, str]) -> str:
    return next((name for key, name in _FORMATS if key in values), "json")


def _micros(stamp: str) -> str | None:
    """journald's time, in microseconds."""
    if not stamp.isdecimal() or len(stamp) > 16:
        return None
    moment = datetime.datetime.fromtimestamp(int(stamp) / 1e6, datetime.UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"
