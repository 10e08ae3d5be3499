"""Which name servers: those of an option, or the system's (resolv.conf, as resolv.conf(5) describes it)."""

from __future__ import annotations

import ipaddress
import re
import socket
from dataclasses import dataclass
from pathlib import Path

from probe.errors import UsageError
from probe.text import show

RESOLV_CONF = Path("/etc/resolv.conf")
_PORT = 53
_MOST = 3  # as many as the C library asks (MAXNS)
_BRACKETED = re.compile(r"\[([^]]*)\](?::([0-9]{1,5}))?")
_PLAIN = re.compile(r"([0-9.]+)(?::([0-9]{1,5}))?")


@dataclass(frozen=True)
class Server:
    """One name server by address; ``str()`` gives what was typed in its shortest form."""

    address: str
    port: int = _PORT

    @property
    def family(self) -> socket.AddressFamily:
        return socket.AF_INET6 if ":" in self.address else socket.AF_INET

    @property
    def socket_address(self) -> tuple[str, int] | tuple[str, int, int, int]:
        """What ``socket.connect`` wants; a link-local address carries its interface after a percent sign."""
        if self.family == socket.AF_INET:
            return self.address, self.port
        address, _, interface = self.address.partition("%")
        scope = 0
        if interface:
            scope = int(interface) if interface.isdecimal() else socket.if_nametoindex(interface)
        return address, self.port, 0, scope

    def __str__(self) -> str:
        if self.port == _PORT:
            return self.address
        return f"[{self.address}]:{self.port}" if ":" in self.address else f"{self.address}:{self.port}"


def parse_server(text: str) -> Server:
    """Read ``ADDR``, ``ADDR:PORT``, ``[ADDR]`` or ``[ADDR]:PORT``. Raises ``UsageError``."""
    match = _BRACKETED.fullmatch(text) or _PLAIN.fullmatch(text)
    address, port = match.groups() if match else (text, None)
    number = int(port) if port is not None else _PORT
    try:
        ipaddress.ip_address(address)
    except ValueError:
        number = 0
    if not 1 <= number <= 65535:
        raise UsageError(f"no name server: {show(text)} (wanted is ADDRESS, ADDRESS:PORT or [ADDRESS]:PORT)")
    return Server(address, number)


def system_servers(path: Path = RESOLV_CONF) -> tuple[Server, ...]:
    """The name servers of a resolv.conf; the local host where it names none or cannot be read."""
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        text = ""
    found = []
    for line in text.splitlines():
        words = line.split()
        if len(words) >= 2 and words[0] == "nameserver":
            try:
                ipaddress.ip_address(words[1])
            except ValueError:
                continue
            found.append(Server(words[1]))
    return tuple(found[:_MOST]) or (Server("127.0.0.1"),)
