"""Who we say we are (RFC 5321 sections 4.1.1.1 and 4.1.3)."""

from __future__ import annotations

import re
import socket


def own_name(address: str | None) -> str:
    """The name for EHLO: our host name if it has a dot, else ``address`` as a literal; never a DNS look-up."""
    name = socket.gethostname()
    if "." in name.strip(".") and re.fullmatch(r"[A-Za-z0-9.-]+", name):
        return name
    if address is None:
        return "localhost"
    return f"[IPv6:{address}]" if ":" in address else f"[{address}]"
