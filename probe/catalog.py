"""The facts under data/: the only module that knows where they are and how they are written.

Each file is read when first asked for. The rows are frozen; their fields are the keys of the TOML tables, so that a
key nobody reads, or one that is missing, is a ``DataError`` naming file and entry. A folder ``data/<language>`` may
hold the same files with the same keys: its texts are laid over the English ones.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any, TypeVar

from probe.errors import DataError

Row = TypeVar("Row")


@dataclass(frozen=True)
class Code:
    """A basic reply code. ``commands`` are those to which a standard allows it (``greeting`` and ``dot`` stand for the
    greeting and the end of the message text, ``any`` for all), ``seen`` those where servers also send it. ``retry`` is
    ``none`` (nothing to retry), ``later`` or ``never`` (not unchanged). ``kind`` is standard, registry or vendor."""

    code: str
    name: str
    meaning: str
    when: str
    remedy: str
    retry: str
    kind: str
    commands: tuple[str, ...]
    reference: str
    source: str
    seen: tuple[str, ...] = ()
    enhanced: tuple[str, ...] = ()


@dataclass(frozen=True)
class EnhancedCode:
    """An enhanced status code (RFC 3463). ``code`` is ``X.7.1`` for every class, or ``5.7.515`` for one that a vendor
    made up; ``basic`` the basic codes that the registry pairs it with. ``kind`` is iana or vendor."""

    code: str
    title: str
    meaning: str
    when: str
    remedy: str
    kind: str
    reference: str
    source: str
    basic: tuple[str, ...] = ()


@dataclass(frozen=True)
class Digit:
    """What one digit of a code says by itself: a class, a category or a subject. ``name`` is the standard's word."""

    digit: str
    name: str
    meaning: str
    remedy: str = ""
    retry: str = ""
    reference: str = ""


@dataclass(frozen=True)
class Pair:
    """Two basic codes side by side. ``which`` says when to expect which, ``both`` how one session can hold both."""

    pair: str
    difference: str
    which: str
    reference: str
    both: str = ""


@dataclass(frozen=True)
class Cause:
    """Why a server refuses. ``who`` can mend it: sender, receiver, dns, network or list. ``checks`` are the ids of the
    checks that can prove or refute it. ``fix`` is what to do, one step an entry."""

    cause: str
    family: str
    title: str
    meaning: str
    who: tuple[str, ...]
    lasts: str
    fix: tuple[str, ...]
    checks: tuple[str, ...] = ()


@dataclass(frozen=True)
class Signature:
    """A reply text and what it means. ``pattern`` is a regular expression over the text, ignoring case. The optional
    keys narrow it: ``codes`` (basic), ``enhanced``, ``stages``. ``weight`` is how sure a match is, 0 to 1."""

    id: str
    provider: str
    pattern: str
    cause: str
    weight: float
    example: str
    source: str
    meaning: str = ""
    fix: str = ""
    url: str = ""
    codes: tuple[str, ...] = ()
    enhanced: tuple[str, ...] = ()
    stages: tuple[str, ...] = ()
    counterexample: str = ""
    checked: str = ""


@dataclass(frozen=True)
class Extension:
    """An EHLO keyword (RFC 5321 section 4.1.1.1): what it lets a client do, the parameters that it adds to MAIL and
    RCPT, and the verbs that it adds."""

    keyword: str
    name: str
    meaning: str
    reference: str
    mail_parameters: tuple[str, ...] = ()
    rcpt_parameters: tuple[str, ...] = ()
    verbs: tuple[str, ...] = ()


@dataclass(frozen=True)
class BlockList:
    """A list that is asked by DNS (RFC 5782). ``kind`` is ip4, ip6, ip4+ip6 or domain, ``role`` block, allow or info.
    ``codes`` maps an answer to its meaning: an exact one, a prefix ending in a dot, a bit (``127.0.0.&8``) or ``*``; a
    role in front (``allow 127.0.0.1``) types that one answer. ``errors`` likewise, for answers that say "not for you".
    ``listed`` and ``clean`` are the test points: addresses or domains to ask about. ``delist`` may hold
    ``{ip}`` or ``{domain}``. ``state`` is active, inactive or dead; ``main`` marks the lists that earn a 554."""

    zone: str
    operator: str
    kind: str
    role: str
    state: str
    meaning: str
    source: str
    codes: Mapping[str, str]
    errors: Mapping[str, str]
    listed: tuple[str, ...] = ()
    clean: tuple[str, ...] = ()
    delist: str = ""
    terms: str = ""
    since: str = ""
    main: bool = False


@dataclass(frozen=True)
class Selector:
    """A DKIM selector that many domains share because their provider names it so. A guess, never a proof."""

    selector: str
    used_by: str


