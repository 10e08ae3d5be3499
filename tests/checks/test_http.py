"""HTTP responses, whole, in pieces, broken and endless."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probe.checks.http import HttpError, Response, ResponseReader

LIMIT = 100
OK = b"HTTP/1.1 200 OK\r\n"


def read(octets: bytes, *, whole: bool = True, step: int = 0) -> Response:
    reader = ResponseReader(LIMIT)
    for at in range(0, len(octets), step or len(octets) or 1):
        reader.feed(octets[at : at + (step or len(octets))])
    reader.end(whole=whole)
    return reader.response


def refused(octets: bytes, *, whole: bool = True) -> str:
    with pytest.raises(HttpError) as raised:
        read(octets, whole=whole)
    return raised.value.reason


WHOLE = [
    (OK + b"Content-Length: 5\r\n\r\nhello", b"hello"),
    (OK + b"Content-Length: 5\r\n\r\nhelloHTTP/1.1 500 another", b"hello"),
    (OK + b"Content-Length: 5, 5\r\nContent-Length: 5\r\n\r\nhello", b"hello"),
    (OK + b"Content-Length: 0\r\n\r\n", b""),
    (OK + b"\r\nuntil the end", b"until the end"),
    (b"HTTP/1.0 200 OK\r\n\r\nold", b"old"),
    (b"HTTP/1.1 200\r\nContent-Length: 1\r\n\r\nx", b"x"),
    (b"HTTP/1.1 200 OK\nContent-Length: 2\n\nlf", b"lf"),
    (b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + OK + b"Content-Length: 1\r\n\r\nx", b"x"),
    (OK + b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n02;name=value\r\nde\r\n0\r\n\r\n", b"abcde"),
    (OK + b"Transfer-Encoding: Chunked\r\n\r\n0\r\nTrailer: x\r\n\r\n", b""),
    (OK + b"Content-Length: 100\r\n\r\n" + b"x" * 100, b"x" * 100),
    (b"HTTP/1.1 204 No Content\r\n\r\n", b""),
]


@pytest.mark.parametrize("step", [0, 1, 7])
@pytest.mark.parametrize(("octets", "body"), WHOLE)
def test_a_whole_response_is_read_however_it_arrives(octets: bytes, body: bytes, step: int) -> None:
    assert body == read(octets, step=step).body


def test_status_and_fields() -> None:
    response = read(b"HTTP/1.0 301 Moved\r\nLOCATION:  https://a.example/ \r\nX-A: 1\r\nx-a: \x1b[2J\r\n\r\n")
    assert (response.version, response.status) == ("1.0", 301)
    assert dict(response.fields) == {"location": "https://a.example/", "x-a": "1, \\x1b[2J"}


@pytest.mark.parametrize(
    ("octets", "reason"),
    [
        (b"", "closed"),
        (b"HTTP/1.1 20", "no-http"),
        (b"220 mx.example ESMTP\r\n", "no-http"),
        (b"HTTP/2 200\r\n\r\n", "no-http"),
        (b"HTTP/1.1 2000 OK\r\n\r\n", "no-http"),
        (b"HTTP/1.1  200 OK\r\n\r\n", "no-http"),
        (OK + b"Content-Length: 5\r\n", "truncated"),
        (OK + b"Content-Length: 5\r\n\r\nhell", "truncated"),
        (OK + b"Transfer-Encoding: chunked\r\n\r\n3\r\nab", "truncated"),
        (OK + b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n", "truncated"),
        (OK + b"Transfer-Encoding: chunked\r\n\r\n0\r\n", "truncated"),
        (OK + b"no colon\r\n\r\n", "malformed"),
        (OK + b"Name : value\r\n\r\n", "malformed"),
        (OK + b"A: b\r\n folded\r\n\r\n", "malformed"),
        (OK + b"A: b\rc: d\r\n\r\n", "malformed"),
        (OK + b"A: \0\r\n\r\n", "malformed"),
        (OK + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello!", "malformed"),
        (OK + b"Content-Length: -5\r\n\r\n", "malformed"),
        (OK + b"Content-Length: +5\r\n\r\nhello", "malformed"),
        (OK + b"Content-Length: 0x5\r\n\r\nhello", "malformed"),
        (OK + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "malformed"),
        (OK + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", "malformed"),
        (OK + b"Transfer-Encoding: gzip\r\n\r\nx", "malformed"),
        (OK + b"Transfer-Encoding: chunked\r\n\r\n-1\r\n", "malformed"),
        (OK + b"Transfer-Encoding: chunked\r\n\r\n0x1\r\na\r\n0\r\n\r\n", "malformed"),
        (OK + b"Transfer-Encoding: chunked\r\n\r\n1\r\nab\r\n0\r\n\r\n", "malformed"),
        (OK + b"Transfer-Encoding: chunked\r\n\r\nffffffffff\r\n", "malformed"),
        (b"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "malformed"),
        (b"HTTP/1.1 101 Switching Protocols\r\n\r\n", "malformed"),
        (b"HTTP/1.1 100 Continue\r\n\r\n" * 4, "malformed"),
        (OK + b"Content-Length: 101\r\n\r\n", "too-large"),
        (OK + b"Content-Length: 99999999999999999999\r\n\r\n", "malformed"),
        (OK + b"\r\n" + b"x" * 101, "too-large"),
        (OK + b"Transfer-Encoding: chunked\r\n\r\n64\r\n" + b"x" * 100 + b"\r\n1\r\n", "too-large"),
        (OK + b"Transfer-Encoding: chunked\r\n\r\nffffffff\r\n", "too-large"),
        (OK + b"A: " + b"x" * 9000, "head-too-large"),
        (OK + b"A: xxxxxxxxxxxxxxxxxxxx\r\n" * 1000, "head-too-large"),
        (OK + b"Transfer-Encoding: chunked\r\n\r\n0\r\n" + b"A: b\r\n" * 10_000, "malformed"),
    ],
)
def test_what_is_no_response_is_refused_with_its_reason(octets: bytes, reason: str) -> None:
    assert reason == refused(octets)


def test_a_body_until_the_end_needs_an_end_in_order() -> None:
    assert "truncated" == refused(OK + b"\r\nhalf of i", whole=False)
    assert b"hello" == read(OK + b"Content-Length: 5\r\n\r\nhello", whole=False).body


def test_an_endless_stream_is_given_up_early() -> None:
    for head, more in ((OK + b"\r\n", b"x" * 50), (b"", b"x" * 50), (OK, b"A: b\r\n"), (OK + b"A", b"x" * 50)):
        reader = ResponseReader(LIMIT)
        reader.feed(head)
        with pytest.raises(HttpError):
            for _ in range(10_000):
                reader.feed(more)


@given(
    st.lists(st.one_of(st.binary(), st.sampled_from([OK, b"\r\n", b"Transfer-Encoding: chunked\r\n\r\n", b"3\r\n"])))
)
def test_any_octets_are_read_or_refused_and_pieces_make_no_difference(pieces: list[bytes]) -> None:
    octets = b"".join(pieces)

    def outcome(step: int) -> object:
        try:
            return read(octets, step=step)
        except HttpError as error:
            return error.reason

    assert outcome(0) == outcome(1)
