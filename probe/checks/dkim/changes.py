"""A change that would explain why a signature does not agree: its kind, a word of ``data/words.toml`` behind
``change-``, and what is to be said about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Change:
    """``part`` is ``body``, or the name of the header field. A change is proved: with it undone, the hash or the
    signature agrees."""

    kind: str
    part: str
    details: Mapping[str, Any] = field(default_factory=dict)

    @property
    def facts(self) -> Mapping[str, Any]:
        return {"change": self.kind, "part": self.part, **self.details}
