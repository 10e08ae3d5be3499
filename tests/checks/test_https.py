"""Real HTTPS on loopback: what is fetched, and every way in which it is not."""

from __future__ import annotations

import asyncio
import http.server
import ssl
import threading
from functools import partial
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probe.checks.https import Fetched, HttpsError, Terms, get
from probe.embedded.certificate import Certificate, self_signed
from probe.smtp.connection import open_streams
from tests.checks.web import OK, Script, Web, already_said, answer
from tests.tls.authority import Authority

HOST = "mta-sts.shop.example"
AUTHORITY = Authority()
GOOD = AUTHORITY.issue(HOST)
PATH = "/.well-known/mta-sts.txt"


@pytest.fixture(scope="module")
def ca_file(tmp_path_factory: pytest.TempPathFactory) -> str:
    return AUTHORITY.file(tmp_path_factory.mktemp("authority"))


def fetch(
    says: bytes | Script,
    ca_file: str,
    certificate: Certificate | None = GOOD,
    *,
    addresses: tuple[str, ...] = ("192.0.2.1",),
    seconds: float = 20.0,
    context: ssl.SSLContext | None = None,
) -> tuple[Fetched, Web]:
    async def fetched() -> tuple[Fetched, Web]:
        chosen = context or (certificate.server_context() if certificate else None)
        terms = Terms(AUTHORITY.now, ca_file, seconds)
        async with Web(chosen, says) as web:
            return await get(HOST, PATH, addresses, connect=web.connect, terms=terms), web

    return asyncio.run(fetched())


def refused(says: bytes | Script, ca_file: str, certificate: Certificate | None = GOOD, **more: object) -> HttpsError:
    with pytest.raises(HttpsError) as raised:
        fetch(says, ca_file, certificate, **more)  # type: ignore[arg-type]
    return raised.value


def test_a_policy_is_fetched_with_one_modest_request(ca_file: str) -> None:
    fetched, web = fetch(answer(b"version: STSv1\r\n"), ca_file)
    assert (200, b"version: STSv1\r\n") == (fetched.response.status, fetched.response.body)
    assert fetched.response.fields["content-type"] == "text/plain"
    assert (fetched.address, fetched.tls.verified, fetched.tls.version) == ("192.0.2.1", True, "TLS 1.3")
    assert [("192.0.2.1", 443)] == web.connections
    (request,) = web.requests
    assert request.startswith(b"GET /.well-known/mta-sts.txt HTTP/1.1\r\nHost: mta-sts.shop.example\r\n")
    assert b"\r\nConnection: close\r\n" in request
    assert not any(word in request.lower() for word in (b"cookie", b"authorization", b"accept-encoding"))


@pytest.mark.parametrize(
    "says",
    [
        b"HTTP/1.0 200 OK\r\n\r\nhello",
        OK + b"Transfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n",
        OK + b"\r\nhello",
    ],
)
def test_other_ways_to_tell_the_length(ca_file: str, says: bytes) -> None:
    assert b"hello" == fetch(says, ca_file)[0].response.body


def test_sixty_four_kibibytes_and_not_one_more(ca_file: str) -> None:
    assert 65536 == len(fetch(answer(b"x" * 65536), ca_file)[0].response.body)
    for says in (answer(b"x" * 65537), OK + b"\r\n" + b"x" * 65537):
        error = refused(says, ca_file)
        assert ("too-large", False) == (error.reason, error.temporary)


def test_the_first_address_that_can_be_reached_is_taken(ca_file: str) -> None:
    fetched, web = fetch(answer(b"x"), ca_file, addresses=("192.0.2.99", "192.0.2.2", "192.0.2.3"))
    assert fetched.address == "192.0.2.2"
    assert [address for address, _ in web.connections] == ["192.0.2.99", "192.0.2.2"]


def test_no_address_answers(ca_file: str) -> None:
    error = refused(answer(b"x"), ca_file, addresses=("192.0.2.99",))
    assert ("unreachable", True) == (error.reason, error.temporary)
    assert error.detail is not None and error.detail.key == "detail-refused-by-host"


@pytest.mark.parametrize(
    ("certificate", "problems"),
    [
        (AUTHORITY.issue("other.example"), ("other-name",)),
        (AUTHORITY.issue(HOST, days=(-20, -1)), ("expired",)),
        (AUTHORITY.issue(HOST, days=(1, 20)), ("not-yet-valid",)),
        (AUTHORITY.issue("other.example", days=(-20, -1)), ("expired", "other-name")),
        (self_signed(HOST), ("self-signed",)),
        (Authority("Another").issue(HOST), ("unknown-issuer",)),
    ],
    ids=["name", "expired", "early", "both", "self-signed", "issuer"],
)
def test_a_certificate_that_does_not_hold_ends_it_before_the_request(
    ca_file: str, certificate: Certificate, problems: tuple[str, ...]
) -> None:
    async def fetched() -> tuple[HttpsError, Web]:
        async with Web(certificate.server_context(), answer(b"x")) as web:
            with pytest.raises(HttpsError) as raised:
                await get(HOST, PATH, ["192.0.2.1"], connect=web.connect, terms=Terms(AUTHORITY.now, ca_file))
            return raised.value, web

    error, web = asyncio.run(fetched())
    assert ("certificate", False) == (error.reason, error.temporary)
    assert error.tls is not None and error.tls.problems == problems
    assert [] == web.requests


