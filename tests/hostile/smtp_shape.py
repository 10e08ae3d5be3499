"""Octets that are no reply, replies with oddities, and other protocols on the port."""

from __future__ import annotations

from collections.abc import Iterator

from tests.hostile.smtp_scenario import Scenario, at
from tests.hostile.smtp_server import fin, polite, silence

_BAD_LINES: tuple[tuple[str, bytes], ...] = (
    ("underscore-inside", b"2_2 hello\r\n"),
    ("plus", b"+22 hello\r\n"),
    ("four-digits", b"2200 hello\r\n"),
    ("underscore-after", b"220_hi\r\n"),
    ("two-digits", b"22 hello\r\n"),
    ("space-before", b" 250 hello\r\n"),
    ("1yz", b"150 hello\r\n"),
    ("6yz", b"650 hello\r\n"),
    ("0yz", b"050 hello\r\n"),
    ("tab", b"250\thello\r\n"),
    ("colon", b"250:hello\r\n"),
    ("fullwidth-digits", "２５０ hello\r\n".encode()),
    ("continuation-without-code", b"250-hello\r\nthere\r\n250 x\r\n"),
    ("second-line-bad", b"250-hello\r\n2x0 there\r\n"),
)


def _malformed() -> Iterator[Scenario]:
    for name, octets in _BAD_LINES:
        for point in ("banner", "ehlo", "rcpt"):
            # In a greeting, what has no digit where a code stands is some other protocol.
            foreign = point == "banner" and name in ("fullwidth-digits",)
            yield at(
                point,
                octets,
                id=f"malformed-{name}-{point}",
                why="a code is three digits by pattern on octets, then a space, a hyphen or the end",
                outcome="not_smtp" if foreign else "malformed",
                keeps=((point, octets[:4]),),
            )
    for point in ("help", "starttls", "tls_ehlo", "auth", "mail", "data", "dot"):
        yield at(
            point,
            b"banana\r\n",
            id=f"garbage-{point}",
            why="garbage is named, at its stage, and never read as a refusal",
            outcome="delivery_unknown" if point == "dot" else "malformed",
            keeps=(("ehlo" if point == "tls_ehlo" else point, b"banana"),),
            never_finds=("starttls-refused", "help-refused"),
            sent=point == "dot",
        )
    yield at(
        "mail",
        b"\r\n",
        id="empty-line",
        why="an empty line is no reply",
        outcome="malformed",
    )


def _differing() -> Iterator[Scenario]:
    for point, octets in (
        ("banner", b"220-mx.test\r\n554 No\r\n"),
        ("banner", b"554-No\r\n220 mx.test\r\n"),
        ("ehlo", b"250-mx.test\r\n550 No\r\n"),
        ("mail", b"250-Ok\r\n451 Later\r\n"),
        ("rcpt", b"550-No\r\n250 Ok\r\n"),
        ("data", b"250-a\r\n354 Go on\r\n"),
        ("dot", b"550-No\r\n250 Queued\r\n"),
        ("rcpt", b"250-Ok\r\n251 Forwarded\r\n"),
    ):
        yield at(
            point,
            octets,
            id=f"inconsistent-{point}-{octets[:3].decode()}",
            why="codes that differ within one reply are never success (RFC 5321 section 4.2.1)",
            outcome="inconsistent_codes",
            keeps=((point, octets),),
            sent=point == "dot",
        )


def _senseless() -> Iterator[Scenario]:
    for point, code in (
        ("banner", b"354"),
        ("ehlo", b"354"),
        ("mail", b"354"),
        ("rcpt", b"334"),
        ("data", b"250"),
        ("dot", b"354"),
        ("mail", b"399"),
    ):
        yield at(
            point,
            code + b" what now\r\n",
            id=f"senseless-{code.decode()}-{point}",
            why="an answer of the wrong class is no consent",
            outcome="protocol_error",
            sent=point == "dot",
        )
    for point, code in (("mail", b"214"), ("rcpt", b"220"), ("ehlo", b"220"), ("help", b"354"), ("rset", b"354")):
        yield at(
            point,
            code + b" what now\r\n",
            id=f"odd-{code.decode()}-{point}",
            why="a code of the right class that nobody lists for this command goes on, with a finding",
            outcome="ok",
            stage="quit",
            finds=("code-not-allowed",),
        )


