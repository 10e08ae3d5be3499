"""The conformance suite of RFC 7208, where a copy stands beside the checkout: its cases, and its zones in memory."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from probe.model import Answer
from probe.text import show

FILE = Path(__file__).resolve().parents[3] / "../shared/suites/spf/rfc7208-tests.yml"


class Case(NamedTuple):
    """One test: what is asked, the results that are allowed, and the explanation, where the suite has one."""

    name: str
    ip: str
    sender: str
    helo: str
    results: tuple[str, ...]
    explanation: str | None
    zone: Mapping[str, Any]


def cases() -> list[Case]:
    """All of them; skips, with the reason, where the suite or a reader for it is missing."""
    yaml = pytest.importorskip("yaml", reason="the suite is YAML, and no reader for it is installed")
    if not FILE.exists():
        pytest.skip("the RFC 7208 suite is not here")
    found = []
    for document in yaml.safe_load_all(FILE.read_text(encoding="utf-8")):
        for name, case in document["tests"].items():
            results = case["result"] if isinstance(case["result"], list) else [case["result"]]
            found.append(
                Case(
                    name,
                    case["host"],
                    case["mailfrom"],
                    case["helo"],
                    tuple(results),
                    case.get("explanation"),
                    document["zonedata"],
                )
            )
    assert len(found) == 203
    return found


class Zone:
    """An asker over the zone data of the suite. A name with ``TIMEOUT`` times out for every type that it lacks; an SPF
    record stands for a TXT record, too, where the name has none."""

    def __init__(self, data: Mapping[str, Any]) -> None:
        self.names = {name.lower(): list(records(entries)) for name, entries in data.items()}

    async def ask(self, name: str, rdtype: str) -> Answer:
        return self.answer(name, rdtype)

    def answer(self, name: str, rdtype: str, depth: int = 0) -> Answer:
        entries = self.names.get(name.lower())
        if entries is None:
            return Answer(show(name), rdtype, "absent", reason="nxdomain")
        found = [value for kind, value in entries if kind == rdtype]
        if found:
            strings = tuple(value for value in found if isinstance(value, tuple))
            values = [show(b"".join(value)) if isinstance(value, tuple) else value for value in found]
            return Answer(show(name), rdtype, "found", tuple(values), strings=strings)
        alias = next((value for kind, value in entries if kind == "CNAME"), None)
        if alias and depth < 8:
            return self.answer(alias, rdtype, depth + 1)
        if any(kind == "TIMEOUT" for kind, _ in entries):
            return Answer(show(name), rdtype, "failed", reason="timeout")
        return Answer(show(name), rdtype, "absent", reason="nodata")


def records(entries: list[Any]) -> Iterator[tuple[str, Any]]:
    """The records of one name as (type, value), the value as an ``Answer`` has it, of texts as their octets."""
    has_txt = any(isinstance(entry, dict) and "TXT" in entry for entry in entries)
    for entry in entries:
        if entry == "TIMEOUT":
            yield "TIMEOUT", ""
            continue
        for kind, value in entry.items():
            if kind in ("TXT", "SPF"):
                if value == "NONE":
                    continue
                strings = tuple(one.encode("latin-1") for one in ([value] if isinstance(value, str) else value))
                yield kind, strings
                if kind == "SPF" and not has_txt:
                    yield "TXT", strings
            elif kind == "MX":
                yield kind, f"{value[0]} {value[1].lower().rstrip('.') or '.'}"
            elif kind in ("PTR", "CNAME"):
                yield kind, value.lower().rstrip(".")
            else:
                yield kind, value
