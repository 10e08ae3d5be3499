"""A signer for tests: DKIM signatures and ARC sets with any tags, right or wrong.

It canonicalises with dkimpy and signs with the cryptography library, and shares no code with what is tested.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from cryptography.hazmat.primitives.asymmetric import ed25519, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from dkim import rfc822_parse
from dkim.canonicalization import CanonicalizationPolicy

PLAIN = (
    b"From: Ann <ann@shop.test>\r\n"
    b"To: Bob <bob@mail.test>\r\n"
    b"Subject: The order of  today\r\n"
    b"Date: Fri, 27 Nov 2026 09:00:00 +0000\r\n"
    b"Message-ID: <1@shop.test>\r\n"
    b"MIME-Version: 1.0\r\n"
    b"Content-Type: text/plain; charset=utf-8\r\n"
    b"\r\n"
    b"Hello Bob,\r\n"
    b"\r\n"
    b"three  boxes are on their way.\r\n"
    b"-- \r\n"
    b"Ann\r\n"
)
NOW = 1795770000.0  # an hour after PLAIN was written
HEADERS = ("From", "To", "Subject", "Date", "Message-ID", "MIME-Version", "Content-Type")


@cache
def rsa_key(bits: int = 2048, number: int = 0) -> rsa.RSAPrivateKey:
    """A key of so many bits, the same one in a test run; ``number`` tells several apart."""
    return rsa.generate_private_key(public_exponent=65537, key_size=bits)


@cache
def ed25519_key() -> ed25519.Ed25519PrivateKey:
    return ed25519.Ed25519PrivateKey.from_private_bytes(bytes(range(32)))


@dataclass(frozen=True)
class Signer:
    """Who signs. ``algorithm`` is what is written into ``a=``, and what is done."""

    domain: str = "shop.test"
    selector: str = "s1"
    algorithm: str = "rsa-sha256"
    bits: int = 2048

    @property
    def name(self) -> str:
        """Where the key stands, as a question to the fake name server."""
        return f"TXT {self.selector}._domainkey.{self.domain}"

    @property
    def record(self) -> str:
        kind, key = self.algorithm.partition("-")[0], self._key
        if isinstance(key, ed25519.Ed25519PrivateKey):
            octets = key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        else:
            octets = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        return f"v=DKIM1; k={kind}; p={base64.b64encode(octets).decode()}"

    @property
    def private_key(self) -> bytes:
        """As dkimpy takes it."""
        key = self._key
        if isinstance(key, ed25519.Ed25519PrivateKey):
            return base64.b64encode(key.private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption()))
        return key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())

    @property
    def _key(self) -> rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey:
        return ed25519_key() if self.algorithm.startswith("ed25519") else rsa_key(self.bits)

    def sign(
        self,
        message: bytes = PLAIN,
        *,
        headers: Sequence[str] = HEADERS,
        c: str = "relaxed/relaxed",
        field: str = "DKIM-Signature",
        body: bytes | None = None,
        hashed: bytes | None = None,
        **tags: str | None,
    ) -> bytes:
        """The message with a signature on top. ``tags`` are added, or take the place of what would stand there; None
        takes a tag away. ``body`` is signed in the place of the message's, ``hashed`` as it is."""
        policy = CanonicalizationPolicy.from_c_value(c.encode())
        fields, found = rfc822_parse(message)
        if hashed is None:
            hashed = policy.canonicalize_body(found if body is None else body)
        length = tags.get("l")
        if length is not None and length.isdigit():
            hashed = hashed[: int(length)]
        digest = hashlib.sha1 if self.algorithm.endswith("sha1") else hashlib.sha256
        written: dict[str, str | None] = {"v": "1", "a": self.algorithm, "c": c, "d": self.domain, "s": self.selector}
        written |= {"h": ":".join(headers), "bh": base64.b64encode(digest(hashed).digest()).decode()}
        written |= {name.rstrip("_"): value for name, value in tags.items()}
        value = "; ".join(f"{name}={text}" for name, text in written.items() if text is not None) + "; b="
        signed = _chosen(policy.canonicalize_headers(fields), str(written["h"] or "").split(":"))
        own = policy.canonicalize_headers([[field.encode(), f" {value}".encode()]])
        octets = b"".join(name + b":" + text for name, text in (*signed, (own[0][0], own[0][1].rstrip(b"\r\n"))))
        return f"{field}: {value}{self._signature(octets)}\r\n".encode() + message

    def seal(self, message: bytes, instance: int, cv: str, *, results: str = "mx.test; spf=pass", **tags: str) -> bytes:
        """The message with one more ARC set on top (RFC 8617 section 5.1)."""
        at = str(instance)
        own = {name: value for name, value in tags.items() if name in ("l", "h", "c")}
        message = self.sign(message, field="ARC-Message-Signature", v=None, i=at, **own)
        message = f"ARC-Authentication-Results: i={at}; {results}\r\n".encode() + message
        policy = CanonicalizationPolicy.from_c_value(b"relaxed/relaxed")
        fields, _ = rfc822_parse(message)
        covered = b""
        for number in range(1, instance + 1):
            for name in (b"arc-authentication-results", b"arc-message-signature", b"arc-seal"):
                for field in fields:
                    if field[0].lower() == name and f"i={number};".encode() in field[1].replace(b" ", b""):
                        covered += b":".join(policy.canonicalize_headers([field])[0])
        written = {"i": at, "a": self.algorithm, "t": "1795766400", "cv": cv, "d": self.domain, "s": self.selector}
        written |= {name.rstrip("_"): value for name, value in tags.items() if name not in own}
        value = "; ".join(f"{name}={text}" for name, text in written.items()) + "; b="
        seal = policy.canonicalize_headers([[b"ARC-Seal", f" {value}".encode()]])[0]
        signature = self._signature(covered + seal[0] + b":" + seal[1].rstrip(b"\r\n"))
        return f"ARC-Seal: {value}{signature}\r\n".encode() + message

    def _signature(self, octets: bytes) -> str:
        key = self._key
        if isinstance(key, ed25519.Ed25519PrivateKey):
            made = key.sign(hashlib.sha256(octets).digest())
        else:
            made = key.sign(octets, padding.PKCS1v15(), SHA1() if self.algorithm.endswith("sha1") else SHA256())
        return base64.b64encode(made).decode()


def _chosen(fields: Sequence[Sequence[bytes]], names: Sequence[str]) -> list[Sequence[bytes]]:
    """The fields of ``h=``, each further mention of a name the next one up."""
    left = list(fields)
    found = []
    for name in names:
        one = next((field for field in reversed(left) if field[0].lower() == name.strip().lower().encode()), None)
        if one is not None:
            left.remove(one)
            found.append(one)
    return found
