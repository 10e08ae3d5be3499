"""The exit status: a contract with scripts."""

from __future__ import annotations

from enum import IntEnum


class Status(IntEnum):
    """0 nothing at or above --fail-on, 1 findings, 2 usage, 3 no session could begin, 130 interrupted, 141 pipe."""

    OK = 0
    FINDINGS = 1
    USAGE = 2
    UNREACHED = 3
    INTERRUPTED = 130
    PIPE = 141
