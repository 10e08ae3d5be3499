"""Hostile DNS against the resolver and the whole line: never a false "absent", never a false "listed", never an
exception, never longer than promised, nothing unprintable, nothing left over."""

from __future__ import annotations

import asyncio
import io
import json
import random
import struct
import sys
import tracemalloc
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from probe.catalog import catalog
from probe.codec import dumps
from probe.embedded.behaviour import Behaviour
from probe.embedded.smtp import SmtpServer
from probe.limits import Limits
from probe.model import Answer, Report
from probe.reports.terminal import render
from probe.resolver import Resolver
from probe.route import Route, find_route
from probe.run import Options, check
from probe.smtp.plan import Plan
from probe.target import parse_target, with_port
from tests.hostile.dns_scenarios import (
    ANSWERS,
    DISGUISED,
    GOOD,
    GREETING,
    HIT,
    HOSTILE_TEXT,
    LISTS,
    ROUTES,
    WWW,
    ListScenario,
    RouteScenario,
    Scenario,
    World,
    a,
    chain,
    codes,
    exchanges,
    good,
    no_such_name,
    once,
    referral,
    says,
    silent,
    truncated,
)
from tests.hostile.dns_server import (
    AAAA,
    CNAME,
    MX,
    NXDOMAIN,
    PTR,
    QR,
    REFUSED,
    SOA,
    TXT,
    A,
    Datagram,
    HostileDns,
    Query,
    Stream,
    UdpScript,
    ipv4,
    ipv6,
    message,
    mx,
    name,
    record,
    soa,
    txt,
)

# Scenarios whose expectation is right and which the code does not meet yet: id → what is wrong. An entry that no longer
# holds fails the run, so that it is taken out.
KNOWN_DEFECTS: dict[str, str] = {}

Got = TypeVar("Got")
QUICK = Limits(connect=1.0, banner=1.0, command=1.0, session=5.0, dns_timeout=0.15, dns_tries=1)
# What a run may take beyond its DNS tries: other people's load on the machine, not ours.
_GRACE_S = 1.0


def cases(scenarios: Sequence[Any]) -> list[Any]:
    """Parameters for pytest, each under its own name; what is known to be wrong is expected to fail."""
    named = [(one if isinstance(one, str) else one.id, one) for one in scenarios]
    return [
        pytest.param(one, id=id_, marks=pytest.mark.xfail(strict=True, reason=KNOWN_DEFECTS[id_]))
        if id_ in KNOWN_DEFECTS
        else pytest.param(one, id=id_)
        for id_, one in named
    ]


def descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir())) if sys.platform == "linux" else 0


def left_clean(work: Callable[[], Awaitable[Got]]) -> Got:
    """Run ``work`` and see that no task, no descriptor and no unheard error is left."""

    async def main() -> Got:
        unheard: list[dict[str, Any]] = []
        asyncio.get_running_loop().set_exception_handler(lambda loop, context: unheard.append(context))
        before = descriptors()
        got = await work()
        await asyncio.sleep(0)
        assert {asyncio.current_task()} == asyncio.all_tasks()
        assert before >= descriptors()
        assert [] == unheard
        return got

    return asyncio.run(main())


def ask(scenario: Scenario, grace: float = _GRACE_S) -> tuple[Answer, HostileDns]:
    async def work() -> tuple[Answer, HostileDns]:
        async with (
            HostileDns(scenario.udp, scenario.tcp) as dns,
            Resolver(dns.endpoint, timeout=scenario.seconds, tries=scenario.tries) as resolver,
            asyncio.timeout(scenario.seconds * scenario.tries + grace),
        ):
            return await resolver.ask(scenario.name, scenario.rdtype), dns

    return left_clean(work)


def assert_printable(*texts: str | None) -> None:
    assert [] == [text for text in texts if text is not None and not text.isprintable()]


def assert_harmless(report: Report) -> str:
    """Every form of the report is printable; what a person sees is returned."""
    document = dumps(report)
    assert report.schema == json.loads(document)["schema"]
    out = io.StringIO()
    for verbose in (False, True):
        render(report, out, catalog(), color=False, verbose=verbose)
    assert_printable(*document.split("\n"), *out.getvalue().split("\n"))
    return out.getvalue()