@dataclass(frozen=True)
class FindingText:
    """The words of a finding. ``{name}`` in them is filled from the finding's facts."""

    id: str
    severity: str
    title: str
    explanation: str
    remedy: str
    references: tuple[str, ...] = ()


@dataclass(frozen=True)
class Reference:
    """Something that the texts cite. ``status`` is a word such as current, obsoleted, historic or draft."""

    name: str
    title: str
    url: str
    status: str
    year: int
    obsoleted_by: tuple[str, ...] = ()


class Catalog:
    """The facts in one language. Cheap to make: nothing is read before it is asked for."""

    def __init__(self, lang: str = "en", folder: Path | None = None) -> None:
        self.lang = lang
        self.folder = folder or data_folder()

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
    def extensions(self) -> Mapping[str, Extension]:
        return self._rows("extensions.toml", Extension, "keyword")

    @cached_property
    def blocklists(self) -> Mapping[str, BlockList]:
        return self._rows("dnsbl.toml", BlockList, "zone")

    @cached_property
    def findings(self) -> Mapping[str, FindingText]:
        return self._rows("findings.toml", FindingText, "id")

    @cached_property
    def references(self) -> Mapping[str, Reference]:
        return self._rows("references.toml", Reference, "name")

    @cached_property
    def selectors(self) -> Mapping[str, Selector]:
        return self._rows("selectors.toml", Selector, "selector")

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

    def reason(self, details: Mapping[str, Any]) -> str:
        """Why a check came to no verdict, in words: what the other side said, else the words for our reason's id."""
        said = details.get("error")
        id_ = str(said or details.get("sick") or details.get("reason") or "")
        term = details.get("term")
        return self.words.get(f"reason-{id_}", id_) + (f": {term}" if term else "")

    @cached_property
    def signatures(self) -> tuple[Signature, ...]:
        """All reply texts, file after file by name. A file is ``provider = "…"`` and one table a signature."""
        found = []
        for path in sorted((self.folder / "signatures").glob("*.toml")):
            table = self._table(f"signatures/{path.name}")
            provider = str(table.get("provider", path.stem))
            for id_, entry in table.items():
                if isinstance(entry, dict):
                    found.append(_row(Signature, {"id": id_, "provider": provider, **entry}, f"{path.name} [{id_}]"))
        return tuple(found)

    def _digits(self, name: str) -> Mapping[str, Digit]:
        table = self._table("classes.toml").get(name)
        if not isinstance(table, dict):
            raise DataError(f"data file classes.toml lacks the table [{name}]")
        rows = {}
        for key, entry in table.items():
            where = f"classes.toml [{name}.{key}]"
            rows[key] = _row(Digit, _entry("digit", key, entry, where), where)
        return rows

    def _rows(self, name: str, kind: type[Row], key: str) -> Mapping[str, Row]:
        return {
            id_: _row(kind, _entry(key, id_, entry, f"{name} [{id_}]"), f"{name} [{id_}]")
            for id_, entry in self._table(name).items()
        }

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


def data_folder() -> Path:
    """``data/`` inside the installed package, or beside it in a checkout."""
    here = Path(__file__).parent
    for folder in (here / "data", here.parent / "data"):
        if (folder / "codes.toml").exists():
            return folder
    raise DataError("the data folder is missing; the installation is not whole")


def _load(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise DataError(f"data file {path.name} cannot be read: {error}") from error


def _laid_over(below: dict[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(below)
    for key, value in above.items():
        old = merged.get(key)
        merged[key] = _laid_over(old, value) if isinstance(old, dict) and isinstance(value, dict) else value
    return merged


def _entry(key: str, id_: str, entry: Any, where: str) -> dict[str, Any]:
    if not isinstance(entry, dict):
        raise DataError(f"data file {where}: a table is wanted here")
    return {key: id_, **entry}


# What the annotations of the rows above stand for.
_SHAPES: Mapping[str, Any] = {
    "str": str,
    "bool": bool,
    "int": int,
    "float": (int, float),
    "tuple[str, ...]": tuple,
    "Mapping[str, str]": dict,
}


def _row(kind: type[Row], entry: dict[str, Any], where: str) -> Row:
    values = {key: tuple(value) if isinstance(value, list) else value for key, value in entry.items()}
    try:
        row = kind(**values)
    except TypeError as error:
        raise DataError(f"data file {where}: {str(error).replace('__init__() ', '')}") from None
    for key, value in values.items():
        shape = kind.__annotations__[key]
        if not isinstance(value, _SHAPES[shape]):
            raise DataError(f"data file {where}: {key} is to be {shape}")
    return row
