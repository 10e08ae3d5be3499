"""data/words.toml and the code that speaks by it: each key that is asked for is there, each that is there is asked for,
and whoever says one gives all that it needs.

The code is read, not run. A key may be a literal, a choice between literals, a name that is given one of them in the
same function, or made of a prefix and an id; then the id must be a word that the code knows.
"""

from __future__ import annotations

import ast
import re
import string
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import pytest

import probe
from probe.catalog import catalog, data_folder
from probe.replies.explanation import explain_text

SOURCES = sorted(Path(probe.__file__).parent.rglob("*.py"))
WORDS = catalog().words

# What stands before the key, by whom it is given to. Where they are defined they pass on what they were given.
PREFIXES = {"case.say": "evidence-", "steps.note": "trace-", "self._steps.note": "trace-"}
DEFINED = {"catalog.py", "steps.py"}


@dataclass(frozen=True)
class Use:
    """One place that asks for words. ``key`` is a regular expression; ``sure`` where it names a key, and not only may
    name one; ``given`` the names of the values, None where they cannot be told."""

    place: str
    key: str
    sure: bool = True
    given: frozenset[str] | None = field(default=None)


@cache
def uses() -> tuple[Use, ...]:
    return tuple(use for path in SOURCES for use in _uses(path))


def _uses(path: Path) -> Iterator[Use]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for scope in _scopes(tree):
        for node in ast.walk(scope):
            yield from _handed_on(path, node)
            found = _asked(node)
            if found is not None and not (path.name in DEFINED and isinstance(found[1], ast.Name | ast.Attribute)):
                prefix, key, given = found
                for expression, sure in _keys(key, scope, tree):
                    yield Use(f"{path.name}:{key.lineno}", re.escape(prefix) + expression, sure, given)


def _handed_on(path: Path, node: ast.AST) -> Iterator[Use]:
    """A key that is given to a helper, which says it with the values that it gets there."""
    if isinstance(node, ast.Call) and _asked(node) is None:
        given = frozenset(str(one.arg) for one in node.keywords)
        for one in node.args:
            for key in _choices(one) & WORDS.keys():
                yield Use(f"{path.name}:{node.lineno}", re.escape(key), sure=False, given=given or None)


def _choices(node: ast.expr) -> set[str]:
    if isinstance(node, ast.IfExp):
        return _choices(node.body) | _choices(node.orelse)
    return {node.value} if isinstance(node, ast.Constant) and isinstance(node.value, str) else set()


def _scopes(tree: ast.Module) -> Iterator[ast.AST]:
    """Each function and method with all that stands in it, and each statement outside of them."""
    for statement in tree.body:
        if isinstance(statement, ast.ClassDef):
            yield from statement.body
        else:
            yield statement


def _asked(node: ast.AST) -> tuple[str, ast.expr, frozenset[str] | None] | None:
    """Prefix, key and names of the values, where a node asks for words."""
    if isinstance(node, ast.Call) and node.args:
        called = ast.unparse(node.func)
        given = None if any(one.arg is None for one in node.keywords) else frozenset(str(k.arg) for k in node.keywords)
        if called == "Detail" or (called.endswith(".say") and called not in PREFIXES):
            return "", node.args[0], given
        if called in PREFIXES:
            return PREFIXES[called], node.args[0], given
        if called.endswith("facts.count"):
            return "", node.args[0], frozenset({"count"})
        if called.endswith("words.get"):
            return "", node.args[0], None
    if isinstance(node, ast.Subscript) and re.fullmatch(r"(?:.*\.)?words", ast.unparse(node.value)):
        if isinstance(node.slice, ast.Slice) or (isinstance(node.slice, ast.Constant) and node.slice.value == 0):
            return None  # a list of words that somebody typed
        return "", node.slice, frozenset()
    return None


def _keys(key: ast.expr, scope: ast.AST, tree: ast.AST) -> Iterator[tuple[str, bool]]:
    """Every key that an expression may be, as a regular expression, and whether it is surely one."""
    if isinstance(key, ast.Constant):
        yield re.escape(str(key.value)), True
    elif isinstance(key, ast.JoinedStr):
        yield _pattern(key), True
    elif isinstance(key, ast.IfExp):
        yield from (*_keys(key.body, scope, tree), *_keys(key.orelse, scope, tree))
    elif isinstance(key, ast.BinOp):  # "fix-size" + "-none"
        for left, sure in _keys(key.left, scope, tree):
            for right, surely in _keys(key.right, scope, tree):
                yield left + right, sure and surely
    elif isinstance(key, ast.BoolOp):
        for value in key.values:
            yield from _keys(value, scope, tree)
    else:
        names = {node.id for node in ast.walk(key) if isinstance(node, ast.Name)}
        for value in [key, *(list(_bound(names, scope)) or _bound(names, tree))]:
            for node in ast.walk(value):
                if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value:
                    yield re.escape(node.value), False
                if isinstance(node, ast.JoinedStr):
                    yield _pattern(node), False
                if isinstance(node, ast.BinOp):
                    yield from ((found, False) for found, _ in _keys(node, scope, tree))


