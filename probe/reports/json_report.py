"""The report as JSON: the contract, told by the schema that ``probe.codec`` makes of the model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TextIO

from probe.codec import dumps


def render(values: Sequence[Any], out: TextIO, *, lines: bool = False, array: bool | None = None) -> None:
    """One value as a document, several as an array; with ``lines`` one document a line. ``array`` says so where the
    number of values does not: several were wanted and fewer came."""
    if lines:
        for value in values:
            out.write(dumps(value, indent=None) + "\n")
    else:
        out.write(dumps(list(values) if (len(values) != 1 if array is None else array) else values[0]) + "\n")
