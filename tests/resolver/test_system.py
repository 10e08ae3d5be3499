"""Name servers as typed, and as resolv.conf names them."""

from __future__ import annotations

from pathlib import Path

import dns.resolver
import pytest

from probe.errors import UsageError
from probe.limits import Limits
from probe.resolver import Resolver
from probe.resolver.system import parse_server, system


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
    return [str(server) for server in system(path).servers]


def test_resolv_conf(tmp_path: Path) -> None:
    text = (
        "# nameserver 192.0.2.9\n; nameserver 192.0.2.8\nsearch example.org\n"
        "nameserver 192.0.2.1\n\tnameserver\t2001:db8::1  # ours\nnameserver ns.example.org\nnameserver\n"
        "options timeout:1 edns0\nnameserver fe80::1%lo\nnameserver 192.0.2.4\n"
    )
    assert resolv_conf(tmp_path, text) == ["192.0.2.1", "2001:db8::1", "fe80::1%lo"]


def test_resolv_conf_without_servers_means_the_local_host(tmp_path: Path) -> None:
    assert resolv_conf(tmp_path, "search example.org\n") == ["127.0.0.1"]
    assert [str(server) for server in system(tmp_path / "absent").servers] == ["127.0.0.1"]


@pytest.mark.parametrize(
    ("timeout", "tries", "options"),
    [
        (None, None, ""),
        (4.0, 3, "options timeout:2 attempts:3"),
        (4.0, None, "options rotate timeout:2\n"),
        (2.0, 1, "options timeout:9 attempts:4 ndots:5\noptions timeout:1 attempts:1\n"),
        (60.0, 5, "options timeout:3600 attempts:99"),
        (None, None, "options timeout:0 attempts:-1 timeout: attempts:x timeout:٣ timeout"),
    ],
)
def test_the_system_says_how_long_to_wait(
    tmp_path: Path, timeout: float | None, tries: int | None, options: str
) -> None:
    path = tmp_path / "resolv.conf"
    path.write_text(f"{options}\nnameserver 192.0.2.1\nnameserver 192.0.2.2\n", encoding="utf-8")
    said = system(path)
    assert (timeout, tries) == (said.timeout, said.tries)


def test_the_system_is_waited_for_as_it_asks_unless_the_user_knows_better(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "resolv.conf"
    path.write_text("nameserver 127.0.0.1\noptions timeout:1 attempts:4\n", encoding="utf-8")
    monkeypatch.setattr("probe.resolver.resolver.system", lambda: system(path))

    def patience(resolver: Resolver) -> tuple[float, int]:
        return resolver._servers.timeout, resolver._servers.tries

    assert (1.0, 4) == patience(Resolver()) == patience(Resolver.under(Limits()))
    assert (0.3, 4) == patience(Resolver(timeout=0.3))
    assert (7.0, 3) == patience(Resolver.under(Limits(dns_timeout=7.0, dns_tries=3)))
    assert (5.0, 2) == patience(Resolver("192.0.2.1")) == patience(Resolver.under(Limits(), ["192.0.2.1"]))


def test_without_resolv_conf_dnspython_knows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def windows(self: dns.resolver.Resolver, path: Path) -> None:
        self.nameservers = ["192.0.2.1", "2001:db8::1"]

    monkeypatch.setattr(dns.resolver.Resolver, "read_resolv_conf", windows)
    assert ["192.0.2.1", "2001:db8::1"] == [str(server) for server in system(tmp_path / "absent").servers]


def test_link_local_servers_carry_their_interface() -> None:
    assert parse_server("fe80::1%1").socket_address == ("fe80::1", 53, 0, 1)
