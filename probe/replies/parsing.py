"""A reply as a person pastes it.

The reply may stand alone, on one line or several (RFC 5321 section 4.2.1), or inside the sentence of a mail server that
passes it on: Postfix's ``host … said: 554 …  (in reply to RCPT TO command)``, the forms of Exim, qmail, Sendmail and
Exchange. The sentence tells which command was answered; its other words, and the host names in it, are no evidence and
are left out. Nothing here fails: a text without a code is a reply without a code.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from probe.replies import enhanced
from probe.replies.conformance import STAGE_OF_VERB

# More than any reply that says something; longer texts are cut so that the work stays bounded.
LONGEST = 8192


class ParsedReply(NamedTuple):
    """``code`` and ``enhanced`` as the text gives them, ``lines`` the text after the code, one entry a line.

    ``command`` is the verb that was answered and ``stage`` where that was, as far as a surrounding sentence says it;
    ``stage`` may be ``banner`` or ``dot``, which no verb names. ``lead`` are words before the code that no known
    sentence explains: they may be the reason itself, and are evidence, but not what the server wrote behind its code.
    """

    code: int | None
    enhanced: str | None
    lines: tuple[str, ...]
    command: str | None = None
    stage: str | None = None
    lead: str = ""

    @property
    def evidence(self) -> tuple[str, ...]:
        """Everything that may say why."""
        return (self.lead, *self.lines) if self.lead else self.lines


def parse(text: str, *, strict: bool = False) -> ParsedReply:
    """Read a pasted reply. Any text is accepted. ``strict`` takes no number inside a sentence for a code: it stands at
    the beginning, behind a mark, or before an enhanced code of its class."""
    flat = " ".join(text[:LONGEST].split())
    command, stage = answered(flat)
    start = _start(flat, strict=strict)
    if start is None:
        found, _ = enhanced.split(flat)
        return ParsedReply(None, found, (_without_tail(flat),), command, stage)
    begin, word, after = start
    lead = flat[:begin].strip()
    lines = _lines(word, _without_tail(flat[after:]))
    reply = ParsedReply(int(word), None, lines, command, stage, "" if _WRAPPER.search(lead) else lead)
    code = next((found for found, _ in map(enhanced.split, reply.evidence) if found), None)
    return reply._replace(enhanced=code)


# What stands before a reply that is passed on. One match is enough to know that the rest of the lead is not the reply.
_WRAPPER = re.compile(
    r"\b(?:said|reason|returned|was|response|response from [^:]{1,80}|talk to me|DATA|TO|error|failed)\s?:?\s?['\"]?$"
    r"|remote (?:mail ?(?:server|er)|server|host|protocol error)|SMTP error|did not like our|<<<|>>>"
    r"|\b(?:host|smtp;|Diagnostic-Code:|Delay reason:|SMTP:RCPT|Action:|Status:)|\bstatus="
    r"|delivery temporarily suspended"
    r"|\brefused to talk\b|^\W{0,8}$|^<?\[?[\w.:-]{1,80}\]?:?(?: ?#)?$|^\w{3} [ \d]\d [\d:]{8} ",
    re.IGNORECASE,
)
_TAIL = re.compile(
    r"\s?(?:\(in reply to [^)]{1,60}\),?|giving up on \d|I'm not going to try again|no action is required on your part"
    r"|remote-mta: ?|\s?##(?=rfc822;|\s*$)|\(other mxes tried|warning: message still undelivered).*$",
    re.IGNORECASE,
)
_INTRODUCED = re.compile(r"(?:\bsaid|\bto talk to me|[\]>]): (?=[45]\d\d)")
# "for 300 seconds" holds no code, and neither does a cipher's name.
_UNIT = re.compile(
    r"(?:s|secs?|seconds?|m|min(?:ute)?s?|hours?|days?|bytes?|octets|[kmg]i?b|bits?"
    r"|messages?|recipients?|connections?)\b",
    re.IGNORECASE,
)
_CANDIDATE = re.compile(r"(?<![\w.@/=+$-])([2-5][0-57]\d)(?:[ -](?=\S)|$)")
# Where nothing but a reply can begin, any number of a reply is its code, whatever word follows.
_FIRST = re.compile(r"([2-5]\d\d)(?:[ -](?=\S)|$)")
_STRONG_BEFORE = (": ", ":", "'", '"', "; ", ";", "<<< ", "#", ":<", "(", "> ", "/")
_PLAIN_BEFORE = (": ", "; ", "<<< ", "'", '"')
_QUOTED = ("'", '"', "; ", ";", "<<< ", "#", ":<")
_SPOKEN = re.compile(r"\b(?:said|responded|replied(?: with)?|returned|smtp;) $", re.IGNORECASE)
_MORE = re.compile(r"\s([2-5]\d\d)[ -](?=\S)")
_ENHANCED = re.compile(r"([245])\.\d{1,3}\.\d{1,3}\s")


def _start(flat: str, *, strict: bool) -> tuple[int, str, int] | None:
    """Where the reply begins, its code, and where its text begins."""
    begin = 1 if flat[:1] in ("#", "'", '"') else 0
    if (found := _FIRST.match(flat, begin)) is not None:
        return begin, found[1], found.end()
    # Behind these nothing but the reply can stand, whatever other numbers do.
    if (lead := _INTRODUCED.search(flat)) is not None and (found := _FIRST.match(flat, lead.end())) is not None:
        return lead.end(), found[1], found.end()
    # What people paste is a refusal: only where there is none may another reply be meant. A number without a mark in
    # front of it may be any number, and is taken for a code of a refusal only.
    best, found = 0, None
    for one in _CANDIDATE.finditer(flat):
        code, _ = enhanced.split(flat[one.end() : one.end() + 40])
        refuses = one[1][0] in "45"
        before = flat[max(0, one.start() - 4) : one.start()]
        if code and code[0] == one[1][0]:
            rank = 6 if refuses else 3
        elif before.endswith(_QUOTED):
            rank = 5 if refuses else 2
        elif _UNIT.match(flat, one.end()):
            continue
        elif before.endswith(_STRONG_BEFORE):
            rank = 5 if refuses else 2 * before.endswith(_PLAIN_BEFORE)
        else:
            rank = 4 if refuses and (not strict or _SPOKEN.search(flat, 0, one.start())) else 0
        if rank > best:
            best, found = rank, one
    return None if found is None else (found.start(), found[1], found.end())


def _lines(word: str, rest: str) -> tuple[str, ...]:
    """Cut where the same code stands again, as in a reply of several lines that was pasted as one. What follows another
    code with an enhanced one of its class is another reply, to a command that came later, and is left out."""
    cuts = [found for found in _MORE.finditer(rest) if found[1] == word or _is_another(found, rest)]
    if not cuts:
        return (rest.strip(),)
    codes = [word, *(found[1] for found in cuts)]
    begins = [0, *(found.end() for found in cuts)]
    ends = [*(found.start() for found in cuts), len(rest)]
    lines = (rest[begin:end].strip() for code, begin, end in zip(codes, begins, ends, strict=True) if code == word)
    return tuple(dict.fromkeys(lines))


def _is_another(found: re.Match[str], rest: str) -> bool:
    enhanced_code = _ENHANCED.match(rest, found.end())
    return enhanced_code is not None and enhanced_code[1] == found[1][0]


def _without_tail(text: str) -> str:
    lowered = text.lower()
    text = _TAIL.sub("", text) if _holds(lowered, _TAIL_WORDS) else text
    # A quotation mark that nothing opened belongs to the sentence around the reply.
    while text[-1:] in ("'", '"') and text.count(text[-1]) % 2:
        text = text[:-1]
    return text


def _holds(lowered: str, words: tuple[str, ...]) -> bool:
    for word in words:  # noqa: SIM110 - half the time of any()
        if word in lowered:
            return True
    return False


# One of these stands in every match of the expression, and looking for them costs a tenth of it.
_TAIL_WORDS = (
    "in reply to",
    "giving up",
    "not going to",
    "no action is",
    "remote-mta",
    "other mxes",
    "still undel",
    "##",
)
_ANSWERED_WORDS = (
    "in reply to", "after ", "did not like our", "most progress", " command", "smtp:", "[rcpt_", "[mail_", ">>> ",
    "refused to talk", "greeting failed", "connection", "does not like", "was rejected", "failed after i",
)  # fmt: skip

_ANSWERED = re.compile(
    r"in reply to (?P<postfix>end of data|[a-z]+)"
    r"|after (?:pipelined )?(?P<exim>end of data|sending data block|initial connection"
    r"|(?:mail|rcpt|ehlo|helo|auth|data|starttls)\b)"
    r"|did not like our (?P<courier>final data|[a-z]+)"
    r"|most progress was (?P<qmtp>[a-z]+)"
    r"|for (?P<innosoft>text|rcpt|mail|data)(?: to| from)? command"
    r"|\bsmtp:(?P<colon>rcpt|mail|data)\b"
    r"|\[(?P<bracket>rcpt|mail)_(?:to|from)\]"
    r"|>>> (?P<sendmail>[a-z]{4})(?=.{0,400}<<<)"
    r"|(?P<banner>refused to talk to me|greeting failed|not accept (?:the )?connection)"
    r"|(?P<rcpt>does not like recipient)|(?P<mail>sender was rejected)|(?P<ehlo>my name was rejected)"
    r"|(?P<data>failed on data command)|(?P<dot>failed after i sent the message)"
)
_PHRASES = {
    "end of data": "dot",
    "sending data block": "dot",
    "final data": "dot",
    "text": "dot",
    "initial connection": "banner",
}


def answered(flat: str) -> tuple[str | None, str | None]:
    """Verb and stage that the surrounding sentence names."""
    lowered = flat.lower()
    found = _ANSWERED.search(lowered) if _holds(lowered, _ANSWERED_WORDS) else None
    if found is None or found.lastgroup is None:
        return None, None
    if found.lastgroup in ("banner", "rcpt", "mail", "ehlo", "data", "dot"):
        stage: str | None = found.lastgroup
    else:
        phrase = found[found.lastgroup]
        stage = _PHRASES.get(phrase) or STAGE_OF_VERB.get(phrase.upper())
    verbs = {"banner": None, "dot": "DATA", None: None}
    return (verbs[stage] if stage in verbs else str(stage).upper()), stage
