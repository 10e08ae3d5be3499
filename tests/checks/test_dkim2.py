"""DKIM2 is a draft: its fields are recognised, and nothing is said of them."""

from __future__ import annotations

from probe.checks import dkim2
from probe.mail.message import parse
from probe.model import CheckResult
from tests.checks.fake import FakeAsker, run
from tests.signing import PLAIN

SIGNED = (
    b"DKIM2-Signature: i=1; m=1; t=1795770000; d=shop.test; mf=<ann@shop.test>; s=s1:rsa-sha256:AAAA\r\n"
    b"Message-Instance: m=1; h=sha256:AAAA:BBBB\r\n"
)


def recognised(message: bytes) -> CheckResult:
    asker = FakeAsker({})
    result = run(dkim2, parse(message), asker)
    assert asker.asked == []
    return result


SCENES = {"dkim2-seen": recognised(SIGNED + PLAIN)}
"""For each finding of this check a result that is worth it."""


def test_its_fields_are_told_without_a_verdict() -> None:
    result = recognised(SIGNED + PLAIN)
    assert (None, "shop.test") == (result.result, result.subject)
    assert {"dkim2-signature": 1, "message-instance": 1} == result.facts["fields"]


def test_a_message_without_them_has_none() -> None:
    assert "none" == recognised(PLAIN).result


def test_a_signature_without_a_domain_is_still_one() -> None:
    assert ("?",) == recognised(b"DKIM2-Signature: \x1b;;;=\r\n" + PLAIN).facts["signers"]
