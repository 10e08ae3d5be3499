"""A page for a terminal: lines, a label column, wrapped text with a hanging indent.

Widths are counted in cells, so that Japanese text keeps its columns. Every text goes through ``show()`` on its way in.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TextIO

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from probe.reports.breaking import broken, is_wide
from probe.text import show

Part = tuple[str, str]
"""A piece of a line: its text and its style."""


class _Console(Console):
    def on_broken_pipe(self) -> None:
        """rich would leave with status 1; the command line knows better what a closed pipe means."""
        raise BrokenPipeError


# GitHub obeys a line that begins with ::error or the like, behind any blanks.
_ORDER = re.compile(r"\s*::(?=[A-Za-z][A-Za-z-]*(?:\s|::))")


class Page:
    """Prints as it is told; 80 columns where the terminal does not say, never fewer than 60."""

    def __init__(self, out: TextIO, *, color: bool, width: int = 80) -> None:
        self.width = max(60, width)
        self._console = _Console(
            file=out,
            force_terminal=color,
            no_color=not color,
            color_system="standard" if color else None,
            width=self.width,
            highlight=False,
            markup=False,
            emoji=False,
            legacy_windows=False,
        )

    def blank(self) -> None:
        self._console.print()

    def line(self, *parts: Part | str, indent: int = 1, right: Part | None = None, most: int | None = None) -> None:
        """One paragraph, wrapped; ``right`` stands at the right edge of its first line."""
        self.hanging((), parts, indent=indent, right=right, most=most)

    def row(self, label: str, *parts: Part | str, column: int = 10, style: str = "bold") -> None:
        """A label, and its text in the column beside it."""
        self.hanging(((label, style),), parts, indent=1, column=column)

    def hanging(
        self,
        head: Sequence[Part],
        parts: Sequence[Part | str],
        *,
        indent: int = 1,
        column: int | None = None,
        right: Part | None = None,
        most: int | None = None,
    ) -> int:
        """``head``, then the parts from ``column`` on; every further line begins at that column. Of more than ``most``
        lines the rest is left out, and an ellipsis says so. Returns how many lines were printed."""
        lead = Text(" " * indent).append_text(_assembled(head))
        if column is not None:
            lead.append(" " * max(1, column - cell_len(lead.plain)))
        start = cell_len(lead.plain) if column is None else max(column, cell_len(lead.plain))
        room = max(20, self.width - start)
        body = _assembled(parts)
        first_room = room - (cell_len(right[0]) + 1 if right else 0)
        lines = self._wrapped(body, max(10, first_room if right else room))
        if most is not None and len(lines) > most:
            del lines[most:]
            lines[-1].truncate(room - 1)
            lines[-1].rstrip()
            lines[-1].append("…")
        for number, text in enumerate(lines):
            text.rstrip()
            whole = (lead if number == 0 else Text(" " * (column or indent))) + text
            if right is not None and number == 0:
                whole.append(" " * max(1, self.width - cell_len(whole.plain) - cell_len(right[0])))
                whole.append(show(right[0]), style=right[1])
            whole.rstrip()
            self._print(whole)
        return len(lines)

    def columns(
        self, left: str, right: str, *, label: str, column: int, style: str = "", heads: tuple[str, str] = ("", "")
    ) -> None:
        """Two texts side by side under a label; what is in ``heads`` stands before each, and the text hangs behind."""
        width = (self.width - column - 3) // 2
        if cell_len(label) + 2 > column:
            self.line((label, "bold"))
            label = ""
        sides = [
            self._behind(head, Text(show(text), style=style), width)
            for head, text in zip(heads, (left, right), strict=True)
        ]
        for number in range(max(map(len, sides))):
            line = Text(" ").append(label if number == 0 else "", style="bold")
            line.append(" " * max(1, column - cell_len(line.plain)))
            for side, end in zip(sides, (column + width + 3, self.width), strict=True):
                if number < len(side):
                    side[number].rstrip()
                    line.append_text(side[number])
                line.append(" " * max(0, end - cell_len(line.plain)))
            line.rstrip()
            self._print(line)

    def _behind(self, head: str, text: Text, width: int) -> list[Text]:
        """The text wrapped behind ``head``."""
        lead = Text(show(head), style=text.style)
        cells = cell_len(lead.plain)
        lines = self._wrapped(text, width - cells)
        return [(Text(" " * cells) if number else lead) + line for number, line in enumerate(lines)]

    def _print(self, line: Text) -> None:
        order = _ORDER.match(line.plain)
        if order is not None:
            at = order.end() - 2
            line = line[:at] + Text("\\x3a:") + line[at + 2 :]
        self._console.print(line, soft_wrap=True)

    def _wrapped(self, text: Text, width: int) -> list[Text]:
        """At least one line."""
        lines = broken(text, width) if is_wide(text.plain) else text.wrap(self._console, width)
        return list(lines) or [Text()]


def _assembled(parts: Sequence[Part | str]) -> Text:
    text = Text()
    for part in parts:
        words, style = (part, "") if isinstance(part, str) else part
        text.append(show(words), style=style)
    return text


def clipped(text: str, cells: int) -> str:
    """``text`` in at most so many cells, with an ellipsis where something is missing."""
    shown = show(text)
    if cell_len(shown) <= cells:
        return shown
    kept = ""
    for character in shown:
        if cell_len(kept) + cell_len(character) > cells - 1:
            break
        kept += character
    return kept.rstrip() + "…"


def padded(text: str, cells: int) -> str:
    """``text`` with spaces up to so many cells."""
    return text + " " * (cells - cell_len(text))