# The resolver ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("scenario", cases(ANSWERS))
def test_what_the_resolver_makes_of_it(scenario: Scenario) -> None:
    answer, dns = ask(scenario)
    assert scenario.says == (answer.answer, answer.reason)
    if scenario.values is not None:
        assert scenario.values == answer.values
    if scenario.alias is not None:
        assert scenario.alias == answer.canonical_name
    if scenario.questions is not None:
        assert scenario.questions == dns.questions()
    assert dns.questions() <= 9 and len(dns.streams) <= 1
    assert (answer.answer == "found") == bool(answer.values)
    assert_printable(answer.name, answer.reason, answer.canonical_name, answer.server, *answer.values)
    assert_printable(dumps(answer, indent=None))


def test_each_scenario_has_its_own_name_and_each_known_defect_a_scenario() -> None:
    tables = [[one.id for one in table] for table in (ANSWERS, LISTS, ROUTES)]
    assert [] == [id_ for ids in tables for id_ in set(ids) if ids.count(id_) > 1]
    every = [*DISGUISED, *(id_ for ids in tables for id_ in ids)]
    assert [] == [id_ for id_ in KNOWN_DEFECTS if every.count(id_) != 1]


def test_a_closed_port_is_unreachable_and_not_absent() -> None:
    async def work() -> Answer:
        async with HostileDns(silent) as dns:
            pass
        async with Resolver(dns.endpoint, timeout=5.0) as resolver, asyncio.timeout(_GRACE_S):
            return await resolver.ask(WWW, "A")

    answer = left_clean(work)
    assert ("failed", "unreachable") == (answer.answer, answer.reason)


@pytest.mark.parametrize("bad", [once(says(rcode=REFUSED)), once(says(flags=0)), once(says(record(CNAME, b"\xc0")))])
def test_another_server_is_asked_where_the_first_knows_nothing(bad: Callable[[Query], Any]) -> None:
    async def work() -> Answer:
        async with (
            HostileDns(bad) as broken,
            HostileDns(once(good)) as well,
            Resolver([broken.endpoint, well.endpoint], timeout=2.0) as resolver,
        ):
            return await resolver.ask(WWW, "A")

    assert (GOOD,) == left_clean(work).values


def test_an_address_that_changes_is_asked_for_once() -> None:
    """Rebinding: the second answer, for whoever asks again, leads into this machine."""

    async def work() -> tuple[Answer, Answer, int]:
        changing = World({(WWW, "A"): lambda q: [codes("127.0.0.1" if q.number else GOOD)(q)]})
        async with HostileDns(changing.udp) as dns, Resolver(dns.endpoint, timeout=2.0) as resolver:
            return await resolver.ask(WWW, "A"), await resolver.ask(WWW.upper() + ".", "A"), dns.questions()

    first, second, questions = left_clean(work)
    assert ((GOOD,), (GOOD,), 1) == (first.values, second.values, questions)


def test_a_thousand_questions_to_a_silent_server_leave_nothing() -> None:
    async def work() -> set[str | None]:
        async with HostileDns(silent) as dns, Resolver(dns.endpoint, timeout=0.1, tries=1) as resolver:
            async with asyncio.timeout(3.0):
                return {a.reason for a in await asyncio.gather(*(resolver.ask(f"n{n}.test", "A") for n in range(600)))}

    assert {"timeout"} == left_clean(work)


def test_giving_up_in_the_middle_leaves_nothing() -> None:
    """Over UDP and over TCP, the caller cancelled and the resolver closed."""

    async def give_up(udp: UdpScript, tcp: bool) -> None:
        heard = asyncio.Event()

        def hold(query: Query) -> Stream:
            heard.set()
            return Stream(b"", end="hold")

        def over_udp(query: Query) -> Iterable[bytes | Datagram]:
            if not tcp:
                heard.set()
            return udp(query)

        async with HostileDns(over_udp, hold) as dns, Resolver(dns.endpoint, timeout=5.0) as resolver:
            waiting = asyncio.create_task(resolver.ask(WWW, "A"))
            async with asyncio.timeout(_GRACE_S):
                await heard.wait()
            waiting.cancel()
            await asyncio.gather(waiting, return_exceptions=True)

    async def work() -> None:
        await give_up(silent, tcp=False)
        await give_up(once(truncated), tcp=True)

    left_clean(work)


