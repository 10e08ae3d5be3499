"""The Authentication-Results field (RFC 8601), as a receiver would put it on top of the message."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from probe.model import CheckResult, Client

# RFC 2045 section 5.1: what may stand without quotation marks; an address may, too (RFC 8601 section 2.2).
_TOKEN = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`{|}~-]+")
_ADDRESS = re.compile(r"(?:[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]+)?@[A-Za-z0-9_.-]+")
# RFC 8601 section 2.7, RFC 9989 section 4.9 and RFC 8617 section 4.1.1: what each method may say.
_WORDS = {
    "dkim": frozenset("none pass fail policy neutral temperror permerror".split()),
    "spf": frozenset("none pass fail softfail policy neutral temperror permerror".split()),
    "dmarc": frozenset("none pass fail temperror permerror".split()),
    "arc": frozenset("none pass fail".split()),
}
_WIDTH = 78
_INDENT = "    "


def authentication_results(authserv_id: str, checks: Sequence[CheckResult], client: Client) -> str:
    """The field, folded with LF and spaces, without a line end behind it. What came to no verdict is left out."""
    stated = [_method(one, client) for one in checks if one.result in _WORDS.get(one.check, ())]
    lines = [f"Authentication-Results: {value(authserv_id)};"]
    if not stated:
        return f"{lines[0]} none"
    for number, words in enumerate(stated):
        line = _INDENT
        for word in words:
            if len(line) + len(word) + 1 > _WIDTH and line.strip():
                lines.append(line.rstrip())
                line = _INDENT * 2
            line += word + " "
        lines.append(line.rstrip() + (";" if number + 1 < len(stated) else ""))
    return "\n".join(lines)


def value(text: str) -> str:
    """A text as a token or an address where it is one, else as a quoted string (RFC 5322 section 3.2.4)."""
    if _TOKEN.fullmatch(text) or _ADDRESS.fullmatch(text):
        return text
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _method(one: CheckResult, client: Client) -> list[str]:
    words = [f"{one.check}={one.result}"]
    reason = one.facts.get("reason")
    if one.result not in ("pass", "none") and reason:
        words.append(f"reason={value(str(reason))}")
    words += [f"{name}={value(str(said))}" for name, said in _properties(one, client) if said not in (None, "")]
    return words


def _properties(one: CheckResult, client: Client) -> Iterator[tuple[str, object]]:
    told = one.facts
    if one.check == "dkim":
        yield "header.d", told.get("domain")
        yield "header.i", told.get("identity")
        yield "header.s", told.get("selector")
        yield "header.a", told.get("algorithm")
        yield "header.b", str(told.get("b") or "")[:8]
    elif one.check == "spf":
        yield f"smtp.{told.get('identity')}", told.get("sender" if told.get("identity") == "mailfrom" else "helo")
    elif one.check == "dmarc":
        yield "header.from", one.subject
    elif one.check == "arc" and one.result == "pass":
        yield "header.oldest-pass", told.get("oldest_pass")
        yield "smtp.remote-ip", client.address
