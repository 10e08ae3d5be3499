"""The four servers of the demo, and the DNS that goes with them. Only the servers play a part: what is said about them
is found out by the same code as for any other server."""

from __future__ import annotations

from dataclasses import dataclass, field

from probe.embedded.behaviour import Behaviour

CLIENT = "203.0.113.7"  # a documentation address (RFC 5737), which the refusing servers claim to see
RELAY = "198.51.100.9"  # another one, of a relay that was forgotten in the SPF record

ZONES = {
    "dnsbl.test": """
        7.113.0.203 A 127.0.0.2
        7.113.0.203 TXT "Listed, see https://dnsbl.test/q?ip=203.0.113.7"
        2.0.0.127 A 127.0.0.2
        2.0.0.127 TXT "Test entry"
    """,
    "shop.test": """
        @ TXT "v=spf1 ip4:203.0.113.0/24 -all"
        @ MX 10 mail
        mail A 203.0.113.7
        relay A 198.51.100.9
        _dmarc TXT "v=DMARC1; p=reject; rua=mailto:dmarc@shop.test"
    """,
    "113.0.203.in-addr.arpa": "7 PTR mail.shop.test.",
    "100.51.198.in-addr.arpa": "9 PTR relay.shop.test.",
}

_VERBS = "EHLO HELO MAIL RCPT DATA RSET NOOP QUIT VRFY HELP STARTTLS"


@dataclass(frozen=True)
class Scene:
    """One server: what it shows (``scene-…`` in data/words.toml), how it behaves, and the options with which it is
    probed."""

    shows: str
    behaviour: Behaviour
    options: tuple[str, ...] = field(default=("--ehlo", "probe.shop.test"))


SCENES = (
    Scene(
        "healthy",
        Behaviour(
            hostname="mx.healthy.test",
            help=(f"214-2.0.0 Commands: {_VERBS}", "214 2.0.0 For more, ask postmaster@healthy.test"),
            starttls=True,
            extensions=("PIPELINING", "SIZE 52428800", "8BITMIME", "SMTPUTF8", "ENHANCEDSTATUSCODES", "DSN", "HELP"),
        ),
    ),
    Scene(
        "blocklisted",
        Behaviour(
            hostname="mx.strict.test",
            greeting=f"554 5.7.1 Service unavailable; Client host [{CLIENT}] blocked using dnsbl.test; "
            f"Listed, see https://dnsbl.test/q?ip={CLIENT}",
        ),
        ("--ehlo", "mail.shop.test", "--from", "orders@shop.test", "--lists", "named"),
    ),
    Scene(
        "dmarc",
        Behaviour(
            hostname="mx.careful.test",
            starttls=True,
            replies={"dot": "554 5.7.1 Message rejected: shop.test has a DMARC policy of reject, and alignment failed"},
        ),
        ("--ehlo", "relay.shop.test", "--from", "orders@shop.test", "--send", "--lists", "named", "--client-ip", RELAY),
    ),
    Scene(
        "parameters",
        Behaviour(
            hostname="mx.plain.test",
            extensions=("SIZE 10485760", "8BITMIME", "AUTH PLAIN LOGIN", "ENHANCEDSTATUSCODES"),
            replies={"AUTH": lambda argument: None if argument.split(" ")[0] in ("PLAIN", "LOGIN") else _NO_MECHANISM},
            unknown_parameter="504 5.5.4 Command parameter not implemented: {}",
        ),
        ("--ehlo", "probe.shop.test", "--auth-mechanism", "NTLM", "--mail-param", "REQUIRETLS"),
    ),
)

_NO_MECHANISM = "504 5.5.4 Unrecognized authentication type"
