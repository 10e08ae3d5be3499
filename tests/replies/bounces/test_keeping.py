"""Of a long message everything that tells of a refusal is read, and what was left out is known."""

from __future__ import annotations

import subprocess
import sys

import pytest

from probe.catalog import catalog
from probe.replies.bounces import keeping
from probe.replies.intake import Intake

FACTS = catalog()
HEAD = (
    b"From: MAILER-DAEMON@mail.shop.test\nTo: orders@shop.test\nSubject: Undelivered\nMIME-Version: 1.0\n"
    b"Content-Type: multipart/report; report-type=delivery-status;\n\tboundary=xyz\n\n--xyz\n\nIt failed.\n"
)
RETURNED = b"--xyz\nContent-Type: message/rfc822\n\nFrom: orders@shop.test\nMessage-ID: <1@shop.test>\n\n"
REPORT = b"--xyz\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mail.shop.test\n\n"
LINE = b"-- 0123456789 0123456789 0123456789 0123456789 0123456789 0123456789\n"


def recipient(number: int) -> bytes:
    return (
        b"Final-Recipient: rfc822; r%d@example.org\nAction: failed\nStatus: 5.1.1\nDiagnostic-Code: smtp; 550 no\n\n"
        % number
    )


def read(*pieces: bytes) -> tuple[list[str | None], tuple[int, ...]]:
    intake = Intake(FACTS)
    found = [one.recipient for one in intake.read(pieces)]
    return found, intake.unread


def test_every_recipient_of_a_long_report_is_told() -> None:
    found, unread = read(HEAD, REPORT, *map(recipient, range(20_000)), RETURNED, b"Hello\n--xyz--\n")
    assert ([f"r{number}@example.org" for number in range(20_000)], ()) == (found, unread)


@pytest.mark.parametrize("kind", [b"message/rfc822", b"application/zip", b"text/rfc822-headers"])
def test_a_report_behind_a_big_part_is_read(kind: bytes) -> None:
    big = RETURNED.replace(b"message/rfc822", kind) + LINE * 40_000
    assert (["r1@example.org"], ()) == read(HEAD, big, REPORT, recipient(1), b"--xyz--\n")


def test_what_is_too_long_even_so_is_told() -> None:
    found, unread = read(HEAD, REPORT, *map(recipient, range(keeping.LONGEST // 100)), b"--xyz--\n")
    assert 60_000 < len(found) < keeping.LONGEST // 100
    assert (1,) == unread


def test_a_big_message_that_is_no_bounce_is_nobodys_loss() -> None:
    head = b"From a@b.test Fri Nov 27 07:16:38 2026\nFrom: a@b.test\nDate: x\nContent-Type: application/zip\n\n"
    assert ([], ()) == read(head, LINE * 40_000)


_FLAT = """
import resource
from probe.catalog import catalog
from probe.replies.intake import Intake
from tests.replies.bounces.test_keeping import HEAD, LINE, REPORT, RETURNED, recipient

def bounce(count):
    yield HEAD + RETURNED
    for _ in range(count):
        yield LINE * 1000
    yield REPORT + recipient(1) + b"--xyz--\\n"

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

facts = catalog()
assert 1 == len(list(Intake(facts).read(bounce(10))))
before = peak()
assert 1 == len(list(Intake(facts).read(bounce(1000))))
print(peak() - before)
"""


def test_memory_stays_flat_however_big_the_returned_message_is() -> None:
    done = subprocess.run([sys.executable, "-c", _FLAT], capture_output=True, text=True, timeout=120, check=True)
    assert int(done.stdout) < 8 * 1024  # kibibytes, for 68 MB
