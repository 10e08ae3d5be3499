"""What the macros of a record stand for in one evaluation (RFC 7208 sections 4.8, 5.5 and 7.2)."""

from __future__ import annotations

from collections.abc import Callable

from probe.checks.spf.macros import Macro, Tokens, as_name, expand, tokens, uses
from probe.checks.spf.query import Client, Name, can_be_told, is_below
from probe.checks.spf.questions import Questions
from probe.checks.spf.usage import LIMITS

UNKNOWN = "unknown"
"""What ``%{p}`` and ``%{r}`` stand for where nobody knows."""


class Expansion:
    """The values for one client and one name. ``receiver`` is whoever evaluates, ``now`` gives Unix time."""

    def __init__(
        self, client: Client, name: Name, questions: Questions, receiver: str, now: Callable[[], float]
    ) -> None:
        self._client = client
        self._name = name
        self._questions = questions
        self._receiver = receiver
        self._now = now
        self._validated: tuple[str, ...] | None = None

    async def target(self, spec: str, domain: str) -> str | None:
        """The ``<target-name>`` of a term with this domain-spec, in the record of ``domain``. It may be no name that
        can be asked for. None where it can match nothing: it speaks of a local part beyond ASCII (RFC 8616
        section 4)."""
        if not spec:
            return domain
        if "%" not in spec:
            return as_name(spec)
        read = tokens(spec)
        assert read is not None  # the record was found to be well formed
        if uses(read, "ls") and not self._name.local.isascii():
            return None
        return as_name(await self.text(read, domain) or "")

    async def text(self, read: Tokens, domain: str) -> str | None:
        """A macro string filled in; None where the outcome is absurdly long."""
        values: dict[str, str] = {}
        for token in read:
            if isinstance(token, Macro) and token.letter not in values:
                values[token.letter] = await self._value(token.letter, domain)
        return expand(read, values)

    async def validated(self) -> tuple[str, ...]:
        """The names of the client that lead back to it, of ten at most. Names that cannot be asked for are skipped, and
        an address nobody can ask about has none (RFC 7208 section 5.5). Whoever owns the address names them, so what
        they cost is not the policy's fault: nothing is counted here."""
        if self._validated is None:
            answer = await self._questions.ask(self._client.reverse, "PTR")
            rdtype = self._client.address_type
            hosts = [host for host in answer.values[: LIMITS["ptr_names"]] if can_be_told(host)]
            await self._questions.ask_all(hosts, rdtype)
            found = []
            for host in hosts:
                addresses = (await self._questions.ask(host, rdtype)).values
                if any(self._client.is_at(address) for address in addresses):
                    found.append(host)
            self._validated = tuple(found)
        return self._validated

    async def _value(self, letter: str, domain: str) -> str:
        match letter:
            case "s":
                return self._name.sender
            case "l":
                return self._name.local
            case "o":
                return self._name.domain
            case "d":
                return domain
            case "i":
                return self._client.macro
            case "p":
                return await self._client_name(domain)
            case "v":
                return self._client.zone
            case "h":
                return self._name.helo
            case "c":
                return self._client.text
            case "r":
                return self._receiver
            case "t":
                return str(int(self._now()))
        return ""  # one of the escapes

    async def _client_name(self, domain: str) -> str:
        """``%{p}``: the domain itself if it is validated, else a name below it, else any. The ten of section 4.6.4 are
        terms, and this is none; it is asked once."""
        names = await self.validated()
        below = [name for name in names if is_below(name, domain)]
        same = [name for name in below if name == domain.lower()]
        return next(iter((*same, *below, *names)), UNKNOWN)
