"""The data files load in every language, and a mistake in one is named with file and entry."""

from __future__ import annotations

import shutil
import tomllib
from collections.abc import Callable, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest

from probe.catalog import Catalog, catalog, data_folder, languages
from probe.errors import DataError

SHELVES = sorted(
    name for name, value in vars(Catalog).items() if isinstance(value, cached_property) and not name.startswith("_")
)
OF_SIGNATURES = ("signatures", "patterns")


class Watched(Catalog):
    """Keeps the names of the files that were read."""

    def _table(self, name: str) -> dict[str, Any]:
        self.__dict__.setdefault("read", []).append(name)
        return super()._table(name)

    def _parts(self, name: str) -> Any:
        self.__dict__.setdefault("read", []).append(name)
        return super()._parts(name)


def files_of(shelf: str) -> list[str]:
    facts = Watched()
    getattr(facts, shelf)
    return list(facts.__dict__["read"])


FILES = {shelf: files_of(shelf)[0] for shelf in SHELVES if shelf not in OF_SIGNATURES}
Edit = Callable[..., Catalog]


@pytest.fixture
def edited(tmp_path: Path) -> Edit:
    """Write a file into a copy of the data; the catalogue over that copy."""

    def write(name: str, text: str, lang: str = "en") -> Catalog:
        folder = tmp_path / "data"
        shutil.copytree(data_folder(), folder)
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return Catalog(lang, folder)

    return write


def whole(facts: Catalog, shelf: str) -> Any:
    """A shelf with every row read, since rows are read when they are asked for."""
    rows = getattr(facts, shelf)
    return dict(rows) if isinstance(rows, Mapping) else rows


def original(name: str) -> str:
    return (data_folder() / name).read_text(encoding="utf-8")


def test_every_file_has_a_shelf() -> None:
    names = {path.name for path in data_folder().glob("*.toml")}
    assert names == set(FILES.values())
    assert files_of("signatures") == sorted(
        f"signatures/{one.name}" for one in (data_folder() / "signatures").iterdir()
    )


@pytest.mark.parametrize("lang", languages())
@pytest.mark.parametrize("shelf", SHELVES)
def test_every_shelf_loads_in_every_language(shelf: str, lang: str) -> None:
    rows = whole(Catalog(lang), shelf)
    assert len(rows) > 2
    assert len(rows) == len(getattr(catalog("en"), shelf))


@pytest.mark.parametrize("path", sorted((data_folder() / "ja").glob("*.toml")), ids=lambda path: path.name)
def test_an_overlay_changes_words_and_no_key(path: Path) -> None:
    for shelf in (shelf for shelf, name in FILES.items() if name == path.name):
        english, japanese = getattr(catalog("en"), shelf), getattr(catalog("ja"), shelf)
        assert list(japanese) == list(english)
        assert japanese != english


def test_what_an_overlay_leaves_out_stays_english(edited: Edit) -> None:
    facts = edited("xx/codes.toml", '[554]\nmeaning = "andere Worte"\n', "xx")
    assert facts.codes["554"].meaning == "andere Worte"
    assert facts.codes["554"].name == catalog().codes["554"].name
    assert facts.codes["214"] == catalog().codes["214"]
    assert facts.words == catalog().words


def test_a_language_without_a_folder_is_english() -> None:
    assert Catalog("xx").codes == catalog("en").codes


def test_nothing_is_read_before_it_is_asked_for(tmp_path: Path) -> None:
    facts = Catalog("en", tmp_path)
    with pytest.raises(DataError, match=r"data file codes\.toml cannot be read"):
        whole(facts, "codes")


@pytest.mark.parametrize("shelf", sorted(FILES))
def test_broken_toml_names_the_file(shelf: str, edited: Edit) -> None:
    facts = edited(FILES[shelf], "[554\nname = ")
    with pytest.raises(DataError) as caught:
        whole(facts, shelf)
    assert str(caught.value).startswith(f"data file {FILES[shelf]} cannot be read: ")
    assert str(caught.value).isprintable()


def test_a_file_that_is_no_utf8_is_named(edited: Edit) -> None:
    facts = edited("codes.toml", "")
    (facts.folder / "codes.toml").write_bytes(b'[554]\nname = "\xff"\n')
    with pytest.raises(DataError, match=r"data file codes\.toml cannot be read: "):
        whole(facts, "codes")


ROWS = sorted(set(FILES) - {"classes", "categories", "subjects", "words"})


@pytest.mark.parametrize("shelf", ROWS)
def test_an_unknown_key_names_file_and_entry(shelf: str, edited: Edit) -> None:
    name, first = FILES[shelf], next(iter(getattr(catalog(), shelf)))
    text = original(name)
    head = next(line for line in text.splitlines() if line.startswith("[") and first in line)
    with pytest.raises(DataError) as caught:
        whole(edited(name, text.replace(head, f'{head}\ncolour = "red"', 1)), shelf)
    assert f"data file {name} [{first}]" in str(caught.value)
    assert "colour" in str(caught.value)


@pytest.mark.parametrize("shelf", ROWS)
def test_a_missing_key_names_file_and_entry(shelf: str, edited: Edit) -> None:
    name = FILES[shelf]
    with pytest.raises(DataError) as caught:
        whole(edited(name, f'{original(name)}\n["zz-new"]\n'), shelf)
    assert f"data file {name} [zz-new]" in str(caught.value)
    assert "missing" in str(caught.value)


