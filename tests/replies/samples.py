"""Bounces and logs as files: beside each, a JSON file of the same stem says what must be read out of it.

``incidents`` is a list of objects; each names the fields of an incident that matter there, and ``cause``. What stands
in none of them is not looked at, but their number is. ``why`` says why the file exists.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import probe
from probe.model import Incident

HERE = Path(__file__).parent


def samples(folder: str) -> list[Path]:
    """Every sample that has an expectation, and every one that lacks it: that is a mistake, too."""
    found = (path for path in (HERE / folder).iterdir() if path.is_file())
    return sorted(path for path in found if path.suffix not in (".json", ".py"))


def read(path: Path) -> list[Incident]:
    return list(probe.diagnose(path.read_bytes()))


def expected(path: Path) -> list[dict[str, Any]]:
    document = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
    assert document["why"]
    incidents: list[dict[str, Any]] = document["incidents"]
    return incidents


def told(incident: Incident, fields: dict[str, Any]) -> dict[str, Any]:
    """The same fields of an incident."""
    values: dict[str, Any] = {}
    for name in fields:
        if name == "cause":
            values[name] = incident.explanation.cause
        elif name == "text":
            values[name] = " ".join(incident.lines)
        else:
            value = getattr(incident, name)
            values[name] = list(value) if isinstance(value, tuple) else value
    return values
