"""Octets for the reply reader, and lines for the parsers of EHLO and HELP.

The reader must give the same replies however its input is cut into segments, lose no octet, and believe exactly the
replies that a second, naive reading of RFC 5321 section 4.2 finds. The parsers never raise.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TypeAlias

from bench.fuzz.tape import Tape, Violation
from probe.limits import Limits
from probe.smtp.extensions import help_verbs, offered, size_limit, strange_lines
from probe.smtp.reader import ReplyReader
from probe.text import show

Feature: TypeAlias = tuple[object, ...]

_PIECES = (
    *(b"250 ok\r\n", b"250-mx.test\r\n", b"550 5.7.1 No\r\n", b"550-No\r\n", b"421 4.3.2 Bye\r\n", b"220 mx ESMTP\r\n"),
    *(b"\r\n", b"\n", b"\r", b"\r\r\n", b"\0", b"\x1b[2J", b"\xff\xfe", "é\u202e".encode()),
    *(
        b"250",
        b"250-",
        b"250 ",
        b"2",
        b"25",
        b"5",
        b"354 Go on",
        b"2_2 ",
        b"+22 ",
        b"2200 ",
        b"199 a\r\n",
        b"600 b\r\n",
    ),
    *(b"220_hi\r\n", b" 250 ok\r\n", b"HTTP/1.1 400 Bad\r\n", b"SSH-2.0-x\r\n", b"\x15\x03\x01\x00\x02", b"5.7.1 "),
    *(b"a" * 40, b"-" * 600, b"250 " + b"x" * 600 + b"\r\n", b"250-x\r\n" * 20, b"450 4.2.1 \xc3\x28\r\n"),
)
_LINE = re.compile(rb"([2-5][0-9][0-9])(?:([ -]).*)?", re.DOTALL)
_AMPLE = Limits(line=1 << 20, reply=1 << 20, reply_lines=1 << 20)
_TIGHT = Limits(line=40, reply=150, reply_lines=6)


@dataclass(frozen=True)
class _Heard:
    """What a reader made of its input: for each reply its code, octets and whether it was cut; the rest; the fault."""

    replies: tuple[tuple[int, bytes, bool], ...]
    rest: bytes
    fault: tuple[str, str] | None


def read_octets(tape: Tape, story: list[str] | None = None) -> Feature:
    """One run for the reader."""
    octets = b"".join(_piece(tape) for _ in range(1 + tape.draw(12)))
    ended, tight = tape.once_in(3), tape.once_in(4)
    limits = _TIGHT if tight else _AMPLE
    cuts = sorted(tape.draw(len(octets) + 1) for _ in range(tape.draw(6)))
    if story is not None:
        story += [f"octets {octets!r}", f"cut at {cuts}, then {'the end' if ended else 'silence'}, {limits}"]
    at_once = _heard([octets], limits, ended)
    parts = [octets[start:end] for start, end in zip([0, *cuts], [*cuts, len(octets)], strict=True)]
    for name, segments in (("segments", parts), ("single octets", [bytes([octet]) for octet in octets])):
        cut = _heard(segments, limits, ended)
        # Beyond a limit, how much is kept as evidence may depend on the segments; what is believed may not.
        same_fault = (cut.fault is None) == (at_once.fault is None) if tight else cut.fault == at_once.fault
        if cut.replies != at_once.replies or not same_fault:
            raise Violation(f"segments: in {name} it reads {cut}, at once {at_once}")
    if not tight:
        _compare(octets, at_once, ended)
    codes = tuple(code // 100 for code, _, _ in at_once.replies)
    fault = at_once.fault[0] if at_once.fault else "no fault"
    return ("reader", fault, codes[:3], bool(at_once.rest), tight)


def parse_lines(tape: Tape, story: list[str] | None = None) -> Feature:
    """One run for the parsers, which are given what ``show`` made of a reply's lines."""
    lines = [show(b"".join(_piece(tape) for _ in range(1 + tape.draw(3)))) for _ in range(tape.draw(6))]
    lines += [_WORDS[tape.draw(len(_WORDS))] for _ in range(tape.draw(6))]
    if story is not None:
        story.append(f"lines {lines!r}")
    extensions, strange, verbs, size = offered(lines), strange_lines(lines), help_verbs(lines), None
    size = size_limit(extensions)
    for keyword in extensions:
        if keyword != keyword.upper() or not keyword.isascii() or " " in keyword:
            raise Violation(f"keyword: {keyword!r} is none")
    if size is not None and not 0 <= size < 10**20:
        raise Violation(f"size: {size}")
    if set(strange) - set(lines[1:]):
        raise Violation(f"strange: {strange!r} are not among the lines")
    found = (bool(extensions), bool(strange), bool(verbs), size is not None)
    names = ("keywords", "strange lines", "verbs", "a size")
    what = " and ".join(name for name, there in zip(names, found, strict=True) if there)
    return ("parsers", what or "nothing", len(strange), len(verbs))


