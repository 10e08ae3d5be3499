"""What people type, and what becomes of it."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from probe.errors import TargetError
from probe.model import Target
from probe.target import default_recipient, parse_address, parse_mailbox, parse_target, with_port
from probe.text import show

ANY_TEXT = st.text(st.characters(exclude_categories=()))
# Pieces that targets are made of, so that many of the invented ones are nearly right.
PIECES = st.lists(
    st.sampled_from(
        "smtp smtps submission lmtp unix http :// : / // @ [ ] IPv6: . .. example test org xn-- 192.0.2.1 2001:db8::1 "
        '25 0 65536 % # ? - _ é ß ㅤ 。 ² a@b < > " , ;'.split()
    ),
    max_size=8,
).map("".join)


@pytest.mark.parametrize(
    ("typed", "kind", "host", "port", "tls", "protocol"),
    [
        ("example.org", "domain", "example.org", 25, "auto", "smtp"),
        ("Example.ORG.", "domain", "example.org", 25, "auto", "smtp"),
        (" example.org\n", "domain", "example.org", 25, "auto", "smtp"),
        ("under_score.example.org", "domain", "under_score.example.org", 25, "auto", "smtp"),
        ("localhost", "host", "localhost", 25, "auto", "smtp"),
        ("example.org:2525", "host", "example.org", 2525, "auto", "smtp"),
        ("example.org:465", "host", "example.org", 465, "implicit", "smtp"),
        ("localhost:25", "host", "localhost", 25, "auto", "smtp"),
        ("192.0.2.1", "address", "192.0.2.1", 25, "auto", "smtp"),
        ("[192.0.2.1]", "address", "192.0.2.1", 25, "auto", "smtp"),
        ("192.0.2.1:587", "address", "192.0.2.1", 587, "auto", "smtp"),
        ("2001:db8::1", "address", "2001:db8::1", 25, "auto", "smtp"),
        ("2001:DB8:0:0:0:0:0:1", "address", "2001:db8::1", 25, "auto", "smtp"),
        ("[2001:db8::1]", "address", "2001:db8::1", 25, "auto", "smtp"),
        ("[2001:db8::1]:465", "address", "2001:db8::1", 465, "implicit", "smtp"),
        ("[IPv6:2001:db8::1]", "address", "2001:db8::1", 25, "auto", "smtp"),
        ("[ipv6:2001:db8::1]:2525", "address", "2001:db8::1", 2525, "auto", "smtp"),
        ("smtp://mx.example.org", "host", "mx.example.org", 25, "auto", "smtp"),
        ("SMTP://MX.example.org:26/", "host", "mx.example.org", 26, "auto", "smtp"),
        ("smtps://mx.example.org", "host", "mx.example.org", 465, "implicit", "smtp"),
        ("smtps://mx.example.org:10465", "host", "mx.example.org", 10465, "implicit", "smtp"),
        ("submission://mx.example.org", "host", "mx.example.org", 587, "starttls", "smtp"),
        ("submissions://[2001:db8::1]", "address", "2001:db8::1", 465, "implicit", "smtp"),
        ("lmtp://mx.example.org", "host", "mx.example.org", 24, "auto", "lmtp"),
        ("lmtp:///run/dovecot/lmtp", "unix", "/run/dovecot/lmtp", 0, "none", "lmtp"),
        ("/run/smtp.sock", "unix", "/run/smtp.sock", 0, "none", "smtp"),
        ("unix:/run/smtp.sock", "unix", "/run/smtp.sock", 0, "none", "smtp"),
        ("münchen.example", "domain", "xn--mnchen-3ya.example", 25, "auto", "smtp"),
        ("例え.テスト", "domain", "xn--r8jz45g.xn--zckzah", 25, "auto", "smtp"),
        ("smtp://MÜNCHEN.example:26", "host", "xn--mnchen-3ya.example", 26, "auto", "smtp"),
    ],
)
def test_good_targets(typed: str, kind: str, host: str, port: int, tls: str, protocol: str) -> None:
    target = parse_target(typed)
    assert (kind, host, port, tls, protocol, None) == (
        target.kind,
        target.host,
        target.port,
        target.tls,
        target.protocol,
        target.mailbox,
    )
    assert target.input == typed.strip()


@pytest.mark.parametrize(
    ("typed", "kind", "host", "mailbox"),
    [
        ("someone@example.org", "mailbox", "example.org", "someone@example.org"),
        ("First.Last+tag@example.org", "mailbox", "example.org", "First.Last+tag@example.org"),
        ('"a@b"@example.org', "mailbox", "example.org", '"a@b"@example.org'),
        ("someone@[192.0.2.1]", "address", "192.0.2.1", "someone@[192.0.2.1]"),
        ("someone@[IPv6:2001:db8::1]", "address", "2001:db8::1", "someone@[IPv6:2001:db8::1]"),
        # RFC 5321 section 4.1.2 knows no dot at the end of a domain.
        ("someone@example.org.", "mailbox", "example.org", "someone@example.org"),
        # A mailbox whose local part is ASCII needs no SMTPUTF8: its domain goes as A-labels (RFC 5891).
        ("info@münchen.example", "mailbox", "xn--mnchen-3ya.example", "info@xn--mnchen-3ya.example"),
    ],
)
def test_mailboxes(typed: str, kind: str, host: str, mailbox: str) -> None:
    target = parse_target(typed)
    assert (kind, host, 25, mailbox) == (target.kind, target.host, target.port, target.mailbox)
    assert default_recipient(target) == mailbox


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("", "not a target"),
        ("  ", "not a target"),
        ("two words.example", "not a target"),
        ("a\0b.example", "not a target: 'a\\\\0b.example'"),
        ("\x1b[31mred.example", "not a target: '\\\\x1b[31mred.example'"),
        ("right\u202eleft.example", "not a target"),
        ("http://mx.example.org", "unknown scheme http://; known are smtp, submission, smtps, submissions, lmtp"),
        ("smtp://", "a URL is smtp://HOST[:PORT], and this is not: smtp://"),
        ("smtp://mx.example.org/path", "a URL is smtp://HOST[:PORT], and this is not"),
        ("smtp://mx.example.org?tls=1", "a URL is smtp://HOST[:PORT], and this is not"),
        ("smtp://mx.example.org:25:26", "no such port: 25:26"),
        ("unix:run/x", "a unix socket is given by its whole path: unix:run/x"),
        ("mx.example.org:", "no such port: (empty)"),
        ("mx.example.org:0", "no such port: 0"),
        ("mx.example.org:65536", "no such port: 65536"),
        ("mx.example.org:smtp", "no such port: smtp"),
        ("mx.example.org:+25", "no such port: +25"),
        ("mx.example.org:²", "no such port: ²"),
        ("192.0.2.1:99999", "no such port: 99999"),
        ("[2001:db8::1]:x", "no such port: x"),
        ("256.1.1.1", "not an IP address: 256.1.1.1"),
        ("1.2.3", "not an IP address: 1.2.3"),
        ("25", "not an IP address: 25"),
        ("[mx.example.org]", "not an IP address: mx.example.org"),
        ("[]", "not an IP address"),
        ("a..example", "not a host, domain, address or URL: a..example"),
        (".example", "not a host, domain, address or URL"),
        ("-a.example", "not a host, domain, address or URL"),
        ("a-.example", "not a host, domain, address or URL"),
        ("a" * 64 + ".example", "not a host, domain, address or URL"),
        (".".join(["a" * 60] * 5), "not a host, domain, address or URL"),
        ("ü" * 70 + ".example", "not a name that DNS can hold"),
        ("mx.example.org/24", "not a host, domain, address or URL"),
        ("a@", "not a host, domain, address or URL: a@"),
        ("@example.org", "no mailbox before the @: @example.org"),
        ("a@b..c", "not a host, domain, address or URL"),
        ("a@example.org:25", "a mailbox takes no port; use --port: a@example.org:25"),
        ("<a@example.org>", "not an address: '<a@example.org>'"),
    ],
)
def test_bad_targets_get_one_clear_line(typed: str, says: str) -> None:
    with pytest.raises(TargetError) as caught:
        parse_target(typed)
    message = str(caught.value)
    assert message.startswith(says)
    assert message.isprintable()


def test_a_password_in_a_url_is_refused_and_not_repeated() -> None:
    with pytest.raises(TargetError) as caught:
        parse_target("submission://user:geheim@mx.example.org")
    message = str(caught.value)
    assert message.startswith("a URL takes no user or password")
    assert message.endswith("submission://…@mx.example.org")
    assert "geheim" not in message


def test_a_name_that_two_standards_map_differently_leads_to_no_other_domain() -> None:
    """IDNA 2003 read ß as ss, RFC 5891 keeps it: straße.example and strasse.example may belong to two people."""
    try:
        host = parse_target("straße.example").host
    except TargetError:
        return
    assert host == "xn--strae-oqa.example"


@given(ANY_TEXT | PIECES)
@settings(deadline=None, max_examples=500)
def test_any_text_is_a_target_or_a_target_error(typed: str) -> None:
    try:
        target = parse_target(typed)
    except TargetError as error:
        assert str(error) == show(str(error))
        return
    assert 0 <= target.port <= 65535
    assert target.kind == "unix" or target.host.isascii()
    assert default_recipient(target)
    assert "\n" not in f"{target.host}{target.mailbox}"


@given(ANY_TEXT)
@settings(deadline=None)
def test_parts_raise_only_target_errors(typed: str) -> None:
    for parse in (parse_mailbox, parse_address):
        try:
            assert parse(typed).isprintable()
        except TargetError as error:
            assert str(error) == show(str(error))


@pytest.mark.parametrize(
    ("typed", "recipient"),
    [
        ("example.org", "postmaster@example.org"),
        ("mx.example.org:2525", "postmaster@mx.example.org"),
        ("192.0.2.1", "postmaster@[192.0.2.1]"),
        ("2001:db8::1", "postmaster@[IPv6:2001:db8::1]"),
        ("fe80::1%eth0", "postmaster@[IPv6:fe80::1]"),  # RFC 5321 section 4.1.3 has no zone
        ("/run/lmtp", "postmaster"),
    ],
)
def test_postmaster_is_the_default_recipient(typed: str, recipient: str) -> None:
    assert default_recipient(parse_target(typed)) == recipient


def test_port_465_begins_with_tls_unless_something_else_was_said() -> None:
    assert with_port(parse_target("example.org"), 465).tls == "implicit"
    assert with_port(parse_target("example.org"), 587).tls == "auto"
    assert with_port(parse_target("submission://example.org"), 465).tls == "starttls"
    assert with_port(parse_target("example.org"), 2525) == Target("example.org", "domain", "example.org", 2525)


@pytest.mark.parametrize("typed", ["a b@example.org", "a<b@example.org", "a@example.org\r\nRCPT TO:<b>", "a\0@b"])
def test_an_address_cannot_break_out_of_its_command(typed: str) -> None:
    with pytest.raises(TargetError, match="not an address"):
        parse_mailbox(typed)


def test_an_address_has_one_form() -> None:
    assert parse_address("[IPv6:2001:DB8:0::1]") == "2001:db8::1"
    assert parse_address("192.0.2.1") == "192.0.2.1"
    with pytest.raises(TargetError, match="not an IP address: mx"):
        parse_address("mx")
