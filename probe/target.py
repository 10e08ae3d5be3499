"""What was typed → ``Target``. No network, no guess that is not written down here.

A bare name with a dot is a domain, to be routed by its MX records; a name with a port, a name without a dot and the
host of a URL are hosts, used as they are. Schemes and ports: smtp 25, submission 587 with STARTTLS, smtps and
submissions 465 with TLS from the first octet (RFC 8314 section 7.3), lmtp 24 (RFC 2033).
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import replace

from probe.errors import TargetError
from probe.model import Protocol, Target, TargetKind, TlsMode
from probe.names import BadName, is_hostname, to_ascii
from probe.text import show

_SCHEMES: dict[str, tuple[int, TlsMode, Protocol]] = {
    "smtp": (25, "auto", "smtp"),
    "submission": (587, "starttls", "smtp"),
    "smtps": (465, "implicit", "smtp"),
    "submissions": (465, "implicit", "smtp"),
    "lmtp": (24, "auto", "lmtp"),
}
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://(.*)", re.DOTALL)


def parse_target(typed: str) -> Target:
    """Read one target. Raises ``TargetError`` with one line that says what is wrong."""
    word = typed.strip().removeprefix("mailto:")
    if not word or show(word) != word or " " in word:
        raise TargetError(f"not a target: {show(typed)!r}")
    scheme = _SCHEME.fullmatch(word)
    if scheme:
        return _url(word, scheme[1].lower(), scheme[2])
    if word.startswith("/"):
        return Target(input=word, kind="unix", host=word, port=0, tls="none")
    if word.startswith("unix:"):
        return Target(input=word, kind="unix", host=_path(word, word[5:]), port=0, tls="none")
    if "@" in word:
        local, _, domain = parse_mailbox(word).rpartition("@")
        if not local:
            raise TargetError(f"no mailbox before the @: {word}")
        kind, host, port = _host(word, domain)
        if port is not None:
            raise TargetError(f"a mailbox takes no port; use --port: {word}")
        return Target(
            input=word,
            kind="address" if kind == "address" else "mailbox",
            host=host,
            port=25,
            mailbox=f"{local}@{domain if kind == 'address' else host}",
        )
    kind, host, port = _host(word, word)
    if kind == "domain" and (port is not None or "." not in host):
        kind = "host"
    port = 25 if port is None else port
    return Target(input=word, kind=kind, host=host, port=port, tls="implicit" if port == 465 else "auto")


def with_port(target: Target, port: int) -> Target:
    """The same target on another port; 465 begins with TLS (RFC 8314 section 3.3)."""
    tls: TlsMode = "implicit" if port == 465 and target.tls == "auto" else target.tls
    return replace(target, port=port, tls=tls)


def default_recipient(target: Target) -> str:
    """Postmaster, whom every domain must accept (RFC 5321 section 4.5.1)."""
    if target.mailbox is not None:
        return target.mailbox
    if target.kind == "unix":
        return "postmaster"
    if target.kind == "address":
        # RFC 5321 section 4.1.3 knows no zone in a literal: it means something on this machine alone.
        address = target.host.partition("%")[0]
        return f"postmaster@[IPv6:{address}]" if ":" in address else f"postmaster@[{address}]"
    return f"postmaster@{target.host}"


def parse_mailbox(typed: str) -> str:
    """A mailbox as it may stand between angle brackets; empty is the null reverse-path. Raises ``TargetError`` for
    what would break the command line; whether the rest is a good address is the server's to say."""
    if not typed.isprintable() or any(mark in typed for mark in "<> "):
        raise TargetError(f"not an address: {show(typed)!r}")
    return typed


def parse_address(typed: str) -> str:
    """An IP address in its canonical form. Raises ``TargetError``."""
    try:
        return str(ipaddress.ip_address(re.sub(r"(?i)^ipv6:", "", typed.strip("[]"))))
    except ValueError:
        raise TargetError(f"not an IP address: {show(typed)}") from None


def _url(word: str, scheme: str, rest: str) -> Target:
    if scheme not in _SCHEMES:
        raise TargetError(f"unknown scheme {show(scheme)}://; known are {', '.join(_SCHEMES)}")
    port, tls, protocol = _SCHEMES[scheme]
    if rest.startswith("/"):
        return Target(input=word, kind="unix", host=_path(word, rest), port=0, tls="none", protocol=protocol)
    place = rest[:-1] if rest.endswith("/") else rest
    if "@" in place:
        raise TargetError(
            f"a URL takes no user or password; use --auth-user: {scheme}://…@{show(place.rpartition('@')[2])}"
        )
    if not place or any(mark in place for mark in "/?#"):
        raise TargetError(f"a URL is {scheme}://HOST[:PORT], and this is not: {word}")
    kind, host, given = _host(word, place)
    return Target(
        input=word,
        kind="address" if kind == "address" else "host",
        host=host,
        port=port if given is None else given,
        tls=tls,
        protocol=protocol,
    )


def _path(word: str, path: str) -> str:
    if not path.startswith("/"):
        raise TargetError(f"a unix socket is given by its whole path: {word}")
    return path


def _host(word: str, place: str) -> tuple[TargetKind, str, int | None]:
    """Kind (address or domain), host and the port if one stands there."""
    bracketed = re.fullmatch(r"\[([^\]]*)\](?::(.*))?", place)
    if bracketed:
        return "address", parse_address(bracketed[1]), None if bracketed[2] is None else _port(word, bracketed[2])
    try:
        return "address", str(ipaddress.ip_address(place)), None
    except ValueError:
        pass
    name, colon, port = place.partition(":")
    number = _port(word, port) if colon else None
    try:
        return "address", str(ipaddress.ip_address(name)), number
    except ValueError:
        return "domain", _name(word, name), number


def _port(word: str, digits: str) -> int:
    if digits.isascii() and digits.isdigit() and len(digits) <= 5 and 0 < int(digits) < 65536:
        return int(digits)
    raise TargetError(f"no such port: {show(digits) or '(empty)'} in {word}")


def _name(word: str, name: str) -> str:
    """A-labels in lower case, without the last dot."""
    try:
        ascii_name = to_ascii(name)
    except BadName:
        what = "host, domain, address or URL" if name.isascii() else "name that DNS can hold"
        raise TargetError(f"not a {what}: {show(word)}") from None
    if ascii_name.rpartition(".")[2].isdigit():
        hint = f"; did you mean: smtp-probe explain {show(word)}" if re.fullmatch(r"[2-5][0-9.]+", word) else ""
        raise TargetError(f"not an IP address: {show(word)}{hint}")
    if not is_hostname(ascii_name):
        raise TargetError(f"not a host, domain, address or URL: {show(word)}")
    return ascii_name
