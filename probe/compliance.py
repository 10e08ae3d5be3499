"""Does a sender keep the rules that the large receivers publish? A dated checklist over the results of checks.

Pure. The rules are ``data/receivers.toml``; here stands only how each kind of rule is decided. What was not looked at,
or cannot be seen from outside, is ``unknown`` and says why: silence is never a pass.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from probe.catalog import Catalog
from probe.model import CheckResult, Compliance, Holds
from probe.rows import Requirement


class Decision(NamedTuple):
    """What one rule comes to: ``reason`` is the id of its words, None for a rule that is kept."""

    holds: Holds
    reason: str | None
    rows: tuple[CheckResult, ...] = ()


def compliance(results: Sequence[CheckResult], facts: Catalog) -> tuple[Compliance, ...]:
    """Every rule, in the order of the file, against the results of ``spf``, ``dkim``, ``dmarc``, ``ptr``, ``mx`` and
    ``structure``, as far as there are any."""
    found = []
    for rule in facts.requirements.values():
        decision = RULES[rule.rule](results, rule)
        because = facts.reason({"reason": decision.reason}) if decision.reason else ""
        found.append(
            Compliance(
                id=rule.id,
                receiver=rule.receiver,
                holds=decision.holds,
                reason=decision.reason,
                applies=rule.applies,
                force=rule.force,
                since=rule.since,
                checked=rule.checked,
                source=facts.references[rule.source].url,
                proof=tuple(f"{row.check} {row.subject}" for row in decision.rows),
                text=rule.text,
                because=because,
            )
        )
    return tuple(found)


def _of(results: Sequence[CheckResult], check: str) -> list[CheckResult]:
    return [one for one in results if one.check == check]


def _reason(row: CheckResult) -> str:
    return str(row.facts.get("reason") or row.result)


def _spf(results: Sequence[CheckResult], rule: Requirement) -> Decision:
    """SPF of the MAIL FROM identity, else of what there is. A record that was only read can fail, but not pass."""
    rows = _of(results, "spf")
    own = [one for one in rows if one.facts.get("identity", "mailfrom") == "mailfrom"] or rows
    if not own:
        return Decision("unknown", "no-sender-domain")
    # Of several addresses the worst counts: mail goes out from each of them.
    row = min(own, key=lambda one: (one.result in (None, "pass"), one.result == "temperror"))
    if row.result == "pass":
        return Decision("pass", None, (row,))
    if row.result == "temperror":
        return Decision("unknown", _reason(row), (row,))
    if row.result is None:
        return Decision("unknown", "spf-not-evaluated", (row,))
    return Decision("fail", "spf-not-passed" if row.facts.get("evaluated") else _reason(row), (row,))


def _dkim(results: Sequence[CheckResult], rule: Requirement) -> Decision:
    """One signature that passes is enough. A key without a message proves nothing yet, and nor does the absence of
    keys under selectors that were guessed."""
    rows = tuple(_of(results, "dkim"))
    passed = [row for row in rows if row.result == "pass"]
    if passed:
        return Decision("pass", None, (passed[0],))
    if not rows:
        return Decision("unknown", "no-message-seen")
    waiting = next((row for row in rows if row.result == "temperror"), None)
    if waiting is not None:
        return Decision("unknown", _reason(waiting), (waiting,))
    if any(row.result is None for row in rows):
        return Decision("unknown", "key-without-message", rows)
    if all(row.facts.get("guessed") for row in rows):
        return Decision("unknown", "selector-not-known", rows)
    return Decision("fail", "dkim-not-passed" if len(rows) > 1 else _reason(rows[0]), rows)


def _either(results: Sequence[CheckResult], rule: Requirement) -> Decision:
    both = (_spf(results, rule), _dkim(results, rule))
    return _first(both, ("pass", "unknown", "fail"))


def _both(results: Sequence[CheckResult], rule: Requirement) -> Decision:
    both = (_spf(results, rule), _dkim(results, rule))
    if all(one.holds == "pass" for one in both):
        return Decision("pass", None, tuple(row for one in both for row in one.rows))
    return _first(both, ("fail", "unknown"))


def _first(decisions: Sequence[Decision], order: Sequence[Holds]) -> Decision:
    """The decision whose word comes first in ``order``."""
    return next(one for word in order for one in decisions if one.holds == word)


def _dmarc_policy(results: Sequence[CheckResult], rule: Requirement) -> Decision:
    row = next(iter(_of(results, "dmarc")), None)
    if row is None:
        return Decision("unknown", "no-sender-domain")
    if row.facts.get("policy"):
        return Decision("pass", None, (row,))
    return Decision("unknown" if row.result == "temperror" else "fail", _reason(row), (row,))


def _alignment(results: Sequence[CheckResult], rule: Requirement) -> Decision:
    row = next(iter(_of(results, "dmarc")), None)
    if row is None:
        return Decision("unknown", "no-sender-domain")
    if row.result == "pass":
        return Decision("pass", None, (row,))
    if row.result == "fail":
        return Decision("fail", _reason(row), (row,))
    reason = "no-message-seen" if row.result is None and row.facts.get("reason") == "not-evaluated" else _reason(row)
    return Decision("unknown", reason, (row,))


def _own_from(results: Sequence[CheckResult], rule: Requirement) -> Decision:
    """Whose domain stands in From; mail that passes DMARC for a receiver's domain is its own."""
    row = next(iter(_of(results, "dmarc")), None)
    if row is None:
        return Decision("unknown", "no-sender-domain")
    theirs = any(row.subject == domain or row.subject.endswith(f".{domain}") for domain in rule.domains)
    if not theirs or row.result == "pass":
        return Decision("pass", None, (row,))
    return Decision("fail" if row.result == "fail" else "unknown", "from-of-the-receiver", (row,))


