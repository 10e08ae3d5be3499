"""A message in, its assessment out: what is believed, by whose word, and what is to be done."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import probe
from probe.catalog import catalog
from probe.codec import from_json, to_json
from probe.errors import UsageError
from probe.limits import Limits
from probe.model import Assessment
from tests.checks.fake import FakeAsker, Said, failed
from tests.signing import NOW, PLAIN, Signer

SIGNER = Signer(algorithm="ed25519-sha256")
LIST = Signer("list.test", "l1", bits=1024)
RECEIVED = (
    b"Return-Path: <ann@shop.test>\r\n"
    b"Received: from mx.mail.test ([10.0.0.1]) by store.mail.test; Fri, 27 Nov 2026 09:00:04 +0000\r\n"
    b"Received: from mail.shop.test (mail.shop.test [203.0.113.7])\r\n"
    b"\tby mx.mail.test with ESMTPS; Fri, 27 Nov 2026 09:00:03 +0000\r\n"
    b"Received: from laptop ([198.51.100.200]) by mail.shop.test; Fri, 27 Nov 2026 09:00:01 +0000\r\n"
)
ZONE: dict[str, Said] = {
    SIGNER.name: SIGNER.record,
    LIST.name: LIST.record,
    "TXT shop.test": "v=spf1 ip4:203.0.113.7 -all",
    "TXT list.test": "v=spf1 ip4:203.0.113.9 -all",
    "TXT _dmarc.shop.test": "v=DMARC1; p=reject",
}


def assessed(
    message: bytes | bytearray | str, zone: Mapping[str, Said] = ZONE, lang: str = "en", **envelope: Any
) -> Assessment:
    work = probe.message(
        message,
        name="a.eml",
        resolver=FakeAsker(zone),
        facts=catalog(lang),
        authserv_id="mx.test",
        now=lambda: NOW,
        **envelope,
    )
    return asyncio.run(work)


def results(one: Assessment) -> dict[str, str | None]:
    return {row.check: row.result for row in one.checks}


def ids(one: Assessment) -> set[str]:
    return {finding.id for finding in one.findings}


def without(*names: str) -> dict[str, Said]:
    return {name: said for name, said in ZONE.items() if name not in names}


def test_a_message_that_proves_itself() -> None:
    one = assessed(RECEIVED + SIGNER.sign())
    assert {"structure": "pass", "spf": "pass", "dkim": "pass", "arc": "none", "dmarc": "pass"} == results(one)
    assert ("message", "a.eml", "pass", ()) == (one.kind, one.subject, one.conclusion, one.fixes)
    assert not {"dkim-fail", "dkim-unsigned", "dmarc-fail", "spf-broken"} & ids(one)
    assert "shop.test, the domain of the author, stands for this message." == one.summary
    assert "DMARC pass: shop.test is aligned with SPF shop.test and DKIM shop.test" in one.proof


def test_the_last_hop_from_outside_is_the_client() -> None:
    """Above it the receiver's own servers wrote; below it anybody could."""
    one = assessed(RECEIVED + SIGNER.sign())
    assert ("203.0.113.7", "received") == (one.client.address, one.client.learned_from)
    assert (2, "mx.mail.test") == (one.facts["received_place"], one.facts["received_by"])
    assert ("ann@shop.test", "mail.shop.test") == (one.facts["mail_from"], one.facts["ehlo"])
    assert any("number 2 from the top, written by mx.mail.test" in line for line in one.proof)


def test_what_is_given_comes_first() -> None:
    one = assessed(RECEIVED + SIGNER.sign(), client_ip="192.0.2.1", mail_from="bob@list.test", ehlo="x.test")
    assert ("192.0.2.1", "option") == (one.client.address, one.client.learned_from)
    row = next(row for row in one.checks if row.check == "spf")
    assert ("mailfrom", "fail", "list.test") == (row.subject, row.result, row.facts["domain"])
    assert "pass" == results(one)["dmarc"]  # by DKIM