_WORDS = (
    *("PIPELINING", "SIZE", "SIZE 0", "SIZE " + "9" * 21, "SIZE -1", "SIZE 1e9", "SIZE ٣", "size=10", "AUTH=LOGIN"),
    *("AUTH PLAIN LOGIN", "8BITMIME\\t", "-", "", " ", "=", "XCLIENT NAME ADDR", "EHLO HELO MAIL RCPT", "214-RSET:"),
    *("Commands: HELO, EHLO, NOOP", "\\x1b[31m", "STARTTLS STARTTLS", "LIMITS RCPTMAX=3 MAILMAX=x", "é"),
)


def _piece(tape: Tape) -> bytes:
    return tape.octets(12) if tape.once_in(8) else tape.pick(_PIECES)


def _heard(segments: list[bytes], limits: Limits, ended: bool) -> _Heard:
    reader = ReplyReader(limits)
    for place, segment in enumerate(segments):
        reader.feed(segment, float(place))
    if ended:
        reader.end(float(len(segments)))
    waiting = reader.unread
    replies = []
    while (reply := reader.take()) is not None:
        if not 200 <= reply.code <= 599 or reply.code != reply.codes[-1] or len(reply.codes) != len(reply.lines):
            raise Violation(f"code: {reply}")
        if not all(line.isprintable() for line in reply.lines):
            raise Violation(f"printable: {reply.lines!r}")
        if reply.cut and reply.code < 400:
            raise Violation(f"cut: a consent that was cut is believed, {reply}")
        if len(reply.raw) > limits.reply + 1 or len(reply.codes) > limits.reply_lines:
            raise Violation(f"limit: {reply}")
        replies.append((reply.code, reply.raw, reply.cut))
    if waiting != b"".join(raw for _, raw, _ in replies) + reader.partial:
        raise Violation("unread: it differs from the replies and the rest")
    fault = None if reader.fault is None else (reader.fault.outcome, str(reader.fault.detail))
    return _Heard(tuple(replies), reader.partial, fault)


def _compare(octets: bytes, heard: _Heard, ended: bool) -> None:
    """Read it once more, line by line, without any cleverness."""
    wanted: list[tuple[int, bytes, bool]] = []
    raw, fault = b"", False
    *lines, last = octets.split(b"\n")
    for line in lines:
        raw += line + b"\n"
        match = _LINE.fullmatch(line.removesuffix(b"\r"))
        if match is None:
            fault = True
            break
        if match[2] != b"-":
            wanted.append((int(match[1]), raw, False))
            raw = b""
    if not fault and ended:
        match = _LINE.fullmatch(last.removesuffix(b"\r"))
        if match and match[1][:1] in b"45" and match[2] != b"-":
            wanted.append((int(match[1]), raw + last, False))
    if heard.replies != tuple(wanted):
        raise Violation(f"replies: read {heard.replies}, there are {wanted}")
    if fault and heard.fault is None:
        raise Violation("fault: a line that is no reply line went unnoticed")
    if not ended and b"".join(one for _, one, _ in heard.replies) + heard.rest != octets:
        raise Violation("lost: replies and rest are not the octets that came")
