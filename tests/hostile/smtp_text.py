"""Server text that attacks whoever reads it: terminals, web pages, spreadsheets, build logs, log files.

Each payload stands in the greeting, in EHLO's answer, in HELP's and in a refusal. That it does no harm is asserted for
every scenario by the run itself: no output holds a control, no line of it is a command to a build system, and the
octets are in the report as they came.
"""

from __future__ import annotations

from collections.abc import Iterator

from tests.hostile.smtp_certificates import EVIL_NAME, handshake
from tests.hostile.smtp_scenario import READY, Scenario
from tests.hostile.smtp_server import TLS_OFFER, polite

_PAYLOADS: tuple[tuple[str, str | bytes], ...] = (
    ("csi-colour", "\x1b[31mred\x1b[0m\x1b[2J\x1b[1;1H"),
    ("osc-52-clipboard", "\x1b]52;c;cm0gLXJmIH4=\x07"),
    ("osc-8-link", "\x1b]8;;https://evil.test\x1b\\click\x1b]8;;\x1b\\"),
    ("osc-0-title", "\x1b]0;owned\x07"),
    ("dcs", "\x1bP+q544e\x1b\\"),
    ("iterm-file", "\x1b]1337;File=name=eA==:AAAA\x07"),
    ("c1-utf8", "\x9b31mred\x9d52;c;AAAA\x9c"),
    ("c1-octets", b"\x9b31mred\x9d52;c;AAAA\x9c"),
    ("backspace", "accepted\b\b\b\b\b\b\b\brefused"),
    ("delete", "a\x7f\x7f\x7fb"),
    ("form-feed", "page\x0cpage\x0bline"),
    ("bell", "\a" * 20),
    ("shift-out", "\x0e\x0f"),
    ("bare-cr-overwrites", "No\r250 2.1.5 Ok FORGED"),
    ("next-line", "No\x85-> RCPT FORGED"),
    ("line-separator", "No\u2028250 FORGED\u2029250 FORGED"),
    ("bidi-override", "\u202egnp.exe\u202c \u2066x\u2069"),
    ("zero-width", "pa\u200bss\u200d\u2060w\ufeffo\u00adrd"),
    ("hangul-filler", "a\u3164b\uffa0c\u115fd\u2800e"),
    ("variation-selectors", "x\ufe0f\U000e0101"),
    ("tag-characters", "x\U000e0041\U000e0042\U000e007f"),
    ("surrogates-in-utf8", b"\xed\xa0\x80\xed\xbf\xbf"),
    ("xml-illegal", b"\x01\x08\x0b\x0c\x1f\xef\xbf\xbe\xef\xbf\xbf"),
    ("private-use", "\ue000\U000f0000\U0010fffd"),
    ("overlong-utf8", b"\xc0\xaf\xe0\x80\xaf\xf8\x88\x80\x80\x80"),
    ("nul", b"a\0b\0"),
    ("combining-pile", "z" + "\u0301" * 200),
    ("wide", "漢" * 100),
    ("rich-markup", "[bold red]x[/bold red][link=https://evil.test]y[/link][/]"),
    ("rich-emoji", ":bomb: :smile:"),
    ("html", "<script>alert(1)</script><img src=x onerror=alert(1)>&amp;\"'"),
    ("cdata", "]]><![CDATA["),
    ("braces", "{0} {detail} {} %s %(x)s ${HOME} $(id) `id`"),
    ("backslashes", "\\x1b[31m \\n \\u202e \\"),
    ("csv-equals", "=cmd|' /C calc'!A0"),
    ("csv-plus", "+1+cmd|x"),
    ("csv-at", "@SUM(1+1)"),
    ("csv-minus", '-2+3","x'),
    ("github-error", "::error file=a.py,line=1::pwned"),
    ("github-mask", "::add-mask::e"),
    ("github-legacy", "x ##[error]pwned ##[add-mask]e"),
    ("azure", "x ##vso[task.setvariable variable=PATH]/evil"),
    ("teamcity", "##teamcity[buildStatus status='SUCCESS']"),
    ("markdown", "![x](https://evil.test/p.png) [y](javascript:alert(1)) `|`"),
    ("json", '"}], "outcome": "ok", "x": [{"'),
    ("ansi-in-digits", "\x1b[250 2.1.5 Ok"),
)


