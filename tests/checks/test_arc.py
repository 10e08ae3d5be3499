"""Chains of sealers (RFC 8617): whole, broken at each place, and judged by dkimpy beside us."""

from __future__ import annotations

import re

import dkim as dkimpy
import pytest

from probe.checks import arc
from probe.mail.message import parse
from probe.model import CheckResult
from tests.checks.fake import Said, absent, check, failed
from tests.signing import PLAIN, Signer

FIRST = Signer("one.test", "a", bits=1024)
SECOND = Signer("two.test", "b", bits=1024)
THIRD = Signer("three.test", "c")
EDWARD = Signer("ed.test", "e", "ed25519-sha256")
ZONE: dict[str, Said] = {signer.name: signer.record for signer in (FIRST, SECOND, THIRD, EDWARD)}


def judged(message: bytes, zone: dict[str, Said] | None = None) -> CheckResult:
    return check(arc, arc.Chain(parse(message)), ZONE if zone is None else zone)


def chain(length: int = 3) -> bytes:
    message = PLAIN
    for instance, sealer in enumerate((FIRST, SECOND, THIRD)[:length], 1):
        message = sealer.seal(message, instance, "none" if instance == 1 else "pass")
    return message


SCENES = {
    "arc-fail": judged(chain() + b"a footer\r\n"),
    "arc-not-asked": judged(chain(), {**ZONE, THIRD.name: failed()}),
}
"""For each finding of this check a result that is worth it."""


@pytest.mark.parametrize("length", [1, 2, 3])
def test_a_whole_chain_passes(length: int) -> None:
    result = judged(chain(length))
    assert ("pass", length, 0, None) == (
        result.result,
        result.facts["instances"],
        result.facts["oldest_pass"],
        result.facts["reason"],
    )
    assert [("pass", "pass")] * length == [(one["seal"], one["signature"]) for one in result.facts["sets"]]
    assert ("one.test", "two.test", "three.test")[length - 1] == result.subject


def test_a_message_without_a_chain_has_none() -> None:
    assert ("none", "no-chain") == (judged(PLAIN).result, judged(PLAIN).facts["reason"])


def test_a_change_between_two_sealers_is_dated() -> None:
    """What the second changed before it sealed: the first signature no longer agrees, the seals still do."""
    changed = FIRST.seal(PLAIN, 1, "none").replace(b"three  boxes", b"four boxes")
    result = judged(THIRD.seal(SECOND.seal(changed, 2, "pass"), 3, "pass"))
    assert ("pass", 2) == (result.result, result.facts["oldest_pass"])
    assert ["pass", "pass", "fail"] == [one["signature"] for one in result.facts["sets"]]
    assert "body-changed" == result.facts["sets"][2]["signature_reason"]


@pytest.mark.parametrize(
    ("old", "new", "reason", "instance"),
    [
        (rb"three  boxes", b"four boxes", "body-changed", 3),
        (rb"Subject: The", b"Subject: No", "header-changed", 3),
        (rb"i=1; mx\.test; spf=pass", b"i=1; mx.test; spf=fail", "header-changed", 3),
        (rb"(ARC-Seal: i=2; .*)cv=pass", rb"\1cv=none", "arc-wrong-cv", 2),
        (rb"(ARC-Seal: i=1; .*)cv=none", rb"\1cv=pass", "arc-wrong-cv", 1),
        (rb"(ARC-Seal: i=3; .*)cv=pass", rb"\1cv=fail", "arc-cv-fail", 3),
        (rb"ARC-Seal: i=2;", b"ARC-Seal: i=4;", "arc-incomplete", 2),
        (rb"ARC-Seal: i=2;", b"ARC-Seal: i=3;", "arc-duplicate", 3),
        (rb"ARC-Seal: i=2;", b"ARC-Seal: i=0;", "arc-bad-instance", 0),
        (rb"ARC-Seal: i=2;", b"ARC-Seal: i=two;", "arc-bad-instance", 0),
        (rb"ARC-Seal: i=2;", b"ARC-Seal: i=51;", "arc-too-many", 51),
        (rb"(?m)^ARC-Authentication-Results: i=1;.*\r\n", b"", "arc-incomplete", 1),
        (rb"(?m)^ARC-Message-Signature: i=2;.*\r\n", b"", "arc-incomplete", 2),
    ],
)
def test_a_broken_chain_says_where(old: bytes, new: bytes, reason: str, instance: int) -> None:
    message = chain()
    broken = re.sub(old, new, message)
    # The instance stands behind the algorithm in a signature, and first in a seal.
    broken = broken if broken != message else re.sub(old.replace(b": i=", b": .*?i="), new, message)
    assert broken != message
    result = judged(broken)
    assert ("fail", reason, instance) == (result.result, result.facts["reason"], result.facts["instance"])


def test_a_seal_must_not_have_h_and_a_signature_not_cover_a_seal() -> None:
    with_h = FIRST.seal(PLAIN, 1, "none").replace(b"ARC-Seal: i=1;", b"ARC-Seal: i=1; h=from;")
    assert "arc-seal-with-h" == judged(with_h).facts["reason"]
    over_seal = FIRST.seal(PLAIN, 1, "none", h="from:arc-seal")
    assert "arc-seal-signed" == judged(over_seal).facts["reason"]


@pytest.mark.parametrize(
    ("said", "word", "reason"),
    [
        (absent(), "fail", "no-key"),
        (failed(), "temperror", "timeout"),
        (SECOND.record, "fail", "header-changed"),
        (EDWARD.record, "fail", "key-type-differs"),
        ("v=DKIM1; p=", "fail", "revoked"),
    ],
    ids=["absent", "silent", "another's", "of another type", "revoked"],
)
def test_the_newest_key_decides_first(said: Said, word: str, reason: str) -> None:
    result = judged(chain(), {**ZONE, THIRD.name: said})
    assert (word, reason, 3) == (result.result, result.facts["reason"], result.facts["instance"])


def test_fifty_sets_are_verified_and_more_are_not() -> None:
    message = PLAIN
    for instance in range(1, 51):
        message = FIRST.seal(message, instance, "none" if instance == 1 else "pass")
    assert ("pass", 50) == (judged(message).result, judged(message).facts["instances"])
    assert "arc-too-many" == judged(FIRST.seal(message, 51, "pass")).facts["reason"]


# --- dkimpy as a second opinion


def by_dkimpy(message: bytes) -> str:
    records = {f"{key.removeprefix('TXT ')}.".encode(): str(said).encode() for key, said in ZONE.items()}
    word, _, _ = dkimpy.arc_verify(message, dnsfunc=lambda name, timeout=5: records.get(name))
    return (word or b"fail").decode()


def test_dkimpy_believes_what_we_believe() -> None:
    for message in (
        chain(1),
        chain(2),
        chain(3),
        chain() + b"more\r\n",
        PLAIN,
        chain().replace(b"spf=pass", b"spf=no"),
    ):
        assert by_dkimpy(message) == judged(message).result


def test_dkimpy_knows_no_ed25519_here_and_we_do() -> None:
    message = EDWARD.seal(PLAIN, 1, "none")
    assert ("fail", "pass") == (by_dkimpy(message), judged(message).result)
