"""How well a cause is proved: what speaks for it, what against, what is ruled out, what could not be asked.

A verdict never says more than was evaluated. ``confirmed`` needs an answer of our own that agrees with the reply;
``refuted`` one that contradicts it; ``likely`` is the reply's own clear word; ``possible`` its vague one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from probe.addresses import is_private
from probe.catalog import Catalog
from probe.diagnosis.inquiry import Inquiry, Sender
from probe.diagnosis.proof import checks_for, named_zone
from probe.model import CheckResult, Verdict

_CLEAR, _VAGUE = 0.6, 0.25


@dataclass
class Case:
    """One refusal before the judge: the evidence is collected here, sentence by sentence. ``proved_cause`` is set where
    the proof is of another cause than the text was taken for."""

    inquiry: Inquiry
    sender: Sender
    checks: Sequence[CheckResult]
    facts: Catalog
    evidence: list[str] = field(default_factory=list)
    against: list[str] = field(default_factory=list)
    ruled_out: list[str] = field(default_factory=list)
    not_asked: list[str] = field(default_factory=list)
    proved_cause: str | None = None

    def say(self, key: str, **values: Any) -> str:
        """A sentence of data/words.toml."""
        return self.facts.say(f"evidence-{key}", **values)

    def of(self, check: str) -> list[CheckResult]:
        return [result for result in self.checks if result.check == check]

    @property
    def by_the_reply(self) -> Verdict:
        """What the reply alone is worth."""
        explanation = self.inquiry.explanation
        confidence = explanation.causes[0].confidence if explanation.causes else 0.0
        if explanation.cause in (None, "unknown"):
            return "unknown"
        return "likely" if confidence >= _CLEAR else "possible" if confidence >= _VAGUE else "unknown"


def judge(case: Case) -> Verdict:
    """Weigh one refusal. The lists of the case are filled on return."""
    explanation = case.inquiry.explanation
    if explanation.matched:
        case.evidence.append(case.say("reply-says", words=explanation.matched))
    verdict = _JUDGES.get(explanation.cause or "unknown", _by_reply_alone)(case)
    _note_the_rest(case)
    return verdict


def _by_reply_alone(case: Case) -> Verdict:
    return case.by_the_reply


def _listed(case: Case) -> Verdict:
    """Ask the list that was named; without a name, any healthy list that says so makes the cause likely."""
    zone = named_zone(case.inquiry)
    results = [one for one in case.of("dnsbl") if zone is None or one.facts.get("zone") == zone]
    hits = [one for one in results if one.result == "fail"]
    for hit in hits:
        _describe_hit(case, hit)
    if hits:
        about_address = case.inquiry.explanation.cause == "ip-blocklisted"
        if about_address:
            _whose_address(case)
        # Behind a NAT the server sees another address than our socket has.
        guessed = about_address and case.sender.client.learned_from == "socket"
        return "confirmed" if zone and not guessed else "likely"
    if zone is None:
        return case.by_the_reply
    if not results:
        address = case.sender.client.address
        key = "no-public-address" if address and is_private(address) else "no-subject"
        case.not_asked.append(case.say(key, zone=zone, address=address))
        return case.by_the_reply
    for one in results:
        if one.result == "pass":
            key = "not-listed" if one.facts.get("healthy") else "not-listed-unproved"
            case.against.append(case.say(key, query=_question(one), zone=zone))
        else:
            (case.against if one.result == "permerror" else case.not_asked).append(_unusable(case, one))
    if all(one.result == "permerror" for one in results):
        # The list is dead, parked or sick: that the server believes it is the receiver's fault, not a listing.
        return "refuted"
    # Only a list that is well, asked about the very thing that the reply means, can prove the reply wrong.
    meant = _names_its_subject(case, results)
    denied = meant and all(one.result == "pass" and one.facts.get("healthy") for one in results)
    return "refuted" if denied else case.by_the_reply


def _names_its_subject(case: Case, results: Sequence[CheckResult]) -> bool:
    """Whether what was asked about is known to be what the server asked about."""
    named = case.inquiry.explanation.fields.get("listed_name")
    asked = {one.subject.partition(" @ ")[0] for one in results}
    if named:
        return asked == {str(named).lower()}
    client = case.sender.client
    return asked == {client.address} and client.address is not None and not is_private(client.address)


def _no_ptr(case: Case) -> Verdict:
    if not case.of("ptr"):
        case.not_asked.append(case.say("ptr-private", subject=case.sender.client.address or "?"))
    for one in case.of("ptr"):
        if one.result == "fail":
            case.evidence.append(
                case.say(f"ptr-{one.facts.get('reason', 'fail')}", query=_question(one), subject=one.subject)
            )
            _whose_address(case)
            return "confirmed"
        if one.result == "pass":
            case.against.append(
                case.say("ptr-pass", subject=one.subject, names=", ".join(one.facts.get("confirmed", ())))
            )
            return "refuted"
        case.not_asked.append(case.say("ptr-temperror", subject=one.subject))
    return case.by_the_reply


def _authentication(check: str) -> Callable[[Case], Verdict]:
    """What was evaluated confirms or refutes the reply. Of what was only looked at, a missing or broken record supports
    it, and a sound one leaves it at the reply's own word."""

    def judged(case: Case) -> Verdict:
        # Behind a NAT the server sees another address than our socket has, and SPF then speaks of another one.
        guessed = case.sender.client.learned_from == "socket"
        if check in ("dkim", "dmarc") and case.sender.signed is False:
            case.evidence.append(case.say("unsigned"))
        for one in case.of(check):
            if one.result == "fail":
                case.evidence.append(_record(case, one))
                return "likely" if guessed else "confirmed"
            if one.result == "pass":
                case.against.append(_record(case, one))
                return case.by_the_reply if guessed else "refuted"
            if one.result in ("none", "permerror"):
                case.evidence.append(_record(case, one))
                return "likely"
            if one.result == "temperror":
                case.not_asked.append(_record(case, one))
            else:
                case.evidence.append(_record(case, one))
        return case.by_the_reply

    return judged