@pytest.mark.parametrize("id_", ["tcp-endless", "texts-2000", "alias-chain-of-500"])
def test_memory_is_bounded(id_: str) -> None:
    scenario = next(one for one in ANSWERS if one.id == id_)
    ask(ANSWERS[-1])  # so that what is imported on the way is not counted
    tracemalloc.start()
    try:
        ask(scenario, grace=20.0)  # counting takes time
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 8 * 1024 * 1024


# Any octets -----------------------------------------------------------------------------------------------------------


@dataclass
class Told:
    """A server that says ``reply`` after the id of the question, and then what ends the matter: REFUSED."""

    reply: bytes = b""

    def udp(self, query: Query) -> Iterator[bytes]:
        yield query.octets[:2] + self.reply
        yield message(query, rcode=REFUSED)


@pytest.fixture(scope="module")
def tell() -> Iterator[Callable[[bytes, str], Answer]]:
    """Puts one question to a server that says the given octets, all examples in one loop with one server."""
    told = Told()
    unheard: list[dict[str, Any]] = []

    async def one(dns: HostileDns, rdtype: str) -> Answer:
        async with Resolver(dns.endpoint, timeout=2.0, tries=1) as resolver:
            return await resolver.ask(WWW, rdtype)

    def telling(octets: bytes, rdtype: str) -> Answer:
        told.reply = octets
        dns.queries.clear()
        return runner.run(one(dns, rdtype))

    with asyncio.Runner() as runner:
        runner.get_loop().set_exception_handler(lambda loop, context: unheard.append(context))
        dns = HostileDns(told.udp, life=120.0)
        runner.run(dns.__aenter__())
        yield telling
        runner.run(dns.__aexit__(None, None, None))
    assert [] == unheard


def templates() -> list[tuple[str, bytes]]:
    """Types and answers as they should be, without the id."""
    made = []
    for rdtype, number, reply in (
        ("A", A, good),
        ("A", A, says(a(), a("203.0.113.66", name("evil.test")))),
        ("A", A, says(*chain(3))),
        ("A", A, no_such_name),
        ("A", A, says(authority=[soa()], rcode=NXDOMAIN, flags=0)),
        ("A", A, says(flags=0, authority=[referral()])),
        ("AAAA", AAAA, says(record(AAAA, ipv6("2001:db8::1")))),
        ("MX", MX, says(record(MX, mx(10, b"\2mx\xc0\x0c")), record(MX, mx(20, name("mx2.test"))))),
        ("TXT", TXT, says(record(TXT, txt(b"v=spf1 -all", HOSTILE_TEXT)))),
        ("PTR", PTR, says(record(PTR, name("mail.example.test")))),
        ("A", A, says(record(CNAME, name("away.test")))),
    ):
        query = Query(struct.pack("!6H", 7, 0x0120, 1, 0, 0, 0) + name(WWW) + struct.pack("!HH", number, 1), 0)
        made.append((rdtype, reply(query)[2:]))
    return made


TEMPLATES = templates()
TYPE_NUMBERS = {"A": A, "AAAA": AAAA, "MX": MX, "TXT": TXT, "PTR": PTR}


MUTATION = st.tuples(
    st.sampled_from(["flip", "put", "cut", "insert", "repeat", "end"]),
    st.integers(0, 400),
    st.integers(0, 12),
    st.sampled_from([b"\0", b"\1", b"\xff", b"\xc0\x0c", b"\0\5", b"\0\6", b"\x3f", b"\3www"]),
)


