"""Incidents as JSON: an array, or one object a line as soon as each is known; with ``summary`` their groups."""

from __future__ import annotations

from typing import TextIO

from probe.codec import dumps
from probe.model import Incident
from probe.reports.grouping import Grouping


class Json:
    """Feed it incidents, then finish. Only a summary is held back."""

    def __init__(self, out: TextIO, *, lines: bool, summary: bool) -> None:
        self._out = out
        self._lines = lines
        self._grouping = Grouping() if summary else None
        self._begun = False

    def add(self, incident: Incident) -> None:
        if self._grouping is not None:
            self._grouping.add(incident)
        else:
            self._write(incident)
            self._out.flush()

    def finish(self, lines: int, unread: int = 0) -> None:
        for group in self._grouping.groups() if self._grouping is not None else ():
            self._write(group)
        if not self._lines:
            self._out.write("\n]\n" if self._begun else "[]\n")
        self._out.flush()

    def _write(self, value: object) -> None:
        if self._lines:
            self._out.write(dumps(value, indent=None) + "\n")
            return
        self._out.write(",\n" if self._begun else "[\n")
        self._begun = True
        self._out.write("  " + dumps(value).replace("\n", "\n  "))
