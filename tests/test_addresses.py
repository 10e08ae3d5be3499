"""Addresses that lead inside, nowhere, or the same way as others."""

from __future__ import annotations

import pytest

from probe.addresses import is_documentation, is_private, network_of


@pytest.mark.parametrize(
    "address",
    "0.0.0.0 10.1.2.3 100.64.0.1 127.0.0.1 169.254.169.254 172.31.255.255 192.168.1.1 224.0.0.1 255.255.255.255 "
    ":: ::1 fc00::1 fe80::1 fe80::1%eth0 ff02::1 ::ffff:10.0.0.1 ::ffff:127.0.0.1".split(),
)
def test_private_addresses(address: str) -> None:
    assert is_private(address)


@pytest.mark.parametrize("address", ["192.0.2.1", "198.51.100.1", "8.8.8.8", "172.32.0.1", "2001:db8::1", "2a00::1"])
def test_public_addresses(address: str) -> None:
    assert not is_private(address)


@pytest.mark.parametrize("address", "192.0.2.1 198.51.100.255 203.0.113.7 2001:db8::1 3fff:fff::1".split())
def test_addresses_of_examples(address: str) -> None:
    assert is_documentation(address)


@pytest.mark.parametrize("address", "192.0.3.1 198.51.101.0 8.8.8.8 2001:db9::1 4000::1 10.0.0.1".split())
def test_addresses_of_no_example(address: str) -> None:
    assert not is_documentation(address)


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("198.51.100.200", "198.51.100.0/24"),
        ("2001:db8:1:2::3", "2001:db8:1::/48"),
        ("::ffff:8.8.8.8", "::/48"),
    ],
)
def test_the_network_that_an_address_shares_its_way_with(address: str, network: str) -> None:
    assert network_of(address) == network
