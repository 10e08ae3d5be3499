"""The short form of ``make fuzz``: the same machinery, a fixed seed, and proof that it would notice."""

from __future__ import annotations

import pytest

from bench.fuzz.campaign import Failure, campaign, replay
from bench.fuzz.growth import GROWTHS, Growth, check
from bench.fuzz.tape import Tape, Violation, shrunk
from probe.smtp.ledger import Ledger
from probe.smtp.reader import ReplyReader

_RUNS = {"reader": 2000, "parsers": 4000, "dns": 2000, "conversations": 10_000}
# Each run must come to all of these, or it does not reach what it is for.
_MUST_SEE = {
    "reader": {"no fault", "malformed", "limit"},
    "parsers": {"keywords", "strange lines", "nothing"},
    "dns": {"found", "absent", "refused", "failed"},
    "conversations": {
        *("ok", "rejected", "tempfail", "timeout", "closed", "reset", "unsolicited", "malformed", "injection"),
        *("inconsistent_codes", "protocol_error", "no_tls", "not_smtp", "delivery_unknown"),
    },
}
_LONGEST_S = 240.0


@pytest.mark.parametrize("target", _RUNS)
def test_random_input_breaks_no_property(target: str) -> None:
    tally = campaign(target, "short", runs=_RUNS[target], seconds=_LONGEST_S)
    assert tally.failure is None, _told(tally.failure)
    assert set() == _MUST_SEE[target] - set(tally.kinds)


@pytest.mark.parametrize("growth", GROWTHS, ids=lambda growth: growth.name)
def test_four_times_the_input_takes_at_most_six_times_the_cpu(growth: Growth) -> None:
    assert check(growth).fine


def test_it_notices_books_that_are_never_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the ledger a stray line makes a refusal an acceptance, and the fuzzer must say so, small and again."""
    monkeypatch.setattr(Ledger, "withdraw", lambda *_: None)
    failure = campaign("conversations", "planted", runs=20_000, seconds=_LONGEST_S).failure
    assert failure is not None
    assert failure.what.split(":")[0] in ("accepted", "other", "count")
    assert failure.story[-1].startswith("result  ok")
    assert replay("conversations", failure.tape)[0] == failure.what
    monkeypatch.undo()
    assert None is replay("conversations", failure.tape)[0]


def test_it_notices_a_reader_that_trusts_segments(monkeypatch: pytest.MonkeyPatch) -> None:
    honest = ReplyReader.feed

    def feed(reader: ReplyReader, octets: bytes, at_ms: float) -> None:
        honest(reader, octets.replace(b"250-", b"250 "), at_ms)

    monkeypatch.setattr(ReplyReader, "feed", feed)
    failure = campaign("reader", "planted", runs=5000, seconds=_LONGEST_S).failure
    assert failure is not None
    assert b"250-" in b"".join(line.encode() for line in failure.story)


def test_it_notices_an_exception(monkeypatch: pytest.MonkeyPatch) -> None:
    def decode(packet: bytes, rdtype: int) -> None:
        raise IndexError("beyond the end")

    monkeypatch.setattr("probe.resolver.classify.decode", decode)
    failure = campaign("dns", "planted", runs=5000, seconds=_LONGEST_S).failure
    assert failure is not None
    assert failure.what.startswith("IndexError in test_fuzz_short.py")


def test_it_notices_quadratic_time() -> None:
    def quadratic(size: int) -> object:
        return lambda: [number for number in range(size) if number in [*range(size)]]

    with pytest.raises(Violation, match="growth: lists"):
        check(Growth("lists", quadratic, 250, fixed=True))  # type: ignore[arg-type]


def test_a_tape_that_fails_is_made_smaller() -> None:
    tape = shrunk([7, 0, 3, 200, 9, 1, 1, 64], lambda tape: any(number > 50 for number in tape))
    assert [51] == tape


def test_a_tape_is_replayed_and_ends_in_zeros() -> None:
    tape = Tape(None, [5, 300])
    assert [5, 300 % 7, 0, 0] == [tape.draw(7) for _ in range(4)]
    assert [5, 300 % 7, 0, 0] == tape.drawn


def _told(failure: Failure | None) -> str:
    if failure is None:
        return ""
    numbers = ",".join(map(str, failure.tape))
    again = f"again: python -m bench.fuzz --replay {failure.target}:{numbers}"
    return "\n".join((failure.what, f"seed {failure.seed}", *failure.story, again))
