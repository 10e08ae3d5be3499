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
        ('{"text": ["550 no"]}', "text is no string"),
        ('{"text": 5}', "text is no string"),
        ('{"text": "550 no", "code": 5.5}', "code is no number"),
        ('{"code": "abc"}', "code 'abc' is not three digits"),
        ("{bad json", "the line begins like a JSON object and is none"),
        ("\xff\udcfe", "'\xff\\xfe' is no reply code"),
        ('{"text": "550 no", "stage": true}', "stage is no string"),
        ('{"host": "mx.example.org"}', "the object has no text"),
        ("{}", "the object has no text"),
    ],
)
def test_a_line_that_says_nothing(line: str, says: str) -> None:
    explanation, error = answer(line, facts=FACTS)
    assert error is not None and says in error
    assert (None, "unknown") == (explanation.code, explanation.cause)


def test_an_object_that_was_cut_is_told_even_where_a_reply_stands_in_it() -> None:
    explanation, error = answer('{"text": "550 5.1.1 User unknown", "co', facts=FACTS)
    assert ("user-unknown", "the line begins like a JSON object and is none") == (explanation.cause, error)


def test_stage_and_command_take_part() -> None:
    def allowed(**told: str) -> bool | None:
        return answer(json.dumps({"text": "354 go on", **told}), facts=FACTS)[0].allowed_here

    assert [None, True, False] == [allowed(), allowed(command="DATA"), allowed(command="RCPT TO:<a@b.test>")]
    assert allowed(stage="greeting") is False


@pytest.mark.parametrize(
    ("told", "code", "enhanced", "says"),
    [
        ({"text": "550 no", "enhanced": "x"}, 550, None, "enhanced 'x' is not an enhanced code such as 5.1.1"),
        ({"text": "no", "code": "abc"}, None, None, "code 'abc' is not three digits from 200 to 599"),
        ({"text": "no", "code": 9999}, None, None, "code '9999' is not three digits from 200 to 599"),
        ({"text": "no", "code": "199"}, None, None, "code '199' is not three digits from 200 to 599"),
        ({"text": "no", "code": -5}, None, None, "code '-5' is not three digits from 200 to 599"),
        ({"text": "451 x", "code": 550}, 451, None, "code is 550, and the text says 451: the text counts"),
        ({"text": "451 x", "code": "451"}, 451, None, None),
        ({"text": "550 5.1.1 x", "enhanced": "5.2.2"}, 550, "5.1.1", "enhanced is 5.2.2, and the text says 5.1.1"),
        ({"text": "x", "enhanced": "5.1.1"}, None, "5.1.1", None),
        ({"text": "550 no", "stage": "dinner"}, 550, None, "stage 'dinner' is not known"),
        ({"text": "550 no", "code": "\x1b[2J"}, 550, None, "code '\\x1b[2J' is not three digits from 200 to 599"),
    ],
)
def test_what_is_not_believed_is_told(
    told: dict[str, object], code: int | None, enhanced: str | None, says: str | None
) -> None:
    explanation, error = answer(json.dumps(told), facts=FACTS)
    assert (code, enhanced) == (explanation.code, explanation.enhanced)
    assert error is None if says is None else error is not None and says in error


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
