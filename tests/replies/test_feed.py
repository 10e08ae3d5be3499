"""One line, one answer: a reply, a code, an object, or a word of why there is none."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probe.catalog import catalog
from probe.replies.feed import answer

FACTS = catalog()


@pytest.mark.parametrize(
    ("line", "code", "cause"),
    [
        ("550 5.1.1 User unknown", 550, "user-unknown"),
        ("  554\r\n", 554, None),
        ("5.7.1", None, None),
        ("250-first", 250, None),
        ("User unknown", None, "user-unknown"),
        ("{not json} 550 5.1.1 User unknown", 550, "user-unknown"),
        ('{"text":"554"}', 554, None),
        ('{"text": "550 5.1.1 User unknown", "command": null, "stage": ""}', 550, "user-unknown"),
        ('{"text": "User unknown", "code": "550"}', 550, "user-unknown"),
        ('{"code": 552, "enhanced": "5.2.2"}', 552, "mailbox-full"),
    ],
)
def test_a_line_that_says_something(line: str, code: int | None, cause: str | None) -> None:
    explanation, error = answer(line, facts=FACTS)
    assert (code, cause, None) == (explanation.code, explanation.cause, error)


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("", "an empty line"),
        (" \t", "an empty line"),
        ("foo", "'foo' is no reply code"),
        ('{"text": ["550 no"]}', "text is no text"),
        ('{"text": "550 no", "stage": true}', "stage is no text"),
        ('{"host": "mx.example.org"}', "the object has no text"),
        ("{}", "the object has no text"),
    ],
)
def test_a_line_that_says_nothing(line: str, says: str) -> None:
    explanation, error = answer(line, facts=FACTS)
    assert error is not None and says in error
    assert (None, "unknown") == (explanation.code, explanation.cause)


def test_stage_and_command_take_part() -> None:
    def allowed(**told: str) -> bool | None:
        return answer(json.dumps({"text": "354 go on", **told}), facts=FACTS)[0].allowed_here

    assert [None, True, False] == [allowed(), allowed(command="DATA"), allowed(command="RCPT TO:<a@b.test>")]
    assert allowed(stage="greeting") is False


def test_an_enhanced_code_that_is_none_is_not_believed() -> None:
    assert answer('{"text": "550 no", "enhanced": "x"}', facts=FACTS)[0].enhanced is None


@given(st.text(max_size=200))
def test_every_line_has_an_answer(line: str) -> None:
    explanation, error = answer(line, facts=FACTS)
    assert explanation.title
    assert error is None or error.isprintable()


@given(
    st.dictionaries(st.sampled_from(["text", "code", "enhanced", "command", "stage", "x"]), st.text() | st.integers())
)
def test_every_object_has_an_answer(document: dict[str, object]) -> None:
    explanation, error = answer(json.dumps(document), facts=FACTS)
    assert explanation.title
    if not any(document.get(key) not in ("", None) for key in ("text", "code")):
        assert "the object has no text" == error
