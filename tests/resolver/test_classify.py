"""What a packet means. The packets are dnspython's, or any octets at all."""

from __future__ import annotations

import struct
from collections.abc import Sequence

import dns.edns
import dns.flags
import dns.message
import dns.rcode
import dns.rrset
import pytest
from hypothesis import given
from hypothesis import strategies as st

from probe.names import encode_name
from probe.resolver.classify import classify
from probe.resolver.codec import TYPES, MalformedError, encode_query, is_answer_to, read_shape

NAME = "www.example.test"
NS = "example.test. 60 IN NS ns.other.test."
SOA = "example.test. 60 IN SOA ns.example.test. root.example.test. 1 2 3 4 5"


def packet(
    *answer: str,
    rdtype: str = "A",
    rcode: str = "NOERROR",
    flags: str = "RD RA",
    authority: Sequence[str] = (),
) -> bytes:
    message = dns.message.make_response(dns.message.make_query(NAME, rdtype, id=4711))  # ids name the tests
    message.flags = dns.flags.from_text("QR " + flags)
    message.set_rcode(dns.rcode.from_text(rcode))
    message.answer = [dns.rrset.from_text(*line.split(None, 4)) for line in answer]
    message.authority = [dns.rrset.from_text(*line.split(None, 4)) for line in authority]
    return message.to_wire()


def said(octets: bytes, rdtype: str = "A") -> tuple[str, str | None, tuple[str, ...]]:
    verdict = classify(octets, TYPES[rdtype])
    return verdict.answer, verdict.reason, verdict.values


def chain(length: int) -> list[str]:
    aliases = [f"{NAME}. 60 IN CNAME a1.test."] + [f"a{n}.test. 60 IN CNAME a{n + 1}.test." for n in range(1, length)]
    return [*aliases, f"a{length}.test. 60 IN A 192.0.2.1"]


def test_found() -> None:
    assert said(packet(f"{NAME}. 60 IN A 192.0.2.1")) == ("found", None, ("192.0.2.1",))


@pytest.mark.parametrize(
    ("value", "rdtype", "data"),
    [
        ("10 mx.example.test", "MX", "10 MX.Example.TEST."),
        ("0 .", "MX", "0 ."),
        ("v=spf1 -all", "TXT", '"v=spf1" " -all"'),
        ("a\\x1b[31m\\xffb", "TXT", '"a\\027[31m\\255b"'),
        ("2001:db8::1", "AAAA", "2001:DB8:0:0::1"),
        ("host.example.test", "PTR", "Host.Example.Test."),
        ("a\\.b\\032c.test", "CNAME", "a\\.b\\032c.test."),
        ("1 2 25 mx.example.test", "SRV", "1 2 25 MX.example.test."),
        ("3 1 1 " + "ab" * 32, "TLSA", "3 1 1 " + "AB" * 32),
        ('0 issue "ca.example"', "CAA", '0 issue "ca.example"'),
        ("ns.test root.test 1 2 3 4 5", "SOA", "ns.test. root.test. 1 2 3 4 5"),
    ],
)
def test_values_in_presentation_form(value: str, rdtype: str, data: str) -> None:
    octets = packet(f"{NAME}. 60 IN {rdtype} {data}", rdtype=rdtype)
    assert ("found", None, (value,)) == said(octets, rdtype)