def _wrapped(octets: str) -> Iterator[tuple[str, str]]:
    """The same text at places where a page of 80 columns may break the line just before it."""
    for filler in (40, 50, 54, 58, 62, 66, 70, 74):
        yield f"wrapped-{filler}", "x" * filler + " " + octets


def _everywhere(name: str, payload: str | bytes, why: str) -> Scenario:
    octets = payload if isinstance(payload, bytes) else payload.encode()
    return Scenario(
        id=f"text-{name}",
        why=why,
        server=polite(
            banner=b"220 mx.test " + octets + b"\r\n",
            ehlo=b"250-mx.test " + octets + b"\r\n250-" + octets + b"\r\n250-X-A " + octets + b"\r\n250 8BITMIME\r\n",
            help=b"214-2.0.0 " + octets + b"\r\n214 " + octets + b"\r\n",
            rcpt=b"550-5.1.1 " + octets + b"\r\n550 5.1.1 " + octets + b"\r\n",
        ),
        outcome="rejected",
        stage="rcpt",
        keeps=tuple((stage, octets) for stage in ("banner", "ehlo", "help", "rcpt")),
        shows=(payload,) if isinstance(payload, str) and name == "html" else (),
    )


def _texts() -> Iterator[Scenario]:
    for name, payload in _PAYLOADS:
        yield _everywhere(name, payload, "what a server says is shown, and does nothing to whoever reads it")
    for name, payload in _wrapped("::error file=a.py,line=1::pwned"):
        yield _everywhere(f"github-{name}", payload, "a page that wraps lines must not put a command first in one")
    evil = b"\x1b]52;c;AAAA\x07\x9b2J \xe2\x80\xae ::error::x"
    yield Scenario(
        id="text-in-malformed",
        why="what is no reply is quoted in the report, and as harmless there",
        server=polite(mail=b"evil " + evil + b"\r\n"),
        outcome="malformed",
        stage="mail",
        keeps=(("mail", b"evil " + evil),),
    )
    yield Scenario(
        id="text-in-greeting-of-no-kind",
        why="the same before any conversation",
        server=polite(banner=evil + b"\r\n"),
        outcome="malformed",
        stage="banner",
        keeps=(("banner", evil),),
    )
    yield Scenario(
        id="text-in-unsolicited",
        why="the same for octets that belong to no command",
        server=polite(mail=b"250 Ok\r\n" + evil),
        outcome="unsolicited",
        stage="rcpt",
        keeps=(("rcpt", evil),),
    )
    yield Scenario(
        id="text-in-injection",
        why="the same for octets between the 220 and the handshake",
        server=polite(ehlo=TLS_OFFER, starttls=READY + evil),
        outcome="injection",
        stage="tls",
        keeps=(("tls", evil),),
    )
    yield Scenario(
        id="text-in-size",
        why="the same for a parameter that a finding quotes",
        server=polite(ehlo=b"250-mx.test\r\n250-AUTH " + evil + b"\r\n250 SIZE " + evil + b"\r\n"),
        outcome="ok",
        stage="quit",
        finds=("size-unreadable", "auth-in-clear"),
    )
    yield Scenario(
        id="text-in-certificate",
        why="a certificate's names are the server's text as well",
        server=polite(ehlo=TLS_OFFER, starttls=(READY, handshake("evil-name"))),
        outcome="ok",
        stage="quit",
        certificate={"names": ("mx.test", EVIL_NAME.replace("\x1b", "\\x1b").replace("\x07", "\\x07"), "127.0.0.1")},
    )


SCENARIOS = tuple(_texts())
