"""The resolver as the checks use it, against the embedded name server."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Awaitable, Callable
from typing import TypeVar

import pytest

from probe.embedded.dns import DnsServer, Fault
from probe.model import Answer
from probe.resolver import Resolver

Got = TypeVar("Got")

ZONES = {
    "example.test": """
        @           MX      10 mx
        mx          A       192.0.2.25
        mx          AAAA    2001:db8::25
        _dmarc      TXT     "v=DMARC1; " "p=none"
        sneaky      TXT     "\\027]52;c;\\007"
        here        CNAME   mx
        away        CNAME   www.other.test.
        nowhere     CNAME   nothing.other.test.
        outside     CNAME   www.elsewhere.invalid.
        loop        CNAME   loop.other.test.
        big         TXT     ( "{big}" "{big}" "{big}" "{big}" "{big}" "{big}" )
        odd         CNAME   a\\032b.elsewhere.invalid.
    """.replace("{big}", "x" * 250),
    "other.test": """
        www         A       198.51.100.80
        loop        CNAME   loop.example.test.
    """,
    "dnsbl.test": "2.0.0.127 A 127.0.0.2",
}
FAULTS: dict[str, Fault] = {
    "broken.example.test": "servfail",
    "silent.example.test": "timeout",
    "cut.example.test": "truncated",
    "lame.example.test": "lame",
    "old.example.test": "formerr-edns",
    "closed.example.test": "refused",
}


def asked(work: Callable[[Resolver, DnsServer], Awaitable[Got]], *, authenticated: bool = False) -> Got:
    async def main() -> Got:
        async with (
            DnsServer(ZONES, faults=FAULTS, authenticated=authenticated) as dns,
            Resolver(dns.endpoint, timeout=0.2, tries=1) as resolver,
        ):
            return await work(resolver, dns)

    return asyncio.run(main())


@pytest.mark.parametrize(
    ("answer", "reason", "values", "name", "rdtype"),
    [
        ("found", None, ("10 mx.example.test",), "example.test", "MX"),
        ("found", None, ("192.0.2.25",), "MX.Example.Test.", "A"),
        ("found", None, ("v=DMARC1; p=none",), "_dmarc.example.test", "txt"),
        ("found", None, ("\\x1b]52;c;\\x07",), "sneaky.example.test", "TXT"),
        ("found", None, ("192.0.2.25",), "here.example.test", "A"),
        ("found", None, ("198.51.100.80",), "away.example.test", "A"),
        ("found", None, ("x" * 1500,), "big.example.test", "TXT"),
        ("absent", "nxdomain", (), "none.example.test", "A"),
        ("absent", "nodata", (), "mx.example.test", "TXT"),
        ("absent", "nxdomain", (), "nowhere.example.test", "A"),
        ("absent", "nxdomain", (), "9.0.0.127.dnsbl.test", "A"),
        ("absent", "nxdomain", (), "bücher.example.test", "A"),
        ("absent", "nxdomain", (), "cut.example.test", "A"),
        ("absent", "nxdomain", (), "old.example.test", "A"),
        ("refused", "refused", (), "www.unknown.invalid", "A"),
        ("refused", "refused", (), "closed.example.test", "A"),
        ("refused", "refused", (), "outside.example.test", "A"),
        ("failed", "servfail", (), "broken.example.test", "A"),
        ("failed", "timeout", (), "silent.example.test", "A"),
        ("failed", "lame", (), "lame.example.test", "A"),
        ("failed", "cname-loop", (), "loop.example.test", "A"),
        ("failed", "bad-name", (), "a..example.test", "A"),
        ("failed", "bad-name", (), "", "A"),
        ("failed", "bad-type", (), "example.test", "NONSENSE"),
        ("failed", "bad-type", (), "example.test", "TYPE252"),
    ],
)
def test_the_four_values(answer: str, reason: str | None, values: tuple[str, ...], name: str, rdtype: str) -> None:
    got = asked(lambda resolver, dns: resolver.ask(name, rdtype))
    assert (answer, reason, values) == (got.answer, got.reason, got.values)
    assert (name, rdtype.upper()) == (got.name, got.type)
    assert (answer in ("found", "absent")) == got.known


def test_where_an_alias_led() -> None:
    assert asked(lambda resolver, dns: resolver.ask("here.example.test", "A")).canonical_name == "mx.example.test"
    assert asked(lambda resolver, dns: resolver.ask("mx.example.test", "A")).canonical_name is None
    assert asked(lambda resolver, dns: resolver.ask("here.example.test", "CNAME")).values[0] == "mx.example.test"


def test_an_alias_out_of_the_answer_is_asked_for() -> None:
    async def work(resolver: Resolver, dns: DnsServer) -> tuple[list[Answer], list[str]]:
        await resolver.ask("outside.example.test", "A")
        return resolver.asked, [question.name for question in dns.questions]

    log, questions = asked(work)
    assert questions == ["outside.example.test", "www.elsewhere.invalid"]
    assert questions == [one.name for one in log]
    assert [one.canonical_name for one in log] == ["www.elsewhere.invalid", None]


def test_an_alias_that_is_no_plain_name_fails() -> None:
    got = asked(lambda resolver, dns: resolver.ask("odd.example.test", "A"))
    assert (got.answer, got.reason, got.canonical_name) == ("failed", "bad-name", "a\\032b.elsewhere.invalid")


def test_one_question_is_sent_once() -> None:
    async def work(resolver: Resolver, dns: DnsServer) -> tuple[list[Answer], int, int]:
        names = ["mx.example.test", "MX.example.test", "mx.example.test."]
        answers = list(await asyncio.gather(*(resolver.ask(name, "A") for name in names)))
        answers.append(await resolver.ask("mx.example.test", "a"))
        return answers, len(dns.questions), len(resolver.asked)

    answers, questions, log = asked(work)
    assert (questions, log) == (1, 1)
    assert [one.name for one in answers] == [
        "mx.example.test",
        "MX.example.test",
        "mx.example.test.",
        "mx.example.test",
    ]


def test_failures_are_kept_too() -> None:
    async def work(resolver: Resolver, dns: DnsServer) -> int:
        await resolver.ask("broken.example.test", "A")
        await resolver.ask("broken.example.test", "A")
        return len(dns.questions)

    assert asked(work) == 1


def test_one_caller_giving_up_leaves_the_answer_to_the_others() -> None:
    async def work(resolver: Resolver, dns: DnsServer) -> Answer:
        first = asyncio.create_task(resolver.ask("mx.example.test", "A"))
        second = asyncio.create_task(resolver.ask("mx.example.test", "A"))
        await asyncio.sleep(0)
        first.cancel()
        return await second

    assert asked(work).values == ("192.0.2.25",)


def test_one_resolver_serves_one_event_loop_after_the_other() -> None:
    async def first() -> tuple[Resolver, int]:
        async with DnsServer(ZONES) as dns:
            resolver = Resolver(dns.endpoint)
            await asyncio.gather(*(resolver.ask(f"{n}.example.test", "A") for n in range(500)))
            return resolver, dns.port

    async def second() -> list[Answer]:
        async with DnsServer(ZONES, port=port):
            return await asyncio.gather(*(resolver.ask(f"{n}.other.test", "A") for n in range(500)))

    resolver, port = asyncio.run(first())
    assert {"absent"} == {one.answer for one in asyncio.run(second())}


def test_what_was_asked_is_logged_in_order_with_time_and_server() -> None:
    async def work(resolver: Resolver, dns: DnsServer) -> tuple[list[Answer], str]:
        names = ["silent.example.test", "mx.example.test", "a..b"]
        await asyncio.gather(*(resolver.ask(name, "A") for name in names))
        return resolver.asked, dns.endpoint

    log, endpoint = asked(work)
    assert [one.name for one in log] == ["silent.example.test", "mx.example.test", "a..b"]
    assert [endpoint, endpoint, None] == [one.server for one in log]
    assert log[0].elapsed_ms > 0


def test_addresses() -> None:
    a, aaaa = asked(lambda resolver, dns: resolver.addresses("mx.example.test"))
    assert (a.values, aaaa.values) == (("192.0.2.25",), ("2001:db8::25",))


def test_the_answer_of_a_validating_resolver_is_marked() -> None:
    assert asked(lambda resolver, dns: resolver.ask("mx.example.test", "A"), authenticated=True).authenticated
    assert not asked(lambda resolver, dns: resolver.ask("mx.example.test", "A")).authenticated


def test_truncated_goes_to_tcp() -> None:
    async def work(resolver: Resolver, dns: DnsServer) -> list[str]:
        await resolver.ask("big.example.test", "TXT")
        return [question.transport for question in dns.questions]

    assert asked(work) == ["udp", "tcp"]


def test_thousands_at_once() -> None:
    async def work(resolver: Resolver, dns: DnsServer) -> set[str]:
        answers = await asyncio.gather(*(resolver.ask(f"{n}.dnsbl.test", "A") for n in range(1500)))
        return {answer.answer for answer in answers}

    async def main() -> set[str]:
        async with DnsServer(ZONES) as dns, Resolver(dns.endpoint) as resolver:
            return await work(resolver, dns)

    assert {"absent"} == asyncio.run(main())


def test_closing_ends_what_is_under_way() -> None:
    async def main() -> set[asyncio.Task[object]]:
        async with DnsServer(ZONES, faults=FAULTS) as dns:
            async with Resolver(dns.endpoint) as resolver:
                waiting = asyncio.create_task(resolver.ask("silent.example.test", "A"))
                await asyncio.sleep(0.01)
            await asyncio.gather(waiting, return_exceptions=True)
        return asyncio.all_tasks() - {asyncio.current_task()}  # type: ignore[arg-type]

    assert set() == asyncio.run(main())


def test_a_fresh_resolver_asks_again() -> None:
    async def work(resolver: Resolver, dns: DnsServer) -> tuple[int, int]:
        await resolver.ask("mx.example.test", "A")
        again = resolver.fresh()
        await again.ask("mx.example.test", "A")
        return len(dns.questions), len(again.asked)

    assert asked(work) == (2, 1)


# A name server in a few octets, so that dnspython is not imported for it either.
NEEDS_NO_DNSPYTHON = """
import asyncio, sys
from probe.resolver import Resolver

