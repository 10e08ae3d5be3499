"""The other side of one conversation: it decides about each command once, and remembers what it decided.

Its real replies go out in order. The tape may put strays between them (early, late, doubled, cut, garbled lines), cut
or garble a real reply, let it wait, end the connection, stop reading or fall silent. ``truth`` says for every greeting,
command and final dot what was decided, whether the reply was on the wire as lines of its own, and whether it arrived.
A real reply that never arrived so is *withheld*: nobody could tell the stray in its place from it.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from bench.fuzz.memory import Piece, Pipe
from bench.fuzz.tape import Tape

_CODES = {
    "": (220, 554, 421),
    "EHLO": (250, 502, 550, 421),
    "LHLO": (250, 502, 421),
    "HELO": (250, 550),
    "HELP": (214, 502, 250, 421),
    "STARTTLS": (220, 454, 502, 421),
    "AUTH": (334, 535, 504, 235, 421),
    "MAIL": (250, 550, 451, 421),
    "RCPT": (250, 550, 450, 251, 421),
    "DATA": (354, 554, 451, 421),
    ".": (250, 550, 451, 421),
    "RSET": (250, 500, 421),
    "QUIT": (221, 221, 221, 421),
}
_STRAYS = (
    *(b"250 2.0.0 Stray\r\n", b"220 Stray\r\n", b"221 Stray\r\n", b"354 Stray\r\n", b"235 Stray\r\n", b"334 \r\n"),
    *(b"550 5.7.1 Stray\r\n", b"451 4.0.0 Stray\r\n", b"421 4.3.2 Stray\r\n", b"214 Stray\r\n", b"250-Stray\r\n"),
    *(b"250-mx.evil\r\n250 AUTH PLAIN\r\n", b"250 Stray\n", b"\r\n", b"\x00\xff\r\n", b"banana\r\n", b"2_0 Stray\r\n"),
    *(b"250", b"250 ", b"250-", b"2", b"25", b"5", b"221 Bye", b"250 St", b"550-5.7.1 St", b"\xff", b"\r"),
)
_WAITS = (0.0, 0.0, 0.0, 1e-4, 0.004, 0.02, 0.2, 1.5, 2.5, 20.0, 40.0)
# Where a fault may strike, the kinds of it. The first does nothing.
_SPOILED = ("no-line-end", "cut", "digits", "twice", "silence", "fin", "reset", "half", "deaf")


@dataclass
class Truth:
    """One decision. ``whole`` is false where its lines were spoiled on the way, ``arrived`` says whether it did."""

    command: str | None
    code: int
    due: float = 0.0
    whole: bool = True
    arrived: bool = False

    @property
    def withheld(self) -> bool:
        return not (self.whole and self.arrived)


class Server:
    """``faults`` is the number of strays and other faults that the tape may still put in."""

    def __init__(self, tape: Tape, *, faults: int, offers: tuple[str, ...], recipients_each: bool) -> None:
        self.truth: list[Truth] = []
        # When, what kind of thing, and what was said.
        self.log: list[tuple[float, str, str | bytes]] = []
        self.misbehaved = False
        self.began_at = 0.0
        self._closes_at: float | None = None
        self._tape = tape
        self._faults = faults
        self._offers = offers
        self._recipients_each = recipients_each
        self._accepted = 0
        self._in_text = False
        self._challenges = 0
        self._silent = False
        self._at_line_start = True
        self._due = 0.0
        self._rest = b""
        self._tls: ssl.SSLObject | None = None
        self._secured = False
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()

    def attend(self, pipe: Pipe) -> None:
        """The connection is there: greet."""
        self._pipe = pipe
        self._loop = asyncio.get_running_loop()
        self.began_at = self._due = self._loop.time()
        self._answer(None, self._decide(""))

    def hear(self, octets: bytes | None) -> None:
        """What the client wrote; None when it has gone."""
        if octets is None:
            self._silent = True
        elif self._tls is not None:
            self._hear_tls(octets)
        else:
            self._lines(octets)

    def closed_before(self, moment: float) -> bool:
        """Whether the server had closed the connection by then."""
        return self._closes_at is not None and self._closes_at <= moment

    # Deciding -------------------------------------------------------------------------------------------------------

    def _lines(self, octets: bytes) -> None:
        *lines, self._rest = (self._rest + octets).split(b"\r\n")
        for line in lines:
            self._command(line.decode("utf-8", "replace"))

    def _command(self, line: str) -> None:
        self.log.append((self._loop.time(), "C:", line))
        if self._in_text:
            if line == ".":
                self._in_text = False
                for _ in range(self._accepted if self._recipients_each else 1):
                    code = self._decide(".")
                    self._answer(line, code)
                    if code == 421:
                        self._end("fin")
                        break
            return
        if self._silent:
            self.truth.append(Truth(line, 0))
            return
        if self._challenges:
            self._challenges -= 1
            self._answer(line, 501 if line == "*" else 334 if self._challenges else self._tape.pick((235, 535)))
            if line == "*":
                self._challenges = 0
            return
        verb = line.split(" ")[0]
        if verb not in _CODES or verb in ("", ".") or (verb == "STARTTLS" and "STARTTLS" not in self._offers):
            self._answer(line, 500)
            return
        code = self._decide(verb)
        if verb == "AUTH" and code == 334:
            words = line.split(" ")
            self._challenges = 2 if words[1:] == ["LOGIN"] else 1
            if len(words) > 2:
                self._challenges, code = 0, self._tape.pick((235, 535))
        self._accepted += verb == "RCPT" and code < 300
        self._in_text = code == 354
        if verb == "QUIT" and self._fault_now() and self._tape.once_in(3):
            self.truth.append(Truth(line, 0))
            self._end("fin")  # no 221 at all
            return
        self._answer(line, code)
        if verb == "STARTTLS" and code == 220:
            self._tls = _context().wrap_bio(self._incoming, self._outgoing, server_side=True)
        if (verb == "QUIT" or code == 421) and not self._tape.once_in(4):
            self._end("fin")

    def _decide(self, verb: str) -> int:
        """Mostly consent."""
        return self._tape.pick(_CODES[verb]) if self._tape.once_in(5) else _CODES[verb][0]

    # Saying ---------------------------------------------------------------------------------------------------------

    def _answer(self, command: str | None, code: int) -> None:
        truth = Truth(command, code)
        self.truth.append(truth)
        if self._tape.once_in(6):
            self._wait(0.2 if not self._faults else self._tape.pick(_WAITS))
        spoiled = ""
        if self._fault_now():
            if self._tape.once_in(3):
                spoiled = self._tape.pick(_SPOILED)
            else:
                self._stray()
        lines = self._reply(code, command)
        for place, line in enumerate(lines):
            if place and self._fault_now():
                self._stray()
            if not self._at_line_start:
                truth.whole = False
            last = place == len(lines) - 1
            if last and spoiled:
                self._spoil(truth, spoiled, line)
            else:
                self._say(line, "S:", truth if last else None)
        if self._fault_now():
            self._stray()

    def _reply(self, code: int, command: str | None) -> list[bytes]:
        texts = ["mx.test", *self._offers] if code == 250 and (command or "")[1:4] == "HLO" else ["really"]
        if texts == ["really"] and self._tape.once_in(6):
            texts *= 2
        end = b"\n" if self._tape.once_in(30) else b"\r\n"
        marks = ["-"] * (len(texts) - 1) + [" "]
        return [f"{code}{mark}{text}".encode() + end for mark, text in zip(marks, texts, strict=True)]

    def _stray(self) -> None:
        """A line of nobody's, with time before it and behind it."""
        self._wait(self._tape.pick(_WAITS))
        self._say(self._tape.pick(_STRAYS) if not self._tape.once_in(10) else self._tape.octets(6), "stray")
        self._wait(self._tape.pick(_WAITS))

    def _spoil(self, truth: Truth, how: str, line: bytes) -> None:
        if how == "twice":
            self._say(line, "S:", truth)
            self._say(line, "stray")
            return
        if how == "deaf":
            self._say(line, "S:", truth)
            self._pipe.stop_reading()
            return
        truth.whole = False
        if how == "no-line-end":
            self._say(line.rstrip(b"\r\n"), "spoiled")
        elif how == "cut":
            self._say(line[: 1 + self._tape.draw(len(line))], "spoiled")
        elif how == "digits":
            self._say(self._tape.pick((b"2_0", b"25", b"999", b"+50", b"")) + line[3:], "spoiled")
        elif how == "silence":
            self._silent = True
        else:
            self._say(line[: self._tape.draw(len(line))], "spoiled")
            self._end("reset" if how == "reset" else "fin")

    def _fault_now(self) -> bool:
        if not self._faults or not self._tape.once_in(6):
            return False
        self._faults -= 1
        self.misbehaved = True
        return True

    def _wait(self, seconds: float) -> None:
        self._due = max(self._due, self._loop.time()) + seconds

    def _say(self, octets: bytes, kind: str, truth: Truth | None = None) -> None:
        if self._silent:
            return
        self._due = max(self._due, self._loop.time())
        self.log.append((self._due, kind, octets))
        if octets:
            self._at_line_start = octets.endswith(b"\n")
        if self._secured and not (kind == "stray" and self._tape.once_in(8)):
            assert self._tls is not None
            self._tls.write(octets)
            octets = self._outgoing.read()
        parts = [octets]
        if len(octets) > 1 and self._tape.once_in(8):
            at = 1 + self._tape.draw(len(octets) - 1)
            parts = [octets[:at], octets[at:]]
        for part in parts:
            last = part is parts[-1]
            self._pipe.send(Piece(self._due, part, arrived=_noting(truth) if last and truth else None))
            if not last:
                self._wait(self._tape.pick((0.0, 0.003, 0.3)))
        if truth is not None:
            truth.due = self._due

    def _end(self, how: str) -> None:
        if not self._silent:
            self.log.append((self._due, how, ""))
            self._silent = True
            self._closes_at = max(self._due, self._loop.time())
            self._pipe.send(Piece(self._closes_at, end="reset" if how == "reset" else "fin"))

    # Inside TLS -----------------------------------------------------------------------------------------------------

    def _hear_tls(self, octets: bytes) -> None:
        """A client that speaks no TLS where TLS should begin is left alone."""
        tls = self._tls
        assert tls is not None
        self._incoming.write(octets)
        try:
            if not self._secured:
                tls.do_handshake()
                self._secured, self._at_line_start, self._rest = True, True, b""
            self._flush()
            while part := tls.read(65536):
                self._lines(part)
        except ssl.SSLWantReadError:
            self._flush()
        except ssl.SSLError:
            self._flush()
            self._silent = True
            # Whatever this was, it is not answered.
            self.truth.append(Truth("(no TLS)", 0))

    def _flush(self) -> None:
        if octets := self._outgoing.read():
            self._due = max(self._due, self._loop.time())
            self._pipe.send(Piece(self._due, octets))


def _noting(truth: Truth) -> Callable[[], None]:
    def note() -> None:
        truth.arrived = True

    return note


@cache
def _context() -> ssl.SSLContext:
    from probe.embedded.certificate import self_signed

    return self_signed("mx.test").server_context()
