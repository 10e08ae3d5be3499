"""Who we say we are (RFC 5321 sections 4.1.1.1 and 4.1.3), and where our packets come from."""

from __future__ import annotations

import re
import socket
from typing import NamedTuple


def own_name(address: str | None) -> str:
    """The name for EHLO: our host name if it has a dot, else ``address`` as a literal; never a DNS look-up."""
    name = socket.gethostname()
    if "." in name.strip(".") and re.fullmatch(r"[A-Za-z0-9.-]+", name):
        return name
    if address is None:
        return "localhost"
    return f"[IPv6:{address}]" if ":" in address else f"[{address}]"


class OwnAddresses(NamedTuple):
    """Where our packets come from, as this host sees it. Behind a NAT others see another IPv4 address, which only they
    can tell; ``probe.addresses.is_private`` says when that is certain."""

    ipv4: str | None
    ipv6: str | None


def own_addresses() -> OwnAddresses:
    """The source addresses of packets to the rest of the world, None where there is no way there. Nothing is sent: a
    UDP socket that is connected only looks up its route (towards RFC 5737 and RFC 3849 documentation addresses)."""
    return OwnAddresses(_source(socket.AF_INET, "192.0.2.1"), _source(socket.AF_INET6, "2001:db8::1"))


def _source(family: socket.AddressFamily, towards: str) -> str | None:
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as sock:
            sock.connect((towards, 25))
            address = str(sock.getsockname()[0]).partition("%")[0]
    except OSError:
        return None
    return None if address in ("0.0.0.0", "::") else address
