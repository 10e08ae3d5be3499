"""Saying a line, hearing a reply, and keeping the books of both: what every stage of a session does.

Before each command the input must be empty. Whatever ends the session is noted with what had arrived, and decided once.
"""

from __future__ import annotations

from collections.abc import Callable

from probe.catalog import Catalog
from probe.errors import Detail, WireError
from probe.limits import Limits
from probe.model import Endpoint, Outcome, Reply, Session, Stage
from probe.smtp.ledger import Ledger
from probe.smtp.protocols import other_protocol
from probe.smtp.wire import Wire
from probe.text import Redactor


class End(Exception):
    """Nothing more can be said in this session; its outcome is decided."""


class Speaker:
    """One side of a conversation over one wire."""

    def __init__(self, endpoint: Endpoint, limits: Limits, clock: Callable[[], float], facts: Catalog) -> None:
        self._limits = limits
        self._facts = facts
        self._redact = Redactor()
        self._books = Ledger(endpoint, clock, self._redact, facts)
        self._wire: Wire | None = None
        self._heard_in_tls = False

    def session(self) -> Session:
        return self._books.session()

    def break_off(self, outcome: Outcome, detail: Detail) -> None:
        """Nothing more will be said; what was going on is noted. After the dot nobody knows what becomes of the
        message."""
        if self._books.fate_is_open:
            outcome = "delivery_unknown"
        partial = self._wire.unread if self._wire is not None else b""
        stage = self._books.reached
        self._noted(stage, None, self._books.now(), failure=WireError(outcome, detail, partial))
        self._books.decide(outcome, stage, detail)

    def interrupt(self) -> None:
        """The user wants no more of it."""
        self._books.interrupted = True
        self.break_off("closed", Detail("detail-interrupted"))

    def hang_up(self) -> None:
        if self._wire is not None:
            self._wire.abort()

    async def _command(self, stage: Stage, line: str, timeout: float | None = None, shown: str | None = None) -> Reply:
        await self._nothing_unread(stage)
        return await self._hear(stage, line, timeout or self._limits.command, shown=shown)

    async def _hear(
        self, stage: Stage, line: str | None, timeout: float, *, write: bool = True, shown: str | None = None
    ) -> Reply:
        """Send the line, if there is one to send, and read one reply. ``shown`` stands in its place in the report."""
        wire = self._the_wire
        self._books.reach(stage)
        sent = self._books.now()
        try:
            if line is not None and write:
                reply = await wire.command(line.encode("utf-8", "surrogateescape"), self._within(timeout))
            else:
                reply = await wire.read_response(self._within(timeout))
        except WireError as error:
            if stage == "dot":
                error = WireError("delivery_unknown", Detail("detail-fate-unknown", why=error.detail), error.partial)
            self._fail(stage, line if shown is None else shown, sent, error)
        self._heard_in_tls = self._heard_in_tls or self._in_tls
        self._noted(stage, line if shown is None else shown, sent, reply=reply)
        if len(set(reply.codes)) > 1:
            codes = " ".join(map(str, reply.codes))
            self._books.decide("inconsistent_codes", stage, Detail("detail-different-codes", codes=codes))
            raise End
        if reply.code == 421:
            self._books.decide("tempfail", stage, Detail("detail-closes-with-421"))
            raise End
        if reply.cut:
            self._judged(reply, stage, ())
            raise End
        return reply

    async def _nothing_unread(self, stage: Stage, seconds: float = 0.0) -> None:
        """RFC 5321 section 2.4 ties each reply to a command: octets that wait here belong to none."""
        wire = self._the_wire
        unread = await wire.look(seconds)
        if not unread:
            return
        reply = wire.reader.take()
        if reply is not None and reply.code == 421:
            self._noted(stage, None, self._books.now(), reply=reply)
            self._books.decide("tempfail", stage, Detail("detail-closes-with-421"))
        else:
            unasked = WireError("unsolicited", Detail("detail-spoke-unasked"), unread)
            self._fail(stage, None, self._books.now(), unasked)
        raise End

    @property
    def _the_wire(self) -> Wire:
        assert self._wire is not None
        return self._wire

    @property
    def _in_tls(self) -> bool:
        return self._wire is not None and self._wire.tls is not None and self._wire.tls.ready

    def _within(self, seconds: float) -> float:
        """A deadline that also ends with the session's."""
        return max(0.001, min(seconds, self._limits.session - self._books.now() / 1000))

    def _judged(self, reply: Reply, stage: Stage, wanted: tuple[int, ...]) -> bool:
        """Decide by the first digit, as RFC 5321 section 4.3.2 lets a client do; True if it is one of ``wanted``."""
        first, place = reply.code // 100, Detail(f"stage-{stage}")
        if first in wanted:
            return True
        if first == 5:
            self._books.decide("rejected", stage, Detail("detail-refused", code=reply.code, place=place))
        elif first == 4:
            self._books.decide("tempfail", stage, Detail("detail-deferred", code=reply.code, place=place))
        else:
            self._books.decide("protocol_error", stage, Detail("detail-no-sense", code=reply.code, place=place))
        return False

    def _fail(self, stage: Stage, line: str | None, sent: float, error: WireError) -> None:
        """The session cannot go on. What had arrived is evidence."""
        outcome: Outcome = error.outcome  # type: ignore[assignment]
        if stage == "banner" and error.partial and outcome in ("malformed", "closed", "timeout"):
            spoken = other_protocol(error.partial)
            if spoken:
                outcome, error = "not_smtp", WireError("not_smtp", spoken, error.partial)
        self._noted(stage, line, sent, failure=error)
        if stage == "rset" and outcome in ("timeout", "closed", "reset"):
            raise End  # what counts was said before, and RSET never decides
        # Until the first whole reply inside TLS a fault may still be TLS's own.
        decided: Stage = "tls" if self._in_tls and not self._heard_in_tls else stage
        if outcome == "unsolicited":
            self._books.withdraw(decided, error.detail)
        self._books.decide(outcome, decided, error.detail)
        raise End

    def _noted(
        self, stage: Stage, line: str | None, sent: float, reply: Reply | None = None, failure: WireError | None = None
    ) -> None:
        self._books.note(stage, line, sent, in_tls=self._in_tls, reply=reply, failure=failure)
