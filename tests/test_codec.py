"""Model to JSON and back, and the schema that every document keeps."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import types
import unicodedata
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import jsonschema  # type: ignore[import-untyped]
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from probe import explain
from probe.codec import dumps, from_json, schema, to_json
from probe.embedded.behaviour import Behaviour
from probe.embedded.smtp import SmtpServer
from probe.errors import UsageError
from probe.model import SCHEMA, Comparison, Endpoint, Exchange, Explanation, Reply, Report, Session, Target, Tool
from probe.reference import compare
from probe.run import check
from probe.text import show

HOSTILE = st.text(st.characters(exclude_categories=()), max_size=12)
CLEAN = HOSTILE.map(show)
# Times are kept to the microsecond.
FLOATS = st.integers(-(10**9), 10**9).map(lambda number: number / 1000)
QUIET = settings(deadline=None, max_examples=25, suppress_health_check=list(HealthCheck))


def values(kind: Any, text: st.SearchStrategy[str]) -> st.SearchStrategy[Any]:
    """Values of any type that the model uses."""
    origin, arguments = get_origin(kind), get_args(kind)
    if kind is Any:
        leaves = st.none() | st.booleans() | st.integers(-(2**40), 2**40) | FLOATS | text
        return leaves | st.lists(leaves, max_size=2) | st.dictionaries(text, leaves, max_size=2)
    if origin in (Union, types.UnionType):
        return st.one_of(*(values(one, text) for one in arguments))
    if origin is Literal:
        return st.sampled_from(arguments)
    if origin is tuple:
        return st.lists(values(arguments[0], text), max_size=2).map(tuple)
    if origin is Mapping:
        return st.dictionaries(text, values(arguments[1], text), max_size=2)
    if dataclasses.is_dataclass(kind) and isinstance(kind, type):
        return nouns(kind, text)
    plain: dict[Any, st.SearchStrategy[Any]] = {
        str: text,
        int: st.integers(-(2**40), 2**40),
        float: FLOATS,
        bool: st.booleans(),
        bytes: st.binary(max_size=12),
        type(None): st.none(),
    }
    return plain[kind]


@cache
def nouns(kind: type, text: st.SearchStrategy[str]) -> st.SearchStrategy[Any]:
    hints = get_type_hints(kind)
    return st.builds(kind, **{field.name: values(hints[field.name], text) for field in dataclasses.fields(kind)})


@cache
def validator(kind: type) -> jsonschema.Draft202012Validator:
    document = schema(kind)
    jsonschema.Draft202012Validator.check_schema(document)
    return jsonschema.Draft202012Validator(document)


def small_report(**changes: Any) -> dict[str, Any]:
    """A report as a document, with one session of one exchange."""
    reply = Reply(220, None, ("mx.test ESMTP",), (220,), b"220 mx.test ESMTP\r\n", (1.0,))
    session = Session(
        Endpoint("mx.test", "192.0.2.1", 25),
        "ok",
        "quit",
        2.0,
        exchanges=(Exchange("banner", None, False, 0, 1, reply),),
    )
    target = Target("mx.test:25", "host", "mx.test", 25)
    report = Report(SCHEMA, Tool("smtp-probe", "0"), target, "2026-11-22T09:30:00Z", 2.0, sessions=(session,))
    document: dict[str, Any] = to_json(report)
    for path, value in changes.items():
        place: Any = document
        *way, last = path.split("__")
        for step in way:
            place = place[int(step) if step.isdigit() else step]
        if value is KeyError:
            del place[last]
        else:
            place[last] = value
    return document


@given(nouns(Report, CLEAN))
@QUIET
def test_any_report_comes_back_as_it_was(report: Report) -> None:
    assert from_json(Report, json.loads(dumps(report))) == report


@given(nouns(Explanation, CLEAN) | nouns(Comparison, CLEAN))
@QUIET
def test_any_explanation_comes_back_as_it_was(noun: Explanation | Comparison) -> None:
    assert from_json(type(noun), json.loads(dumps(noun, indent=None))) == noun


@given(nouns(Report, HOSTILE))
@QUIET
def test_hostile_text_leaves_no_control_octet_and_keeps_the_schema(report: Report) -> None:
    text = dumps(report, indent=None)
    assert [character for character in text if unicodedata.category(character) in ("Cc", "Cf", "Cs", "Zl", "Zp")] == []
    document = json.loads(text)
    validator(Report).validate(document)
    texts = list(strings(document))
    assert [one for one in texts if one != "\n".join(map(show, one.split("\n")))] == []


def strings(document: Any) -> list[str]:
    if isinstance(document, str):
        return [document]
    if isinstance(document, dict):
        return [*document, *(text for value in document.values() for text in strings(value))]
    return [text for item in document for text in strings(item)] if isinstance(document, list) else []


@pytest.mark.parametrize(
    "behaviour",
    [
        Behaviour(starttls=True),
        Behaviour(greeting="554 5.7.1 Client host [203.0.113.7] blocked using dnsbl.test; \x1b]0;owned\x07\u202e"),
        Behaviour(greeting="HTTP/1.1 400 Bad Request"),
        Behaviour(extensions=("SIZE \x1b[2J", "AUTH PLAIN")),
    ],
    ids=["healthy", "hostile refusal", "not smtp", "hostile offer"],
)
def test_a_report_of_a_real_run_keeps_the_schema_and_comes_back(behaviour: Behaviour) -> None:
    async def run() -> Report:
        async with SmtpServer(behaviour) as server:
            return await check(server.endpoint)

    report = asyncio.run(run())
    text = dumps(report, indent=None)
    assert text.isprintable()
    document = json.loads(text)
    validator(Report).validate(document)
    assert document["sessions"][0]["endpoint"]["address"] == "127.0.0.1"
    assert to_json(from_json(Report, document)) == document


def test_explanations_and_comparisons_keep_their_schemas() -> None:
    validator(Explanation).validate(json.loads(dumps(explain("554 5.7.1 Service unavailable"))))
    validator(Comparison).validate(json.loads(dumps(compare("214", "554"))))


def test_the_schema_holds_what_it_says() -> None:
    document = schema(Report)
    assert document["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert {"Report", "Session", "Exchange", "Reply", "Finding"} <= set(document["$defs"])
    assert "cert_problem" in document["$defs"]["Session"]["properties"]["outcome"]["enum"]
    good = small_report()
    validator(Report).validate(good)
    for broken in (
        small_report(target__port="25"),
        small_report(target__kind="planet"),
        small_report(sessions__0__outcome="fine"),
        small_report(sessions=None),
        small_report(tool=KeyError),
    ):
        assert not validator(Report).is_valid(broken)


def test_a_reader_minds_no_further_field() -> None:
    document = small_report(weather="fine", target__mood="good")
    validator(Report).validate(document)
    assert from_json(Report, document) == from_json(Report, small_report())


def exchange(**changes: Any) -> dict[str, Any]:
    return small_report(**{f"sessions__0__exchanges__0__{path}": value for path, value in changes.items()})


HERE = "Report.sessions[0].exchanges[0]"


@pytest.mark.parametrize(
    ("document", "says"),
    [
        (None, "Report: an object is wanted here"),
        ([], "Report: an object is wanted here"),
        (small_report(tool=KeyError), "Report: a field is missing"),
        (small_report(target__port=KeyError), "Report.target: a field is missing"),
        (small_report(target__port="25"), "Report.target.port: int is wanted here"),
        (small_report(target__port=True), "Report.target.port: int is wanted here"),
        (small_report(target__port=25.5), "Report.target.port: int is wanted here"),
        (small_report(target__host=None), "Report.target.host: str is wanted here"),
        (small_report(target__kind="\x1b[31m"), "Report.target.kind: \\x1b[31m is none of domain, host"),
        (small_report(target__kind=["host"]), "Report.target.kind: ['host'] is none of domain, host"),
        (small_report(elapsed_ms="1"), "Report.elapsed_ms: float is wanted here"),
        (small_report(elapsed_ms=True), "Report.elapsed_ms: float is wanted here"),
        (small_report(elapsed_ms=10**400), "Report.elapsed_ms: "),
        (small_report(elapsed_ms=float("nan")), "Report.elapsed_ms: "),
        (small_report(elapsed_ms=float("inf")), "Report.elapsed_ms: "),
        (small_report(route={}), "Report.route: a list is wanted here"),
        (small_report(route=[1]), "Report.route[0]: an object is wanted here"),
        (small_report(sessions__0__outcome="fine"), "Report.sessions[0].outcome: fine is none of ok, rejected"),
        (small_report(sessions__0__extensions__before_tls=[]), "Report.sessions[0].extensions.before_tls: an object"),
        (small_report(sessions__0__extensions__before_tls={"SIZE": 5}), "Report.sessions[0].extensions.before_tls"),
        (exchange(in_tls="no"), f"{HERE}.in_tls: bool is wanted here"),
        (exchange(reply__codes=[220, "220"]), f"{HERE}.reply.codes[1]: int is wanted here"),
        (exchange(reply__raw="not base64!"), f"{HERE}.reply.raw: this is not base64"),
        (exchange(reply__raw="Grüße"), f"{HERE}.reply.raw: this is not base64"),
    ],
)
def test_another_document_is_refused_with_its_place(document: Any, says: str) -> None:
    with pytest.raises(UsageError) as caught:
        from_json(Report, document)
    assert str(caught.value).startswith(says)
    assert str(caught.value).isprintable()


@pytest.mark.parametrize(
    ("value", "document"),
    [
        (b"\x00\xff", "AP8="),
        (1.23456789, 1.235),
        (("a", ("b",)), ["a", ["b"]]),
        ({"k\x1b": "v\x07"}, {"k\\x1b": "v\\x07"}),
        ({550: None}, {"550": None}),
        ("two\nlines\r", "two\nlines\\r"),
        (True, True),
    ],
)
def test_small_things(value: Any, document: Any) -> None:
    assert to_json(value) == document


def test_one_line_is_one_line() -> None:
    assert "\n" not in dumps({"text": "two\nlines"}, indent=None)
    assert dumps({"name": "größer"}, indent=None) == '{"name": "größer"}'


def test_what_has_no_schema_says_so() -> None:
    odd: Callable[..., Any] = schema
    with pytest.raises(TypeError, match="no schema for"):
        odd(complex)
