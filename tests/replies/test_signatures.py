"""Each signature does what it says, and none can be made slow."""

from re import _constants, _parser  # type: ignore[attr-defined]
from typing import Any

import pytest

from probe.catalog import Catalog, catalog
from probe.replies import signatures
from probe.replies.explanation import explain_text
from probe.replies.signatures import NOBODY
from probe.replies.texts import prepare
from probe.rows import Signature

FACTS = catalog()
ALL = FACTS.signatures
IDS = [signature.id for signature in ALL]


@pytest.mark.parametrize("signature", ALL, ids=IDS)
def test_example_gives_its_cause(signature: Signature) -> None:
    explanation = explain_text(signature.example, facts=FACTS)
    if signature.weight == 0:
        assert signature.provider == explanation.provider
    else:
        assert signature.cause == explanation.cause


@pytest.mark.parametrize("signature", [each for each in ALL if each.pattern], ids=lambda each: each.id)
def test_example_is_matched_and_counterexample_is_not(signature: Signature) -> None:
    assert signature.id in _heard(signature.example)
    if signature.counterexample:
        assert signature.id not in _heard(signature.counterexample)


def _heard(text: str) -> set[str]:
    from probe.replies import enhanced
    from probe.replies.parsing import parse

    reply = parse(text)
    said = " ".join(enhanced.split(line)[1] for line in reply.lines)
    hits = signatures.book(FACTS).search(prepare(said), reply.code, reply.enhanced, reply.stage)
    return {hit.rule.id for hit in hits}


def test_ids_are_unique() -> None:
    assert sorted(set(IDS)) == sorted(IDS)


def test_every_cause_is_known_and_reachable() -> None:
    assert set() == {signature.cause for signature in ALL} - set(FACTS.causes)
    assert set() == set(FACTS.causes) - {signature.cause for signature in ALL}


def test_weights_are_between_nothing_and_certain() -> None:
    assert [signature.id for signature in ALL if not 0 <= signature.weight < 1] == []


def test_every_signature_has_a_source() -> None:
    assert [signature.id for signature in ALL if not signature.source] == []


def test_provider_texts_outweigh_common_wordings() -> None:
    reply = explain_text(
        "550 5.4.1 Recipient address rejected: Access denied. [x.prod.protection.outlook.com]", facts=FACTS
    )
    assert (reply.cause, reply.provider) == ("user-unknown", "microsoft")


def test_names_are_no_evidence() -> None:
    text = prepare("Mail from spam.example.com and <virus@shop.example>, see https://x.example/spam")
    assert len(text.original) == len(text.full) == len(text.bare)
    assert "spam" not in text.bare
    assert "virus" not in text.full


def test_sentences_without_a_space_are_evidence() -> None:
    assert "full.please" in prepare("Mailbox full.Please wait").bare


def test_letters_that_grow_in_lower_case_keep_their_place() -> None:
    text = prepare("İİ Mailbox full")
    assert len(text.original) == len(text.full) == len(text.bare)


@pytest.mark.parametrize("signature", [each for each in ALL if each.pattern], ids=lambda each: each.id)
def test_pattern_cannot_run_away(signature: Signature) -> None:
    assert _runaway(_parser.parse(signature.pattern)) == []


def test_runaway_patterns_are_noticed() -> None:
    assert _runaway(_parser.parse(r"(?:a+)+b")) != []
    assert _runaway(_parser.parse(r"(?:a|b{1,60}){1,60}c")) != []
    assert _runaway(_parser.parse(r"x.*y")) != []
    assert _runaway(_parser.parse(r"a.{0,80}b")) == []


def _runaway(tree: Any, around: int = 1) -> list[str]:
    """Repeats without a bound, and repeats inside repeats whose bounds multiply beyond a short text."""
    found = []
    for kind, value in tree:
        if kind in (_constants.MAX_REPEAT, _constants.MIN_REPEAT):
            _, most, body = value
            if most == _constants.MAXREPEAT:
                # One character class may repeat without end: texts are cut, so the search stays within bounds.
                if around > 1 or len(body) != 1 or body[0][0] not in (_constants.IN, _constants.LITERAL):
                    found.append(f"without a bound: {body}")
            elif around * most > 400 and around > 1:
                found.append(f"{around} times {most}")
            found += _runaway(body, around * (1 if most == _constants.MAXREPEAT else max(1, most)))
        elif kind == _constants.SUBPATTERN:
            found += _runaway(value[3], around)
        elif kind == _constants.BRANCH:
            for branch in value[1]:
                found += _runaway(branch, around)
        elif kind in (_constants.ASSERT, _constants.ASSERT_NOT):
            found += _runaway(value[1], around)
    return found


def test_only_providers_are_named_as_providers() -> None:
    assert set() == NOBODY & {explain_text(signature.example, facts=FACTS).provider for signature in ALL}


def test_book_is_made_once() -> None:
    assert signatures.book(FACTS) is signatures.book(FACTS)
    assert signatures.book(FACTS) is not signatures.book(Catalog())
