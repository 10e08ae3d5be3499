"""Lists of facts have no case to fill their sentences from."""

from __future__ import annotations

import pytest

from probe.cli import main


def test_no_placeholder_is_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(("list", "findings")) == 0
    text = capsys.readouterr().out
    assert "Refused …" in text
    assert [] == [line for line in text.splitlines() if "{" in line]
