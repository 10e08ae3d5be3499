"""What a hostile or broken name server may say, one scenario an entry, and what may be made of it.

``ANSWERS`` are told to the resolver alone. ``LISTS`` stand behind a greeting of 554 that names ``dnsbl.test``,
``ROUTES`` behind a domain that is to be probed; both go through the whole line. The rule over all of them: only an
NXDOMAIN or a NODATA from a server that may say so (RFC 2308 section 2) is ``absent``, and only a hit on a healthy list
is "listed". Addresses that a run may connect to are loopback ones, as is all traffic here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from tests.hostile.dns_server import (
    AA,
    AAAA,
    ASKED,
    CH,
    CNAME,
    DNAME,
    FORMERR,
    MX,
    NOTIMP,
    NS,
    NXDOMAIN,
    OPT,
    QR,
    RA,
    REFUSED,
    SERVFAIL,
    TC,
    TSIG,
    TXT,
    TYPES,
    A,
    Datagram,
    Query,
    Stream,
    TcpScript,
    UdpScript,
    framed,
    ipv4,
    ipv6,
    message,
    mx,
    name,
    record,
    soa,
    txt,
)

Says = tuple[str, str | None]
Reply = Callable[[Query], bytes]

FOUND: Says = ("found", None)
NXD: Says = ("absent", "nxdomain")
NODATA: Says = ("absent", "nodata")
TIMEOUT: Says = ("failed", "timeout")
LAME: Says = ("failed", "lame")
MALFORMED: Says = ("failed", "malformed")
TRUNCATED: Says = ("failed", "truncated")
LOOP: Says = ("failed", "cname-loop")
BAD_NAME: Says = ("failed", "bad-name")

GOOD = "192.0.2.1"
EVIL = "203.0.113.66"
WWW = "www.example.test"


@dataclass(frozen=True)
class Scenario:
    """One question and all that comes back. ``alias`` is the canonical name to be shown, ``questions`` how many
    the server must have got over UDP, retransmissions not counted."""

    id: str
    udp: UdpScript
    says: Says
    values: tuple[str, ...] | None = None
    tcp: TcpScript | None = None
    name: str = WWW
    rdtype: str = "A"
    timeout: float | None = None
    tries: int = 1
    alias: str | None = None
    questions: int | None = None

    @property
    def seconds(self) -> float:
        """For one try: short where silence is expected, otherwise long, so that a busy machine changes nothing."""
        return self.timeout or (0.1 if self.says == TIMEOUT else 2.0)


def a(address: str = GOOD, owner: bytes = name(WWW), **more: int) -> bytes:
    return record(A, ipv4(address), owner=owner, **more)


def alias(target: bytes, owner: bytes = name(WWW)) -> bytes:
    return record(CNAME, target, owner=owner)


def referral(zone: str = "example.test") -> bytes:
    return record(NS, name("ns.other.test"), owner=name(zone))


def good(query: Query) -> bytes:
    return message(query, [a()])


def no_such_name(query: Query) -> bytes:
    return message(query, rcode=NXDOMAIN)


def says(
    *answer: bytes, authority: Iterable[bytes] = (), additional: Iterable[bytes] = (), flags: int = RA, rcode: int = 0
) -> Reply:
    """The same records to everybody."""
    return lambda query: message(query, answer, authority, additional, flags=flags, rcode=rcode)


def once(reply: Reply) -> UdpScript:
    return lambda query: [reply(query)]


def each(*replies: Reply) -> UdpScript:
    """All of them, one after another, to every question."""
    return lambda query: [reply(query) for reply in replies]


def in_turn(*scripts: UdpScript) -> UdpScript:
    """The first script for the first question, and so on; the last for all that follow."""
    return lambda query: scripts[min(query.number, len(scripts) - 1)](query)


def silent(query: Query) -> Iterable[bytes]:
    return ()


def late(reply: Reply, after: float) -> UdpScript:
    return lambda query: [Datagram(reply(query), after)]


def elsewhere(reply: Reply) -> UdpScript:
    return lambda query: [Datagram(reply(query), elsewhere=True)]


def over_tcp(reply: Reply, piece: int = 0, end: Literal["close", "reset", "hold"] = "close") -> TcpScript:
    return lambda query: Stream(framed(reply(query)), piece, end)


def other_id(query: Query) -> bytes:
    return message(query, [a(EVIL)], rcode=0, id_=query.id ^ 1)


def other_question(query: Query) -> bytes:
    return message(query, rcode=NXDOMAIN, question=name("other.example.test") + query.question[-4:])


def other_type(query: Query) -> bytes:
    return message(query, rcode=NXDOMAIN, question=query.question[:-4] + b"\0\x1c\0\1")


def other_class(query: Query) -> bytes:
    return message(query, rcode=NXDOMAIN, question=query.question[:-2] + b"\0\3")


def no_qr(query: Query) -> bytes:
    octets = message(query, rcode=NXDOMAIN)
    return octets[:2] + bytes([octets[2] & 0x7F]) + octets[3:]


def echo(query: Query) -> bytes:
    return query.octets


def echo_with_qr(query: Query) -> bytes:
    return query.octets[:2] + bytes([query.octets[2] | QR >> 8]) + query.octets[3:]


def opcode(number: int) -> Reply:
    return lambda query: message(query, rcode=NXDOMAIN, flags=RA | number << 11)


def bare(rcode: int) -> Reply:
    """A header and nothing else."""
    return lambda query: message(query, question=b"", rcode=rcode)


def edns(rcode: int = 0, *, owner: bytes = b"\0", rdata: bytes = b"", length: int | None = None) -> bytes:
    """An OPT record with the upper bits of ``rcode`` (RFC 6891 section 6.1.3)."""
    return record(OPT, rdata, owner=owner, rdclass=1232, ttl=(rcode >> 4) << 24, length=length)


def only_without_edns(rcode: int) -> UdpScript:
    return lambda query: [message(query, rcode=rcode) if query.edns else good(query)]


def truncated(query: Query) -> bytes:
    return message(query, flags=RA | TC)


def chain(length: int) -> list[bytes]:
    """``length`` aliases from the name asked for on, and an address at the end."""
    names = [name(WWW), *(name(f"a{number}.test") for number in range(1, length + 1))]
    links = [alias(target, owner) for owner, target in pairwise(names)]
    return [*links, a(owner=names[-1])]


def leads_on(links: int) -> UdpScript:
    """Every name is an alias, ``links`` times within the answer, and the last name out of it; there is no end."""

    def script(query: Query) -> Iterable[bytes]:
        number = int(query.labels[0][1:]) if query.labels[0][1:].isdigit() else 0
        names = [name(query.name), *(name(f"a{number + step}.test") for step in range(1, links + 1))]
        return [message(query, [alias(target, owner) for owner, target in pairwise(names)])]

    return script


def two_messages_of_five(query: Query) -> Iterable[bytes]:
    if query.name == WWW:
        return [message(query, chain(5)[:-1])]
    names = [name("a5.test"), *(name(f"b{number}.test") for number in range(1, 6))]
    links = [alias(target, owner) for owner, target in pairwise(names)]
    return [message(query, [*links, a(owner=names[-1])])]


AWAY = says(alias(name("away.test")))


def then(reply: Reply, first: Reply = AWAY) -> UdpScript:
    """An alias out of the answer, and ``reply`` to the question that follows."""
    return lambda query: [first(query) if query.name == WWW else reply(query)]


def back_and_forth(query: Query) -> Iterable[bytes]:
    return [message(query, [record(CNAME, name(WWW if query.name == "away.test" else "away.test"))])]


def counting(*counts: int) -> Reply:
    return lambda query: message(query, [a()], counts=(1, counts[0], counts[1], counts[2]))


LONG_LABELS = b"".join(b"\x3f" + bytes([97 + number]) * 63 for number in range(4))
IDENTITY = [
    Scenario("wrong-id", once(other_id), TIMEOUT),
    Scenario("wrong-question", once(other_question), TIMEOUT),
    Scenario("question-of-another-type", once(other_type), TIMEOUT),
    Scenario("question-of-another-class", once(other_class), TIMEOUT),
    Scenario("wrong-source-port", elsewhere(no_such_name), TIMEOUT),
    Scenario("qr-missing", once(no_qr), TIMEOUT),
    Scenario("question-echoed", once(echo), TIMEOUT),
    Scenario("question-echoed-with-qr", once(echo_with_qr), LAME),
    Scenario("opcode-status", once(opcode(2)), TIMEOUT),
    Scenario("opcode-update", once(opcode(5)), TIMEOUT),
    Scenario(
        "two-questions",
        once(lambda q: message(q, rcode=NXDOMAIN, question=q.question * 2, counts=(2, 0, 0, 0))),
        TIMEOUT,
    ),
    Scenario("question-compressed", once(lambda q: message(q, question=b"\xc0\x0c\0\1\0\1", rcode=NXDOMAIN)), TIMEOUT),
    Scenario("nxdomain-without-question", once(bare(NXDOMAIN)), TIMEOUT),
    Scenario("records-without-question", once(lambda q: message(q, [a()], question=b"")), TIMEOUT),
    Scenario("servfail-without-question", once(bare(SERVFAIL)), ("failed", "servfail")),
    Scenario("question-in-capitals", once(lambda q: message(q, [a()], question=q.question.upper())), FOUND, (GOOD,)),
    Scenario("forged-id-first", each(other_id, good), FOUND, (GOOD,)),
    Scenario("forged-question-first", each(other_question, good), FOUND, (GOOD,)),
    Scenario("forged-source-first", lambda q: [*elsewhere(no_such_name)(q), good(q)], FOUND, (GOOD,)),
    Scenario("all-sorts-of-strays-first", each(no_qr, echo, other_type, other_class, good), FOUND, (GOOD,)),
    Scenario("scraps-first", lambda q: [b"", b"\0", q.octets[:11], no_such_name(q)[:20], good(q)], FOUND, (GOOD,)),
    Scenario("scraps-only", lambda q: [b"", b"\0", q.octets[:11], no_such_name(q)[:20]], TIMEOUT),
    Scenario("flood-of-strays-then-good", lambda q: [*[other_id(q)] * 150, good(q)], FOUND, (GOOD,)),
    Scenario(
        "strays-without-end",
        lambda q: [Datagram(other_id(q), after) for after in [n / 2000 for n in range(1, 1000)]],
        TIMEOUT,
    ),
    Scenario("answer-twice", each(good, good, good), FOUND, (GOOD,), questions=1),
    Scenario("answer-and-its-contrary", each(good, no_such_name), FOUND, (GOOD,)),
]

TIME = [
    Scenario("silence", silent, TIMEOUT, questions=1),
    Scenario("silence-three-times", silent, TIMEOUT, timeout=0.05, tries=3, questions=3),
    Scenario("late", late(no_such_name, 0.3), TIMEOUT),
    Scenario(
        "late-for-the-first-try", in_turn(late(no_such_name, 0.15), silent), TIMEOUT, timeout=0.1, tries=2, questions=2
    ),
    Scenario("second-packet-only", in_turn(silent, once(good)), FOUND, (GOOD,), timeout=2.0, questions=1),
    Scenario("second-try-only", in_turn(silent, once(good)), FOUND, (GOOD,), timeout=0.1, tries=2, questions=2),
    Scenario(
        "slow-first-answer-after-the-second-question",
        in_turn(late(good, 0.55), silent),
        FOUND,
        (GOOD,),
        timeout=2.0,
        questions=1,
    ),
]

CODES = [
    Scenario("servfail", once(says(rcode=SERVFAIL)), ("failed", "servfail")),
    Scenario("servfail-with-records", once(says(a(), rcode=SERVFAIL)), ("failed", "servfail"), ()),
    Scenario("servfail-with-soa", once(says(authority=[soa()], rcode=SERVFAIL)), ("failed", "servfail")),
    Scenario("servfail-once", in_turn(once(says(rcode=SERVFAIL)), once(good)), FOUND, (GOOD,), tries=2),
    Scenario("refused", once(says(rcode=REFUSED)), ("refused", "refused")),
    Scenario("refused-with-records", once(says(a(), rcode=REFUSED)), ("refused", "refused"), ()),
    Scenario("notimp", once(says(rcode=NOTIMP)), ("failed", "notimp"), questions=2),
    Scenario("formerr", once(says(rcode=FORMERR)), ("failed", "formerr"), questions=2),
    Scenario("formerr-in-a-bare-header", once(bare(FORMERR)), ("failed", "formerr"), questions=2),
    Scenario("formerr-for-edns-only", only_without_edns(FORMERR), FOUND, (GOOD,), questions=2),
    Scenario("notimp-for-edns-only", only_without_edns(NOTIMP), FOUND, (GOOD,), questions=2),
    Scenario("formerr-for-edns-then-silence", in_turn(once(bare(FORMERR)), silent), TIMEOUT, questions=2),
    Scenario("badvers", once(says(additional=[edns(16)])), ("failed", "badvers")),
    Scenario("nxdomain-made-19-by-edns", once(says(additional=[edns(19)], rcode=NXDOMAIN)), ("failed", "rcode-19")),
    Scenario("yxdomain", once(says(rcode=6)), ("failed", "rcode-6")),
    Scenario("rcode-15-with-records", once(says(a(), rcode=15)), ("failed", "rcode-15"), ()),
]

STREAMS = [
    Scenario("tc-then-good", once(truncated), FOUND, (GOOD,), tcp=over_tcp(good)),
    Scenario("tc-then-nxdomain", once(truncated), NXD, tcp=over_tcp(no_such_name)),
    Scenario("tc-then-servfail", once(truncated), ("failed", "servfail"), tcp=over_tcp(says(rcode=SERVFAIL))),
    Scenario("tc-then-an-octet-a-time", once(truncated), FOUND, (GOOD,), tcp=over_tcp(good, piece=1)),
    Scenario("tc-with-records-and-tcp-refused", once(says(a(EVIL), flags=RA | TC)), TRUNCATED, ()),
    Scenario("tc-with-nxdomain-and-tcp-refused", once(says(flags=RA | TC, rcode=NXDOMAIN)), TRUNCATED),
    Scenario("tc-over-tcp-too", once(truncated), TRUNCATED, (), tcp=over_tcp(says(a(EVIL), flags=RA | TC))),
    Scenario("tcp-silent", once(truncated), TRUNCATED, tcp=lambda q: Stream(b"", end="hold"), timeout=0.15),
    Scenario("tcp-closed-at-once", once(truncated), TRUNCATED, tcp=lambda q: Stream(b"")),
    Scenario("tcp-reset-at-once", once(truncated), TRUNCATED, tcp=lambda q: Stream(b"", end="reset")),
    Scenario("tcp-cut-in-the-length", once(truncated), TRUNCATED, tcp=lambda q: Stream(b"\0")),
    Scenario("tcp-cut", once(truncated), TRUNCATED, tcp=lambda q: Stream(framed(good(q))[:-1])),
    Scenario("tcp-reset-midway", once(truncated), TRUNCATED, tcp=lambda q: Stream(framed(good(q))[:-9], end="reset")),
    Scenario("tcp-length-zero", once(truncated), TRUNCATED, tcp=lambda q: Stream(framed(good(q), 0))),
    Scenario("tcp-length-cuts-header", once(truncated), TRUNCATED, tcp=lambda q: Stream(framed(no_such_name(q), 11))),
    Scenario(
        "tcp-length-cuts-record", once(truncated), MALFORMED, tcp=lambda q: Stream(framed(good(q), len(good(q)) - 1))
    ),
    Scenario("tcp-length-65535-then-close", once(truncated), TRUNCATED, tcp=lambda q: Stream(framed(good(q), 65535))),
    Scenario(
        "tcp-length-65535-then-nothing",
        once(truncated),
        TRUNCATED,
        tcp=lambda q: Stream(framed(good(q), 65535), end="hold"),
        timeout=0.15,
    ),
    Scenario(
        "tcp-endless",
        once(truncated),
        TRUNCATED,
        tcp=lambda q: Stream(b"\xff\xff" + b"x" * 65000, 40, "hold"),
        timeout=0.15,
    ),
    Scenario("tcp-wrong-id", once(truncated), TRUNCATED, tcp=over_tcp(other_id)),
    Scenario("tcp-wrong-question", once(truncated), TRUNCATED, tcp=over_tcp(other_question)),
    Scenario("tcp-echo", once(truncated), TRUNCATED, tcp=over_tcp(echo)),
    Scenario(
        "tcp-two-messages", once(truncated), FOUND, (GOOD,), tcp=lambda q: Stream(framed(good(q)) + framed(other_id(q)))
    ),
]


def garbled(id_: str, *records: bytes, rdtype: str = "A") -> Scenario:
    return Scenario(id_, once(says(*records)), MALFORMED, (), rdtype=rdtype)


WIRE = [
    garbled("owner-points-to-itself", a(owner=b"\xc0\x22")),
    garbled("owner-points-forward", a(owner=b"\xc0\x40")),
    garbled("owner-points-beyond-the-end", a(owner=b"\xff\xff")),
    garbled("owner-points-into-the-header", a(owner=b"\xc0\x00")),
    garbled("two-pointers-in-a-circle", a(owner=b"\xc0\x32"), a(owner=b"\xc0\x22")),
    garbled("label-then-pointer-to-itself", a(owner=b"\1a\xc0\x22")),
    garbled("alias-points-to-itself", alias(b"\xc0\x2e", ASKED)),
    garbled("label-of-kind-0x40", a(owner=b"\x41a\0")),
    garbled("label-of-kind-0x80", a(owner=b"\x81a\0")),
    garbled("owner-of-256-octets", a(owner=LONG_LABELS + b"\0")),
    garbled("alias-of-256-octets", alias(LONG_LABELS + b"\0")),
    garbled("alias-grows-too-long-by-pointer", alias(LONG_LABELS[:-64] + b"\x3a" + b"d" * 58 + b"\xc0\x0c")),
    garbled("exchange-of-256-octets", record(MX, mx(10, LONG_LABELS + b"\0")), rdtype="MX"),
    garbled("records-of-another-name", a(EVIL, name("other.example.test"))),
    garbled("records-of-the-parent", a(EVIL, name("example.test"))),
    garbled("records-of-class-chaos", a(EVIL, rdclass=CH)),
    garbled("records-of-class-any", a(EVIL, rdclass=255)),
    garbled("address-of-3-octets", record(A, b"\1\2\3")),
    garbled("address-of-5-octets", record(A, b"\1\2\3\4\5")),
    garbled("address-of-none", record(A, b"")),
    garbled("rdlength-too-short", a(length=3)),
    garbled("rdlength-too-long", a(length=5)),
    garbled("rdlength-65535", a(length=65535)),
    garbled("ipv6-address-of-4-octets", record(AAAA, b"\1\2\3\4"), rdtype="AAAA"),
    garbled("mx-without-name", record(MX, b"\0\x0a"), rdtype="MX"),
    garbled("mx-name-beyond-rdlength", record(MX, mx(10, name("mx.test")), length=5), rdtype="MX"),
    garbled("text-without-strings", record(TXT, b""), rdtype="TXT"),
    garbled("string-beyond-rdlength", record(TXT, b"\xffabc"), rdtype="TXT"),
    garbled("two-opt-records", a(), record(OPT, b"", owner=b"\0"), record(OPT, b"", owner=b"\0")),
    garbled("opt-in-the-answer", record(OPT, b"", owner=b"\0"), a()),
    Scenario("opt-of-a-name", once(says(a(), additional=[edns(owner=name(WWW))])), MALFORMED, ()),
    Scenario("opt-with-a-lying-option", once(says(a(), additional=[edns(rdata=b"\0\3\xff\xff")])), MALFORMED, ()),
    Scenario("opt-cut", once(says(a(), additional=[edns(length=9)])), MALFORMED, ()),
    Scenario("signed-without-being-asked", once(says(a(), additional=[record(TSIG, b"\0" * 30)])), MALFORMED, ()),
    Scenario("more-answers-announced", once(counting(2, 0, 0)), MALFORMED, ()),
    Scenario("answers-without-number", once(counting(65535, 65535, 65535)), MALFORMED, ()),
    Scenario(
        "nxdomain-announcing-authority", once(lambda q: message(q, rcode=NXDOMAIN, counts=(1, 0, 1, 0))), MALFORMED
    ),
    Scenario("opt-of-future-version", once(says(a(), additional=[record(OPT, b"", owner=b"\0", ttl=0x50000)])), FOUND),
    Scenario("owner-in-capitals", once(says(a(owner=name(WWW.upper())))), FOUND, (GOOD,)),
    Scenario("address-twice", once(says(a(), a())), FOUND, (GOOD,)),
    Scenario("ttl-zero", once(says(a(ttl=0))), FOUND, (GOOD,)),
    Scenario("ttl-negative", once(says(a(ttl=0xFFFFFFFF))), FOUND, (GOOD,)),
    Scenario("octets-after-the-message", once(lambda q: good(q) + b"\xff" * 500), FOUND, (GOOD,)),
    Scenario("other-records-beside", once(says(a(EVIL, name("evil.test")), a())), FOUND, (GOOD,)),
]

ALIASES = [
    Scenario("alias-chain-of-8", once(says(*chain(8))), FOUND, (GOOD,), alias="a8.test"),
    Scenario("alias-chain-backwards", once(says(*reversed(chain(8)))), FOUND, (GOOD,), alias="a8.test"),
    Scenario("alias-chain-of-9", once(says(*chain(9))), LOOP, ()),
    Scenario("alias-chain-of-500", once(truncated), LOOP, (), tcp=over_tcp(says(*chain(500)))),
    Scenario("alias-chain-of-10-in-two-messages", two_messages_of_five, LOOP, ()),
    Scenario("alias-of-itself", once(says(alias(name(WWW)))), LOOP),
    Scenario("aliases-of-each-other", once(says(alias(name("b.test")), alias(name(WWW), name("b.test")))), LOOP),
    Scenario("aliases-back-and-forth-in-two-messages", back_and_forth, LOOP, questions=2),
    Scenario("aliases-without-end", leads_on(1), LOOP),
    Scenario("aliases-of-eight-without-end", leads_on(8), LOOP),
    Scenario("alias-to-nowhere", once(says(alias(name("away.test")), rcode=NXDOMAIN)), NXD, alias="away.test"),
    Scenario("alias-to-nowhere-lame", once(says(alias(name("away.test")), rcode=NXDOMAIN, flags=0)), LAME),
    Scenario("alias-away-then-nxdomain", then(no_such_name), NXD, alias="away.test", questions=2),
    Scenario("alias-away-then-good", then(says(record(A, ipv4(GOOD)))), FOUND, (GOOD,), alias="away.test"),
    Scenario("alias-away-then-servfail", then(says(rcode=SERVFAIL)), ("failed", "servfail")),
    Scenario("alias-away-then-refused", then(says(rcode=REFUSED)), ("refused", "refused")),
    Scenario("alias-away-then-lame", then(says(flags=0, authority=[referral("test")])), LAME),
    Scenario("alias-away-then-garbage", then(says(a(length=2))), MALFORMED),
    Scenario(
        "alias-away-with-the-soa-of-here",
        then(says(flags=0), says(alias(name("away.test")), authority=[soa()], flags=AA)),
        LAME,
    ),
    Scenario("alias-and-address-of-one-name", once(says(alias(name("away.test")), a())), FOUND, (GOOD,)),
    Scenario(
        "alias-of-another-name",
        once(says(alias(name("away.test"), name("b.test")), a(EVIL, name("away.test")))),
        MALFORMED,
    ),
    Scenario("alias-with-a-dot-in-a-label", once(says(alias(name("", b"a.b", b"test")))), BAD_NAME, alias="a\\.b.test"),
    Scenario("alias-with-nul", once(says(alias(name("", b"a\0b", b"test")))), BAD_NAME, alias="a\\000b.test"),
    Scenario("alias-with-escape", once(says(alias(name("", b"\x1b[2J", b"test")))), BAD_NAME, alias="\\027[2j.test"),
    Scenario(
        "subtree-moved-without-alias", once(says(record(DNAME, name("b.test"), owner=name("example.test")))), MALFORMED
    ),
]

DENIALS = [
    Scenario("nxdomain-of-a-recursive-server", once(no_such_name), NXD),
    Scenario("nxdomain-with-soa", once(says(authority=[soa()], rcode=NXDOMAIN, flags=0)), NXD),
    Scenario("nxdomain-with-soa-of-the-root", once(says(authority=[soa("")], rcode=NXDOMAIN, flags=0)), NXD),
    Scenario("nxdomain-of-the-authority", once(says(rcode=NXDOMAIN, flags=AA)), NXD),
    Scenario("nxdomain-without-aa-ra-soa", once(says(rcode=NXDOMAIN, flags=0)), LAME),
    Scenario(
        "nxdomain-with-soa-of-another-zone", once(says(authority=[soa("other.test")], rcode=NXDOMAIN, flags=0)), LAME
    ),
    Scenario("nxdomain-with-soa-from-below", once(says(authority=[soa("a." + WWW)], rcode=NXDOMAIN, flags=0)), LAME),
    Scenario(
        "nxdomain-with-soa-of-class-chaos", once(says(authority=[soa(rdclass=CH)], rcode=NXDOMAIN, flags=0)), LAME
    ),
    Scenario("nxdomain-with-soa-beside", once(says(additional=[soa()], rcode=NXDOMAIN, flags=0)), LAME),
    Scenario("nxdomain-with-records", once(says(a(), rcode=NXDOMAIN)), MALFORMED, ()),
    Scenario("nxdomain-with-alias-and-records", once(says(*chain(1), rcode=NXDOMAIN)), MALFORMED, ()),
    Scenario("nxdomain-with-text", once(says(record(TXT, txt(b"hello")), rcode=NXDOMAIN)), MALFORMED),
    Scenario("nodata-with-soa", once(says(authority=[soa()], flags=0)), NODATA),
    Scenario("nodata-of-the-authority", once(says(flags=AA)), NODATA),
    Scenario("nodata-without-aa-ra-soa", once(says(flags=0)), LAME),
    Scenario("nodata-with-soa-of-another-zone", once(says(authority=[soa("other.test")], flags=0)), LAME),
    Scenario("text-for-an-address", once(says(record(TXT, txt(b"hello")))), MALFORMED),
    Scenario("address-for-text", once(says(a())), MALFORMED, (), rdtype="TXT"),
    Scenario("referral", once(says(authority=[referral()], flags=0)), LAME),
    Scenario("referral-by-a-recursive-server", once(says(authority=[referral()])), LAME),
    Scenario("referral-upward", once(says(authority=[referral("")], flags=0)), LAME),
    Scenario(
        "referral-with-glue", once(says(authority=[referral()], additional=[a(owner=name("ns.other.test"))])), LAME
    ),
]

HOSTILE_TEXT = b"\x1b]52;c;ZXZpbA==\x07\x1b[2J\r\n::error::\0\xff\xc2\x9b\xe2\x80\xae\xef\xbb\xbf<b>&[red]"


def shown(rdtype: str, rdata: bytes, value: str, id_: str) -> Scenario:
    return Scenario(id_, once(says(record(TYPES[rdtype], rdata))), FOUND, (value,), rdtype=rdtype)


VALUES = [
    Scenario("wildcard", once(says(record(A, ipv4("127.0.0.2")))), FOUND, ("127.0.0.2",), name="any.thing.at.all.test"),
    shown("A", ipv4("0.0.0.0"), "0.0.0.0", "address-zero"),
    shown("A", ipv4("255.255.255.255"), "255.255.255.255", "address-broadcast"),
    shown("AAAA", ipv6("::ffff:127.0.0.1"), "::ffff:127.0.0.1", "address-mapped"),
    shown("AAAA", ipv6("fe80::1"), "fe80::1", "address-link-local"),
    shown("MX", mx(0, name()), "0 .", "null-mx"),
    shown("MX", mx(10, name("192.0.2.9")), "10 192.0.2.9", "mx-is-an-address"),
    shown("MX", mx(10, name("", b"\x1b[31m", b"a.b\0")), "10 \\027[31m.a\\.b\\000", "mx-with-controls"),
    shown("PTR", name("", b"mail\n", b"Shop"), "mail\\010.shop", "name-with-line-end"),
    shown("PTR", name("", b"\\027", b"test"), "\\\\027.test", "name-with-backslash"),
    shown("PTR", name("", b"\xe2\x80\xae\xff"), "\\226\\128\\174\\255", "name-beyond-ascii"),
    shown("PTR", name("", b"x" * 63), "x" * 63, "label-of-63"),
    shown("PTR", name("", b"$(id);`id`"), "\\$\\(id\\)\\;`id`", "name-for-a-shell"),
    shown("TXT", txt(b""), "", "text-of-nothing"),
    shown("TXT", txt(b"v=spf1", b" -all"), "v=spf1 -all", "text-in-two-strings"),
    shown("TXT", txt(b"a\0b\tc\nd"), "a\\0b\\tc\\nd", "text-with-controls"),
    Scenario("text-hostile", once(says(record(TXT, txt(HOSTILE_TEXT)))), FOUND, rdtype="TXT"),
    Scenario(
        "text-of-10-kB",
        once(truncated),
        FOUND,
        ("x" * 10_000,),
        over_tcp(says(record(TXT, txt(b"x" * 10_000)))),
        rdtype="TXT",
    ),
    Scenario(
        "text-of-2000-strings",
        once(truncated),
        FOUND,
        ("abc" * 2000,),
        over_tcp(says(record(TXT, b"\3abc" * 2000))),
        rdtype="TXT",
    ),
    Scenario(
        "texts-2000",
        once(truncated),
        FOUND,
        tuple(f"t{number}" for number in range(2000)),
        over_tcp(says(*(record(TXT, txt(b"t%d" % number)) for number in range(2000)))),
        rdtype="TXT",
    ),
    Scenario(
        "mx-1000",
        once(truncated),
        FOUND,
        tuple(f"{number} mx{number}.test" for number in range(1000)),
        over_tcp(says(*(record(MX, mx(number, name(f"mx{number}.test"))) for number in range(1000)))),
        rdtype="MX",
    ),
    Scenario(
        "addresses-4000",
        once(truncated),
        FOUND,
        tuple(f"192.{number // 250}.2.{number % 250}" for number in range(4000)),
        over_tcp(says(*(a(f"192.{number // 250}.2.{number % 250}", ASKED) for number in range(4000)))),
    ),
]

ANSWERS = (*IDENTITY, *TIME, *CODES, *STREAMS, *WIRE, *ALIASES, *DENIALS, *VALUES)


HIT, LISTED_POINT, CLEAN_POINT = "7.113.0.203.dnsbl.test", "2.0.0.127.dnsbl.test", "1.0.0.127.dnsbl.test"
GREETING = "554 5.7.1 Service unavailable; Client host [203.0.113.7] blocked using dnsbl.test"
NOTHING = once(no_such_name)
ENTRY = once(says(record(A, ipv4("127.0.0.2"))))
Asked = tuple[str, str]
"""A name and a type; ``*`` for the type stands for every other one, and for the name for all below."""


@dataclass(frozen=True)
class World:
    """A whole DNS; what it does not name does not exist."""

    replies: Mapping[Asked, UdpScript]
    tcp: TcpScript | None = None

    def udp(self, query: Query) -> Iterable[bytes | Datagram]:
        numbers = {number: mnemonic for mnemonic, number in TYPES.items()}
        rdtype = numbers.get(query.type, "?")
        above = [f"*.{query.name.split('.', part)[part]}" for part in range(1, len(query.labels))]
        for place in (query.name, *above, "*"):
            for kind in (rdtype, "*"):
                if (place, kind) in self.replies:
                    return self.replies[place, kind](query)
        return once(no_such_name)(query)


@dataclass(frozen=True)
class ListScenario:
    """What ``dnsbl.test`` says of the client, and what is made of it. ``verdict`` is that of the diagnosis."""

    id: str
    result: str
    reason: str
    verdict: str
    hit: UdpScript
    text: UdpScript = NOTHING
    listed_point: UdpScript = ENTRY
    clean_point: UdpScript = NOTHING
    tcp: TcpScript | None = None
    shows: str = ""

    @property
    def seconds(self) -> float:
        """For one try, as for a ``Scenario``."""
        return 0.15 if silent in (self.text, self.listed_point, self.clean_point) or self.reason == "timeout" else 2.0

    @property
    def world(self) -> World:
        points = {(LISTED_POINT, "A"): self.listed_point, (CLEAN_POINT, "A"): self.clean_point}
        return World({(HIT, "A"): self.hit, (HIT, "TXT"): self.text, **points}, self.tcp)


def codes(*addresses: str, ttl: int = 60) -> Reply:
    return says(*(record(A, ipv4(address), ttl=ttl) for address in addresses))


def everywhere(id_: str, result: str, reason: str, verdict: str, script: UdpScript) -> ListScenario:
    """A list that says the same of everybody."""
    return ListScenario(id_, result, reason, verdict, script, listed_point=script, clean_point=script)


def mute(id_: str, reason: str, hit: UdpScript, tcp: TcpScript | None = None) -> ListScenario:
    """A list that says nothing about the client: the reply's own word stands, neither proved nor refuted."""
    return ListScenario(id_, "temperror", reason, "likely", hit, tcp=tcp)


