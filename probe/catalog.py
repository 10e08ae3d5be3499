"""The facts under data/: the only module that knows where they are and how they are written.

Each file is read when first asked for. The rows are frozen; their fields are the keys of the TOML tables, so that a
key nobody reads, or one that is missing, is a ``DataError`` naming file and entry. A folder ``data/<language>`` may
hold the same files with the same keys: its texts are laid over the English ones, and nothing but texts may stand in it.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from probe import outlines
from probe.errors import DataError, Detail
from probe.rows import (
    AnyRow,
    BlockList,
    Cause,
    Code,
    Digit,
    EnhancedCode,
    Extension,
    FindingText,
    HostWord,
    Language,
    Outline,
    Pair,
    Reference,
    Requirement,
    Selector,
    Signature,
)
from probe.text import filled


class Catalog:
    """The facts in one language. Cheap to make: nothing is read before it is asked for."""

    def __init__(self, lang: str = "en", folder: Path | None = None) -> None:
        self.lang = lang
        self.folder = folder or data_folder()
        self._signatures: dict[str, Signature] = {}

    @cached_property
    def codes(self) -> Mapping[str, Code]:
        return self._rows("codes.toml", Code, "code")

    @cached_property
    def enhanced(self) -> Mapping[str, EnhancedCode]:
        return self._rows("enhanced.toml", EnhancedCode, "code")

    @cached_property
    def pairs(self) -> Mapping[str, Pair]:
        return self._rows("pairs.toml", Pair, "pair")

    @cached_property
    def causes(self) -> Mapping[str, Cause]:
        return self._rows("causes.toml", Cause, "cause")

    @cached_property
    def languages(self) -> Mapping[str, Language]:
        return self._rows("languages.toml", Language, "language")

    @cached_property
    def extensions(self) -> Mapping[str, Extension]:
        return self._rows("extensions.toml", Extension, "keyword")

    @cached_property
    def blocklists(self) -> Mapping[str, BlockList]:
        return self._rows("dnsbl.toml", BlockList, "zone")

    @cached_property
    def findings(self) -> Mapping[str, FindingText]:
        return self._rows("findings.toml", FindingText, "id")

    @cached_property
    def requirements(self) -> Mapping[str, Requirement]:
        return self._rows("receivers.toml", Requirement, "id")

    @cached_property
    def references(self) -> Mapping[str, Reference]:
        return self._rows("references.toml", Reference, "name")

    @cached_property
    def selectors(self) -> Mapping[str, Selector]:
        return self._rows("selectors.toml", Selector, "selector")

    @cached_property
    def host_words(self) -> Mapping[str, HostWord]:
        return self._rows("host_names.toml", HostWord, "word")

    @cached_property
    def classes(self) -> Mapping[str, Digit]:
        """First digit of a basic code (RFC 5321 section 4.2.1)."""
        return self._digits("class")

    @cached_property
    def categories(self) -> Mapping[str, Digit]:
        """Second digit of a basic code (RFC 5321 section 4.2.1)."""
        return self._digits("category")

    @cached_property
    def subjects(self) -> Mapping[str, Digit]:
        """Second number of an enhanced code (RFC 3463 section 3)."""
        return self._digits("subject")

    @cached_property
    def words(self) -> Mapping[str, str]:
        """Headings and short words of the reports, by key."""
        return {key: str(value) for key, value in self._table("words.toml").items()}

    def say(self, key: str, /, **values: object) -> str:
        """The words under ``key``, with the values filled in."""
        return filled(self.words[key], values)

    def tell(self, detail: Detail) -> str:
        """A detail in words, and the details in it."""
        values = {name: self.tell(one) if isinstance(one, Detail) else one for name, one in detail.values.items()}
        return self.say(detail.key, **values)

    def problems(self, problems: Sequence[str]) -> str:
        """Why a certificate does not verify: the words for ``Tls.problems``, or that there was none to look at."""
        return self.listed([self.words[f"problem-{problem}"] for problem in problems or ("not-shown",)])

    def count(self, key: str, /, count: int) -> str:
        """The words for so many: those of ``key``, or of ``key-one`` for a single one."""
        return self.say(f"{key}-one" if count == 1 else key, count=count)

    def listed(self, items: Sequence[str]) -> str:
        """``a, b and c``."""
        if len(items) < 2:
            return "".join(items)
        return self.words["list-comma"].join(items[:-1]) + self.words["list-and"] + items[-1]

    def joined(self, *sentences: str) -> str:
        """One sentence after the other; what is empty is left out."""
        return self.words["sentence-space"].join(filter(None, sentences))

    def field(self, key: str, value: object) -> str:
        """What was taken from the text of a reply, with the name of its field."""
        name = self.words.get(f"field-{key}", key)
        if value is True:
            return name
        said = ", ".join(map(str, value)) if isinstance(value, (list, tuple)) else value
        return self.say("field-said", name=name, value=said)

    def cited(self, references: str) -> str:
        """References such as ``RFC 5321 section 3.1``, with the word for a section as it is written here."""
        return _SECTION.sub(lambda found: self.say("section", number=found[1]), references)

    def titled(self, title: str, text: str) -> str:
        """A title, which has no full stop of its own, and the sentences behind it."""
        return f"{title}{self.words['title-end']}{text}".strip()

    def reason(self, details: Mapping[str, Any]) -> str:
        """Why a check came to no verdict, in words: what the other side said, else the words for our reason's id."""
        said = details.get("error")
        id_ = str(said or details.get("sick") or details.get("reason") or "")
        term = details.get("term")
        return self.words.get(f"reason-{id_}", id_) + (f": {term}" if term else "")

    @cached_property
    def signatures(self) -> tuple[Signature, ...]:
        """All reply texts, file after file by name. A file is ``provider = "…"`` and one table a signature."""
        return tuple(map(self.signature, self._signature_tables))

    def signature(self, id_: str) -> Signature:
        """One reply text. Raises ``KeyError``."""
        row = self._signatures.get(id_)
        if row is None:
            name, provider, *texts = self._signature_tables[id_]
            where = f"{name} [{id_}]"
            entry: dict[str, Any] = {"id": id_, "provider": provider}
            for text in texts:
                entry = _laid_over(entry, _entry(text, id_, where, name))
            row = self._signatures[id_] = _row(Signature, entry, where)
        return row

    @cached_property
    def patterns(self) -> Mapping[str, tuple[str, str]]:
        """Provider and expression of each signature by its id: what it takes to find out which are worth reading."""
        found = {}
        for id_, (_, provider, text, *_) in self._signature_tables.items():
            pattern = outlines.pattern(text)
            found[id_] = (provider, self.signature(id_).pattern if pattern is None else pattern)
        return found

    def outline(self, id_: str) -> Outline:
        """As much of a signature as it takes to weigh it. Raises ``KeyError``."""
        _, provider, text, *_ = self._signature_tables[id_]
        return outlines.outline(id_, provider, text) or outlines.whole(self.signature(id_))

    @cached_property
    def _signature_tables(self) -> dict[str, tuple[str, ...]]:
        """File name, provider, the text of the table and the one that is laid over it, by id."""
        tables: dict[str, tuple[str, ...]] = {}
        for path in sorted((self.folder / "signatures").glob("*.toml")):
            parts, *overlays = self._parts(f"signatures/{path.name}")
            provider = outlines.provider(parts.get("", ""))
            if provider is None:
                head = _parsed(parts.get("", ""), path.name)
                provider = str(head.pop("provider", path.stem))
                for stray in head:
                    raise DataError(f"data file {path.name} [{stray}]: a table is wanted here")
            for id_, text in parts.items():
                if id_ in tables:
                    raise DataError(f"data file {path.name}: [{id_}] stands in {tables[id_][0]} too")
                if id_:
                    tables[id_] = (path.name, provider, text, *(over[id_] for over in overlays if id_ in over))
        return tables

    def _digits(self, name: str) -> Mapping[str, Digit]:
        table = self._table("classes.toml").get(name)
        if not isinstance(table, dict):
            raise DataError(f"data file classes.toml lacks the table [{name}]")
        rows = {}
        for key, entry in table.items():
            where = f"classes.toml [{name}.{key}]"
            if not isinstance(entry, dict):
                raise DataError(f"data file {where}: a table is wanted here")
            rows[key] = _row(Digit, {"digit": key, **entry}, where)
        return rows

    def _rows(self, name: str, kind: type[AnyRow], key: str) -> Mapping[str, AnyRow]:
        return _Rows(self._parts(name), name, kind, key)

    def _parts(self, name: str) -> list[_Parts]:
        """The texts that make up one file: the English one, and the one that is laid over it."""
        parts = [_parts(self.folder / name)]
        overlay = self.folder / self.lang / name
        if self.lang != "en" and overlay.exists():
            parts.append(_parts(overlay))
        return parts

    def _table(self, name: str) -> dict[str, Any]:
        table = dict(_load(self.folder / name))
        overlay = self.folder / self.lang / name
        if self.lang != "en" and overlay.exists():
            table = _laid_over(table, _load(overlay))
        return table


