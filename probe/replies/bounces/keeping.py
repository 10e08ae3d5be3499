"""What of a message is kept while its lines come in: all that may tell of a refusal, and of other parts the beginning.

A report may stand behind the message that came back, however big that is, so a part that is neither a report nor words
for people is cut and the lines up to the next boundary (RFC 2046 section 5.1.1) are passed over. Memory is bounded, and
what was left out that should have been read is known.
"""

from __future__ import annotations

from probe.replies.bounces import returned, status
from probe.replies.bounces.mime import media_type, split

LONGEST = 8_388_608  # octets of one message; a report of some 70,000 recipients
_LONGEST_TEXT = 1_048_576
_LONGEST_OTHER = 262_144  # more than any header of a returned message
_LONGEST_BOUNDARY = 200  # RFC 2046 section 5.1.1 allows 70


class Kept:
    """Feed it the lines of one message. ``cut`` says that a report, or words, were longer than what is kept, ``left``
    that any other part was."""

    def __init__(self) -> None:
        self.octets = bytearray()
        self.cut = self.left = False
        self._boundaries: set[bytes] = set()
        self._header = bytearray()
        self._in_header = True
        self._matters = True
        self._room = LONGEST  # old Macintosh programs end no line, so all of a message may look like its header

    def take(self, line: bytes) -> None:
        size = len(line) + 1
        if line.startswith(b"--") and self._is_boundary(line.rstrip()):
            self._in_header, self._room = True, _LONGEST_OTHER
            self._header.clear()
        elif self._in_header:
            if line.rstrip():
                self._header += line + b"\n"
            else:
                self._opened()
        elif self._room < size:
            self.left = True
            self.cut = self.cut or self._matters
            return
        self._room -= size
        if self._room < 0 or len(self.octets) + size > LONGEST:
            self.cut = True
            self._header.clear()
            return
        self.octets += line + b"\n"

    def _opened(self) -> None:
        """The header of a part is whole: how much of the part is of interest?"""
        fields, _ = split(bytes(self._header))
        kind, parameters = media_type(fields)
        if kind.startswith("multipart/") and parameters.get("boundary"):
            self._boundaries.add(parameters["boundary"].encode("utf-8", "surrogateescape")[:_LONGEST_BOUNDARY])
        self._in_header = False
        is_report = kind in status.TYPES
        self._matters = is_report or (kind.startswith(("text/", "multipart/")) and kind not in returned.TYPES)
        self._room = LONGEST if is_report else _LONGEST_TEXT if self._matters else _LONGEST_OTHER

    def _is_boundary(self, line: bytes) -> bool:
        return line[2:] in self._boundaries or (line.endswith(b"--") and line[2:-2] in self._boundaries)
