"""Who spoke: the server's name and address, as the sentence around a passed-on reply gives them.

Each pattern is one program's way to say it: Postfix, Exim, qmail, Courier, Sendmail, Exchange, Gmail. A name that no
such sentence holds is not taken for the server's.
"""

from __future__ import annotations

import re

_NAME = r"(?P<{0}>[\w.-]{{1,253}})"
_ADDRESS = r"\[(?:IPv6:)?(?P<{0}>[0-9A-Fa-f:.]{{3,45}})\]"
_BARE = r"(?P<{0}>\d{{1,3}}(?:\.\d{{1,3}}){{3}}|[0-9A-Fa-f]{{0,4}}:[0-9A-Fa-f:.]{{2,40}})"


def _pattern(text: str) -> str:
    """``N``, ``A`` and ``B`` stand for a name, an address in brackets and a bare one; their groups are numbered."""
    count = 0

    def group(found: re.Match[str]) -> str:
        nonlocal count
        count += 1
        kind = "name" if found[0] == "@N" else "address"
        form = {"@N": _NAME, "@A": _ADDRESS, "@B": _BARE}[found[0]]
        return form.format(f"{kind}_{count}")

    return re.sub("@[NAB]", group, text)


_REMOTE = re.compile(
    _pattern(
        r"\bhost @N ?@A(?::\d{1,5})?:? (?:said|refused|greeting)"  # Postfix
        r"|\b(?:connect to|conversation with|lost connection with|timed? ?out (?:with|talking to)) @N ?@A"
        r"|\b(?:host:?|H=) ?@N ?(?:\(\S{0,255}\) )?@A"  # Exim
        r"|\bhost:? @N \(@B\)"
        r"|(?:^|Connected to |remote host |host )@B (?:does not like|but|failed|said)"  # qmail
        r"|(?:^|\s)@N ?@A:? (?:did not|\n? ?>>>|said)"  # Courier
        r"|while talking to @N"  # Sendmail
        r"|(?:^|[<\s])@N #[45]"  # Exchange
        r"|\b[Ss]erver @N ?@A"
        r"|[Ss]erver at @N(?: \(@B\))? returned"
        r"|\bRemote server:\s{1,8}@N"
        r"|\b(?:by|for the recipient domain \S{1,253} by) @N ?@A"  # Gmail
        r"|\[@N @B: "
    )
)
_CUES = (
    "host",
    "talking to",
    "onnect",
    "#",
    ">>>",
    "erver ",
    " by ",
    "onversation",
    "imed",
    "not like",
    "H=",
    ": timed",
)
_SEARCHED = 2000  # the sentence stands before the reply


def remote(text: str) -> tuple[str | None, str | None]:
    """The name and the address of the server whose reply ``text`` passes on; None for what it does not tell."""
    text = text[:_SEARCHED]
    if not any(cue in text for cue in _CUES):
        return None, None
    found = _REMOTE.search(text)
    if found is None:
        return None, None
    told = {key.partition("_")[0]: value for key, value in found.groupdict().items() if value}
    name = told.get("name", "").rstrip(".")
    return name or None, told.get("address")
