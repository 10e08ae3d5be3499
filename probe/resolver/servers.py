"""Which server is asked when: the tries, each one's share of the time, and whose error is reported in the end."""

from __future__ import annotations

from collections.abc import Callable

from probe.resolver.classify import Verdict, classify
from probe.resolver.stub import exchange
from probe.resolver.system import Server
from probe.resolver.udp import Udp

# From the least telling to the most; anything not named stands in the middle.
_TELLING = {"timeout": 0, "unreachable": 1, "lame": 3, "servfail": 4, "refused": 5}
_WORTH_ANOTHER_TRY = ("timeout", "servfail")
_FINAL = ("cname-loop",)


class Servers:
    """Name servers that can stand in for one another. One that stays silent is asked last from then on.

    ``timeout`` is seconds a try, in which each of them has its share; there are ``tries`` of them. ``checked`` is false
    to hear what they do not believe, too.
    """

    def __init__(
        self, servers: tuple[Server, ...], timeout: float, tries: int, clock: Callable[[], float], checked: bool
    ) -> None:
        self.timeout = timeout
        self.tries = tries
        self._servers = servers
        self._clock = clock
        self._checked = checked
        self._udp = Udp()
        self._silent: set[Server] = set()

    async def ask(self, name: bytes, rdtype: int, deadline: float) -> tuple[Verdict, Server | None]:
        """What the first server that knows says, and which it was; else the most telling error. Never raises."""
        best: tuple[Verdict, Server | None] = (Verdict("failed", "timeout"), None)
        left = sorted(self._servers, key=self._silent.__contains__) if self._silent else list(self._servers)
        for _ in range(self.tries):
            share = self.timeout / max(len(left), 1)
            for server in tuple(left):
                seconds = min(share, deadline - self._clock())
                if seconds <= 0:
                    return best
                try:
                    packet = await exchange(self._udp, server, name, rdtype, seconds, checked=self._checked)
                    verdict = classify(packet, rdtype)
                    self._silent.discard(server)
                except OSError as error:
                    verdict = Verdict("failed", "timeout" if isinstance(error, TimeoutError) else "unreachable")
                    self._silent.add(server)
                if verdict.answer in ("found", "absent") or verdict.reason in _FINAL:
                    return verdict, server
                if verdict.reason not in _WORTH_ANOTHER_TRY:
                    left.remove(server)
                if best[1] is None or _telling(verdict) > _telling(best[0]):
                    best = verdict, server
        return best


def _telling(verdict: Verdict) -> int:
    return _TELLING.get(verdict.reason or "", 2)
