"""Incidents for a person: each by itself where they are few, else what is wrong, how often, for whom, what to do."""

from __future__ import annotations

from typing import TextIO

from rich.cells import cell_len

from probe.catalog import Catalog
from probe.model import Incident, IncidentGroup
from probe.replies import advice
from probe.replies.enhanced import split
from probe.reports.grouping import Grouping
from probe.reports.layout import Page

FEW = 5
_MOST_GROUPS = 12
_MOST_DOMAINS = 4
_MOST_REPLY = 6  # lines
_COLUMN = 11


class Terminal:
    """Feed it incidents, then finish: the page is written at the end, for only then it is known how many there are.
    ``summary`` and ``each`` say which page it is; without them the number decides."""

    def __init__(
        self, out: TextIO, facts: Catalog, *, color: bool, width: int, summary: bool = False, each: bool = False
    ) -> None:
        self._page = Page(out, color=color, width=width)
        self._facts = facts
        self._summary, self._each = summary, each
        self._count = 0
        self._few: list[Incident] = []
        self._grouping: Grouping | None = None

    def add(self, incident: Incident) -> None:
        self._count += 1
        if self._each:
            self._incident(incident)
        elif self._summary or self._count > FEW:
            if self._grouping is None:
                self._grouping = Grouping()
                for one in self._few:
                    self._grouping.add(one)
            self._grouping.add(incident)
        else:
            self._few.append(incident)

    def finish(self, lines: int, unread: int = 0) -> None:
        page = self._page
        if not self._count:
            page.blank()
            page.line(self._facts.count("incidents-none", lines))
        elif self._grouping is not None:
            self._groups(self._grouping.groups(), lines)
        else:
            for incident in self._few:
                self._incident(incident)
        if unread:
            page.blank()
            page.line((self._facts.count("incidents-unread", unread), "bold yellow"))
        page.blank()

    def _groups(self, groups: list[IncidentGroup], lines: int) -> None:
        page = self._page
        page.blank()
        head = self._facts.count("incidents-count", self._count)
        page.line((head, "bold"), " · ", self._facts.count("incidents-lines", lines))
        for group in groups[:_MOST_GROUPS]:
            self._group(group)
        left = groups[_MOST_GROUPS:]
        if left:
            page.blank()
            kinds = self._facts.count("incidents-kinds", len(left))
            rest = self._facts.say("incidents-more", kinds=kinds, count=sum(one.count for one in left))
            page.line((rest, "dim"))

    def _group(self, group: IncidentGroup) -> None:
        words, page, one = self._facts.words, self._page, group.example
        page.blank()
        times = self._facts.say("incidents-times", count=group.count)
        where = f" · {group.site}" if group.site else f" · {words['incidents-ours']}" if group.role == "server" else ""
        page.hanging(
            ((times, "bold"),),
            ((self._title(one), "bold"), where),
            column=max(_COLUMN, cell_len(times) + 2),
            right=self._outcome(one),
        )
        page.row("", (_reply(one), "dim"), column=_COLUMN, style="")
        if group.domains:
            told = list(group.domains.items())
            said = ", ".join(f"{domain} {count}" for domain, count in told[:_MOST_DOMAINS])
            more = f" (+{len(told) - _MOST_DOMAINS})" if len(told) > _MOST_DOMAINS else ""
            page.row(words["heading-for"], said + more, column=_COLUMN)
        if group.first:
            span = group.first if group.last in (None, group.first) else f"{group.first} – {group.last}"
            page.row(words["heading-seen"], span, column=_COLUMN)
        self._steps(one, most=2)

    def _incident(self, one: Incident) -> None:
        words, page = self._facts.words, self._page
        page.blank()
        place = ":".join(str(part) for part in (one.source, one.line) if part is not None)
        head = one.recipient or one.host or one.client_address or one.format
        page.line((head, "bold"), right=self._outcome(one))
        page.line((" · ".join(part for part in (self._where(one), one.format, place, one.time or "") if part), "dim"))
        page.blank()
        page.row(words["heading-reply"], _reply(one), column=_COLUMN)
        sure = one.explanation.causes[0].confidence if one.explanation.causes else 0.0
        level = "certain" if sure >= 0.9 else "likely" if sure >= 0.6 else "possible"
        said = f" ({words['confidence-' + level]})" if one.explanation.causes else ""
        page.row(words["heading-why"], (self._title(one), "bold"), said, column=_COLUMN)
        page.row("", self._meaning(one), column=_COLUMN)
        if one.explanation.matched:
            page.row(
                words["heading-proof"],
                self._facts.say("evidence-reply-says", words=one.explanation.matched),
                column=_COLUMN,
            )
        self._steps(one)
        if one.explanation.help_url:
            page.row("", (one.explanation.help_url, "underline"), column=_COLUMN)
        who = self._facts.listed([words[f"who-{who}"] for who in one.explanation.who])
        if who:
            page.row(words["heading-who"], who, column=_COLUMN)
        if one.explanation.lasts:
            page.row(words["heading-holds"], one.explanation.lasts, column=_COLUMN)
        for number, (key, value) in enumerate(sorted(one.explanation.fields.items())):
            label = words["heading-fields"] if number == 0 else ""
            if label and cell_len(label) + 2 > _COLUMN:
                page.line((label, "bold"))
                label = ""
            page.row(label, self._facts.field(key, value), column=_COLUMN)

    def _where(self, one: Incident) -> str:
        """Who said no, and at which command."""
        words = self._facts.words
        server = one.host or ""
        if one.address and one.address != server:
            server = f"{server} [{one.address}]" if server else one.address
        if one.role == "server":
            server = self._facts.say("incident-client", client=_client(one)) if one.client_address else ""
        stage = words.get(f"stage-{one.stage}", "") if one.stage else ""
        return " ".join(part for part in (server, stage) if part)

    def _outcome(self, one: Incident) -> tuple[str, str]:
        if one.action == "delayed":
            return self._facts.words["verdict-delayed"], "bold yellow"
        return self._facts.words["verdict-rejected" if one.code else "verdict-failed"], "bold red"

    def _title(self, one: Incident) -> str:
        return one.explanation.cause_title or one.explanation.title

    def _meaning(self, one: Incident) -> str:
        read = one.explanation
        return read.provider_meaning or read.cause_meaning or read.meaning

    def _steps(self, one: Incident, most: int | None = None) -> None:
        label = self._facts.words["heading-fix"]
        for step in _fix(one, self._facts, most):
            self._page.row(label, step, column=_COLUMN)
            label = ""