def _spf(case: Case) -> Verdict:
    """SPF was evaluated with what the session showed, unless nobody knows the address that the server saw. MAIL FROM
    decides; where that gives no reason to refuse, a fail of the EHLO name may."""
    by_name = {one.facts.get("identity", "mailfrom"): one for one in reversed(case.of("spf"))}
    sender, helo = by_name.get("mailfrom"), by_name.get("helo")
    if sender is not None and sender.result in ("fail", "softfail", "permerror"):
        return _spf_speaks_for_it(case, sender)
    if helo is not None and helo.result in ("fail", "permerror"):
        return _spf_speaks_for_it(case, helo)
    if sender is None:
        return case.by_the_reply
    if sender.result == "pass":
        case.against.append(_record(case, sender))
        _whose_address(case, against=True)
        return case.by_the_reply if _is_guessed(case) else "refuted"
    (case.not_asked if sender.result == "temperror" else case.evidence).append(_record(case, sender))
    return "likely" if sender.result == "none" else case.by_the_reply


def _spf_speaks_for_it(case: Case, one: CheckResult) -> Verdict:
    case.evidence.append(_record(case, one))
    if not one.facts.get("evaluated"):
        return "likely"
    if one.facts.get("explanation"):
        case.evidence.append(case.say("spf-explanation", subject=one.subject, text=one.facts["explanation"]))
    _whose_address(case)
    return "likely" if _is_guessed(case) and one.result != "permerror" else "confirmed"


def _is_guessed(case: Case) -> bool:
    """Behind a NAT the server sees another address than our socket has."""
    return case.sender.client.learned_from == "socket"


def _unauthenticated(case: Case) -> Verdict:
    """The reply misses SPF, DKIM or DMARC. A pass of SPF speaks against it, unless it is DKIM that is missing."""
    missing = 0
    if case.sender.signed is False:
        case.evidence.append(case.say("unsigned"))
    for check in ("spf", "dkim", "dmarc"):
        for one in case.of(check):
            missing += one.result in ("none", "permerror", "fail", "softfail")
            told = case.against if one.result == "pass" else case.evidence
            (case.not_asked if one.result == "temperror" else told).append(_record(case, one))
    return "likely" if missing else case.by_the_reply