def test_the_null_reverse_path_leaves_the_ehlo_name() -> None:
    zone = {**ZONE, "TXT mail.shop.test": "v=spf1 ip4:203.0.113.7 -all"}
    one = assessed(RECEIVED.replace(b"<ann@shop.test>", b"<>") + PLAIN, zone)
    row = next(row for row in one.checks if row.check == "spf")
    assert ("helo", "pass", "pass") == (row.subject, row.result, results(one)["dmarc"])


def test_without_a_client_nothing_is_claimed() -> None:
    one = assessed(PLAIN)
    assert "unknown" == one.conclusion
    assert "spf" not in results(one)
    assert any("give --client-ip" in line for line in one.proof)
    assert "spf=" not in str(one.authentication_results)


def test_a_forged_author_fails() -> None:
    one = assessed(RECEIVED.replace(b"ann@shop.test", b"x@list.test").replace(b"113.7", b"113.9") + LIST.sign())
    assert {"spf": "pass", "dkim": "pass", "dmarc": "fail"}.items() <= results(one).items()
    assert "fail" == one.conclusion
    assert "dmarc-fail" in ids(one)
    assert any(fix.publish is None and "d=" in fix.do for fix in one.fixes)


def test_what_a_list_did_is_told_with_what_to_do() -> None:
    one = assessed(SIGNER.sign().replace(b"Subject: ", b"Subject: [orders] ") + b"-- \r\nthe list\r\n")
    [finding] = [finding for finding in one.findings if finding.id == "dkim-fail"]
    assert "the last 2 lines" in finding.explanation
    assert 'It agrees without "[orders]" in front of the subject' in finding.explanation
    assert ["relay"] == [fix.who for fix in one.fixes]


def test_a_missing_key_is_to_be_published() -> None:
    one = assessed(SIGNER.sign(), without(SIGNER.name))
    [fix] = [fix for fix in one.fixes if fix.publish and fix.publish.startswith("s1._domainkey.shop.test. TXT")]
    assert "k=ed25519" in str(fix.publish)
    assert "DNS owner" == fix.who


@pytest.mark.parametrize(
    "signature",
    [
        b"garbage",
        b"v=1; a=rsa-sha256; d=; s=; h=from; bh=AAAA; b=AAAA",
        b"v=1; a=\x1b[1m; d=shop.test; s=\x1b[31m; h=from; bh=AAAA; b=AA\x1bAA",
        b"v=1; a=rsa-sha256; d=shop..test; s=s1; i=@shop..test; h=from; bh=AAAA; b=AAAA",
    ],
)
def test_a_malformed_signature_is_the_signers(signature: bytes) -> None:
    """No key under any name would help, and what names nothing is no property (RFC 8601 section 2.3)."""
    one = assessed(RECEIVED + b"DKIM-Signature: " + signature + b"\r\n" + PLAIN)
    assert "dkim-malformed" in ids(one)
    assert [None] == [fix.publish for fix in one.fixes]
    assert one.fixes[0].do.startswith("mend the signer: what it writes into DKIM-Signature is malformed (")
    [line] = [line for line in one.proof if line.startswith("DKIM")]
    assert line.startswith("DKIM neutral: a signature is malformed: ")
    [dkim] = [part for part in str(one.authentication_results).split(";") if "dkim=" in part]
    assert "dkim=neutral" in dkim
    assert '"' not in dkim
    for name, said in (("header.d=", b"d=shop.test"), ("header.i=", b"d=shop.test"), ("header.s=", b"s=s1")):
        assert (said in signature) == (name in dkim)


def test_a_malformed_signature_says_whose_it_is_where_that_can_be_read() -> None:
    one = assessed(SIGNER.sign(v="2"))
    assert "DKIM neutral, shop.test (s1): the version is wrong: v=2" in one.proof
    assert [None] == [fix.publish for fix in one.fixes]