def _client(one: Incident) -> str:
    """Name and address of the client. What it called itself (RFC 5321 section 4.1.4) proves nothing, and is no name."""
    said = f", HELO {one.helo}" if one.helo and one.helo != one.client_host else ""
    return f"{one.client_host or 'unknown'} [{one.client_address}]{said}"


def _fix(one: Incident, facts: Catalog, most: int | None) -> list[str]:
    """What this provider asks for, then the steps of the cause, filled with what is told beside the reply. Of ``most``
    the ones with a page come first, then those that name an address or a list."""
    read = one.explanation
    domain = (one.header_from or one.sender or "").rpartition("@")[2]
    known = {"blocked_ip": one.client_address, "domain": domain or None, **read.fields}
    steps = advice.weighed_steps(read.cause, known, facts) if read.cause else ()
    told = [(read.provider_remedy or "", False), *(steps or ((read.remedy, False),))]
    exact = [(step, 2 * ("://" in step) + names) for step, names in told if step]
    kept = sorted(exact, key=lambda one: -one[1])[:most]
    return [step for step, _ in filter(kept.__contains__, exact)]


def _bare(line: str, code: str | None) -> str:
    found, rest = split(line)
    return rest if found is not None and found == code else line


def _reply(one: Incident) -> str:
    """The reply in one paragraph: each of its lines repeats the enhanced code (RFC 2034 section 4), a sentence does
    not."""
    first, *more = one.lines or ("",)
    text = " ".join((first, *(_bare(line, one.enhanced) for line in more)))
    code = f"{one.code} " if one.code else f"{one.status} " if one.status and not one.enhanced else ""
    return f"{code}{text}".strip() or "–"
