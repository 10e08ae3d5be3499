"""What a language folder of data/ must hold: the words of every entry of every file, and nothing else.

``shortcomings()`` reads the files as they are written. It knows no language and no file by name: the rows of the
catalogue say which of their fields are words, so a new file, a new field or a new language is held to it by itself.
"""

from __future__ import annotations

import re
import string
import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from probe import rows
from probe.catalog import Catalog

Texts = dict[tuple[str, ...], str]
"""Every text of a file by its place: entry, field, and the number of the step or the answer where it has several."""

# A provider's words are worth having in any language, and stay English where nobody has translated them yet; nor must
# who takes a signature away look for its translations.
OPTIONAL = ("signatures/",)

KINDS: Mapping[str, type[rows.Row]] = {
    "codes.toml": rows.Code,
    "enhanced.toml": rows.EnhancedCode,
    "pairs.toml": rows.Pair,
    "classes.toml": rows.Digit,
    "causes.toml": rows.Cause,
    "extensions.toml": rows.Extension,
    "findings.toml": rows.FindingText,
    "receivers.toml": rows.Requirement,
    "references.toml": rows.Reference,
    "languages.toml": rows.Language,
    "selectors.toml": rows.Selector,
    "host_names.toml": rows.HostWord,
    "dnsbl.toml": rows.BlockList,
}


def files(folder: Path) -> list[str]:
    """The files of English that hold words for people."""
    names = [path.relative_to(folder).as_posix() for path in sorted(folder.glob("*.toml"))]
    names += [path.relative_to(folder).as_posix() for path in sorted(folder.glob("signatures/*.toml"))]
    return [name for name in names if name == "words.toml" or kind_of(name).words]


def kind_of(name: str) -> type[rows.Row]:
    """What the entries of a file are. A file that nobody knows here fails the test that asks."""
    return rows.Signature if name.startswith("signatures/") else KINDS[name]


def texts(folder: Path, name: str, fields: tuple[str, ...] | None = None) -> Texts:
    """The texts of a file: of each entry those in ``fields``, or all that stands in it."""
    table = tomllib.loads((folder / name).read_text(encoding="utf-8"))
    if name == "words.toml":
        return dict(_leaves((), table))
    if name == "classes.toml":
        table = {f"{kind}.{digit}": entry for kind, digits in table.items() for digit, entry in digits.items()}
    found: Texts = {}
    for id_, entry in table.items():
        if isinstance(entry, dict):
            for field, value in entry.items():
                if fields is None or (field in fields and value):
                    found |= dict(_leaves((id_, field), value))
    return found


def _leaves(place: tuple[str, ...], value: Any) -> Iterator[tuple[tuple[str, ...], str]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _leaves((*place, key), inner)
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from _leaves((*place, str(number)), inner)
    else:
        yield place, str(value)


def shortcomings(folder: Path, lang: str) -> list[str]:
    """Everything that is wrong with one language, a line each."""
    found: list[str] = []
    here = folder / lang
    wanted = files(folder)
    found += [
        f"{path.relative_to(here)}: no such file in English"
        for path in sorted(here.rglob("*.toml"))
        if (name := path.relative_to(here).as_posix()) not in wanted and not name.startswith(OPTIONAL)
    ]
    every: list[tuple[str, str]] = []
    for name in wanted:
        fields = None if name == "words.toml" else kind_of(name).words
        english = texts(folder, name, fields)
        optional = name.startswith(OPTIONAL)
        if not (here / name).exists():
            found += [] if optional else [f"{name}: missing"]
            continue
        ours = texts(here, name)
        told = {place[0] for place in ours}
        for place, text in english.items():
            where = f"{name} {' '.join(place)}"
            if place in ours:
                found += [f"{where}: {wrong}" for wrong in _faults(text, ours[place])]
                every.append((where, ours[place]))
            elif not optional or place[0] in told:
                found.append(f"{where}: missing")
        strange = [place for place in ours if place not in english and not optional]
        found += [f"{name} {' '.join(place)}: nothing of the kind in English" for place in strange]
    return found + _left_in_ascii(every)


def _faults(english: str, ours: str) -> Iterator[str]:
    if english.strip() and not ours.strip():
        yield "empty"
    if placeholders(english) != placeholders(ours):
        yield f"placeholders {sorted(placeholders(ours))} instead of {sorted(placeholders(english))}"
    if english == ours and re.search(r"[a-z]{2}", spoken(english)):
        yield "left in English"


def placeholders(text: str) -> Counter[str]:
    """Every ``{name}`` of a text, and how often it stands there."""
    return Counter(name for _, name, _, _ in string.Formatter().parse(text) if name is not None)


def spoken(text: str) -> str:
    """A text without what is the same in every language: placeholders, quotations, links, names of options."""
    return re.sub(r"\{[^}]*\}|「[^」]*」|\"[^\"]*\"|https?://\S+|--?[a-z-]+", " ", text)


_ENGLISH = re.compile(r"(?:\b[A-Za-z]+,? ){3,}[a-z]+\b")


def _left_in_ascii(every: list[tuple[str, str]]) -> list[str]:
    """In a language that is not written in ASCII every text has letters beyond it, and no stretch of English."""
    beyond = sum(1 for _, text in every if not text.isascii())
    if beyond * 2 < len(every):
        return []
    ascii_only = [where for where, text in every if text.isascii() and re.search(r"[a-z]{2}", spoken(text))]
    stretches = [(where, found[0]) for where, text in every if (found := _ENGLISH.search(spoken(text)))]
    return [f"{where}: ASCII alone" for where in ascii_only] + [
        f"{where}: English: {said}" for where, said in stretches
    ]


def pretended(folder: Path, lang: str) -> None:
    """Make a third language of the English one: each text in capitals, its placeholders kept."""

    def said(text: str) -> str:
        parts = re.split(r"(\{[^}]*\})", text)
        return "".join(part if part.startswith("{") else part.upper() for part in parts)

    for name in files(folder):
        if name.startswith(OPTIONAL):
            continue
        fields = None if name == "words.toml" else kind_of(name).words
        entries: dict[str, dict[str, Any]] = {}
        for place, text in texts(folder, name, fields).items():
            if name == "words.toml":
                entries.setdefault("", {})[place[0]] = said(text)
            elif len(place) == 3 and place[2].isdecimal():
                entries.setdefault(place[0], {}).setdefault(place[1], []).append(said(text))
            elif len(place) == 3:
                entries.setdefault(place[0], {}).setdefault(place[1], {})[place[2]] = said(text)
            else:
                entries.setdefault(place[0], {})[place[1]] = said(text)
        (folder / lang).mkdir(exist_ok=True)
        (folder / lang / name).write_text("".join(_table(name, *entry) for entry in entries.items()), encoding="utf-8")


def _table(name: str, id_: str, entry: Mapping[str, Any]) -> str:
    head = f"[{id_}]\n" if name == "classes.toml" else f'["{id_}"]\n' if id_ else ""
    return head + "".join(f"{key} = {_value(value)}\n" for key, value in entry.items()) + "\n"


def _value(value: Any) -> str:
    import json

    if isinstance(value, dict):
        return "{" + ", ".join(f'"{key}" = {_value(inner)}' for key, inner in value.items()) + "}"
    return json.dumps(value, ensure_ascii=False)


def spoken_by(facts: Catalog) -> str:
    """A text that tells which language a catalogue speaks."""
    return facts.words["heading-meaning"]
