"""Every exception that this package raises on purpose.

    ProbeError
    ├── UsageError          what was asked for makes no sense: a bad option, an unknown code      exit 2
    │   └── TargetError     a target that cannot be read: a bad URL, a name that is no name       exit 2
    ├── DataError           a file under data/ that is missing, broken or lacks an entry
    └── WireError           the conversation could not go on; carries outcome, partial octets and a detail

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


class WireError(ProbeError):
    """The conversation ended: ``outcome`` is a word of ``Session.outcome``, ``partial`` the octets of a reply that
    never became whole, ``at_ms`` when, in milliseconds since the session began."""

    def __init__(self, outcome: str, detail: str, partial: bytes = b"", *, alert: str | None = None) -> None:
        super().__init__(detail)
        self.outcome = outcome
        self.detail = detail
        self.partial = partial
        self.alert = alert
