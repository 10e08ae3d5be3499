"""The transport against name servers that misbehave: strays, silence, truncation, no EDNS."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

import dns.flags
import dns.message
import dns.rcode
import dns.rrset

from probe.model import Answer
from probe.resolver import Resolver
from probe.resolver.udp import BURST

Responder = Callable[[dns.message.Message], list[bytes]]


class Udp(asyncio.DatagramProtocol):
    def __init__(self, responder: Responder, gone: asyncio.Future[None]) -> None:
        self.responder = responder
        self.gone = gone
        self.transport: Any = None
        self.queries: list[dns.message.Message] = []

    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def datagram_received(self, data: bytes, addr: Any) -> None:
        query = dns.message.from_wire(data)
        self.queries.append(query)
        for packet in self.responder(query):
            self.transport.sendto(packet, addr)

    def connection_lost(self, exc: Exception | None) -> None:
        self.gone.set_result(None)


@asynccontextmanager
async def nameserver(responder: Responder) -> AsyncIterator[tuple[str, Udp]]:
    loop = asyncio.get_running_loop()
    gone = loop.create_future()
    transport, server = await loop.create_datagram_endpoint(lambda: Udp(responder, gone), local_addr=("127.0.0.1", 0))
    try:
        yield "127.0.0.1:{}".format(transport.get_extra_info("sockname")[1]), server
    finally:
        transport.close()
        await gone


def answer(query: dns.message.Message, address: str = "192.0.2.1", rcode: str = "NOERROR") -> dns.message.Message:
    response = dns.message.make_response(query, recursion_available=True)
    response.set_rcode(dns.rcode.from_text(rcode))
    if rcode == "NOERROR":
        response.answer.append(dns.rrset.from_text(query.question[0].name, 60, "IN", "A", address))
    return response


async def ask(server: str | list[str], timeout: float = 5.0, tries: int = 2) -> Answer:
    async with Resolver(server, timeout=timeout, tries=tries) as resolver:
        return await resolver.ask("www.example.test", "A")


def run(coroutine: Coroutine[Any, Any, Answer]) -> Answer:
    return asyncio.run(coroutine)


def test_strays_are_passed_over() -> None:
    def responder(query: dns.message.Message) -> list[bytes]:
        wrong_id = answer(query, "203.0.113.1")
        wrong_id.id ^= 1
        other = dns.message.make_query("other.example.test", "A")
        other.id = query.id
        return [b"", b"\0" * 11, query.to_wire(), wrong_id.to_wire(), answer(other).to_wire(), answer(query).to_wire()]

    async def main() -> Answer:
        async with nameserver(responder) as (address, _):
            return await ask(address)

    assert run(main()).values == ("192.0.2.1",)


def test_only_strays_are_a_timeout_and_never_absent() -> None:
    def responder(query: dns.message.Message) -> list[bytes]:
        query.id ^= 1
        return [answer(query, rcode="NXDOMAIN").to_wire()]

    async def main() -> Answer:
        async with nameserver(responder) as (address, _):
            return await ask(address, timeout=0.05, tries=1)

    got = run(main())
    assert (got.answer, got.reason) == ("failed", "timeout")


def test_a_lost_packet_is_sent_again() -> None:
    async def main() -> tuple[Answer, list[int]]:
        lost: list[dns.message.Message] = []

        def responder(query: dns.message.Message) -> list[bytes]:
            lost.append(query)
            return [] if len(lost) == 1 else [answer(query).to_wire()]

        async with nameserver(responder) as (address, server):
            return await ask(address), [query.id for query in server.queries]

    got, ids = asyncio.run(main())
    assert got.values == ("192.0.2.1",)
    assert len(ids) == 2 and ids[0] == ids[1]


def test_whoever_gives_up_while_asking_is_replaced_by_one_who_waits() -> None:
    async def main() -> tuple[list[Answer | BaseException], list[Answer], int]:
        asked = asyncio.Event()

        def responder(query: dns.message.Message) -> list[bytes]:
            first = not asked.is_set()
            asked.set()
            return [] if first else [answer(query).to_wire()]

        async with nameserver(responder) as (address, server), Resolver(address) as resolver:
            waiting = [asyncio.create_task(resolver.ask("www.example.test", "A")) for _ in range(3)]
            await asyncio.wait_for(asked.wait(), 5.0)
            waiting[0].cancel()
            return await asyncio.gather(*waiting, return_exceptions=True), resolver.asked, len(server.queries)

    (gave_up, *others), log, queries = asyncio.run(main())
    assert isinstance(gave_up, asyncio.CancelledError)
    assert [("192.0.2.1",)] * 2 == [one.values for one in others if isinstance(one, Answer)]
    assert (1, 2) == (len(log), queries)


def test_a_server_that_is_silent_is_not_sent_more_at_once_than_its_buffer_holds() -> None:
    async def main() -> list[int]:
        seen = []
        async with nameserver(lambda query: []) as (address, server), Resolver(address, timeout=5.0) as resolver:
            asking = [asyncio.create_task(resolver.ask(f"{n}.example.test", "A")) for n in range(220)]
            while len(server.queries) < 220:
                await asyncio.sleep(0)
                seen.append(len(server.queries))
            for one in asking:
                one.cancel()
            await asyncio.gather(*asking, return_exceptions=True)
        return seen

    # However late this machine is: no more than a buffer's worth between two looks of the server.
    seen = asyncio.run(main())
    assert max(later - earlier for earlier, later in zip([0, *seen], seen, strict=False)) <= BURST


def test_each_try_has_another_id_and_the_last_is_the_end() -> None:
    async def main() -> tuple[Answer, int]:
        async with nameserver(lambda query: []) as (address, server):
            return await ask(address, timeout=0.05, tries=3), len(server.queries)

    got, queries = asyncio.run(main())
    assert (got.answer, got.reason, queries) == ("failed", "timeout", 3)


def test_a_server_without_edns_is_asked_again_without() -> None:
    def responder(query: dns.message.Message) -> list[bytes]:
        if query.edns < 0:
            return [answer(query).to_wire()]
        return [query.id.to_bytes(2, "big") + b"\x81\x81" + bytes(8)]  # FORMERR, not even a question

    async def main() -> tuple[Answer, list[int]]:
        async with nameserver(responder) as (address, server):
            return await ask(address), [query.edns for query in server.queries]

    got, edns = asyncio.run(main())
    assert got.values == ("192.0.2.1",)
    assert edns == [0, -1]


def test_truncated_and_no_tcp_is_failed() -> None:
    def responder(query: dns.message.Message) -> list[bytes]:
        response = answer(query)
        response.flags |= dns.flags.TC
        return [response.to_wire()]

    async def main() -> Answer:
        async with nameserver(responder) as (address, _):
            return await ask(address)

    got = run(main())
    assert (got.answer, got.reason, got.values) == ("failed", "truncated", ())


def test_truncated_and_a_silent_tcp_is_failed_too() -> None:
    def responder(query: dns.message.Message) -> list[bytes]:
        response = answer(query)
        response.flags |= dns.flags.TC
        return [response.to_wire()]

    async def main() -> Answer:
        held = []
        async with nameserver(responder) as (address, _):
            port = int(address.rpartition(":")[2])
            tcp = await asyncio.start_server(lambda reader, writer: held.append(writer), "127.0.0.1", port)
            try:
                return await ask(address, timeout=0.1)
            finally:
                tcp.close()
                for writer in held:
                    writer.transport.abort()
                await tcp.wait_closed()

    got = run(main())
    assert (got.answer, got.reason) == ("failed", "truncated")


def test_garbage_with_the_right_id_and_question_is_malformed() -> None:
    def responder(query: dns.message.Message) -> list[bytes]:
        return [answer(query).to_wire()[:-2]]

    async def main() -> Answer:
        async with nameserver(responder) as (address, _):
            return await ask(address)

    got = run(main())
    assert (got.answer, got.reason) == ("failed", "malformed")


def test_a_closed_port_is_unreachable() -> None:
    async def main() -> Answer:
        async with nameserver(lambda query: []) as (address, _):
            pass
        return await ask(address)

    got = run(main())
    assert (got.answer, got.reason) == ("failed", "unreachable")


def test_the_next_server_is_asked_and_the_silent_one_last_from_then_on() -> None:
    async def main() -> tuple[list[Answer], int]:
        async with (
            nameserver(lambda query: []) as (silent, mute),
            nameserver(lambda query: [answer(query).to_wire()]) as (good, _),
        ):
            async with Resolver([silent, good], timeout=0.1) as resolver:
                answers = [await resolver.ask(f"{n}.example.test", "A") for n in range(3)]
            assert all(one.server == good for one in answers)
            return answers, len(mute.queries)

    answers, queries = asyncio.run(main())
    assert [one.answer for one in answers] == ["found"] * 3
    assert queries == 1


def test_what_is_not_believed_is_asked_for_apart() -> None:
    """A resolver that holds an answer for bogus, and hands it out to those who set CD."""

    def responder(query: dns.message.Message) -> list[bytes]:
        return [answer(query, rcode="NOERROR" if query.flags & dns.flags.CD else "SERVFAIL").to_wire()]

    async def main() -> tuple[Answer, Answer]:
        async with nameserver(responder) as (server, _), Resolver(server, timeout=0.5, tries=1) as resolver:
            believed = await resolver.ask("www.example.test", "A")
            return believed, await resolver.unchecked().ask("www.example.test", "A")

    believed, unchecked = asyncio.run(main())
    assert ("failed", "servfail", ()) == (believed.answer, believed.reason, believed.values)
    assert ("found", ("192.0.2.1",)) == (unchecked.answer, unchecked.values)


def test_the_most_telling_error_is_reported() -> None:
    async def main() -> tuple[Answer, str]:
        async with (
            nameserver(lambda query: []) as (silent, _),
            nameserver(lambda query: [answer(query, rcode="REFUSED").to_wire()]) as (refusing, _),
            nameserver(lambda query: [answer(query, rcode="SERVFAIL").to_wire()]) as (failing, _),
        ):
            return await ask([silent, refusing, failing], timeout=0.15), refusing

    got, refusing = asyncio.run(main())
    assert ("refused", "refused", refusing) == (got.answer, got.reason, got.server)
