"""All scenarios, and the defects that are known: each is expected to fail until it is mended."""

from __future__ import annotations

from tests.hostile import smtp_limits, smtp_pairing, smtp_shape, smtp_text, smtp_timing, smtp_tls, smtp_words

SCENARIOS = (
    *smtp_timing.SCENARIOS,
    *smtp_limits.SCENARIOS,
    *smtp_shape.SCENARIOS,
    *smtp_pairing.SCENARIOS,
    *smtp_text.SCENARIOS,
    *smtp_tls.SCENARIOS,
    *smtp_words.SCENARIOS,
)

# Scenario id → what is wrong in the probe. An entry whose scenario passes fails the test: take it out then.
KNOWN_DEFECTS: dict[str, str] = {}
