"""A code is allowed where a standard lists it, by stage before verb."""

import pytest

from probe.catalog import catalog
from probe.replies.conformance import allowed


@pytest.mark.parametrize(
    ("code", "command", "stage", "expected"),
    [
        (214, "HELP", None, True),
        (554, None, "banner", True),
        (554, "DATA", "dot", True),
        (250, "DATA", "dot", True),
        (354, "DATA", "dot", False),
        (354, "DATA", "data", True),
        (250, "HELP", "help", False),
        (250, "rcpt to:<joe@example.org>", None, True),
        (421, "NOOP", None, True),
        (220, None, "starttls", True),
        (599, "RCPT", None, False),
        (501, "*", "auth", True),
        (421, "*", "auth", True),
        (535, "*", "auth", False),
        (250, "*", "auth", False),
        (235, "***", "auth", True),
        (334, "AUTH LOGIN", "auth", True),
        (554, None, None, None),
        (554, "", "", None),
    ],
)
def test_allowed(code: int, command: str | None, stage: str | None, expected: bool | None) -> None:
    assert expected is allowed(code, command, stage, catalog())