def mutated(octets: bytes, mutations: Sequence[tuple[str, int, int, bytes]]) -> bytes:
    for kind, place, length, piece in mutations:
        at = place % (len(octets) + 1)
        before, here, after = octets[:at], octets[at : at + length], octets[at + length :]
        if kind == "flip":
            octets = before + bytes(octet ^ (1 << place % 8) for octet in here[:1]) + here[1:] + after
        else:
            kinds = {"put": piece, "cut": b"", "insert": piece + here, "repeat": here * (2 + place % 40)}
            octets = before if kind == "end" else before + kinds[kind] + after
    return octets[:2000]


def assert_no_more_than_was_said(octets: bytes, rdtype: str, answer: Answer) -> None:
    """Held against a reading of our own, which is slow, strict and knows nothing of the resolver's."""
    assert_printable(dumps(answer, indent=None))
    if not answer.known:
        return
    flags, questions, answers, authorities, _ = struct.unpack_from("!5H", octets)
    assert (flags & QR, flags & 0x7A00, questions) == (QR, 0, 1)
    asked = name(WWW) + struct.pack("!HH", TYPE_NUMBERS[rdtype], 1)
    at = 10 + len(asked)
    assert asked.lower() == octets[10:at].lower()
    records = []
    for _ in range(answers + authorities):
        owner, at = read_name(octets, at)
        kind, rdclass, _, length = struct.unpack_from("!HHIH", octets, at)
        at += 10
        records.append((owner, kind, rdclass, at, length))
        at += length
        assert at <= len(octets)
    said, authority = records[:answers], {kind for _, kind, *_ in records[answers:]}
    if answer.answer == "absent":
        assert flags & 0x0F in (0, NXDOMAIN)
        assert flags & 0x0480 or SOA in authority
        return
    names = {name(WWW).lower()}
    for _ in said:
        for owner, kind, rdclass, start, _ in said:
            if owner in names and (kind, rdclass) == (CNAME, 1):
                names.add(read_name(octets, start)[0])
    data = [(start, length) for owner, kind, rdclass, start, length in said if owner in names and rdclass == 1]
    assert data
    if rdtype == "A":
        assert {ipv4(value) for value in answer.values} <= {octets[start : start + length] for start, length in data}


def read_name(octets: bytes, at: int) -> tuple[bytes, int]:
    """A name in lower case, pointers followed, and where it ends. The id is missing here and counts. A name that
    leads into it, or has no end, is none that anybody asked for."""
    found, after = b"", None
    for _ in range(130):
        if not 0 <= at < len(octets):
            break
        if octets[at] == 0:
            return found.lower() + b"\0", at + 1 if after is None else after
        if octets[at] >= 0xC0:
            after = at + 2 if after is None else after
            at = (int.from_bytes(octets[at : at + 2], "big") & 0x3FFF) - 2
        else:
            found += octets[at : at + 1 + octets[at]]
            at += 1 + octets[at]
    assert after is not None, "a record without an end was believed"
    return b"unreadable", after


_MANY = settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@_MANY
@given(octets=st.binary(max_size=200), rdtype=st.sampled_from(sorted(TYPE_NUMBERS)))
def test_any_octets_say_nothing(tell: Callable[[bytes, str], Answer], octets: bytes, rdtype: str) -> None:
    assert ("refused", "refused") == (tell(octets, rdtype).answer, "refused")


@_MANY
@given(
    head=st.tuples(st.integers(0x80, 0x87), st.integers(0, 255)),
    counts=st.tuples(*[st.integers(0, 3)] * 3),
    body=st.binary(max_size=80),
)
def test_any_octets_behind_the_right_question_say_no_more_than_they_hold(
    tell: Callable[[bytes, str], Answer], head: tuple[int, int], counts: tuple[int, ...], body: bytes
) -> None:
    octets = bytes(head) + struct.pack("!4H", 1, *counts) + name(WWW) + b"\0\1\0\1" + body
    assert_no_more_than_was_said(octets, "A", tell(octets, "A"))


