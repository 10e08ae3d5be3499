"""The whole suite once more, with nothing in memory: each case asked of a name server, over UDP and TCP."""

from __future__ import annotations

import asyncio
from typing import Any

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.rdtypes.ANY.TXT
import dns.rrset

import probe
from probe.embedded.dns import DnsServer, Transport
from tests.checks.spf.suite import Zone, cases


class SuiteServer(DnsServer):
    """Serves one zone of the suite; it is silent where the suite says so."""

    zone = Zone({})

    def answer(self, packet: bytes, transport: Transport) -> bytes | None:
        query = dns.message.from_wire(packet)
        asked = query.question[0]
        name = b".".join(asked.name.labels[:-1]).decode()
        rdtype = dns.rdatatype.to_text(asked.rdtype)
        said = self.zone.answer(name, rdtype)
        if not said.known:
            return None
        response = dns.message.make_response(query)
        response.flags |= dns.flags.AA
        if said.reason == "nxdomain":
            response.set_rcode(dns.rcode.NXDOMAIN)
        values = said.strings or said.values
        if values:
            records = [_record(asked.rdtype, value) for value in values]
            response.answer.append(dns.rrset.from_rdata_list(asked.name, 60, records))
        wire = response.to_wire(max_size=0xFFFF)
        if transport == "udp" and len(wire) > 512:
            response.answer.clear()
            response.flags |= dns.flags.TC
            wire = response.to_wire()
        return wire


def _record(rdtype: dns.rdatatype.RdataType, value: Any) -> dns.rdata.Rdata:
    if isinstance(value, tuple):
        return dns.rdtypes.ANY.TXT.TXT(dns.rdataclass.IN, rdtype, value or (b"",))
    if rdtype in (dns.rdatatype.MX, dns.rdatatype.PTR):
        *preference, host = value.split(" ")
        labels = dns.name.Name([*host.strip(".").encode().split(b"."), b""] if host != "." else [b""])
        wire = b"".join(int(one).to_bytes(2, "big") for one in preference) + labels.to_wire()
        return dns.rdata.from_wire(dns.rdataclass.IN, rdtype, wire, 0, len(wire))
    return dns.rdata.from_text(dns.rdataclass.IN, rdtype, value)


def test_the_whole_suite_passes_over_the_network() -> None:
    async def run() -> list[tuple[str, object, object]]:
        wrong: list[tuple[str, object, object]] = []
        async with SuiteServer() as server:
            for case in cases():
                server.zone = Zone(case.zone)
                resolver = probe.Resolver(server.endpoint, timeout=0.2, tries=1)
                result = await probe.check_host(case.ip, case.sender, case.helo, resolver=resolver)
                if result.result not in case.results:
                    wrong.append((case.name, case.results, result.result))
                if case.explanation not in (None, "DEFAULT", result.facts["explanation"]):
                    wrong.append((case.name, case.explanation, result.facts["explanation"]))
        return wrong

    assert asyncio.run(run()) == []
