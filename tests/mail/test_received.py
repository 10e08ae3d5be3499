"""Received fields as servers write them: who connected, what it called itself, who wrote it."""

from __future__ import annotations

import pytest

from probe.mail.message import parse
from probe.mail.received import hops, return_path


@pytest.mark.parametrize(
    ("text", "client", "helo", "by"),
    [
        # Postfix, and what it writes of a client without a name
        (
            "from mail.shop.test (mail.shop.test [203.0.113.7])\r\n\tby mx.test (Postfix) with ESMTPS id 1;",
            "203.0.113.7",
            "mail.shop.test",
            "mx.test",
        ),
        (
            "from [192.168.1.5] (unknown [203.0.113.7])\r\n\tby mx.test with ESMTP;",
            "203.0.113.7",
            "[192.168.1.5]",
            "mx.test",
        ),
        (
            "from mail.shop.test (mail.shop.test [IPv6:2001:db8::7])\r\n\tby mx.test with ESMTP;",
            "2001:db8::7",
            "mail.shop.test",
            "mx.test",
        ),
        # Exim
        (
            "from mail.shop.test ([203.0.113.7])\r\n\tby mx.test with esmtps (Exim 4.98)",
            "203.0.113.7",
            "mail.shop.test",
            "mx.test",
        ),
        ("from [203.0.113.7] (helo=shop.test)\r\n\tby mx.test with esmtp", "203.0.113.7", "shop.test", "mx.test"),
        ("from host.test ([203.0.113.7] helo=shop.test)\r\n\tby mx.test", "203.0.113.7", "shop.test", "mx.test"),
        # Sendmail, qmail, Exchange, Gmail
        (
            "from shop.test (host.test [203.0.113.7] (may be forged))\r\n\tby mx.test (8.18.1/8.18.1)",
            "203.0.113.7",
            "shop.test",
            "mx.test",
        ),
        (
            "from unknown (HELO shop.test) (203.0.113.7)\r\n  by mx.test with SMTP",
            "203.0.113.7",
            "shop.test",
            "mx.test",
        ),
        (
            "from AM0.out.test (203.0.113.7) by\r\n DB5.mx.test (10.0.0.1) with Microsoft SMTP Server",
            "203.0.113.7",
            "am0.out.test",
            "db5.mx.test",
        ),
        (
            "from mail.shop.test (mail.shop.test. [203.0.113.7])\r\n        by mx.google.test with ESMTPS id a1",
            "203.0.113.7",
            "mail.shop.test",
            "mx.google.test",
        ),
        ("by 2002:a05:6402:1c0a:b0:5c8:1:2 with SMTP id x", None, None, "[2002:a05:6402:1c0a:b0:5c8:1:2]"),
        # what says nothing, or too much
        ("(qmail 1234 invoked by uid 89)", None, None, "uid"),
        ("from localhost (localhost [127.0.0.1]) by mx.test", "127.0.0.1", "localhost", "mx.test"),
        ("from [999.0.0.1] ([1.2.3]) by x", None, "999.0.0.1", "x"),
        ("", None, None, None),
        ("\x1b[31m from \xff by \x07", None, None, "\\x07"),
    ],
)
def test_a_received_field(text: str, client: str | None, helo: str | None, by: str | None) -> None:
    [hop] = hops(parse(f"Received: {text}\r\n\r\n".encode("latin-1")))
    assert (client, helo, by) == (hop.client, hop.helo, hop.by)


def test_a_name_that_looks_like_an_address_is_not_the_client() -> None:
    """The EHLO name is the client's own word; the server writes the address behind it."""
    [hop] = hops(parse(b"Received: from [198.51.100.9] (evil.test [203.0.113.7]) by mx.test\r\n\r\n"))
    assert "203.0.113.7" == hop.client


@pytest.mark.parametrize(
    ("field", "path"),
    [
        (b"Return-Path: <ann@shop.test>\r\n", "ann@shop.test"),
        (b"Return-Path: ann@shop.test\r\n", "ann@shop.test"),
        (b"Return-Path: <>\r\n", ""),
        (b"Return-Path: (comment) <ann@shop.test>\r\n", "ann@shop.test"),
        (b"X: y\r\n", None),
    ],
)
def test_the_return_path(field: bytes, path: str | None) -> None:
    assert path == return_path(parse(field + b"\r\n"))
