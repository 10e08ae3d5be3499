"""Each log or queue beside this file is read as the JSON of the same stem says."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.replies.samples import expected, read, samples, told


@pytest.mark.parametrize("path", samples("logs"), ids=lambda path: path.name)
def test_the_log_is_read(path: Path) -> None:
    wanted = expected(path)
    incidents = read(path)
    assert wanted == [told(one, fields) for one, fields in zip(incidents, wanted, strict=False)]
    assert len(wanted) == len(incidents)
