"""A page for a terminal: lines, a label column, wrapped text with a hanging indent.

Widths are counted in cells, so that Japanese text keeps its columns. Every text goes through ``show()`` on its way in.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TextIO

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from probe.text import show

_NEVER_FIRST = tuple("、。，．）」』】・ー")

Part = tuple[str, str]
"""A piece of a line: its text and its style."""


class _Console(Console):
    def on_broken_pipe(self) -> None:
        """rich would leave with status 1; the command line knows better what a closed pipe means."""
        raise BrokenPipeError


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

    def line(self, *parts: Part | str, indent: int = 1, right: Part | None = None) -> None:
        """One paragraph, wrapped; ``right`` stands at the right edge of its first line."""
        self.hanging((), parts, indent=indent, right=right)

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
    ) -> None:
        """``head``, then the parts from ``column`` on; every further line begins at that column."""
        lead = Text(" " * indent).append_text(_assembled(head))
        if column is not None:
            lead.append(" " * max(1, column - cell_len(lead.plain)))
        start = cell_len(lead.plain) if column is None else max(column, cell_len(lead.plain))
        room = max(20, self.width - start)
        body = _assembled(parts)
        first_room = room - (cell_len(right[0]) + 1 if right else 0)
        lines = self._wrapped(body, max(10, first_room if right else room))
        for number, text in enumerate(lines):
            text.rstrip()
            whole = (lead if number == 0 else Text(" " * (column or indent))) + text
            if right is not None and number == 0:
                whole.append(" " * max(1, self.width - cell_len(whole.plain) - cell_len(right[0])))
                whole.append(show(right[0]), style=right[1])
            whole.rstrip()
            self._console.print(whole, soft_wrap=True)

    def columns(self, left: str, right: str, *, label: str, column: int, style: str = "") -> None:
        """Two texts side by side under a label."""
        width = (self.width - column - 3) // 2
        if cell_len(label) + 2 > column:
            self.line((label, "bold"))
            label = ""
        sides = [self._wrapped(Text(show(text), style=style), width) for text in (left, right)]
        for number in range(max(map(len, sides))):
            line = Text(" ").append(label if number == 0 else "", style="bold")
            line.append(" " * max(1, column - cell_len(line.plain)))
            for side, end in zip(sides, (column + width + 3, self.width), strict=True):
                if number < len(side):
                    side[number].rstrip()
                    line.append_text(side[number])
                line.append(" " * max(0, end - cell_len(line.plain)))
            line.rstrip()
            self._console.print(line, soft_wrap=True)

    def _wrapped(self, text: Text, width: int) -> list[Text]:
        """At least one line. A Japanese line does not begin with the mark that closes a sentence or a bracket: the
        character before it comes along (JIS X 4051)."""
        japanese = any(mark in text.plain for mark in _NEVER_FIRST)
        lines = list(text.wrap(self._console, width - 2 if japanese else width)) or [Text()]
        for number in range(1, len(lines)):
            above, below = lines[number - 1], lines[number]
            if below.plain[:1] in _NEVER_FIRST and len(above) > 1:
                lines[number - 1], last = above.divide([len(above) - 1])
                lines[number] = last + below
        return lines


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
