"""The embedded SMTP server, spoken to with plain streams."""

from __future__ import annotations

import asyncio
import base64
import hmac
import ssl
from collections.abc import Awaitable, Callable
from typing import TypeVar

import pytest

from probe.embedded.behaviour import Behaviour, Received
from probe.embedded.smtp import SmtpServer

Got = TypeVar("Got")


class Client:
    """Sends lines and reads replies, one at a time."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    async def reply(self) -> str:
        text = ""
        async with asyncio.timeout(10):
            while True:
                line = (await self.reader.readline()).decode()
                text += line.replace("\r\n", "\n")
                if line[3:4] != "-":
                    return text.removesuffix("\n")

    async def say(self, line: str) -> str:
        self.writer.write(line.encode() + b"\r\n")
        return await self.reply()

    async def script(self, *lines: str) -> list[str]:
        return [await self.say(line) for line in lines]

    async def ended(self) -> bool:
        async with asyncio.timeout(10):
            return await self.reader.read() == b""


def spoken(
    behaviour: Behaviour,
    talk: Callable[[Client, SmtpServer], Awaitable[Got]],
    *,
    implicit_tls: bool = False,
) -> Got:
    async def main() -> Got:
        async with SmtpServer(behaviour, implicit_tls=implicit_tls) as server:
            context = trusting(server) if implicit_tls else None
            reader, writer = await asyncio.open_connection(
                server.address, server.port, ssl=context, server_hostname=behaviour.hostname if context else None
            )
            try:
                return await talk(Client(reader, writer), server)
            finally:
                writer.transport.abort()
                await asyncio.sleep(0)

    return asyncio.run(main())


def trusting(server: SmtpServer) -> ssl.SSLContext:
    assert server.certificate is not None
    return ssl.create_default_context(cadata=server.certificate.pem.decode())


def replies(behaviour: Behaviour, *lines: str) -> list[str]:
    """The greeting and the reply to each line."""

    async def talk(client: Client, server: SmtpServer) -> list[str]:
        return [await client.reply(), *await client.script(*lines)]

    return spoken(behaviour, talk)


def b64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


ENVELOPE = ("EHLO probe.example", "MAIL FROM:<>", "RCPT TO:<postmaster@demo.test>")


def test_a_plain_session() -> None:
    assert replies(Behaviour(), *ENVELOPE, "RSET", "NOOP", "VRFY postmaster", "XYZZY", "QUIT") == [
        "220 mx.demo.test ESMTP",
        "250-mx.demo.test\n250-PIPELINING\n250-SIZE 10485760\n250-8BITMIME\n250 ENHANCEDSTATUSCODES",
        "250 2.1.0 OK",
        "250 2.1.5 OK",
        "250 2.0.0 OK",
        "250 2.0.0 OK",
        "252 2.0.0 Cannot VRFY user, but will accept message and attempt delivery",
        "500 5.5.2 Command not recognized",
        "221 2.0.0 Bye",
    ]


def test_without_enhanced_codes() -> None:
    assert replies(Behaviour(extensions=()), *ENVELOPE, "DATA x") == [
        "220 mx.demo.test ESMTP",
        "250 mx.demo.test",
        "250 OK",
        "250 OK",
        "501 Syntax: DATA",
    ]


def test_order_is_kept() -> None:
    assert replies(Behaviour(), "MAIL FROM:<>", "EHLO", "EHLO me", "RCPT TO:<a@b.test>", "DATA")[1:] == [
        "503 5.5.1 Error: send HELO first",
        "501 5.5.4 Syntax: EHLO hostname",
        "250-mx.demo.test\n250-PIPELINING\n250-SIZE 10485760\n250-8BITMIME\n250 ENHANCEDSTATUSCODES",
        "503 5.5.1 Error: need MAIL command",
        "503 5.5.1 Error: need RCPT command",
    ]


def test_a_refusing_greeting_leaves_only_quit() -> None:
    behaviour = Behaviour(greeting="554 5.7.1 Service unavailable; blocked using dnsbl.test", replies={"HELP": "214 x"})
    refused = "503 5.5.1 No service here, only QUIT"
    assert replies(behaviour, "EHLO me", "HELP", "XYZZY", "STARTTLS", "QUIT") == [
        "554 5.7.1 Service unavailable; blocked using dnsbl.test",
        *[refused] * 4,
        "221 2.0.0 Bye",
    ]


def test_a_greeting_of_many_lines() -> None:
    assert replies(
        Behaviour(greeting=("220-be patient", "220 {hostname} ESMTP"), hostname="mx.a.test", delay=0.01)
    ) == ["220-be patient\n220 mx.a.test ESMTP"]


def test_a_421_greeting_ends_the_connection() -> None:
    async def talk(client: Client, server: SmtpServer) -> tuple[str, bool]:
        return await client.reply(), await client.ended()

    assert spoken(Behaviour(greeting="421 4.3.2 Closing"), talk) == ("421 4.3.2 Closing", True)


def test_help() -> None:
    assert replies(Behaviour(starttls=True), "HELP", "HELP mail", "HELP xyzzy")[1:] == [
        "214-2.0.0 Commands supported:\n214 2.0.0 EHLO HELO MAIL RCPT DATA RSET NOOP VRFY HELP QUIT STARTTLS",
        "214 2.0.0 Syntax: MAIL FROM: <address>",
        '504 5.5.4 No help on "xyzzy"',
    ]
    assert replies(Behaviour(help=("214-Look", "214 elsewhere")), "HELP MAIL")[1:] == ["214-Look\n214 elsewhere"]


def test_the_client_is_greeted_by_address() -> None:
    assert replies(Behaviour(greet_address=True, extensions=()), "EHLO me")[1:] == [
        "250 mx.demo.test at your service, [127.0.0.1]"
    ]


def test_starttls_and_what_is_offered_inside() -> None:
    behaviour = Behaviour(starttls=True, extensions=("AUTH PLAIN LOGIN",), extensions_in_tls=("AUTH PLAIN",))

    async def talk(client: Client, server: SmtpServer) -> list[str]:
        before = [await client.reply(), *await client.script("EHLO me", "STARTTLS now", "STARTTLS")]
        await client.writer.start_tls(trusting(server), server_hostname="mx.demo.test")
        return [*before, *await client.script("MAIL FROM:<>", "EHLO me", "STARTTLS", "QUIT")]

    assert spoken(behaviour, talk) == [
        "220 mx.demo.test ESMTP",
        "250-mx.demo.test\n250-AUTH PLAIN LOGIN\n250 STARTTLS",
        "501 Syntax: STARTTLS",
        "220 Ready to start TLS",
        "503 Error: send HELO first",
        "250-mx.demo.test\n250 AUTH PLAIN",
        "503 5.5.1 STARTTLS is not offered",
        "221 Bye",
    ]


def test_octets_sent_ahead_of_the_handshake_are_not_obeyed() -> None:
    async def talk(client: Client, server: SmtpServer) -> list[str]:
        await client.reply()
        client.writer.write(b"STARTTLS\r\nEHLO injected\r\n")
        await client.reply()
        await client.writer.start_tls(trusting(server), server_hostname="mx.demo.test")
        await client.say("NOOP")
        return server.commands

    assert spoken(Behaviour(starttls=True), talk) == ["STARTTLS", "NOOP"]


@pytest.mark.parametrize("octets", [b"EHLO me\r\n", b"", b"\x16\x03\x01\x00\x05hello"])
def test_a_failed_handshake_ends_the_connection_and_nothing_else(octets: bytes) -> None:
    async def talk(client: Client, server: SmtpServer) -> str:
        await client.script("STARTTLS")
        client.writer.write(octets)
        client.writer.write_eof()
        async with asyncio.timeout(10):
            await client.reader.read()
        reader, writer = await asyncio.open_connection(server.address, server.port)
        greeting = await Client(reader, writer).reply()
        writer.close()
        return greeting

    assert spoken(Behaviour(starttls=True), talk) == "220 mx.demo.test ESMTP"


def test_implicit_tls() -> None:
    async def talk(client: Client, server: SmtpServer) -> list[str]:
        return [await client.reply(), *await client.script("EHLO me")]

    behaviour = Behaviour(starttls=True, extensions=())
    assert spoken(behaviour, talk, implicit_tls=True) == ["220 mx.demo.test ESMTP", "250 mx.demo.test"]


def test_tls_and_authentication_can_be_required() -> None:
    must_tls = Behaviour(starttls=True, require_tls=True)
    must_auth = Behaviour(extensions=("AUTH PLAIN", "ENHANCEDSTATUSCODES"), require_auth=True, users={"u": "p"})
    assert replies(must_tls, *ENVELOPE)[-1] == "530 5.7.0 Must issue a STARTTLS command first"
    assert replies(must_auth, *ENVELOPE)[-1] == "530 5.7.0 Authentication required"
    login = "AUTH PLAIN " + b64("\0u\0p")
    assert replies(must_auth, "EHLO me", login, *ENVELOPE[1:])[-2:] == ["250 2.1.0 OK", "250 2.1.5 OK"]


def test_mechanisms() -> None:
    behaviour = Behaviour(extensions=("AUTH PLAIN LOGIN X-OWN",), users={"user": "secret"})
    assert replies(
        behaviour, "EHLO me", "AUTH NTLM", "AUTH X-OWN", "AUTH PLAIN", "*", "AUTH plain " + b64("\0user\0no")
    )[2:] == [
        "504 5.5.4 Unrecognized authentication type",
        "454 4.7.0 Temporary authentication failure",
        "334 ",
        "501 5.7.0 Auth aborted",
        "535 5.7.8 Authentication credentials invalid",
    ]
    assert replies(behaviour, "EHLO me", "AUTH LOGIN", b64("user"), b64("secret"))[2:] == [
        "334 " + b64("User Name\0"),
        "334 " + b64("Password\0"),
        "235 2.7.0 Authentication successful",
    ]
    assert replies(Behaviour(), "EHLO me", "AUTH PLAIN")[-1] == "503 5.5.1 Authentication is not offered"


@pytest.mark.parametrize(("code", "password"), [("235", "secret"), ("535", "wrong")])
def test_cram_md5(code: str, password: str) -> None:
    async def talk(client: Client, server: SmtpServer) -> str:
        await client.reply()
        challenge = (await client.script("EHLO me", "AUTH CRAM-MD5"))[1].removeprefix("334 ")
        digest = hmac.new(password.encode(), base64.b64decode(challenge), "md5").hexdigest()
        return (await client.say(b64(f"user {digest}")))[:3]

    assert spoken(Behaviour(extensions=("AUTH CRAM-MD5",), users={"user": "secret"}), talk) == code


def test_parameters_that_are_not_offered() -> None:
    mail = (
        "MAIL FROM:<> BODY=8BITMIME",
        "MAIL FROM:<> SIZE=11",
        "MAIL FROM:<> SIZE=10",
        "RCPT TO:<a@b.test> NOTIFY=NEVER",
    )
    behaviour = Behaviour(extensions=("SIZE 10", "DSN"), refused_parameters=("NOTIFY",))
    assert replies(behaviour, "EHLO me", *mail)[2:] == [
        "555 5.5.4 Unsupported option: BODY=8BITMIME",
        "552 5.3.4 The message is larger than this server takes",
        "250 OK",
        "555 5.5.4 Unsupported option: NOTIFY=NEVER",
    ]
    other = Behaviour(extensions=(), unknown_parameter="504 5.5.4 No {}")
    assert replies(other, "EHLO me", mail[0])[2:] == ["504 5.5.4 No BODY=8BITMIME"]


@pytest.mark.parametrize(
    "argument", ["", " FROM", " FROM:", " FROM:<", " FROM:<a@b", ' FROM:<"a@b>', " FROM:<@>", " FROM:a b c"]
)
def test_addresses_that_cannot_be_read(argument: str) -> None:
    assert replies(Behaviour(), "EHLO me", f"MAIL{argument}")[2][0] == "5"


@pytest.mark.parametrize(
    ("stage", "position", "text"),
    [
        ("EHLO", 1, "502 Not here"),
        ("MAIL", 2, "451 4.7.1 Greylisted"),
        ("RCPT", 3, "554 5.7.1 Relay access denied"),
        ("DATA", 4, "554 5.5.1 No valid recipients"),
        ("HELP", 4, "502 5.5.1 No help"),
    ],
)
def test_refusals_as_told(stage: str, position: int, text: str) -> None:
    assert replies(Behaviour(replies={stage: text}), *ENVELOPE, "HELP" if stage == "HELP" else "DATA")[position] == text


def test_acceptances_only_change_the_words() -> None:
    behaviour = Behaviour(replies={"MAIL": "250 2.1.0 Fine", "EHLO": ("250-hello", "250 DSN"), "XCLIENT": "220 hi"})
    assert replies(behaviour, "MAIL FROM:<>", *ENVELOPE, "XCLIENT NAME=x")[1:] == [
        "503 5.5.1 Error: send HELO first",
        "250-hello\n250 DSN",
        "250 2.1.0 Fine",
        "250 2.1.5 OK",
        "220 hi",
    ]


def test_a_reply_can_depend_on_the_argument_and_on_the_time() -> None:
    tries = iter(["450 4.2.0 Greylisted", None])
    behaviour = Behaviour(replies={"RCPT": lambda argument: "550 5.1.1 No" if "nobody" in argument else next(tries)})
    rcpt = ["RCPT TO:<nobody@demo.test>", "RCPT TO:<a@demo.test>", "RCPT TO:<a@demo.test>"]
    assert replies(behaviour, *ENVELOPE[:2], *rcpt)[3:] == ["550 5.1.1 No", "450 4.2.0 Greylisted", "250 2.1.5 OK"]


def test_a_broken_script_is_raised_where_the_server_is_left() -> None:
    with pytest.raises(ZeroDivisionError):
        replies(Behaviour(replies={"NOOP": lambda argument: str(1 // 0)}), "NOOP")


def sent(behaviour: Behaviour, body: str) -> tuple[str, list[Received]]:
    async def talk(client: Client, server: SmtpServer) -> tuple[str, list[Received]]:
        await client.reply()
        await client.script(*ENVELOPE, "DATA")
        return await client.say(body + "\r\n."), server.received

    return spoken(behaviour, talk)


def test_a_message_is_kept() -> None:
    reply, received = sent(Behaviour(), "Subject: test\r\n\r\n..dot\r\nend")
    assert reply == "250 2.0.0 OK"
    assert received == [
        Received("", ("postmaster@demo.test",), b"Subject: test\r\n\r\n.dot\r\nend\r\n", helo="probe.example")
    ]


def test_a_message_refused_at_the_dot_is_not() -> None:
    assert sent(Behaviour(replies={"dot": "554 Spam"}), "Subject: test\r\n") == ("554 Spam", [])
    reply, received = sent(Behaviour(replies={"dot": lambda text: "250 took " + text[:4]}), "Subject: test\r\n")
    assert (reply, len(received)) == ("250 took Subj", 1)


def test_a_message_that_is_too_large() -> None:
    assert sent(Behaviour(extensions=("SIZE 10",)), "x" * 50) == ("552 Error: Too much mail data", [])


def test_nothing_is_printed_or_left_behind(capfd: pytest.CaptureFixture[str]) -> None:
    async def main() -> int:
        async with SmtpServer(Behaviour(starttls=True, extensions=("AUTH PLAIN",), users={"u": "p"})) as server:
            writers = []
            for lines in ([], ["EHLO me"], ["EHLO me", "AUTH PLAIN " + b64("\0u\0p")], ["STARTTLS"], ["x\x00\x1b"]):
                reader, writer = await asyncio.open_connection(server.address, server.port)
                client = Client(reader, writer)
                await client.reply()
                await client.script(*lines)
                writers.append(writer)
            reader, gone = await asyncio.open_connection(server.address, server.port)
            gone.transport.abort()
        for writer in writers:
            writer.transport.abort()
        await asyncio.sleep(0)
        return len(asyncio.all_tasks())

    assert asyncio.run(main(), debug=True) == 1
    assert capfd.readouterr() == ("", "")
