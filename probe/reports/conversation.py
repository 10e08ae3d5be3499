"""The conversation as a transcript: who said what, when, and what each reply means.

Arrows as swaks has them: ``->`` and ``<-`` in clear, ``~>`` and ``<~`` inside TLS. A reply that means yes takes one
line; a refusal opens up.
"""

from __future__ import annotations

from probe.catalog import Catalog
from probe.model import Exchange, Explanation, Reply, Report, Session
from probe.reports.delivery import recipient_of
from probe.reports.layout import Page, clipped, padded

_TEXT = 14
_NOTE = 26
_MOST_LINES = 12
_MOST_MATCHED = 120


def print_conversation(page: Page, session: Session, report: Report, facts: Catalog, *, verbose: bool) -> None:
    title = facts.words["heading-conversation"]
    several = len(report.sessions) > 1
    place = f" · {session.endpoint.host} {session.endpoint.address}" if several else ""
    page.line((title, "bold"), (place, "dim"))
    for index, exchange in enumerate(session.exchanges):
        _exchange(page, session, index, exchange, facts, verbose)
    _timeline(page, session)


def _exchange(page: Page, session: Session, index: int, exchange: Exchange, facts: Catalog, verbose: bool) -> None:
    send, hear = ("~>", "<~") if exchange.in_tls else ("->", "<-")
    if session.tls is not None and _begins_tls(session, index):
        tls = session.tls
        facts_of_tls = " · ".join(part for part in (tls.version, tls.cipher) if part)
        if facts_of_tls:
            page.hanging((("        ", ""), ("== ", "green")), ((facts_of_tls, "green"),), column=_TEXT)
    if exchange.command is not None:
        page.hanging((("        ", ""), (send + " ", "cyan")), ((exchange.command, "cyan"),), column=_TEXT)
    if exchange.stage == "dot" and (recipient := recipient_of(session, index)) is not None:
        page.hanging((), ((facts.say("for-recipient", recipient=recipient), "dim"),), indent=_TEXT)
    if exchange.reply is not None:
        _reply(page, session, exchange, exchange.reply, hear, facts, verbose)
    elif exchange.failure is not None:
        detail = exchange.detail or exchange.failure
        page.hanging(((_when(exchange), "dim"), ("!! ", "bold red")), ((detail, "red"),), column=_TEXT)
        if exchange.partial:
            kept = exchange.partial if verbose else clipped(exchange.partial, 200)
            page.hanging((("        ", ""), (hear + " ", "red")), (kept,), column=_TEXT)


def _begins_tls(session: Session, index: int) -> bool:
    """Whether this exchange is the first inside TLS; with implicit TLS that is the greeting."""
    return session.exchanges[index].in_tls and (index == 0 or not session.exchanges[index - 1].in_tls)


def _when(exchange: Exchange) -> str:
    return f"{_ms(exchange.elapsed_ms):>5} ms "


def _reply(
    page: Page, session: Session, exchange: Exchange, reply: Reply, arrow: str, facts: Catalog, verbose: bool
) -> None:
    refused = reply.code >= 400
    # What these stages answer decides nothing, so it takes one line, whatever it is.
    opened = refused and exchange.stage not in ("help", "rset", "quit") and exchange.command != "*"
    head = ((_when(exchange), "dim"), (arrow + " ", "red" if refused else "green"))
    explanation = exchange.explanation
    if opened or verbose:
        room = None if verbose else _MOST_LINES
        for number, line in enumerate(reply.lines):
            if room is not None and room <= 0:
                more = facts.count("more-lines", len(reply.lines) - number)
                page.hanging((), ((f"… {more}", "dim"),), indent=_TEXT)
                break
            lead = head if number == 0 else (("        ", ""), (arrow + " ", "red" if refused else "green"))
            mark = "-" if number + 1 < len(reply.lines) else " "
            code = reply.codes[min(number, len(reply.codes) - 1)]
            taken = page.hanging(lead, (f"{code}{mark}{line}",), column=_TEXT, most=room)
            room = None if room is None else room - taken
    if opened:
        if explanation is not None:
            _opened(page, exchange, reply, explanation, facts)
        return
    note = "" if explanation is None else explanation.title
    if verbose:
        if explanation is not None:
            page.hanging(
                (), ((f"{reply.code}  {facts.titled(explanation.title, explanation.meaning)}", "dim"),), indent=_TEXT
            )
            _extensions(page, exchange, reply, facts)
        return
    said = _in_short(session, exchange, reply, facts)
    note = padded(clipped(note, _NOTE), _NOTE)
    page.hanging(head, (clipped(said, page.width - _TEXT - _NOTE - 1),), column=_TEXT, right=(note, "dim"))