class No(asyncio.DatagramProtocol):
    def connection_made(self, transport):
        self.transport = transport
    def datagram_received(self, query, address):
        self.transport.sendto(query[:2] + bytes([0x81, 0x83]) + query[4:], address)

async def main():
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(No, local_addr=("127.0.0.1", 0))
    answer = await Resolver("127.0.0.1:%d" % transport.get_extra_info("sockname")[1]).ask("1.0.0.127.dnsbl.test", "A")
    transport.close()
    print(answer.answer, answer.reason, "dns" in sys.modules)

asyncio.run(main())
"""


def test_a_name_that_does_not_exist_needs_no_dnspython() -> None:
    done = subprocess.run([sys.executable, "-c", NEEDS_NO_DNSPYTHON], capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("absent nxdomain False\n", "")


def test_a_text_is_kept_as_it_was_published_beside_what_can_be_shown() -> None:
    async def work(resolver: Resolver, _: DnsServer) -> tuple[Answer, Answer, Answer]:
        return (
            await resolver.ask("_dmarc.example.test", "TXT"),
            await resolver.ask("sneaky.example.test", "TXT"),
            await resolver.ask("mx.example.test", "A"),
        )

    dmarc, sneaky, address = asked(work)
    assert dmarc.strings == ((b"v=DMARC1; ", b"p=none"),)
    assert sneaky.strings == ((b"\x1b]52;c;\x07",),)
    assert sneaky.values == ("\\x1b]52;c;\\x07",)
    assert address.strings == ()
