"""Lists that answer the holder of a key: Spamhaus's Data Query Service, whose key is a label of every question.

The key never gets further than the wire. Zones are written with ``<key>`` in its place (``<key>.zen.dq.spamhaus.net``);
``Keyed`` puts it into a question, and takes it out of whatever comes back.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import replace

from probe.checks.protocols import Asker
from probe.model import Answer

VARIABLE = "SMTP_PROBE_DQS_KEY"
PLACE = "<key>"
_LABEL = re.compile(r"[a-z0-9]{1,63}", re.ASCII | re.IGNORECASE)


def dqs_key(environment: Mapping[str, str] = os.environ) -> str | None:
    """The key of this user, if there is one."""
    return environment.get(VARIABLE, "").strip() or None


def is_key(text: str) -> bool:
    """Whether it can be a label; a key that was pasted with more around it is none."""
    return _LABEL.fullmatch(text) is not None


class Keyed:
    """An ``Asker`` for names with ``<key>`` in them."""

    def __init__(self, ask: Asker, key: str) -> None:
        self._ask = ask
        self._key = key
        self._echo = re.compile(re.escape(key), re.IGNORECASE)

    async def ask(self, name: str, rdtype: str) -> Answer:
        """The answer as if the placeholder had been asked for."""
        answer = await self._ask.ask(name.replace(PLACE, self._key), rdtype)
        return replace(
            answer,
            name=name,
            values=tuple(map(self._without, answer.values)),
            canonical_name=answer.canonical_name and self._without(answer.canonical_name),
            strings=(),  # a key may be spread over several of them
        )

    def _without(self, text: str) -> str:
        return self._echo.sub(PLACE, text)
