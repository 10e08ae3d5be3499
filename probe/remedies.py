"""Steps with the exact text to publish, from what the checks found: who acts, what they do, the record in full."""

from __future__ import annotations

from probe.catalog import Catalog
from probe.checks.ptr import Caller, records_for
from probe.model import CheckResult, Fix


def sender_policy(one: CheckResult, facts: Catalog) -> Fix | None:
    """The SPF record with the sender added or the mistakes mended, and what it costs; None where none can be told."""
    made = one.facts.get("publish")
    if not made:
        return None
    key = f"fix-spf-{made['problems'][0]}" if made["problems"] else "fix-spf-record"
    words = facts.say(key, domain=made["name"], lookups=made["lookups"], length=len(made["record"]))
    if made["removed"]:
        words += facts.say("fix-spf-removed", removed=", ".join(made["removed"]))
    strings = " ".join(f'"{_escaped(string)}"' for string in made["strings"])
    return Fix(facts.words["who-dns"], words, publish=f"{made['name']}. TXT {strings}")


def text_record(one: CheckResult, key: str, facts: Catalog) -> Fix | None:
    """A TXT record that a check would have published (``facts["publish"]``: ``name``, ``record``)."""
    made = one.facts.get("publish")
    if not made or not made.get("record"):
        return None
    record = f'{made["name"]}. TXT "{_escaped(made["record"])}"'
    key += "-choose" if made.get("choices") else ""
    return Fix(facts.words["who-dns"], facts.say(key, domain=one.subject), publish=record)


def pointer(one: CheckResult, host: str | None, facts: Catalog) -> tuple[Fix, ...]:
    """A PTR record, asked of whoever gave the address, unless there is one, and the record that leads back (RFC 8601
    section 2.7.3)."""
    names = tuple(map(str, one.facts.get("names", ())))
    records = records_for(Caller(one.subject, None if names else host), names, facts)
    back = Fix(facts.words["who-dns"], facts.words["fix-forward"], publish=records["forward"])
    if names:
        return (back,)
    words = facts.say("fix-ptr", address=one.subject)
    return (Fix(facts.words["who-network"], words, publish=records["pointer"]), back)


def _escaped(string: str) -> str:
    """A character-string as a master file has it (RFC 1035 section 5.1)."""
    return string.replace("\\", "\\\\").replace('"', '\\"')
