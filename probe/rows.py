"""What a row of each file under data/ holds. The fields are the keys of its TOML table.

The rows are frozen, and no dataclasses: a dozen of those take longer to make than most commands run.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, NamedTuple, TypeVar, dataclass_transform

AnyRow = TypeVar("AnyRow", bound="Row")


@dataclass_transform(frozen_default=True, kw_only_default=True)
class Row:
    """One entry: frozen, its fields the annotations of its class, given by name.

    No dataclass, since a dozen of those take longer to make than most commands run. ``words`` names the fields that
    hold words for people: those, and no other, may stand once more in the folder of another language.
    """

    words: ClassVar[tuple[str, ...]] = ()

    def __init__(self, **values: Any) -> None:
        kind = type(self)
        for name in kind.__annotations__:
            if name not in values:
                if not hasattr(kind, name):
                    raise TypeError(f"{name} is missing")
                values[name] = getattr(kind, name)
        if len(values) > len(kind.__annotations__):
            raise TypeError(f"{', '.join(sorted(values.keys() - kind.__annotations__.keys()))} is not known here")
        self.__dict__.update(values)

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"a {type(self).__name__} is frozen")

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(f'{name}={value!r}' for name, value in vars(self).items())})"

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and vars(other) == vars(self)

    def __hash__(self) -> int:
        return hash((type(self), next(iter(vars(self).values()))))


class Code(Row):
    """A basic reply code. ``commands`` are those to which a standard allows it (``greeting`` and ``dot`` stand for the
    greeting and the end of the message text, ``any`` for all), ``seen`` those where servers also send it. ``retry`` is
    ``none`` (nothing to retry), ``later`` or ``never`` (not unchanged). ``kind`` is standard, registry or vendor."""

    words = ("name", "meaning", "when", "remedy")

    code: str
    name: str
    meaning: str
    when: str
    remedy: str
    retry: str
    kind: str
    commands: tuple[str, ...]
    reference: str
    source: str
    seen: tuple[str, ...] = ()
    enhanced: tuple[str, ...] = ()


class EnhancedCode(Row):
    """An enhanced status code (RFC 3463). ``code`` is ``X.7.1`` for every class, or ``5.7.515`` for one that a vendor
    made up, or the first of a range that it made up, up to ``last``; ``basic`` the basic codes that the registry pairs
    it with. ``kind`` is iana or vendor."""

    words = ("title", "meaning", "when", "remedy")

    code: str
    title: str
    meaning: str
    when: str
    remedy: str
    kind: str
    reference: str
    source: str
    basic: tuple[str, ...] = ()
    last: str = ""


class Digit(Row):
    """What one digit of a code says by itself: a class, a category or a subject. ``name`` is the standard's word."""

    words = ("name", "meaning", "remedy")

    digit: str
    name: str
    meaning: str
    remedy: str = ""
    retry: str = ""
    reference: str = ""


class Pair(Row):
    """Two basic codes side by side. ``which`` says when to expect which, ``both`` how one session can hold both."""

    words = ("difference", "which", "both")

    pair: str
    difference: str
    which: str
    reference: str
    both: str = ""


class Cause(Row):
    """Why a server refuses. ``who`` can mend it: sender, receiver, dns, network or list. ``checks`` are the ids of the
    checks that can prove or refute it. ``fix`` is what to do, one step an entry. ``scope`` is what else would be
    refused likewise: site (all mail from here), session, message or recipient; empty where the stage tells."""

    words = ("title", "meaning", "lasts", "fix")

    cause: str
    family: str
    title: str
    meaning: str
    who: tuple[str, ...]
    lasts: str
    fix: tuple[str, ...]
    checks: tuple[str, ...] = ()
    scope: str = ""


class Signature(Row):
    """A reply text and what it means. ``pattern`` is a regular expression over the text, ignoring case. The optional
    keys narrow it: ``codes`` (basic), ``enhanced``, ``stages``. ``weight`` is how sure a match is, 0 to 1.
    ``list_name`` is the list of its own by which the provider refuses, ``object`` what is on it: ip, network, domain,
    helo-domain, sender-domain, from-domain, domain-in-message."""

    words = ("meaning", "fix")

    id: str
    provider: str
    pattern: str
    cause: str
    weight: float
    example: str
    source: str
    meaning: str = ""
    fix: str = ""
    url: str = ""
    codes: tuple[str, ...] = ()
    enhanced: tuple[str, ...] = ()
    stages: tuple[str, ...] = ()
    counterexample: str = ""
    checked: str = ""
    list_name: str = ""
    object: str = ""


