"""Who spoke, by each program's way to say it; a name that no such sentence holds is nobody's."""

from __future__ import annotations

import pytest

from probe.replies.remote import remote


@pytest.mark.parametrize(
    ("text", "host", "address"),
    [
        ("host mx.example.org[192.0.2.1] said: 550 no", "mx.example.org", "192.0.2.1"),
        ("host mx.example.org[2001:db8::1] refused to talk to me: 554 no", "mx.example.org", "2001:db8::1"),
        ("delivery temporarily suspended: host mx.a.test[192.0.2.1] said: 421 x", "mx.a.test", "192.0.2.1"),
        ("connect to mx.example.org[192.0.2.1]:25: Connection refused", "mx.example.org", "192.0.2.1"),
        ("lost connection with mx.example.org[192.0.2.1] while receiving", "mx.example.org", "192.0.2.1"),
        ("conversation with mx.example.org[192.0.2.1] timed out", "mx.example.org", "192.0.2.1"),
        ("after RCPT TO:<a@b.test>: host mx.example.org [192.0.2.1]: 550 no", "mx.example.org", "192.0.2.1"),
        ("for RCPT TO command, host: mx.example.org (192.0.2.1) reason: 550 no", "mx.example.org", "192.0.2.1"),
        ("192.0.2.1 does not like recipient.\nRemote host said: 550 no", None, "192.0.2.1"),
        ("Connected to 192.0.2.1 but sender was rejected.", None, "192.0.2.1"),
        ("mx.example.org [192.0.2.1] did not like our RCPT TO:550 no", "mx.example.org", "192.0.2.1"),
        ("... while talking to mx.example.org.:", "mx.example.org", None),
        ("mx.example.org #550 5.1.1 no ##", "mx.example.org", None),
        ("<mx.example.org #5.1.1 smtp;550 no>", "mx.example.org", None),
        ("Server at mx.example.org (192.0.2.1) returned '550 no'", "mx.example.org", "192.0.2.1"),
        ("rejected by the server for the recipient domain a.test by mx.a.test. [192.0.2.1].", "mx.a.test", "192.0.2.1"),
        ("550 no such user at mx.example.org", None, None),
        ("554 Service unavailable; Client host [203.0.113.7] blocked using a.test", None, None),
        ("", None, None),
    ],
)
def test_the_server_of_a_sentence(text: str, host: str | None, address: str | None) -> None:
    assert (host, address) == remote(text)
