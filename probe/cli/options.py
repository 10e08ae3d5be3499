"""The options of a probe, and what they ask for: typed words → target, plan, limits."""

from __future__ import annotations

import argparse
import os
import re
import sys
from dataclasses import replace
from typing import Any

from probe.cli.common import Parser, parser, read_file
from probe.cli.values import address, seconds, word
from probe.errors import UsageError
from probe.limits import PATIENT, Limits
from probe.model import Target
from probe.run import Options
from probe.smtp.plan import Plan
from probe.target import default_recipient, parse_mailbox, parse_target, with_port
from probe.text import show

# Stages after which a user may want to stop (see STAGES in probe.smtp.session).
QUIT_AFTER = ("banner", "ehlo", "help", "starttls", "auth", "mail", "rcpt")
# RFC 5321 section 4.1.2: esmtp-param; RFC 4422 section 3.1: sasl-mech.
_PARAMETER = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]*(?:=[!-<>-~]+)?")
_MECHANISM = re.compile(r"[A-Za-z0-9_-]{1,20}")


def check_parser() -> Parser:
    made = parser(
        "check", "Probe mail servers. No message is sent unless --send is given.", ("terminal", "json", "jsonl")
    )
    add = made.add_argument
    add("target", nargs="+", metavar="TARGET", help="domain, host[:port], address, mailbox or URL")
    talk = made.add_argument_group("the conversation")
    talk.add_argument("--server", metavar="HOST", help="connect here, whatever the target's MX says")
    talk.add_argument("-p", "--port", type=_port, help="port (default: 25, or the URL's)")
    talk.add_argument("--ehlo", metavar="NAME", type=word, help="name for EHLO (default: our own, or our address)")
    talk.add_argument("-f", "--from", dest="mail_from", metavar="ADDR", default="", help="MAIL FROM (default: <>)")
    talk.add_argument("-t", "--to", action="append", metavar="ADDR", help="RCPT TO (default: postmaster@ the target)")
    talk.add_argument("--tls", choices=("auto", "none", "starttls", "implicit"), help="(default: auto)")
    talk.add_argument("--tls-verify", action="store_true", help="end the session where the certificate does not verify")
    talk.add_argument("--ca-file", metavar="FILE", help="verify against these certificates (PEM)")
    talk.add_argument("--quit-after", choices=QUIT_AFTER, metavar="STAGE", help=f"stop after: {' '.join(QUIT_AFTER)}")
    talk.add_argument(
        "--auth-mechanism", metavar="NAME", type=_mechanism, help="ask for this mechanism, without secrets"
    )
    talk.add_argument("--auth-user", metavar="NAME", help="log in; password by prompt or SMTP_PROBE_PASSWORD")
    talk.add_argument("--password-file", metavar="FILE", help="the password is this file's first line")
    talk.add_argument("--allow-clear-auth", action="store_true", help="log in without verified TLS: for tests alone")
    talk.add_argument(
        "--mail-param", action="append", metavar="K[=V]", type=_parameter, default=[], help="a MAIL parameter"
    )
    talk.add_argument(
        "--rcpt-param", action="append", metavar="K[=V]", type=_parameter, default=[], help="a RCPT parameter"
    )
    talk.add_argument("--help-topic", metavar="VERB", type=word, help="ask HELP about one verb")
    talk.add_argument("--send", action="store_true", help="really send a message; without this none ever goes out")
    talk.add_argument("--message", metavar="FILE", help="the message to send (default: a short test message)")
    way = made.add_argument_group("the way there")
    way.add_argument("--resolver", metavar="ADDR[:PORT]", action="append", help="name server (default: the system's)")
    way.add_argument("--source", metavar="ADDR", type=address, help="our own address to connect from")
    family = way.add_mutually_exclusive_group()
    family.add_argument("-4", dest="family", action="store_const", const="4", help="IPv4 only")
    family.add_argument("-6", dest="family", action="store_const", const="6", help="IPv6 only")
    way.add_argument("--allow-private", action="store_true", help="follow names into private and loopback space")
    proof = made.add_argument_group("the proof of a refusal")
    proof.add_argument("--client-ip", metavar="ADDR", type=address, help="the address that the other side sees")
    proof.add_argument(
        "--selector", action="append", metavar="NAME", type=word, default=[], help="a DKIM selector of the sender"
    )
    proof.add_argument(
        "--lists", choices=("named", "main", "all"), help="blocklists to ask (default: all; main for several targets)"
    )
    time = made.add_argument_group("time")
    time.add_argument("--timeout", type=seconds, metavar="S", help="for one reply, and for connecting")
    time.add_argument("--deadline", type=seconds, metavar="S", help="for a whole session (default: 120)")
    time.add_argument(
        "--limit",
        action="append",
        default=[],
        metavar="NAME=N",
        help="any other limit: " + " ".join(vars(Limits())) + " (seconds, octets, counts)",
    )
    time.add_argument("--patient", action="store_true", help="wait as long as RFC 5321 section 4.5.3.2 advises")
    time.add_argument(
        "--wait", type=seconds, default=0.0, metavar="S", help="try again until greeted: the server is starting"
    )
    out = made.add_argument_group("the report")
    add = out.add_argument
    add(
        "-o",
        "--output",
        action="append",
        default=[],
        metavar="FILE",
        help="also write it here; .json .jsonl .txt pick the format",
    )
    add(
        "--fail-on",
        choices=("info", "notice", "warning", "error"),
        default="error",
        help="exit 1 from here (default: error)",
    )
    add("--exit-zero", action="store_true", help="exit 0 whatever was found")
    add("-q", "--quiet", action="store_true", help="one line a target")
    add("-v", "--verbose", action="store_true", help="every line, every question")
    return made


