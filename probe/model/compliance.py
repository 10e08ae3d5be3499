"""One published rule of a receiver, held against what was found."""

from __future__ import annotations

from typing import Literal

from probe.model.noun import noun

Holds = Literal["pass", "fail", "unknown"]


@noun(frozen=True)
class Compliance:
    """Whether a rule of ``data/receivers.toml`` is kept. ``unknown`` is what cannot be told from here, and ``reason``
    says why; it is None where the rule is kept. ``applies`` is ``all`` or ``bulk``, ``force`` ``required`` or
    ``advised``; ``since`` and ``checked`` are dates (RFC 3339 full-date); ``proof`` names the checks that decided;
    ``text`` and ``because`` are words."""

    id: str
    receiver: str
    holds: Holds
    reason: str | None
    applies: str
    force: str
    since: str
    checked: str
    source: str
    proof: tuple[str, ...] = ()
    text: str = ""
    because: str = ""
