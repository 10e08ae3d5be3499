"""What to do so that mail from here is accepted: who acts, where, and the text to publish, the most pressing first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from probe import remedies
from probe.catalog import Catalog
from probe.model import CheckResult, Fix
from probe.sending.plan import Wishes
from probe.sending.subject import Subject
from probe.sending.verdict import missing

_WANTING = ("none", "permerror")


def fixes(subject: Subject, wishes: Wishes, checks: Sequence[CheckResult], facts: Catalog) -> tuple[Fix, ...]:
    """Steps in the order in which to take them, each once. A domain that does not exist has nothing to publish."""
    if missing(checks):
        return (Fix(facts.words["who-dns"], facts.say("fix-no-such-domain", domain=subject.domain)),)
    return tuple(dict.fromkeys(_steps(subject, wishes, checks, facts)))


def _steps(subject: Subject, wishes: Wishes, checks: Sequence[CheckResult], facts: Catalog) -> Iterator[Fix]:
    yield from _delisting([one for one in checks if one.check == "dnsbl" and one.result == "fail"], facts)
    for one in checks:
        if one.check == "ptr" and one.result == "fail":
            yield from remedies.pointer(one, wishes.ehlo, facts)
    # The reverse-path comes before the EHLO name, which few receivers look at.
    policies = sorted((one for one in checks if one.check == "spf"), key=lambda one: one.subject == "helo")
    yield from (fix for one in policies if (fix := remedies.sender_policy(one, facts)) is not None)
    yield from _signing(subject, checks, facts)
    yield from _published(checks, "dmarc", "fix-dmarc-record", facts)
    yield from _mail_hosts(checks, facts)
    yield from _transport(checks, facts)
    yield from _published(checks, "tls_rpt", "fix-tls-rpt-record", facts)


def _delisting(hits: Sequence[CheckResult], facts: Catalog) -> Iterator[Fix]:
    """First the cause, then each list; its page with the subject filled in."""
    if hits:
        yield Fix(facts.words["who-sender"], facts.words["fix-stop-the-cause"])
    for one in hits:
        page = one.facts.get("delist") or None
        yield Fix(facts.words["who-sender"], facts.say("fix-delist", zone=one.facts.get("zone")), url=page)


def _signing(subject: Subject, checks: Sequence[CheckResult], facts: Catalog) -> Iterator[Fix]:
    for one in checks:
        if one.check != "dkim":
            continue
        if one.result == "none" and not one.facts.get("guessed", True):
            yield Fix(facts.words["who-sender"], facts.words["fix-sign"])
        for key in one.facts.get("keys", ()):
            if key["result"] == "permerror":
                record = f'{key["subject"]}. TXT "v=DKIM1; k=rsa; p={facts.words["publish-your-key"]}"'
                words = facts.say("fix-publish-key", selector=key.get("selector"))
                yield Fix(facts.words["who-dns"], words, publish=record)


def _published(checks: Sequence[CheckResult], check: str, key: str, facts: Catalog) -> Iterator[Fix]:
    for one in checks:
        if one.check == check and one.result in _WANTING:
            fix = remedies.text_record(one, key, facts)
            if fix is not None:
                yield fix


def _mail_hosts(checks: Sequence[CheckResult], facts: Catalog) -> Iterator[Fix]:
    for one in checks:
        if one.check == "mx" and one.result in ("fail", "permerror") and one.facts.get("publish"):
            records = "\n".join(one.facts["publish"])
            yield Fix(facts.words["who-dns"], facts.say("fix-mx", domain=one.subject), publish=records)


def _transport(checks: Sequence[CheckResult], facts: Catalog) -> Iterator[Fix]:
    """The MTA-STS record with its new id, and the policy file at its address."""
    for one in checks:
        made = one.facts.get("publish") or {}
        if one.check == "mta_sts" and one.result in (*_WANTING, "fail") and made.get("record") and made.get("policy"):
            yield Fix(facts.words["who-dns"], facts.words["fix-mta-sts-record"], publish=made["record"])
            policy = str(made["policy"]).replace("\r\n", "\n").rstrip("\n")
            yield Fix(facts.words["who-receiver"], facts.words["fix-mta-sts-policy"], policy, made.get("url"))
