"""What a reply means: the registry's words, this provider's words, and the cause of a refusal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Any, Literal

from probe.model.noun import noun

Scope = Literal["site", "session", "message", "recipient"]


@noun(frozen=True)
class CauseReading:
    """One cause that a text may have, and how sure the reading is, from 0 to 1."""

    cause: str
    confidence: float


@noun(frozen=True)
class Explanation:
    """One reply, understood.

    ``title``, ``meaning``, ``when`` and ``remedy`` are the reference's words for the basic code, those that begin with
    ``enhanced_`` for the enhanced code, those that begin with ``provider_`` this provider's. ``category`` is the class
    in RFC 5321 section 4.2.1's words, ``retry`` one of ``none``, ``later`` and ``never``. ``allowed_here`` says whether
    RFC 5321 section 4.3.2 and the extensions list this code for this command; None where the command is not known.

    ``causes`` is every reading, best first, empty where nothing speaks; ``cause`` is its first, ``unknown`` for a
    refusal that nothing explains, None for a reply that is no refusal. ``code_cause`` is what the codes alone would say
    where the words name a cause of another family: the words count. ``cause_title``, ``cause_meaning`` and ``lasts``
    are the reference's words for the cause, ``who`` can mend it (sender, receiver, dns, network, list), ``fix`` the
    steps, filled from the reply; one that needs a fact which the reply does not give is left out.

    ``matched`` is the words that decided, ``signature`` the id of the entry in ``data/signatures`` that they matched,
    ``source`` where that entry comes from, ``checked`` the day on which the source was looked at, ``help_url`` the
    provider's own page.

    ``stage`` and ``command`` are what was answered, where that is known. ``temporary`` is what the first digit says of
    a refusal, ``temporary_by_text`` what the words say, each None where it says nothing. ``scope`` is what else would
    be refused likewise: all mail from here (``site``), this session, message or recipient. ``language`` is that of the
    text (BCP 47). ``fields`` is what stands in the text: ``blocked_ip``, ``list_zone`` …
    """

    code: int | None
    enhanced: str | None
    title: str
    meaning: str
    when: str
    remedy: str
    category: str = ""
    retry: str = ""
    reference: str | None = None
    enhanced_title: str | None = None
    enhanced_meaning: str | None = None
    enhanced_remedy: str | None = None
    enhanced_reference: str | None = None
    allowed_here: bool | None = None
    cause: str | None = None
    causes: tuple[CauseReading, ...] = ()
    cause_title: str | None = None
    cause_meaning: str | None = None
    lasts: str | None = None
    who: tuple[str, ...] = ()
    fix: tuple[str, ...] = ()
    provider: str | None = None
    provider_meaning: str | None = None
    provider_remedy: str | None = None
    matched: str | None = None
    signature: str | None = None
    source: str | None = None
    checked: str | None = None
    help_url: str | None = None
    code_cause: str | None = None
    stage: str | None = None
    command: str | None = None
    temporary: bool | None = None
    temporary_by_text: bool | None = None
    scope: Scope | None = None
    language: str | None = None
    fields: Mapping[str, Any] = field(default_factory=dict)


@noun(frozen=True)
class Comparison:
    """Two codes side by side. ``difference`` is what sets them apart, ``which`` when to expect which, ``both`` how one
    session can hold both (empty where nothing is to be said). ``reference`` is the source."""

    a: Explanation
    b: Explanation
    difference: str
    which: str
    both: str = ""
    reference: str = ""