@settings(_MANY, max_examples=800)
@given(template=st.sampled_from(TEMPLATES), mutations=st.lists(MUTATION, max_size=3))
def test_a_mutated_answer_says_no_more_than_it_holds(
    tell: Callable[[bytes, str], Answer], template: tuple[str, bytes], mutations: list[tuple[str, int, int, bytes]]
) -> None:
    rdtype, octets = template[0], mutated(template[1], mutations)
    assert_no_more_than_was_said(octets, rdtype, tell(octets, rdtype))


@pytest.mark.parametrize("number", range(len(TEMPLATES)))
def test_a_packet_cut_at_any_length_says_nothing(tell: Callable[[bytes, str], Answer], number: int) -> None:
    rdtype, octets = TEMPLATES[number]
    for length in range(len(octets)):
        answer = tell(octets[:length], rdtype)
        assert (length, False) == (length, answer.known)


# Blocklists -----------------------------------------------------------------------------------------------------------


async def refused_by(world: World, seconds: float = 0.15) -> tuple[Report, HostileDns]:
    """A run at whose end there are three rounds of questions: the entry, the list's words, its test points."""
    async with HostileDns(world.udp, world.tcp) as dns, SmtpServer(Behaviour(greeting=GREETING)) as server:
        async with asyncio.timeout(3 * seconds + 2 * _GRACE_S):
            report = await check(
                server.endpoint,
                Plan(("postmaster@shop.test",), mail_from="orders@shop.test", ehlo="mail.shop.test"),
                options=Options(lists="named"),
                resolver=Resolver(dns.endpoint, timeout=seconds, tries=1),
                limits=QUICK,
            )
    return report, dns


@pytest.mark.parametrize("scenario", cases(LISTS))
def test_what_is_made_of_a_list(scenario: ListScenario) -> None:
    report, dns = left_clean(lambda: refused_by(scenario.world, scenario.seconds))
    (listing,) = [one for one in report.checks if one.check == "dnsbl"]
    (diagnosis,) = report.diagnoses
    assert (scenario.result, scenario.reason, scenario.verdict) == (
        listing.result,
        listing.facts["reason"],
        diagnosis.verdict,
    )
    listed = scenario.result == "fail"
    assert listed == any(one.id == "client-listed" for one in report.findings)
    assert listed == bool(listing.facts["listed"])
    # "not listed" is said only where the list denied it, and "clean" nowhere, since no other list was asked.
    told = " ".join((*diagnosis.evidence, *diagnosis.against, *diagnosis.ruled_out))
    assert (scenario.result == "pass") == ("not listed" in told)
    assert 1 == dns.questions(HIT, A)
    assert scenario.shows in assert_harmless(report)


def test_a_dns_that_says_hostile_things_about_everything() -> None:
    """TXT, PTR and names full of escapes behind SPF, DKIM, DMARC, PTR and the list."""
    hostile = name("", HOSTILE_TEXT[:60], b"a.b")
    for prefix in (b"", b"v=spf1 ", b"v=DMARC1; p=", b"v=DKIM1; p="):
        world = World(
            {
                ("*", "TXT"): once(says(record(TXT, txt(prefix + HOSTILE_TEXT * 3)))),
                ("*", "PTR"): once(says(record(PTR, hostile), record(PTR, name("mail.shop.test")))),
                ("*", "A"): once(says(record(CNAME, hostile))),
                ("*", "*"): once(says(record(CNAME, hostile))),
            }
        )
        report, _ = left_clean(partial(refused_by, world))
        assert "dnsbl.test" in assert_harmless(report)
        assert report.diagnoses[0].verdict == "likely"


def test_a_dns_that_is_silent_about_everything() -> None:
    report, _ = left_clean(lambda: refused_by(World({("*", "*"): silent})))
    assert report.diagnoses[0].verdict == "likely"
    assert {"temperror"} == {one.result for one in report.checks if one.check != "extensions"}
    assert_harmless(report)


def _any_of(scenarios: Sequence[Scenario], chance: random.Random, query: Query) -> Iterable[bytes | Datagram]:
    return chance.choice(scenarios).udp(query)


