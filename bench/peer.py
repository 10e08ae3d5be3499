"""The mail server that every tool talks to: a Postfix of our own, else the embedded server in a process of its own.

Postfix runs as an instance beside any other one, in a temporary folder, on a free port of the loopback address, without
chroot, and is stopped before the folder goes. It must be started by root; where that cannot be, the description says
what took its place and why.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_HOST = "bench.example.org"
_START_S = 20.0

_MAIN_CF = """\
compatibility_level = 3.6
queue_directory = {folder}/spool
data_directory = {folder}/data
maillog_file = {folder}/log/postfix.log
maillog_file_prefixes = {folder}
myhostname = {host}
mydestination = {host}
mynetworks = 127.0.0.0/8
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
alias_maps =
alias_database =
# A name look-up before the greeting would measure the resolver of the machine.
smtpd_peername_lookup = no
smtpd_tls_security_level = may
smtpd_tls_chain_files = {folder}/etc/server.pem
"""

_MASTER_CF = """\
127.0.0.1:{port} inet n - n - - smtpd
cleanup unix n - n - 0 cleanup
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
qmgr unix n - n 300 1 qmgr
proxymap unix - - n - - proxymap
anvil unix - - n - 1 anvil
tlsmgr unix - - n 1000? 1 tlsmgr
error unix - - n - - error
postlog unix-dgram n - n - 1 postlogd
"""


class _NoPostfix(Exception):
    """Why there is none."""


@dataclass(frozen=True)
class Peer:
    """A server that greets on 127.0.0.1. ``description`` is for the page."""

    description: str
    port: int


@contextlib.contextmanager
def peer() -> Iterator[Peer]:
    """A server for the time of the block."""
    with contextlib.ExitStack() as stack:
        try:
            server = stack.enter_context(_postfix())
        except _NoPostfix as reason:
            server = stack.enter_context(_embedded(str(reason)))
        yield server


@contextlib.contextmanager
def _postfix() -> Iterator[Peer]:
    command = shutil.which("postfix", path=os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin")))
    if command is None:
        raise _NoPostfix("Postfix is not installed")
    if os.geteuid() != 0:
        raise _NoPostfix("only root may start a Postfix")
    with tempfile.TemporaryDirectory(prefix="smtp-probe-bench-") as name:
        folder, port = Path(name), _free_port()
        _configure(folder, port)
        postfix = (command, "-c", str(folder / "etc"))
        started = subprocess.run((*postfix, "start"), capture_output=True, text=True, check=False)
        if started.returncode:
            raise _NoPostfix(f"Postfix did not start: {started.stderr.strip().rpartition(chr(10))[2]}")
        try:
            if not _greets(port):
                raise _NoPostfix("Postfix did not greet")
            yield Peer(f"Postfix {_version(command)} at 127.0.0.1, an instance of its own", port)
        finally:
            subprocess.run((*postfix, "stop"), capture_output=True, check=False)


def _configure(folder: Path, port: int) -> None:
    # Postfix gives up its privileges and must still pass through here.
    folder.chmod(0o711)
    for part in ("etc", "spool", "data", "log"):
        (folder / part).mkdir()
    try:
        shutil.chown(folder / "data", "postfix")
    except LookupError:
        raise _NoPostfix("there is no user postfix") from None
    (folder / "etc/main.cf").write_text(_MAIN_CF.format(folder=folder, host=_HOST), encoding="utf-8")
    (folder / "etc/master.cf").write_text(_MASTER_CF.format(port=port), encoding="utf-8")
    # Made by another process: cryptography would make ours larger, and no child is seen smaller than we are.
    made = subprocess.run((sys.executable, "-m", "bench.embedded_peer", "--certificate", _HOST), capture_output=True)
    if made.returncode:
        raise _NoPostfix("no certificate could be made for it")
    path = folder / "etc/server.pem"
    path.touch(mode=0o600)
    path.write_bytes(made.stdout)


def _version(command: str) -> str:
    postconf = Path(command).with_name("postconf")
    said = subprocess.run((str(postconf), "-dh", "mail_version"), capture_output=True, text=True, check=False)
    return said.stdout.strip() or "of unknown version"


@contextlib.contextmanager
def _embedded(reason: str) -> Iterator[Peer]:
    """It ends when its standard input does."""
    with subprocess.Popen(
        (sys.executable, "-m", "bench.embedded_peer", "--serve", _HOST),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdin is not None and process.stdout is not None
        port = process.stdout.readline().strip()
        if not port:
            raise SystemExit("bench: the embedded server did not start either")
        try:
            yield Peer(f"the embedded server, in a process of its own; {reason}", int(port))
        finally:
            process.stdin.close()
            process.wait(timeout=10)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
    return port


def _greets(port: int) -> bool:
    end = time.monotonic() + _START_S
    while time.monotonic() < end:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
            if connection.recv(512).startswith(b"220"):
                connection.sendall(b"QUIT\r\n")
                return True
        time.sleep(0.1)
    return False
