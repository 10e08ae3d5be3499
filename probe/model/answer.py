"""What DNS said, in four values, and what a check made of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Any, Literal

from probe.model.noun import noun

AnswerState = Literal["found", "absent", "refused", "failed"]
Result = Literal["none", "neutral", "pass", "fail", "softfail", "policy", "temperror", "permerror"]


@noun(frozen=True)
class Answer:
    """One DNS question and what came of it.

    ``answer`` is ``found`` (records), ``absent`` (NXDOMAIN or NODATA from a server that may say so), ``refused``
    (REFUSED) or ``failed`` (SERVFAIL, time-out, lame, loop, unreadable). Only ``absent`` may be read as "no record" or
    "not listed". ``values`` are in presentation form (RFC 1035 section 5), TXT strings joined and made printable,
    names in lower case without the last dot. ``reason`` says why there are no values: ``nxdomain``, ``nodata``,
    ``servfail``, ``timeout`` … ``name`` is as asked. ``strings`` holds the octets of TXT records as they were
    published, each record by its character-strings (RFC 1035 section 3.3.14), in the order of ``values``: what is
    made printable can be read, but no longer judged. ``extended_errors`` are the numbers by which a resolver explains
    a failure (RFC 8914 section 4).
    """

    name: str
    type: str
    answer: AnswerState
    values: tuple[str, ...] = ()
    reason: str | None = None
    elapsed_ms: float = 0.0
    server: str | None = None
    canonical_name: str | None = None
    authenticated: bool = False
    strings: tuple[tuple[bytes, ...], ...] = ()
    extended_errors: tuple[int, ...] = ()

    @property
    def known(self) -> bool:
        """Whether DNS said anything at all: found or absent."""
        return self.answer in ("found", "absent")


@noun(frozen=True)
class CheckResult:
    """What one check found about one subject.

    ``result`` is a word of RFC 8601, or None where the check stopped before a verdict: then ``facts`` says how far it
    came. ``queries`` is every DNS question that it asked, in order; ``trace`` its steps in words.
    """

    check: str
    subject: str
    result: Result | None
    facts: Mapping[str, Any] = field(default_factory=dict)
    queries: tuple[Answer, ...] = ()
    trace: tuple[str, ...] = ()
