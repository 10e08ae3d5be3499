"""What every command shares: options, colour, language, and where the output goes."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from probe.catalog import Catalog, catalog, languages
from probe.errors import UsageError

if TYPE_CHECKING:
    from _typeshed import SupportsWrite


class Parser(argparse.ArgumentParser):
    """Says what is wrong in one line, as every other error here."""

    def _print_message(self, message: str, file: SupportsWrite[str] | None = None) -> None:
        """argparse would keep a closed pipe to itself."""
        (file or sys.stderr).write(message)

    def error(self, message: str) -> None:  # type: ignore[override]
        raise UsageError(f"{message}; see smtp-probe {self.prog.rpartition(' ')[2]} --help")


def _formatter(prog: str) -> argparse.HelpFormatter:
    """argparse makes one for each option that is added; given a width it need not ask the terminal each time."""
    return argparse.HelpFormatter(prog, width=80)


def parser(command: str, about: str, formats: Sequence[str]) -> Parser:
    """A parser with the options that all commands take."""
    made = Parser(prog=f"smtp-probe {command}", description=about, allow_abbrev=False, formatter_class=_formatter)
    made.add_argument("--format", choices=formats, default=formats[0], help="how to print it (default: %(default)s)")
    known = languages()
    made.add_argument("--lang", choices=known, default=_of_locale(known), help="language (default: that of the locale)")
    made.add_argument(
        "--color", choices=("auto", "always", "never"), default="auto", help="colours (default: %(default)s)"
    )
    return made


def _of_locale(known: Sequence[str]) -> str:
    """The language of messages by the environment, as POSIX.1 section 8.2 ranks its variables: the first one that is
    set and not empty decides. ``ja_JP.UTF-8`` is ja; C, POSIX, and what nobody translated to are en."""
    names = (os.environ.get(name) for name in ("LC_ALL", "LC_MESSAGES", "LANG"))
    locale = next((name for name in names if name), "")
    place = locale.partition(".")[0].partition("@")[0]
    return next((name for name in (place, place.partition("_")[0]) if name in known), "en")


def facts_in(lang: str) -> Catalog:
    return catalog(lang)


def use_color(choice: str, out: TextIO) -> bool:
    """``--color``, else NO_COLOR and FORCE_COLOR (no-color.org, force-color.org), else whether a terminal listens."""
    if choice != "auto":
        return choice == "always"
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return out.isatty() and os.environ.get("TERM") != "dumb"


def width_of(out: TextIO) -> int:
    """The terminal's columns; 80 for a file or a pipe, at most 100, for long lines are hard to read."""
    try:
        columns = int(os.environ.get("COLUMNS", "0")) or os.get_terminal_size(out.fileno()).columns
    except (OSError, ValueError):
        columns = 80
    return min(100, columns)


def read_file(path: str) -> bytes:
    """The octets of a file, ``-`` for standard input. Raises ``UsageError``."""
    try:
        return sys.stdin.buffer.read() if path == "-" else Path(path).read_bytes()
    except OSError as error:
        raise UsageError(f"cannot read {path}: {(error.strerror or str(error)).lower()}") from error
