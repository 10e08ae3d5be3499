"""The texts of single servers and providers: one file each, each text with a source of its own, all known ones read."""

import csv
import re
import tomllib
from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from probe.catalog import catalog, data_folder
from probe.replies.explanation import explain_text
from probe.replies.signatures import GENERIC

FACTS = catalog()
KNOWN = Path(__file__).resolve().parents[2] / "../shared/facts/vendors.csv"
SIGNATURES = data_folder() / "signatures"

# Files whose provider is called otherwise: families, parts of one product, and lists, which no provider speaks for.
PROVIDER_OF = {
    "outlook": "microsoft",
    "exchange": "microsoft",
    "postscreen": "postfix",
    "mailru": "mail.ru",
    "iua": "i.ua",
    **dict.fromkeys(
        "spamhaus list-errors sorbs closed-lists spamcop uceprotect barracuda-list cloudmark proofpoint-list "
        "invaluement validity abusix surbl small-lists mailing-lists authentication-pages".split(),
        "pages",
    ),
}

# One source for all texts of a file: it is one short document, or one reply.
ONE_SOURCE = frozenset(
    "au cloudflare docomo fastmail interia invaluement mailgun nicru oracle policyd-spf postgrey sorbs spamhaus".split()
)

# How the collected facts call a server, and the files that hold its texts.
FILES_OF = {
    "AT&T/Prodigy": "att",
    "Apple iCloud": "apple",
    "Barracuda": "barracuda barracuda-list",
    "Broadcom/MessageLabs": "messagelabs",
    "Cisco ESA/IronPort": "cisco",
    "Cloudflare Email Routing": "cloudflare",
    "DNSBL error (Spamhaus, URIBL)": "list-errors",
    "Exchange on-prem": "exchange",
    "FireEye/Trellix ETP": "trellix",
    "GMX/web.de/IONOS": "gmx",
    "KDDI au": "au",
    "La Poste": "laposte",
    "Mail.ru": "mailru",
    "Microsoft 365": "microsoft",
    "Microsoft consumer": "outlook",
    "NTT DOCOMO": "docomo",
    "NetEase 163/126": "netease",
    "Orange / La Poste": "orange laposte",
    "Postfix": "postfix postgrey",
    "Postfix postscreen": "postscreen",
    "QQ/Tencent": "qq",
    "SORBS (closed)": "sorbs",
    "SpamAssassin milters": "spamassassin",
    "Spamhaus DBL": "spamhaus",
    "Spectrum/Charter": "charter",
    "T-Online": "tonline",
    "Trend Micro": "trendmicro",
    "Yahoo/AOL": "yahoo",
    "qmail/vpopmail": "qmail",
}


class Entry(NamedTuple):
    """One table of a file, as it is written."""

    file: str
    id: str
    table: dict[str, Any]

    @property
    def where(self) -> str:
        return f"{self.file}.toml [{self.id}]"


def _read(path: Path) -> tuple[str, list[Entry]]:
    file = tomllib.loads(path.read_text(encoding="utf-8"))
    entries = [Entry(path.stem, id_, table) for id_, table in file.items() if isinstance(table, dict)]
    return str(file.get("provider", path.stem)), entries


PROVIDERS, ENTRIES = {}, {}
for _path in sorted(SIGNATURES.glob("*.toml")):
    PROVIDERS[_path.stem], ENTRIES[_path.stem] = _read(_path)
OF_PROVIDERS = {stem: entries for stem, entries in ENTRIES.items() if PROVIDERS[stem] != GENERIC}
ALL = [entry for entries in OF_PROVIDERS.values() for entry in entries]


# --- files


@pytest.mark.parametrize("stem", OF_PROVIDERS)
def test_a_file_holds_one_server_or_provider(stem: str) -> None:
    assert PROVIDER_OF.get(stem, stem) == PROVIDERS[stem]
    assert set() == {entry.id for entry in OF_PROVIDERS[stem] if "provider" in entry.table}


def test_every_exception_is_needed() -> None:
    assert set() == set(PROVIDER_OF) - set(OF_PROVIDERS)
    assert [stem for stem, provider in PROVIDER_OF.items() if stem == provider] == []


def test_providers_are_lower_case_words() -> None:
    assert [name for name in PROVIDERS.values() if not re.fullmatch(r"[a-z0-9.-]+", name)] == []


