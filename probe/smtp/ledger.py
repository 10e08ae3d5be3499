"""The books of one session: who said what when, what that decided, and whether replies and commands balance."""

from __future__ import annotations

from collections.abc import Callable

from probe.catalog import Catalog
from probe.errors import Detail, WireError
from probe.model import Endpoint, Exchange, Extensions, Outcome, Reply, Session, Stage, Tls
from probe.text import Redactor, show


class Ledger:
    """Filled by the conversation; ``session()`` is the result. Times are milliseconds since it began.

    ``banner``, ``before_tls``, ``after_tls``, ``verbs``, ``tls``, ``local_address``, ``message_sent`` and
    ``interrupted`` are facts that the conversation notes as it hears them; outcome and stage are decided once.
    """

    def __init__(self, endpoint: Endpoint, clock: Callable[[], float], redact: Redactor, facts: Catalog) -> None:
        self._endpoint = endpoint
        self._facts = facts
        self._clock = clock
        self._began = clock()
        self._redact = redact
        self._exchanges: list[Exchange] = []
        self._timeline: dict[str, float] = {}
        self._outcome: Outcome | None = None
        self._reached: Stage = "connect"
        self._decided: Stage | None = None
        self._detail: Detail | None = None
        self._paired = True
        self._certain = True
        self.before_tls: dict[str, str] | None = None
        self.after_tls: dict[str, str] | None = None
        self.verbs: tuple[str, ...] | None = None
        self.tls: Tls | None = None
        self.local_address: str | None = None
        self.message_sent = False
        self.interrupted = False

    def now(self) -> float:
        return (self._clock() - self._began) * 1000

    def session(self) -> Session:
        return Session(
            endpoint=self._endpoint,
            outcome=self._outcome or "ok",
            stage=self._decided or self._reached,
            elapsed_ms=self.now(),
            detail=self._facts.tell(self._detail) if self._detail else None,
            paired=self._paired,
            exchanges=tuple(self._exchanges),
            extensions=Extensions(self.before_tls, self.after_tls),
            help_verbs=self.verbs,
            tls=self.tls,
            local_address=self.local_address,
            timeline=dict(self._timeline),
            message_sent=self.message_sent,
            interrupted=self.interrupted,
        )

    @property
    def reached(self) -> Stage:
        """Where the session is now, whatever was decided before."""
        return self._reached

    @property
    def fate_is_open(self) -> bool:
        """Whether a message went out whose reply has not come."""
        return self.message_sent and not any(one.stage == "dot" and one.reply for one in self._exchanges)

    def reach(self, stage: Stage) -> None:
        """The session comes to ``stage``."""
        self._reached = stage

    def decide(self, outcome: Outcome, stage: Stage, detail: Detail) -> None:
        """Only the first decision counts; but that nobody knows what became of a message outweighs a recipient that
        was refused before it."""
        if self._outcome is None or outcome == "delivery_unknown":
            self._outcome, self._decided, self._detail = outcome, stage, detail

    def greeted(self) -> None:
        """From here on a reply may belong to another command than it seems to."""
        self._certain = False

    def withdraw(self, stage: Stage, detail: Detail) -> None:
        """Some reply was taken for another's. What was decided on such replies is void; a refused greeting was not,
        for nothing came before it."""
        if not self._certain:
            self._paired = False
            self._outcome, self._decided, self._detail = "unsolicited", stage, detail

    def note(
        self,
        stage: Stage,
        line: str | None,
        sent: float,
        *,
        in_tls: bool,
        reply: Reply | None = None,
        failure: WireError | None = None,
    ) -> None:
        """One exchange is over. ``line`` is the command as it may be shown, ``sent`` when it went out."""
        self.spent(stage, sent)
        partial = self._redact.cut(failure.partial) if failure is not None else b""
        self._exchanges.append(
            Exchange(
                stage=stage,
                command=None if line is None else show(line),
                in_tls=in_tls,
                sent_ms=sent,
                elapsed_ms=self.now() - sent,
                reply=reply,
                failure=failure.outcome if failure is not None else None,
                detail=self._facts.tell(failure.detail) if failure is not None else None,
                partial=show(partial) if partial else None,
                partial_raw=partial or None,
            )
        )

    def spent(self, stage: Stage, since: float) -> None:
        self._timeline[stage] = self._timeline.get(stage, 0.0) + self.now() - since
