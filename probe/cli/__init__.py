"""The command line: finds the command, imports only its file, and turns what happens into an exit status."""

from __future__ import annotations

import gc
import os
import sys

from probe.cli.status import Status
from probe.errors import ProbeError
from probe.text import show

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

COMMANDS = {
    "check": "probe a server: greeting, EHLO, STARTTLS, RCPT; sends no mail (default)",
    "explain": "what a reply code, or a whole reply, means",
    "diagnose": "a bounce, a log or a queue: the replies in it, and what they mean",
    "compare": "two codes side by side",
    "sender": "will mail from here be accepted? SPF, DMARC, PTR, blocklists …",
    "message": "verify one message: DKIM, ARC, SPF, DMARC, structure",
    "demo": "probe four servers that it starts itself, offline",
    "list": "the facts behind it all: codes, causes, replies, dnsbl, checks …",
}
# Options that may stand before the command, and whether a value follows them.
_COMMON = {
    "--lang": True,
    "--format": True,
    "--color": True,
    "-q": False,
    "--quiet": False,
    "-v": False,
    "--verbose": False,
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; return its exit status. Never lets an exception of ours become a traceback."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    _prepare()
    try:
        try:
            status = _run(arguments)
        except SystemExit as ended:  # argparse, after --help
            status = ended.code if isinstance(ended.code, int) else Status.USAGE
        sys.stdout.flush()
        return status
    except ProbeError as error:
        print(f"smtp-probe: {show(str(error))}", file=sys.stderr)
        return Status.USAGE
    except KeyboardInterrupt:
        print("smtp-probe: interrupted", file=sys.stderr)
        return Status.INTERRUPTED
    except BrokenPipeError:
        # The reader has gone; so that Python's own flush at exit does not complain, stdout leads nowhere from here.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return Status.PIPE
    except OSError as error:
        print(f"smtp-probe: {show(str(error.filename or 'output'))}: {error.strerror or error}", file=sys.stderr)
        return Status.USAGE


def _prepare() -> None:
    """A terminal that lacks a character gets its escape, and a missing stdout takes everything and shows nothing."""
    if sys.stdout is None:
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115, PTH123 - it lives as long as the process
    reconfigure = getattr(sys.stdout, "reconfigure", None)
    if reconfigure is not None:
        reconfigure(errors="backslashreplace")
    # Most of what a short run allocates lives to its end: the collector would only walk through it again and again.
    gc.set_threshold(50_000)


def _run(arguments: list[str]) -> int:
    if arguments in (["--version"], ["-V"]):
        from probe.version import VERSION

        print(f"smtp-probe {VERSION}")
        return Status.OK
    if not arguments or arguments[0] in ("-h", "--help"):
        _overview(sys.stdout if arguments else sys.stderr)
        return Status.OK if arguments else Status.USAGE
    command, rest = _split(arguments)
    from importlib import import_module

    return int(import_module(f"probe.cli.{_MODULES.get(command, command)}").run(rest))


# `list` would hide a builtin as a module's name in many an editor; `check` is the longest of them.
_MODULES = {
    "list": "listing",
    "check": "checking",
    "demo": "demonstration",
}


def _split(arguments: list[str]) -> tuple[str, list[str]]:
    """The command and its arguments; without a command it is ``check``."""
    at = 0
    while at < len(arguments) and arguments[at].partition("=")[0] in _COMMON:
        takes_value = _COMMON[arguments[at].partition("=")[0]] and "=" not in arguments[at]
        at += 2 if takes_value else 1
    if at < len(arguments) and arguments[at] in COMMANDS:
        return arguments[at], arguments[:at] + arguments[at + 1 :]
    return "check", arguments


def _overview(out: object) -> None:
    lines = ["usage: smtp-probe TARGET… | COMMAND …", ""]
    lines += [f"  {name:9}{text}" for name, text in COMMANDS.items()]
    lines += [
        "",
        "A TARGET is a domain, host[:port], address, mailbox, or a URL:",
        "smtp:// smtps:// submission:// lmtp://",
        "smtp-probe COMMAND --help tells the rest; smtp-probe --version the version.",
    ]
    print("\n".join(lines), file=out)  # type: ignore[call-overload]
