"""Code emits ids and facts, data/findings.toml holds the words: each id has words, all words have an emitter, and no
placeholder stays empty."""

from __future__ import annotations

import ast
import datetime
import inspect
import re
import string
from collections.abc import Iterator
from dataclasses import replace
from importlib import import_module
from types import ModuleType
from typing import Any, get_args

import pytest

import probe.checks.structure
import probe.findings
import probe.smtp.reader
import probe.tls.verification
from probe import checks
from probe.catalog import catalog
from probe.checks.spf.lint import WARNINGS
from probe.findings import findings
from probe.model import (
    Answer,
    Certificate,
    CheckResult,
    Client,
    Endpoint,
    Exchange,
    Explanation,
    Extensions,
    Finding,
    Outcome,
    Reply,
    Session,
    Severity,
    Target,
    Tls,
)
from probe.route import Route

FACTS = catalog()
NOW = datetime.datetime(2026, 11, 22, 9, 30, tzinfo=datetime.UTC)
TARGET = Target("mx.test", "domain", "mx.test", 25)
PLACE = Endpoint("mx.test", "192.0.2.1", 25, 10)
OUTCOMES = [outcome for outcome in get_args(Outcome) if outcome != "ok"]


def oddities() -> set[str]:
    """Every key that the reader puts among the oddities of a reply."""
    found = set()
    for node in ast.walk(ast.parse(inspect.getsource(probe.smtp.reader))):
        if isinstance(node, ast.Subscript) and ast.unparse(node.value) == "self._oddities":
            assert isinstance(node.slice, ast.Constant)
            found.add(str(node.slice.value))
    assert len(found) > 5
    return found - {"inconsistent-codes"}  # an outcome of its own


def problems() -> set[str]:
    """Every reason why a certificate does not verify, by its name."""
    return set(probe.tls.verification.PROBLEMS)


def emitters() -> Iterator[tuple[str, set[str]]]:
    """Every id that ``finding()`` or a check's ``emit()`` is called with, and the names of the facts that it gets
    there."""
    sources = [probe.findings, *(checks.check(id_) for id_ in checks.IDS)]
    trees = [(source, ast.parse(inspect.getsource(source))) for source in sources]
    functions = [(source, node) for source, tree in trees for node in ast.walk(tree) if type(node) is ast.FunctionDef]
    for source, function in functions:
        assigned = {
            target.id: node.value
            for node in ast.walk(function)
            if isinstance(node, ast.Assign)
            for target in node.targets
            if isinstance(target, ast.Name)
        }
        # ``id_`` may be set more than once: every value that it gets counts, in the branch where it is used.
        branches = {
            id(call): assign.value
            for block in ast.walk(function)
            for body in (getattr(block, "body", None), getattr(block, "orelse", None))
            if isinstance(body, list)
            for assign in body
            if isinstance(assign, ast.Assign) and ast.unparse(assign.targets[0]) == "id_"
            for after in body[body.index(assign) :]
            for call in ast.walk(after)
            if isinstance(call, ast.Call)
        }
        for call in ast.walk(function):
            if isinstance(call, ast.Call) and ast.unparse(call.func) in ("finding", "emit"):
                first = call.args[0]
                if ast.unparse(first) == "told.id":  # handed on from the check that emitted it
                    continue
                if isinstance(first, ast.Name):
                    first = branches.get(id(call), assigned[first.id])
                keywords = {keyword.arg for keyword in call.keywords if keyword.arg}
                for id_ in ids_in(first, source):
                    yield id_, keywords


def ids_in(node: ast.expr, source: ModuleType) -> list[str]:
    if isinstance(node, ast.Constant):
        return [str(node.value)]
    if isinstance(node, ast.IfExp):
        return [*ids_in(node.body, source), *ids_in(node.orelse, source)]
    if source is not probe.findings and ast.unparse(node) == f"f'{source.ID.replace('_', '-')}-{{problem}}'":
        return [f"{source.ID.replace('_', '-')}-{problem}" for problem in source.PROBLEMS]
    if ast.unparse(node) == "session.outcome":
        return OUTCOMES
    if ast.unparse(node) == "f'certificate-{problem}'":
        return [f"certificate-{problem}" for problem in sorted(problems())]
    if ast.unparse(node) == "f\"spf-{warning['id']}\"":
        return [f"spf-{id_}" for id_ in WARNINGS]
    if ast.unparse(node) == "f'structure-{problem}'":
        return [f"structure-{problem}" for problem in probe.checks.structure.PROBLEMS]
    assert ast.unparse(node) == "f'reply-{oddity}'", f"an id that this test cannot read: {ast.unparse(node)}"
    return [f"reply-{oddity}" for oddity in sorted(oddities())]


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def test_every_id_has_words_and_all_words_have_an_emitter() -> None:
    assert {id_ for id_, _ in emitters()} == set(FACTS.findings)


