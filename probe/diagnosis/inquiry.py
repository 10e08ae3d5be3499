"""Which replies ask for an explanation of their own: the refusals, and what is known beside them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, cast

from probe.addresses import is_private
from probe.model import Client, Exchange, Explanation, Session
from probe.model.noun import noun
from probe.names import is_address

Lists = Literal["named", "main", "all"]
Source = Literal["reply", "ehlo"]

# What these stages answer says nothing about mail.
_HARMLESS = ("help", "rset", "quit")


@noun(frozen=True)
class Inquiry:
    """One refused exchange with its explanation, and where it stands in the report."""

    session: int
    index: int
    exchange: Exchange
    explanation: Explanation

    @property
    def code(self) -> int:
        return self.exchange.reply.code if self.exchange.reply else 0


@noun(frozen=True)
class Sender:
    """Whom the refused session spoke for. ``mail_from`` is the address in MAIL FROM, None where it is not known;
    ``spf_domain`` its domain, else the EHLO name (RFC 7208 section 2.4); ``from_domain`` that of the message's From,
    where one went out. ``selectors`` are DKIM selectors; ``signed`` says whether the message that went out carries a
    DKIM signature, None where none did."""

    client: Client
    ehlo: str | None = None
    spf_domain: str | None = None
    from_domain: str | None = None
    selectors: tuple[str, ...] = ()
    signed: bool | None = None
    mail_from: str | None = None


def inquiries(sessions: Sequence[Session]) -> tuple[Inquiry, ...]:
    """Every refusal in order, those that only echo an earlier one left out."""
    found = []
    for number, session in enumerate(sessions):
        for index, exchange in enumerate(session.exchanges):
            reply, explanation = exchange.reply, exchange.explanation
            if reply is None or explanation is None or reply.code < 400 or exchange.stage in _HARMLESS:
                continue
            if exchange.command == "*" or _overcome(session, index) or explanation.fields.get("echo"):
                continue
            found.append(Inquiry(number, index, exchange, explanation))
    return tuple(found)


def client_of(sessions: Sequence[Session], option: str | None) -> Client:
    """The address under which the server sees us: from a reply that names it, else from the EHLO answer, else as
    given, else our socket's. A private one comes after the one that was given."""
    named = _named(sessions)
    greeted = _greeted(sessions)
    # A private address is seen from inside some network only, so what the user says of the outside comes before it.
    for address, source in ((named, "reply"), (greeted, "ehlo")):
        if address is not None and not is_private(address):
            return Client(address, cast(Source, source))
    if option is not None:
        return Client(option, "option")
    for address, source in ((named, "reply"), (greeted, "ehlo")):
        if address is not None:
            return Client(address, cast(Source, source))
    for session in reversed(sessions):
        if session.local_address and not session.local_address.startswith("/"):
            return Client(session.local_address, "socket")
    return Client()


def _named(sessions: Sequence[Session]) -> str | None:
    """The address that a refusal names, the latest first."""
    for inquiry in reversed(inquiries(sessions)):
        named = inquiry.explanation.fields.get("blocked_ip")
        if _is_client(named):
            return str(named)
    return None


def _greeted(sessions: Sequence[Session]) -> str | None:
    """The address with which an EHLO reply greets us."""
    for session in reversed(sessions):
        for exchange in session.exchanges:
            if exchange.stage == "ehlo" and exchange.reply and exchange.reply.code < 300:
                seen = _address_in(exchange.reply.lines[0])
                if seen:
                    return seen
    return None


def _overcome(session: Session, index: int) -> bool:
    """A refused EHLO is no refusal where HELO was accepted, nor a refused STARTTLS where the session went on."""
    exchange, rest = session.exchanges[index], session.exchanges[index + 1 :]
    if exchange.stage == "ehlo":
        return any(later.stage == "ehlo" and later.reply and later.reply.code < 300 for later in rest)
    return exchange.stage == "starttls" and session.outcome not in ("tls_refused", "no_tls")


def _address_in(line: str) -> str | None:
    """Some servers greet with the client's address in brackets."""
    for part in line.split("[")[1:]:
        candidate = part.partition("]")[0].removeprefix("IPv6:")
        if _is_client(candidate):
            return candidate
    return None


def _is_client(text: object) -> bool:
    """An address, but not the placeholder that some servers print."""
    return isinstance(text, str) and is_address(text) and text != "0.0.0.0"
