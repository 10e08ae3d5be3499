"""Incidents that are one are counted as one; however many there are, memory stays bounded."""

from __future__ import annotations

import probe
from probe.reports.grouping import Grouping, site_of

LINE = (
    "Nov 27 07:16:{0:02} mail postfix/smtp[9]: 4ABCDEF012: to=<joe@{1}>, relay={2}[192.0.2.1]:25, dsn={3}, "
    "status={4} (host {2}[192.0.2.1] said: {5} (in reply to RCPT TO command))\n"
)


def grouped(log: str):  # type: ignore[no-untyped-def]
    grouping = Grouping()
    for incident in probe.diagnose(log):
        grouping.add(incident)
    return grouping.groups()


def test_servers_of_one_provider_are_one_site() -> None:
    log = "".join(
        LINE.format(number, domain, f"mx{number}.pool.example.com", "5.1.1", "bounced", "550 5.1.1 User unknown")
        for number, domain in enumerate(["a.test", "b.test", "a.test"])
    )
    (group,) = grouped(log)
    assert (3, "user-unknown", "example.com", "failed") == (group.count, group.cause, group.site, group.action)
    assert {"a.test": 2, "b.test": 1} == dict(group.domains)
    assert ("Nov 27 07:16:00", "Nov 27 07:16:02") == (group.first, group.last)
    assert 1 == group.example.line


def test_what_is_delayed_is_another_thing_than_what_failed() -> None:
    log = LINE.format(1, "a.test", "mx.a.test", "5.2.2", "bounced", "552 5.2.2 Mailbox full") + LINE.format(
        2, "a.test", "mx.a.test", "4.2.2", "deferred", "452 4.2.2 Mailbox full"
    )
    assert [("failed", 1), ("delayed", 1)] == [(group.action, group.count) for group in grouped(log)]


def test_our_own_refusals_have_no_site() -> None:
    (group,) = grouped("NOQUEUE: reject: RCPT from unknown[203.0.113.7]: 550 5.1.1 User unknown; from=<> to=<a@b.test>")
    assert ("server", None, {"b.test": 1}) == (group.role, group.site, dict(group.domains))


def test_sites() -> None:
    assert "example.co.uk" == site_of("mx1.mail.example.co.uk.")
    assert "192.0.2.1" == site_of("192.0.2.1")
    assert "localhost" == site_of("localhost")
    assert site_of(None) is None


def test_groups_are_bounded() -> None:
    lines = (
        LINE.format(number % 60, f"d{number}.test", f"mx.d{number}.test", "5.1.1", "bounced", "550 5.1.1 User unknown")
        for number in range(5200)
    )
    groups = grouped("".join(lines))
    assert len(groups) <= 5001
    assert 5200 == sum(group.count for group in groups)
