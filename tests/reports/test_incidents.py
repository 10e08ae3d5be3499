"""The pages of diagnose: every sample fits the width and is printable, in both languages; what matters is there."""

from __future__ import annotations

import io
import json
import unicodedata
from pathlib import Path

import jsonschema  # type: ignore[import-untyped]
import pytest

import probe
from probe.catalog import catalog
from probe.codec import schema
from probe.model import Incident
from probe.reports.incidents import FEW, Terminal
from probe.reports.incidents_json import Json
from tests.replies.samples import read, samples

ALL = [*samples("bounces"), *samples("logs")]


def width(line: str) -> int:
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in line)


def page(incidents: list[Incident], lang: str = "en", **which: bool) -> str:
    out = io.StringIO()
    terminal = Terminal(out, catalog(lang), color=False, width=80, **which)
    for incident in incidents:
        terminal.add(incident)
    terminal.finish(7)
    return out.getvalue()


@pytest.mark.parametrize("lang", ["en", "ja"])
@pytest.mark.parametrize("path", ALL, ids=lambda path: path.name)
def test_every_sample_has_its_pages(path: Path, lang: str) -> None:
    facts = catalog(lang)
    incidents = list(probe.diagnose(path.read_bytes(), facts=facts))
    each, summary = page(incidents, lang, each=True), page(incidents, lang, summary=True)
    for text in (each, summary):
        assert text.replace("\n", "").isprintable()
        # A link is never broken: a reader wants to click it.
        assert [] == [line for line in text.splitlines() if width(line) > 80 and "://" not in line]
    for incident in incidents:
        assert (incident.explanation.cause_title or incident.explanation.title)[:20] in each
        assert (incident.recipient or "")[:40] in each
    assert facts.count("incidents-count", len(incidents)) in summary


@pytest.mark.parametrize("path", ALL, ids=lambda path: path.name)
def test_every_sample_keeps_the_schema(path: Path) -> None:
    out = io.StringIO()
    printer = Json(out, lines=False, summary=False)
    incidents = read(path)
    for incident in incidents:
        printer.add(incident)
    printer.finish(1)
    document = json.loads(out.getvalue())
    validator = jsonschema.Draft202012Validator(schema(Incident))
    for one in document:
        validator.validate(one)
    assert len(incidents) == len(document)


def test_few_stand_alone_and_many_in_groups() -> None:
    (one,) = probe.diagnose("550 5.1.1 <joe@example.org>: User unknown")
    assert FEW == page([one] * FEW).count("There is no such recipient")
    many = page([one] * (FEW + 1))
    assert 1 == many.count("There is no such recipient")
    assert f"{FEW + 1} ×" in many
    assert f"{FEW + 1} refusals and delays · 7 lines read" in many


def test_the_steps_are_filled_with_what_the_log_tells() -> None:
    line = (
        "NOQUEUE: reject: RCPT from unknown[198.51.100.25]: 550 5.7.1 Client host rejected: cannot find your hostname; "
        "from=<a@shop.test> to=<b@example.org> proto=ESMTP helo=<x>"
    )
    (one,) = probe.diagnose(line)
    assert "no-ptr" == one.explanation.cause
    assert "198.51.100.25" in page([one]).partition("Fix")[2]


def test_nothing_is_said_in_one_line() -> None:
    assert "\n Nothing was refused or delayed in 7 lines.\n\n" == page([])


REJECT = (
    "Nov 27 07:16:38 mail postfix/smtpd[12]: NOQUEUE: reject: RCPT from {client}[203.0.113.7]: 554 5.7.1 Relay access "
    "denied; from=<a@b.test> to=<joe@example.org> proto=ESMTP helo=<{helo}>\n"
)


@pytest.mark.parametrize(
    ("client", "helo", "shown"),
    [
        ("unknown", "mail.big.test", "unknown [203.0.113.7], HELO mail.big.test"),
        ("c.example.net", "mail.big.test", "c.example.net [203.0.113.7], HELO mail.big.test"),
        ("c.example.net", "c.example.net", "c.example.net [203.0.113.7] "),
    ],
)
def test_what_a_client_calls_itself_is_not_its_name(client: str, helo: str, shown: str) -> None:
    told = page(list(probe.diagnose(REJECT.format(client=client, helo=helo))), each=True)
    assert shown in " ".join(told.split())


@pytest.mark.parametrize("lang", ["en", "ja"])
def test_a_page_says_that_it_is_not_everything(lang: str) -> None:
    out = io.StringIO()
    terminal = Terminal(out, catalog(lang), color=False, width=80)
    terminal.finish(7, unread=2)
    assert catalog(lang).count("incidents-unread", 2).replace(" ", "") in "".join(out.getvalue().split())


@pytest.mark.parametrize("lang", ["en", "ja"])
def test_a_group_keeps_the_steps_that_name_something(lang: str) -> None:
    reply = "554 5.7.1 Service unavailable; Client host [8.8.8.8] blocked using zen.spamhaus.org"
    told = page(list(probe.diagnose(reply, facts=catalog(lang))), lang, summary=True)
    assert "https://check.spamhaus.org/" in told
    fix = told[told.index(catalog(lang).words["heading-fix"]) :]
    assert "8.8.8.8" in fix and "zen.spamhaus.org" in fix


@pytest.mark.parametrize(
    ("count", "ends"), [(13, "… and 1 more of 1 other kind; --each"), (14, "… and 2 more of 2 other kinds; --each")]
)
def test_the_groups_that_are_left_out_are_counted(count: int, ends: str) -> None:
    log = "".join(
        f"Nov 27 07:16:38 mail postfix/smtp[9]: 4ABCDEF012: to=<joe@s{n}.test>, relay=mx.s{n}.test[192.0.2.1]:25, "
        f"dsn=5.1.1, status=bounced (host mx.s{n}.test[192.0.2.1] said: 550 5.1.1 User unknown)\n"
        for n in range(count)
    )
    assert ends in page(list(probe.diagnose(log)), summary=True)


def test_the_lines_of_a_reply_are_one_sentence() -> None:
    (one,) = probe.diagnose(
        "550-5.1.1 The account does not exist. Please try\n550-5.1.1 double-checking it,\n550 5.1.1 now"
    )
    assert "Please try double-checking it, now" in " ".join(page([one]).split())
    assert "5.1.1 double-checking it," == one.lines[1]
