"""Octets in, replies out: what is a reply, what is none, and that no way of cutting the stream changes it."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterable

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from probe.catalog import catalog
from probe.limits import Limits
from probe.model import Reply
from probe.smtp.reader import Fault, ReplyReader

LIMITS = Limits()
SMALL = Limits(line=40, reply=120, reply_lines=4)


def heard(
    *segments: bytes, end: bool = False, limits: Limits = LIMITS
) -> tuple[list[Reply], Fault | None, ReplyReader]:
    """Everything that the reader makes of the segments."""
    reader = ReplyReader(limits)
    for segment in segments:
        reader.feed(segment, 7.0)
    if end:
        reader.end(8.0)
    replies = []
    while (reply := reader.take()) is not None:
        replies.append(reply)
    return replies, reader.fault, reader


def one(*segments: bytes, end: bool = False) -> Reply:
    replies, fault, reader = heard(*segments, end=end)
    assert (len(replies), fault, reader.unread) == (1, None, b"")
    return replies[0]


def stopped(*segments: bytes, end: bool = False) -> tuple[str, str]:
    """Outcome and detail of a stream that gives no reply at all."""
    replies, fault, _ = heard(*segments, end=end)
    assert (replies, fault is not None) == ([], True)
    assert fault is not None
    return fault.outcome, catalog().tell(fault.detail)


# Replies -------------------------------------------------------------------------------------------------------------


def test_one_line() -> None:
    octets = b"220 mx.test ESMTP\r\n"
    assert one(octets) == Reply(220, None, ("mx.test ESMTP",), (220,), octets, (7.0,))


def test_many_lines_are_one_reply() -> None:
    octets = b"250-mx.test\r\n250-SIZE 1000\r\n250 HELP\r\n"
    assert one(octets) == Reply(250, None, ("mx.test", "SIZE 1000", "HELP"), (250,) * 3, octets, (7.0,) * 3)


@pytest.mark.parametrize(
    ("octets", "lines"),
    [
        (b"220\r\n", ("",)),
        (b"220 \r\n", ("",)),
        (b"220-\r\n220\r\n", ("", "")),
        (b"220-\r\n220 \r\n", ("", "")),
        (b"220  two\r\n", (" two",)),
        (b"220 -not-more\r\n", ("-not-more",)),
        (b"220-221 x\r\n220 y\r\n", ("221 x", "y")),
    ],
)
def test_sparse_lines(octets: bytes, lines: tuple[str, ...]) -> None:
    reply = one(octets)
    assert (reply.code, reply.lines, reply.oddities) == (220, lines, ())


@pytest.mark.parametrize("code", [200, 211, 299, 354, 399, 421, 499, 500, 554, 599])
def test_every_code_of_the_four_classes_is_one(code: int) -> None:
    assert one(f"{code} x\r\n".encode()).code == code


def test_replies_wait_in_order_until_they_are_taken() -> None:
    reader = ReplyReader(LIMITS)
    reader.feed(b"250 one\r\n250-two\r\n250 two\r\n25", 1.0)
    assert reader.unread == b"250 one\r\n250-two\r\n250 two\r\n25"
    first, second = reader.take(), reader.take()
    assert first is not None and second is not None
    assert (first.lines, second.lines, reader.take()) == (("one",), ("two", "two"), None)
    assert reader.unread == reader.partial == b"25"
    reader.feed(b"0 three\r\n", 2.0)
    third = reader.take()
    assert third is not None
    assert (third.lines, third.arrived_ms, third.raw) == (("three",), (2.0,), b"250 three\r\n")


def test_each_line_keeps_the_time_when_it_was_whole() -> None:
    reader = ReplyReader(LIMITS)
    reader.feed(b"250-a\r\n250", 1.0)
    reader.feed(b" b\r", 2.0)
    reader.feed(b"\n", 3.0)
    reply = reader.take()
    assert reply is not None
    assert reply.arrived_ms == (1.0, 3.0)


@pytest.mark.parametrize(
    ("octets", "enhanced"),
    [
        (b"550 5.1.1 no such user\r\n", "5.1.1"),
        (b"550-5.1.1 no\r\n550 5.1.1 such user\r\n", "5.1.1"),
        (b"250 2.0.0\r\n", "2.0.0"),
        (b"550 5.1.1\tno such user\r\n", "5.1.1"),
        (b"550 5.7.999 x\r\n", "5.7.999"),
        (b"550 (5.1.1) x\r\n", None),
        (b"550 5.1.1x\r\n", None),
        (b"550 5.1.1.1 x\r\n", None),
        (b"550 3.1.1 x\r\n", None),
        (b"550 x 5.1.1 x\r\n", None),
        (b"550 5.1234.1 x\r\n", None),
    ],
)
def test_enhanced_code(octets: bytes, enhanced: str | None) -> None:
    assert one(octets).enhanced == enhanced


# What RFC 5321 does not allow, and is read all the same --------------------------------------------------------------


@pytest.mark.parametrize(
    ("octets", "text", "oddities"),
    [
        (b"220 hi\n", "hi", ("bare-lf",)),
        (b"220-a\n220 b\r\n", "a\nb", ("bare-lf",)),
        (b"220 a\rb\r\n", "a\\rb", ("bare-cr",)),
        (b"220 a\r\r\n", "a\\r", ("bare-cr",)),
        (b"220 a\0b\r\n", "a\\0b", ("nul",)),
        ("220 größer\r\n".encode(), "größer", ("8bit",)),
        (b"220 gr\xf6\xdfer\r\n", "gr\\xf6\\xdfer", ("not-utf8",)),
        (b"220 \x1b[2Jx\r\n", "\\x1b[2Jx", ()),
        (b"220 " + b"x" * 506 + b"\r\n", "x" * 506, ()),
        (b"220 " + b"x" * 507 + b"\r\n", "x" * 507, ("long-line",)),
        (b"220 a\0\r\xff\n", "a\\0\\r\\xff", ("bare-lf", "bare-cr", "nul", "not-utf8")),
    ],
    ids=lambda value: repr(value)[:30],
)
def test_oddities(octets: bytes, text: str, oddities: tuple[str, ...]) -> None:
    reply = one(octets)
    assert (reply.text, reply.oddities, reply.raw) == (text, oddities, octets)


@pytest.mark.parametrize(
    ("octets", "codes"), [(b"250-a\r\n220 b\r\n", (250, 220)), (b"554-a\r\n250 b\r\n", (554, 250))]
)
def test_different_codes_in_one_reply_are_all_kept(octets: bytes, codes: tuple[int, ...]) -> None:
    reply = one(octets)
    assert (reply.codes, reply.code, reply.oddities) == (codes, codes[-1], ("inconsistent-codes",))


# What is no reply ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "line",
    [
        b"2_2 x",
        b"+22 x",
        b"-22 x",
        b" 22 x",
        b"22 x",
        b"2200",
        b"2200 x",
        b"220_hi",
        b"220\thi",
        b"220\0hi",
        b"220\rhi",
        b"220\r",
        b"220=",
        b"199 x",
        b"099 x",
        b"600 x",
        b"654 x",
        b"0220 x",
        b"2 20",
        b"",
        b"\xb2\xb2\xb0 x",
        "２２０ x".encode(),
        b"\xef\xbb\xbf220 x",
        b"hello",
        b"HTTP/1.1 400 Bad Request",
        b"SSH-2.0-OpenSSH_9.6",
        b"* OK IMAP4rev1",
        b"+OK POP3",
    ],
)
def test_not_a_reply_line(line: bytes) -> None:
    outcome, detail = stopped(line + b"\r\n")
    assert outcome == "malformed"
    assert detail.startswith("not a reply line: ")
    assert detail.isprintable()


@pytest.mark.parametrize(
    "head", [b"H", b"SSH-", b"\x16\x03", b"6", b"2x", b"22\n", b"220_", b"2200", b"\0", b"\xff", b"<"]
)
def test_what_cannot_become_a_reply_is_refused_at_sight(head: bytes) -> None:
    assert stopped(head)[0] == "malformed"


@pytest.mark.parametrize("head", [b"", b"2", b"22", b"220", b"220 ", b"220-", b"220\r", b"220 half a li"])
def test_what_may_become_a_reply_is_waited_for(head: bytes) -> None:
    replies, fault, reader = heard(head)
    assert (replies, fault, reader.partial) == ([], None, head)


def test_a_fault_comes_after_the_replies_before_it_and_ends_the_reading() -> None:
    reader = ReplyReader(LIMITS)
    reader.feed(b"220 ok\r\nnonsense\r\n250 never\r\n", 1.0)
    assert reader.fault is None
    first = reader.take()
    assert first is not None and first.code == 220
    assert reader.fault is not None
    assert (reader.fault.outcome, catalog().tell(reader.fault.detail)) == ("malformed", "not a reply line: nonsense")
    reader.feed(b"250 never\r\n", 2.0)
    assert reader.take() is None


def test_what_another_protocol_said_is_kept_as_evidence() -> None:
    page = b"HTTP/1.1 400 Bad Request\r\nServer: x\r\n\r\n<html>"
    for segments in ((page,), (page[:1], page[1:]), (page[:30], page[30:])):
        _, fault, reader = heard(*segments)
        assert fault is not None
        assert (catalog().tell(fault.detail), fault.octets) == ("not a reply line: HTTP/1.1 400 Bad Request", page)
        assert reader.unread == page


# Limits --------------------------------------------------------------------------------------------------------------


def test_a_line_of_8_kib_is_read_and_a_longer_one_is_not() -> None:
    assert len(one(b"250 " + b"x" * (8192 - 6) + b"\r\n").lines[0]) == 8192 - 6
    assert stopped(b"250 " + b"x" * 8187 + b"\r\n") == ("limit", "a line of 8193 octets")


def test_a_reply_of_64_kib_is_read_and_a_longer_one_is_not() -> None:
    line = b"250-" + b"x" * 58 + b"\r\n"
    assert len(line) == 64
    whole = line * 1023 + b"250 " + b"x" * 58 + b"\r\n"
    assert len(whole) == 64 * 1024 and len(heard(whole, limits=Limits(reply_lines=2000))[0]) == 1
    _, fault, _ = heard(b"2" + whole[1:-2] + b"x\r\n", limits=Limits(reply_lines=2000))
    assert fault is not None
    assert (fault.outcome, catalog().tell(fault.detail)) == ("limit", "a reply of more than 65536 octets")


def test_a_reply_of_1000_lines_is_read_and_a_longer_one_is_not() -> None:
    assert len(one(b"250-x\r\n" * 999 + b"250 x\r\n").lines) == 1000
    assert stopped(b"250-x\r\n" * 1000) == ("limit", "a reply of more than 1000 lines")


def test_the_size_counts_for_one_reply_not_for_the_session() -> None:
    replies, fault, _ = heard(b"250 x\r\n" * 20_000)
    assert (len(replies), fault) == (20_000, None)


@pytest.mark.parametrize(
    "octets",
    [
        b"554-" + b"x" * 9000 + b"\r\n554 end\r\n",
        b"554 " + b"x" * 9000 + b"\r\n",
        b"554 " + b"x" * 70_000,
        b"554-x\r\n" * 1001,
        (b"554-" + b"x" * 100 + b"\r\n") * 700,
        b"421-" + b"x" * 70_000,
    ],
    ids=["long line", "long last line", "endless line", "many lines", "many octets", "endless first line"],
)
def test_a_refusal_beyond_the_limits_is_that_refusal_cut_short(octets: bytes) -> None:
    replies, fault, _ = heard(octets)
    assert [(reply.code, reply.cut) for reply in replies] == [(int(octets[:3]), True)]
    assert len(replies[0].raw) <= 65_537
    assert fault is not None and fault.outcome == "limit"


@pytest.mark.parametrize(
    "octets",
    [
        b"250 " + b"x" * 9000 + b"\r\n",
        b"250-x\r\n" * 1001,
        b"354 " + b"x" * 70_000,
        b"554-x\r\n250-x\r\n" * 501,
        b"554-x\r\n550-x\r\n" * 501,
        b"5545" + b"x" * 70_000,
        b"554_" + b"x" * 70_000,
        b"554-x\r\n5545" + b"x" * 70_000,
    ],
    ids=["250", "250 lines", "354", "with consent", "two refusals", "no code", "no separator", "no code behind one"],
)
def test_nothing_else_is_believed_beyond_the_limits(octets: bytes) -> None:
    replies, fault, _ = heard(octets)
    assert replies == []
    assert fault is not None and fault.outcome in ("limit", "malformed")
    assert len(fault.octets) <= 65_537


# The end of the stream -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("octets", [b"554 no", b"554", b"421 bye", b"450 later\r", b"554-a\r\n554 b"])
def test_a_refusal_that_lacks_only_its_line_end_counts(octets: bytes) -> None:
    reply = one(octets, end=True)
    assert (reply.code, reply.raw) == (int(octets[:3]), octets)
    assert "no-line-end" in reply.oddities


@pytest.mark.parametrize("octets", [b"220 ok", b"250", b"354 go", b"250-a\r\n250 b", b"250 ok\r"])
def test_a_consent_without_its_line_end_never_counts(octets: bytes) -> None:
    replies, fault, reader = heard(octets, end=True)
    assert (replies, fault, reader.partial) == ([], None, octets)


@pytest.mark.parametrize("octets", [b"554-more", b"554-more\r\n", b"554-more\r\n55", b"5", b"55"])
def test_half_a_refusal_is_none(octets: bytes) -> None:
    replies, fault, reader = heard(octets, end=True)
    assert (replies, fault, reader.partial) == ([], None, octets)


def test_a_cr_at_the_end_of_the_stream_is_half_a_line_end_and_no_text() -> None:
    assert one(b"554 no\r", end=True).lines == ("no",)


# Properties ----------------------------------------------------------------------------------------------------------

# Pieces that replies are made of, so that many of the streams are nearly right, and some reach the small limits.
PIECES = st.lists(
    st.sampled_from(
        (
            *(b"220", b"250", b"554", b"421", b"2", b"5", b" ", b"-", b"\r\n", b"\n", b"\r", b"\0", b"\xff", b"x" * 9),
            *(b"250-mx\r\n", b"250 ok\r\n", b"554 5.7.1 no\r\n", b"554-more\r\n", b"HTTP", b"_", b"\xc3", b"\xa9"),
        )
    ),
    max_size=30,
).map(b"".join)
STREAMS = st.binary(max_size=200) | PIECES


def plain(replies: Iterable[Reply]) -> list[tuple[object, ...]]:
    """A reply without its times."""
    return [
        (reply.code, reply.enhanced, reply.lines, reply.codes, reply.raw, sorted(reply.oddities), reply.cut)
        for reply in replies
    ]


@st.composite
def cut_streams(draw: st.DrawFn) -> tuple[bytes, list[bytes]]:
    stream = draw(STREAMS)
    cuts = sorted(draw(st.sets(st.integers(0, len(stream)), max_size=8)))
    return stream, [stream[a:b] for a, b in zip([0, *cuts], [*cuts, len(stream)], strict=True)]


@given(cut_streams(), st.booleans(), st.sampled_from([LIMITS, SMALL]))
@settings(deadline=None, max_examples=500)
@example((b"HTTP/1.1 400\r\n", [b"HTTP", b"/1.1 400\r\n"]), False, SMALL)
@example((b"554-xxxxxxxx\r\n" * 12, [b"554-xxxxxxxx\r\n" * 6, b"554-xxxxxxxx\r\n" * 6]), False, SMALL)
@example((b"220\n", [b"220", b"\n"]), False, SMALL)
def test_no_way_of_cutting_the_stream_changes_what_is_heard(
    cut: tuple[bytes, list[bytes]], end: bool, limits: Limits
) -> None:
    stream, segments = cut
    whole, whole_fault, _ = heard(stream, end=end, limits=limits)
    for pieces in (segments, [stream[at : at + 1] for at in range(len(stream))]):
        replies, fault, _ = heard(*pieces, end=end, limits=limits)
        assert plain(replies) == plain(whole)
        assert fault == whole_fault


@given(STREAMS, st.booleans(), st.sampled_from([LIMITS, SMALL]))
@settings(deadline=None, max_examples=300)
def test_any_octets_give_replies_or_a_fault_and_nothing_else(stream: bytes, end: bool, limits: Limits) -> None:
    replies, fault, reader = heard(stream, end=end, limits=limits)
    for reply in replies:
        assert 200 <= reply.code <= 599
        assert len(reply.lines) == len(reply.codes) == len(reply.arrived_ms) <= limits.reply_lines
        assert all(line.isprintable() for line in reply.lines)
        assert stream.find(reply.raw) >= 0
    assert fault is None or (fault.outcome in ("malformed", "limit") and catalog().tell(fault.detail).isprintable())
    kept = b"".join(reply.raw for reply in replies) + reader.unread
    assert stream.startswith(kept) or (fault is not None and fault.outcome == "limit")
    if fault is None:
        assert kept == stream


@given(PIECES)
@settings(deadline=None, max_examples=300)
def test_the_end_of_the_stream_makes_no_consent(stream: bytes) -> None:
    before, _, _ = heard(stream)
    after, _, _ = heard(stream, end=True)
    assert plain(after[: len(before)]) == plain(before)
    assert all(reply.code >= 400 for reply in after[len(before) :])


def cpu_of(octets: bytes, step: int, limits: Limits) -> float:
    """Median CPU time of five readings, in seconds."""
    times = []
    for _ in range(5):
        reader = ReplyReader(limits)
        began = time.process_time()
        for at in range(0, len(octets), step):
            reader.feed(octets[at : at + step], 0.0)
        times.append(time.process_time() - began)
    return statistics.median(times)


@pytest.mark.parametrize(
    ("line", "step"),
    [
        (b"250-x\r\n", 1 << 30),
        (b"250-x\r\n", 1),
        (b"x", 1),
        (b"250 x\r\n", 1 << 30),
        (b"250-" + b"x" * 500 + b"\r\n", 7),
    ],
    ids=["one piece", "octet by octet", "one line", "many replies", "long lines"],
)
def test_the_work_grows_with_the_octets_and_not_faster(line: bytes, step: int) -> None:
    endless = Limits(line=1 << 30, reply=1 << 30, reply_lines=1 << 30)
    small = b"250-" + line * (40_000 // len(line)) if line == b"x" else line * (40_000 // len(line))
    large = b"250-" + line * (160_000 // len(line)) if line == b"x" else line * (160_000 // len(line))
    assert cpu_of(large, step, endless) <= 8 * cpu_of(small, step, endless) + 0.01
