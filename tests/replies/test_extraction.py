"""The fields of a reply: the right address of two, the list behind a name, links, waits and codes."""

import json
import re
from ipaddress import IPv6Address
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from probe.catalog import catalog
from probe.replies.explanation import explain_text
from probe.replies.extraction import extract

DEV = Path(__file__).resolve().parents[2] / "../shared/corpus/extract_dev.jsonl"


@pytest.mark.parametrize(
    ("text", "cause", "key", "value"),
    [
        ("Client host [203.0.113.7] blocked using dnsbl.test", "ip-blocklisted", "blocked_ip", "203.0.113.7"),
        ("Client host [2001:db8::7] blocked using dnsbl.test", "ip-blocklisted", "blocked_ip", "2001:db8::7"),
        ("mx [192.0.2.1] says: mail from 203.0.113.7 refused", "policy", "blocked_ip", "203.0.113.7"),
        ("Blocked - see https://x.example/lookup?ip=203.0.113.7", "ip-blocklisted", "blocked_ip", "203.0.113.7"),
        ("203.0.113.7 denied", "policy", "blocked_ip", "203.0.113.7"),
        ("[203.0.113.7]: no", "policy", "blocked_ip", "203.0.113.7"),
        ("<203.0.113.7>: go away", "policy", "blocked_ip", "203.0.113.7"),
        ("Hello[203.0.113.7], no", "policy", "blocked_ip", "203.0.113.7"),
        ("host=203.0.113.7;", "policy", "blocked_ip", "203.0.113.7"),
        ("mx.example.org 203.0.113.7 denied", "policy", "blocked_ip", "203.0.113.7"),
        ("2001:db8::7 denied", "policy", "blocked_ip", "2001:db8::7"),
        ("Hello[IPv6:2001:db8::7], no", "policy", "blocked_ip", "2001:db8::7"),
        ("denied: 2001:db8::7: no", "policy", "blocked_ip", "2001:db8::7"),
        ("from [::ffff:203.0.113.7]", "policy", "blocked_ip", "203.0.113.7"),
        ("Zurückgewiesen: Client host [203.0.113.7]", "policy", "blocked_ip", "203.0.113.7"),
        ("<c.example.net[203.0.113.7]>: Client host rejected: no", "policy", "client_host", "c.example.net"),
        ("Messages from 203.0.113.7 deferred - 4.16.55.1; wait", "poor-reputation", "blocked_ip", "203.0.113.7"),
        ("Messages from 0.0.0.0 deferred", "poor-reputation", "masked_ip", "0.0.0.0"),
        ("[x.xx.xx.xx] Our system has detected spam", "content-spam", "masked_ip", "x.xx.xx.xx"),
        ("Client host [203.0.113.7] blocked using dnsbl.test; no", "ip-blocklisted", "list_zone", "dnsbl.test"),
        ("Your IP is listed at Spamhaus ZEN", "ip-blocklisted", "list_zone", "zen.spamhaus.org"),
        # The key that a server let out is nobody's business.
        ("blocked using x7kq2mzp4wab.zen.dq.spamhaus.net", "ip-blocklisted", "list_zone", "zen.spamhaus.org"),
        (
            "blocked using x7kq2mzp4wab.zrd.dq.spamhaus.net",
            "domain-blocklisted",
            "list_zone",
            "<key>.zrd.dq.spamhaus.net",
        ),
        (
            "blocked using x7kq2mzp.black.mail.abusix.zone",
            "ip-blocklisted",
            "list_zone",
            "<key>.black.mail.abusix.zone",
        ),
        ("Your IP is listed at Spamhaus ZEN", "ip-blocklisted", "list_name", "Spamhaus ZEN"),
        ("a domain present in the Spamhaus DBL", "domain-blocklisted", "list_zone", "dbl.spamhaus.org"),
        ("listed, see https://www.spamcop.net/bl.shtml?203.0.113.7", "ip-blocklisted", "list_zone", "bl.spamcop.net"),
        ("see (https://x.example/a), or www.y.example.", "policy", "urls", ["https://x.example/a", "www.y.example"]),
        (
            "To be delisted: https://sender.office.com/ and more",
            "ip-blocklisted",
            "delist_url",
            "https://sender.office.com/",
        ),
        ("<joe@example.org>: Recipient address rejected", "user-unknown", "recipient", "joe@example.org"),
        ("<joe@shop.example>: Sender address rejected", "sender-rejected", "sender", "joe@shop.example"),
        ("<joe@shop.example>: Sender address rejected", "sender-rejected", "domain", "shop.example"),
        ("Unauthenticated email from shop.example is not accepted", "dmarc-fail", "domain", "shop.example"),
        ("rejected due to shop.example’s DMARC policy", "dmarc-fail", "domain", "shop.example"),
        ("part of their network is on our block list (S3150).", "ip-blocklisted", "vendor_code", "S3150"),
        ("follow the directions (AS16012609)", "ip-blocklisted", "vendor_code", "AS16012609"),
        ("[TSS04] Messages deferred", "poor-reputation", "vendor_code", "TSS04"),
        ("sender rejected. AUP#CDRBL", "ip-blocklisted", "vendor_code", "AUP#CDRBL"),
        ("senderguidelines?ip=203.0.113.7&c=rdns", "no-ptr", "vendor_code", "c=rdns"),
        ("blocked. OFR006_102 Ref", "ip-blocklisted", "vendor_code", "OFR006_102"),
        ("Greylisted for 5 minutes", "greylisted", "retry_after_s", 300),
        ("please retry in 00:04:59", "greylisted", "retry_after_s", 299),
        ("try again in 1 hour", "greylisted", "retry_after_s", 3600),
        ("exceeds fixed maximum message size (10485760)", "message-too-large", "limit", 10485760),
        ("Unsupported option: RET=HDRS", "unsupported-parameter", "param", "RET"),
    ],
)
def test_field(text: str, cause: str, key: str, value: object) -> None:
    assert value == extract(text, cause).get(key)


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("connection from 127.0.0.1 refused", "blocked_ip"),
        ("<[127.0.0.1]>: Helo command rejected: no", "blocked_ip"),
        ("version 4.96.2.1 of filter", "blocked_ip"),
        ("filter (version 4.96.2.1) is here", "blocked_ip"),
        ("filter 4.96.2.1 said no", "blocked_ip"),
        ("from 1203.0.113.7 and 203.0.113.77.8", "blocked_ip"),
        ("at 12:30:45 from 1:2:3 refused", "blocked_ip"),
        ("<joe@[203.0.113.7]>: Recipient address rejected", "blocked_ip"),
        ("Client host [203.0.113.7] blocked using dnsbl.test", "listed_name"),
        ("report details to abuse@example.org", "recipient"),
        ("Mailbox full", "urls"),
    ],
)
def test_no_field(text: str, key: str) -> None:
    assert key not in extract(text, "ip-blocklisted")


