"""Where our packets come from, asked of the routes of this host and of nobody else."""

from __future__ import annotations

import ipaddress
import socket

import pytest

from probe.smtp.identity import OwnAddresses, own_addresses


def test_an_address_of_this_host_or_none() -> None:
    found = own_addresses()
    for version, address in ((4, found.ipv4), (6, found.ipv6)):
        assert address is None or ipaddress.ip_address(address).version == version


def test_nothing_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    class Quiet(socket.socket):
        def send(self, *arguments: object) -> int:  # type: ignore[override]
            raise AssertionError("a packet")

        sendto = send  # type: ignore[assignment]

    monkeypatch.setattr(socket, "socket", Quiet)
    own_addresses()


def test_without_a_route_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    class Alone(socket.socket):
        def connect(self, address: object) -> None:
            raise OSError(101, "Network is unreachable")

    monkeypatch.setattr(socket, "socket", Alone)
    assert OwnAddresses(None, None) == own_addresses()


def test_the_route_tells_the_address(monkeypatch: pytest.MonkeyPatch) -> None:
    class Routed(socket.socket):
        def connect(self, address: object) -> None:
            assert address in (("192.0.2.1", 25), ("2001:db8::1", 25))

        def getsockname(self) -> tuple[str, int]:
            return ("10.0.0.5", 1) if self.family == socket.AF_INET else ("fe80::1%eth0", 1)

    monkeypatch.setattr(socket, "socket", Routed)
    assert OwnAddresses("10.0.0.5", "fe80::1") == own_addresses()