def _in_short(session: Session, exchange: Exchange, reply: Reply, facts: Catalog) -> str:
    offer = session.extensions.after_tls if exchange.in_tls else session.extensions.before_tls
    if exchange.stage == "ehlo" and offer is not None and len(reply.lines) > 1:
        return f"{reply.code} " + facts.count("extensions-count", len(offer))
    more = f" (+{len(reply.lines) - 1})" if len(reply.lines) > 1 else ""
    first = next((line for line in reply.lines if line.strip()), "")
    return f"{reply.code} {first}{more}".strip()


def _opened(page: Page, exchange: Exchange, reply: Reply, explanation: Explanation, facts: Catalog) -> None:
    """Everything the reference knows about a refusal."""
    words = facts.words

    def say(label: str, text: str, style: str = "") -> None:
        page.hanging(((label, "bold"),), ((text, style),), indent=_TEXT, column=_TEXT + 7)

    say(str(reply.code), facts.titled(explanation.title, explanation.meaning))
    if reply.enhanced and explanation.enhanced_title:
        say(reply.enhanced, facts.titled(explanation.enhanced_title, explanation.enhanced_meaning or ""))
    say(words["short-when"], explanation.when)
    say(words["short-fix"], explanation.remedy)
    if explanation.allowed_here is not None:
        verb = (exchange.command or exchange.stage).split(" ")[0]
        verb = "AUTH" if verb in ("***", "*") else verb
        place = (
            words["place-greeting"]
            if exchange.stage == "banner"
            else words["place-dot"]
            if exchange.stage == "dot"
            else verb
        )
        key = "allowed-here" if explanation.allowed_here else "not-allowed-here"
        say(words["short-rfc"], facts.say(key, code=reply.code, place=place))
    if explanation.cause and explanation.cause != "unknown":
        # Without words that decided, it was the most exact of the codes.
        by = clipped(explanation.matched or reply.enhanced or str(reply.code), _MOST_MATCHED)
        cause = facts.say("cause-by", cause=explanation.cause, words=by)
        who = f" · {explanation.provider}" if explanation.provider and explanation.provider != "generic" else ""
        say(words["short-cause"], cause + who)
    if explanation.provider_meaning:
        say("", explanation.provider_meaning)


def _extensions(page: Page, exchange: Exchange, reply: Reply, facts: Catalog) -> None:
    if exchange.stage != "ehlo":
        return
    for line in reply.lines[1:]:
        row = facts.extensions.get(line.split(" ")[0].split("=")[0].upper())
        if row is not None:
            page.hanging(
                ((row.keyword, "dim"),),
                ((row.meaning, "dim"), (f" {row.reference}", "dim")),
                indent=_TEXT,
                column=_TEXT + 21,
            )


def _timeline(page: Page, session: Session) -> None:
    """Where the time went, one entry a stage."""
    if not session.timeline:
        return
    parts = " · ".join(f"{stage} {_ms(ms)}" for stage, ms in session.timeline.items())
    page.hanging((("     ms ", "dim"), ("|| ", "dim")), ((parts, "dim"),), column=_TEXT)


def _ms(milliseconds: float) -> str:
    return f"{milliseconds:.1f}" if milliseconds < 10 else f"{milliseconds:.0f}"