def _oddities() -> Iterator[Scenario]:
    odd: tuple[tuple[str, bytes, str], ...] = (
        ("bare-lf", b"%b-first\n%b second\n", "reply-bare-lf"),
        ("bare-cr", b"%b-fi\rrst\r\n%b second\r\n", "reply-bare-cr"),
        ("cr-cr-lf", b"%b-first\r\r\n%b second\r\r\n", "reply-bare-cr"),
        ("nul", b"%b-fi\0rst\r\n%b second\0\r\n", "reply-nul"),
        ("8bit", "%b-fïrst\r\n%b second ☃\r\n".encode(), "reply-8bit"),
        ("not-utf8", b"%b-f\xefrst\r\n%b s\xc3\x28cond \xff\xfe\r\n", "reply-not-utf8"),
        ("long-line", b"%b-" + b"x" * 600 + b"\r\n%b second\r\n", "reply-long-line"),
    )
    for name, form, found in odd:
        for point, code, outcome in (
            ("banner", b"220", "ok"),
            ("ehlo", b"250", "ok"),
            ("rcpt", b"550", "rejected"),
            ("dot", b"250", "ok"),
        ):
            octets = form.replace(b"%b", code)
            yield at(
                point,
                octets,
                id=f"{name}-{point}",
                why="octets are the truth and are kept; each oddity is a finding, and no reason to stop",
                outcome=outcome,
                stage="rcpt" if outcome == "rejected" else "quit",
                finds=(found,),
                keeps=((point, octets),),
                sent=point == "dot",
            )
    yield at(
        "mail",
        b"250-one\r250 two\r",
        id="cr-as-line-end",
        why="a bare CR ends no line",
        outcome="timeout",
        keeps=(("mail", b"250-one\r250 two\r"),),
    )


_OTHERS: tuple[tuple[str, bytes, str], ...] = (
    ("http", b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n<html>", "HTTP"),
    ("html", b"<!DOCTYPE html><html>", "HTTP"),
    ("ssh", b"SSH-2.0-OpenSSH_9.6\r\n", "SSH"),
    ("pop3", b"+OK POP3 ready <1896.697170952@mx.test>\r\n", "POP3"),
    ("imap", b"* OK [CAPABILITY IMAP4rev1] ready\r\n", "IMAP"),
    ("imap-bye", b"* BYE too many\r\n", "IMAP"),
    ("vnc", b"RFB 003.008\n", "VNC"),
    ("tls-alert", b"\x15\x03\x01\x00\x02\x02\x28", "TLS"),
    ("tls-handshake", b"\x16\x03\x03\x00\x7a\x02\x00\x00\x76", "TLS"),
    ("mysql", b"J\0\0\0\n8.0.36\0\x08\0\0\0abcdefgh\0\xff\xff", "no SMTP"),
    ("random-octets", bytes(range(128, 200)), "no SMTP"),
    ("nul-octets", b"\0" * 64, "no SMTP"),
    ("redis", b"-ERR unknown command\r\n", "no SMTP"),
)


def _foreign() -> Iterator[Scenario]:
    for name, octets, word in _OTHERS:
        for ending, act in (("closes", fin), ("waits", silence)):
            yield at(
                "banner",
                (octets, act),
                id=f"{name}-{ending}",
                why="say which protocol it is, without waiting for a line end that never comes",
                outcome="not_smtp",
                stage="banner",
                names=(word,),
                keeps=(("banner", octets[:4]),),
                never_finds=("malformed", "timeout", "closed"),
            )
    for name, greeting, refusal, word in (
        ("ftp", b"220 (vsFTPd 3.0.5) FTP ready\r\n", b"530 Please login with USER and PASS.\r\n", "FTP"),
        ("ftp-lines", b"220-Welcome\r\n220 ProFTPD Server\r\n", b"500 EHLO not understood\r\n", "FTP"),
        ("ftp-vsftpd", b"220 (vsFTPd 3.0.5)\r\n", b"530 Please login with USER and PASS.\r\n", "FTP"),
        ("nntp", b"200 news.test InterNetNews ready\r\n", b"500 What?\r\n", "NNTP"),
    ):
        yield Scenario(
            id=name,
            why="a protocol that greets as SMTP does is told by its words once EHLO was refused",
            server=polite(banner=greeting, ehlo=refusal, helo=refusal),
            outcome="not_smtp",
            stage="banner",
            names=(word,),
            never_finds=("rejected",),
        )
    yield Scenario(
        id="smtp-on-a-host-called-ftp",
        why="a mail server may stand on a host called ftp; that it refuses EHLO makes it no FTP server",
        server=polite(banner=b"220 ftp.example.test ESMTP Postfix\r\n", ehlo=b"550 5.7.1 No\r\n"),
        outcome="rejected",
        stage="ehlo",
        never_finds=("not_smtp",),
    )
    for name, octets in (
        ("smtp", b"220 mx.test ESMTP\r\n"),
        ("http", b"HTTP/1.1 400 Bad\r\n\r\n"),
        ("zeros", b"\0" * 9),
    ):
        yield at(
            "banner",
            octets,
            id=f"plain-{name}-on-tls-port",
            why="no TLS on a port for TLS: nothing was injected, for nothing had been said before",
            options=("--tls", "implicit"),
            outcome="tls_error",
            stage="tls",
            keeps=(("tls", octets[:4]),),
            never_finds=("injection",),
        )


SCENARIOS = (*_malformed(), *_differing(), *_senseless(), *_oddities(), *_foreign())