@cache
def catalog(lang: str = "en") -> Catalog:
    """The shipped facts in ``lang``, read at most once a process."""
    return Catalog(lang)


def languages(folder: Path | None = None) -> tuple[str, ...]:
    """English, and every folder of data/ that says the words of the reports in another language."""
    return ("en", *sorted(words.parent.name for words in (folder or data_folder()).glob("*/words.toml")))


def data_folder() -> Path:
    """``data/`` inside the installed package, or beside it in a checkout."""
    here = Path(__file__).parent
    for folder in (here / "data", here.parent / "data"):
        if (folder / "codes.toml").exists():
            return folder
    raise DataError("the data folder is missing; the installation is not whole")


def _load(path: Path) -> dict[str, Any]:
    text = _read(path)
    return _plain(text) or _parsed(text, path.name)


_PLAIN = re.compile(r'^([A-Za-z0-9_-]+) = "([^"\\\x00-\x1f\x7f]*)"$', re.MULTILINE)


def _plain(text: str) -> dict[str, str] | None:
    """A file of nothing but keys and texts, such as the words of a language, in a tenth of the parser's time. None for
    any other; a line that needs the parser gets it."""
    lines = [line for line in text.split("\n") if line and line[0] != "#"]
    found = dict(_PLAIN.findall(text))
    for line in lines:
        if "\\" in line:
            try:
                found |= tomllib.loads(line)
            except tomllib.TOMLDecodeError:
                return None
    return found if len(found) == len(lines) and lines else None


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"data file {path.name} cannot be read: {error}") from error


