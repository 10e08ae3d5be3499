"""Servers beside the test: embedded ones in a thread of their own, and sockets that say what they are told."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Coroutine, Iterator, Mapping
from typing import Any, TypeVar

import pytest

from probe.cli import main
from probe.embedded.behaviour import Behaviour
from probe.embedded.dns import DnsServer
from probe.embedded.smtp import SmtpServer

Got = TypeVar("Got")


class Background:
    """Runs coroutines in a loop of its own, and leaves every server that it started."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._thread.start()
        self._stack = contextlib.AsyncExitStack()

    def run(self, work: Coroutine[Any, Any, Got]) -> Got:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(30)

    def smtp(self, **behaviour: Any) -> SmtpServer:
        return self.run(self._stack.enter_async_context(SmtpServer(Behaviour(**behaviour))))

    def dns(self, zones: dict[str, str]) -> DnsServer:
        return self.run(self._stack.enter_async_context(DnsServer(zones)))

    def close(self) -> None:
        self.run(self._stack.aclose())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


@pytest.fixture
def servers() -> Iterator[Background]:
    background = Background()
    yield background
    background.close()


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NO_COLOR", "FORCE_COLOR", "COLUMNS", "TTY_COMPATIBLE", "TTY_INTERACTIVE"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def silent() -> Iterator[str]:
    """A place that takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield f"127.0.0.1:{listener.getsockname()[1]}"


@pytest.fixture
def closed() -> str:
    """A place where nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return f"127.0.0.1:{listener.getsockname()[1]}"


@pytest.fixture
def saying() -> Iterator[Callable[[bytes], str]]:
    """A server that says the given octets to one client, and then hangs up."""
    threads: list[threading.Thread] = []

    def start(octets: bytes) -> str:
        listener = socket.create_server(("127.0.0.1", 0))
        listener.settimeout(20)

        def serve() -> None:
            with listener, contextlib.suppress(OSError):
                peer, _ = listener.accept()
                with peer:
                    peer.sendall(octets)

        threads.append(threading.Thread(target=serve))
        threads[-1].start()
        return f"127.0.0.1:{listener.getsockname()[1]}"

    yield start
    for thread in threads:
        thread.join()


class Said:
    """What one run of the command line came to."""

    def __init__(self, status: int, out: str, err: str) -> None:
        self.status = status
        self.out = out
        self.err = err


Cli = Callable[..., Said]


@pytest.fixture
def cli(capfd: pytest.CaptureFixture[str]) -> Cli:
    """Run the command line in this process."""

    def run(*words: str) -> Said:
        capfd.readouterr()
        status = main(words)
        out, err = capfd.readouterr()
        return Said(int(status), out, err)

    return run


def command(*words: str) -> list[str]:
    """The words that start the command line in a process of its own."""
    return [sys.executable, "-c", "import sys; from probe.cli import main; sys.exit(main())", *words]


def spawn(
    *words: str, stdin: bytes = b"", environment: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[bytes]:
    """Run the command line in a process of its own."""
    env = {**os.environ, **(environment or {})}
    return subprocess.run(command(*words), input=stdin, capture_output=True, timeout=60, check=False, env=env)
