"""An expression is left alone only where it cannot match: the words that it needs are never more than it needs."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from probe.catalog import catalog
from probe.replies import signatures
from probe.replies.literals import ways
from probe.replies.parsing import parse
from probe.replies.signatures import Book, Rule
from probe.replies.texts import Text, prepare
from probe.rows import Outline

FACTS = catalog()


@pytest.mark.parametrize(
    ("pattern", "words"),
    [
        (r"blocked using", ("blocked using",)),
        (r"\bspf\b", ("spf",)),
        (r"(?:mail|post)box full", ("box full",)),
        (r"(?:no such|unknown) \w+", ("no such", "unknown")),
        (r"colou?r", ("colo",)),
        (r"abc+d", ("abc",)),
        (r"abc{0,2}d", ()),
        (r"x{0,3}long", ("long",)),
        (r"(?P<words>virus)|worm", ("virus", "worm")),
        (r"(?=ahead)\d{3}", ()),
        (r"ab|cde", ()),
        (r"[a-z]{5}", ()),
        (r"[^]x]long[\]y]", ("long",)),
        (r"(?:optional)?", ()),
        (r"(?:twice ){2}", ("twice ",)),
        (r"aa\.bbb\.c", ("aa.bbb.c",)),
        (r"a\.b?c+", ()),
        (r"容量|満杯", ("容量", "満杯")),
    ],
)
def test_words_of_the_most_telling_clauses(pattern: str, words: tuple[str, ...]) -> None:
    assert words == tuple(sorted({word.text for way in ways(pattern) for word in way[0]}))


def test_ways_are_told_apart_where_one_needs_several_words() -> None:
    assert [["mailbox ", "full"], ["over quota"]] == [
        [word.text for clause in way for word in clause] for way in ways(r"(?:mailbox .{0,9}full|over quota)")
    ]


@pytest.mark.parametrize(
    ("pattern", "ahead"),
    [(r"\bfull", 0), (r".{0,9}full", 9), (r"(?:a|bcd)?full", 3), (r"\s*full", 1 << 20), (r"(?<!not )full", 0)],
)
def test_how_far_ahead_of_a_word_a_match_begins(pattern: str, ahead: int) -> None:
    assert ahead == ways(pattern)[0][0][0].ahead


def _rule(id_: str, pattern: str) -> Rule:
    return Rule(id_, "x", pattern, lambda id_: Outline(id_, "x", pattern, "policy", 0.5))


def _agree(book: Book, text: Text) -> None:
    """What is found one by one, through the index, and by running every expression is the same."""
    fitting = [rule for rule in book.rules if rule.fits(None, None, None)]
    expected = {rule.id: hit.begin for rule in fitting if (hit := rule.search(text))}
    for book.read in (0, 1000):
        assert expected == {hit.rule.id: hit.begin for hit in book.search(text, None, None, None)}
    assert expected.keys() <= {rule.id for rule in book.rules if rule.may_speak(text.full)}


@pytest.mark.parametrize("signature", FACTS.signatures, ids=lambda each: each.id)
def test_no_signature_is_passed_over(signature: object) -> None:
    example = signature.example  # type: ignore[attr-defined]
    _agree(signatures.book(FACTS), prepare(" ".join(parse(example).lines)))


PIECE = st.recursive(
    st.sampled_from(
        ["mail", "full ", "box", "no ", "b", r"\b", r"\.", r"\d", ".", "[a-f]", "[^x]", "user", "容量", "_", "@", "^"]
    ),
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=4).map("".join),
        st.lists(inner, min_size=2, max_size=3).map(lambda several: f"(?:{'|'.join(several)})"),
        inner.map(lambda one: f"(?P<words>{one})" if "words" not in one else one),
        st.tuples(inner, st.sampled_from(["?", "{0,3}", "{2}", "{1,2}", "+", "*"])).map(
            lambda two: f"(?:{two[0]}){two[1]}"
        ),
        inner.map(lambda one: f"(?!{one})" if "words" not in one else one),
    ),
    max_leaves=9,
)
TEXT = st.lists(
    st.sampled_from(["mail", "full ", "box", "no ", "b", ".", "7", "user", "容量", " ", "abc", "_", "@"]), max_size=12
).map("".join)


@given(st.lists(PIECE, min_size=1, max_size=3, unique=True), st.lists(TEXT, min_size=1, max_size=3))
@settings(max_examples=400, deadline=None)
def test_no_expression_is_passed_over(patterns: list[str], texts: list[str]) -> None:
    usable = []
    for pattern in patterns:
        try:
            re.compile(pattern)
        except re.error:
            continue
        usable += [pattern] if ways(pattern) else []
    book = Book(_rule(f"one-{place}", pattern) for place, pattern in enumerate(usable))
    for text in texts:
        _agree(book, Text(text, text, text))


def test_every_signature_needs_a_word() -> None:
    assert [] == [id_ for id_, (_, pattern) in FACTS.patterns.items() if pattern and not ways(pattern)]


def test_outlines_say_what_the_signatures_say() -> None:
    assert [
        (row.id, row.provider, row.pattern, row.cause, row.weight, row.codes, row.enhanced, row.stages)
        for row in FACTS.signatures
    ] == [tuple(FACTS.outline(id_)) for id_ in FACTS.patterns]
    assert [(row.provider, row.pattern) for row in FACTS.signatures] == list(FACTS.patterns.values())
