"""Servers on loopback: unprivileged ports, one folder each, ended by their process number. They need no root."""

from __future__ import annotations

import os
import socket
import subprocess
from pathlib import Path

import pytest

from tests.peers.lab import wait_until

ADDRESS = "127.0.0.1"
_STOP_S, _TOOL_S = 10.0, 60.0
_PATH = f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/sbin"


def free_port() -> int:
    """A port that is free for UDP and TCP at this moment."""
    for _ in range(20):
        with socket.socket() as tcp, socket.socket(type=socket.SOCK_DGRAM) as udp:
            tcp.bind((ADDRESS, 0))
            port: int = tcp.getsockname()[1]
            try:
                udp.bind((ADDRESS, port))
            except OSError:
                continue
            return port
    raise OSError("no port is free for both")


def tool(*command: str | Path, folder: Path) -> str:
    """Run a program to its end in a folder, and return what it said; fail with its words where it fails."""
    done = subprocess.run(
        list(map(str, command)),
        cwd=folder,
        env={**os.environ, "PATH": _PATH},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=_TOOL_S,
        check=False,
    )
    assert done.returncode == 0, f"{command[0]}: {done.stdout}{done.stderr}"
    return done.stdout.strip()


class Daemon:
    """A server in the foreground. ``folder`` holds all its files."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._said = folder / "said"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, *command: str | Path, ready: str) -> None:
        """Start it, and wait until its log holds these words; fail with the log where they do not come."""
        with self._said.open("wb") as out:
            process = self._process = subprocess.Popen(
                list(map(str, command)), stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT, cwd=self.folder
            )
        name = Path(command[0]).name
        wait_until(lambda: ready in self.log() or process.poll() is not None, f"{name} did not say {ready!r}", self.log)
        if process.poll() is not None:
            pytest.fail(f"{name} ended with {process.returncode}:\n{self.log()}", pytrace=False)

    def stop(self) -> None:
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(_STOP_S)

    def log(self) -> str:
        """Everything that it wrote about itself so far."""
        return self._said.read_text(errors="replace")
