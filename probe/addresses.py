"""Addresses that no public name may lead to, those that lead nowhere, and whose neighbours they are (RFC 6890)."""

from __future__ import annotations

import ipaddress

# Space that no public DNS name may lead us into (RFC 6890 and its updates). The documentation ranges are not among
# them: they lead nowhere, or into somebody's laboratory.
_PRIVATE = tuple(
    ipaddress.ip_network(block)
    for block in (
        "0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.168.0.0/16 224.0.0.0/4 "
        "240.0.0.0/4 ::/128 ::1/128 64:ff9b:1::/48 fc00::/7 fe80::/10 fec0::/10 ff00::/8"
    ).split()
)
# IPv6 networks whose last four octets are an IPv4 address: RFC 4291 section 2.5.5.1, RFC 6052 section 2.1.
_CARRIERS = tuple(map(ipaddress.IPv6Network, ("::/96", "64:ff9b::/96")))
# RFC 5737, RFC 3849 and RFC 9637: examples in texts, routed nowhere.
_DOCUMENTATION = tuple(
    ipaddress.ip_network(block)
    for block in "192.0.2.0/24 198.51.100.0/24 203.0.113.0/24 2001:db8::/32 3fff::/20".split()
)
# What is usually routed as a whole, and so fails as a whole: a /24, and a site's /48 (RFC 6177 section 2).
_NETWORK = {4: 24, 6: 48}


def is_private(address: str) -> bool:
    """Whether an address, or the IPv4 address that it carries, lies in private, loopback, link-local, multicast or
    reserved space."""
    ip = ipaddress.ip_address(address)
    both = (ip, _carried(ip))
    return any(one in block for one in both if one for block in _PRIVATE if block.version == one.version)


def _carried(ip: ipaddress.IPv4Address | ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    if isinstance(ip, ipaddress.IPv4Address):
        return None
    if any(ip in network for network in _CARRIERS):
        return ipaddress.IPv4Address(ip.packed[12:])
    return ip.ipv4_mapped or ip.sixtofour


def is_documentation(address: str) -> bool:
    """Whether an address is one of those that stand in examples."""
    ip = ipaddress.ip_address(address)
    return any(ip in block for block in _DOCUMENTATION if block.version == ip.version)


def network_of(address: str) -> str:
    """The network that an address shares its way to the Internet with: its /24, or its /48."""
    ip = ipaddress.ip_address(address)
    return str(ipaddress.ip_network((ip, _NETWORK[ip.version]), strict=False))
