"""One refusal or delay, as a bounce or a log tells of it afterwards."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from probe.model.explanation import Explanation
from probe.model.noun import noun

Action = Literal["failed", "delayed"]
Role = Literal["client", "server"]


@noun(frozen=True)
class Incident:
    """A reply that stood in a bounce, a log or a queue, with all that was told around it.

    ``format`` is how it was written: ``rfc3464``, ``postfix``, ``exim`` … · ``source`` and ``line`` are the file as it
    was named and the line, from 1, where it stands (of a bounce the first line of the message). ``action`` is a word of
    RFC 3464 section 2.3.3. ``role`` is whose log it is: ``client`` where a server refused us, ``server`` where we
    refused a client. ``time`` is as written there.

    The reply is ``code``, ``enhanced`` and ``lines`` (the text after the code, an entry a line); ``status`` is the
    RFC 3463 code that the reporter added of its own, and ``command`` and ``stage`` are what was answered. ``host``,
    ``address`` and ``port`` are of the server that spoke, ``client_host``, ``client_address`` and ``helo`` of the
    client that it spoke to, as far as they are told; ``reporting_mta`` is the host that wrote the bounce or log.
    ``sender`` is the reverse-path (empty for ``<>``), ``header_from`` the mailbox of the From field.
    ``dkim`` holds the names of the keys that the returned header was signed with, such as ``s1._domainkey.shop.test``.
    Together with the fields of ``explanation`` these are what a proof against live DNS needs.
    """

    format: str
    action: Action
    role: Role
    code: int | None
    enhanced: str | None
    lines: tuple[str, ...]
    explanation: Explanation
    source: str | None = None
    line: int | None = None
    time: str | None = None
    queue_id: str | None = None
    message_id: str | None = None
    sender: str | None = None
    header_from: str | None = None
    recipient: str | None = None
    status: str | None = None
    command: str | None = None
    stage: str | None = None
    host: str | None = None
    address: str | None = None
    port: int | None = None
    client_host: str | None = None
    client_address: str | None = None
    helo: str | None = None
    reporting_mta: str | None = None
    dkim: tuple[str, ...] = ()


@noun(frozen=True)
class IncidentGroup:
    """Incidents that are one: the same cause, the same outcome, at the same place.

    ``site`` is the domain that the refusing server belongs to, else the recipient's, None where neither is told or the
    refusals are our own. ``domains`` are the recipients' domains with how often each came, most first. ``first`` and
    ``last`` are times as they were written, ``example`` is the first of them all.
    """

    count: int
    cause: str | None
    action: Action
    role: Role
    site: str | None
    provider: str | None
    first: str | None
    last: str | None
    domains: Mapping[str, int]
    example: Incident
