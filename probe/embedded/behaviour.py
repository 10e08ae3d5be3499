"""What an embedded SMTP server is told to be: its words, its offers, and where it says no."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

# One reply as text, lines parted by a line feed or given one by one; empty is silence.
Text = str | tuple[str, ...]
# The argument of the command, or the message after the dot, gives the reply; None leaves it to the server.
Script = Text | Callable[[str], Text | None]

# Parameters that an extension adds to MAIL and RCPT, by the keyword that offers it.
_MAIL = {
    "SIZE": ("SIZE",),  # RFC 1870
    "8BITMIME": ("BODY",),  # RFC 6152
    "BINARYMIME": ("BODY",),  # RFC 3030
    "SMTPUTF8": ("SMTPUTF8",),  # RFC 6531
    "DSN": ("RET", "ENVID"),  # RFC 3461
    "AUTH": ("AUTH",),  # RFC 4954
    "DELIVERBY": ("BY",),  # RFC 2852
    "REQUIRETLS": ("REQUIRETLS",),  # RFC 8689
    "MT-PRIORITY": ("MT-PRIORITY",),  # RFC 6710
    "FUTURERELEASE": ("HOLDFOR", "HOLDUNTIL"),  # RFC 4865
}
_RCPT = {"DSN": ("NOTIFY", "ORCPT")}


@dataclass(frozen=True)
class Behaviour:
    """One server's manners.

    ``greeting`` and ``help`` are full replies; after a greeting that is no 2yz every command but QUIT gets 503 (RFC
    5321 section 3.1). ``extensions`` are the lines of the EHLO answer, STARTTLS apart, and ``extensions_in_tls`` those
    inside TLS where they differ. ``greet_address`` puts the client's address into the first, as Google does.

    ``replies`` maps a verb, or ``dot`` for the end of the message, to a reply or to what computes one. A reply of 4yz
    or 5yz is all that happens, and 421 also ends the connection. One of 2yz or 3yz only changes the words: the command
    is carried out, and refused if it would be; AUTH alone takes a 235 as true without a look at the credentials.

    ``unknown_parameter`` is the reply to a parameter of MAIL or RCPT that no extension offers or that
    ``refused_parameters`` names; ``{}`` stands for the parameter. ``users`` may log in, each with a password.
    ``delay`` is seconds before the greeting.
    """

    hostname: str = "mx.demo.test"
    greeting: Text = "220 {hostname} ESMTP"
    help: Text | None = None
    starttls: bool = False
    require_tls: bool = False
    extensions: tuple[str, ...] = ("PIPELINING", "SIZE 10485760", "8BITMIME", "ENHANCEDSTATUSCODES")
    extensions_in_tls: tuple[str, ...] | None = None
    greet_address: bool = False
    users: Mapping[str, str] = field(default_factory=dict)
    require_auth: bool = False
    replies: Mapping[str, Script] = field(default_factory=dict)
    refused_parameters: tuple[str, ...] = ()
    unknown_parameter: str = "555 5.5.4 Unsupported option: {}"
    delay: float = 0.0

    def offers(self, *, in_tls: bool) -> tuple[str, ...]:
        """The EHLO lines after the first. STARTTLS is never offered twice (RFC 3207 section 4.2)."""
        if in_tls:
            return self.extensions if self.extensions_in_tls is None else self.extensions_in_tls
        return (*self.extensions, "STARTTLS") if self.starttls else self.extensions

    def offer(self, keyword: str, *, in_tls: bool) -> str | None:
        """The parameters of one offered extension, None where it is not offered."""
        for line in self.offers(in_tls=in_tls):
            word, _, parameters = line.partition(" ")
            if word.upper() == keyword:
                return parameters
        return None

    def takes(self, verb: str, parameter: str, *, in_tls: bool) -> bool:
        """Whether MAIL or RCPT may carry ``parameter``, going by what is offered."""
        known = _MAIL if verb == "MAIL" else _RCPT
        offered = any(
            parameter in parameters and self.offer(keyword, in_tls=in_tls) is not None
            for keyword, parameters in known.items()
        )
        return offered and parameter not in self.refused_parameters

    def scripted(self, stage: str, argument: str) -> str | None:
        """The reply that was ordered for this verb or stage, lines parted by a line feed."""
        script = self.replies.get(stage)
        return joined(script(argument) if callable(script) else script)


@dataclass(frozen=True)
class Received:
    """One message that the server took: the envelope, the octets as sent (dots undone, RFC 5321 section 4.5.2), and
    under which circumstances. ``mail_from`` is empty for the null reverse-path."""

    mail_from: str
    rcpt_tos: tuple[str, ...]
    octets: bytes
    parameters: tuple[str, ...] = ()
    helo: str = ""
    in_tls: bool = False
    user: str | None = None


def joined(text: Text | None) -> str | None:
    """A reply as one text."""
    return text if text is None or isinstance(text, str) else "\n".join(text)