class Language(Row):
    """A language that servers refuse in. ``script`` is an expression for characters that are its own, ``common``
    small words parted by spaces, ``later`` and ``never`` expressions for wordings that promise another try or rule it
    out."""

    language: str
    later: str
    never: str
    script: str = ""
    common: str = ""


class Outline(NamedTuple):
    """As much of a signature as it takes to search for it. Its words for people are read when they are wanted."""

    id: str
    provider: str
    pattern: str
    cause: str
    weight: float
    codes: tuple[str, ...] = ()
    enhanced: tuple[str, ...] = ()
    stages: tuple[str, ...] = ()


class Extension(Row):
    """An EHLO keyword (RFC 5321 section 4.1.1.1): what it lets a client do, the parameters that it adds to MAIL and
    RCPT, and the verbs that it adds."""

    words = ("name", "meaning")

    keyword: str
    name: str
    meaning: str
    reference: str
    mail_parameters: tuple[str, ...] = ()
    rcpt_parameters: tuple[str, ...] = ()
    verbs: tuple[str, ...] = ()


class BlockList(Row):
    """A list that is asked by DNS (RFC 5782). ``kind`` is ip4, ip6, ip4+ip6 or domain, ``role`` block, allow or info.
    ``codes`` maps an answer to its meaning: an exact one, a prefix ending in a dot, a bit (``127.0.0.&8``) or ``*``; a
    role in front (``allow 127.0.0.1``) types that one answer. ``errors`` maps answers that say "not for you" to the id
    of a reason likewise.
    ``listed`` and ``clean`` are the test points: addresses or domains to ask about. ``delist`` may hold
    ``{ip}`` or ``{domain}``. ``state`` is active, inactive or dead; ``main`` marks the lists that earn a 554;
    ``part_of`` names the list that holds all of this one. ``policy`` are the answers that only say that an address
    should not send mail directly. ``weight`` is heavy for lists by which servers refuse, light for those that only
    inform. ``keyed`` is the zone for holders of a key, ``<key>`` in its place."""

    words = ("meaning", "codes", "terms")

    zone: str
    operator: str
    kind: str
    role: str
    state: str
    meaning: str
    source: str
    codes: Mapping[str, str]
    errors: Mapping[str, str]
    listed: tuple[str, ...] = ()
    clean: tuple[str, ...] = ()
    delist: str = ""
    terms: str = ""
    since: str = ""
    main: bool = False
    part_of: str = ""
    policy: tuple[str, ...] = ()
    weight: str = ""
    keyed: str = ""


class Selector(Row):
    """A DKIM selector that many domains share because their provider names it so. A guess, never a proof."""

    selector: str
    used_by: str


class HostWord(Row):
    """A word or an ending in the name of a host. ``mark`` is generated or private, as data/host_names.toml says."""

    word: str
    mark: str
    reference: str = ""


class FindingText(Row):
    """The words of a finding. ``{name}`` in them is filled from the finding's facts."""

    words = ("title", "explanation", "remedy")

    id: str
    severity: str
    title: str
    explanation: str
    remedy: str
    references: tuple[str, ...] = ()


class Requirement(Row):
    """A rule that a receiver publishes for those who send to it. ``applies`` is all or bulk (5,000 messages a day),
    ``force`` required or advised, ``since`` the day it came into force. ``rule`` names the test in
    ``probe.compliance``, ``checks`` what it reads, ``domains`` whom it speaks of. ``source`` is a reference,
    ``checked`` the day of the copy that was read; ``replies`` the enhanced codes that tell of a breach."""

    words = ("text",)

    id: str
    receiver: str
    applies: str
    force: str
    since: str
    rule: str
    checks: tuple[str, ...]
    text: str
    source: str
    checked: str
    domains: tuple[str, ...] = ()
    replies: tuple[str, ...] = ()


class Reference(Row):
    """Something that the texts cite. ``status`` is a word such as current, obsoleted, historic or draft."""

    name: str
    title: str
    url: str
    status: str
    year: int
    obsoleted_by: tuple[str, ...] = ()