def target_of(word: str, given: argparse.Namespace) -> Target:
    """The target with --server, --port and --tls laid over it. Raises ``TargetError``."""
    target = parse_target(word)
    if given.server:
        server = parse_target(given.server)
        if server.kind == "mailbox":
            raise UsageError(f"--server takes a host, not {show(given.server)}")
        # What the target says of port and TLS still holds, unless the server's own words say more.
        if "://" not in given.server and server.kind != "unix":
            typed_port = server.port != parse_target("host.test").port
            server = replace(
                server,
                port=server.port if typed_port else target.port,
                tls=target.tls,
                protocol=target.protocol,
            )
        kind = "host" if server.kind == "domain" else server.kind
        target = replace(server, input=target.input, kind=kind, mailbox=default_recipient(target))
    if given.port is not None:
        target = with_port(target, given.port)
    if given.tls is not None:
        target = replace(target, tls=given.tls)
    _must_make_sense(target, given)
    return target


def _must_make_sense(target: Target, given: argparse.Namespace) -> None:
    """Options that contradict each other are a mistake, and one that nobody should find out afterwards."""
    if given.tls_verify and target.tls == "none":
        raise UsageError("--tls-verify needs TLS, and --tls none forbids it")
    if given.send and given.quit_after:
        raise UsageError("--send and --quit-after contradict each other")
    if target.kind == "address" and given.family and given.family != ("6" if ":" in target.host else "4"):
        raise UsageError(f"{target.host} is no IPv{given.family} address")
    if given.source:
        import socket

        with socket.socket(socket.AF_INET6 if ":" in given.source else socket.AF_INET) as sock:
            try:
                sock.bind((given.source, 0))
            except OSError:
                raise UsageError(f"--source {given.source} is no address of this machine") from None


def plan_of(target: Target, given: argparse.Namespace, message: bytes | None, password: str = "") -> Plan:
    """What to do with that target. Raises ``UsageError`` for what could not be said on a command line."""
    words = [word for group in given.to or () for word in (group.split(",") if '"' not in group else [group])]
    recipients = tuple(_mailbox(word) for word in words) or (default_recipient(target),)
    sender = _mailbox(given.mail_from)
    return Plan(
        recipients=recipients,
        mail_from=sender,
        ehlo=given.ehlo,
        tls=target.tls,
        tls_verify=given.tls_verify,
        ca_file=given.ca_file,
        protocol=target.protocol,
        help_topic=given.help_topic,
        auth_mechanism=given.auth_mechanism,
        mail_parameters=tuple(given.mail_param),
        rcpt_parameters=tuple(given.rcpt_param),
        send=given.send,
        message=_message(given, sender, recipients, message) if given.send else None,
        quit_after=given.quit_after,
        source=given.source,
        auth_user=given.auth_user,
        password=password,
        allow_clear_auth=given.allow_clear_auth,
    )


