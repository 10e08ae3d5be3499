"""Nothing heavy is loaded before it is needed: a tool that people type all day must be near."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

HEAVY = "rich dns aiosmtplib aiosmtpd asyncio ssl cryptography publicsuffixlist".split()


def loaded_by(code: str) -> list[str]:
    """Which heavy modules are there after ``code``; what the code prints goes elsewhere."""
    script = (
        "import contextlib, io, json, sys\n"
        f"with contextlib.redirect_stdout(io.StringIO()):\n    {code}\n"
        f"print(json.dumps([name for name in {HEAVY!r} if name in sys.modules]))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert isinstance(found, list)
    return found


def command(*words: str, status: int = 0) -> list[str]:
    return loaded_by(f"import probe.cli; assert probe.cli.main({list(words)!r}) == {status}")


@pytest.fixture
def refusing() -> Iterator[str]:
    """A server that greets one client with 554 and reads until it leaves."""

    def serve() -> None:
        peer, _ = listener.accept()
        with peer:
            peer.settimeout(10)
            peer.sendall(b"554 5.3.2 No service here\r\n")
            if peer.recv(512):
                peer.sendall(b"221 2.0.0 Bye\r\n")

    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(30)
        thread = threading.Thread(target=serve)
        thread.start()
        yield f"127.0.0.1:{listener.getsockname()[1]}"
        thread.join()


@pytest.mark.parametrize(
    "module", ["probe", "probe.cli", "probe.model", "probe.catalog", "probe.target", "probe.errors"]
)
def test_importing_loads_nothing_heavy(module: str) -> None:
    assert loaded_by(f"import {module}") == []


@pytest.mark.parametrize(
    "words",
    [
        ("explain", "554", "--format", "json"),
        ("explain", "554 5.7.1 Service unavailable; Client host [203.0.113.7] blocked", "--format", "jsonl"),
        ("compare", "214", "554", "--format", "json"),
        ("diagnose", "550 5.1.1 User unknown", "--format", "jsonl"),
        ("list", "codes", "--format", "json"),
        ("list", "schema"),
        ("--version",),
        ("--help",),
    ],
    ids=" ".join,
)
def test_the_reference_as_json_loads_nothing_heavy(words: tuple[str, ...]) -> None:
    assert command(*words) == []


def test_the_reference_on_a_terminal_needs_rich_alone() -> None:
    assert command("explain", "554") == ["rich"]


def test_a_usage_error_loads_no_network() -> None:
    assert not {"dns", "rich", "cryptography"} & set(command("no..name", status=2))


def test_a_literal_address_as_json_needs_no_dns_and_no_rich(refusing: str) -> None:
    loaded = command(refusing, "--format", "json", status=1)
    assert "asyncio" in loaded
    assert not {"dns", "rich", "aiosmtpd", "cryptography", "publicsuffixlist"} & set(loaded)


def test_a_message_without_an_author_as_json_needs_no_dns_and_no_cryptography(tmp_path: Path) -> None:
    (tmp_path / "a.eml").write_bytes(b"Subject: nobody wrote this\r\n\r\nHello\r\n")
    loaded = command("message", str(tmp_path / "a.eml"), "--format", "json", status=1)
    assert not {"dns", "rich", "cryptography", "publicsuffixlist", "aiosmtpd"} & set(loaded)
