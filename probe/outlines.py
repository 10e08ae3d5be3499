"""As much of a signature as a search needs, read from its table without the rest.

There are more than a thousand, and a command reads two or three of them whole. So the few lines that matter are read by
expressions, in the form in which they are mostly written: one line, no escapes. None says that a table is written in
another way; then it is read as TOML. A test holds every table against what TOML says.
"""

from __future__ import annotations

import re
from typing import Any

from probe.rows import Outline, Signature

_KEYS = "pattern|cause|weight|provider|codes|enhanced|stages"
_LINE = re.compile(
    rf"^({_KEYS}) = "
    r"""(?:'([^'\n]*)'|"([^"\\\n]*)"|([0-9.]+)|\[([^\]\n#\\']*)\])[ \t]*$""",
    re.MULTILINE,
)
_WANTED = re.compile(rf"^[ \t]*(?:{_KEYS})[ \t]*=", re.MULTILINE)
_PATTERN = re.compile(r"""^pattern = (?:'([^'\n]*)'|"([^"\\\n]*)")[ \t]*$""", re.MULTILINE)
_PROVIDER = re.compile(r'(?:#[^\n]*\n|\s)*provider = "([^"\\\n]*)"\s*')


def provider(head: str) -> str | None:
    """The provider in the lines above the first table."""
    found = _PROVIDER.fullmatch(head)
    return found[1] if found else None


def pattern(text: str) -> str | None:
    """The expression of a table, empty where the signature is what a code says by itself."""
    found = _PATTERN.search(text)
    return (found[1] or found[2] or "") if found else None


def outline(id_: str, provider: str, text: str) -> Outline | None:
    """The outline of a table."""
    found: dict[str, Any] = {"provider": provider}
    lines = _LINE.findall(text)
    for key, literal, basic, number, array in lines:
        if key in ("codes", "enhanced", "stages"):
            found[key] = tuple(word.strip(' "') for word in array.split(",") if word.strip())
        else:
            found[key] = float(number) if key == "weight" and number else literal or basic
    if len(lines) != len(_WANTED.findall(text)) or not {"pattern", "cause", "weight"} <= found.keys():
        return None
    return Outline(id_, **found)


def whole(row: Signature) -> Outline:
    """The outline of a row that was read whole."""
    return Outline(row.id, row.provider, row.pattern, row.cause, row.weight, row.codes, row.enhanced, row.stages)