def test_a_signature_without_from_is_mended_by_its_signer() -> None:
    one = assessed(SIGNER.sign(headers=("To", "Subject")))
    assert [("you", None)] == [(fix.who, fix.publish) for fix in one.fixes if "From is not among" in fix.do]


def test_the_report_shows_whose_message_it_claims_to_be() -> None:
    """What was signed may still try to look like something else."""
    author = b'From: "\x1b[31mAnn\x1b]0;x\x07" <ann\x1b[2J@shop.test>\r\n'
    one = assessed(RECEIVED + SIGNER.sign(author + PLAIN.partition(b"\r\n")[2]))
    assert r"From: ann\x1b[2J@shop.test; its domain, shop.test, is the one that DMARC asks about" == one.proof[0]
    [finding] = [finding for finding in one.findings if finding.id == "structure-header-controls"]
    assert "error" == finding.severity
    assert r'From: "\x1b[31mAnn\x1b]0;x\x07"' in finding.explanation


def test_authors_of_several_domains_are_shown_too() -> None:
    one = assessed(b"From: ann@shop.test, eve@evil.test\r\n" + PLAIN.partition(b"\r\n")[2])
    assert "From: ann@shop.test, eve@evil.test; not one domain that DMARC could ask about" == one.proof[0]


def test_equal_signatures_are_told_once_with_their_count() -> None:
    one = assessed(SIGNER.sign().removesuffix(PLAIN) * 200 + PLAIN)
    assert [
        "DKIM pass: shop.test (s1) signed it, ed25519-sha256, 256 bits (10 times)",
        "DKIM: 190 more signatures were not looked at",
        "DMARC pass: shop.test is aligned with DKIM shop.test",
    ] == [line for line in one.proof if line.startswith("D")]


def test_equal_signatures_of_another_are_told_once_with_what_to_do() -> None:
    one = assessed(RECEIVED.replace(b"113.7", b"113.8") + LIST.sign().removesuffix(PLAIN) * 3 + PLAIN)
    assert ["fail"] == [row.result for row in one.checks if row.check == "dmarc"]
    assert any("what passed (DKIM list.test) does not align" in fix.do for fix in one.fixes)


@pytest.mark.parametrize(
    ("author", "reason"),
    [
        (b"From: ann@shop.test\r\nFrom: eve@evil.test\r\n", "from-twice"),
        (b"From: ann@shop.test, eve@evil.test\r\n", "from-several"),
        (b"From: ann\r\n", "from-unreadable"),
    ],
)
def test_dmarc_cannot_be_applied_to_several_authors_and_says_so(author: bytes, reason: str) -> None:
    one = assessed(RECEIVED + author + PLAIN.partition(b"\r\n")[2])
    assert f"dmarc=permerror reason={reason}" == str(one.authentication_results).split(";")[-1].strip()


@pytest.mark.parametrize(
    ("record", "said"),
    [(None, "none"), ("v=DMARC1; p=nonsense", "permerror"), (failed(), "temperror"), (failed("servfail"), "temperror")],
)
@pytest.mark.parametrize("ahead", [b"", RECEIVED])
def test_what_dmarc_found_is_in_the_field_with_and_without_a_client(
    ahead: bytes, record: Said | None, said: str
) -> None:
    zone = without("TXT _dmarc.shop.test") | ({} if record is None else {"TXT _dmarc.shop.test": record})
    field = " ".join(str(assessed(ahead + PLAIN, zone).authentication_results).split())
    assert f"dmarc={said}" in field
    assert field.endswith("header.from=shop.test")


def test_a_second_from_is_to_be_removed() -> None:
    one = assessed(RECEIVED + b"From: eve@evil.test\r\n" + SIGNER.sign())
    assert "dkim-policy" not in ids(one)
    [finding] = [finding for finding in one.findings if finding.id == "dkim-from-unsigned"]
    assert finding.remedy.startswith("Keep one From field.")


def test_a_missing_policy_is_to_be_published() -> None:
    one = assessed(RECEIVED + SIGNER.sign(), without("TXT _dmarc.shop.test"))
    assert "unknown" == one.conclusion
    assert any(fix.publish and fix.publish.startswith('_dmarc.shop.test. TXT "v=DMARC1; p=none') for fix in one.fixes)


