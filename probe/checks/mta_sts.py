"""Does a domain tell senders to use verified TLS, and could they obey? (MTA-STS, RFC 8461)

The subject is a ``Domain``. ``pass``: record and policy are valid, and the policy covers every MX host. ``fail``: it
does not cover all of them, or one that was seen shows no certificate that holds, so that mail to it is held back.
``permerror``: record or policy cannot be used. ``none``: there is no record, or the policy says mode none.
``temperror``: DNS or the policy's server could not be asked. None: the record is fine, and no connector was given to
fetch the policy with.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from probe.addresses import is_private
from probe.catalog import Catalog
from probe.checks import sts_policy
from probe.checks.destination import domain_of
from probe.checks.mail_hosts import MailHosts, mail_hosts
from probe.checks.protocols import Asker, Connector, Emitted, emit
from probe.checks.starttls import NO_TLS, Seen
from probe.checks.steps import Steps
from probe.checks.sts_policy import Policy, Record
from probe.model import Answer, CheckResult, Result
from probe.names import is_address
from probe.text import show

if TYPE_CHECKING:
    from probe.checks.https import Fetched, HttpsError

ID = "mta_sts"
PROVES = ()

PATH = "/.well-known/mta-sts.txt"
PROBLEMS = (
    *("missing", "record-broken", "unreachable", "redirect", "not-found", "certificate", "no-address", "private"),
    *("http", "policy-broken", "mx-uncovered", "mx-unused", "testing", "mode-none", "short-age", "media-type"),
    *("overlooked", "not-asked", "mx-certificate", "mx-no-tls"),
)
"""Everything that can be wrong; each has its words as the finding ``mta-sts-`` and the id."""

# The fact that holds the hosts which a finding names.
_HOSTS = {"mx-uncovered": "uncovered", "mx-unused": "unused", "mx-no-tls": "without_tls"}
_MOST_NAMED = 10


@dataclass(frozen=True)
class Domain:
    """A mail domain at a moment, which knows its time zone. ``ca_file`` stands in for the system's trust anchors,
    ``seconds`` is the most that the fetch may take (RFC 8461 section 3.3 advises a minute for senders),
    ``allow_private`` lets it reach private addresses. ``seen`` is what the MX hosts showed, where somebody has asked
    them."""

    name: str
    now: datetime.datetime
    ca_file: str | None = None
    seconds: float = 30.0
    allow_private: bool = False
    seen: tuple[Seen, ...] = ()


async def run(subject: Domain, *, ask: Asker, connect: Connector | None = None, facts: Catalog) -> CheckResult:
    """Look for the record, fetch the policy, hold it against the MX hosts. Facts: ``reason``, ``detail``, ``record``,
    ``id``, ``url``, ``status``, ``media_type``, ``address``, ``certificate`` (``not_after``, ``names``, ``problems``),
    ``policy`` (its text), ``mode``, ``max_age``, ``mx`` (its patterns), ``uncovered``, ``unused``, ``without_tls``
    and ``wrong_certificates`` (of the hosts in ``seen``), ``warnings``,
    ``problems`` (ids of findings), and ``publish``: ``record``, ``url`` and ``policy``, ready to be published."""
    steps, domain = Steps(ask, facts), domain_of(subject.name)
    if domain is None:
        return CheckResult(ID, show(subject.name), "none", {"reason": "bad-domain", "problems": ()})
    check = _Check(subject, domain, steps, connect, facts)
    result, reason = await check.run()
    found = {
        "reason": reason,
        **check.found,
        "problems": tuple(check.problems),
        "publish": _publish(domain, check, sts_policy.new_id(subject.now)),
    }
    return CheckResult(ID, domain, result, found, steps.queries, steps.trace)


def findings(one: CheckResult, facts: Catalog) -> Iterator[Emitted]:
    found = one.facts
    publish: Mapping[str, str] = found.get("publish", {})
    certificate: Mapping[str, Any] = found.get("certificate") or {}
    wrong: Mapping[str, Any] = found.get("wrong_certificates", {})
    for problem in found.get("problems", ()):
        yield emit(
            f"mta-sts-{problem}",
            one.subject,
            domain=one.subject,
            url=found["url"],
            reason=_words(found, facts),
            mode=found.get("mode") or "",
            status=found.get("status") or "",
            location=found.get("location") or "",
            certificate=facts.problems(certificate.get("problems", ())),
            certificates="; ".join(f"{host}: {facts.problems(why)}" for host, why in wrong.items()),
            names=", ".join(certificate.get("names", ())[:_MOST_NAMED]),
            not_after=certificate.get("not_after", ""),
            media_type=found.get("media_type") or "",
            max_age=found.get("max_age") or 0,
            hosts=", ".join(found.get(_HOSTS.get(problem, ""), ())[:_MOST_NAMED]),
            warnings="; ".join(facts.reason({"reason": warning}) for warning in found.get("warnings", ())),
            record=publish.get("record", ""),
            policy=publish.get("policy", "").replace("\r\n", "; ").removesuffix("; "),
        )


def _words(found: Mapping[str, Any], facts: Catalog) -> str:
    detail = found.get("detail")
    return facts.reason(found) + (f' ("{detail}")' if detail else "")


class _Check:
    """The steps of one run, with what they found."""

    def __init__(self, subject: Domain, domain: str, steps: Steps, connect: Connector | None, facts: Catalog) -> None:
        self._subject, self._domain, self._steps, self._connect, self._facts = subject, domain, steps, connect, facts
        self._url = f"https://mta-sts.{domain}{PATH}"
        self.found: dict[str, Any] = {
            "url": self._url,
            "record": None,
            "id": None,
            "mode": None,
            "max_age": None,
            "mx": (),
        }
        self.problems: list[str] = []
        self.hosts: MailHosts | None = None
        self.policy: Policy | None = None

    async def run(self) -> tuple[Result | None, str]:
        import asyncio

        hosts, said = await asyncio.gather(
            mail_hosts(self._domain, self._steps), self._steps.ask(f"_mta-sts.{self._domain}", "TXT")
        )
        self.hosts = hosts
        if hosts.failure:
            return self._stop("temperror", hosts.failure, "not-asked")
        broken = self._record(said)
        if broken is not None:
            return broken
        if self._connect is None:
            return None, "not-fetched"
        addresses, broken = await self._addresses()
        if broken is not None:
            return broken
        broken = await self._fetch(addresses, self._connect)
        if broken is not None:
            return broken
        return await self._held_against_mx()

    def _record(self, answer: Answer) -> tuple[Result | None, str] | None:
        """RFC 8461 section 3.1: unless there is exactly one record, the domain does not use MTA-STS."""
        if not answer.known:
            return self._stop("temperror", answer.reason or answer.answer, "not-asked")
        texts = [show(value) for value in answer.values]
        records = [text for text in texts if sts_policy.is_record(text)]
        meant = [text for text in texts if sts_policy.looks_like_record(text)]
        if not records and not meant:
            # Who takes no mail needs no policy for it.
            takes_mail = self.hosts is not None and bool(self.hosts.hosts)
            return self._stop("none", "no-record", *(["missing"] if takes_mail else []))
        self.found["record"] = (records or meant)[0]
        if not records:
            return self._stop("permerror", "bad-version", "record-broken")
        if len(records) > 1:
            return self._stop("permerror", "multiple-records", "record-broken")
        record: Record = sts_policy.parse_record(records[0])
        self.found["id"] = record.id
        if record.reason:
            return self._stop("permerror", record.reason, "record-broken")
        return None

    async def _addresses(self) -> tuple[tuple[str, ...], tuple[Result | None, str] | None]:
        name = f"mta-sts.{self._domain}"
        answers = await self._steps.ask_all([(name, "A"), (name, "AAAA")])
        found = tuple(value for answer in answers for value in answer.values if is_address(value))
        usable = tuple(one for one in found if self._subject.allow_private or not is_private(one))
        if usable:
            return usable, None
        if found:
            return (), self._stop("permerror", "private", "private")
        failed = next((answer for answer in answers if not answer.known), None)
        if failed:
            return (), self._stop("temperror", failed.reason or failed.answer, "not-asked")
        return (), self._stop("permerror", "no-address", "no-address")

    async def _fetch(self, addresses: tuple[str, ...], connect: Connector) -> tuple[Result | None, str] | None:
        from probe.checks.https import HttpsError, Terms, get

        terms = Terms(self._subject.now, self._subject.ca_file, self._subject.seconds)
        try:
            fetched = await get(f"mta-sts.{self._domain}", PATH, addresses, connect=connect, terms=terms)
        except HttpsError as error:
            return self._not_fetched(error)
        return self._read(fetched)

    def _not_fetched(self, error: HttpsError) -> tuple[Result | None, str]:
        leaf = error.tls.certificate if error.tls else None
        if error.tls and leaf:
            self.found["certificate"] = {
                "names": leaf.names,
                "not_after": leaf.not_after,
                "issuer": leaf.issuer,
                "problems": error.tls.problems,
            }
        if error.detail is not None:
            self.found["detail"] = show(self._facts.tell(error.detail))
        problem = {"certificate": "certificate", "tls-error": "unreachable"}.get(error.reason, "http")
        if error.temporary:
            problem = "not-asked" if error.reason == "no-trust-anchors" else "unreachable"
        self._steps.note("not-fetched", url=self._url, reason=self._steps.reason(f"fetch-{error.reason}"))
        return self._stop("temperror" if error.temporary else "permerror", f"fetch-{error.reason}", problem)

    def _read(self, fetched: Fetched) -> tuple[Result | None, str] | None:
        response = fetched.response
        media_type = response.fields.get("content-type", "")
        octets = len(response.body)
        self._steps.note("fetched", url=self._url, address=fetched.address, status=response.status, octets=octets)
        self.found |= {"status": response.status, "media_type": media_type, "address": fetched.address}
        if 300 <= response.status < 400:  # RFC 8461 section 3.3: redirects must not be followed
            self.found["location"] = response.fields.get("location", "")
            return self._stop("permerror", "fetch-redirect", "redirect")
        if response.status != 200:
            temporary = response.status >= 500 or response.status == 429
            return self._stop("temperror" if temporary else "permerror", "fetch-status", "not-found")
        # None was asked for (RFC 9110 section 8.4), and senders read the octets as they come.
        if response.fields.get("content-encoding", "identity").lower() != "identity":
            return self._stop("permerror", "fetch-content-coding", "http")
        # RFC 8461 section 3.2: text/plain, lest a page that users can upload to be taken for a policy.
        if media_type.partition(";")[0].strip().lower() != "text/plain":
            self.problems.append("media-type")
        policy = self.policy = sts_policy.parse_policy(response.body)
        self.found |= {
            "policy": show(response.body),
            "mode": policy.mode,
            "max_age": policy.max_age,
            "mx": policy.mx,
            "unknown_fields": policy.unknown,
            "warnings": policy.warnings,
        }
        if policy.reason:
            self.found["detail"] = policy.detail
            return self._stop("permerror", f"policy-{policy.reason}", "policy-broken")
        if policy.warnings:
            self.problems.append("overlooked")
        return None

    async def _held_against_mx(self) -> tuple[Result | None, str]:
        policy = self.policy
        assert policy is not None
        if policy.mode == "none":
            return self._stop("none", "mode-none", "mode-none")
        if policy.mode == "testing":
            self.problems.append("testing")
        if policy.max_age is not None and policy.max_age < sts_policy.SHORT_AGE:
            self.problems.append("short-age")
        hosts = self.hosts
        assert hosts is not None
        names = [host.name for host in hosts.hosts]
        self.found["uncovered"] = tuple(name for name in names if not sts_policy.covers(policy.mx, name))
        self.found["unused"] = tuple(
            pattern for pattern in policy.mx if not any(sts_policy.covers([pattern], name) for name in names)
        )
        if self.found["unused"]:
            self.problems.append("mx-unused")
        if self.found["uncovered"]:
            self.problems.append("mx-uncovered")
        self._held_against_certificates(names)
        failing = [problem for problem in ("mx-uncovered", "mx-no-tls", "mx-certificate") if problem in self.problems]
        return ("fail", failing[0]) if failing else ("pass", f"mode-{policy.mode}")

    def _held_against_certificates(self, names: list[str]) -> None:
        """RFC 8461 section 4.2: a certificate that holds, for the name of the MX host."""
        from probe.tls.verification import problems

        moment, ca_file = self._subject.now, self._subject.ca_file
        seen = [one for one in self._subject.seen if one.host.rstrip(".").lower() in names]
        without = tuple(one.host for one in seen if one.failure in NO_TLS)
        wrong = {
            one.host: found for one in seen if one.chain and (found := problems(one.chain, one.host, moment, ca_file))
        }
        self.found |= {"seen": tuple(one.host for one in seen), "without_tls": without, "wrong_certificates": wrong}
        self.problems += [*(["mx-no-tls"] if without else []), *(["mx-certificate"] if wrong else [])]

    def _stop(self, result: Result | None, reason: str, *problems: str) -> tuple[Result | None, str]:
        self.problems += problems
        return result, reason


def _publish(domain: str, check: _Check, id_: str) -> dict[str, str]:
    """A new id and the policy that covers the MX hosts as they are; a policy in force keeps its mode and its time."""
    policy, hosts = check.policy, check.hosts
    names = [host.name for host in hosts.hosts] if hosts and not hosts.failure else []
    kept = [] if policy is None else [pattern for pattern in policy.mx if sts_policy.is_pattern(pattern)]
    mx = names or kept or [f"mx.{domain}"]
    mode = (policy.mode if policy else None) or "testing"
    age = policy.max_age if policy and policy.max_age and policy.max_age >= sts_policy.SHORT_AGE else None
    within = {} if age is None or age > sts_policy.MOST_AGE else {"max_age": age}
    return {
        "record": f'_mta-sts.{domain}. IN TXT "{sts_policy.record_text(id_)}"',
        "url": check.found["url"],
        "policy": sts_policy.policy_text(mode, mx, **within),
    }
