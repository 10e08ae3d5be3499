"""A network and a clock in memory: no sockets, no waiting.

The loop's clock goes forward only when nothing is left to do, straight to the next deadline, so that a session of two
minutes costs a millisecond. ``Pipe`` is the transport of one connection; what the server says travels in order, each
piece at its own time. A loop in which everybody waits for everybody, or that turns for ever, is a ``Violation``.
"""

from __future__ import annotations

import asyncio
import selectors
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from bench.fuzz.tape import Violation

_MOST_TURNS = 300_000


class _Clockwork(selectors.DefaultSelector):
    """Where nothing is to do, the clock goes forward instead of the time passing. No descriptor is ever looked at."""

    now = 0.0
    turns = 0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        self.turns += 1
        if timeout is None:
            raise Violation("stuck: everybody waits for everybody")
        if self.turns > _MOST_TURNS:
            raise Violation("endless: the session turns in circles")
        self.now += timeout
        return []


class MemoryLoop(asyncio.SelectorEventLoop):
    """An event loop on that clock. ``faults`` are the exceptions that no caller saw."""

    def __init__(self) -> None:
        self._clockwork = _Clockwork()
        self.faults: list[BaseException | str] = []
        super().__init__(self._clockwork)
        self.set_exception_handler(self._fault)

    def time(self) -> float:
        return self._clockwork.now

    def begin(self) -> None:
        """A new session: what was counted for the last one is forgotten."""
        self._clockwork.turns = 0
        self.faults.clear()

    def _fault(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        self.faults.append(context.get("exception") or str(context["message"]))


@dataclass(frozen=True)
class Piece:
    """What arrives at one moment: octets, or the end of the connection. ``arrived`` is told when it does."""

    due: float
    octets: bytes = b""
    end: Literal["", "fin", "reset"] = ""
    arrived: Callable[[], None] | None = None


class Pipe(asyncio.Transport):
    """The client's end. ``hear`` is the server's ear, and is told that the client has gone by None."""

    def __init__(self, loop: MemoryLoop, protocol: asyncio.Protocol, hear: Callable[[bytes | None], None]) -> None:
        super().__init__()
        self.over = False
        self._loop = loop
        self._protocol = protocol
        self._hear = hear
        self._on_the_way: deque[Piece] = deque()
        self._timer: asyncio.Handle | None = None
        protocol.connection_made(self)

    # What the client does -------------------------------------------------------------------------------------------

    def write(self, data: Any) -> None:
        if not self.over:
            self._hear(bytes(data))

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        pass

    def is_closing(self) -> bool:
        return self.over

    def close(self) -> None:
        self.abort()

    def abort(self) -> None:
        if not self.over:
            self._hear(None)
            self._lose(None)

    # What the server does -------------------------------------------------------------------------------------------

    def send(self, piece: Piece) -> None:
        """It comes after everything that was sent before it."""
        self._on_the_way.append(piece)
        if self._timer is None:
            self._wind()

    def stop_reading(self) -> None:
        """From now on what the client writes stays with it."""
        self._protocol.pause_writing()

    def _wind(self) -> None:
        due = self._on_the_way[0].due
        self._timer = (
            self._loop.call_at(due, self._deliver) if due > self._loop.time() else self._loop.call_soon(self._deliver)
        )

    def _deliver(self) -> None:
        self._timer = None
        if self.over:
            return
        piece = self._on_the_way.popleft()
        if self._on_the_way:
            self._wind()
        if piece.octets:
            self._protocol.data_received(piece.octets)
        if piece.arrived is not None:
            piece.arrived()
        if piece.end == "fin":
            self._protocol.eof_received()
            self._lose(None)
        elif piece.end == "reset":
            self._lose(ConnectionResetError(104, "Connection reset by peer"))

    def _lose(self, error: Exception | None) -> None:
        self.over = True
        if self._timer is not None:
            self._timer.cancel()
        self._loop.call_soon(self._protocol.connection_lost, error)