@pytest.mark.parametrize("id_", sorted(FACTS.findings))
def test_every_placeholder_is_among_the_facts_of_every_emitter(id_: str) -> None:
    for lang in ("en", "ja"):
        text = catalog(lang).findings[id_]
        wanted = placeholders(text.title) | placeholders(text.explanation) | placeholders(text.remedy)
        for emitted, keywords in emitters():
            if emitted == id_:
                assert wanted <= keywords


@pytest.mark.parametrize("id_", sorted(FACTS.findings))
def test_the_words_are_whole(id_: str) -> None:
    text = FACTS.findings[id_]
    assert text.severity in get_args(Severity)
    assert text.title and not text.title.endswith(".")
    assert text.explanation.endswith((".", "{delist}", "{change}", "read."))
    assert text.remedy.endswith((".", "{delist}", "{publish}", "{record}", "{way}"))
    assert text.references
    assert [name for name in text.references if name not in FACTS.references] == []


def test_every_outcome_but_ok_is_an_error() -> None:
    assert [outcome for outcome in OUTCOMES if FACTS.findings[outcome].severity != "error"] == []


# Driving the emitters: what a user would read


def session(**changes: Any) -> Session:
    return replace(Session(PLACE, "ok", "quit", 5.0), **changes)


def reply(code: int, *lines: str, **changes: Any) -> Reply:
    return replace(Reply(code, None, lines or ("",), (code,) * max(1, len(lines)), b""), **changes)


def heard(stage: str, command: str | None, answer: Reply, *, elapsed_ms: float = 1.0, **changes: Any) -> Exchange:
    return replace(Exchange(stage, command, False, 0.0, elapsed_ms, answer), **changes)


def certificate(*problems: str, **changes: Any) -> Tls:
    leaf = Certificate(
        "CN=mx.test", "CN=A CA", ("mx.test",), "2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z", "", "EC 256", "sha256"
    )
    return Tls("TLS 1.3", "x", replace(leaf, **changes), problems=problems)


def checked(check: str, subject: str, result: str, **facts: Any) -> CheckResult:
    return CheckResult(check, subject, result, facts)  # type: ignore[arg-type]


def found(
    *sessions: Session,
    route: Route | None = None,
    results: tuple[CheckResult, ...] = (),
    lang: str = "en",
    **more: Any,
) -> list[Finding]:
    route = route or Route(endpoints=(PLACE,))
    return list(findings(TARGET, route, sessions, results, catalog(lang), now=NOW, **more))


WRONG = Explanation(250, None, "", "", "", "", allowed_here=False)

SCENES: dict[str, list[Finding]] = {
    "interrupted": found(interrupted=True),
    "client-differs": found(client=Client("203.0.113.8", "reply"), client_ip="203.0.113.7"),
    "maybe-implicit-tls": found(session(outcome="timeout", stage="banner", detail="no reply")),
    "maybe-lmtp": found(
        session(
            outcome="rejected", stage="ehlo", detail="x", exchanges=(heard("ehlo", "EHLO x", reply(500, "use LHLO")),)
        )
    ),
    "password-in-clear": found(session(exchanges=(heard("auth", "AUTH PLAIN ***", reply(235)),))),
    "auth-without-secret": found(session(exchanges=(heard("auth", "AUTH ANONYMOUS", reply(235)),))),
    "null-mx": found(route=Route(problem="null-mx")),
    "no-such-domain": found(route=Route(problem="no-such-domain", implicit=True)),
    "no-address": found(route=Route(problem="no-address")),
    "dns-failed": found(
        route=Route(problem="dns-failed", answers=(Answer("mx.test", "MX", "failed", reason="servfail"),))
    ),
    "private-address": found(route=Route(problem="private-address", private=(PLACE,))),
    "mx-private": found(session(), route=Route(endpoints=(PLACE,), private=(PLACE,))),
    "mx-unusable": found(session(), route=Route(endpoints=(PLACE,), unusable=("10 a b",))),
    "implicit-mx": found(session(), route=Route(endpoints=(PLACE,), implicit=True)),
    "port-25-silent": found(session(outcome="timeout", stage="connect", detail="no answer within 10 s")),
    "endpoint-skipped": found(
        session(outcome="unreachable", stage="connect", detail="connection refused"), session(stage="quit")
    ),
    "starttls-not-offered": found(session(extensions=Extensions({"SIZE": ""}))),
    "starttls-inside-tls": found(
        session(
            extensions=Extensions({"STARTTLS": ""}, {"STARTTLS": ""}), exchanges=(heard("starttls", "", reply(220)),)
        )
    ),
    "auth-in-clear": found(session(extensions=Extensions({"AUTH": "PLAIN LOGIN"}))),
    "size-unreadable": found(session(extensions=Extensions({"SIZE": "huge"}))),
    "verbs-not-offered": found(session(extensions=Extensions({"SIZE": ""}), help_verbs=("EHLO", "ETRN"))),
    "verbs-not-in-help": found(session(extensions=Extensions({"STARTTLS": ""}), help_verbs=("EHLO",))),
    "tls-old-version": found(session(tls=replace(certificate(), version="TLS 1.1"))),
    "certificate-expires-soon": found(session(tls=certificate(not_after="2026-11-25T10:00:00Z"))),
    "quit-unanswered": found(
        session(exchanges=(Exchange("quit", "QUIT", False, 0, 1, failure="timeout", detail="no reply within 2 s"),))
    ),
    "reply-cut": found(session(exchanges=(heard("banner", None, reply(554, cut=True)),))),
    "enhanced-class-differs": found(session(exchanges=(heard("rcpt", "RCPT", reply(550, enhanced="4.1.1")),))),
    "code-not-allowed": found(session(exchanges=(heard("mail", "MAIL", reply(250), explanation=WRONG),))),
    "slow-greeting": found(session(exchanges=(heard("banner", None, reply(220), elapsed_ms=6012),))),
    "ehlo-strange-line": found(session(exchanges=(heard("ehlo", "EHLO x", reply(250, "mx.test", "-- hello!")),))),
    "helo-only": found(
        session(exchanges=(heard("ehlo", "EHLO x", reply(502)), heard("ehlo", "HELO x", reply(250, "mx.test"))))
    ),
    "help-refused": found(session(exchanges=(heard("help", "HELP", reply(502)),))),
    "starttls-refused": found(session(exchanges=(heard("starttls", "STARTTLS", reply(454)),))),
    "parameter-not-offered": found(
        results=(checked("extensions", "MAIL", "fail", not_offered=["REQUIRETLS"], offered=["SIZE"]),)
    ),
    **{
        finding: found(results=(result,))
        for id_ in checks.IDS
        for finding, result in import_module(f"tests.checks.test_{id_}").SCENES.items()
    },
    **{
        f"certificate-{problem}": found(session(tls=certificate(problem, names=("other.test",))))
        for problem in sorted(problems())
    },
    **{
        f"reply-{odd}": found(session(exchanges=(heard("rcpt", "RCPT", reply(550, oddities=(odd,))),)))
        for odd in sorted(oddities())
    },
    **{
        outcome: found(session(outcome=outcome, stage="rcpt", detail="rcpt was refused with 550"))
        for outcome in OUTCOMES
    },
}


