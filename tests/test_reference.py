"""The reference under data/: every code, pair and digit is there, says what it must, and cites something that exists.

The codes stand here once more as literals, so that a row lost from a file is noticed without any other file.
"""

from __future__ import annotations

import csv
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from probe.catalog import Catalog, data_folder
from probe.rows import Code

FACTS = Path(__file__).resolve().parents[1] / "../shared/facts"
DATA = data_folder()
ENGLISH = Catalog("en")

CODES = set(
    """200 211 214 220 221 235 250 251 252 253 334 354 355
    421 422 430 432 435 441 442 450 451 452 453 454 455 458 459
    500 501 502 503 504 521 523 524 525 530 533 534 535 538 540 541
    550 551 552 553 554 555 556 557 570 571""".split()
)
# IANA's registry by subject: X.0.0, X.1.0 to X.1.10 and so on.
HIGHEST = {0: 0, 1: 10, 2: 4, 3: 6, 4: 7, 5: 6, 6: 10, 7: 30}
IANA = {f"X.{subject}.{detail}" for subject, last in HIGHEST.items() for detail in range(last + 1)}
TOKENS = set(
    """greeting EHLO HELO LHLO MAIL RCPT DATA dot RSET VRFY EXPN HELP NOOP QUIT STARTTLS AUTH BDAT ETRN ATRN BURL
    any""".split()
)


def rows(name: str, lang: str = "") -> dict[str, dict[str, Any]]:
    """The tables of a file as they are written, ``class.2`` and the like for those of classes.toml."""
    table = tomllib.loads((DATA / lang / name).read_text(encoding="utf-8"))
    if name == "classes.toml":
        return {f"{kind}.{digit}": row for kind, digits in table.items() for digit, row in digits.items()}
    return table


def sentences() -> Iterator[tuple[str, str]]:
    """Every English text that is made of sentences, with the place where it stands."""
    for name in ("codes.toml", "pairs.toml", "classes.toml", "enhanced.toml"):
        for key, row in rows(name).items():
            for field in ("meaning", "when", "remedy", "difference", "which", "both"):
                if field in row:
                    yield f"{name} [{key}] {field}", row[field]


