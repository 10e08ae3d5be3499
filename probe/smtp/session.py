"""One session: the stages of a conversation in the order the protocol runs (RFC 5321 sections 3 and 4).

Greeting, EHLO (HELO if it must), HELP, STARTTLS, EHLO again, AUTH, MAIL, RCPT, then DATA and the dot only where the
plan says send, RSET, QUIT. Before each command the input must be empty; after QUIT the books are closed. The first
thing that stops the session from its goal is its outcome. Nothing is ever sent twice.
"""

from __future__ import annotations

import asyncio
import base64
import datetime
import time
from collections.abc import Callable

from probe.catalog import Catalog, catalog
from probe.errors import INTERRUPT, Detail, Interrupted, WireError, where
from probe.limits import Limits
from probe.model import Endpoint, Outcome, Reply, Session, Stage, Tls
from probe.smtp.auth import KNOWN, LONGEST, MOST_STEPS, Login, choose
from probe.smtp.connection import connect
from probe.smtp.extensions import help_verbs, offered
from probe.smtp.identity import own_name
from probe.smtp.message import stuffed
from probe.smtp.plan import Plan
from probe.smtp.protocols import other_by_greeting
from probe.smtp.reader import ReplyReader
from probe.smtp.speaker import End, Speaker
from probe.tls.layer import TlsLayer, client_context, no_tls

# The stages after which a session may be told to quit, in their order.
STAGES = ("banner", "ehlo", "help", "starttls", "auth", "mail", "rcpt", "data", "dot")

_UNBALANCED = Detail("detail-unbalanced")

# Between 354 and the text, octets that nobody asked for get this long to show themselves.
_LOOK = 0.005


async def converse(
    endpoint: Endpoint,
    plan: Plan,
    limits: Limits,
    clock: Callable[[], float],
    now: Callable[[], float] = time.time,
    facts: Catalog | None = None,
) -> Session:
    """Hold the whole conversation and return what came of it. ``clock`` gives seconds that only go forward, ``now``
    Unix time, for the dates of certificates; ``facts`` says in words what happened.

    Never raises for anything the other side does.
    """
    conversation = _Conversation(endpoint, plan, limits, clock, now, facts or catalog())
    try:
        await conversation.hold()
    except End:
        pass
    except asyncio.CancelledError as cancelled:
        if cancelled.args[:1] != (INTERRUPT,):
            raise
        conversation.interrupt()
        raise Interrupted(conversation.session()) from None
    except Exception as error:
        # A fault of ours costs this session, never the report.
        conversation.break_off("protocol_error", Detail("detail-own-fault", where=where(error)))
    finally:
        conversation.hang_up()
    return conversation.session()


