"""Replies one a line, as programs hand them over: the reply as it is, or a JSON object that tells more about it.

An object has ``text`` and, where they are known, ``code``, ``enhanced``, ``command`` and ``stage``; other keys, such as
``host``, are not read. Every line gets an answer, also one that holds no reply. What was not believed is said, and does
not keep the rest from being explained: the codes in the text count before those beside it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

from probe.catalog import Catalog
from probe.errors import UsageError
from probe.model import Explanation
from probe.replies.conformance import STAGE_OF_VERB
from probe.replies.enhanced import well_formed
from probe.replies.explanation import explain, explain_text
from probe.replies.parsing import parse
from probe.text import show

_CODE = re.compile(r"[2-5][0-9]{2}")  # RFC 5321 section 4.2.1
_LONGEST = 60
_KEYS = ("text", "code", "enhanced", "command", "stage")
_STAGES = frozenset(
    (*STAGE_OF_VERB.values(), "connect", "banner", "tls", "body", "dot", "connection", "greeting", "end-of-data")
)
_MEANT = {"connection": "connect", "greeting": "banner", "end-of-data": "dot"}


def answer(line: str, *, facts: Catalog) -> tuple[Explanation, str | None]:
    """The explanation of one line, and what is wrong with the line if anything is. Where that leaves no reply, the
    cause is ``unknown``."""
    words = line.strip()
    try:
        told = _told(words)
    except UsageError as error:
        return explain_text("", facts=facts), show(str(error))
    if len(told) == 1 and len(told["text"].split()) == 1:
        return _word(told["text"], facts)
    if words.startswith("{") and told.keys() == {"text"} and told["text"] == words:
        read = explain_text(words, facts=facts)
        says = not words.startswith('{"') and (read.code is not None or read.cause != "unknown")
        return read, None if says else "the line begins like a JSON object and is none"
    return _explained(told, facts)


def text_in(line: str) -> str:
    """The reply in the line: its text, or the code where an object has no more; the line itself where it is none."""
    try:
        told = _told(line.strip())
    except UsageError:
        return line.strip()
    return told["text"] or told.get("code", "")


def _word(word: str, facts: Catalog) -> tuple[Explanation, str | None]:
    """A code. Another word alone may still be a line of a reply, ``250-first``, or say enough, ``Greylisted``."""
    from probe.replies.codes import explain_code

    try:
        return explain_code(word, facts=facts), None
    except UsageError as error:
        read = explain_text(word, facts=facts)
        return read, None if read.code is not None or read.cause != "unknown" else show(str(error))


def _told(words: str) -> dict[str, str]:
    """What a line says, by the keys of an object. Raises ``UsageError`` for an object without a usable text."""
    if not words:
        raise UsageError("an empty line")
    if not words.startswith("{"):
        return {"text": words}
    try:
        document = json.loads(words)
    except (ValueError, RecursionError):
        return {"text": words}  # a reply may begin with a bracket, too
    told: dict[str, Any] = {key: document[key] for key in _KEYS if document.get(key) not in (None, "")}
    if "text" not in told and "code" not in told:
        raise UsageError("the object has no text")
    for key, value in told.items():
        if key == "code" and isinstance(value, int) and not isinstance(value, bool):
            told[key] = str(value)
        elif not isinstance(value, str):
            raise UsageError(f"{key} is no number" if key == "code" else f"{key} is no string")
    told.setdefault("text", "")
    return told


def _explained(told: dict[str, str], facts: Catalog) -> tuple[Explanation, str | None]:
    text = told["text"]
    command = told.get("command")
    verb = command.split()[0].upper() if command and command.split() else None
    stage = told.get("stage", "").lower().replace("_", "-")
    reply = parse(text)
    doubts: list[str] = []
    beside = _believed("code", told, _CODE.fullmatch, "three digits from 200 to 599", doubts)
    enhanced = _believed("enhanced", told, well_formed, "an enhanced code such as 5.1.1", doubts)
    if "stage" in told and stage not in _STAGES:
        doubts.append(f"stage {_short(told['stage'])} is not known")
    for key, said, inside in (("code", beside, reply.code), ("enhanced", enhanced, reply.enhanced)):
        if said is not None and inside is not None and said != str(inside):
            doubts.append(f"{key} is {said}, and the text says {inside}: the text counts")
    code = reply.code if reply.code is not None or beside is None else int(beside)
    enhanced = reply.enhanced or enhanced
    doubt = "; ".join(doubts) or None
    if code is None:
        if reply.enhanced is None and enhanced is not None:
            text = f"{enhanced} {text}"
        return explain_text(text, command=verb, facts=facts), doubt
    read = explain(
        code,
        enhanced,
        reply.evidence,
        command=command or reply.command,
        stage=(_MEANT.get(stage, stage) if stage in _STAGES else None) or reply.stage,
        facts=facts,
    )
    return read, doubt


def _believed(
    key: str, told: dict[str, str], fits: Callable[[str], object], form: str, doubts: list[str]
) -> str | None:
    """What stands under ``key`` where it has the form that it must have."""
    value = told.get(key)
    if value is None or fits(value):
        return value
    doubts.append(f"{key} {_short(value)} is not {form}")
    return None


def _short(outside: str) -> str:
    return f"'{show(outside[:_LONGEST])}'"