def facts(name: str) -> list[dict[str, str]]:
    """A table of the shared facts, which only the workshop has."""
    path = FACTS / name
    if not path.exists():
        pytest.skip(f"the shared facts are not beside this checkout: {name}")
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def normalised(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", " ", text.lower()).strip()


def said(code: Code) -> str:
    return f"{code.meaning} {code.when} {code.remedy}"


# --- completeness


def test_every_basic_code_is_there_and_no_other() -> None:
    assert set(ENGLISH.codes) == CODES


def test_the_whole_registry_of_enhanced_codes_is_there_and_nothing_else_is_called_registered() -> None:
    assert {code for code, row in ENGLISH.enhanced.items() if row.kind == "iana"} == IANA


def test_every_digit_has_its_words() -> None:
    assert list(ENGLISH.classes) == ["2", "3", "4", "5"]
    assert list(ENGLISH.categories) == ["0", "1", "2", "3", "4", "5"]
    assert list(ENGLISH.subjects) == ["0", "1", "2", "3", "4", "5", "6", "7"]


def test_the_classes_have_the_names_of_rfc_5321() -> None:
    assert [digit.name for digit in ENGLISH.classes.values()] == [
        "Positive Completion",
        "Positive Intermediate",
        "Transient Negative Completion",
        "Permanent Negative Completion",
    ]
    assert [digit.retry for digit in ENGLISH.classes.values()] == ["none", "none", "later", "never"]


def test_the_basic_codes_are_those_of_the_shared_facts() -> None:
    assert {row["code"] for row in facts("basic.csv")} == CODES


def test_the_registry_and_its_basic_codes_are_those_of_the_shared_facts() -> None:
    registry = [row for row in facts("enhanced.csv") if row["kind"] == "iana"]
    assert {row["code"] for row in registry} == IANA
    expected = {row["code"]: re.findall(r"\b\d{3}\b", row["basic_codes"]) for row in registry}
    assert {code: list(row.basic) for code, row in ENGLISH.enhanced.items() if row.kind == "iana"} == expected


def test_every_vendor_code_of_the_shared_facts_is_there() -> None:
    written = [row["code"] for row in facts("enhanced.csv") if row["kind"] == "vendor"]
    first_numbers = {re.sub(r"-\d+$|xxx$", "", code) for group in written for code in group.split(" / ")}
    ours = {code for code, row in ENGLISH.enhanced.items() if row.kind == "vendor"}
    assert {code for code in first_numbers if code not in ours and f"{code}0" not in ours} == set()


def test_every_pair_of_the_shared_facts_is_there() -> None:
    assert {"/".join(sorted((row["a"], row["b"]))) for row in facts("code_pairs.csv")} <= set(ENGLISH.pairs)


# --- form


def test_every_text_is_made_of_whole_sentences() -> None:
    assert [place for place, text in sentences() if not re.match(r"[A-Z0-9].*\.$", text)] == []


def test_every_code_has_a_name_that_can_stand_as_a_heading() -> None:
    wrong = [code for code, row in ENGLISH.codes.items() if not re.match(r"[A-Z].{4,50}[^.]$", row.name)]
    assert wrong == []


@pytest.mark.parametrize("code", sorted(CODES))
def test_a_code_says_where_it_belongs(code: str) -> None:
    row = ENGLISH.codes[code]
    assert row.kind in ("standard", "registry", "vendor")
    assert row.retry == ("never" if code[0] == "5" else "later" if code[0] == "4" and code != "453" else "none")
    assert set(row.commands) | set(row.seen) <= TOKENS
    assert set(row.commands) & set(row.seen) == set()
    assert bool(row.commands) == (row.kind == "standard")
    assert row.source.startswith("https://")
    assert [status for status in row.enhanced if status[0] != code[0]] == []
    assert [s for s in row.enhanced if s not in ENGLISH.enhanced and f"X{s[1:]}" not in ENGLISH.enhanced] == []


def test_enhanced_codes_name_basic_codes_of_the_list_and_a_page() -> None:
    for code, row in ENGLISH.enhanced.items():
        assert row.title, code
        assert row.kind in ("iana", "vendor"), code
        assert re.fullmatch(r"(X|[245])\.\d{1,3}\.\d{1,3}", code), code
        assert code.startswith("X") == (row.kind == "iana"), code
        assert set(row.basic) <= CODES, code
        assert row.source.startswith("https://"), code


def test_pairs_join_two_known_codes_in_ascending_order() -> None:
    for pair in ENGLISH.pairs:
        a, b = pair.split("/")
        assert a < b, pair
        assert {a, b} <= CODES, pair
    assert list(ENGLISH.pairs) == sorted(ENGLISH.pairs)


def test_a_pair_speaks_of_both_its_codes() -> None:
    for pair, row in ENGLISH.pairs.items():
        text = f"{row.difference} {row.which} {row.both}"
        assert [code for code in pair.split("/") if code not in text] == [], pair


# --- what a standard allows


def test_the_commands_of_each_code_are_those_of_the_shared_facts() -> None:
    """The facts have one row for DATA; RFC 5321 section 4.3.2 tells the reply to the verb from that to the text."""
    at_the_verb, at_the_text = {"354", "451", "503", "554"}, {"250", "450", "451", "452", "550", "552", "554"}
    expected: dict[str, set[str]] = {}
    for row in facts("command_replies.csv"):
        for command in row["command"].replace("connection", "greeting").split("/"):
            columns = [row[name] for name in ("success", "intermediate", "reserved", "error", "any_command_also")]
            for code in re.findall(r"(?<![.\d])\d{3}(?![.\d])", " ".join(columns)):
                if command != "DATA" or code in at_the_verb or code in ("500", "501"):
                    expected.setdefault(code, set()).add(command)
                if command == "DATA" and code in at_the_text:
                    expected.setdefault(code, set()).add("dot")
    expected["421"] = {"any"}
    # RFC 4954 section 6 and RFC 3207 section 4 allow 530 to all commands but a few; RFC 1845 has a reply of its own.
    expected["530"] = TOKENS - {"greeting", "dot", "any", "EHLO", "LHLO", "NOOP", "QUIT"}
    expected["355"] = {"MAIL"}
    standard = {code: set(row.commands) for code, row in ENGLISH.codes.items() if row.commands}
    assert standard == expected


def test_help_may_be_answered_in_four_ways() -> None:
    """RFC 5321 section 4.3.2; 421, 500, 501 and 530 may answer any command and are no answers to HELP."""
    general = {"421", "500", "501", "530"}
    assert {code for code, row in ENGLISH.codes.items() if "HELP" in row.commands} - general == {
        "211",
        "214",
        "502",
        "504",
    }


def test_554_is_allowed_as_the_greeting_and_at_data_and_is_seen_elsewhere() -> None:
    row = ENGLISH.codes["554"]
    assert {"greeting", "DATA", "dot"} <= set(row.commands)
    assert {"EHLO", "MAIL", "RCPT"} <= set(row.seen)


# --- what must be said


def test_554_says_when_it_comes_and_how_to_get_out() -> None:
    row = ENGLISH.codes["554"]
    assert row.name == "Transaction failed"
    for place in ("greeting", "MAIL", "RCPT", "DATA", "after the dot"):
        assert place in row.when
    for step in ("Read the full text", "blocklists", "SPF", "DKIM", "DMARC", "ask the list for delisting"):
        assert step in row.remedy


def test_214_says_that_nothing_needs_fixing_and_what_the_page_is_good_for() -> None:
    row = ENGLISH.codes["214"]
    assert row.name == "Help message"
    assert row.remedy.startswith("Nothing needs fixing.")
    for word in ("human reader", "no sign that mail will be accepted", "verbs", "EHLO"):
        assert word in said(row)


def test_504_points_to_the_ehlo_reply() -> None:
    row = ENGLISH.codes["504"]
    assert row.name == "Command parameter not implemented"
    for word in ("EHLO reply", "extensions", "AUTH", "mechanisms"):
        assert word in row.remedy


def test_214_against_554_tells_a_living_session_from_accepted_mail() -> None:
    pair = ENGLISH.pairs["214/554"]
    assert "session is alive" in pair.difference
    for place in ("greeting", "RCPT", "DATA"):
        assert place in pair.which
    assert "still refuse" in pair.both


def test_a_success_needs_no_fixing() -> None:
    for code, row in ENGLISH.codes.items():
        if code[0] in "23":
            assert "othing needs fixing" in row.remedy, code


# --- what is cited


def test_every_reference_names_something_in_the_list() -> None:
    cited = [
        (f"{name} [{key}]", each)
        for name in ("codes.toml", "pairs.toml", "classes.toml", "enhanced.toml")
        for key, row in rows(name).items()
        for each in row["reference"].split("; ")
    ]
    unknown = [
        (place, each) for place, each in cited if re.sub(r" section [\d.]+$", "", each) not in ENGLISH.references
    ]
    assert unknown == []


def test_every_rfc_in_a_text_is_in_the_list() -> None:
    named = {f"RFC {number}" for _, text in sentences() for number in re.findall(r"RFC (\d+)", text)}
    assert named - set(ENGLISH.references) == set()


def test_every_rfc_of_the_shared_facts_and_designs_is_in_the_list() -> None:
    if not FACTS.exists():
        pytest.skip("the shared facts are not beside this checkout")
    papers = [*FACTS.glob("*.csv"), *(FACTS / "../design").glob("*.md")]
    named = {
        f"RFC {number}" for paper in papers for number in re.findall(r"RFC ?(\d+)", paper.read_text(encoding="utf-8"))
    }
    assert len(named) > 30
    assert named - set(ENGLISH.references) == set()


def test_a_reference_leads_to_its_page_and_to_its_successor() -> None:
    for name, row in ENGLISH.references.items():
        assert row.title and not row.title.endswith("."), name
        assert row.status in ("current", "experimental", "informational", "historic", "obsoleted", "draft", "page"), (
            name
        )
        assert 1980 < row.year < 2030, name
        assert (row.status == "obsoleted") == bool(row.obsoleted_by), name
        assert set(row.obsoleted_by) <= set(ENGLISH.references), name
        if name.startswith("RFC "):
            assert row.url == f"https://www.rfc-editor.org/rfc/rfc{name[4:]}"
        else:
            assert row.url.startswith("https://"), name


def test_no_code_rests_on_an_obsolete_standard() -> None:
    cited = {
        re.sub(r" section [\d.]+$", "", each)
        for name in ("codes.toml", "enhanced.toml", "pairs.toml", "classes.toml")
        for row in rows(name).values()
        for each in row["reference"].split("; ")
    }
    assert {name for name in cited if ENGLISH.references[name].status == "obsoleted"} == set()


def test_dmarc_is_rfc_9989() -> None:
    assert ENGLISH.references["RFC 9989"].status == "current"
    assert ENGLISH.references["RFC 7489"].obsoleted_by == ("RFC 9989", "RFC 9990", "RFC 9991")
    assert ENGLISH.references["RFC 9091"].obsoleted_by == ("RFC 9989",)


# --- our own words


def test_no_sentence_is_taken_from_the_shared_facts() -> None:
    theirs: set[str] = set()
    for name in ("basic.csv", "enhanced.csv", "code_pairs.csv"):
        for row in facts(name):
            for column in ("meaning", "next_step", "difference"):
                text = row.get(column) or ""
                theirs |= {normalised(part) for part in (text, *re.split(r"[.;:] ", text))}
    ours = {normalised(part): place for place, text in sentences() for part in (text, *re.split(r"(?<=[.;:]) ", text))}
    assert {ours[text]: text for text in ours.keys() & theirs if len(text) > 25} == {}