def test_digits_and_signatures_name_their_entries(edited: Edit) -> None:
    text = original("classes.toml") + '\n[class.9]\nname = "x"\nmeaning = "y"\ncolour = "red"\n'
    facts = edited("classes.toml", text)
    with pytest.raises(DataError, match=r"data file classes\.toml \[class\.9\].*colour"):
        whole(facts, "classes")
    path = facts.folder / "signatures" / "mine.toml"
    path.write_text('provider = "mine"\n[my-text]\npattern = "x"\n', encoding="utf-8")
    with pytest.raises(DataError, match=r"data file mine\.toml \[my-text\].*missing"):
        whole(facts, "signatures")


@pytest.mark.parametrize(
    ("shelf", "text"),
    [
        ("codes", "554 = 1\n"),
        ("codes", '554 = "Transaction failed"\n'),
        ("codes", "[[554]]\n"),
        ("classes", ""),
        ("categories", "category = 1\n"),
        ("subjects", "[subject]\n7 = 1\n"),
    ],
)
def test_an_entry_that_is_no_table_is_a_data_error(shelf: str, text: str, edited: Edit) -> None:
    facts = edited(FILES[shelf], text)
    with pytest.raises(DataError, match=FILES[shelf]):
        whole(facts, shelf)


def test_a_language_that_changes_a_fact_is_a_data_error(edited: Edit) -> None:
    facts = edited("xx/codes.toml", '[554]\nname = "x"\nretry = "later"\n', "xx")
    with pytest.raises(DataError, match=r"codes\.toml \[554\]: another language may not change retry"):
        whole(facts, "codes")


def test_an_overlay_of_another_shape_is_a_data_error(edited: Edit) -> None:
    facts = edited("xx/codes.toml", '554 = "x"\n', "xx")
    with pytest.raises(DataError, match=r"codes\.toml"):
        whole(facts, "codes")


def test_a_text_that_is_no_text_is_a_data_error(edited: Edit) -> None:
    facts = edited("findings.toml", '[odd]\nseverity = "info"\ntitle = 5\nexplanation = ""\nremedy = ""\n')
    with pytest.raises(DataError, match=r"findings\.toml \[odd\]"):
        whole(facts, "findings")


# --- saying it in words


@pytest.mark.parametrize("lang", languages())
def test_the_words_are_what_the_parser_reads(lang: str) -> None:
    names = ["words.toml"] if lang == "en" else ["words.toml", f"{lang}/words.toml"]
    read: dict[str, str] = {}
    for name in names:
        read |= tomllib.loads(original(name))
    assert read == catalog(lang).words


@pytest.mark.parametrize(
    "text",
    [
        'a = "x"\n\n# b = "y"\nc = ""\n',
        'a = "say \\"x\\"\\u3002"\nb = "back\\\\slash"\n',
        'a = "x" # and why\nb="y"\n',
        "a = 'x'\nb = \"y\"\n",
        'a = """\nx\n"""\n',
        'a = "x"\r\nb = "y"\r\n',
        '"a" = "x"\n',
        'a = "# no comment"\n',
    ],
)
def test_words_may_be_written_in_any_way_that_toml_knows(text: str, edited: Edit) -> None:
    assert tomllib.loads(text) == edited("words.toml", text).words


@pytest.mark.parametrize(
    "text", ['a = "x"\na = "y"\n', 'a = "x\\q"\n', 'a = "x\n', 'a = "x"y"\n', 'a = "\x01"\n', "a\n"]
)
def test_words_that_are_no_toml_are_a_data_error(text: str, edited: Edit) -> None:
    with pytest.raises(DataError, match=r"data file words\.toml cannot be read"):
        assert edited("words.toml", text).words


WORDS = """
key = "{count} lists"
key-one = "{count} list"
told = "{name} lists {address}, since {name} is asked"
list-comma = ", "
list-and = " and "
sentence-space = " "
title-end = ". "
"""


@pytest.mark.parametrize(("count", "expected"), [(0, "0 lists"), (1, "1 list"), (2, "2 lists")])
def test_one_is_no_plural(count: int, expected: str, edited: Edit) -> None:
    assert expected == edited("words.toml", WORDS).count("key", count)


def test_values_are_shown_and_filled_in_once(edited: Edit) -> None:
    said = edited("words.toml", WORDS).say("told", name="{address} \x1b[2J{0.__class__}", address=5)
    assert "{address} \\x1b[2J{0.__class__} lists 5, since {address} \\x1b[2J{0.__class__} is asked" == said


def test_a_value_that_is_missing_leaves_a_gap_and_no_traceback(edited: Edit) -> None:
    assert "x lists ?, since x is asked" == edited("words.toml", WORDS).say("told", name="x")


@pytest.mark.parametrize(
    ("items", "expected"), [([], ""), (["a"], "a"), (["a", "b"], "a and b"), (["a", "b", "c"], "a, b and c")]
)
def test_a_list_reads_as_one(items: list[str], expected: str, edited: Edit) -> None:
    assert expected == edited("words.toml", WORDS).listed(items)


def test_sentences_stand_one_after_the_other_as_their_script_has_it(edited: Edit) -> None:
    assert "A. C." == edited("words.toml", WORDS).joined("A.", "", "C.")
    assert "あ。い。" == catalog("ja").joined("あ。", "い。")
    assert "Title. Text." == catalog("en").titled("Title", "Text.")
    assert "題。文。" == catalog("ja").titled("題", "文。")


def test_signatures_carry_the_provider_of_their_file(edited: Edit) -> None:
    text = 'provider = "mine"\n[my-text]\npattern = "x"\ncause = "unknown"\nweight = 0.5\nexample = "x"\nsource = "y"\n'
    facts = edited("signatures/mine.toml", text)
    assert [one.provider for one in facts.signatures if one.id == "my-text"] == ["mine"]
    assert len(facts.signatures) == len(catalog().signatures) + 1


def test_the_shipped_catalogue_is_read_once() -> None:
    assert catalog("en") is catalog("en")
    assert catalog("en").codes is catalog("en").codes
