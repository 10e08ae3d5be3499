"""Questions over UDP (RFC 1035 section 4.2.1): each has a fresh connected socket, so that the kernel picks the port and
drops what comes from elsewhere (RFC 5452). Packets that do not belong to the question are passed over, not believed.

All questions of a resolver share one selector, which the event loop watches as a whole, and one timer. A registration
with the loop, a deadline and a task for each of them would cost more than everything else that is done about it;
``bench/resolver.py`` holds the figures.
"""

from __future__ import annotations

import asyncio
import heapq
import selectors
import socket
from collections import deque

from probe.resolver.codec import is_answer_to
from probe.resolver.system import Server

RETRANSMIT = 0.5
# As many packets may wait in the receive buffer of a name server, which holds some 160 of them on Linux. One that has
# been on its way for so many seconds is there no more: the server has read it, and asks elsewhere itself.
BURST, READ_BY = 128, 0.02
# Each question has a descriptor. So many are enough to ask every blocklist and its test points at once.
_AT_ONCE = 400
_LARGEST = 0xFFFF


class Datagram:
    """One question under way. ``outcome`` becomes the answer's octets, ``TimeoutError``, or the ``OSError`` of a server
    that cannot be reached: a value, since an exception that nobody waits for any more would be complained about."""

    __slots__ = ("_deadline", "_patience", "_query", "_resend_at", "_udp", "fresh", "outcome", "sock")

    def __init__(self, udp: Udp, sock: socket.socket, query: bytes, deadline: float) -> None:
        self.outcome: asyncio.Future[bytes | OSError] = asyncio.get_running_loop().create_future()
        self.sock = sock
        self.fresh = True
        self._udp, self._query, self._deadline = udp, query, deadline
        self._patience = RETRANSMIT

    def forget(self) -> None:
        """No more packets, no more waiting."""
        self._udp.forget(self)

    def send(self, now: float) -> None:
        """Put it on the wire."""
        self._resend_at = now + self._patience
        try:
            self.sock.send(self._query)
        except BlockingIOError:
            pass  # a packet lost on the way out is lost like any other: it is sent again
        except OSError as error:
            self._end(error)

    def receive(self) -> None:
        """One packet a turn of the loop, so that a flood of strays keeps nobody from being heard."""
        try:
            packet = self.sock.recv(_LARGEST)
        except (BlockingIOError, InterruptedError):
            return
        except OSError as error:
            self._end(error)
            return
        if is_answer_to(self._query, packet):
            self._end(packet)

    def wake(self, now: float) -> float | None:
        """Do what is due, and say when to wake it next; None where there is no more to do."""
        if self.outcome.done():
            return None
        if now >= self._deadline:
            self._end(TimeoutError("no answer in time"))
            return None
        if self.fresh:
            self._udp.read(self)
        if now >= self._resend_at:
            self._patience *= 2  # RFC 1035 section 4.2.1: not too often, a server may be slow for good reasons
            self.send(now)
        return min(self._resend_at, self._deadline)

    def _end(self, outcome: bytes | OSError) -> None:
        if not self.outcome.done():
            self.outcome.set_result(outcome)


class Udp:
    """The questions under way. Holds nothing of the system while there are none, and so needs no closing."""

    def __init__(self) -> None:
        self._most = _at_once()
        self._under_way = 0
        self._fresh = 0
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._sent = 0
        self._due: list[tuple[float, int, Datagram]] = []
        self._timer: asyncio.TimerHandle | None = None

    async def turn(self) -> None:
        """Wait until there is room for one more packet in a name server's receive buffer, and a descriptor for it."""
        while self._fresh >= BURST or self._under_way >= self._most:
            turn = asyncio.get_running_loop().create_future()
            self._waiting.append(turn)
            try:
                await turn
            except asyncio.CancelledError:
                if not turn.cancelled():
                    self._call_next()
                raise

    def send(self, server: Server, query: bytes, deadline: float) -> Datagram:
        """Send ``query``, again after a while, and give up at ``deadline``, in the loop's time. Whoever asks calls
        ``forget()`` in the end, come what may. Raises ``OSError`` where there is no way to the server."""
        sock = socket.socket(server.family, socket.SOCK_DGRAM)
        try:
            sock.setblocking(False)
            sock.connect(server.socket_address)  # sends nothing and so never blocks
            asked = Datagram(self, sock, query, deadline)
            self._remember(asked)
        except BaseException:
            sock.close()
            raise
        now = self._loop.time()
        asked.send(now)
        self._wake_at(min(now + READ_BY, deadline), asked)
        return asked

    def read(self, asked: Datagram) -> None:
        """Its packet is no longer in anybody's receive buffer."""
        asked.fresh = False
        self._fresh -= 1
        self._call_next()

    def forget(self, asked: Datagram) -> None:
        """This question is no longer under way."""
        self._selector.unregister(asked.sock.fileno())
        asked.sock.close()
        self._under_way -= 1
        if asked.fresh:
            self.read(asked)
        else:
            self._call_next()
        if not self._under_way:
            self._loop.remove_reader(self._selector.fileno())
            self._selector.close()
            self._due.clear()
            self._set_timer()

    def _remember(self, asked: Datagram) -> None:
        if not self._under_way:
            self._loop = asyncio.get_running_loop()
            self._selector = selectors.DefaultSelector()
            self._loop.add_reader(self._selector.fileno(), self._receive)
        self._selector.register(asked.sock.fileno(), selectors.EVENT_READ, asked)
        self._under_way += 1
        self._fresh += 1

    def _receive(self) -> None:
        for key, _ in self._selector.select(0):
            key.data.receive()

    def _call_next(self) -> None:
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                break

    def _wake_at(self, when: float, asked: Datagram) -> None:
        self._sent += 1
        heapq.heappush(self._due, (when, self._sent, asked))
        if self._due[0][2] is asked:  # sooner than all others
            self._set_timer()

    def _wake(self) -> None:
        now, due = self._loop.time(), self._due
        while due and (due[0][0] <= now or due[0][2].outcome.done()):
            asked = heapq.heappop(due)[2]
            again = asked.wake(now)
            if again is not None:
                self._sent += 1
                heapq.heappush(due, (again, self._sent, asked))
        self._set_timer()

    def _set_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._loop.call_at(self._due[0][0], self._wake) if self._due else None


def _at_once() -> int:
    """At most a quarter of the descriptors that the process may open: others need some, TCP too."""
    try:
        import resource
    except ImportError:  # only POSIX systems count them
        return _AT_ONCE
    most, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return _AT_ONCE if most == resource.RLIM_INFINITY else max(1, min(_AT_ONCE, most // 4))
