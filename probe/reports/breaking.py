"""Where a line of Chinese or Japanese may end (the part of JIS X 4051 that a terminal can keep).

Between two wide characters, between a wide one and a Latin word, and at spaces; never inside a Latin word unless it is
longer than the line, never before a closing mark, never after an opening one. Widths are cells, not characters.
"""

from __future__ import annotations

from rich.cells import cell_len
from rich.text import Text

_WIDE, _WIDOW = 24, 4  # cells

_SMALL_KANA = "ぁぃぅぇぉっゃゅょゎァィゥェォッャュョヮヵヶ"
_NEVER_FIRST = frozenset("、。，．・：；！？ー々）］｝」』】〉》〕｡､･｣)]},.:;!?%…" + _SMALL_KANA)
_NEVER_LAST = frozenset("（［｛「『【〈《〔｢([{")


def is_wide(plain: str) -> bool:
    """Whether any character takes two cells: then spaces alone do not say where a line may end."""
    return not plain.isascii() and any(cell_len(character) == 2 for character in plain)


def broken(text: Text, width: int) -> list[Text]:
    """The text in lines of at most ``width`` cells, spaces at their ends apart."""
    return list(text.divide(_without_widow(text.plain, _cuts(text.plain, width), width)))


def _cuts(plain: str, width: int) -> list[int]:
    """The index of each character that begins a line, the first line's left out."""
    cuts: list[int] = []
    start = chance = used = 0
    for index, character in enumerate(plain):
        if index and _may_part(plain[index - 1], character):
            chance = index
        cells = cell_len(character)
        while character != " " and used + cells > width and index > start:
            start = chance if chance > start else index
            cuts.append(start)
            used = cell_len(plain[start:index])
        used += cells
    return cuts


def _without_widow(plain: str, cuts: list[int], width: int) -> list[int]:
    """A last line of a syllable and its full stop takes one more character from the line above, where that is long."""
    if not cuts or width < _WIDE or cell_len(plain[cuts[-1] :].strip()) > _WIDOW:
        return cuts
    near = range(cuts[-1] - 1, cuts[-1] - 4, -1)
    return [*cuts[:-1], next((index for index in near if _may_part(plain[index - 1], plain[index])), cuts[-1])]


def _may_part(before: str, after: str) -> bool:
    if after == " " or after in _NEVER_FIRST or not cell_len(after):
        return False
    if before == " ":
        return True
    return before not in _NEVER_LAST and 2 in (cell_len(before), cell_len(after))
