"""What earlier lines of a log told about a message, kept until its refusal is logged: sender, client, message id.

Bounded, so that a log of any length is read in flat memory: of the messages in flight the oldest is forgotten.
"""

from __future__ import annotations

from collections import OrderedDict

MOST = 20_000  # messages in flight; some 10 MB


class Memory:
    """Facts by queue id. The least recently mentioned message is forgotten first."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._known: OrderedDict[str, dict[str, str]] = OrderedDict()

    def note(self, queue_id: str, **facts: str) -> None:
        known = self._known.get(queue_id)
        if known is None:
            if len(self._known) >= self._most:
                self._known.popitem(last=False)
            self._known[queue_id] = facts
        else:
            known.update(facts)
            self._known.move_to_end(queue_id)

    def recall(self, queue_id: str) -> dict[str, str]:
        """What is known of it; to be read, not changed."""
        return self._known.get(queue_id) or {}

    def forget(self, queue_id: str) -> None:
        self._known.pop(queue_id, None)
