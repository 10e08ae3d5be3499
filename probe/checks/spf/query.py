"""Who is to be checked: client address, MAIL FROM and EHLO name, as ``check_host()`` takes them (RFC 7208 section 4.1).

Any text is legal here: whether it is anything that can be checked is told by ``read_client`` and ``is_domain``.
"""

from __future__ import annotations

import ipaddress
import socket
from dataclasses import dataclass
from typing import Literal

from probe.checks.spf.record import Network
from probe.names import BadName, to_ascii

Identity = Literal["mailfrom", "helo"]


@dataclass(frozen=True)
class Query:
    """One question to ``check_host()``: may the client at ``ip``, which said EHLO ``helo``, say MAIL FROM ``sender``?

    ``identity`` says which of the two names is checked (RFC 7208 sections 2.3 and 2.4). With an empty ``sender``, the
    null reverse-path, MAIL FROM is taken to be ``postmaster`` at the EHLO name.
    """

    ip: str
    sender: str
    helo: str
    identity: Identity = "mailfrom"


@dataclass(frozen=True)
class Client:
    """The client's address. ``macro`` is what ``%{i}`` stands for: IPv6 as nibbles with dots."""

    version: int
    number: int
    text: str
    macro: str

    @property
    def reverse(self) -> str:
        """Where its PTR records are."""
        return ipaddress.ip_address(self.text).reverse_pointer

    @property
    def zone(self) -> str:
        """What ``%{v}`` stands for."""
        return "in-addr" if self.version == 4 else "ip6"

    @property
    def address_type(self) -> str:
        return "A" if self.version == 4 else "AAAA"

    def is_in(self, network: Network) -> bool:
        """Whether the client's address belongs to a network."""
        if network.version != self.version:
            return False
        shift = (32 if self.version == 4 else 128) - network.prefix
        return network.address >> shift == self.number >> shift

    def is_at(self, address: str, prefix: int = 128) -> bool:
        """Whether the client's address agrees with that of a record in its first ``prefix`` bits, or in all."""
        family, bits = (socket.AF_INET, 32) if self.version == 4 else (socket.AF_INET6, 128)
        try:
            number = int.from_bytes(socket.inet_pton(family, address), "big")
        except (OSError, ValueError):
            return False
        return self.is_in(Network(self.version, number, min(prefix, bits)))


@dataclass(frozen=True)
class Name:
    """The identity that is checked: ``local`` at ``domain``. ``helo`` is the EHLO name with A-labels, where it has
    any."""

    local: str
    domain: str
    helo: str

    @property
    def sender(self) -> str:
        return f"{self.local}@{self.domain}"


def read_client(ip: str) -> Client | None:
    """The address, an IPv4 one in IPv6 clothes as IPv4 (RFC 7208 section 5); None for what is no address."""
    try:
        address = ipaddress.ip_address(ip.strip().partition("%")[0])
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    if mapped is not None:
        address = mapped
    macro = address.exploded
    if isinstance(address, ipaddress.IPv6Address):
        macro = ".".join(macro.replace(":", "").upper())
    return Client(address.version, int(address), str(address), macro)


def read_name(query: Query) -> Name:
    """The identity of a query; its domain may still be none that can be asked, see ``is_domain``."""
    helo = _ascii(query.helo.strip())
    sender = query.sender.strip()
    if sender.startswith("<") and sender.endswith(">"):  # as it stands in MAIL FROM
        sender = sender[1:-1]
    if query.identity == "helo" or not sender:
        return Name("postmaster", helo, helo)
    local, _, domain = sender.rpartition("@")  # a quoted local part may hold one more "@"
    # RFC 7208 section 4.3: without a local part it is "postmaster".
    return Name(local or "postmaster", _ascii(domain), helo)


def is_domain(name: str) -> bool:
    """Whether ``check_host()`` has a domain to look at: more than one label, none of them empty or too long, no address
    (RFC 7208 section 4.3). Characters that no host name has are left to DNS."""
    return "." in name and can_be_asked(name) and not name.startswith("[") and not name.rpartition(".")[2].isdecimal()


def can_be_asked(name: str) -> bool:
    """Whether DNS can be asked for a name: ASCII, up to 253 characters, labels of 1 to 63 (RFC 1035 section 2.3.4)."""
    return len(name) <= 253 and name.isascii() and all(0 < len(label) < 64 for label in name.split("."))


def can_be_told(host: str) -> bool:
    """Whether a name out of an answer can be asked for: one with a backslash holds what no name in a question can."""
    return "\\" not in host and can_be_asked(host)


def is_below(name: str, domain: str) -> bool:
    """Whether a name is the domain or stands below it."""
    name, domain = name.lower(), domain.lower()
    return name == domain or name.endswith("." + domain)


def _ascii(domain: str) -> str:
    """A domain with A-labels (RFC 7208 section 4.3, RFC 8616 section 4); what has none stays as it is."""
    domain = domain.removesuffix(".")
    if domain.isascii() or len(domain) > 253:
        return domain
    try:
        return to_ascii(domain)
    except BadName:
        return domain