def test_every_emitter_is_driven() -> None:
    assert set(SCENES) == set(FACTS.findings)


@pytest.mark.parametrize("id_", SCENES)
def test_each_finding_comes_with_its_words_filled_in(id_: str) -> None:
    one = next((one for one in SCENES[id_] if one.id == id_), None)
    assert one is not None, [other.id for other in SCENES[id_]]
    assert one.severity == FACTS.findings[id_].severity
    words = " ".join((one.title, one.explanation, one.remedy))
    assert "?" not in words
    assert "{" not in words
    assert not re.search(r"\bNone\b(?! of)", words)
    # One that begins with a name begins as the name is written.
    template = FACTS.findings[id_].explanation
    assert template.startswith("{") or one.explanation[:1] == one.explanation[:1].upper()
    assert ".." not in words


def test_a_healthy_session_has_no_findings() -> None:
    healthy = session(
        extensions=Extensions({"STARTTLS": "", "SIZE": "1000"}, {"SIZE": "1000"}),
        tls=certificate(),
        exchanges=(
            heard("banner", None, reply(220, "mx.test ESMTP")),
            heard("ehlo", "EHLO x", reply(250, "mx.test", "STARTTLS", "SIZE 1000")),
            heard("starttls", "STARTTLS", reply(220)),
            heard("rcpt", "RCPT TO:<a@mx.test>", reply(250, "2.1.5 Ok", enhanced="2.1.5")),
        ),
    )
    assert found(healthy) == []


def test_errors_come_first_and_the_same_thing_once() -> None:
    odd = heard("banner", None, reply(220, oddities=("bare-lf",)))
    several = found(
        session(
            outcome="rejected",
            stage="rcpt",
            detail="rcpt was refused with 550",
            exchanges=(odd, odd),
            tls=certificate("expired", not_after="2026-11-21T00:00:00Z"),
        )
    )
    assert [(one.severity, one.id) for one in several] == [
        ("error", "rejected"),
        ("warning", "certificate-expired"),
        ("notice", "reply-bare-lf"),
    ]


def test_a_hostile_fact_is_shown_and_never_filled_in_twice() -> None:
    one = next(
        one
        for one in found(session(extensions=Extensions({"AUTH": "\x1b[2J {zone} {0.__class__}"})))
        if one.id == "auth-in-clear"
    )
    assert "(\\x1b[2J {zone} {0.__class__})" in one.explanation


def test_japanese_reports_have_findings_too() -> None:
    assert [one.id for one in found(session(outcome="rejected", stage="rcpt", detail="x"), lang="ja")] == ["rejected"]