def test_without_trust_anchors_nobody_can_tell(tmp_path: Path) -> None:
    path = tmp_path / "empty.pem"
    path.write_bytes(b"")
    error = refused(answer(b"x"), str(path))
    assert ("no-trust-anchors", True) == (error.reason, error.temporary)


def test_a_missing_file_of_trust_anchors_is_the_callers_mistake(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        fetch(answer(b"x"), str(tmp_path / "absent.pem"))


class _Handler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """In silence."""


@pytest.mark.parametrize("protocol", ["HTTP/1.0", "HTTP/1.1"])
def test_the_web_server_of_the_standard_library_is_understood(ca_file: str, tmp_path: Path, protocol: str) -> None:
    """Another program's idea of HTTPS than that of these tests."""
    place = tmp_path / PATH.lstrip("/")
    place.parent.mkdir()
    place.write_bytes(b"version: STSv1\r\n")
    handler = type("Handler", (_Handler,), {"protocol_version": protocol})
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(handler, directory=str(tmp_path)))
    server.socket = GOOD.server_context().wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()

    async def connect(address: str, _: int, *, deadline: float) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await open_streams("127.0.0.1", server.server_port, deadline=deadline)

    async def both() -> list[Fetched]:
        terms = Terms(AUTHORITY.now, ca_file)
        return [await get(HOST, path, ["192.0.2.1"], connect=connect, terms=terms) for path in (PATH, "/nothing")]

    try:
        policy, nothing = (fetched.response for fetched in asyncio.run(both()))
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
    assert (200, b"version: STSv1\r\n", "text/plain") == (policy.status, policy.body, policy.fields["content-type"])
    assert (404, protocol) == (nothing.status, f"HTTP/{nothing.version}")


async def _silence(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read()


async def _dripping(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(OK + b"Content-Length: 1000\r\n\r\n")
    while True:
        writer.write(b"x")
        await writer.drain()
        await asyncio.sleep(0.05)


async def _cut(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(OK + b"\r\nhalf of a pol")
    await writer.drain()
    await asyncio.sleep(0.05)
    writer.transport.abort()  # no close_notify: a body without a length may lack its end


async def _at_once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.transport.abort()


@pytest.mark.parametrize("script", [_silence, _dripping], ids=["silent", "dripping"])
def test_the_deadline_holds(ca_file: str, script: Script) -> None:
    error = refused(script, ca_file, seconds=0.5)
    assert ("timeout", True) == (error.reason, error.temporary)


@pytest.mark.parametrize(
    ("says", "reasons"),
    [
        (_cut, ("truncated", "reset")),
        (_at_once, ("closed", "reset")),
        (OK + b"Content-Length: 10\r\n\r\nshort", ("truncated",)),
        (b"", ("closed",)),
    ],
    ids=["cut", "at-once", "short", "nothing"],
)
def test_closed_early_is_for_now(ca_file: str, says: bytes | Script, reasons: tuple[str, ...]) -> None:
    error = refused(says, ca_file)
    assert error.reason in reasons
    assert error.temporary


@pytest.mark.parametrize(
    ("says", "reason"),
    [
        (b"220 mx.example ESMTP\r\n", "no-http"),
        (OK + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nxx", "malformed"),
        (OK + b"A: " + b"x" * 100_000, "head-too-large"),
    ],
)
def test_what_is_no_http(ca_file: str, says: bytes, reason: str) -> None:
    error = refused(says, ca_file)
    assert (reason, False) == (error.reason, error.temporary)


def test_a_server_in_clear_is_no_https(ca_file: str) -> None:
    async def in_clear() -> HttpsError:
        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.read(100)
            writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
            writer.close()

        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]

        async def connect(
            address: str, _: int, *, deadline: float
        ) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
            return await asyncio.open_connection("127.0.0.1", port)

        async with server:
            with pytest.raises(HttpsError) as raised:
                await get(HOST, PATH, ["192.0.2.1"], connect=connect, terms=Terms(AUTHORITY.now, ca_file))
        return raised.value

    error = asyncio.run(in_clear())
    assert ("tls-error", "detail-no-tls") == (error.reason, error.detail and error.detail.key)


def test_an_old_protocol_is_not_spoken(ca_file: str) -> None:
    context = GOOD.server_context()
    context.set_ciphers("DEFAULT:@SECLEVEL=0")
    with pytest.warns(DeprecationWarning):
        context.minimum_version = ssl.TLSVersion.TLSv1
        context.maximum_version = ssl.TLSVersion.TLSv1_1
    assert refused(answer(b"x"), ca_file, context=context).reason in ("tls-error", "closed", "reset")


@given(
    st.lists(
        st.one_of(st.binary(max_size=20), st.sampled_from([b"\x16\x03\x03\x00\x04\x02\0\0\0", b"HTTP/1.1 200\r\n"]))
    )
)
def test_whatever_comes_before_tls_is_no_response(ca_file: str, pieces: list[bytes]) -> None:
    with pytest.raises(HttpsError) as raised:
        connect, terms = already_said(b"".join(pieces)), Terms(AUTHORITY.now, ca_file)
        asyncio.run(get(HOST, PATH, ["192.0.2.1"], connect=connect, terms=terms))
    assert raised.value.reason in ("closed", "tls-error")
