"""Do TLSA records of the MX hosts let senders verify their TLS? (DANE for SMTP, RFC 7672)

The subject is a ``Mail``: a domain, and the certificates that its hosts showed, where somebody has seen them. All of it
rests on DNSSEC: what a validating resolver did not authenticate is said so and not used (RFC 7672 section 2.2).
``pass``: each host that was seen matches its records, and each host has some. ``fail``: a host matches none of its
records, so that mail to it is held back. ``permerror``: there are records, and none that can be used. ``none``: no
records that count. ``temperror``: DNS could not be asked. None: the records are fine, and no certificate was seen; or
the resolver does not validate, so that nobody can tell.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from probe.addresses import is_private
from probe.catalog import Catalog
from probe.checks import tlsa
from probe.checks.destination import domain_of
from probe.checks.mail_hosts import MailHost, MailHosts, mail_hosts
from probe.checks.protocols import Asker, Connector, Emitted, emit
from probe.checks.starttls import NO_TLS, Seen, see
from probe.checks.steps import Steps
from probe.checks.validation import validates
from probe.model import Answer, CheckResult, Result
from probe.text import show

ID = "dane"
PROVES = ()

PROBLEMS = (
    *("not-validating", "not-asked", "missing", "unsigned", "mx-unsigned", "partial"),
    *(
        "look-up-fails",
        "no-tls",
        "not-seen",
        "unusable",
        "some-unusable",
        "mismatch",
        "stale",
        "weaker-digest",
        "whole-certificate",
    ),
)
"""Everything that can be wrong; each has its words as the finding ``dane-`` and the id."""

PORT = 25
_MOST_RECORDS = 20
_MOST_SEEN = 5  # as many as a sender would try
_MOST_NAMED = 10


@dataclass(frozen=True)
class Mail:
    """A mail domain at a moment, with what its hosts showed; ``port`` is where they listen. With a connector, hosts
    whose records can be used and that nobody has seen are asked, ``seconds`` each; ``allow_private`` lets that reach
    private addresses."""

    domain: str
    now: datetime.datetime
    seen: tuple[Seen, ...] = ()
    port: int = PORT
    seconds: float = 10.0
    allow_private: bool = False


@dataclass(frozen=True)
class _Host:
    """What came of one host: its part of the facts, its verdict, and the records that fit what it showed."""

    facts: dict[str, Any]
    result: Result | None
    publish: tuple[str, ...] = ()


async def run(subject: Mail, *, ask: Asker, connect: Connector | None = None, facts: Catalog) -> CheckResult:
    """Look for the records of each host and hold them against what it showed. Facts: ``reason``, ``validating`` (None
    where that could not be asked), ``mx_authenticated``, ``hosts`` (each ``host``, ``authenticated``, ``name`` of the
    TLSA records, ``seen`` (True, or why not), ``reason``, ``records``: ``parameters``, ``data`` in hex, ``reason`` and
    ``match``), ``problems`` (each ``problem``, ``about`` and ``detail``), and ``publish``: a record for each host whose
    certificate was seen and has none."""
    steps, domain = Steps(ask, facts), domain_of(subject.domain)
    if domain is None:
        return CheckResult(ID, show(subject.domain), "none", {"reason": "bad-domain", "problems": ()})
    mail = await mail_hosts(domain, steps)
    said = await _ask_for_tlsa(mail, subject.port, steps)
    seen = {one.host.rstrip(".").lower(): one for one in subject.seen}
    if connect is not None:
        seen |= await _see_the_others(mail, subject, said, seen, connect)
    checked = [
        _of_host(host, domain, subject.port, subject.now, said.get(host.name), seen.get(host.name))
        for host in mail.hosts
    ]
    anything = mail.answer.authenticated or any(one.facts["authenticated"] for one in checked)
    validating = True if anything else await validates(steps)
    result, reason = _result(mail, checked, validating)
    found = {
        "reason": reason,
        "validating": validating,
        "mx_authenticated": mail.answer.authenticated,
        "hosts": tuple(one.facts for one in checked),
        "problems": tuple(_problems(domain, mail, checked, validating)),
        "publish": tuple(line for one in checked for line in one.publish),
    }
    return CheckResult(ID, domain, result, found, steps.queries, steps.trace)


def findings(one: CheckResult, facts: Catalog) -> Iterator[Emitted]:
    for told in one.facts.get("problems", ()):
        problem = told["problem"]
        yield emit(
            f"dane-{problem}",
            one.subject,
            domain=one.subject,
            about=told["about"],
            detail=told.get("detail") or "",
            reason=facts.reason(told),
            publish="; ".join(_to_add(one.facts, told.get("name"))),
        )


def _to_add(found: Mapping[str, Any], name: str | None) -> Iterator[str]:
    """The records to publish, of one TLSA name or of all that have none; three dots stand for the digest of a key that
    nobody has shown."""
    for host in found.get("hosts", ()):
        ready = [line for line in found["publish"] if line.startswith(f"{host['name']}.")]
        if host["name"] and (host["name"] == name or (name is None and host["reason"] == "no-record")):
            yield from ready or [f"{host['name']}. IN TLSA 3 1 1 …"]


async def _ask_for_tlsa(mail: MailHosts, port: int, steps: Steps) -> dict[str, tuple[str, Answer]]:
    """The TLSA base domain of each host that has an address, with what was said there: first at the end of its
    aliases, then at its own name (RFC 7672 section 2.2.3)."""
    bases = {
        host.name: host.alias_of if host.alias_of and _is_authenticated(host) else host.name for host in mail.addressed
    }
    said = await _ask_at(bases, port, steps)
    again = {name: name for name, (base, answer) in said.items() if answer.answer == "absent" and base != name}
    return said | await _ask_at(again, port, steps)


async def _ask_at(bases: Mapping[str, str], port: int, steps: Steps) -> dict[str, tuple[str, Answer]]:
    answers = await steps.ask_all([(f"_{port}._tcp.{base}", "TLSA") for base in bases.values()]) if bases else []
    return {name: (base, answer) for (name, base), answer in zip(bases.items(), answers, strict=True)}


async def _see_the_others(
    mail: MailHosts,
    subject: Mail,
    said: Mapping[str, tuple[str, Answer]],
    seen: Mapping[str, Seen],
    connect: Connector,
) -> dict[str, Seen]:
    """What the hosts show whose records can be used, one after the other."""
    found: dict[str, Seen] = {}
    for host in [host for host in mail.addressed if host.name not in seen][:_MOST_SEEN]:
        base, answer = said[host.name]
        addresses = [one for one in host.addresses if subject.allow_private or not is_private(one)]
        usable = [value for value in answer.values[:_MOST_RECORDS] if tlsa.parse(value).reason is None]
        if usable and addresses and answer.authenticated and _is_authenticated(host):
            found[host.name] = await see(
                host.name,
                addresses,
                connect=connect,
                server_name=base,  # RFC 7672 section 8.1
                port=subject.port,
                seconds=subject.seconds,
            )
    return found


def _is_authenticated(host: MailHost) -> bool:
    """RFC 7672 section 2.2.2: TLSA records count only where the addresses themselves are authenticated."""
    found = [said for said in (host.a, host.aaaa) if said and said.answer == "found"]
    return bool(found) and all(said.authenticated for said in found)


def _of_host(
    host: MailHost, domain: str, port: int, now: datetime.datetime, said: tuple[str, Answer] | None, seen: Seen | None
) -> _Host:
    authenticated = _is_authenticated(host)
    facts: dict[str, Any] = {
        "host": host.name,
        "authenticated": authenticated,
        "name": None,
        "seen": None,
        "records": (),
    }
    if said is None:
        return _Host({**facts, "reason": host.failure or "no-address"}, "temperror" if host.failure else "none")
    base, answer = said
    shown = seen.chain if seen else ()
    facts |= {"name": f"_{port}._tcp.{base}", "seen": seen.failure or bool(shown) if seen else None}
    publish = _to_publish(facts["name"], shown, answer.values)
    if not answer.known:
        return _Host({**facts, "reason": answer.reason or answer.answer}, "temperror", publish)
    if answer.answer == "absent":
        return _Host({**facts, "reason": "no-record"}, "none", publish)
    records = [tlsa.parse(value) for value in answer.values[:_MOST_RECORDS]]
    if not (authenticated and answer.authenticated):
        return _Host({**facts, "reason": "unsigned", "records": tuple(map(_described, records))}, "none", publish)
    names = tuple(dict.fromkeys((base, host.name, domain)))
    matches = {record.text: tlsa.match(record, shown, names, now) for record in records if shown and not record.reason}
    facts |= {"records": tuple({**_described(record), "match": matches.get(record.text)} for record in records)}
    if all(record.reason for record in records):
        return _Host({**facts, "reason": "unusable"}, "permerror", publish)
    if seen and seen.failure in NO_TLS:
        return _Host({**facts, "reason": "no-tls"}, "fail")
    if not shown:
        return _Host({**facts, "reason": "not-matched"}, None)
    if "match" in matches.values():
        return _Host({**facts, "reason": "match"}, "pass", publish)
    return _Host({**facts, "reason": next(iter(matches.values()))}, "fail", publish)


def _described(record: tlsa.Association) -> dict[str, Any]:
    if record.reason == "malformed":
        return {"parameters": "", "data": show(record.text), "reason": record.reason, "match": None}
    return {"parameters": record.parameters, "data": record.data.hex(), "reason": record.reason, "match": None}


def _to_publish(name: str, chain: tuple[bytes, ...], published: tuple[str, ...]) -> tuple[str, ...]:
    """The record of the key that was shown, unless it is there."""
    try:
        record = tlsa.association(chain[0]) if chain else None
    except ValueError:
        return ()
    return () if record is None or record in published else (f"{name}. IN TLSA {record}",)


def _result(mail: MailHosts, checked: list[_Host], validating: bool | None) -> tuple[Result | None, str]:
    if mail.failure:
        return "temperror", mail.failure
    results = [one.result for one in checked]
    if not validating and any(one.facts["reason"] != "no-record" for one in checked):
        return None, "not-validating" if validating is False else "validation-unknown"
    worst: tuple[Result, ...] = ("fail", "permerror", "temperror")
    for word in worst:
        if word in results:
            return word, next(one.facts["reason"] for one in checked if one.result == word)
    if results and all(result == "pass" for result in results):
        return "pass", "match"
    if results and all(result in ("pass", None) for result in results):
        return None, "not-matched"
    with_records = [one for one in checked if one.result != "none"]
    return "none", "partial" if with_records else next((one.facts["reason"] for one in checked), "no-host")


def _problems(domain: str, mail: MailHosts, checked: list[_Host], validating: bool | None) -> Iterator[dict[str, Any]]:
    if mail.failure:
        yield _problem("not-asked", domain, reason=mail.failure)
        return
    if not validating and any(one.facts["reason"] != "no-record" for one in checked):
        yield _problem("not-validating", domain)
        return
    for one in checked:
        yield from _of_one(one)
    usable = [one for one in checked if one.result in ("pass", "fail", None)]
    bare = [one for one in checked if one.result == "none" and one.facts["reason"] == "no-record"]
    if checked and len(bare) == len(checked):
        yield _problem("missing", domain)
    elif usable and bare:
        yield _problem("partial", ", ".join(one.facts["host"] for one in bare[:_MOST_NAMED]))
    if usable and not mail.answer.authenticated:
        yield _problem("mx-unsigned", domain)


def _of_one(one: _Host) -> Iterator[dict[str, Any]]:
    host, name, reason = (one.facts[key] for key in ("host", "name", "reason"))
    records = one.facts["records"]
    if one.result == "temperror":
        # A signed zone whose TLSA question fails makes senders keep the mail (RFC 7672 section 2.1.3).
        fails = name is not None and one.facts["authenticated"] and reason in ("servfail", "refused", "notimp", "lame")
        yield _problem("look-up-fails" if fails else "not-asked", host, reason=reason)
    if reason == "unsigned":
        yield _problem("unsigned", host, detail=name)
    useless = [record for record in records if record["reason"]]
    if reason != "unsigned" and useless:
        said = ", ".join(record["parameters"] or record["data"][:40] for record in useless[:_MOST_NAMED])
        id_ = "unusable" if len(useless) == len(records) else "some-unusable"
        yield _problem(id_, host, detail=said, name=name, reason=f"tlsa-{useless[0]['reason']}")
    if reason == "no-tls":
        yield _problem("no-tls", host, reason=f"seen-{one.facts['seen']}")
    elif one.result == "fail":
        said = ", ".join(record["parameters"] for record in records if not record["reason"])
        yield _problem("mismatch", host, detail=said, name=name, reason=f"tlsa-{reason}")
    if reason == "not-matched" and one.facts["seen"]:
        yield _problem("not-seen", host, reason=f"seen-{one.facts['seen']}")
    stale = [record for record in records if record["match"] not in (None, "match")]
    if one.result == "pass" and stale:
        yield _problem("stale", host, detail=", ".join(record["parameters"] for record in stale[:_MOST_NAMED]))
    if one.result == "pass" and all(_outdone(record, records) for record in records if record["match"] == "match"):
        yield _problem("weaker-digest", host)
    usable = [record["parameters"] for record in records if not record["reason"] and reason != "unsigned"]
    if usable and all(parameters.startswith("3 0 ") for parameters in usable):
        yield _problem("whole-certificate", host, detail=", ".join(usable[:_MOST_NAMED]), name=name)


def _outdone(record: Mapping[str, Any], records: Sequence[Mapping[str, Any]]) -> bool:
    """Whether senders pass over a record for the sake of a stronger digest beside it (RFC 7671 section 9)."""
    kind, _, matching = str(record["parameters"]).rpartition(" ")
    return matching == "1" and any(other["parameters"] == f"{kind} 2" and not other["reason"] for other in records)


def _problem(id_: str, about: str, **more: Any) -> dict[str, Any]:
    return {"problem": id_, "about": about, **more}
