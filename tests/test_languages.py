"""Every language says everything that English says, and a further language is a folder of data/ and nothing else."""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from itertools import zip_longest
from pathlib import Path
from typing import Any

import pytest

from probe.catalog import Catalog, catalog, data_folder, languages
from probe.cli import main
from probe.codec import dumps
from probe.embedded.scenes import SCENES
from tests.languages import files, pretended, shortcomings, spoken_by, texts
from tests.scenes import probe_scene, reports, steady

OTHERS = [lang for lang in languages() if lang != "en"]
JAPANESE = [name for name in files(data_folder()) if (data_folder() / "ja" / name).exists()]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A copy of the data, to be spoilt."""
    return Path(shutil.copytree(data_folder(), tmp_path / "data"))


# --- what every language must hold


def test_there_is_japanese() -> None:
    assert "ja" in OTHERS


@pytest.mark.parametrize("lang", OTHERS)
def test_a_language_says_everything_and_nothing_else(lang: str) -> None:
    assert shortcomings(data_folder(), lang) == []


Spoil = Callable[[str], str]


@pytest.mark.parametrize(
    ("name", "spoil", "complaint"),
    [
        ("words.toml", lambda text: re.sub(r"heading-why = .*\n", "", text), "words.toml heading-why: missing"),
        ("words.toml", lambda text: text + 'new = "x"\n', "words.toml new: nothing of the kind in English"),
        (
            "words.toml",
            lambda text: re.sub(r'fix-delist = "', 'fix-delist = "{where} ', text),
            "words.toml fix-delist: placeholders ['where', 'zone'] instead of ['zone']",
        ),
        (
            "words.toml",
            lambda text: re.sub(r"retry-none = .*", 'retry-none = "Nothing to retry."', text),
            "words.toml retry-none: left in English",
        ),
        (
            "words.toml",
            lambda text: re.sub(r"retry-none = .*", 'retry-none = "Try no more."', text),
            "words.toml retry-none: ASCII alone",
        ),
        (
            "words.toml",
            lambda text: re.sub(r"retry-none = .*", 'retry-none = "再試行は there is nothing to do です。"', text),
            "words.toml retry-none: English: there is nothing to do",
        ),
        ("codes.toml", lambda text: text.replace("[554]", "[560]"), "codes.toml 554 name: missing"),
        (
            "codes.toml",
            lambda text: text.replace("[554]", '[554]\nretry = "いいえ"'),
            "codes.toml 554 retry: nothing of the kind in English",
        ),
        (
            "causes.toml",
            lambda text: re.sub(r'  "まず原因.*\n', "", text),
            "causes.toml ip-blocklisted fix 4: missing",
        ),
        ("findings.toml", lambda text: text.replace("{place}", ""), "findings.toml rejected title: placeholders"),
        (
            "classes.toml",
            lambda text: text.replace("[subject.7]", "[subject.8]"),
            "classes.toml subject.7 name: missing",
        ),
    ],
)
def test_every_shortcoming_is_found(data: Path, name: str, spoil: Spoil, complaint: str) -> None:
    path = data / "ja" / name
    text = path.read_text(encoding="utf-8")
    spoilt = spoil(text)
    assert text != spoilt
    path.write_text(spoilt, encoding="utf-8")
    assert [line for line in shortcomings(data, "ja") if line.startswith(complaint)] != []


def test_a_missing_file_and_a_strange_one_are_found(data: Path) -> None:
    (data / "ja" / "pairs.toml").rename(data / "ja" / "peers.toml")
    assert ["peers.toml: no such file in English", "pairs.toml: missing"] == shortcomings(data, "ja")


# --- Japanese


@pytest.mark.parametrize("name", JAPANESE)
def test_a_japanese_sentence_ends_like_one(name: str) -> None:
    """Titles, names and the short words of the reports are no sentences; a fix may end with the link that it names."""
    wrong = [
        place
        for place, text in texts(data_folder() / "ja", name).items()
        if name != "words.toml" and place[1] not in ("name", "title", "codes", "terms")
        if not text.endswith(("。", "}"))
    ]
    assert wrong == []


@pytest.mark.parametrize("name", JAPANESE)
def test_japanese_names_the_same_codes_and_verbs(name: str) -> None:
    """A code, an RFC or a protocol word that English names must not get lost on the way."""
    words = re.compile(
        r"(?<![\w.])(?:[2-5]\d\d|SPF|DKIM|DMARC|EHLO|STARTTLS|AUTH|PTR|SIZE|TRANSID|RFC \d+)(?!\w|\.\d)", re.ASCII
    )
    english = texts(data_folder(), name)
    lost = {
        place: missing
        for place, text in texts(data_folder() / "ja", name).items()
        if (missing := set(words.findall(english.get(place, ""))) - set(words.findall(text.replace("逆引き", " PTR "))))
    }
    assert lost == {}


def test_japanese_lies_over_english_and_keeps_its_facts() -> None:
    row, english = catalog("ja").codes["554"], catalog().codes["554"]
    assert row.commands == english.commands
    for word in ("ブロックリスト", "SPF", "DKIM", "DMARC", "解除"):
        assert word in row.remedy
    assert row.meaning != english.meaning


# --- a third language is a folder


def test_a_third_language_is_a_folder(data: Path) -> None:
    assert "xx" not in languages(data)
    pretended(data, "xx")
    assert languages(data) == ("en", *sorted([*OTHERS, "xx"]))
    assert shortcomings(data, "xx") == []
    facts = Catalog("xx", data)
    assert facts.codes["554"].name == catalog().codes["554"].name.upper()
    assert facts.codes["554"].commands == catalog().codes["554"].commands
    assert spoken_by(facts) == spoken_by(catalog()).upper()


def test_the_command_line_offers_a_third_language_by_itself(data: Path, tmp_path: Path) -> None:
    """An installation with one more folder, and nothing else changed: --lang knows it, and so does the locale."""
    pretended(data, "xx")
    shutil.copytree(data_folder().parent / "probe", tmp_path / "probe", ignore=shutil.ignore_patterns("__pycache__"))
    run = "import sys; from probe.cli import main; sys.exit(main())"
    for arguments, locale in ((["--lang", "xx"], "C"), ([], "xx_XX.UTF-8")):
        done = subprocess.run(
            [sys.executable, "-P", "-c", run, "explain", "554", *arguments],
            env={**os.environ, "PYTHONPATH": str(tmp_path), "LC_ALL": locale, "PYTHONUTF8": "1"},
            capture_output=True,
            encoding="utf-8",
            timeout=30,
            check=False,
        )
        assert done.stderr == ""
        assert catalog().codes["554"].name.upper() in done.stdout


def test_a_folder_without_words_is_no_language(data: Path) -> None:
    (data / "xx").mkdir()
    assert languages(data) == languages()
    assert "signatures" not in languages(data)


# --- a report in another language

# The fields of a report that hold words for people; all others are ids, values, or what somebody else said.
TEXTS = set(
    """title meaning when remedy category explanation summary evidence against ruled_out not_asked do detail trace
    enhanced_title enhanced_meaning enhanced_remedy cause_title cause_meaning provider_meaning provider_remedy fix
    lasts""".split()
)
# What findings and checks were filled in with may be either; ``who`` is the word of a fix and the id of a cause; and
# each server makes a certificate of its own.
EITHER = {"facts", "who", "sha256"}


def compared(english: Any, other: Any, field: str = "", place: str = "") -> Iterator[str]:
    """Where two reports of the same thing are alike and should not be, or the other way round."""
    if isinstance(english, dict):
        for key in (english | other).keys() - EITHER:
            yield from compared(english.get(key), other.get(key), key, f"{place}.{key}")
    elif isinstance(english, list):
        for number, (one, two) in enumerate(zip_longest(english, other)):
            yield from compared(one, two, field, f"{place}[{number}]")
    elif isinstance(english, str) and field in TEXTS and re.search(r"[a-z]{3} [a-z]{2}", english):
        yield from [f"{place}: {other!r} is English"] if str(other).isascii() else []
    elif isinstance(english, str) and field not in TEXTS:
        yield from [f"{place}: {other!r} instead of {english!r}"] if english != other else []


@pytest.mark.parametrize("number", range(len(SCENES)))
def test_texts_follow_the_language_and_ids_never_do(number: int) -> None:
    english = steady(reports()[number])
    japanese = steady(asyncio.run(probe_scene(SCENES[number], lang="ja")))
    one, two = (json.loads(re.sub(r"127\.0\.0\.1:\d+", "there", dumps(each))) for each in (english, japanese))
    assert list(compared(one, two)) == []


# --- which language is spoken


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({}, "en"),
        ({"LANG": "ja_JP.UTF-8"}, "ja"),
        ({"LANG": "ja"}, "ja"),
        ({"LANG": "ja_JP.eucJP@cjknarrow"}, "ja"),
        ({"LANG": "de_DE.UTF-8"}, "en"),
        ({"LANG": "jam_JM"}, "en"),
        ({"LANG": "C"}, "en"),
        ({"LANG": "C.UTF-8"}, "en"),
        ({"LC_ALL": "POSIX", "LANG": "ja_JP.UTF-8"}, "en"),
        ({"LC_ALL": "", "LC_MESSAGES": "", "LANG": "ja_JP.UTF-8"}, "ja"),
        ({"LC_MESSAGES": "en_US.UTF-8", "LANG": "ja_JP.UTF-8"}, "en"),
        ({"LC_MESSAGES": "ja_JP.UTF-8", "LANG": "en_US.UTF-8"}, "ja"),
        ({"LC_ALL": "ja_JP.UTF-8", "LC_MESSAGES": "C", "LANG": "C"}, "ja"),
        ({"LC_CTYPE": "ja_JP.UTF-8"}, "en"),
        ({"LANG": "../data/ja"}, "en"),
        ({"LANG": "."}, "en"),
    ],
)
def test_the_locale_picks_the_language(
    environment: dict[str, str],
    expected: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """LC_ALL before LC_MESSAGES before LANG (POSIX.1 section 8.2); the first that is not empty decides alone."""
    for name in ("LC_ALL", "LC_MESSAGES", "LC_CTYPE", "LANG", "LANGUAGE"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert main(["explain", "554"]) == 0
    assert catalog(expected).codes["554"].name in capsys.readouterr().out


@pytest.mark.parametrize("lang", languages())
def test_the_option_beats_the_locale(
    lang: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("LC_ALL", "ja_JP.UTF-8")
    assert main(["--lang", lang, "explain", "554"]) == 0
    assert catalog(lang).codes["554"].name in capsys.readouterr().out


def test_a_program_that_names_no_language_gets_english(monkeypatch: pytest.MonkeyPatch) -> None:
    import probe

    monkeypatch.setenv("LC_ALL", "ja_JP.UTF-8")
    assert probe.explain("554").title == "Transaction failed"
