"""What a leaf certificate says of itself (RFC 5280). Nothing here judges whether it may be trusted."""

from __future__ import annotations

import warnings

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, rsa

from probe.model import Certificate
from probe.text import show


def load(der: bytes) -> x509.Certificate:
    """A certificate in DER form. Raises ValueError. Whoever made it is told of its oddities elsewhere, not our user."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return x509.load_der_x509_certificate(der)
        except x509.InvalidVersion as wrong:  # the one refusal of the library that is no ValueError
            raise ValueError(str(wrong)) from wrong


def describe(der: bytes) -> Certificate | None:
    """The facts of a certificate in DER form; None where it cannot be parsed."""
    try:
        leaf = load(der)
        return Certificate(
            subject=show(leaf.subject.rfc4514_string()),
            issuer=show(leaf.issuer.rfc4514_string()),
            names=_names(leaf),
            not_before=leaf.not_valid_before_utc.strftime("%Y-%m-%dT%H:%M:%SZ"),
            not_after=leaf.not_valid_after_utc.strftime("%Y-%m-%dT%H:%M:%SZ"),
            sha256=leaf.fingerprint(hashes.SHA256()).hex(),
            key=_key(leaf),
            signature=_signature(leaf),
        )
    except (ValueError, UnsupportedAlgorithm):
        return None


def _names(leaf: x509.Certificate) -> tuple[str, ...]:
    try:
        names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (x509.ExtensionNotFound, x509.DuplicateExtension, ValueError):
        return ()
    dns = [show(name) for name in names.get_values_for_type(x509.DNSName)]
    return (*dns, *(str(address) for address in names.get_values_for_type(x509.IPAddress)))


def _signature(leaf: x509.Certificate) -> str:
    algorithm = leaf.signature_hash_algorithm
    return algorithm.name.upper() if algorithm else ""


def _key(leaf: x509.Certificate) -> str:
    key = leaf.public_key()
    if isinstance(key, rsa.RSAPublicKey):
        return f"RSA {key.key_size}"
    if isinstance(key, ec.EllipticCurvePublicKey):
        return f"EC {key.curve.name}"
    if isinstance(key, dsa.DSAPublicKey):
        return f"DSA {key.key_size}"
    if isinstance(key, ed25519.Ed25519PublicKey):
        return "Ed25519"
    return "Ed448" if isinstance(key, ed448.Ed448PublicKey) else "unknown"
