"""The arithmetic of a signature (RFC 6376 sections 3.7 and 6.1.3): which octets were hashed, and whether they agree."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from probe.checks.dkim.key import PublicKey, load
from probe.checks.dkim.signature import ALGORITHMS, Signature
from probe.mail.canonical import HEADER
from probe.mail.message import Field, Message

Verifier = Callable[[bytes], bool]
"""Whether the signature was made over these octets."""


@dataclass(frozen=True)
class Body:
    """The body against ``bh=``: whether it agrees, how many octets there are in canonical form and how many of them
    were hashed."""

    matches: bool
    octets: int
    hashed: int


def check_body(message: Message, signature: Signature) -> Body:
    body = message.relaxed_body if signature.body_form == "relaxed" else message.simple_body
    hashed = len(body) if signature.length is None else min(signature.length, len(body))
    digest = hashlib.new(hash_of(signature), memoryview(body)[:hashed]).digest()
    # More was signed than there is: the hash cannot agree, whatever the octets (section 3.5, "l=").
    too_short = signature.length is not None and signature.length > len(body)
    return Body(not too_short and digest == signature.body_hash, len(body), hashed)


def hash_of(signature: Signature) -> str:
    return ALGORITHMS[signature.algorithm][1]


def chosen(message: Message, signature: Signature) -> list[Field | None]:
    """The fields that ``h=`` means, in its order: each further mention of a name is the next one up, from the bottom,
    and None where there is no more (section 5.4.2). The signature itself was not there when it was made."""
    own = signature.field
    others = tuple(field for field in message.all(own.name) if field is not own)
    used: dict[str, int] = {}
    found: list[Field | None] = []
    for name in signature.headers:
        fields, count = others if name == own.name else message.all(name), used.get(name, 0)
        used[name] = count + 1
        found.append(fields[-1 - count] if count < len(fields) else None)
    return found


def header_octets(fields: Iterable[Field | None], signature: Signature) -> bytes:
    """What was signed: the fields, then the signature itself without its value and last line end (section 3.7)."""
    form = HEADER[signature.header_form]
    signed = [form(field.raw) for field in fields if field is not None]
    return b"".join((*signed, form(signature.unsigned_raw).removesuffix(b"\r\n")))


def verifier(key: PublicKey, signature: Signature) -> Verifier | None:
    """How to hold octets against ``b=``; None where key and algorithm do not fit, or the key is none."""
    kind, digest = ALGORITHMS[signature.algorithm]
    if kind != key.facts["key_type"] or not key.octets:
        return None
    loaded = load(kind, key.octets)
    if loaded is None:
        return None
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
    from cryptography.hazmat.primitives.hashes import SHA1, SHA256

    def verify(octets: bytes) -> bool:
        try:
            if isinstance(loaded, Ed25519PublicKey):  # RFC 8463 section 3: over the hash, not over the text
                loaded.verify(signature.octets, hashlib.sha256(octets).digest())
            else:
                loaded.verify(signature.octets, octets, PKCS1v15(), SHA1() if digest == "sha1" else SHA256())
        except InvalidSignature:
            return False
        except Exception:  # a key that this library will not work with verifies nothing
            return False
        return True

    return verify


def is_of_this_key(key: PublicKey, signature: Signature) -> bool | None:
    """Whether the signature was made with the key at all, whatever it was made over: an RSA signature opens into the
    padding of RFC 8017 section 9.2. None where that cannot be told."""
    kind, digest = ALGORITHMS[signature.algorithm]
    loaded = load(kind, key.octets or b"")
    recover = getattr(loaded, "recover_data_from_signature", None)
    if recover is None:
        return None
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
    from cryptography.hazmat.primitives.hashes import SHA1, SHA256

    try:
        recover(signature.octets, PKCS1v15(), SHA1() if digest == "sha1" else SHA256())
    except InvalidSignature:
        return False
    except Exception:
        return None
    return True
