"""One client's conversation with the embedded SMTP server.

aiosmtpd reads commands, keeps the order of RFC 5321, receives the message and does STARTTLS. Its words are fixed, its
greeting is always 220 and its HELP 250; so every verb passes ``_obey`` here and every reply ``push``.
"""

from __future__ import annotations

import asyncio
import hmac
import logging
import re
import secrets
from collections import defaultdict
from collections.abc import Awaitable, Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from aiosmtpd.smtp import MISSING, SMTP, AuthResult, LoginPassword, TLSSetupException

from probe.embedded.behaviour import Received, joined

if TYPE_CHECKING:
    from probe.embedded.smtp import SmtpServer

# Without a handler of its own, logging would print the library's warnings on stderr.
logging.getLogger("mail.log").addHandler(logging.NullHandler())

_IDLE = 60.0
_LINE = 12 * 1024 + 64  # RFC 4954 section 4: the longest line of an AUTH exchange
_SIZE = 10 * 1024 * 1024
_PATH = re.compile(r"((?:FROM|TO):\s*<(?:\"(?:\\.|[^\"\\])*\"|[^\">])*>)(.*)", re.IGNORECASE | re.DOTALL)
_ENHANCED = re.compile(r"[245]\.\d{1,3}\.\d{1,3}\b")
# What RFC 3463 says of the replies that aiosmtpd gives bare, by code or, for a success, by verb.
_STATUS = {
    "500": "5.5.2",
    "501": "5.5.4",
    "502": "5.5.1",
    "503": "5.5.1",
    "530": "5.7.0",
    "552": "5.3.4",
    "553": "5.1.3",
    "MAIL": "2.1.0",
    "RCPT": "2.1.5",
}
_BEFORE_TLS = ("EHLO", "NOOP", "STARTTLS", "QUIT")  # RFC 3207 section 4
_VERBS = ("EHLO", "HELO", "MAIL", "RCPT", "DATA", "RSET", "NOOP", "VRFY", "HELP", "QUIT")


class _Verbs(dict[str, Any]):
    """aiosmtpd looks a verb up in a dictionary of methods; this one has an entry for everything."""

    def __init__(self, obey: Callable[[str, str | None], Awaitable[None]]) -> None:
        super().__init__()
        self._obey = obey

    def get(self, verb: str, default: Any = None) -> Any:
        return partial(self._obey, verb)


