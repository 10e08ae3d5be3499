"""Carrying one question to one server and its answer back: UDP, then TCP where the answer did not fit (RFC 7766).

Each question has a random id (RFC 5452), and over UDP a port of its own.
"""

from __future__ import annotations

import asyncio
import os
import socket

from probe.resolver.codec import encode_query, is_answer_to, is_truncated
from probe.resolver.system import Server
from probe.resolver.udp import Udp

_FORMERR, _NOTIMP = 1, 4


async def exchange(udp: Udp, server: Server, name: bytes, rdtype: int, seconds: float, *, checked: bool) -> bytes:
    """Ask ``server`` and return the answer's octets; it is still truncated where TCP did not help.

    A server that does not understand EDNS is asked again without (RFC 6891 section 7). Raises ``TimeoutError`` after
    ``seconds``, and ``OSError`` where the server cannot be reached.
    """
    deadline = asyncio.get_running_loop().time() + seconds
    for edns in (True, False):
        query = encode_query(int.from_bytes(os.urandom(2), "big"), name, rdtype, edns=edns, checked=checked)
        await udp.turn()
        asked = udp.send(server, query, deadline)
        try:
            outcome = await asked.outcome
        finally:
            asked.forget()
        if isinstance(outcome, OSError):
            raise outcome
        packet = outcome
        if packet[3] & 0x0F not in (_FORMERR, _NOTIMP):
            break
    return await _whole(server, query, packet, deadline) if is_truncated(packet) else packet


async def _whole(server: Server, query: bytes, packet: bytes, deadline: float) -> bytes:
    try:
        async with asyncio.timeout_at(deadline):
            return await _over_tcp(server, query)
    except OSError:  # a time-out too: "truncated" tells more than "no answer over TCP"
        return packet


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
