"""What a reply means: the reference's words for its codes, this provider's words for its text, and the cause.

The text speaks louder than the codes, for servers choose codes loosely: a signature's weight says how sure its words
are, a code alone gives a weak reading, and a code that agrees with the text makes it a little surer. Only refusals
(4yz, 5yz) have a cause; one that nothing explains has the cause ``unknown``, said plainly.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from probe.catalog import Catalog
from probe.model import Explanation
from probe.replies import conformance, enhanced
from probe.replies.codes import basic_entry, class_of, enhanced_entry
from probe.replies.conformance import STAGE_OF_VERB
from probe.rows import Code
from probe.text import show

LONGEST = 8192  # characters of a text that are read
LONGEST_WORDS = 120


def explain(
    reply_code: int,
    enhanced: str | None,
    lines: Sequence[str],
    *,
    command: str | None = None,
    stage: str | None = None,
    facts: Catalog,
    earlier: Sequence[Explanation | None] = (),
) -> Explanation:
    """Explain a reply that was heard.

    ``lines`` is the text after the code, ``command`` the line or verb that was answered, ``stage`` a word of
    ``Session.stage``. ``earlier`` are the explanations of the same session so far, None for an exchange without a
    reply: a refusal that only repeats one of them takes its cause from there, and says in ``fields["echo_of"]`` which.
    """
    verb = command.split(None, 1)[0].upper() if command and command.split() else None
    return _explain(reply_code, enhanced, lines, verb, stage or STAGE_OF_VERB.get(verb or ""), facts, earlier)


def explain_text(text: str, *, facts: Catalog, command: str | None = None) -> Explanation:
    """Explain a reply as it was pasted, alone or inside a sentence of the server that passed it on.

    ``command`` tells what was answered where the text does not. Any text is accepted. Logs repeat themselves, so the
    last texts are remembered.
    """
    return _explain_text(text[:LONGEST], command, facts)


@lru_cache(maxsize=1024)
def _explain_text(text: str, command: str | None, facts: Catalog) -> Explanation:
    from probe.replies.parsing import parse

    reply = parse(text)
    verb = reply.command or (command.upper() if command else None)
    stage = reply.stage or STAGE_OF_VERB.get(verb or "")
    return _explain(reply.code, reply.enhanced, reply.evidence, verb, stage, facts, ())


def _explain(
    code: int | None,
    enhanced_code: str | None,
    lines: Sequence[str],
    verb: str | None,
    stage: str | None,
    facts: Catalog,
    earlier: Sequence[Explanation | None],
) -> Explanation:
    entry = basic_entry(code, facts) if code is not None else _nothing(facts)
    status = enhanced_entry(enhanced_code, facts) if enhanced_code else None
    text = " ".join(enhanced.split(line)[1] for line in lines)[:LONGEST]
    # HELP, RSET and QUIT decide nothing, so nobody needs to know why they were refused; and a client that cancels AUTH
    # asks for the refusal itself (RFC 4954 section 4).
    harmless = stage in ("help", "rset", "quit") or (verb == conformance.CANCEL and str(code)[:1] == "5")
    refused = (code is None or code >= 400) and not harmless
    reading = _read(text, code, enhanced_code, stage, facts, earlier) if refused else {}
    if code is not None and enhanced_code and not enhanced.agrees(code, enhanced_code):
        reading["fields"] = {**reading.get("fields", {}), "class_mismatch": True}
    return Explanation(
        code=code,
        enhanced=enhanced_code,
        title=entry.name,
        meaning=entry.meaning,
        when=entry.when,
        remedy=entry.remedy,
        category=class_of(code, facts),
        retry=entry.retry,
        reference=entry.reference or None,
        enhanced_title=status.title if status else None,
        enhanced_meaning=status.meaning if status else None,
        enhanced_remedy=status.remedy if status else None,
        enhanced_reference=status.reference if status else None,
        allowed_here=None if code is None else conformance.allowed(code, verb, stage, facts),
        stage=stage,
        command=verb,
        **reading,
    )


def _read(
    text: str,
    code: int | None,
    enhanced_code: str | None,
    stage: str | None,
    facts: Catalog,
    earlier: Sequence[Explanation | None],
) -> dict[str, Any]:
    """What only a refusal has: cause, provider, fields and flags."""
    # What reads texts is heavy, and most replies are no refusals.
    from probe.replies import advice, flags
    from probe.replies.reading import read
    from probe.replies.texts import prepare

    forms = prepare(text)
    reading = read(forms, code, enhanced_code, stage, facts, earlier)
    weighed = reading.weighed
    signature = facts.signature(weighed.hit.rule.id) if weighed.hit else None
    cause = facts.causes[reading.cause]
    return {
        "cause": reading.cause,
        "causes": reading.causes,
        "cause_title": cause.title,
        "cause_meaning": cause.meaning,
        "lasts": cause.lasts,
        "who": cause.who,
        "fix": advice.steps(reading.cause, reading.fields, facts),
        "provider": weighed.provider,
        "provider_meaning": (signature.meaning or None) if signature else None,
        "provider_remedy": (signature.fix or None) if signature else None,
        "matched": _quoted(weighed.hit.matched) if weighed.hit else None,
        "signature": signature.id if signature else None,
        "source": signature.source if signature else None,
        "checked": (signature.checked or None) if signature else None,
        "help_url": (signature.url or None) if signature else None,
        "code_cause": weighed.code_cause,
        "temporary": None if code is None else code < 500,
        "temporary_by_text": flags.temporary_by_text(forms, facts),
        "scope": flags.scope(reading.cause, stage, facts),
        "language": flags.language(forms, facts),
        "fields": {key: _shown(value) for key, value in reading.fields.items()},
    }


def _quoted(words: str) -> str | None:
    """The words that decided, cut between two of them where they are long; None where a code alone decided."""
    if len(words) > LONGEST_WORDS:
        words = words[: LONGEST_WORDS + 1].rpartition(" ")[0] or words[:LONGEST_WORDS]
    return show(words) or None


def _nothing(facts: Catalog) -> Code:
    """The entry of a text that begins with no code."""
    return Code(
        code="",
        name=facts.say("no-code"),
        meaning=facts.say("no-code-meaning"),
        when="",
        remedy=facts.say("no-code-remedy"),
        retry="",
        kind="",
        commands=(),
        reference="",
        source="",
    )


def _shown(value: Any) -> Any:
    if isinstance(value, str):
        return show(value)
    return [show(item) for item in value] if isinstance(value, list) else value