def test_a_dns_that_answers_at_random() -> None:
    """Every scenario's answer, in any order, to every question of a run."""
    quick = [one for one in ANSWERS if one.tries == 1 and one.timeout is None and "without-end" not in one.id]
    for seed in range(6):
        world = World({("*", "*"): partial(_any_of, quick, random.Random(seed))})
        report, _ = left_clean(partial(refused_by, world))
        (listing,) = [one for one in report.checks if one.check == "dnsbl"]
        assert listing.result in ("pass", "temperror", "permerror", "fail")
        assert listing.result != "fail" or listing.queries[0].values == ("127.0.0.2",)
        assert listing.result != "pass" or listing.queries[0].answer == "absent"
        assert_harmless(report)


# Routes ---------------------------------------------------------------------------------------------------------------


async def probed(world: World, seconds: float) -> tuple[Report, HostileDns]:
    async with HostileDns(world.udp, world.tcp) as dns, SmtpServer(Behaviour()) as server:
        async with asyncio.timeout(5.0):
            report = await check(
                with_port(parse_target("shop.test"), server.port),
                Plan(("postmaster@shop.test",), ehlo="probe.test"),
                resolver=Resolver(dns.endpoint, timeout=seconds, tries=1),
                limits=QUICK,
            )
        assert server.commands == []
    return report, dns


@pytest.mark.parametrize("scenario", cases(ROUTES))
def test_where_a_domain_leads(scenario: RouteScenario) -> None:
    report, dns = left_clean(lambda: probed(scenario.world, 0.15 if scenario.id == "mx-silence" else 2.0))
    ids = [one.id for one in report.findings]
    assert scenario.findings <= set(ids)
    assert ((), ()) == (report.route, report.sessions)
    # A failure is never read as "there is none".
    if "dns-failed" in scenario.findings:
        assert not {"no-such-domain", "no-address", "implicit-mx", "null-mx"} & set(ids)
    assert not scenario.not_asked & {query.name for query in dns.queries}
    assert dns.questions() <= scenario.most_questions
    assert len(ids) <= 20
    assert_harmless(report)


async def routed(world: World) -> Route:
    async with HostileDns(world.udp, world.tcp) as dns, Resolver(dns.endpoint, timeout=2.0) as resolver:
        return await find_route(parse_target("shop.test"), resolver, QUICK)


@pytest.mark.parametrize("address", cases(DISGUISED))
def test_an_address_of_this_site_in_disguise_is_private(address: str) -> None:
    world = World({("shop.test", "AAAA"): once(says(record(AAAA, ipv6(address))))})
    found = left_clean(lambda: routed(world))
    assert ((), "private-address") == (found.endpoints, found.problem)


def test_private_addresses_among_public_ones_are_left_out_and_named() -> None:
    world = World({("shop.test", "A"): once(codes("127.0.0.1", GOOD))})
    found = left_clean(lambda: routed(world))
    assert ([GOOD], ["127.0.0.1"]) == ([e.address for e in found.endpoints], [e.address for e in found.private])


def test_the_connection_goes_to_the_address_that_was_judged() -> None:
    """Rebinding: every question after the first gets an address where nobody listens."""
    first = codes("127.0.0.1")
    world = World(
        {
            ("shop.test", "MX"): exchanges(mx(0, name("mx.shop.test"))),
            ("mx.shop.test", "A"): lambda q: [first(q) if q.number < 3 else codes("127.0.0.99")(q)],
        }
    )

    async def work() -> tuple[Report, int]:
        async with HostileDns(world.udp) as dns, SmtpServer(Behaviour()) as server:
            report = await check(
                with_port(parse_target("shop.test"), server.port),
                Plan(("postmaster@shop.test",), ehlo="probe.test"),
                options=Options(allow_private=True),
                resolver=Resolver(dns.endpoint, timeout=0.5, tries=1),
                limits=QUICK,
            )
            return report, dns.questions("mx.shop.test", A)

    report, questions = left_clean(work)
    assert (["127.0.0.1"], "ok", 1) == (
        [endpoint.address for endpoint in report.route],
        report.sessions[0].outcome,
        questions,
    )
