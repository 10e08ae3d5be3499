"""The fields of a report, as RFC 3464 and RFC 6533 write them and as programs do."""

from __future__ import annotations

import pytest

from probe.replies.bounces.status import read


def one(text: str):  # type: ignore[no-untyped-def]
    (notice,) = read(text.encode())
    return notice


def test_what_stands_about_the_message_counts_for_each_recipient() -> None:
    notices = read(
        b"Reporting-MTA: dns; mail.shop.test\nX-Postfix-Sender: rfc822; a@shop.test\n\n"
        b"Final-Recipient: rfc822; b@example.org\nAction: failed\nStatus: 5.1.1\n\n"
        b"Final-Recipient: rfc822; c@example.org\nAction: failed\nStatus: 5.2.2\n"
    )
    assert [("b@example.org", "5.1.1"), ("c@example.org", "5.2.2")] == [(n.recipient, n.status) for n in notices]
    assert {("mail.shop.test", "a@shop.test")} == {(n.reporting_mta, n.sender) for n in notices}


@pytest.mark.parametrize("action", ["delivered", "relayed", "Expanded"])
def test_who_was_reached_is_no_incident(action: str) -> None:
    assert [] == read(f"Final-Recipient: rfc822; b@example.org\nAction: {action}\nStatus: 2.1.5\n".encode())


def test_a_receipt_is_none_either() -> None:
    assert [] == read(b"Final-Recipient: rfc822; b@example.org\nDisposition: manual-action; displayed\n")


@pytest.mark.parametrize(
    ("line", "host", "address"),
    [
        ("dns; mx.example.org", "mx.example.org", None),
        ("dns; mx.example.org. (192.0.2.1)", "mx.example.org", "192.0.2.1"),
        ("dns; mx.example.org ([192.0.2.1])", "mx.example.org", "192.0.2.1"),
        ("dns; [192.0.2.1]", None, "192.0.2.1"),
        ("192.0.2.1", None, "192.0.2.1"),
        ("dns; [2001:db8::1]", None, "2001:db8::1"),
        ("dns;mx.example.org (TCP|203.0.113.7|4000|192.0.2.1|25) (x ESMTP)", "mx.example.org", "192.0.2.1"),
    ],
)
def test_the_remote_server(line: str, host: str | None, address: str | None) -> None:
    notice = one(f"Final-Recipient: rfc822; b@example.org\nAction: failed\nRemote-MTA: {line}\n")
    assert (host, address) == (notice.host, notice.address)


@pytest.mark.parametrize(
    ("line", "recipient"),
    [
        ("rfc822; b@example.org", "b@example.org"),
        ("RFC822;<b@example.org>", "b@example.org"),
        ("b@example.org", "b@example.org"),
        ("utf-8; \\x{914D}@example.org", "配@example.org"),
        ("utf-8; \\x{110000}@example.org", "\ufffd@example.org"),
        ("utf-8; \\x{D800}@example.org", "\ufffd@example.org"),
    ],
)
def test_the_recipient(line: str, recipient: str) -> None:
    assert recipient == one(f"Final-Recipient: {line}\nAction: failed\n").recipient


def test_the_original_recipient_stands_in() -> None:
    assert "b@example.org" == one("Original-Recipient: rfc822;b@example.org\nAction: failed\n").recipient


def test_a_status_with_words_and_an_action_without() -> None:
    notice = one("Final-Recipient: rfc822; b@example.org\nAction: Failed;\nStatus: 5.1.1 (no such user)\n")
    assert ("failed", "5.1.1") == (notice.action, notice.status)
    assert one("Final-Recipient: rfc822; b@example.org\nStatus: 4.4.1\n").action is None


def test_nothing_in_it_fails() -> None:
    assert [] == read(b"")
    assert [] == read(b"\n\n\n: : :\n\xff\xfe")