def _helo_name(case: Case) -> Verdict:
    """A name without a dot is not fully qualified (RFC 5321 section 4.1.1.1): that can be seen without asking. What
    else is wrong with it, DNS tells."""
    name = case.sender.ehlo or ""
    if name and not name.startswith("[") and "." not in name:
        case.evidence.append(case.say("helo-without-dot", name=name))
        return "confirmed"
    for one in case.of("helo"):
        if one.result == "fail":
            case.evidence.append(case.say("helo-fail", name=one.subject, reason=case.facts.reason(one.facts)))
            return "confirmed"
        if one.result == "temperror":
            case.not_asked.append(case.say("helo-temperror", name=one.subject, reason=case.facts.reason(one.facts)))
    return case.by_the_reply


def _asked_too_much(case: Case) -> Verdict:
    """The offer of EHLO proves or refutes that something was asked that the server does not have."""
    command = case.inquiry.exchange.command or ""
    verb = command.split(" ")[0].upper()
    for one in case.of("extensions"):
        if one.subject.split(" ")[0] != verb:
            continue
        missing, offered = one.facts["not_offered"], one.facts["offered"]
        if missing:
            case.proved_cause = _CAUSE_OF_KIND.get(one.facts["kind"])
            key = "not-offered" if offered else "nothing-offered"
            case.evidence.append(
                case.say(f"{key}-{one.facts['kind']}", asked=", ".join(missing), offered=" ".join(offered), verb=verb)
            )
            return "confirmed"
        if case.inquiry.explanation.cause == "auth-failed":
            return case.by_the_reply  # that a mechanism is offered says nothing about a password
        case.against.append(case.say("offered", asked=", ".join(one.facts["asked"]), verb=verb))
        return "likely" if case.by_the_reply == "likely" else "possible"
    return case.by_the_reply


_CAUSE_OF_KIND = {
    "mechanism": "unsupported-parameter",
    "parameter": "unsupported-parameter",
    "size": "message-too-large",
    "verb": "unsupported-command",
}

_JUDGES: Mapping[str, Callable[[Case], Verdict]] = {
    "ip-blocklisted": _listed,
    "domain-blocklisted": _listed,
    "no-ptr": _no_ptr,
    "helo-rejected": _helo_name,
    "spf-fail": _spf,
    "dkim-fail": _authentication("dkim"),
    "dmarc-fail": _authentication("dmarc"),
    "sender-unauthenticated": _unauthenticated,
    "unsupported-parameter": _asked_too_much,
    "unsupported-command": _asked_too_much,
    "syntax-error": _asked_too_much,
    "message-too-large": _asked_too_much,
    "auth-failed": _asked_too_much,
}


def _describe_hit(case: Case, hit: CheckResult) -> None:
    facts = hit.facts
    case.evidence.append(
        case.say(
            "listed",
            query=_question(hit),
            answer=facts.get("answer", ""),
            meaning=facts.get("meaning") or case.facts.words["listed"],
        )
    )
    if facts.get("text"):
        case.evidence.append(case.say("list-text", text=facts["text"]))
    case.evidence.append(case.say("healthy" if facts.get("healthy") else "no-test-point"))


def _whose_address(case: Case, *, against: bool = False) -> None:
    client = case.sender.client
    if client.address:
        (case.against if against else case.evidence).append(
            case.say(f"address-from-{client.learned_from}", address=client.address)
        )


