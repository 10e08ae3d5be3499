"""Replies one a line, as programs hand them over: the reply as it is, or a JSON object that tells more about it.

An object has ``text`` and, where they are known, ``code``, ``enhanced``, ``command`` and ``stage``; other keys, such as
``host``, are not read. Every line gets an answer, also one that holds no reply.
"""

from __future__ import annotations

import json
from typing import Any

from probe.catalog import Catalog
from probe.errors import UsageError
from probe.model import Explanation
from probe.replies.conformance import STAGE_OF_VERB
from probe.replies.enhanced import well_formed
from probe.replies.explanation import explain, explain_text
from probe.replies.parsing import parse
from probe.text import show

_KEYS = ("text", "code", "enhanced", "command", "stage")
_STAGES = frozenset(
    (*STAGE_OF_VERB.values(), "connect", "banner", "tls", "body", "dot", "connection", "greeting", "end-of-data")
)
_MEANT = {"connection": "connect", "greeting": "banner", "end-of-data": "dot"}


def answer(line: str, *, facts: Catalog) -> tuple[Explanation, str | None]:
    """The explanation of one line, and what is wrong with the line if anything is: then its cause is ``unknown``."""
    words = line.strip()
    try:
        told = _told(words)
    except UsageError as error:
        return explain_text("", facts=facts), show(str(error))
    if len(told) == 1 and len(told["text"].split()) == 1:
        return _word(told["text"], facts)
    return _explained(told, facts), None


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
    told: dict[str, str] = {}
    for key in _KEYS:
        value: Any = document.get(key)
        if value is None or value == "":
            continue
        if isinstance(value, bool) or not isinstance(value, (str, int)):
            raise UsageError(f"{key} is no text")
        told[key] = str(value)
    if "text" not in told and "code" not in told:
        raise UsageError("the object has no text")
    told.setdefault("text", "")
    return told


def _explained(told: dict[str, str], facts: Catalog) -> Explanation:
    text = told["text"]
    command = told.get("command")
    verb = command.split()[0].upper() if command and command.split() else None
    stage = told.get("stage", "").lower().replace("_", "-")
    reply = parse(text)
    code = reply.code
    if code is None and told.get("code", "").isdecimal() and len(told["code"]) == 3:
        code = int(told["code"])
    enhanced = reply.enhanced or (told["enhanced"] if well_formed(told.get("enhanced", "")) else None)
    if code is None:
        return explain_text(text, command=verb, facts=facts)
    return explain(
        code,
        enhanced,
        reply.evidence,
        command=command or reply.command,
        stage=(_MEANT.get(stage, stage) if stage in _STAGES else None) or reply.stage,
        facts=facts,
    )
