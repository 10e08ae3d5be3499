"""The embedded name server, asked with dnspython itself."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import dns.asyncquery
import dns.exception
import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import pytest

from probe.embedded.dns import DnsServer, Fault

ZONE = """
    @          300 A     192.0.2.1
    mail       A         192.0.2.2
    alias      CNAME     mail
    far        CNAME     www.elsewhere.invalid.
    round      CNAME     round
    *.wild     TXT       "anything"
    a.b.c      A         192.0.2.3
    large      TXT       ( "{x}" "{x}" "{x}" )
""".replace("{x}", "x" * 250)


def ask(
    name: str,
    rdtype: str = "A",
    *,
    zones: Mapping[str, str] | None = None,
    faults: Mapping[str, Fault] | None = None,
    tcp: bool = False,
) -> dns.message.Message:
    async def main() -> dns.message.Message:
        async with DnsServer(zones or {"example.test": ZONE}, faults=faults) as server:
            query = dns.message.make_query(name, rdtype, use_edns=False)
            send = dns.asyncquery.tcp if tcp else dns.asyncquery.udp
            return await send(query, server.address, port=server.port, timeout=0.5)

    return asyncio.run(main())


def answers(message: dns.message.Message) -> list[str]:
    return [f"{one.name} {dns.rdatatype.to_text(one.rdtype)} {record}" for one in message.answer for record in one]


@pytest.mark.parametrize("tcp", [False, True])
def test_an_answer_with_authority(tcp: bool) -> None:
    message = ask("example.test", tcp=tcp)
    assert answers(message) == ["example.test. A 192.0.2.1"]
    assert message.flags & (dns.flags.AA | dns.flags.RA) == dns.flags.AA | dns.flags.RA


@pytest.mark.parametrize(
    ("rcode", "found", "soa", "name", "rdtype"),
    [
        (
            "NOERROR",
            ["alias.example.test. CNAME mail.example.test.", "mail.example.test. A 192.0.2.2"],
            0,
            "alias",
            "A",
        ),
        ("NOERROR", ["alias.example.test. CNAME mail.example.test."], 0, "alias", "CNAME"),
        ("NOERROR", ["far.example.test. CNAME www.elsewhere.invalid."], 0, "far", "A"),
        ("NOERROR", ["round.example.test. CNAME round.example.test."], 0, "round", "A"),
        ("NOERROR", ['x.y.wild.example.test. TXT "anything"'], 0, "x.y.wild", "TXT"),
        ("NOERROR", [], 1, "x.wild", "A"),
        ("NOERROR", [], 1, "mail", "AAAA"),
        ("NOERROR", [], 1, "b.c", "A"),
        ("NXDOMAIN", [], 1, "none", "A"),
        ("NXDOMAIN", [], 1, "none.mail", "A"),
    ],
)
def test_what_a_zone_says(rcode: str, found: list[str], soa: int, name: str, rdtype: str) -> None:
    message = ask(f"{name}.example.test", rdtype)
    assert (dns.rcode.to_text(message.rcode()), answers(message), len(message.authority)) == (rcode, found, soa)


def test_names_outside_its_zones_are_refused() -> None:
    assert ask("example.org").rcode() == dns.rcode.REFUSED


def test_an_alias_into_another_zone_is_followed() -> None:
    message = ask("www.a.test", zones={"a.test": "www CNAME www.b.test.", "b.test": "www A 192.0.2.9"})
    assert answers(message) == ["www.a.test. CNAME www.b.test.", "www.b.test. A 192.0.2.9"]


def test_what_does_not_fit_is_truncated_and_whole_over_tcp() -> None:
    assert ask("large.example.test", "TXT").flags & dns.flags.TC
    assert len(answers(ask("large.example.test", "TXT", tcp=True))) == 1


@pytest.mark.parametrize(
    ("rcode", "flags", "fault"),
    [
        ("SERVFAIL", "QR RD RA", "servfail"),
        ("REFUSED", "QR RD RA", "refused"),
        ("NOERROR", "QR TC RD RA", "truncated"),
        ("NOERROR", "QR RD", "lame"),
    ],
)
def test_faults(rcode: str, flags: str, fault: Fault) -> None:
    for name in ("mail.example.test", "x.below.example.test"):
        message = ask(name, faults={"mail.example.test": fault, "*.below.example.test": fault})
        assert (dns.rcode.to_text(message.rcode()), dns.flags.to_text(message.flags)) == (rcode, flags)


def test_silence() -> None:
    with pytest.raises(dns.exception.Timeout):
        ask("mail.example.test", faults={"mail.example.test": "timeout"})


def test_truncated_names_are_whole_over_tcp() -> None:
    message = ask("mail.example.test", faults={"mail.example.test": "truncated"}, tcp=True)
    assert answers(message) == ["mail.example.test. A 192.0.2.2"]


def test_what_was_asked() -> None:
    async def main() -> tuple[list[str], str]:
        async with DnsServer({"example.test": ZONE}) as server:
            query = dns.message.make_query("Mail.Example.Test", "MX")
            await dns.asyncquery.udp(query, server.address, port=server.port, timeout=5)
            assert server.answer(b"\0\1garbage", "udp") is None
            assert server.answer(b"", "udp") is None
            return [f"{one.name} {one.type} {one.transport}" for one in server.questions], server.endpoint

    questions, endpoint = asyncio.run(main())
    assert questions == ["mail.example.test MX udp"]
    assert endpoint.startswith("127.0.0.1:")


def test_a_broken_zone_is_said_at_once() -> None:
    with pytest.raises(dns.exception.DNSException):
        DnsServer({"example.test": "www A not-an-address"})


def test_nothing_is_left_behind() -> None:
    async def main() -> int:
        async with DnsServer({"example.test": ZONE}) as server:
            _, writer = await asyncio.open_connection(server.address, server.port)
        writer.close()
        with pytest.raises(OSError):
            await asyncio.open_connection(server.address, server.port)
        return len(asyncio.all_tasks())

    assert asyncio.run(main()) == 1
