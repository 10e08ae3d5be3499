"""The octets of what a user names: a file, a folder of them, standard input; packed ones are unpacked on the way."""

from __future__ import annotations

import re
import sys
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any

from probe.errors import UsageError

_CHUNK = 262_144
_MAGIC = ((b"\x1f\x8b", "gzip"), (b"\xfd7zXZ\0", "lzma"), (b"BZh", "bz2"))


def files(path: str) -> Iterator[str]:
    """``path`` itself, or for a folder, such as a Maildir, every file in it."""
    if not is_folder(path):
        yield path
        return
    for one in sorted(Path(path).rglob("*")):
        if one.is_file():
            yield str(one)


def is_folder(path: str) -> bool:
    return path != "-" and _is(Path.is_dir, path)


def is_reply(word: str) -> bool:
    """Whether an argument is no file but a reply that was pasted in its place."""
    return re.match(r"[2-5]\d\d[ -]", word) is not None and not _is(Path.exists, word)


def _is(question: Callable[[Path], bool], path: str) -> bool:
    try:
        return question(Path(path))
    except (OSError, ValueError):  # too long for a name, or with a NUL in it
        return False


def chunks(path: str) -> Iterator[bytes]:
    """Pieces of a file or, for ``-``, of standard input, as soon as they are there.

    What is packed with gzip, xz or bzip2 is known by its first octets. Raises ``UsageError`` where it cannot be read or
    unpacked; what came before has been given.
    """
    try:
        if path == "-":
            yield from _pieces(_unpacked(sys.stdin.buffer))
            return
        with Path(path).open("rb") as file:
            yield from _pieces(_unpacked(file))
    except ValueError as error:
        raise UsageError(f"cannot read {path}: {error}") from error
    except OSError as error:
        # gzip and bz2 raise OSError without a number for octets that are none of theirs.
        reason = (error.strerror or str(error)).lower()
        raise UsageError(f"cannot read {path}: {reason}") from error
    except (EOFError, zlib.error) as error:
        raise UsageError(f"cannot read all of {path}: {str(error).lower()}") from error
    except Exception as error:
        if type(error).__name__ != "LZMAError":  # lzma is imported only for what is packed with it
            raise
        raise UsageError(f"cannot read all of {path}: {str(error).lower()}") from error


def _unpacked(file: Any) -> IO[bytes]:
    peek = getattr(file, "peek", None)
    first = peek(6) if peek is not None else b""
    for magic, name in _MAGIC:
        if first.startswith(magic):
            from importlib import import_module

            opened: IO[bytes] = import_module(name).open(file)
            return opened
    return file  # type: ignore[no-any-return]


def _pieces(file: Any) -> Iterator[bytes]:
    read = getattr(file, "read1", file.read)
    while chunk := read(_CHUNK):
        yield chunk
