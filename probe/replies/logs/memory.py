"""What earlier lines of a log told about a message, kept until its refusal is logged.

Bounded, so that a log of any length is read in flat memory: of the messages in flight the oldest are forgotten.
"""

from __future__ import annotations

from collections.abc import Iterator

from probe.replies.notice import Notice

MOST = 20_000  # facts about messages in flight; some 5 MB
_MOST_ATTEMPTS = 1000


class Memory:
    """Facts by kind and by the id that the log gives a message, a delivery or a session.

    An *attempt* is a refusal that another line may tell of again, with more about it: Postfix and Exim log what one
    server said before they try the next.
    """

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._known: dict[tuple[str, str], str] = {}
        self._attempts: dict[str, list[Notice]] = {}

    def note(self, kind: str, id_: str, fact: str) -> None:
        known = self._known
        if len(known) >= self._most:
            for old in list(known)[: self._most // 4]:
                del known[old]
        known[kind, id_] = fact

    def recall(self, kind: str, id_: str) -> str | None:
        return self._known.get((kind, id_))

    def message_id(self, queue_id: str) -> str | None:
        known = self._known.get(("message-id", queue_id))
        return None if known is None else f"<{known}>"

    def forget(self, kind: str, id_: str) -> None:
        self._known.pop((kind, id_), None)

    def attempt(self, id_: str, notice: Notice) -> None:
        """Keep it until a line settles what came of the message."""
        if len(self._attempts) >= _MOST_ATTEMPTS:
            self._attempts.pop(next(iter(self._attempts)))
        self._attempts.setdefault(id_, []).append(notice)

    @property
    def waits(self) -> bool:
        """Whether there is any attempt that nothing has settled yet."""
        return bool(self._attempts)

    def settle(self, id_: str) -> None:
        self._attempts.pop(id_, None)

    def unsettled(self) -> Iterator[Notice]:
        """The attempts that no other line told of; at the end of a log."""
        for attempts in self._attempts.values():
            yield from attempts
        self._attempts.clear()
