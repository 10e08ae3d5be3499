"""Other protocols that may stand behind a port, told by how they greet."""

from __future__ import annotations

import re

from probe.errors import Detail
from probe.model import Reply

# FTP greets with 220 as well (RFC 959 section 5.4), NNTP with 200 or 201 (RFC 3977 section 5.1).
_FTP = re.compile(r"ftp", re.IGNORECASE)
_FTP_LOGIN = re.compile(r"\bUSER and PASS\b|^Please login", re.IGNORECASE)


def other_protocol(octets: bytes) -> Detail | None:
    """Which protocol greets like this; None if it may be a broken SMTP server."""
    for start, name in _GREETINGS:
        if octets.startswith(start):
            return Detail("detail-not-smtp-but-tls") if name == "TLS" else Detail("detail-not-smtp", name=name)
    return None if any(48 <= octet <= 57 for octet in octets[:4]) else Detail("detail-no-greeting")


_GREETINGS = (
    (b"SSH-", "SSH"),
    (b"+OK", "POP3"),
    (b"* OK", "IMAP"),
    (b"* PREAUTH", "IMAP"),
    (b"* BYE", "IMAP"),
    (b"HTTP/", "HTTP"),
    (b"<!", "HTTP"),
    (b"<html", "HTTP"),
    (b"RFB ", "VNC"),
    (b"\x15\x03", "TLS"),
    (b"\x16\x03", "TLS"),
)


def other_by_greeting(banner: Reply, refusal: Reply) -> Detail | None:
    """The same for a greeting that SMTP shares with another protocol, once EHLO was refused."""
    if (_FTP.search(banner.text) and "SMTP" not in banner.text.upper()) or _FTP_LOGIN.search(refusal.text):
        return Detail("detail-not-smtp", name="FTP")
    return Detail("detail-not-smtp", name="NNTP") if banner.code in (200, 201) else None