def test_a_message_without_from_has_no_author() -> None:
    one = assessed(b"Subject: hello\r\n")
    assert ("fail", "none") == (one.conclusion, results(one)["dkim"])
    assert "dmarc" not in results(one)
    assert "structure-no-from" in ids(one)


@pytest.mark.parametrize(
    ("octets", "says"),
    [
        (b"", "a.eml is empty"),
        (b"\r\n", "a.eml holds no header field: it is no message"),
        (b"hello\r\n\r\nSubject: in the body", "a.eml holds no header field: it is no message"),
        (b"\x7fELF\x02\x01:\0\n\0a:\n", "a.eml holds no header field: it is no message"),
    ],
)
def test_what_holds_no_field_is_no_message(octets: bytes, says: str) -> None:
    with pytest.raises(UsageError) as raised:
        assessed(octets)
    assert says == str(raised.value)


def test_a_text_is_its_utf8() -> None:
    message = SIGNER.sign(PLAIN + "三箱 \udcff\r\n".encode("utf-8", "surrogateescape"))
    assert "pass" == results(assessed(message.decode("utf-8", "surrogateescape")))["dkim"]
    assert "pass" == results(assessed(bytearray(message)))["dkim"]
    for wrong in ("Subject: \ud800", None, 5):
        with pytest.raises(UsageError, match=r"surrogate|a message is bytes or str, not"):
            assessed(wrong)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "wrong",
    [
        *("not an address", "ann", "ann@", "@shop.test", "ann@shop..test", "a b@shop.test", "ann@shop.test\x1b[2J"),
        *("ann\r\n@shop.test", "ann@[300.1.1.1]", "<ann@shop.test", "ann@shop.test, b@shop.test", "\udcff@shop.test"),
    ],
)
def test_a_reverse_path_that_is_no_address_is_said_at_once(wrong: str) -> None:
    with pytest.raises(UsageError, match="MAIL FROM is an address, or empty") as raised:
        assessed(PLAIN, mail_from=wrong)
    assert str(raised.value).isprintable()


@pytest.mark.parametrize(
    ("given", "read"),
    [
        ("", ""),
        ("<>", ""),
        ("<ann@shop.test>", "ann@shop.test"),
        ("bounce+1=bob=mail.test@shop.test", "bounce+1=bob=mail.test@shop.test"),
        ('"a b"@shop.test', '"a b"@shop.test'),
        ("注文@例え.jp", "注文@例え.jp"),
        ("ann@[192.0.2.1]", "ann@[192.0.2.1]"),
        ("ann@[IPv6:2001:db8::1]", "ann@[IPv6:2001:db8::1]"),
    ],
)
def test_every_form_of_a_reverse_path_is_taken(given: str, read: str) -> None:
    assert read == assessed(PLAIN, mail_from=given).facts["mail_from"]


def test_a_name_server_may_be_given_by_its_address() -> None:
    limits = Limits(dns_timeout=0.05, dns_tries=1)
    one = asyncio.run(probe.message(SIGNER.sign(), resolver="127.0.0.1:1", limits=limits, now=lambda: NOW))
    assert {"dkim": "temperror", "dmarc": "temperror"}.items() <= results(one).items()
    assert {"127.0.0.1:1"} == {answer.server for row in one.checks for answer in row.queries}
    with pytest.raises(UsageError, match="no-such"):
        asyncio.run(probe.message(PLAIN, resolver="no-such server"))


@pytest.mark.parametrize(
    "author",
    [b"From: ann@shop.test\r\nFrom: eve@evil.test\r\n", b"From: ann@shop.test, eve@evil.test\r\n", b"From: ann\r\n"],
)
def test_an_author_of_several_domains_is_nobody(author: bytes) -> None:
    one = assessed(RECEIVED + author + PLAIN.partition(b"\r\n")[2])
    assert ("fail", None) == (one.conclusion, one.facts["author_domain"])


