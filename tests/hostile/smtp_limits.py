"""Replies without end, lines without end, numbers without end."""

from __future__ import annotations

from collections.abc import Iterator

from tests.hostile.smtp_scenario import POINTS, Scenario, at
from tests.hostile.smtp_server import Act, fin, flood, in_turn, polite

_GOOD = {"banner": b"220", "data": b"354", "auth": b"334", "starttls": b"220", "help": b"214"}


def _endless() -> Iterator[Scenario]:
    for point in ("banner", "ehlo", "help", "starttls", "tls_ehlo", "auth", "mail", "rcpt", "data", "dot"):
        code = _GOOD.get(point, b"250")
        kept = "ehlo" if point == "tls_ehlo" else point
        for name, act, begins in (
            ("lines", flood(code + b"-one more\r\n"), code + b"-one more\r\n" + code),
            ("line", flood(b"x" * 512, first=code + b" "), code + b" xxxx"),
        ):
            yield at(
                point,
                act,
                id=f"endless-{name}-{point}",
                why="a reply without end stops at a limit; its head is evidence and no reply",
                outcome="delivery_unknown" if point == "dot" else "limit",
                keeps=((kept, begins),),
                never_finds=("reply-cut",),
                sent=point == "dot",
            )


def _cut_refusals() -> Iterator[Scenario]:
    cases: tuple[tuple[str, bytes, str, str], ...] = (
        ("banner", b"554", "rejected", "banner"),
        ("ehlo", b"550", "rejected", "ehlo"),
        ("tls_ehlo", b"550", "rejected", "ehlo"),
        ("mail", b"451", "tempfail", "mail"),
        ("rcpt", b"550", "rejected", "rcpt"),
        ("data", b"554", "rejected", "data"),
        ("dot", b"554", "rejected", "dot"),
        ("dot", b"452", "tempfail", "dot"),
    )
    for point, code, outcome, stage in cases:
        for name, act in (
            ("lines", flood(code + b"-5.7.1 no, no, no\r\n")),
            ("line", flood(b"no " * 170, first=code + b" ")),
        ):
            yield at(
                point,
                act,
                id=f"endless-{code.decode()}-{name}-{point}",
                why="a limit inside a reply whose lines all refuse with one code: that refusal counts, cut short",
                outcome=outcome,
                stage=stage,
                finds=("reply-cut",),
                never_finds=("limit", "delivery_unknown"),
                keeps=((stage, code),),
                sent=point == "dot",
            )
    yield at(
        "rcpt",
        flood(b"550-no\r\n", first=b"250-yes\r\n"),
        id="endless-mixed",
        why="lines of two codes at a limit are no refusal and no consent",
        outcome="limit",
        keeps=(("rcpt", b"250-yes\r\n550-no\r\n"),),
        never_finds=("reply-cut",),
    )
    yield at(
        "rcpt",
        b"550 " + b"no " * 5000 + b"\r\n",
        id="refusal-of-15-KB",
        why="8 KiB of a line are kept and the rest is counted; a refusal stays one",
        outcome="rejected",
        finds=("reply-cut", "reply-line-cut"),
        keeps=(("rcpt", b"550 no no no"),),
    )
    yield at(
        "rcpt",
        b"250 " + b"ok " * 5000 + b"\r\n",
        id="consent-of-15-KB",
        why="a consent beyond the limit of a line is none",
        outcome="limit",
        never_finds=("reply-cut",),
    )


