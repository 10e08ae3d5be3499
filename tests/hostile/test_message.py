"""Messages that want to keep a verifier busy: 10 MB of what each reader likes least. Whoever reads in more than linear
time does not come back from these."""

from __future__ import annotations

import asyncio

import pytest

import probe
from probe.model import Assessment
from tests.checks.fake import FakeAsker
from tests.signing import NOW, PLAIN, Signer

SIGNER = Signer(bits=1024)
SIGNED = SIGNER.sign()
SIGNATURE = SIGNED.removesuffix(PLAIN)
SIZE = 10_000_000


def many(octets: bytes) -> bytes:
    return octets * (SIZE // len(octets))


BODIES = [
    b"a line of text, as there are many in mail\r\n",
    b" ",
    b" a",
    b"\t",
    b"\r\n",
    b"\r",
    b"\n",
    b"--a\r\n",
    b"--",
    b"=",
]
BODIES += [b">", b".\r\n", b"\xff", b"\x1b", b"[", b"=?", b"\0", b"-- \r\n", b"\r\n\r\nx", b"=E3=81=82\r\n"]
HEADS = [b"X-A: b\r\n", b"From: b@c.test\r\n", b"DKIM-Signature: v=1\r\n", b"ARC-Seal: i=1\r\n", b"hello\r\n"]
HEADS += [b"Received: from a (b [192.0.2.1]) by c; x\r\n", b": \r\n", b"Subject: [a] \r\n", b"List-Unsubscribe: <\r\n"]
VALUES = [b"a=b;", b"\r\n c", b'"', b"(", b"<", b",", b"[", b";", b"=", b":", b" ", b"\t", b"@", b"from:", b"|", b"=?"]
NAMES = [b"From", b"Subject", b"DKIM-Signature", b"ARC-Seal", b"ARC-Authentication-Results", b"Received", b"Date"]
NAMES += [b"Message-ID", b"List-Unsubscribe", b"Content-Type", b"Return-Path", b"DKIM2-Signature"]


def assessed(message: bytes) -> Assessment:
    zone = {SIGNER.name: SIGNER.record}
    return asyncio.run(probe.message(message, resolver=FakeAsker(zone), authserv_id="mx.test", now=lambda: NOW))


def words(one: Assessment) -> list[str | None]:
    assert all(row.facts.get("reason") != "internal-error" for row in one.checks), one.checks
    return [row.result for row in one.checks if row.check == "dkim"]


@pytest.mark.parametrize("octets", BODIES, ids=repr)
def test_a_body_without_end(octets: bytes) -> None:
    assert words(assessed(SIGNED + many(octets) + b"x")) == ["fail"]


@pytest.mark.parametrize("octets", HEADS, ids=repr)
def test_a_header_without_end(octets: bytes) -> None:
    assert words(assessed(many(octets) + SIGNED)) != []


@pytest.mark.parametrize("octets", VALUES, ids=repr)
def test_a_field_without_end(octets: bytes) -> None:
    for name in NAMES:
        assert words(assessed(name + b": x" + octets * 100_000 + b"\r\n" + SIGNED)) != []


def test_ten_signatures_that_do_not_agree_with_a_large_body() -> None:
    assert ["fail"] * 10 == words(assessed(SIGNATURE * 10 + PLAIN + many(b"changed\ttext \xc3\xa4\r\n--ab\r\n")))


def test_ten_signatures_that_do_not_agree_with_a_large_header() -> None:
    changed = PLAIN.replace(b"Subject: The", b"Subject: [x] No" + b"\r\n  c" * 1_000_000)
    assert ["fail"] * 10 == words(assessed(SIGNATURE * 10 + changed))


def test_a_million_names_in_h() -> None:
    message = SIGNED.replace(b"h=From:", b"h=" + b"from:" * 1_000_000 + b"From:")
    assert ["fail"] == words(assessed(message))


def test_a_chain_of_fifty_sets_with_large_results() -> None:
    message = PLAIN
    for instance in range(1, 51):
        message = SIGNER.seal(
            message, instance, "none" if instance == 1 else "pass", results="mx.test; " + "x" * 20_000
        )
    one = assessed(message)
    assert "pass" == next(row.result for row in one.checks if row.check == "arc")
