"""DANE and DNSSEC against a real validating resolver: zones signed, unsigned, orphaned, broken and expired."""

from __future__ import annotations

import asyncio
import datetime
import hashlib
from collections.abc import Iterator
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509 import load_der_x509_certificate

from probe.catalog import catalog
from probe.checks import dane, dnssec, mx
from probe.model import CheckResult
from probe.resolver import Resolver
from tests.peers.signed import Nsd, SignedZones, Unbound, Zone
from tests.tls.authority import Authority, ders

pytestmark = pytest.mark.peer

NOW = datetime.datetime.now(datetime.UTC)
AUTHORITY = Authority(now=NOW)
CHAIN = ders(AUTHORITY.issue("mx.signed.test"))
OTHER = "ab" * 32


def digest(der: bytes) -> str:
    """The SHA-256 of the public key, by another way than that of the check."""
    public = load_der_x509_certificate(der).public_key()
    return hashlib.sha256(public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).hexdigest()


HOST = "@ IN MX 10 mx\nmx IN A 192.0.2.1\nmx IN AAAA 2001:db8::1\n"
ZONES = (
    Zone("signed.test.", f"{HOST}_25._tcp.mx IN TLSA 3 1 1 {digest(CHAIN[0])}\n"),
    Zone("issuer.test.", f"{HOST}_25._tcp.mx IN CNAME tlsa\ntlsa IN TLSA 2 1 1 {digest(CHAIN[1])}\n"),
    Zone("stale.test.", f"{HOST}_25._tcp.mx IN TLSA 3 1 1 {OTHER}\n"),
    Zone("pkix.test.", f"{HOST}_25._tcp.mx IN TLSA 1 1 1 {OTHER}\n_25._tcp.mx IN TLSA 3 1 2 {OTHER}\n"),
    Zone("bare.test.", HOST),
    Zone("alias.test.", "@ IN MX 10 mx\nmx IN CNAME mx.signed.test.\n"),
    Zone("elsewhere.test.", "@ IN MX 10 mx.signed.test.\n@ IN MX 20 mx.unsigned.test.\n"),
    Zone("unsigned.test.", f"{HOST}_25._tcp.mx IN TLSA 3 1 1 {OTHER}\n", "unsigned"),
    Zone("outside.test.", "@ IN MX 10 mx.signed.test.\n", "unsigned"),
    Zone("island.test.", f"{HOST}_25._tcp.mx IN TLSA 3 1 1 {OTHER}\n", "island"),
    Zone("other.test.", HOST, "other-key"),
    Zone("moved.test.", HOST, "moved"),
    Zone("expired.test.", HOST, "expired"),
    Zone("null.test.", "@ IN MX 0 .\n"),
)


@pytest.fixture(scope="module")
def zones(tmp_path_factory: pytest.TempPathFactory) -> SignedZones:
    return SignedZones(tmp_path_factory.mktemp("zones"), ZONES)


@pytest.fixture(scope="module")
def nsd(zones: SignedZones, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nsd]:
    made = Nsd(tmp_path_factory.mktemp("nsd"), zones)
    yield made
    made.stop()


@pytest.fixture(scope="module")
def unbound(zones: SignedZones, nsd: Nsd, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Unbound]:
    made = Unbound(tmp_path_factory.mktemp("unbound"), zones, nsd)
    yield made
    made.stop()


@pytest.fixture(scope="module")
def blind(zones: SignedZones, nsd: Nsd, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Unbound]:
    """The same, and it does not validate."""
    made = Unbound(tmp_path_factory.mktemp("blind"), zones, nsd, validating=False)
    yield made
    made.stop()


def run(module: Any, subject: Any, server: Unbound) -> CheckResult:
    async def asked() -> CheckResult:
        async with Resolver(server.endpoint, timeout=5.0, tries=1) as resolver:
            result: CheckResult = await module.run(subject, ask=resolver, facts=catalog())
            return result

    return asyncio.run(asked())


def look(domain: str, server: Unbound, *seen: dane.Seen) -> CheckResult:
    return run(dane, dane.Mail(domain, NOW, seen), server)


def problems(result: CheckResult) -> list[str]:
    return [told["problem"] for told in result.facts["problems"]]


# --- DNSSEC


@pytest.mark.parametrize(
    ("domain", "result", "reason", "state", "told"),
    [
        ("signed.test", "pass", "secure", "secure", []),
        ("mx.signed.test", "pass", "secure", "secure", []),
        ("nothing.signed.test", "pass", "secure", "secure", []),
        ("unsigned.test", "none", "unsigned", "insecure", ["unsigned"]),
        ("island.test", "none", "no-ds", "insecure", ["no-ds"]),
        ("other.test", "fail", "other-ds", "bogus", ["other-ds"]),
        ("mx.other.test", "fail", "other-ds", "bogus", ["other-ds"]),
        ("moved.test", "fail", "ds-without-keys", "bogus", ["ds-without-keys"]),
        ("expired.test", "fail", "bogus", "bogus", ["bogus"]),
    ],
)
def test_each_state_of_a_zone(
    unbound: Unbound, domain: str, result: str, reason: str, state: str, told: list[str]
) -> None:
    found = run(dnssec, domain, unbound)
    assert (result, reason, state) == (found.result, found.facts["reason"], found.facts["state"]), found.trace
    assert told == problems(found)
    assert found.facts["validating"] is True


def test_the_ds_record_for_the_registrar_is_the_one_that_the_signer_wrote(unbound: Unbound, zones: SignedZones) -> None:
    (line,) = run(dnssec, "island.test", unbound).facts["publish"]
    (written,) = zones.folder.glob("Kisland.test.*.ds")
    assert written.read_text().split() == line.split()