@pytest.mark.parametrize(
    ("answer", "reason", "octets"),
    [
        ("absent", "nxdomain", packet(rcode="NXDOMAIN", authority=[SOA])),
        ("absent", "nxdomain", packet(rcode="NXDOMAIN")),
        ("absent", "nodata", packet()),
        ("absent", "nodata", packet(flags="AA")),
        ("absent", "nodata", packet(flags="", authority=[SOA])),
        ("absent", "nodata", packet(flags="AA", authority=[NS])),
        ("absent", "nodata", packet(flags="RA", authority=[NS, SOA])),
        ("failed", "lame", packet(flags="", authority=[NS])),
        ("failed", "lame", packet(flags="RA", authority=[NS])),
        ("failed", "lame", packet(flags="")),
        ("failed", "lame", packet(flags="", rcode="NXDOMAIN")),
        ("refused", "refused", packet(rcode="REFUSED")),
        ("failed", "servfail", packet(rcode="SERVFAIL")),
        ("failed", "notimp", packet(rcode="NOTIMP")),
        ("failed", "formerr", packet(rcode="FORMERR")),
        ("failed", "rcode-6", packet(rcode="YXDOMAIN")),
        ("failed", "truncated", packet(flags="TC RA")),
        ("failed", "malformed", packet(f"{NAME}. 60 IN A 192.0.2.1", rcode="NXDOMAIN")),
        ("failed", "malformed", packet("other.test. 60 IN A 192.0.2.1")),
        ("failed", "malformed", packet(f"{NAME}. 60 IN A 192.0.2.1")[:-1]),
        ("failed", "malformed", b""),
    ],
)
def test_no_values(answer: str, reason: str, octets: bytes) -> None:
    assert (answer, reason, ()) == said(octets)


@pytest.mark.parametrize(
    ("data", "value"),
    [
        (b"\3\1\1" + b"\xab" * 32, f"3 1 1 {'ab' * 32}"),
        (b"\3\1\2" + b"\xab" * 32, f"3 1 2 {'ab' * 32}"),
        (b"\xff\xff\xff", "255 255 255"),
        (b"\3\1", r"\# 2 0301"),
        (b"", r"\# 0"),
    ],
    ids=["sound", "length", "unknown", "short", "empty"],
)
def test_tlsa_records_are_kept_as_they_were_published(data: bytes, value: str) -> None:
    """Some of these dnspython would not read, and the sound one beside them would be lost."""
    sound = "3 1 1 " + "cd" * 32
    octets = packet(f"{NAME}. 60 IN CNAME tlsa.test.", f"tlsa.test. 60 IN TLSA {sound}", rdtype="TLSA")
    owner = bytes([0xC0, octets.index(b"\4tlsa")])
    record = owner + struct.pack("!HHIH", TYPES["TLSA"], 1, 60, len(data)) + data
    octets = octets[:6] + b"\0\3" + octets[8:] + record
    assert ("found", None, (sound, value)) == said(octets, "TLSA")


def test_aliases_are_followed_within_the_answer() -> None:
    verdict = classify(packet(*chain(8)), TYPES["A"])
    assert (verdict.answer, verdict.values, verdict.canonical_name) == ("found", ("192.0.2.1",), "a8.test")


@pytest.mark.parametrize(
    "answer",
    [chain(9), [f"{NAME}. 60 IN CNAME a.test.", f"a.test. 60 IN CNAME {NAME}."], [f"{NAME}. 60 IN CNAME {NAME}."]],
)
def test_too_many_aliases_are_a_loop(answer: list[str]) -> None:
    assert said(packet(*answer)) == ("failed", "cname-loop", ())


def test_an_alias_to_nothing_is_absent_only_if_the_server_says_so() -> None:
    alias = f"{NAME}. 60 IN CNAME a.test."
    assert said(packet(alias, rcode="NXDOMAIN", authority=[SOA])) == ("absent", "nxdomain", ())
    assert said(packet(alias, authority=[SOA.replace("example.test.", "test.", 1)])) == ("absent", "nodata", ())
    assert classify(packet(alias, authority=[SOA]), TYPES["A"]).ask_on == "a.test"
    assert classify(packet(alias, flags="AA"), TYPES["A"]).ask_on == "a.test"


def test_the_ad_bit_is_reported() -> None:
    assert classify(packet(f"{NAME}. 60 IN A 192.0.2.1", flags="RA AD"), 1).authenticated
    assert not classify(packet(f"{NAME}. 60 IN A 192.0.2.1"), 1).authenticated


