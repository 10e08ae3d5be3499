"""Every exception that this package raises on purpose.

    ProbeError
    ├── UsageError          what was asked for makes no sense: a bad option, an unknown code      exit 2
    │   └── TargetError     a target that cannot be read: a bad URL, a name that is no name       exit 2
    ├── DataError           a file under data/ that is missing, broken or lacks an entry
    ├── WireError           the conversation could not go on; carries outcome, partial octets and a detail
    └── Interrupted         the user wants no more of it; carries what was learnt

A refusal by a server is no exception: it is a reply.
"""

from __future__ import annotations


class ProbeError(Exception):
    """The root. Its text is one line that can be shown to a user."""


class UsageError(ProbeError):
    """What was asked for makes no sense."""


class TargetError(UsageError):
    """A target that cannot be read."""


class DataError(ProbeError):
    """A file under data/ is missing, broken or lacks an entry."""


class Detail:
    """What happened, not yet in words: their key in ``data/words.toml``, and the values that belong into them. A value
    may be a detail itself. ``Catalog.tell`` puts it into words."""

    def __init__(self, key: str, /, **values: object) -> None:
        self.key = key
        self.values = values

    def __str__(self) -> str:
        return ", ".join((self.key, *(f"{name} {value}" for name, value in self.values.items())))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Detail) and (self.key, self.values) == (other.key, other.values)

    __hash__ = None  # type: ignore[assignment]


class WireError(ProbeError):
    """The conversation ended: ``outcome`` is a word of ``Session.outcome``, ``partial`` the octets of a reply that
    never became whole, ``alert`` the name of a TLS alert."""

    def __init__(self, outcome: str, detail: Detail, partial: bytes = b"", *, alert: str | None = None) -> None:
        super().__init__(str(detail))
        self.outcome = outcome
        self.detail = detail
        self.partial = partial
        self.alert = alert


INTERRUPT = "interrupted by the user"
"""The message of a cancellation that means: stop here and tell what is known. Any other goes its way."""


class Interrupted(ProbeError):
    """``learnt`` is the value that would have been returned, as far as it came."""

    def __init__(self, learnt: object) -> None:
        super().__init__(INTERRUPT)
        self.learnt = learnt


def where(error: BaseException) -> str:
    """An exception that nobody expected, with its place in the code, in one line."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    place = f" at {trace.tb_frame.f_globals.get('__name__', '?')}:{trace.tb_lineno}" if trace else ""
    return f"{type(error).__name__}{place}: {error}"