class _Conversation(Speaker):
    def __init__(
        self,
        endpoint: Endpoint,
        plan: Plan,
        limits: Limits,
        clock: Callable[[], float],
        now: Callable[[], float],
        facts: Catalog,
    ) -> None:
        super().__init__(endpoint, limits, clock, facts)
        self._endpoint = endpoint
        self._plan = plan
        self._unix_time = now
        if plan.auth_user is not None:
            self._redact.add(plan.password.encode("utf-8", "surrogateescape"))
        self._banner: Reply | None = None
        self._tls_refused = False
        self._doubt = False
        self._accepted = 0

    # The conversation -----------------------------------------------------------------------------------------------

    async def hold(self) -> None:
        await self._connect()
        if self._plan.tls == "implicit":
            await self._handshake()
        if await self._greeting() and await self._hello():
            await self._help()
            await self._starttls()
            await self._auth()
            if await self._mail():
                if await self._recipients() and self._plan.send:
                    await self._message()
                else:
                    await self._reset()
        await self._quit()

    async def _connect(self) -> None:
        self._books.reach("connect")
        sent = self._books.now()
        try:
            self._wire = await connect(self._endpoint, self._limits, self._books.now, self._plan.source, self._redact)
        except WireError as error:
            # Where something accepted before it reset, the connection was there.
            self._fail("banner" if error.outcome == "reset" else "connect", None, sent, error)
        self._books.spent("connect", sent)
        self._books.local_address = self._the_wire.local_address

    async def _greeting(self) -> bool:
        """RFC 5321 section 3.1: 220, or a refusal of the client, or of the whole service."""
        reply = self._banner = await self._hear("banner", None, self._limits.banner)
        accepted = self._judged(reply, "banner", (2,))
        if accepted:
            self._books.greeted()
        return accepted

    async def _hello(self) -> bool:
        """RFC 5321 section 4.1.1.1, and HELO for a server that does not know EHLO (section 3.2)."""
        if not self._go_on("banner"):
            return False
        name = self._plan.ehlo or own_name(self._books.local_address)
        verb = "LHLO" if self._plan.protocol == "lmtp" else "EHLO"
        reply = await self._command("ehlo", f"{verb} {name}")
        extensions = offered(reply.lines)
        if reply.code in (500, 502) and verb == "EHLO":
            reply = await self._command("ehlo", f"HELO {name}")
            extensions = {}
        if reply.code >= 300:
            spoken = other_by_greeting(self._banner, reply) if self._banner and not self._in_tls else None
            if spoken:
                self._books.decide("not_smtp", "banner", spoken)
            return self._judged(reply, "ehlo", ())
        if self._in_tls:
            self._books.after_tls = extensions
        else:
            self._books.before_tls = extensions
        return True

    async def _help(self) -> None:
        """Whatever HELP gets says nothing about mail; the verbs that it lists are worth reading (section 4.1.1.8)."""
        if not self._go_on("ehlo"):
            return
        topic = self._plan.help_topic
        reply = await self._command("help", f"HELP {topic}" if topic else "HELP")
        if reply.code < 300:
            self._books.verbs = help_verbs(reply.lines)

    async def _starttls(self) -> None:
        """RFC 3207. What was offered before TLS counts for nothing after it (section 4.2)."""
        # Who wants a verified certificate wants TLS.
        mode = "starttls" if self._plan.tls_verify and self._plan.tls == "auto" else self._plan.tls
        if not self._go_on("help") or mode in ("none", "implicit"):
            return
        if "STARTTLS" not in (self._books.before_tls or {}):
            if mode == "starttls":
                await self._stop("no_tls", "starttls", Detail("detail-tls-not-offered"))
            return
        reply = await self._command("starttls", "STARTTLS")
        if reply.code < 400 and reply.code != 220:
            # Neither yes nor no: to go on in clear could meet a server that waits for TLS.
            nonsense = Detail("detail-no-sense", code=reply.code, place=Detail("stage-starttls"))
            await self._stop("protocol_error", "starttls", nonsense)
        if reply.code != 220:
            if mode == "starttls":
                await self._stop("tls_refused", "starttls", Detail("detail-starttls-refused", code=reply.code))
            self._tls_refused = True
            return
        await self._handshake()
        if not await self._hello():
            await self._stop("protocol_error", "ehlo", Detail("detail-ehlo-refused-in-tls"))

    async def _auth(self) -> None:
        """Log in, or ask for a mechanism without any secret and cancel at the first challenge (RFC 4954 section 4)."""
        if not self._go_on("starttls"):
            return
        if self._plan.auth_user is not None:
            await self._log_in(self._plan.auth_user)
        elif self._plan.auth_mechanism is not None and self._tls_refused:
            self._books.decide("unsafe_auth", "auth", Detail("detail-no-auth-in-clear"))
        elif self._plan.auth_mechanism is not None:
            reply = await self._command("auth", f"AUTH {self._plan.auth_mechanism}")
            if reply.code != 334:
                self._judged(reply, "auth", (2, 3))
            elif (await self._command("auth", "*")).code == 334:
                await self._stop("protocol_error", "auth", Detail("detail-asks-after-cancel"))

    async def _log_in(self, user: str) -> None:
        """One mechanism, one try: a second one could lock the account."""
        plan, offer = self._plan, (self._books.after_tls if self._in_tls else self._books.before_tls) or {}
        safe = self._in_tls and self._books.tls is not None and self._books.tls.verified
        if not safe and not plan.allow_clear_auth:
            await self._stop("unsafe_auth", "auth", Detail("detail-no-password-in-clear"))
        mechanism = plan.auth_mechanism or choose(offer.get("AUTH", "").split(), in_tls=self._in_tls)
        if mechanism is None:
            mechanisms = offer.get("AUTH") or Detail("detail-none")
            await self._stop("unsafe_auth", "auth", Detail("detail-no-common-mechanism", offered=mechanisms))
            return
        if mechanism.upper() not in KNOWN:
            unknown = Detail("detail-unknown-mechanism", mechanism=mechanism, known=" ".join(KNOWN))
            await self._stop("unsafe_auth", "auth", unknown)
        login = Login(mechanism, user, plan.password)
        reply = await self._secret(f"AUTH {mechanism}", login.initial)
        steps = 0
        while reply.code == 334:
            steps += 1
            challenge = reply.lines[0].strip()
            answerable = steps <= MOST_STEPS and len(challenge) <= LONGEST and len(reply.lines) == 1
            response = login.answer(challenge) if answerable else None
            if response is None:
                await self._command("auth", "*")
                await self._stop("protocol_error", "auth", Detail("detail-strange-challenge"))
            reply = await self._secret(None, response)
        # Only 235 says that somebody is logged in (RFC 4954 section 4).
        if reply.code != 235:
            self._judged(reply, "auth", ())
            await self._quit()
            raise End

    async def _secret(self, verb: str | None, response: bytes | None) -> Reply:
        """Say something that no report may show."""
        if response:
            plain = base64.b64decode(response)
            for part in (response, plain, plain.rpartition(b" ")[2]):  # the digest of CRAM-MD5 is its last word
                self._redact.add(part)
        words = [part for part in (verb, (response or b"").decode("ascii") or None) if part]
        shown = [part for part in (verb, "***" if response else None) if part]
        return await self._command("auth", " ".join(words), shown=" ".join(shown))

    async def _mail(self) -> bool:
        if not self._go_on("auth"):
            return False
        parameters = _with_smtputf8(self._plan)
        reply = await self._command("mail", " ".join((f"MAIL FROM:<{self._plan.mail_from}>", *parameters)))
        return self._judged(reply, "mail", (2,))

    async def _recipients(self) -> bool:
        """True if at least one recipient was accepted."""
        if not self._go_on("mail"):
            return False
        accepted = 0
        for recipient in self._plan.recipients:
            reply = await self._command("rcpt", " ".join((f"RCPT TO:<{recipient}>", *self._plan.rcpt_parameters)))
            accepted += self._judged(reply, "rcpt", (2,))
        self._accepted = accepted
        return accepted > 0 and self._go_on("rcpt")

    async def _message(self) -> None:
        """DATA, the text under the write deadline, and the dot by itself (RFC 5321 section 4.1.1.4).

        After the dot only a complete reply says what became of the message (section 4.2.5); it is never sent again.
        """
        reply = await self._command("data", "DATA", self._limits.data)
        if not self._judged(reply, "data", (3,)):
            return
        await self._nothing_unread("body", _LOOK)
        sent = self._books.now()
        try:
            await self._the_wire.send(stuffed(self._plan.message or b""), self._within(self._limits.write))
        except WireError as error:
            if self._the_wire.unread:
                await self._nothing_unread("body")  # its words are the reason
            self._fail("body", self._facts.say("message-text"), sent, error)
        await self._nothing_unread("body")
        self._books.message_sent = True
        # LMTP answers once for each recipient that it accepted (RFC 2033 section 4.2).
        for index in range(self._accepted if self._plan.protocol == "lmtp" else 1):
            reply = await self._hear("dot", "." if index == 0 else None, self._limits.dot, write=index == 0)
            self._judged(reply, "dot", (2,))

    async def _reset(self) -> None:
        if self._go_on("rcpt"):
            reply = await self._command("rset", "RSET")
            # RFC 5321 section 4.3.2 knows 250, or that the verb is unknown: another answer may have been meant for the
            # command before it.
            self._doubt = reply.code >= 300 and reply.code not in (500, 502)

    async def _quit(self) -> None:
        """QUIT never decides; what it finds in the books does."""
        wire = self._the_wire
        await self._nothing_unread("quit")
        sent = self._books.now()
        try:
            reply = await wire.command(b"QUIT", self._within(self._limits.quit))
        except WireError as error:
            self._noted("quit", "QUIT", sent, failure=error)
            # Nothing, or a 221 cut short, is a hasty end; anything else in its place was meant for another command.
            if self._doubt or not _may_become(b"221", error.partial):
                self._books.withdraw("quit", Detail("detail-quit-without-221", why=_UNBALANCED))
            return
        self._noted("quit", "QUIT", sent, reply=reply)
        self._books.reach("quit")
        surplus = await wire.until_closed(self._within(self._limits.quit))
        if set(reply.codes) == {421} and not surplus:
            # It may come at any time (RFC 5321 section 3.8), but it is no 221: the balance is not proved.
            self._books.decide("tempfail", "quit", Detail("detail-closes-with-421"))
        elif surplus or set(reply.codes) != {221}:
            self._unbalanced(reply, surplus[: self._limits.reply], wire.reader)

    async def _handshake(self) -> None:
        wire, plan = self._the_wire, self._plan
        self._books.reach("tls")
        if wire.unread:
            after_220 = WireError("injection", Detail("detail-injected-octets"), wire.unread)
            plain = no_tls(wire.unread, upgrade=False) if plan.tls == "implicit" else after_220
            self._fail("tls", None, self._books.now(), plain)
        name = plan.tls_name or self._endpoint.host
        sent = self._books.now()
        try:
            await wire.secure(
                TlsLayer(client_context(), name, upgrade=plan.tls != "implicit"), self._within(self._limits.tls)
            )
        except WireError as error:
            self._books.tls = Tls(alert=error.alert)
            self._fail("tls", None, sent, error)
        assert wire.tls is not None
        self._books.spent("tls", sent)
        self._books.tls = wire.tls.facts(name, self._today(), plan.ca_file)
        if plan.needs_verified_tls and not self._books.tls.verified:
            reasons = self._facts.problems(self._books.tls.problems)
            self._fail("tls", None, sent, WireError("cert_problem", Detail("detail-certificate", reasons=reasons)))

    def _today(self) -> datetime.datetime:
        return datetime.datetime.fromtimestamp(self._unix_time(), datetime.UTC)

    def _go_on(self, stage: Stage) -> bool:
        """Whether the plan goes beyond ``stage``."""
        last = self._plan.quit_after
        return last is None or STAGES.index(stage) < STAGES.index(last)

    async def _stop(self, outcome: Outcome, stage: Stage, detail: Detail) -> None:
        """The goal is out of reach, but the session can end in good order."""
        self._books.decide(outcome, stage, detail)
        await self._quit()
        raise End

    def _unbalanced(self, last: Reply, surplus: bytes, reader: ReplyReader) -> None:
        stray = reader.take()
        if stray is not None and stray.code == 421 and not reader.unread and set(last.codes) == {221}:
            self._books.decide("tempfail", "quit", Detail("detail-421-behind-221"))
            return
        detail = _UNBALANCED
        if surplus:
            self._noted("quit", None, self._books.now(), failure=WireError("unsolicited", detail, surplus))
        else:
            detail = Detail("detail-quit-answered", code=last.code, why=_UNBALANCED)
        self._books.withdraw("quit", detail)


def _may_become(line: bytes, heard: bytes) -> bool:
    """Whether what was heard is the beginning of ``line``, or begins with it."""
    return heard.startswith(line) or line.startswith(heard)


def _with_smtputf8(plan: Plan) -> tuple[str, ...]:
    """An address beyond ASCII needs SMTPUTF8 (RFC 6531 section 3.4)."""
    parameters = plan.mail_parameters
    needs = not all(address.isascii() for address in (plan.mail_from, *plan.recipients))
    return (*parameters, "SMTPUTF8") if needs and "SMTPUTF8" not in (p.upper() for p in parameters) else parameters
