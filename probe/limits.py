"""Deadlines and sizes: how long to wait, how much to keep. Seconds and octets; each is an option."""

from __future__ import annotations

from probe.model.noun import noun


@noun(frozen=True)
class Limits:
    """Defaults for a person at a terminal. ``PATIENT`` holds the values of RFC 5321 section 4.5.3.2."""

    connect: float = 10.0
    banner: float = 30.0
    command: float = 30.0
    tls: float = 10.0
    data: float = 30.0
    dot: float = 60.0
    quit: float = 2.0
    write: float = 30.0
    session: float = 120.0

    line: int = 8 * 1024
    reply: int = 64 * 1024
    reply_lines: int = 1000
    transcript: int = 1024 * 1024

    mx_hosts: int = 5
    addresses_each: int = 2

    dns_timeout: float = 5.0
    dns_tries: int = 2


# RFC 5321 section 4.5.3.2: greeting, MAIL and RCPT 5 min, DATA 2 min, the final reply 10 min. The write deadline is
# that of a data block, 3 min.
PATIENT = Limits(
    connect=60.0,
    banner=300.0,
    command=300.0,
    tls=60.0,
    data=120.0,
    dot=600.0,
    quit=300.0,
    write=180.0,
    session=3600.0,
)
