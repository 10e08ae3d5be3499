"""Which name servers: those of an option, or the system's.

That is resolv.conf as resolv.conf(5) describes it, on macOS too, which keeps one for such readers. Where there is none,
as on Windows, dnspython knows where to look. Search lists and ``ndots`` are left alone: names here are whole.
"""

from __future__ import annotations

import ipaddress
import re
import socket
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from probe.errors import UsageError
from probe.text import show

RESOLV_CONF = Path("/etc/resolv.conf")
_PORT = 53
# As resolv.conf(5) has it: no more servers (MAXNS), seconds and attempts than these.
_MOST, _MOST_SECONDS, _MOST_ATTEMPTS = 3, 30, 5
_BRACKETED = re.compile(r"\[([^]]*)\](?::([0-9]{1,5}))?")
_PLAIN = re.compile(r"([0-9.]+)(?::([0-9]{1,5}))?")


@dataclass(frozen=True)
class Server:
    """One name server by address; ``str()`` gives what was typed in its shortest form."""

    address: str
    port: int = _PORT

    @cached_property
    def family(self) -> socket.AddressFamily:
        return socket.AF_INET6 if ":" in self.address else socket.AF_INET

    @cached_property
    def socket_address(self) -> tuple[str, int] | tuple[str, int, int, int]:
        """What ``socket.connect`` wants; a link-local address carries its interface after a percent sign."""
        if self.family == socket.AF_INET:
            return self.address, self.port
        address, _, interface = self.address.partition("%")
        scope = 0
        if interface:
            scope = int(interface) if interface.isdecimal() else socket.if_nametoindex(interface)
        return address, self.port, 0, scope

    @cached_property
    def shown(self) -> str:
        """What ``str()`` gives."""
        if self.port == _PORT:
            return self.address
        return f"[{self.address}]:{self.port}" if ":" in self.address else f"{self.address}:{self.port}"

    def __str__(self) -> str:
        return self.shown


@dataclass(frozen=True)
class System:
    """Name servers, at least one, and what ``options`` says of them, None where it says nothing: ``timeout`` is seconds
    a round over all of them, ``tries`` the rounds."""

    servers: tuple[Server, ...]
    timeout: float | None = None
    tries: int | None = None


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


def system(path: Path = RESOLV_CONF) -> System:
    """What the system asks: the local host where nothing else is named. Never raises."""
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return System(_servers(_known_to_dnspython(path)) or _LOCAL)
    servers: list[str] = []
    options: dict[str, int] = {}
    for words in map(str.split, lines):
        if words[:1] == ["nameserver"]:
            servers += words[1:2]
        elif words[:1] == ["options"]:
            pairs = (word.partition(":") for word in words[1:])
            options |= {key: int(value) for key, _, value in pairs if value.isascii() and value.isdecimal()}
    found = _servers(servers) or _LOCAL
    seconds, attempts = options.get("timeout", 0), options.get("attempts", 0)
    return System(
        found,
        # There it is the time of each server, as often as there are attempts.
        timeout=float(min(seconds, _MOST_SECONDS) * len(found)) or None,
        tries=min(attempts, _MOST_ATTEMPTS) or None,
    )


_LOCAL = (Server("127.0.0.1"),)


def _servers(addresses: Iterable[str]) -> tuple[Server, ...]:
    found = []
    for address in addresses:
        try:
            ipaddress.ip_address(address)
        except ValueError:
            continue
        found.append(Server(address))
    return tuple(found[:_MOST])


def _known_to_dnspython(path: Path) -> list[str]:
    """The servers of a system without resolv.conf: on Windows those of the registry."""
    import dns.exception
    import dns.resolver

    try:
        return [str(server) for server in dns.resolver.Resolver(path).nameservers]
    except (dns.exception.DNSException, OSError, NotImplementedError):
        return []
