"""What an evaluation has used up of what it may use, and how it ends when that is gone (RFC 7208 section 4.6.4)."""

from __future__ import annotations

from collections.abc import Mapping

from probe.model import Answer, Result

# Terms that need a look-up, look-ups that find nothing, hosts of one MX or PTR look-up, and seconds for all of it.
LIMITS: Mapping[str, int] = {"lookups": 10, "void_lookups": 2, "mx_hosts": 10, "ptr_names": 10, "seconds": 20}


class Stopped(Exception):
    """The evaluation ends here, with ``result`` permerror or temperror, because of ``reason``, at a term of the record
    of a domain. It never leaves ``evaluation``."""

    def __init__(self, result: Result, reason: str, term: str | None = None) -> None:
        super().__init__(reason)
        self.result: Result = result
        self.reason = reason
        self.term = term
        self.domain: str | None = None


class Usage:
    """The counts of one evaluation, over all the records that it reads."""

    def __init__(self) -> None:
        self.lookups = 0
        self.void_lookups = 0

    def term(self) -> None:
        """One more term that needs a look-up. Raises ``Stopped`` where it is one too many."""
        self.lookups += 1
        if self.lookups > LIMITS["lookups"]:
            raise Stopped("permerror", "too-many-lookups")

    def answered(self, answer: Answer) -> None:
        """What a term was told. Raises ``Stopped`` where too much was asked for that is not there."""
        self.void_lookups += answer.answer == "absent"
        if self.void_lookups > LIMITS["void_lookups"]:
            raise Stopped("permerror", "too-many-void-lookups")
