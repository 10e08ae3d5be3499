"""A name server in a dict, and short ways to write what it says."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Mapping
from types import ModuleType
from typing import Any

from probe.catalog import catalog
from probe.model import Answer, CheckResult

Said = str | list[str] | Answer


class FakeAsker:
    """Answers from ``zone``, whose keys are written ``"TXT example.org"``. A text or a list is found records, an
    ``Answer`` is what came instead; everything else does not exist. ``asked`` is what was asked, in order."""

    def __init__(self, zone: Mapping[str, Said]) -> None:
        self.zone = {key.lower(): said for key, said in zone.items()}
        self.asked: list[str] = []

    async def ask(self, name: str, rdtype: str) -> Answer:
        self.asked.append(f"{rdtype} {name}")
        said = self.zone.get(f"{rdtype} {name}".lower(), absent())
        if isinstance(said, Answer):
            return dataclasses.replace(said, name=name, type=rdtype)
        return Answer(name, rdtype, "found", (said,) if isinstance(said, str) else tuple(said))


def absent(reason: str = "nxdomain") -> Answer:
    return Answer("", "", "absent", reason=reason)


def failed(reason: str = "timeout") -> Answer:
    return Answer("", "", "failed", reason=reason)


def refused() -> Answer:
    return Answer("", "", "refused", reason="refused")


def check(module: ModuleType, subject: Any, zone: Mapping[str, Said]) -> CheckResult:
    """Run one check against ``zone``."""
    return run(module, subject, FakeAsker(zone))


def run(module: ModuleType, subject: Any, asker: FakeAsker) -> CheckResult:
    result: CheckResult = asyncio.run(module.run(subject, ask=asker, facts=catalog()))
    assert [f"{one.type} {one.name}" for one in result.queries] == asker.asked
    return result
