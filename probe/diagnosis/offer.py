"""What was asked, beside what EHLO offered (RFC 5321 sections 2.2.1 and 4.1.1.11; RFC 4954 section 3).

The one check that needs no network: it reads the session itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from probe.catalog import Catalog
from probe.diagnosis.inquiry import Inquiry
from probe.model import CheckResult, Exchange, Session
from probe.smtp.extensions import size_limit

ID = "extensions"
PROVES = ("unsupported-parameter", "unsupported-command", "syntax-error", "message-too-large", "tls-required")


def compare_with_offer(inquiry: Inquiry, session: Session, facts: Catalog) -> CheckResult | None:
    """The mechanism, parameters or verb of the refused command against the offer that counted at that moment.

    ``result`` is fail where something was asked that was not offered, pass where all of it was, None where the command
    asked for nothing that EHLO speaks of. ``facts``: ``asked``, ``not_offered``, ``offered`` (what would work instead).
    """
    exchange = inquiry.exchange
    offer = _offer_at(session, exchange)
    if exchange.command is None or offer is None:
        return None
    verb, *words = exchange.command.split(" ")
    if verb.upper() == "AUTH" and words:
        return _mechanism(words[0], offer, facts)
    if verb.upper() in ("MAIL", "RCPT"):
        parameters = [word for word in words if not word.upper().startswith(("FROM:", "TO:"))]
        return _parameters(verb.upper(), parameters, offer, facts) if parameters else None
    return _verb(verb.upper(), offer, facts)


def _offer_at(session: Session, exchange: Exchange) -> Mapping[str, str] | None:
    return session.extensions.after_tls if exchange.in_tls else session.extensions.before_tls


def _mechanism(asked: str, offer: Mapping[str, str], facts: Catalog) -> CheckResult:
    offered = tuple(offer.get("AUTH", "").split())
    available = asked.upper() in (mechanism.upper() for mechanism in offered)
    details = {
        "kind": "mechanism",
        "asked": (asked,),
        "not_offered": () if available else (asked,),
        "offered": offered,
        "extension": "AUTH" if "AUTH" in offer else None,
    }
    trace = _trace("AUTH", asked, offer, facts)
    return CheckResult(ID, f"AUTH {asked}", "pass" if available else "fail", details, trace=trace)


def _parameters(verb: str, parameters: list[str], offer: Mapping[str, str], facts: Catalog) -> CheckResult:
    allowed = _allowed_parameters(verb, offer, facts)
    missing = []
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        known = name.upper() in allowed or name.upper() in offer  # an unknown extension may bring one of its own name
        if not known or not _value_offered(name.upper(), value.upper(), offer):
            missing.append(parameter)
    too_large = bool(missing) and all(one.upper().startswith("SIZE=") for one in missing) and "SIZE" in offer
    details = {
        "kind": "size" if too_large else "parameter",
        "asked": tuple(parameters),
        "not_offered": tuple(missing),
        "offered": tuple(sorted(_with_values(allowed, offer))),
    }
    trace = tuple(line for parameter in parameters for line in _trace(verb, parameter, offer, facts))
    return CheckResult(ID, f"{verb} {' '.join(parameters)}", "fail" if missing else "pass", details, trace=trace)


def _allowed_parameters(verb: str, offer: Mapping[str, str], facts: Catalog) -> set[str]:
    allowed = set()
    for keyword in offer:
        extension = facts.extensions.get(keyword)
        if extension is not None:
            allowed |= set(extension.mail_parameters if verb == "MAIL" else extension.rcpt_parameters)
    return allowed


def _with_values(allowed: set[str], offer: Mapping[str, str]) -> Iterator[str]:
    """The parameters as they may be given, with the largest SIZE."""
    for name in allowed:
        yield f"SIZE={offer['SIZE']}" if name == "SIZE" and size_limit(offer) else name


def _value_offered(name: str, value: str, offer: Mapping[str, str]) -> bool:
    """BODY is one parameter of two extensions, each with its own value (RFC 6152, RFC 3030); SIZE may not be more than
    what is offered (RFC 1870 section 6.1)."""
    if name == "BODY":
        return value == "7BIT" or value in offer
    if name == "SIZE":
        most = size_limit(offer)
        return not most or not value.isdigit() or (len(value) <= 20 and int(value) <= most)
    return True


def _verb(verb: str, offer: Mapping[str, str], facts: Catalog) -> CheckResult | None:
    """Only verbs that an extension brings can be held against the offer."""
    bringing = [extension.keyword for extension in facts.extensions.values() if verb in extension.verbs]
    if not bringing:
        return None
    available = any(keyword in offer for keyword in bringing)
    details = {
        "kind": "verb",
        "asked": (verb,),
        "not_offered": () if available else (verb,),
        "offered": tuple(offer),
    }
    return CheckResult(ID, verb, "pass" if available else "fail", details, trace=_trace("", verb, offer, facts))


def _trace(verb: str, asked: str, offer: Mapping[str, str], facts: Catalog) -> tuple[str, ...]:
    listed = ", ".join(f"{keyword} {value}".strip() for keyword, value in offer.items())
    said = facts.say("trace-offered", offered=listed) if listed else facts.words["trace-nothing-offered"]
    return facts.say("trace-asked", asked=f"{verb} {asked}".strip()), said