class Conversation(SMTP):
    """The protocol object of one connection; it is its own handler in aiosmtpd's sense."""

    line_length_limit = _LINE
    command_size_limit = _LINE

    def __init__(self, server: SmtpServer) -> None:
        self._owner = server
        self._behaviour = server.behaviour
        self._verb = ""
        self._wording: str | None = None
        self._exact: str | None = None
        self._greeted = self._refusing = False
        # aiosmtpd clears and fills this one, which is the class's and so every server's; here it is the object's.
        self.command_size_limits = defaultdict(lambda: _LINE)
        size = self._behaviour.offer("SIZE", in_tls=False) or ""
        super().__init__(
            self,
            hostname=self._behaviour.hostname,
            data_size_limit=int(size) if size.isdecimal() and int(size) else _SIZE,
            enable_SMTPUTF8=True,  # all octets are read; whether SMTPUTF8 is offered is for the behaviour to say
            tls_context=server.context if self._behaviour.starttls else None,
            auth_require_tls=False,
            authenticator=self._log_in,
            timeout=_IDLE,
            loop=asyncio.get_running_loop(),
        )
        self._auth_required = self._behaviour.require_auth
        self._known = self._smtp_methods
        self._smtp_methods = _Verbs(self._obey)

    # The connection

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._owner.opened(self)

    def connection_lost(self, error: Exception | None) -> None:
        super().connection_lost(error)
        self._owner.closed(self)

    async def abort(self) -> None:
        """End at once, whatever is under way."""
        for transport in (self.transport, self._original_transport):
            if isinstance(transport, asyncio.WriteTransport):
                transport.abort()
        task = self._handler_coroutine
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    @property
    def _in_tls(self) -> bool:
        return self.transport is not None and self.transport.get_extra_info("ssl_object") is not None

    async def _handle_client(self) -> None:
        try:
            await asyncio.sleep(self._behaviour.delay)
            await super()._handle_client()
        except ConnectionError:
            # Raised to nobody it would end up in asyncio's log.
            return
        finally:
            if self._timeout_handle is not None:
                self._timeout_handle.cancel()

    # Every command, every reply

    async def _obey(self, verb: str, argument: str | None) -> None:
        self._verb = verb
        self._owner.heard(verb if argument is None else f"{verb} {argument}")
        if self._refusing and verb != "QUIT":
            await self.push("503 5.5.1 No service here, only QUIT")
            return
        if self._behaviour.require_tls and not self._in_tls and verb not in _BEFORE_TLS:
            await self.push("530 Must issue a STARTTLS command first")
            return
        ordered = self._ordered(verb, argument or "")
        method = self._known.get(verb)
        if ordered is not None and (method is None or ordered[:1] not in ("2", "3")):
            await self._say(ordered)
        elif ordered is not None and verb == "AUTH" and ordered[0] == "2":
            assert self.session is not None
            self.session.authenticated = True
            await self._say(ordered)
        elif method is None:
            await self.push("500 5.5.2 Command not recognized")
        else:
            self._wording = ordered
            await method(argument)
            self._wording = None

    def _ordered(self, stage: str, argument: str) -> str | None:
        try:
            return self._behaviour.scripted(stage, argument)
        except Exception as error:  # of the test that wrote the script: kept, and raised where the server is left
            self._owner.errors.append(error)
            return "451 4.3.0 The scripted reply failed"

    async def push(self, status: str | bytes) -> None:
        """Send a reply of aiosmtpd's, in the words ordered for it. The first of all is the greeting."""
        text = status.decode("utf-8", "surrogateescape") if isinstance(status, bytes) else status
        if not self._greeted:
            self._greeted = True
            text = (joined(self._behaviour.greeting) or "").replace("{hostname}", self._behaviour.hostname)
            self._refusing = not text.startswith("2")
        elif self._exact is not None:
            text, self._exact = self._exact, None
        elif self._wording is not None and text[:1] in ("2", "3"):
            text, self._wording = self._wording, None
        else:
            text = self._with_enhanced_code(text)
        await self._say(text)

    async def _say(self, text: str) -> None:
        if text:
            octets = "\r\n".join(text.split("\n")).encode("utf-8", "surrogateescape")
            await super().push(octets)
        if text.startswith("421") and self.transport is not None:
            self.transport.close()

    def _with_enhanced_code(self, text: str) -> str:
        # RFC 2034 section 4: in every 2yz, 4yz and 5yz reply, but not to EHLO and HELO.
        offered = self._behaviour.offer("ENHANCEDSTATUSCODES", in_tls=self._in_tls) is not None
        if not offered or text[:1] not in ("2", "4", "5") or self._verb in ("EHLO", "HELO") or "\n" in text:
            return text
        code, words = text[:3], text[4:]
        status = _STATUS.get(self._verb if code[0] == "2" else code, f"{code[0]}.0.0")
        return text if _ENHANCED.match(words) else f"{code} {status} {words}"

    async def handle_exception(self, error: Exception) -> str:
        """The reply where aiosmtpd raised: its address parser does so on some arguments, its reader on long lines."""
        if self._verb in ("MAIL", "RCPT"):
            return "501 5.1.7 The address cannot be read"
        if self._verb == "AUTH" and isinstance(error, ValueError):
            return "500 5.5.6 Authentication line too long"  # RFC 4954 section 6
        if not isinstance(error, TLSSetupException):
            self._owner.errors.append(error)
        return "451 4.3.0 Internal error"

    # The commands whose replies are not aiosmtpd's

    async def smtp_EHLO(self, argument: str | None) -> None:
        if not argument:
            await self.push("501 5.5.4 Syntax: EHLO hostname")
            return
        assert self.session is not None
        self._set_rset_state()  # type: ignore[no-untyped-call]
        self.session.extended_smtp = True
        self.session.host_name = argument
        first = self._behaviour.hostname
        if self._behaviour.greet_address:
            first += f" at your service, [{self.session.peer[0] if self.session.peer else ''}]"
        await self.push(_reply("250", (first, *self._behaviour.offers(in_tls=self._in_tls))))

    async def smtp_HELP(self, argument: str | None) -> None:
        ordered = joined(self._behaviour.help)
        extended = [
            verb for verb in ("STARTTLS", "AUTH") if self._behaviour.offer(verb, in_tls=self._in_tls) is not None
        ]
        verbs = [*_VERBS, *extended]
        if ordered is not None:
            await self._say(ordered)
        elif argument and argument.upper() not in verbs:
            await self.push(f'504 5.5.4 No help on "{argument}"')
        elif argument:
            await self.push(f"214 2.0.0 Syntax: {getattr(SMTP, f'smtp_{argument.upper()}').__smtp_syntax__}")
        else:
            await self.push(_reply("214", ("2.0.0 Commands supported:", f"2.0.0 {' '.join(verbs)}")))

    async def smtp_STARTTLS(self, argument: str | None) -> None:
        if self._behaviour.offer("STARTTLS", in_tls=self._in_tls) is None:
            await self.push("503 5.5.1 STARTTLS is not offered")
            return
        await super().smtp_STARTTLS(argument or "")
        if self._original_transport is not None and self._original_transport.is_closing():
            # The client left during the handshake, and asyncio calls that a success.
            self._owner.closed(self)
            raise ConnectionResetError

    async def smtp_MAIL(self, argument: str | None) -> None:
        await self._with_parameters("MAIL", argument, super().smtp_MAIL)

    async def smtp_RCPT(self, argument: str | None) -> None:
        await self._with_parameters("RCPT", argument, super().smtp_RCPT)

    async def _with_parameters(self, verb: str, argument: str | None, method: Callable[..., Awaitable[None]]) -> None:
        """Judge the parameters by what is offered, then let aiosmtpd see the path alone: it knows three of them."""
        match = _PATH.fullmatch(argument or "")
        if match is None:
            # aiosmtpd would take some of these; RFC 5321 section 4.1.2 has the brackets in the syntax.
            await self.push(f"501 Syntax: {verb} {'FROM' if verb == 'MAIL' else 'TO'}:<address>")
            return
        parameters = match[2].split()
        for parameter in parameters:
            keyword, _, value = parameter.partition("=")
            if not self._behaviour.takes(verb, keyword.upper(), in_tls=self._in_tls):
                await self._say(self._behaviour.unknown_parameter.replace("{}", parameter))
                return
            if keyword.upper() == "SIZE" and value.isdecimal() and int(value[:20]) > (self.data_size_limit or 0):
                # RFC 1870 section 6.1
                await self._say("552 5.3.4 The message is larger than this server takes")
                return
        await method(match[1])
        if self.envelope is not None and parameters:
            options = self.envelope.mail_options if verb == "MAIL" else self.envelope.rcpt_options
            options.extend(parameters)

    async def smtp_AUTH(self, argument: str | None) -> None:
        offered = self._behaviour.offer("AUTH", in_tls=self._in_tls)
        mechanism, _, initial = (argument or "").partition(" ")
        if offered is None:
            await self.push("503 5.5.1 Authentication is not offered")
        elif mechanism and mechanism.upper() not in offered.upper().split():
            await self.push("504 5.5.4 Unrecognized authentication type")
        elif mechanism and mechanism.upper() not in self._auth_methods:
            await self.push("454 4.7.0 Temporary authentication failure")
        else:
            await super().smtp_AUTH(f"{mechanism.upper()} {initial}".strip())

    async def auth_CRAM__MD5(self, _: Any, words: list[str]) -> AuthResult:
        """RFC 2195: the digest of a challenge, keyed with the password."""
        challenge = f"<{secrets.token_hex(8)}@{self._behaviour.hostname}>".encode()
        response = await self.challenge_auth(challenge)
        if not isinstance(response, bytes):
            return AuthResult(success=False)
        login, _, digest = response.decode("utf-8", "replace").rpartition(" ")
        password = self._behaviour.users.get(login)
        right = hmac.new((password or "").encode(), challenge, "md5").hexdigest()
        success = password is not None and hmac.compare_digest(
            right, digest.lower().encode("ascii", "replace").decode()
        )
        return AuthResult(success=success, handled=False, auth_data=LoginPassword(login.encode(), b""))

    def _log_in(self, _server: Any, _session: Any, _envelope: Any, _mechanism: str, given: Any) -> AuthResult:
        password = self._behaviour.users.get(given.login.decode("utf-8", "replace"))
        success = password is not None and hmac.compare_digest(password.encode(), given.password)
        return AuthResult(success=success, handled=False, auth_data=given)

    async def handle_DATA(self, _server: Any, session: Any, envelope: Any) -> str | Any:
        """The end of the message, as aiosmtpd's handlers have it."""
        self._verb = "dot"
        octets = bytes(envelope.content or b"")
        ordered = self._ordered("dot", octets.decode("utf-8", "surrogateescape"))
        self._exact = ordered
        if ordered is not None and not ordered.startswith("2"):
            return ordered
        self._owner.take(
            Received(
                mail_from="" if envelope.mail_from == "<>" else envelope.mail_from,
                rcpt_tos=tuple(envelope.rcpt_tos),
                octets=octets,
                parameters=tuple(envelope.mail_options),
                helo=session.host_name or "",
                in_tls=self._in_tls,
                user=session.auth_data.login.decode("utf-8", "replace") if session.auth_data else None,
            )
        )
        return MISSING


def _reply(code: str, lines: tuple[str, ...]) -> str:
    return "\n".join(f"{code}{' ' if number == len(lines) else '-'}{line}" for number, line in enumerate(lines, 1))
