"""Name servers as typed, and as resolv.conf names them."""

from __future__ import annotations

from pathlib import Path

import pytest

from probe.errors import UsageError
from probe.resolver import Resolver
from probe.resolver.system import parse_server, system_servers


@pytest.mark.parametrize(
    ("address", "port", "text"),
    [
        ("192.0.2.53", 53, "192.0.2.53"),
        ("192.0.2.53", 5353, "192.0.2.53:5353"),
        ("2001:db8::53", 53, "2001:db8::53"),
        ("2001:db8::53", 53, "[2001:db8::53]"),
        ("2001:db8::53", 5353, "[2001:db8::53]:5353"),
    ],
)
def test_server_as_typed(address: str, port: int, text: str) -> None:
    server = parse_server(text)
    assert (address, port) == (server.address, server.port)
    assert server == parse_server(str(server))


@pytest.mark.parametrize(
    "text",
    [
        *["", "ns.example.org", "192.0.2.53:", "192.0.2.53:0", "192.0.2.53:65536", "192.0.2.53:x", "1.2.3", "[::1"],
        *["[::1]:", "[::1]53", "192.0.2.53 ", "192.0.2.53:٥٣", "\x1b[31m"],
    ],
)
def test_what_is_no_server(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        Resolver(text)
    assert str(caught.value).startswith("no name server: ")
    assert str(caught.value).isprintable()


def resolv_conf(folder: Path, text: str) -> list[str]:
    path = folder / "resolv.conf"
    path.write_text(text, encoding="utf-8")
    return [str(server) for server in system_servers(path)]


def test_resolv_conf(tmp_path: Path) -> None:
    text = (
        "# nameserver 192.0.2.9\n; nameserver 192.0.2.8\nsearch example.org\n"
        "nameserver 192.0.2.1\n\tnameserver\t2001:db8::1  # ours\nnameserver ns.example.org\nnameserver\n"
        "options timeout:1 edns0\nnameserver fe80::1%lo\nnameserver 192.0.2.4\n"
    )
    assert resolv_conf(tmp_path, text) == ["192.0.2.1", "2001:db8::1", "fe80::1%lo"]


def test_resolv_conf_without_servers_means_the_local_host(tmp_path: Path) -> None:
    assert resolv_conf(tmp_path, "search example.org\n") == ["127.0.0.1"]
    assert [str(server) for server in system_servers(tmp_path / "absent")] == ["127.0.0.1"]


def test_link_local_servers_carry_their_interface() -> None:
    assert parse_server("fe80::1%1").socket_address == ("fe80::1", 53, 0, 1)