_MANY = [f"127.0.{number // 250}.{number % 250 + 2}" for number in range(1000)]

LISTS = (
    ListScenario("listed", "fail", "listed", "confirmed", once(codes("127.0.0.2"))),
    ListScenario("not-listed", "pass", "not-listed", "refuted", once(no_such_name)),
    everywhere("parked", "permerror", "outside-127", "refuted", once(codes("192.0.2.80"))),
    everywhere("lists-the-world", "permerror", "lists-clean-point", "refuted", once(codes("127.0.0.2"))),
    everywhere("refuses-us", "temperror", "list-error", "likely", once(codes("127.255.255.254"))),
    everywhere("emptied", "pass", "not-listed", "likely", once(no_such_name)),
    everywhere("emptied-nodata", "pass", "not-listed", "likely", once(says(flags=AA))),
    ListScenario("parked-for-us-only", "permerror", "outside-127", "refuted", once(codes("0.0.0.0"))),
    ListScenario("inside-and-outside", "permerror", "outside-127", "refuted", once(codes("127.0.0.2", "192.0.2.80"))),
    ListScenario(
        "listed-and-refused", "temperror", "list-error", "likely", once(codes("127.0.0.2", "127.255.255.254"))
    ),
    ListScenario("many-codes", "fail", "listed", "confirmed", once(truncated), tcp=over_tcp(codes(*_MANY))),
    ListScenario(
        "many-codes-and-one-outside",
        "permerror",
        "outside-127",
        "refuted",
        once(truncated),
        tcp=over_tcp(codes(*_MANY, "128.0.0.1")),
    ),
    ListScenario("listed-ttl-0", "fail", "listed", "confirmed", once(codes("127.0.0.2", ttl=0))),
    ListScenario(
        "listed-only-when-first-asked",
        "fail",
        "listed",
        "confirmed",
        lambda q: [codes("127.0.0.2")(q), no_such_name(q)],
    ),
    ListScenario("forged-hit-first", "pass", "not-listed", "refuted", each(other_id, no_such_name)),
    ListScenario("forged-denial-first", "fail", "listed", "confirmed", each(other_question, codes("127.0.0.2"))),
    ListScenario(
        "words-with-escapes",
        "fail",
        "listed",
        "confirmed",
        once(codes("127.0.0.2")),
        once(says(record(TXT, txt(HOSTILE_TEXT)))),
        shows="\\x1b]52;c;ZXZpbA==\\x07",
    ),
    ListScenario(
        "words-of-10-kB",
        "fail",
        "listed",
        "confirmed",
        once(codes("127.0.0.2")),
        once(truncated),
        tcp=over_tcp(says(record(TXT, txt(b"\x1b[7m" * 2500)))),
    ),
    ListScenario("words-silent", "fail", "listed", "confirmed", once(codes("127.0.0.2")), silent),
    ListScenario(
        "words-garbled", "fail", "listed", "confirmed", once(codes("127.0.0.2")), once(says(record(TXT, b"\xff")))
    ),
    mute("ambiguous-127.0.0.1", "list-error", once(codes("127.0.0.1"))),
    mute("servfail", "servfail", once(says(rcode=SERVFAIL))),
    mute("refused", "refused", once(says(rcode=REFUSED))),
    mute("refused-with-a-hit", "refused", once(says(record(A, ipv4("127.0.0.2")), rcode=REFUSED))),
    mute("silence", "timeout", silent),
    mute("late", "timeout", late(no_such_name, 0.3)),
    mute("denied-by-strays-only", "timeout", each(other_question, other_type, no_qr, echo)),
    mute("lame", "lame", once(says(rcode=NXDOMAIN, flags=0))),
    mute("lame-by-the-soa-of-another-zone", "lame", once(says(authority=[soa("other.test")], rcode=NXDOMAIN, flags=0))),
    mute("referral", "lame", once(says(authority=[referral("dnsbl.test")]))),
    mute("hit-and-nxdomain", "malformed", once(says(record(A, ipv4("127.0.0.2")), rcode=NXDOMAIN))),
    mute("words-instead-of-a-code", "malformed", once(says(record(TXT, txt(b"listed"))))),
    mute("hit-of-class-chaos", "malformed", once(says(record(A, ipv4("127.0.0.2"), rdclass=CH)))),
    mute("hit-of-another-name", "malformed", once(says(a("127.0.0.2", name("8.113.0.203.dnsbl.test"))))),
    mute("hit-cut", "malformed", once(says(record(A, ipv4("127.0.0.2"), length=3)))),
    mute("hit-truncated-and-no-tcp", "truncated", once(says(record(A, ipv4("127.0.0.2")), flags=RA | TC))),
    mute("denial-truncated-and-tcp-cut", "truncated", once(truncated), lambda q: Stream(framed(no_such_name(q))[:-1])),
    mute("alias-of-itself", "cname-loop", once(says(record(CNAME, ASKED)))),
    ListScenario(
        "point-silent", "temperror", "health-unknown", "likely", once(codes("127.0.0.2")), listed_point=silent
    ),
    ListScenario(
        "clean-point-silent", "temperror", "health-unknown", "likely", once(codes("127.0.0.2")), clean_point=silent
    ),
    ListScenario(
        "clean-point-lame",
        "temperror",
        "health-unknown",
        "likely",
        once(codes("127.0.0.2")),
        clean_point=once(says(flags=0)),
    ),
    ListScenario(
        "clean-point-servfail-and-no-entry",
        "pass",
        "not-listed",
        "likely",
        once(no_such_name),
        clean_point=once(says(rcode=SERVFAIL)),
    ),
    ListScenario(
        "points-refused",
        "temperror",
        "list-error",
        "likely",
        once(codes("127.0.0.2")),
        listed_point=once(codes("127.255.255.255")),
    ),
    ListScenario(
        "points-parked",
        "permerror",
        "outside-127",
        "refuted",
        once(codes("127.0.0.2")),
        clean_point=once(codes("192.0.2.80")),
    ),
)


