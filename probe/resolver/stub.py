"""Carrying one question to one server and its answer back: UDP, then TCP where the answer did not fit (RFC 7766).

Each question has a fresh connected socket, so that the kernel picks the port and drops what comes from elsewhere, and
a random id (RFC 5452). Packets that do not belong to the question are passed over, not believed.
"""

from __future__ import annotations

import asyncio
import secrets
import socket

from probe.resolver.codec import encode_query, is_answer_to, is_truncated
from probe.resolver.system import Server

RETRANSMIT = 0.5
_FORMERR, _NOTIMP = 1, 4


async def exchange(server: Server, name: bytes, rdtype: int, seconds: float) -> bytes:
    """Ask ``server`` and return the answer's octets; it is still truncated where TCP did not help.

    A server that does not understand EDNS is asked again without (RFC 6891 section 7). Raises ``TimeoutError`` after
    ``seconds``, and ``OSError`` where the server cannot be reached.
    """
    deadline = asyncio.get_running_loop().time() + seconds
    packet = await _ask(server, name, rdtype, deadline, edns=True)
    if packet[3] & 0x0F in (_FORMERR, _NOTIMP):
        packet = await _ask(server, name, rdtype, deadline, edns=False)
    return packet


async def _ask(server: Server, name: bytes, rdtype: int, deadline: float, *, edns: bool) -> bytes:
    query = encode_query(secrets.randbelow(0x10000), name, rdtype, edns=edns)
    async with asyncio.timeout_at(deadline):
        packet = await _over_udp(server, query)
    if not is_truncated(packet):
        return packet
    try:
        async with asyncio.timeout_at(deadline):
            return await _over_tcp(server, query)
    except OSError:  # a time-out too: "truncated" tells more than "no answer over TCP"
        return packet


async def _over_udp(server: Server, query: bytes) -> bytes:
    loop = asyncio.get_running_loop()
    with socket.socket(server.family, socket.SOCK_DGRAM) as sock:
        sock.setblocking(False)
        sock.connect(server.socket_address)  # sends nothing and so never blocks
        await loop.sock_sendall(sock, query)
        patience = RETRANSMIT
        resend_at = loop.time() + patience
        while True:
            try:
                async with asyncio.timeout_at(resend_at):
                    packet = await loop.sock_recv(sock, 0xFFFF)
            except TimeoutError:
                await loop.sock_sendall(sock, query)
                patience *= 2  # RFC 1035 section 4.2.1: not too often, a server may be slow for good reasons
                resend_at = loop.time() + patience
                continue
            if is_answer_to(query, packet):
                return packet
            await asyncio.sleep(0)  # a flood of strays must not keep the deadline from being noticed


async def _over_tcp(server: Server, query: bytes) -> bytes:
    loop = asyncio.get_running_loop()
    with socket.socket(server.family, socket.SOCK_STREAM) as sock:
        sock.setblocking(False)
        await loop.sock_connect(sock, server.socket_address)
        await loop.sock_sendall(sock, len(query).to_bytes(2, "big") + query)
        size = int.from_bytes(await _exactly(sock, 2), "big")
        packet = await _exactly(sock, size)
    if not is_answer_to(query, packet):
        raise ConnectionError("the answer over TCP belongs to another question")
    return packet


async def _exactly(sock: socket.socket, count: int) -> bytes:
    loop = asyncio.get_running_loop()
    received = bytearray()
    while len(received) < count:
        octets = await loop.sock_recv(sock, count - len(received))
        if not octets:
            raise ConnectionResetError("the name server closed the connection")
        received += octets
    return bytes(received)