def _note_the_rest(case: Case) -> None:
    """Everything that was asked and did not decide: clean, or unknown, said as such."""
    zone = named_zone(case.inquiry)
    lists = [one for one in case.of("dnsbl") if zone is None or one.facts.get("zone") != zone]
    clean = sum(_is_clean(one) for one in lists)
    mute = [one for one in lists if one.result != "fail" and not _is_clean(one)]
    if clean:
        key = "list-clean" if clean == 1 else "lists-clean" if zone else "lists-all-clean"
        case.ruled_out.append(case.say(key, count=clean))
    if mute:
        names = ", ".join(str(one.facts.get("zone")) for one in mute[:3]) + (" …" if len(mute) > 3 else "")
        case.not_asked.append(case.say("list-mute" if len(mute) == 1 else "lists-mute", count=len(mute), names=names))
    for hit in lists:
        if hit.result == "fail" and zone is not None:
            case.evidence.append(
                case.say("also-listed", zone=hit.facts.get("zone"), answer=hit.facts.get("answer", ""))
            )
    _note_what_nobody_could_ask(case)
    said = " ".join((*case.evidence, *case.against, *case.not_asked))
    for check in ("spf", "dkim", "dmarc", "ptr"):
        for one in case.of(check):
            sentence = _record(case, one)
            if sentence not in said:
                (case.not_asked if one.result == "temperror" else case.ruled_out).append(sentence)


def _is_clean(one: CheckResult) -> bool:
    """Only a list that is well can say that it does not list somebody."""
    return one.result == "pass" and bool(one.facts.get("healthy"))


def _note_what_nobody_could_ask(case: Case) -> None:
    """Checks that were called for and had no subject: unknown, not clean."""
    wanted = checks_for(case.inquiry, case.facts)
    address = case.sender.client.address
    if "dnsbl" in wanted and not case.of("dnsbl"):
        if address is None or is_private(address):
            sentence = case.say("no-public-address", address=address or "?")
            case.not_asked += [] if sentence in case.not_asked else [sentence]
        else:
            case.not_asked.append(case.say("no-list-named"))
    records = [check.upper() for check in ("spf", "dkim", "dmarc") if check in wanted and not case.of(check)]
    if records:
        case.not_asked.append(case.say("no-domain", checks=", ".join(records)))


def _record(case: Case, one: CheckResult) -> str:
    """One check in one line, with no more of a verdict than it has."""
    facts = one.facts
    if one.check == "ptr":
        key = f"ptr-{facts.get('reason', 'fail')}" if one.result == "fail" else f"ptr-{one.result}"
        return case.say(key, subject=one.subject, query=_question(one), names=", ".join(facts.get("confirmed", ())))
    if one.check == "dkim" and one.result is None:
        keys = ", ".join(str(key["subject"]) for key in facts.get("keys", ()))
        return case.say("dkim-guessed" if facts.get("guessed") else "dkim-found", keys=keys, subject=one.subject)
    if one.check == "dkim" and one.result == "permerror":
        broken = [key for key in facts.get("keys", ()) if key["result"] == "permerror"]
        said = "; ".join(f"{key['subject']}: {case.facts.reason(key)}" for key in broken)
        return case.say("dkim-permerror", keys=said)
    state: str = one.result or "found"
    if one.check == "dkim" and state == "none" and facts.get("guessed"):
        state = "none-guessed"
    return case.say(
        f"{one.check}-{state}",
        subject=facts.get("mechanism_at") or one.subject,  # whose record decides: after a redirect another's
        record=facts.get("record", ""),
        reason=case.facts.reason(facts),
        policy=facts.get("policy") or "",
        identifiers=_identifiers(facts),
        mechanism=facts.get("mechanism") or "",
        address=facts.get("ip", ""),
        count=len(facts.get("selectors", ())),
    )


def _identifiers(facts: Mapping[str, Any]) -> str:
    """What SPF and DKIM authenticated, in the words of RFC 8601: ``spf=fail (shop.example)``."""
    told = facts.get("rfc9989", {}).get("identifiers", ())
    return ", ".join(f"{one['mechanism']}={one['result']} ({one['domain']})" for one in told)


def _unusable(case: Case, one: CheckResult) -> str:
    reason = case.facts.reason(one.facts)
    return case.say(f"list-{one.result}", query=_question(one), zone=one.facts.get("zone", ""), reason=reason)


def _question(one: CheckResult) -> str:
    return f"{one.queries[0].name} {one.queries[0].type}" if one.queries else one.subject