@pytest.mark.parametrize(
    ("who", "what", "key", "value"),
    [
        ("Helo command", "evil.test", "helo", "evil.test"),
        ("Sender address", "x@evil.test", "sender", "x@evil.test"),
        ("Sender address", "x@evil.test", "sender_domain", "evil.test"),
        ("Client host", "mail.evil.test", "client_host", "mail.evil.test"),
        ("Unverified Client host", "bad.feed.test", "client_host", "bad.feed.test"),
        ("Recipient address", "x@evil.test", "recipient", "x@evil.test"),
    ],
)
def test_who_is_on_a_list_of_domains(who: str, what: str, key: str, value: str) -> None:
    text = f"554 5.7.1 Service unavailable; {who} [{what}] blocked using dbl.spamhaus.org; https://x.example/{what}"
    reply = explain_text(text, facts=catalog())
    assert ("domain-blocklisted", value) == (reply.cause, reply.fields.get(key))
    assert what.rpartition("@")[2] == reply.fields.get("listed_name")
    assert reply.fields["list_zone"] == "dbl.spamhaus.org"
    assert "blocked_ip" not in reply.fields


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("550 blocked: domain evil.test is listed in dbl.test", "evil.test"),
        ("550 Message contains a blacklisted URL http://www.evil.test/x (surbl)", "evil.test"),
        ("550 The domain evil.test is listed at uribl.com", "evil.test"),
        ("550 Sender domain evil.test blocked using dbl.test", "evil.test"),
        ("550 evil.test is listed on the Spamhaus DBL", "evil.test"),
        ("550 having a domain present in the Spamhaus DBL -- see https://www.spamhaus.org/dbl/", None),
        ("550 Helo domain is listed in dbl.spamhaus.org", None),
    ],
)
def test_listed_name(text: str, name: str | None) -> None:
    reply = explain_text(text, facts=catalog())
    assert ("domain-blocklisted", name) == (reply.cause, reply.fields.get("listed_name"))