def _bound(names: set[str], scope: ast.AST) -> Iterator[ast.expr]:
    """What the names are given in this scope, by assignment or as members of what is looped over."""
    for node in ast.walk(scope):
        if isinstance(node, ast.Assign) and any(_names(target) & names for target in node.targets):
            yield node.value
        if isinstance(node, ast.For | ast.comprehension) and _names(node.target) & names:
            yield node.iter
            yield from _bound(_names(node.iter) - names, scope)


def _names(target: ast.AST) -> set[str]:
    return {node.id for node in ast.walk(target) if isinstance(node, ast.Name)}


def _pattern(text: ast.JoinedStr) -> str:
    return "".join(re.escape(str(part.value)) if isinstance(part, ast.Constant) else "(.+?)" for part in text.values)


@cache
def known() -> tuple[frozenset[str], re.Pattern[str]]:
    """Every text in the code, those that are written out and those that are put together; and the ids of the errors
    that lists answer with."""
    literals, patterns = set(), set()
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                literals |= {node.value, *node.value.split()}
            if isinstance(node, ast.JoinedStr) and re.search(r"[a-z]{3}|[a-z]-", (pattern := _pattern(node))):
                patterns.add(pattern)
    literals |= set(re.findall(r'"([a-z0-9-]+)"', (data_folder() / "dnsbl.toml").read_text(encoding="utf-8")))
    return frozenset(literals), re.compile("|".join(patterns))


def asked_for(key: str) -> bool:
    """Whether something asks for this key, and knows the id that it is made with."""
    for use in uses():
        for way in (use.key, use.key.replace("(.+?)", "(.+)")):  # two ids beside each other may part in two places
            found = re.fullmatch(way, key)
            if found and all(map(_is_known, found.groups())):
                return True
    return False


def _is_known(id_: str) -> bool:
    """Whether the code has this id, or the ones that it is joined from."""
    literals, patterns = known()
    if id_ in literals or patterns.fullmatch(id_):
        return True
    head, _, rest = id_.partition("-")
    return bool(rest) and head in literals and _is_known(rest)


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def test_every_key_that_the_code_names_is_there() -> None:
    missing = [
        f"{use.place}: {use.key}" for use in uses() if use.sure and not any(re.fullmatch(use.key, k) for k in WORDS)
    ]
    assert missing == [], "\n".join(missing)


def test_every_key_is_asked_for() -> None:
    idle = [key for key in WORDS if not asked_for(key)]
    assert idle == [], "\n".join(idle)


def test_whoever_says_something_gives_all_that_it_needs() -> None:
    """Where the key stands in full it must have its values there; one that is put together must have them somewhere."""
    gaps = []
    for key, needed in ((key, placeholders(text)) for key, text in WORDS.items()):
        told = [use for use in uses() if use.given is not None and re.fullmatch(use.key, key)]
        gaps += [
            f"{one.place}: {key}" for one in told if one.key == re.escape(key) and one.sure and not needed <= one.given
        ]
        gaps += [key] if told and not any(needed <= one.given for one in told) else []
    assert gaps == [], "\n".join(gaps)


def _is(key: ast.expr | None, name: str) -> bool:
    return isinstance(key, ast.Constant) and key.value == name


# A reason that comes with a detail in words needs none of its own.
REASONS = {
    str(node.value)
    for path in SOURCES
    if {"checks", "resolver"} & set(path.parts)
    for tree in [ast.parse(path.read_text(encoding="utf-8"))]
    for holder in ast.walk(tree)
    for node in (
        [holder.value]
        if isinstance(holder, ast.keyword) and holder.arg == "reason"
        else [value for key, value in zip(holder.keys, holder.values, strict=True) if _is(key, "reason")]
        if isinstance(holder, ast.Dict) and not any(_is(key, "detail") or _is(key, "error") for key in holder.keys)
        else []
    )
    if isinstance(node, ast.Constant) and isinstance(node.value, str)
}


# What came out, and no reason for it: the findings of the check say it in their own words.
OUTCOMES = {"listed", "not-evaluated", "match"}


@pytest.mark.parametrize("reason", sorted(REASONS - OUTCOMES))
def test_every_reason_that_a_check_gives_has_words(reason: str) -> None:
    assert f"reason-{reason}" in WORDS


def test_every_field_that_is_taken_from_a_reply_has_a_name() -> None:
    facts = catalog()
    found = {field for one in facts.signatures for field in explain_text(one.example, facts=facts).fields}
    assert len(found) > 15
    assert [field for field in sorted(found) if f"field-{field}" not in WORDS] == []


@pytest.mark.parametrize("word", ["it's", "don't", "isn't", "{0}", "{}"])
def test_no_word_is_careless(word: str) -> None:
    assert [key for key, text in WORDS.items() if word in text] == []
