"""smtp-probe diagnose: what the refusals in a bounce, a log, a queue listing or a pasted reply mean."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from probe.cli.common import facts_in, parser, use_color, width_of
from probe.cli.status import Status
from probe.cli.stream import chunks, files, is_folder, is_reply
from probe.errors import UsageError
from probe.text import show

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Protocol

    from probe.model import Incident
    from probe.replies.intake import Intake

    class Printer(Protocol):
        def add(self, incident: Incident) -> None: ...
        def finish(self, lines: int, unread: int = 0) -> None: ...


_ABOUT = (
    "Which replies stand in bounces, logs and queue listings, and what they mean. Reads RFC 3464 reports and the"
    " prose of other bounces, mailboxes, logs of Postfix, Exim, Sendmail, qmail, OpenSMTPD and Exchange, postqueue -j,"
    " mailq, events as JSON, or just a reply; .gz, .xz and .bz2 too. No network."
)
_STATUS = (
    "Exit status: 0 if it could be read, whatever was refused in it; 2 where there is nothing that can be read: no"
    " file, no bounce, no log line, no reply. What other files hold is told all the same;"
    " in a folder, files without any of these are passed over."
)


def run(arguments: Sequence[str]) -> int:
    """Diagnose each file, or standard input."""
    options = parser("diagnose", _ABOUT, ("terminal", "json", "jsonl"))
    options.epilog = _STATUS
    options.add_argument(
        "file", nargs="*", default=["-"], help="a file, a folder of them, or a reply in quotes; - is standard input"
    )
    which = options.add_mutually_exclusive_group()
    which.add_argument("--summary", action="store_true", help="equal causes together: what, how often, for whom")
    which.add_argument("--each", action="store_true", help="every single one, however many")
    given = options.parse_args(arguments)
    from probe.replies.intake import Intake, octets_of

    facts = facts_in(given.lang)
    color, width = use_color(given.color, sys.stdout), width_of(sys.stdout)
    printer: Printer
    if given.format == "terminal":
        from probe.reports.incidents import Terminal

        printer = Terminal(sys.stdout, facts, color=color, width=width, summary=given.summary, each=given.each)
    else:
        from probe.reports.incidents_json import Json

        printer = Json(sys.stdout, lines=given.format == "jsonl", summary=given.summary)
    status = Status.OK
    lines = unread = 0
    worth = False
    silent = {path for path in given.file if is_folder(path)}  # folders in which nothing was found so far
    for path, name in ((named, one) for named in given.file for one in files(named)):
        pasted = is_reply(name)
        unreadable = False
        intake = Intake(facts, None if pasted or name == "-" else name)
        try:
            for incident in intake.read([octets_of(name)] if pasted else chunks(name)):
                printer.add(incident)
            fault = None if intake.understood else _nothing(name, intake)
        except UsageError as error:
            fault, unreadable = str(error), True
        except KeyboardInterrupt:
            printer.finish(lines + intake.lines)  # whoever follows a log ends it so
            raise
        if intake.understood:
            silent.discard(path)
        elif name != path and not unreadable:
            fault = None  # a folder may hold anything else, too
        if fault is not None:
            print(f"smtp-probe: {show(fault)}", file=sys.stderr)
            status = status if intake.understood else Status.USAGE
        if intake.unread:
            unread += len(intake.unread)
            what = "standard input" if name == "-" else name
            print(f"smtp-probe: {show(_unread(what, intake.unread))}", file=sys.stderr)
        worth = worth or intake.understood
        lines += intake.lines
    for path in given.file:
        if path in silent:
            print(f"smtp-probe: {show(_holds_nothing(path))}", file=sys.stderr)
            status = Status.USAGE
    if worth:
        printer.finish(lines, unread)
    return status


def _unread(what: str, begins: Sequence[int]) -> str:
    several = f" (and of {len(begins) - 1} more that begin later)" if len(begins) > 1 else ""
    return f"{what}: the end of what begins at line {min(begins)}{several} was not read, for it is too long"


def _nothing(name: str, intake: Intake) -> str:
    what = "standard input" if name == "-" else name
    if not intake.lines:
        return f"{what} is empty"
    return _holds_nothing(what)


def _holds_nothing(what: str) -> str:
    return f"{what} holds nothing that can be read: no bounce, no log line, no reply"
