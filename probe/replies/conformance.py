"""Whether a standard lists a reply code for a command (RFC 5321 section 4.3.2 and the extensions).

What servers also send without a standard's leave is in ``Code.seen`` and plays no part here.
"""

from __future__ import annotations

from probe.catalog import Catalog

STAGE_OF_VERB = {
    "HELO": "ehlo",
    "EHLO": "ehlo",
    "LHLO": "ehlo",
    "HELP": "help",
    "STARTTLS": "starttls",
    "AUTH": "auth",
    "MAIL": "mail",
    "RCPT": "rcpt",
    "DATA": "data",
    "BDAT": "dot",
    "RSET": "rset",
    "QUIT": "quit",
}
CANCEL = "*"  # the line by which a client ends an AUTH that it began
# Stages whose reply answers no verb, or not the verb alone.
_STAGE_TOKENS = {
    "banner": "greeting",
    "connect": "greeting",
    "dot": "dot",
    "body": "dot",
    "tls": "STARTTLS",
    "auth": "AUTH",
}


def allowed(code: int, command: str | None, stage: str | None, facts: Catalog) -> bool | None:
    """Whether ``code`` may answer ``command`` (a line or a verb) at ``stage``; None where neither tells what was asked.

    A stage says more than a verb: the reply to the end of the text is another than the reply to DATA. The lines of an
    AUTH exchange hold no verb.
    """
    if _verb(command) == CANCEL:
        return str(code) in ("421", "501")  # RFC 4954 section 4; RFC 5321 section 3.8 for 421
    token = _STAGE_TOKENS.get(stage or "") or _verb(command) or _verb(stage)
    if token is None:
        return None
    entry = facts.codes.get(str(code))
    return entry is not None and (token in entry.commands or "any" in entry.commands)


def _verb(line: str | None) -> str | None:
    words = (line or "").split(None, 1)
    return words[0].upper() if words else None