def _no_line_end() -> Iterator[Scenario]:
    for octets, point, outcome, stage in (
        (b"554 5.7.1 Go away", "banner", "rejected", "banner"),
        (b"554", "banner", "rejected", "banner"),
        (b"550-5.1.1 No\r\n550 such user", "rcpt", "rejected", "rcpt"),
        (b"451 4.3.0 Later", "mail", "tempfail", "mail"),
        (b"554 5.6.0 No", "dot", "rejected", "dot"),
        (b"550 5.7.1 No", "tls_ehlo", "rejected", "ehlo"),
    ):
        yield at(
            point,
            (octets, fin),
            id=f"no-line-end-{point}-{octets[:3].decode()}-{len(octets)}",
            why="a refusal that lacks only its line end at the end of the stream is a refusal",
            outcome=outcome,
            stage=stage,
            finds=("reply-no-line-end",),
            never_finds=("closed", "delivery_unknown"),
            keeps=((stage, octets),),
            sent=point == "dot",
        )
    for octets, point in (
        (b"220 mx.test ESMTP", "banner"),
        (b"250 2.1.0 Ok", "mail"),
        (b"250 2.1.5 Ok", "rcpt"),
        (b"354 Go on", "data"),
        (b"250 2.0.0 Queued as 1", "dot"),
        (b"550-5.1.1 No such user", "rcpt"),
        (b"55", "rcpt"),
    ):
        yield at(
            point,
            (octets, fin),
            id=f"no-line-end-{point}-{octets[:4].decode().strip()}",
            why="a consent that lacks its line end, or a refusal that lacks more than that, is no reply",
            outcome="delivery_unknown" if point == "dot" else "closed",
            never_finds=("reply-no-line-end",),
            keeps=((POINTS[point][0], octets),),
            sent=point == "dot",
        )


def _ehlo(lines: bytes) -> bytes:
    return b"250-mx.test\r\n" + lines + b"250 8BITMIME\r\n"


def _sizes() -> Iterator[Scenario]:
    yield at(
        "ehlo",
        _ehlo(b"250-X\r\n" * 10_000),
        id="ehlo-10000-lines",
        why="more than 1,000 lines are no reply that anybody needs",
        outcome="limit",
        keeps=(("ehlo", b"250-mx.test\r\n250-X\r\n"),),
    )
    yield at(
        "ehlo",
        _ehlo(b"".join(b"250-X%d\r\n" % number for number in range(990))),
        id="ehlo-990-lines",
        why="an odd server below the limits is a server",
        outcome="ok",
        stage="quit",
        keeps=(("ehlo", b"250-X989\r\n"),),
    )
    yield at(
        "ehlo",
        _ehlo(b"250-SIZE " + b"9" * 100_000 + b"\r\n"),
        id="size-of-100000-digits",
        why="a number of 10^5 digits is never converted",
        outcome="limit",
        keeps=(("ehlo", b"250-SIZE 999"),),
    )
    for name, digits, found in (
        ("21-digits", b"9" * 21, True),
        ("4000-digits", b"9" * 4000, True),
        ("20-digits", b"18446744073709551615", False),
        ("negative", b"-1", True),
        ("signed", b"+10", True),
        ("hex", b"0x10", True),
        ("superscript", "²".encode(), True),
        ("arabic-digits", "٣".encode(), True),
        ("underscore", b"1_000", True),
    ):
        yield at(
            "ehlo",
            _ehlo(b"250-SIZE " + digits + b"\r\n"),
            id=f"size-{name}",
            why="a number is at most 20 of the ten ASCII digits; anything else is a finding and no crash",
            outcome="ok",
            stage="quit",
            finds=("size-unreadable",) if found else (),
            never_finds=() if found else ("size-unreadable",),
        )
    big = b"".join(b"250-" + b"x" * 60 + b"\r\n" for _ in range(900))
    many: tuple[Act, ...] = (big + b"250 Ok\r\n",) * 30
    recipients = tuple(word for number in range(30) for word in ("--to", f"user{number}@mx.test"))
    yield Scenario(
        id="session-over-1-MiB",
        alone=True,
        why="replies within their limits still end where the session's octets do",
        server=polite(rcpt=in_turn(*many)),
        options=recipients,
        outcome="limit",
        stage="rcpt",
    )
    yield at(
        "rset",
        flood(b"250 Ok\r\n"),
        id="unasked-flood",
        alone=True,
        why="replies that nobody asked for are bounded as well, in number and in what is kept",
        outcome="unsolicited",
        stage="quit",
    )
    yield at(
        "quit",
        (b"221 Bye\r\n", flood(b"250\r\n")),
        id="unasked-flood-after-quit",
        alone=True,
        why="closing the books reads to a limit too",
        outcome="unsolicited",
        stage="quit",
    )


SCENARIOS = (*_endless(), *_cut_refusals(), *_no_line_end(), *_sizes())