@dataclass(frozen=True)
class RouteScenario:
    """The DNS of ``shop.test``, the findings that must stand in the report, and what must not be asked. A mail server
    listens on 127.0.0.1, and nobody may be led there."""

    id: str
    world: World
    findings: frozenset[str]
    not_asked: frozenset[str] = frozenset()
    most_questions: int = 11


def route(
    id_: str, finding: str, replies: Mapping[Asked, UdpScript], tcp: TcpScript | None = None, not_asked: str = ""
) -> RouteScenario:
    return RouteScenario(id_, World(replies, tcp), frozenset([finding]), frozenset(not_asked.split()))


def mx_says(id_: str, finding: str, script: UdpScript) -> RouteScenario:
    """What the MX question gets, of a domain that has an address: no failure may be read as "no MX"."""
    return route(id_, finding, {("shop.test", "MX"): script, ("shop.test", "A"): once(codes("127.0.0.1"))})


def exchanges(*records: bytes) -> UdpScript:
    return once(says(*(record(MX, rdata) for rdata in records)))


def leads_to(rdtype: str, address: str) -> RouteScenario:
    rdata = ipv4(address) if rdtype == "A" else ipv6(address)
    replies = {("shop.test", "MX"): exchanges(mx(10, name("mx.shop.test")))}
    none = once(says(flags=AA))
    return route(
        f"address-{address}",
        "private-address",
        {**replies, ("mx.shop.test", "*"): none, ("mx.shop.test", rdtype): once(says(record(TYPES[rdtype], rdata)))},
    )


