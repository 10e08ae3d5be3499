"""What was heard: one reply (RFC 5321 section 4.2), and the exchange that it belongs to."""

from __future__ import annotations

from probe.model.explanation import Explanation
from probe.model.noun import noun


@noun(frozen=True)
class Reply:
    """One complete reply of a server.

    ``lines`` is the text after code and separator, one entry a line, made printable. ``codes`` is each line's own code.
    ``raw`` is every octet as it arrived, secrets redacted. ``arrived_ms`` is when each line was complete, in
    milliseconds since the session began. ``oddities`` names what RFC 5321 does not allow in it, such as ``bare-lf``.
    ``cut`` is true where a limit or the end of the stream ended it.
    """

    code: int
    enhanced: str | None
    lines: tuple[str, ...]
    codes: tuple[int, ...]
    raw: bytes
    arrived_ms: tuple[float, ...] = ()
    oddities: tuple[str, ...] = ()
    cut: bool = False

    @property
    def text(self) -> str:
        """The whole text, lines joined by a line feed."""
        return "\n".join(self.lines)


@noun(frozen=True)
class Exchange:
    """A command and what came of it.

    ``command`` is the line as sent, without its line end, secrets redacted; None for the greeting, or for octets that
    came unasked. Exactly one of ``reply`` and ``failure`` is set once the exchange is over. ``failure`` is a word of
    ``Outcome``; ``detail`` says it in words; ``partial`` is what had arrived of a reply that never became whole, made
    printable, and ``partial_raw`` the same as octets. Times are milliseconds since the session began and since the
    command was sent.
    """

    stage: str
    command: str | None
    in_tls: bool
    sent_ms: float
    elapsed_ms: float
    reply: Reply | None = None
    failure: str | None = None
    detail: str | None = None
    partial: str | None = None
    partial_raw: bytes | None = None
    explanation: Explanation | None = None
