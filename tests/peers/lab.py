"""A small internet in a network namespace: documentation addresses, its own resolver setting, its own processes.

One ``unshare`` makes the namespaces: network, mounts, host name, processes. Its first process reads a pipe that only
the test run holds: when the pipe closes, on ``stop()`` or because the run died, the kernel ends everything in there.
Nothing is written outside one temporary folder, and no packet can leave: the only device in there is ``lo``.

Needs root, for Postfix must change users; ``needed`` says how the lack of it is reported.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import pytest

CLIENT, OTHER_CLIENT = "203.0.113.7", "203.0.113.8"
# One address a way to behave, see postfix.py.
SERVERS = EARLY, LATE, RELAY, STRICT, STRICT_EARLY, WORLD, NAMED = tuple(
    f"198.51.100.{number}" for number in range(25, 32)
)
# No smtpd listens here.
DOWN = "198.51.100.99"
# Whom the servers ask, whom the probe asks; NOBODY has an address and no name server.
SERVERS_RESOLVER, RESOLVER, STRANGER, NOBODY, ZONES_SERVER = (f"192.0.2.{number}" for number in (54, 53, 55, 56, 57))
_ADDRESSES = (
    *(CLIENT, OTHER_CLIENT),
    *(*SERVERS, DOWN),
    *(SERVERS_RESOLVER, RESOLVER, STRANGER, NOBODY, ZONES_SERVER),
)

# Without a dot, so that the probe greets with its address wherever the tests run.
_HOSTNAME = "lab"
_NAMESPACES = ("--net", "--mount", "--uts")

_DECORATION = ("NO_COLOR", "FORCE_COLOR", "COLUMNS")
_PATH = f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/sbin"
_START_S, _COMMAND_S = 20.0, 60.0
_READY = "ready"


def needed(reason: str) -> NoReturn:
    """Skip for this reason, or fail where SMTP_PROBE_PEERS=required says that the servers must be there."""
    if os.environ.get("SMTP_PROBE_PEERS") == "required":
        pytest.fail(f"SMTP_PROBE_PEERS=required, but {reason}", pytrace=False)
    pytest.skip(reason)


def program(name: str, package: str) -> str:
    """The path of a program; ``needed`` where its Debian package is not installed."""
    return shutil.which(name, path=_PATH) or needed(f"{name} is not installed (Debian package {package})")


def wait_until(ready: Callable[[], bool], what: str, log: Callable[[], str], seconds: float = _START_S) -> None:
    """Look again every few milliseconds; fail with the log when the time is up."""
    end = time.monotonic() + seconds
    while not ready():
        if time.monotonic() > end:
            pytest.fail(f"{what} within {seconds:g} s:\n{log()}", pytrace=False)
        time.sleep(0.02)


class Lab:
    """The namespace. ``folder`` is for the files of its servers, readable by their users, and gone after ``stop``."""

    def __init__(self) -> None:
        if sys.platform != "linux":
            needed("network namespaces are Linux's")
        unshare, ip = program("unshare", "util-linux"), program("ip", "iproute2")
        self._nsenter = program("nsenter", "util-linux")
        if os.geteuid() != 0:
            needed("a lab of real servers needs root: Postfix changes users")
        # Not pytest's tmp_path: that one is closed to the users that the servers become.
        self.folder = Path(tempfile.mkdtemp(prefix="smtp-probe-lab-"))
        self.folder.chmod(0o755)
        (self.folder / "resolv.conf").write_text(f"nameserver {SERVERS_RESOLVER}\noptions timeout:1 attempts:1\n")
        (self.folder / "init").write_text(
            f"set -e\necho {_HOSTNAME} >/proc/sys/kernel/hostname\n"
            f"{ip} link set lo up\n"
            + "".join(f"{ip} address add {address}/32 dev lo\n" for address in _ADDRESSES)
            + f"mount --bind {self.folder}/resolv.conf /etc/resolv.conf\necho {_READY}\nexec cat\n"
        )
        self._init = subprocess.Popen(
            [unshare, *_NAMESPACES, "--pid", "--fork", "--mount-proc", "--kill-child", "sh", self.folder / "init"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        assert self._init.stdout is not None
        said = self._init.stdout.readline().strip()
        if said != _READY:
            self.stop()
            needed(f"no network namespace can be made here: {said or 'unshare ended without a word'}")

    def inside(self, *command: str | Path) -> list[str]:
        """The same command, run in the lab."""
        pid = self._init.pid
        enter = (f"--target={pid}", *_NAMESPACES, f"--pid=/proc/{pid}/ns/pid_for_children", "--")
        return [self._nsenter, *enter, *map(str, command)]

    def run(self, *command: str | Path) -> subprocess.CompletedProcess[str]:
        """Run to the end, without standard input, for at most a minute."""
        plain = {name: value for name, value in os.environ.items() if name not in _DECORATION}
        return subprocess.run(
            self.inside(*command),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            env=plain,
            timeout=_COMMAND_S,
            check=False,
        )

    def start(self, *command: str | Path, log: Path) -> subprocess.Popen[str]:
        """Start a server in the foreground; what it says goes to the log."""
        with log.open("a") as out:
            return subprocess.Popen(
                self.inside(*command), stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT, text=True
            )

    def stop(self) -> None:
        """End every process of the lab, and remove its folder."""
        assert self._init.stdin is not None and self._init.stdout is not None
        self._init.stdin.close()
        try:
            self._init.wait(5)
        except subprocess.TimeoutExpired:
            self._init.kill()
            self._init.wait(5)
        self._init.stdout.close()
        shutil.rmtree(self.folder, ignore_errors=True)