def test_what_unbound_says_of_a_bogus_zone_and_what_it_hands_out_all_the_same(unbound: Unbound) -> None:
    found = run(dnssec, "expired.test", unbound)
    first, *others = found.queries
    assert ("failed", "servfail") == (first.answer, first.reason)
    assert found.facts["extended_errors"]
    assert ["found"] * 3 == [answer.answer for answer in others]
    assert not any(answer.authenticated for answer in others)


@pytest.mark.parametrize("domain", ["signed.test", "unsigned.test", "island.test", "other.test"])
def test_a_resolver_that_does_not_validate_is_told_apart_from_an_unsigned_zone(blind: Unbound, domain: str) -> None:
    found = run(dnssec, domain, blind)
    assert (None, "not-validating", False) == (found.result, found.facts["reason"], found.facts["validating"])


def test_without_a_name_server_nobody_can_tell_and_nothing_is_called_bogus(
    zones: SignedZones, tmp_path_factory: pytest.TempPathFactory
) -> None:
    nsd = Nsd(tmp_path_factory.mktemp("nsd-gone"), zones)
    unbound = Unbound(tmp_path_factory.mktemp("unbound-alone"), zones, nsd)
    nsd.stop()
    try:
        found = run(dnssec, "signed.test", unbound)
        assert ("temperror", "indeterminate") == (found.result, found.facts["state"]), found.trace
        assert "temperror" == look("signed.test", unbound).result
        assert "temperror" == run(mx, "signed.test", unbound).result
    finally:
        unbound.stop()


# --- DANE


def test_a_certificate_that_fits(unbound: Unbound) -> None:
    found = look("signed.test", unbound, dane.Seen("mx.signed.test", CHAIN))
    assert ("pass", []) == (found.result, problems(found)), found.trace
    assert all(answer.authenticated for answer in found.queries)
    assert None is look("signed.test", unbound).result


def test_an_issuer_that_fits_by_way_of_an_alias(unbound: Unbound) -> None:
    chain = ders(AUTHORITY.issue("mx.issuer.test"))
    assert "pass" == look("issuer.test", unbound, dane.Seen("mx.issuer.test", chain)).result
    other = look("issuer.test", unbound, dane.Seen("mx.issuer.test", CHAIN))
    assert ("fail", "other-name") == (other.result, other.facts["reason"])


def test_a_certificate_that_does_not_fit_and_the_record_to_add(unbound: Unbound) -> None:
    found = look("stale.test", unbound, dane.Seen("mx.stale.test", CHAIN))
    assert ("fail", ["mismatch"]) == (found.result, problems(found))
    assert (f"_25._tcp.mx.stale.test. IN TLSA 3 1 1 {digest(CHAIN[0])}",) == found.facts["publish"]


def test_records_that_senders_cannot_use(unbound: Unbound) -> None:
    found = look("pkix.test", unbound)
    assert ("permerror", ["unusable"]) == (found.result, problems(found)), found.trace
    assert {"pkix-usage", "bad-length"} == {record["reason"] for record in found.facts["hosts"][0]["records"]}


def test_an_authenticated_denial_is_no_record(unbound: Unbound) -> None:
    found = look("bare.test", unbound)
    assert ("none", "no-record", ["missing"]) == (found.result, found.facts["reason"], problems(found))
    assert found.queries[-1].authenticated


def test_the_end_of_an_alias_has_the_records(unbound: Unbound) -> None:
    found = look("alias.test", unbound, dane.Seen("mx.alias.test", CHAIN))
    assert ("pass", "_25._tcp.mx.signed.test") == (found.result, found.facts["hosts"][0]["name"])


@pytest.mark.parametrize("domain", ["unsigned.test", "island.test"])
def test_records_that_nobody_signed_do_not_count(unbound: Unbound, domain: str) -> None:
    found = look(domain, unbound, dane.Seen(f"mx.{domain}", CHAIN))
    assert ("none", "unsigned", ["unsigned"]) == (found.result, found.facts["reason"], problems(found))
    assert found.facts["validating"] is True


def test_a_host_with_records_and_one_whose_records_do_not_count(unbound: Unbound) -> None:
    found = look("elsewhere.test", unbound, dane.Seen("mx.signed.test", CHAIN))
    assert ["match", "unsigned"] == [host["reason"] for host in found.facts["hosts"]]
    assert ("none", "partial") == (found.result, found.facts["reason"])


def test_mx_records_that_nobody_signed(unbound: Unbound) -> None:
    found = look("outside.test", unbound, dane.Seen("mx.signed.test", CHAIN))
    assert ("pass", False, ["mx-unsigned"]) == (found.result, found.facts["mx_authenticated"], problems(found))


@pytest.mark.parametrize("domain", ["other.test", "moved.test", "expired.test"])
def test_a_bogus_zone_is_temperror_and_never_unsigned(unbound: Unbound, domain: str) -> None:
    found = look(domain, unbound)
    assert ("temperror", ["not-asked"]) == (found.result, problems(found))


@pytest.mark.parametrize("domain", ["signed.test", "stale.test", "unsigned.test"])
def test_what_a_resolver_without_validation_says_proves_nothing(blind: Unbound, domain: str) -> None:
    found = look(domain, blind, dane.Seen(f"mx.{domain}", CHAIN))
    assert (None, ["not-validating"]) == (found.result, problems(found))


def test_a_null_mx_over_the_wire(unbound: Unbound) -> None:
    assert ("none", "null-mx") == ((found := run(mx, "null.test", unbound)).result, found.facts["reason"])
    assert ("none", []) == ((found := look("null.test", unbound)).result, problems(found))
