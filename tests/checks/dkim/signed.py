"""A message and the key of its signer, verified as the check does it."""

from __future__ import annotations

from probe.checks import dkim
from probe.mail.message import parse
from probe.model import CheckResult
from tests.checks.fake import Said, check
from tests.signing import NOW, Signer

EDWARD = Signer(algorithm="ed25519-sha256")


def verified(
    message: bytes, signer: Signer = EDWARD, *, record: Said | None = None, place: int = 0, now: float = NOW
) -> CheckResult:
    """Verify one signature; ``record`` stands in the place of the signer's own."""
    said = signer.record if record is None else record
    return check(dkim, dkim.Signed(parse(message), place, now), {signer.name: said})
