"""Would this certificate hold? Judged apart from the handshake, so that a report has both the certificate and every
reason why it fails (RFC 5280 section 6, RFC 6125 section 6).

A chain is trusted where it leads to one of the trust anchors, or where the leaf itself is one of them, as an operator
who puts a self-signed certificate into --ca-file means it.
"""

from __future__ import annotations

import datetime
import ipaddress
import re
import ssl
import warnings
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.verification import Criticality, ExtensionPolicy, PolicyBuilder, Store, VerificationError

from probe.tls.certificate import load

PROBLEMS = (
    "unreadable",
    "expired",
    "not-yet-valid",
    "other-name",
    "self-signed",
    "unknown-issuer",
    "issuer-expired",
    "weak-key",
    "weak-signature",
)
_PEM = re.compile(rb"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----", re.DOTALL)
_SHORTEST_RSA = 2048  # CA/Browser Forum baseline requirements, section 6.1.5
_WEAK_HASHES = ("md5", "sha1")


def problems(chain: Sequence[bytes], host: str, now: datetime.datetime, ca_file: str | None = None) -> tuple[str, ...]:
    """Every reason why the chain, leaf first and in DER form, does not hold for ``host`` now: words of ``PROBLEMS``,
    empty where it verifies.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # nor is that of the server's certificate
        try:
            leaf, *others = map(load, chain)
            found = [*_of_leaf(leaf, now), *([] if names_host(leaf, host) else ["other-name"])]
            anchors = trust_anchors(ca_file)
            if leaf not in anchors and not leads_to(anchors, leaf, others, now):
                found.append(_why_not(anchors, leaf, others))
            return tuple(found)
        except (ValueError, UnsupportedAlgorithm):
            return ("unreadable",)


def names_host(leaf: x509.Certificate, host: str) -> bool:
    """Whether one of the certificate's names is ``host``; a star stands for one whole leftmost label."""
    try:
        names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return False
    try:
        return ipaddress.ip_address(host) in names.get_values_for_type(x509.IPAddress)
    except ValueError:
        pass
    wanted = host.lower().rstrip(".")
    given = [name.lower().rstrip(".") for name in names.get_values_for_type(x509.DNSName)]
    return wanted in given or f"*.{wanted.partition('.')[2]}" in given


def trust_anchors(ca_file: str | None) -> tuple[x509.Certificate, ...]:
    """The certificates of ``ca_file``, else of the system's store; empty where there is none. A file is read again
    when it has changed.

    Raises OSError for a file that cannot be read.
    """
    path = ca_file or ssl.get_default_verify_paths().cafile
    return () if path is None else _anchors(path, Path(path).stat().st_mtime_ns)


@cache
def _anchors(path: str, _changed: int) -> tuple[x509.Certificate, ...]:
    octets = Path(path).read_bytes()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # an odd serial number in somebody's store is not our user's concern
        try:
            return tuple(x509.load_pem_x509_certificates(octets))
        except ValueError:
            # One that cannot be read costs itself, not the whole store.
            return tuple(filter(None, map(_readable, _PEM.findall(octets))))


def _readable(pem: bytes) -> x509.Certificate | None:
    try:
        return x509.load_pem_x509_certificate(pem)
    except ValueError:
        return None


def _of_leaf(leaf: x509.Certificate, now: datetime.datetime) -> list[str]:
    found = []
    if now > leaf.not_valid_after_utc:
        found.append("expired")
    if now < leaf.not_valid_before_utc:
        found.append("not-yet-valid")
    key = leaf.public_key()
    if isinstance(key, rsa.RSAPublicKey) and key.key_size < _SHORTEST_RSA:
        found.append("weak-key")
    algorithm = leaf.signature_hash_algorithm
    if algorithm is not None and algorithm.name in _WEAK_HASHES:
        found.append("weak-signature")
    return found


def _why_not(anchors: Sequence[x509.Certificate], leaf: x509.Certificate, others: Sequence[x509.Certificate]) -> str:
    """What is wrong with a chain that leads nowhere now: perhaps it did while its intermediates were valid."""
    if leaf.subject == leaf.issuer:
        return "self-signed"
    while_valid = any(leads_to(anchors, leaf, others, one.not_valid_after_utc) for one in others)
    return "issuer-expired" if while_valid else "unknown-issuer"


def leads_to(
    anchors: Sequence[x509.Certificate],
    leaf: x509.Certificate,
    others: Sequence[x509.Certificate],
    now: datetime.datetime,
) -> bool:
    """Whether a chain of signatures leads from the leaf to an anchor. Dates and name of the leaf are judged elsewhere,
    so they are not held against it twice: the time is one at which the leaf was valid."""
    if not anchors:
        return False
    moment = min(max(now, leaf.not_valid_before_utc), leaf.not_valid_after_utc)
    # What a public CA must put into a certificate is not ours to ask of a private one.
    anything = ExtensionPolicy.permit_all()
    an_issuer = anything.require_present(x509.BasicConstraints, Criticality.AGNOSTIC, None)
    verifier = (
        PolicyBuilder()
        .store(Store(list(anchors)))
        .time(moment.replace(tzinfo=None))
        .extension_policies(ca_policy=an_issuer, ee_policy=anything)
        .build_client_verifier()
    )
    try:
        verifier.verify(leaf, list(others))
    except VerificationError:
        return False
    return True