def _mailbox(word: str) -> str:
    """Angle brackets around it are the protocol's, not the address's."""
    word = word.strip().removeprefix("mailto:")
    return parse_mailbox(word[1:-1] if word.startswith("<") and word.endswith(">") else word)


def message_of(given: argparse.Namespace) -> bytes | None:
    """The octets of --message. Raises ``UsageError``."""
    if given.message and not given.send:
        raise UsageError("--message is only sent with --send")
    return read_file(given.message) if given.message else None


def password_of(given: argparse.Namespace) -> str:
    """The password for --auth-user: from --password-file, else SMTP_PROBE_PASSWORD, else a prompt. Never an argument,
    which every process list would show. Raises ``UsageError`` where there is none to be had."""
    if given.auth_user is None:
        if given.password_file:
            raise UsageError("--password-file goes with --auth-user")
        return ""
    if given.password_file:
        return read_file(given.password_file).decode("utf-8", "surrogateescape").partition("\n")[0].rstrip("\r")
    password = os.environ.get("SMTP_PROBE_PASSWORD")
    if password is None and sys.stdin.isatty():
        import getpass

        password = getpass.getpass(f"Password for {show(given.auth_user)}: ")
    if password is None:
        raise UsageError("no password: set SMTP_PROBE_PASSWORD or give --password-file")
    return password


def limits_of(given: argparse.Namespace) -> Limits:
    """--patient, then --timeout and --deadline, then each --limit by its name. Raises ``UsageError``."""
    limits = PATIENT if given.patient else Limits()
    if given.timeout is not None:
        one = given.timeout
        limits = replace(limits, connect=one, banner=one, command=one, tls=one, data=one, dot=one, write=one)
    if given.deadline is not None:
        limits = replace(limits, session=given.deadline)
    for typed in given.limit:
        name, _, value = typed.partition("=")
        changed: dict[str, Any] = {name: _limit(limits, name, value)}
        limits = replace(limits, **changed)
    return limits


def _limit(limits: Limits, name: str, value: str) -> float | int:
    """One limit in the kind of number that it is: seconds, or a count."""
    known = vars(limits)
    if name not in known:
        raise UsageError(f"--limit {show(name)!r}: known are {' '.join(known)}")
    try:
        if not re.fullmatch(r"[0-9]+(?:\.[0-9]+)?", value, re.ASCII):
            raise ValueError
        number: float | int = int(value) if isinstance(known[name], int) else float(value)
    except ValueError:
        number = 0
    if not 0 < number <= 1_000_000_000:
        raise UsageError(f"--limit {name}: {show(value)!r} is no number above 0")
    return number


def options_of(given: argparse.Namespace) -> Options:
    return Options(
        client_ip=given.client_ip,
        selectors=tuple(given.selector),
        lists=given.lists or ("all" if len(given.target) == 1 else "main"),
        family=given.family or "any",
        allow_private=given.allow_private,
        wait=given.wait,
    )


def _message(given: argparse.Namespace, sender: str, recipients: tuple[str, ...], octets: bytes | None) -> bytes:
    import time

    from probe.smtp.identity import own_name
    from probe.smtp.message import test_message

    return octets if octets is not None else test_message(sender, recipients, given.ehlo or own_name(None), time.time())


def _port(word: str) -> int:
    if word.isascii() and word.isdigit() and 0 < int(word[:6]) < 65536:
        return int(word)
    raise argparse.ArgumentTypeError(f"{show(word)} is no port")


def _mechanism(word: str) -> str:
    if _MECHANISM.fullmatch(word):
        return word
    raise argparse.ArgumentTypeError(f"{show(word)!r} is no name of a mechanism")


def _parameter(word: str) -> str:
    if _PARAMETER.fullmatch(word):
        return word
    raise argparse.ArgumentTypeError(f"{show(word)!r} is no KEYWORD or KEYWORD=VALUE")
