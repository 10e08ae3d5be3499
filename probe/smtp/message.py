"""The one message that --send sends, and its form on the wire."""

from __future__ import annotations

import re
import secrets
import time


def test_message(sender: str, recipients: tuple[str, ...], host: str, now: float) -> bytes:
    """A short, honest message (RFC 5322): who sent it, why, and that nobody needs to answer. Without a sender it comes
    from the postmaster of ``host``, our own name, never from a domain of the other side. ``now`` is Unix time."""
    date = time.strftime("%a, %d %b %Y %H:%M:%S +0000", time.gmtime(now))
    domain = sender.rpartition("@")[2] or host
    lines = (
        f"From: <{sender or 'postmaster@' + domain}>",
        "To: " + ", ".join(f"<{recipient}>" for recipient in recipients),
        "Subject: smtp-probe test message",
        f"Date: {date}",
        f"Message-ID: <{secrets.token_hex(12)}@{domain}>",
        "Auto-Submitted: auto-generated",
        "MIME-Version: 1.0",
        "Content-Type: text/plain; charset=utf-8",
        "",
        "This message was sent by smtp-probe with --send, to see whether it is",
        "accepted. Nobody needs to answer it.",
        "",
    )
    return "\r\n".join(lines).encode("utf-8", "surrogateescape")


def stuffed(message: bytes) -> bytes:
    """CRLF line ends, dots doubled at the start of a line (RFC 5321 section 4.5.2), a line end at the end."""
    text = re.sub(rb"\r\n|\r|\n", b"\r\n", message)
    if not text.endswith(b"\r\n"):
        text += b"\r\n"
    return re.sub(rb"(?m)^\.", b"..", text)