def test_the_question_on_the_wire() -> None:
    query = dns.message.from_wire(encode_query(0x1234, encode_name(NAME), TYPES["MX"]))
    assert (0x1234, f"{NAME}. IN MX") == (query.id, query.question[0].to_text())
    assert query.flags == dns.flags.RD | dns.flags.AD
    assert (query.edns, query.payload, query.ednsflags) == (0, 1232, 0)
    assert dns.message.from_wire(encode_query(1, encode_name(NAME), 1, edns=False)).edns == -1


def test_a_question_past_the_validation_sets_cd() -> None:
    query = dns.message.from_wire(encode_query(1, encode_name(NAME), TYPES["A"], checked=False))
    assert query.flags == dns.flags.RD | dns.flags.AD | dns.flags.CD


def explained(*options: dns.edns.Option, rcode: str = "SERVFAIL") -> bytes:
    message = dns.message.from_wire(packet(rcode=rcode))
    message.use_edns(0, payload=1232, options=list(options))
    return message.to_wire()


def test_what_a_resolver_says_of_a_failure_is_kept() -> None:
    bogus, expired = dns.edns.EDEOption(6, "no valid signature"), dns.edns.EDEOption(7)
    other = dns.edns.GenericOption(10, b"12345678")
    assert (6, 7) == classify(explained(other, bogus, expired, bogus), 1).extended_errors
    refusal = classify(explained(dns.edns.EDEOption(15), rcode="REFUSED"), 1)
    assert ("refused", (15,)) == (refusal.answer, refusal.extended_errors)
    assert () == classify(explained(other), 1).extended_errors
    assert () == classify(explained(dns.edns.GenericOption(15, b"\0")), 1).extended_errors
    cut = explained(bogus)[:-20]
    assert ("failed", "malformed") == classify(cut, 1)[:2]


def test_only_the_answer_to_the_question_counts() -> None:
    query = encode_query(0x1234, encode_name(NAME), TYPES["A"])
    answer = bytes([0x12, 0x34, 0x81, 0x80]) + query[4:]
    assert is_answer_to(query, answer)
    assert is_answer_to(query, answer.replace(b"www", b"wWw"))
    assert not is_answer_to(query, query)
    assert not is_answer_to(query, b"\x12\x35" + answer[2:])
    assert not is_answer_to(query, answer.replace(b"www", b"wwx"))
    assert not is_answer_to(query, answer.replace(b"\0\0\1\0\1", b"\0\0\2\0\1"))
    assert is_answer_to(query, bytes([0x12, 0x34, 0x81, 0x81]) + bytes(8))
    assert not is_answer_to(query, bytes([0x12, 0x34, 0x81, 0x80]) + bytes(8))


QUERY = encode_query(7, encode_name(NAME), 1)
HEAD = b"\0\7\x81\x80"


@given(st.binary(max_size=600), st.sampled_from(sorted(TYPES.values())))
def test_any_octets_are_no_answer_and_no_crash(octets: bytes, rdtype: int) -> None:
    is_answer_to(QUERY, octets)
    assert classify(octets, rdtype).values == ()


@given(
    st.lists(st.integers(0, 3), min_size=3, max_size=3),
    st.sampled_from([QUERY[12:-11], b""]),
    st.lists(
        st.sampled_from([b"\xc0\x0c", b"\0", b"\xc0", b"\0\1\0\1", b"\0\5\0\1", b"\0\0\0\1", b"\0\4", b"\3abc"])
        | st.binary(max_size=8)
    ),
)
def test_nearly_right_answers_never_raise(counts: list[int], question: bytes, pieces: list[bytes]) -> None:
    numbers = b"".join(count.to_bytes(2, "big") for count in counts)
    octets = HEAD + b"\0\1" + numbers + question + b"".join(pieces)
    verdict = classify(octets, 1)
    assert verdict.answer in ("found", "absent", "failed")
    try:
        read_shape(octets)
    except MalformedError:
        assert (verdict.answer, verdict.reason) == ("failed", "malformed")