@pytest.mark.parametrize("provider", sorted({name for name in PROVIDERS.values() if name not in (GENERIC, "pages")}))
def test_some_text_tells_every_provider(provider: str) -> None:
    examples = [
        entry.table["example"] for stem, entries in ENTRIES.items() if PROVIDERS[stem] == provider for entry in entries
    ]
    assert provider in {explain_text(example, facts=FACTS).provider for example in examples}


# --- sources


def test_every_text_has_a_source_of_its_own() -> None:
    """A source that a whole file shares says nothing of the single text, but where the source is one page."""
    shared = set()
    for stem, entries in OF_PROVIDERS.items():
        counted = Counter(entry.table["source"] for entry in entries if entry.table["weight"] > 0)
        if len(counted) == 1 and sum(counted.values()) > 1:
            shared.add(stem)
    assert shared == ONE_SOURCE


def test_sources_name_something() -> None:
    assert [entry.where for entry in ALL if len(entry.table["source"].split()) < 2] == []


def test_a_page_was_looked_at_on_a_day_that_has_been() -> None:
    wrong = []
    for entry in ALL:
        checked = entry.table.get("checked")
        if checked is None:
            wrong += [entry.where] if entry.table.get("url") else []
        elif date.fromisoformat(checked) > date.today() or not re.fullmatch(r"\d{4}-\d\d-\d\d", checked):
            wrong += [f"{entry.where} {checked}"]
    assert wrong == []


# Pages that the operators themselves name with http, or that exist in no other form.
PLAIN_HTTP = (
    "http://csi.cloudmark.com/",
    "http://postmaster.comcast.net/",
    "http://uribl.com/",
    "http://www.spectrum.net/",
    "http://www.trusteddomain.org/",
    "http://x.co/",
)


def test_pages_are_named_by_https() -> None:
    pages = {entry.where: entry.table["url"] for entry in ALL if entry.table.get("url")}
    assert {} == {where: url for where, url in pages.items() if not url.startswith(("https://", *PLAIN_HTTP))}
    assert {} == {where: url for where, url in pages.items() if re.search(r"[\s<>\"{}]", url)}
    assert [start for start in PLAIN_HTTP if not any(url.startswith(start) for url in pages.values())] == []


def test_texts_that_decide_say_what_the_provider_means() -> None:
    """A cause alone says it, too, where the words of the server are the cause's own."""
    silent = [entry.where for entry in ALL if entry.table["weight"] >= 0.9 and not entry.table.get("meaning")]
    assert len(silent) <= 0.02 * len(ALL), silent


def test_sentences_are_sentences() -> None:
    wrong = []
    for entry in ALL:
        for key in ("meaning", "fix"):
            text = entry.table.get(key, "Fine.")
            if not text.endswith((".", ")")) or text != text.strip() or "  " in text:
                wrong.append(f"{entry.where} {key}")
    assert wrong == []


_ADDRESS = re.compile(r"(?<![\d.#])(\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3})(?![\d.]*\d)")
_DOCUMENTATION = ("192.0.2.", "198.51.100.", "203.0.113.")  # RFC 5737
_VERSION_OR_CODE = ("4.16.55.1", "127.255.255.", "0.0.0.0")


def test_examples_hold_no_real_address() -> None:
    real = []
    for entry in ALL:
        found = _ADDRESS.findall(entry.table["example"] + " " + entry.table.get("counterexample", ""))
        real += [f"{entry.where} {one}" for one in found if not one.startswith((*_DOCUMENTATION, *_VERSION_OR_CODE))]
    assert real == []


# --- what is known must be read

ROWS = list(csv.DictReader(KNOWN.read_text(encoding="utf-8").splitlines())) if KNOWN.exists() else []
beside = pytest.mark.skipif(not ROWS, reason="the collected facts are not beside this checkout")


def _files(server: str) -> list[str]:
    return FILES_OF.get(server, server.lower()).split()


@beside
def test_every_known_server_has_its_file() -> None:
    assert len({row["provider"] for row in ROWS}) > 50
    assert set() == {row["provider"] for row in ROWS if not set(_files(row["provider"])) <= set(OF_PROVIDERS)}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row['provider']}: {row['key_phrase_regex'][:40]}")
def test_every_known_text_is_read_right(row: dict[str, str]) -> None:
    """Some text of ours holds the known words, and is read as the facts read it."""
    words = re.compile(row["key_phrase_regex"], re.IGNORECASE)
    examples = [entry.table["example"] for stem in _files(row["provider"]) for entry in OF_PROVIDERS[stem]]
    read = {example: explain_text(example, facts=FACTS).cause for example in examples if words.search(example)}
    assert row["cause"] in read.values()