def _parsed(text: str, name: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise DataError(f"data file {name} cannot be read: {error}") from error


def _laid_over(below: dict[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(below)
    for key, value in above.items():
        old = merged.get(key)
        merged[key] = _laid_over(old, value) if isinstance(old, dict) and isinstance(value, dict) else value
    return merged


_SECTION = re.compile(r" section ([0-9]+(?:\.[0-9]+)*)")

_Parts = Mapping[str, str]
"""The text of each table of a file, by its name; what is no table stands under the empty name."""

_HEAD = re.compile(r'^\[(?:"([^"\\]+)"|([A-Za-z0-9_-]+))\][ \t]*(?:#.*)?$', re.MULTILINE)


def _parts(path: Path) -> _Parts:
    """Cut a file at its table heads, without reading them: most commands need two or three entries of a hundred."""
    text = _read(path)
    parts: dict[str, str] = {}
    name, start = "", 0
    for head in _HEAD.finditer(text):
        if text[start : head.start()].strip():
            parts[name] = parts.get(name, "") + text[start : head.start()]
        name, start = head[1] or head[2], head.start()
        if name in parts:
            raise DataError(f"data file {path.name}: [{name}] stands twice")
    parts[name] = parts.get(name, "") + text[start:]
    return parts


class _Rows(Mapping[str, AnyRow]):
    """The rows of one file, each read when it is first asked for."""

    def __init__(self, parts: list[_Parts], name: str, kind: type[AnyRow], key: str) -> None:
        self._parts, self._name, self._kind, self._key = parts, name, kind, key
        self._made: dict[str, AnyRow] = {}
        for rest in (part[""] for part in parts if part.get("", "").strip()):
            for stray in _parsed(rest, name):
                raise DataError(f"data file {name} [{stray}]: a table is wanted here")

    def __getitem__(self, id_: str) -> AnyRow:
        row = self._made.get(id_)
        if row is None:
            if not id_ or id_ not in self._parts[0]:
                raise KeyError(id_)
            where = f"{self._name} [{id_}]"
            entry: dict[str, Any] = {}
            for number, part in enumerate(self._parts):
                if id_ in part:
                    above = _entry(part[id_], id_, where, self._name)
                    if number and (facts := above.keys() - set(self._kind.words)):
                        raise DataError(
                            f"data file {where}: another language may not change {', '.join(sorted(facts))}"
                        )
                    entry = _laid_over(entry, above)
            row = self._made[id_] = _row(self._kind, {self._key: id_, **entry}, where)
        return row

    def __iter__(self) -> Iterator[str]:
        return (id_ for id_ in self._parts[0] if id_)

    def __len__(self) -> int:
        return len(self._parts[0]) - ("" in self._parts[0])

    def __contains__(self, id_: object) -> bool:
        return bool(id_) and id_ in self._parts[0]


def _entry(text: str, id_: str, where: str, name: str) -> dict[str, Any]:
    entry = _parsed(text, name).get(id_)
    if not isinstance(entry, dict):
        raise DataError(f"data file {where}: a table is wanted here")
    return entry


# What the annotations of the rows above stand for.
_SHAPES: Mapping[str, Any] = {
    "str": str,
    "bool": bool,
    "int": int,
    "float": (int, float),
    "tuple[str, ...]": tuple,
    "Mapping[str, str]": dict,
}


def _row(kind: type[AnyRow], entry: dict[str, Any], where: str) -> AnyRow:
    values = {key: tuple(value) if isinstance(value, list) else value for key, value in entry.items()}
    try:
        row = kind(**values)
    except TypeError as error:
        raise DataError(f"data file {where}: {error}") from None
    for key, value in values.items():
        shape = kind.__annotations__[key]
        if not isinstance(value, _SHAPES[shape]):
            raise DataError(f"data file {where}: {key} is to be {shape}")
    return row