def _ptr(results: Sequence[CheckResult], rule: Requirement) -> Decision:
    rows = tuple(_of(results, "ptr"))
    if not rows:
        return Decision("unknown", "no-client-address")
    worst = next((row for word in ("fail", "temperror", "permerror") for row in rows if row.result == word), None)
    if worst is None:
        return Decision("pass", None, rows)
    return Decision("fail" if worst.result == "fail" else "unknown", _reason(worst), (worst,))


def _reachable(results: Sequence[CheckResult], rule: Requirement) -> Decision:
    """That a domain takes mail says nothing about the mailbox; that it takes none says all."""
    row = next(iter(_of(results, "mx")), None)
    if row is None:
        return Decision("unknown", "no-sender-domain")
    if row.result in ("none", "permerror"):
        return Decision("fail", _reason(row), (row,))
    return Decision("unknown", _reason(row) if row.result == "temperror" else "mailbox-not-asked", (row,))


def _format(results: Sequence[CheckResult], rule: Requirement) -> Decision:
    row = next(iter(_of(results, "structure")), None)
    if row is None:
        return Decision("unknown", "no-message-seen")
    return Decision("fail", "message-malformed", (row,)) if row.result == "fail" else Decision("pass", None, (row,))


def _one_click(results: Sequence[CheckResult], rule: Requirement) -> Decision:
    return _unsubscribing(results, one_click=True)


def _unsubscribe(results: Sequence[CheckResult], rule: Requirement) -> Decision:
    return _unsubscribing(results, one_click=False)


def _unsubscribing(results: Sequence[CheckResult], *, one_click: bool) -> Decision:
    """From the fields of a message. One without any may be no marketing mail, and then needs none."""
    row = next(iter(_of(results, "structure")), None)
    if row is None:
        return Decision("unknown", "no-message-seen")
    problems = {problem["problem"] for problem in row.facts.get("problems", ())}
    if row.facts.get("one_click"):
        return Decision("pass", None, (row,))
    if "one-click-broken" in problems:
        return Decision("fail", "not-one-click", (row,))
    if "not-one-click" in problems:  # there is a List-Unsubscribe field
        return Decision("fail", "not-one-click", (row,)) if one_click else Decision("pass", None, (row,))
    return Decision("unknown", "marketing-or-not", (row,))


def _unseen(reason: str) -> Callable[[Sequence[CheckResult], Requirement], Decision]:
    return lambda results, rule: Decision("unknown", reason)


RULES: Mapping[str, Callable[[Sequence[CheckResult], Requirement], Decision]] = {
    "spf": _spf,
    "dkim": _dkim,
    "spf-or-dkim": _either,
    "spf-and-dkim": _both,
    "dmarc-policy": _dmarc_policy,
    "alignment": _alignment,
    "own-from": _own_from,
    "ptr": _ptr,
    "reachable": _reachable,
    "format": _format,
    "one-click": _one_click,
    "unsubscribe": _unsubscribe,
    "tls": _unseen("seen-while-sending"),
    "spam-rate": _unseen("receiver-knows"),
    "sender-practice": _unseen("sender-knows"),
}
"""How each kind of rule is decided, by the name that the rows give it."""
