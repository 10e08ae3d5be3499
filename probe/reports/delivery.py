"""Who got the message, counted from the exchanges: the replies to RCPT, and the one or many after the dot.

SMTP answers the dot once for all recipients (RFC 5321 section 4.1.1.4), LMTP once for each that it accepted, in their
order (RFC 2033 section 4.2).
"""

from __future__ import annotations

from collections.abc import Iterator

from probe.model import Exchange, Session

# Whatever else stopped a session, it says nothing that could be counted.
_COUNTED = ("ok", "rejected", "tempfail")


def sent_to(session: Session) -> tuple[int, int]:
    """How many recipients the server took the message for, and how many it was asked to."""
    asked = sum(1 for exchange in session.exchanges if _is_rcpt(exchange))
    if not session.message_sent or not session.paired or session.outcome not in _COUNTED:
        return 0, asked
    dots = sum(1 for exchange in session.exchanges if exchange.stage == "dot" and _took(exchange))
    accepted = sum(1 for exchange in session.exchanges if _is_rcpt(exchange) and _took(exchange))
    return min(accepted, dots) if _is_lmtp(session) else accepted if dots else 0, asked


def recipient_of(session: Session, index: int) -> str | None:
    """Whom the exchange at ``index`` is about, if it is about one recipient."""
    exchange = session.exchanges[index]
    if _is_rcpt(exchange):
        return _path(exchange.command or "")
    if exchange.stage != "dot" or not _is_lmtp(session):
        return None
    earlier = session.exchanges[:index]
    accepted = [_path(one.command or "") for one in earlier if _is_rcpt(one) and _took(one)]
    number = sum(1 for one in earlier if one.stage == "dot")
    return accepted[number] if number < len(accepted) else None


def refusals(session: Session) -> Iterator[tuple[int, Exchange]]:
    """The refused recipients: their exchanges, and where these stand."""
    for index, exchange in enumerate(session.exchanges):
        if exchange.reply is not None and exchange.reply.code >= 400 and recipient_of(session, index) is not None:
            yield index, exchange


def _is_rcpt(exchange: Exchange) -> bool:
    return exchange.stage == "rcpt" and (exchange.command or "").upper().startswith("RCPT TO:<")


def _is_lmtp(session: Session) -> bool:
    return any(one.stage == "ehlo" and (one.command or "").upper().startswith("LHLO") for one in session.exchanges)


def _took(exchange: Exchange) -> bool:
    return exchange.reply is not None and 200 <= exchange.reply.code < 300


def _path(command: str) -> str:
    """The address between the angle brackets."""
    return command.partition("<")[2].partition("> ")[0].removesuffix(">")
