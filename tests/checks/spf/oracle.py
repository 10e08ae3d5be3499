"""The same DNS for two evaluators: ours, and pyspf, the reference that passes the whole suite of RFC 7208."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from probe.model import Answer

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import spf as pyspf


@dataclass(frozen=True)
class Names:
    """Records by (name, type), values as an ``Answer`` has them; ``broken`` names time out."""

    records: Mapping[tuple[str, str], tuple[str, ...]]
    broken: frozenset[str] = field(default_factory=frozenset)

    async def ask(self, name: str, rdtype: str) -> Answer:
        return self.answer(name, rdtype)

    def answer(self, name: str, rdtype: str) -> Answer:
        key = name.lower()
        if key in self.broken:
            return Answer(name, rdtype, "failed", reason="timeout")
        values = self.records.get((key, rdtype), ())
        return Answer(name, rdtype, "found", values) if values else Answer(name, rdtype, "absent", reason="nodata")

    def pyspf(self, name: str, rdtype: str, *_: object) -> list[tuple[tuple[str, str], Any]]:
        """What pyspf calls ``DNSLookup``."""
        answer = self.answer(name, rdtype)
        if not answer.known:
            raise pyspf.TempError("DNS timeout")
        return [((name, rdtype), _value(rdtype, value)) for value in answer.values]


@contextmanager
def answering(names: Names) -> Iterator[None]:
    """pyspf asks ``names`` in here."""
    before = pyspf.DNSLookup
    pyspf.DNSLookup = names.pyspf
    try:
        yield
    finally:
        pyspf.DNSLookup = before


def evaluated(names: Names, ip: str, sender: str, helo: str) -> tuple[str, str | None, str]:
    """pyspf's result, its explanation where the domain has one, and what it says went wrong."""
    with answering(names):
        query = pyspf.query(i=ip, s=sender, h=helo)
        query.set_default_explanation("DEFAULT")
        result, _, explanation = query.check()
    said = explanation if result == "fail" and explanation != "DEFAULT" else None
    return result, said, str(getattr(query, "prob", ""))


def _value(rdtype: str, value: str) -> Any:
    if rdtype == "TXT":
        return (value.encode("utf-8", "surrogateescape"),)
    if rdtype == "MX":
        preference, _, host = value.partition(" ")
        return (int(preference), host)
    return value