def test_page_of_an_operator_is_not_its_zone() -> None:
    assert (
        extract("The domain evil.test is listed at uribl.com", "domain-blocklisted")["list_zone"] == "multi.uribl.com"
    )


WORDS = st.sampled_from(
    ["from ", "client [", "ip=", "<", ">", "[", "]", "(", ": ", " ", ",", ";", ".", "-", "/", "x", "is listed", "ipv6:"]
)
DIGITS = st.text("0123456789.", min_size=1, max_size=18)
HEXES = st.text("0123456789abcdef:", min_size=2, max_size=24)
GOOD = st.sampled_from(["203.0.113.7", "2001:db8::7", "198.51.100.25", "::ffff:203.0.113.7"])


@given(st.lists(st.one_of(WORDS, DIGITS, HEXES, GOOD), max_size=9).map("".join))
@example("203.0.113.7 denied")
@example("<[127.0.0.1]>: Helo command rejected")
@example("1203.0.113.7")
@example("203.0.113.77.")
def test_addresses_are_whole(text: str) -> None:
    fields = extract(text)
    address = fields.get("blocked_ip")
    if address is None or "masked_ip" in fields:
        return
    if ":" in address:
        runs = [run.rstrip(".") for run in re.findall(r"[0-9a-f:.]+", text.replace("ipv6:", " "))]
        assert address in {_canonical(form) for run in runs for form in (run, run.removesuffix(":"))}
    else:
        runs = re.findall(r"[0-9.]+", text)
        assert address in {run.rstrip(".") for run in runs}


def _canonical(word: str) -> str | None:
    try:
        return str(IPv6Address(word))
    except ValueError:
        return None


def test_empty_text_has_no_fields() -> None:
    assert extract("") == {}


def test_address_of_the_server_is_not_the_clients() -> None:
    reply = explain_text("host mx.example.org[192.0.2.1] said: 554 Your IP 203.0.113.7 is blacklisted", facts=catalog())
    assert reply.fields["blocked_ip"] == "203.0.113.7"


_JUDGED = frozenset(
    "provider reply_code enhanced cause blocked_ip urls vendor_code list_name list_kind listed_object delist_url "
    "auth_mechanism auth_domain temporary tripped_identity retry_after_s recipient client_host server_time".split()
)


@pytest.mark.skipif(not DEV.exists(), reason="the extraction corpus is not beside this checkout")
def test_corpus_of_fields() -> None:
    wrong = []
    asked = 0
    for line in DEV.read_text(encoding="utf-8").splitlines():
        row: dict[str, Any] = json.loads(line)
        found = explain_text(row["text"], facts=catalog())
        top = {"reply_code": str(found.code), "enhanced": found.enhanced, "provider": found.provider}
        fields = {**found.fields, **top, "cause": found.cause, "temporary": found.temporary}
        for key, value in row["fields"].items():
            if key in _JUDGED:
                asked += 1
                wrong += [] if value == fields.get(key) else [(row["id"], key, value, fields.get(key))]
    assert len(wrong) <= 0.05 * asked, wrong


@pytest.mark.parametrize("address", ["127.0.0.1", "127.0.0.7", "::1"])
def test_a_laboratory_on_loopback_names_its_client(address: str) -> None:
    assert address == extract(f"Service unavailable; Client host [{address}] blocked using dnsbl.test")["blocked_ip"]


def test_an_address_of_a_page_ends_where_text_is_hidden() -> None:
    text = "550 see https://x.example/a\x1b[31mred and https://y.example/\u202emoc"
    assert ["https://x.example/a", "https://y.example/"] == extract(text)["urls"]
