"""Does the resolver validate? (RFC 4035 section 3.2.3, RFC 6840 section 5.7)

The root zone is signed and its key is known to every validating resolver, so an answer about it that is not marked as
authentic comes from one that does not look.
"""

from __future__ import annotations

from probe.checks.steps import Steps


async def validates(steps: Steps) -> bool | None:
    """Whether the resolver authenticates what it says about the root; None where it could not be asked."""
    answer = await steps.ask(".", "SOA")
    return answer.authenticated if answer.answer == "found" else None