def test_dns_that_does_not_answer_is_no_verdict() -> None:
    zone: dict[str, Said] = dict.fromkeys(ZONE, failed())
    one = assessed(RECEIVED + SIGNER.sign(), zone)
    assert {"spf": "temperror", "dkim": "temperror", "dmarc": "temperror"}.items() <= results(one).items()
    assert "unknown" == one.conclusion
    assert "SPF temperror for shop.test: no answer in time" in one.proof
    assert not {"dkim-fail", "dkim-unusable", "dmarc-missing", "spf-missing"} & ids(one)


def test_a_run_ends_with_its_deadline_and_says_what_it_does_not_know() -> None:
    class Silent(FakeAsker):
        async def ask(self, name: str, rdtype: str) -> Any:
            await asyncio.Event().wait()

    work = probe.message(RECEIVED + SIGNER.sign(), resolver=Silent({}), limits=Limits(session=0.05), now=lambda: NOW)
    one = asyncio.run(work)
    assert {"structure": "pass", "spf": "temperror", "dkim": "temperror", "dmarc": "temperror"}.items() <= results(
        one
    ).items()
    row = next(row for row in one.checks if row.check == "dkim")
    assert ("shop.test", "timeout") == (row.facts["domain"], row.facts["reason"])
    assert "unknown" == one.conclusion


def test_only_so_many_signatures_are_verified() -> None:
    head = SIGNER.sign().removesuffix(PLAIN)
    one = assessed(head * 30 + PLAIN)
    assert (30, 10) == (one.facts["signatures"], one.facts["signatures_verified"])
    assert 10 == sum(row.check == "dkim" for row in one.checks)


def test_an_address_that_is_none_is_said_at_once() -> None:
    with pytest.raises(UsageError, match="is no address"):
        assessed(PLAIN, client_ip="localhost")


def test_it_survives_the_way_through_json() -> None:
    written = to_json(assessed(RECEIVED + SIGNER.sign() + b"x"))
    assert to_json(from_json(Assessment, written)) == written


def test_japanese_is_japanese() -> None:
    one = assessed(SIGNER.sign() + b"the list\r\n", lang="ja")
    assert all(any(ord(letter) > 0x3000 for letter in line) for line in (one.summary, *one.proof))


WORDS = (
    rb"From:|ann@shop.test|DKIM-Signature:|v=1;|a=rsa-sha256;|d=shop.test;|s=s1;|h=from;|bh=AAAA;|b=AAAA|l=5;|c=simple;|"
    rb"z=From:a;|ARC-Seal: i=1;cv=none;|ARC-Message-Signature: i=1;|ARC-Authentication-Results: i=1;|Return-Path: <|>|"
    rb"Received: from a ([203.0.113.7]) by b;|Date:|List-Unsubscribe: <https://a>|Content-Type: multipart/mixed;|"
    rb"boundary=x|--x|=?utf-8?b?AA?=|Subject: [x]"
).split(b"|")
PIECES = st.sampled_from([*WORDS, b"\r\n", b"\r\n\r\n", b"\n", b"\r", b" ", b"\t", b"\0", b"\xff", b"\x1b[2J", b"|"])


@settings(suppress_health_check=[HealthCheck.too_slow], max_examples=200)
@given(message=st.one_of(st.binary(max_size=100), st.lists(PIECES, max_size=40).map(b"".join)))
def test_no_octets_raise_or_reach_an_output(message: bytes) -> None:
    try:
        one = assessed(message)
    except UsageError as error:  # what holds no field
        assert str(error).startswith("a.eml ")
        return
    assert all(line.isprintable() for line in (one.summary, *one.proof, *str(one.authentication_results).split("\n")))
    for row in one.checks:
        assert row.facts.get("reason") != "internal-error", row.facts
        assert row.subject.isprintable()
    for finding in one.findings:
        assert finding.explanation.isprintable()