_THOUSAND = says(*(record(MX, mx(number, name(f"mx{number}.shop.test"))) for number in range(1000)))
_THOUSAND_UNUSABLE = says(*(record(MX, mx(number, name("", b"\x1b%d" % number))) for number in range(1000)))

ROUTES = (
    mx_says("mx-servfail", "dns-failed", once(says(rcode=SERVFAIL))),
    mx_says("mx-refused", "dns-failed", once(says(rcode=REFUSED))),
    mx_says("mx-silence", "dns-failed", silent),
    mx_says("mx-lame", "dns-failed", once(says(flags=0))),
    mx_says("mx-referral", "dns-failed", once(says(authority=[referral("shop.test")]))),
    mx_says("mx-loop", "dns-failed", once(says(record(CNAME, ASKED)))),
    mx_says("mx-garbled", "dns-failed", exchanges(b"\0\x0a\xc0\xff")),
    mx_says("mx-and-nxdomain", "dns-failed", once(says(record(MX, mx(1, name("a.b"))), rcode=NXDOMAIN))),
    mx_says("mx-denied-by-the-soa-of-another-zone", "dns-failed", once(says(authority=[soa("other.test")], flags=0))),
    mx_says("mx-truncated", "dns-failed", once(truncated)),
    mx_says("null-mx", "null-mx", exchanges(mx(0, name()))),
    mx_says("null-mx-twice", "null-mx", exchanges(mx(0, name()), mx(10, name()))),
    mx_says("mx-localhost", "private-address", exchanges(mx(0, name("localhost")))),
    mx_says("mx-is-an-address", "mx-unusable", exchanges(mx(0, name("127.0.0.1")))),
    mx_says("mx-with-escapes", "mx-unusable", exchanges(mx(0, name("", b"\x1b[2J\x9b", b"a.b\0\n")))),
    route(
        "mx-1000",
        "private-address",
        {("shop.test", "MX"): once(truncated), ("*.shop.test", "A"): once(codes("127.0.0.1"))},
        over_tcp(_THOUSAND),
        not_asked="mx5.shop.test mx999.shop.test",
    ),
    route(
        "mx-localhost-and-dns-would-know",
        "private-address",
        {("shop.test", "MX"): exchanges(mx(0, name("localhost"))), ("localhost", "*"): once(codes("127.0.0.9"))},
        not_asked="localhost",
    ),
    route("mx-1000-unusable", "mx-unusable", {("shop.test", "MX"): once(truncated)}, over_tcp(_THOUSAND_UNUSABLE)),
    route(
        "mx-is-an-address-with-an-address",
        "mx-unusable",
        {("shop.test", "MX"): exchanges(mx(0, name("192.0.2.9"))), ("192.0.2.9", "A"): once(codes("127.0.0.1"))},
        not_asked="192.0.2.9",
    ),
    route(
        "address-servfail",
        "dns-failed",
        {
            ("shop.test", "MX"): exchanges(mx(0, name("mx.shop.test"))),
            ("mx.shop.test", "A"): once(says(rcode=SERVFAIL)),
        },
    ),
    route(
        "address-lame",
        "dns-failed",
        {("shop.test", "MX"): exchanges(mx(0, name("mx.shop.test"))), ("mx.shop.test", "AAAA"): once(says(flags=0))},
    ),
    route(
        "alias-into-this-machine",
        "private-address",
        {
            ("shop.test", "MX"): exchanges(mx(0, name("mx.shop.test"))),
            ("mx.shop.test", "*"): once(says(record(CNAME, name("localhost")), a("127.0.0.1", name("localhost")))),
        },
    ),
    leads_to("A", "0.0.0.0"),
    leads_to("A", "127.0.0.1"),
    leads_to("A", "127.255.255.255"),
    leads_to("A", "10.0.0.1"),
    leads_to("A", "169.254.169.254"),
    leads_to("A", "255.255.255.255"),
    leads_to("AAAA", "::"),
    leads_to("AAAA", "::1"),
    leads_to("AAAA", "fe80::1"),
    leads_to("AAAA", "fd00::1"),
    leads_to("AAAA", "::ffff:127.0.0.1"),
    leads_to("AAAA", "::ffff:169.254.169.254"),
)

# Ways to write an address of this machine or this site as another one. They are routed and never connected to.
DISGUISED = ("::127.0.0.1", "64:ff9b::7f00:1", "64:ff9b:1::7f00:1", "2002:7f00:1::1", "fec0::1")
