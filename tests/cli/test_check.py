"""smtp-probe TARGET: what a user sees, what a script gets, and the exit status."""

from __future__ import annotations

import json
import os
import pty
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest

from probe.codec import schema
from probe.model import Report
from tests.cli.conftest import Background, Cli, command, spawn

VALIDATOR = jsonschema.Draft202012Validator(schema(Report))
REFUSING = {"greeting": "554 5.7.1 Client host blocked"}
BANNER = "220 {hostname} ESMTP \x1b[31mred"


def report_of(text: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(text)
    VALIDATOR.validate(document)
    return document


def one_line_about(target: str, err: str) -> bool:
    return err.startswith(f"smtp-probe: {target}: ") and err.count("\n") == 1


# Exit status ---------------------------------------------------------------------------------------------------------


def test_a_healthy_server_is_zero(servers: Background, cli: Cli) -> None:
    server = servers.smtp()
    said = cli(server.endpoint)
    assert (said.status, said.err) == (0, "")
    assert "ACCEPTS" in said.out
    assert server.received == []
    assert [line.split()[0] for line in server.commands] == ["EHLO", "HELP", "MAIL", "RCPT", "RSET", "QUIT"]


def test_a_refusal_is_one(servers: Background, cli: Cli) -> None:
    said = cli(servers.smtp(**REFUSING).endpoint)
    assert (said.status, said.err) == (1, "")
    assert "REFUSED" in said.out
    assert "554" in said.out


def test_findings_from_the_chosen_severity_on_are_one(servers: Background, cli: Cli) -> None:
    server = servers.smtp()  # without STARTTLS: a notice
    assert [
        cli(server.endpoint, "-q", "--fail-on", word).status for word in ("error", "warning", "notice", "info")
    ] == [
        0,
        0,
        1,
        1,
    ]


def test_exit_zero_is_zero_whatever_was_found(servers: Background, cli: Cli, closed: str) -> None:
    said = cli(servers.smtp(**REFUSING).endpoint, closed, "-q", "--exit-zero")
    assert (said.status, said.err) == (0, f"smtp-probe: {closed}: connection refused\n")


def test_a_refused_connection_is_three(closed: str, cli: Cli) -> None:
    said = cli(closed)
    assert (said.status, said.err) == (3, f"smtp-probe: {closed}: connection refused\n")
    assert "UNREACHABLE" in said.out
    assert "connection refused" in said.out


def test_a_name_that_dns_cannot_tell_is_three(closed: str, cli: Cli) -> None:
    said = cli("shop.test", "--resolver", closed, "--timeout", "0.3")
    assert said.status == 3
    assert one_line_about("shop.test", said.err)
    assert "DNS could not say where shop.test is" in said.out
    assert "does not exist" not in " ".join(said.out.split()).replace('not the same as "does not exist"', "")


def test_a_name_that_does_not_exist_is_three(servers: Background, cli: Cli) -> None:
    said = cli("nosuch.test", "-q", "--resolver", servers.dns({"test": "shop A 192.0.2.1"}).endpoint)
    assert said.status == 3
    assert one_line_about("nosuch.test", said.err)
    assert "nosuch.test does not exist" in said.out


def test_a_null_mx_is_three(servers: Background, cli: Cli) -> None:
    said = cli("shop.test", "-q", "--resolver", servers.dns({"shop.test": "@ MX 0 ."}).endpoint)
    assert said.status == 3
    assert one_line_about("shop.test", said.err)
    assert "shop.test takes no mail" in said.out


def test_a_silent_server_is_given_up_in_time(silent: str, cli: Cli) -> None:
    said = cli(silent, "--timeout", "0.3", "--format", "json")
    document = report_of(said.out)
    assert said.status == 1
    assert [(one["outcome"], one["stage"]) for one in document["sessions"]] == [("timeout", "banner")]
    assert document["sessions"][0]["elapsed_ms"] < 5000


@pytest.mark.parametrize(
    ("octets", "outcome", "says"),
    [
        (b"HTTP/1.1 400 Bad Request\r\nServer: x\r\n\r\n", "not_smtp", "this is HTTP, not SMTP"),
        (b"SSH-2.0-OpenSSH_9.6\r\n", "not_smtp", "this is SSH, not SMTP"),
        (b"", "closed", "closed"),
        (b"554 no", "rejected", "554"),
    ],
    ids=["http", "ssh", "nothing", "half a refusal"],
)
def test_what_is_no_smtp_is_named(
    octets: bytes, outcome: str, says: str, saying: Callable[[bytes], str], cli: Cli
) -> None:
    place = saying(octets)
    said = cli(place, "--format", "json")
    document = report_of(said.out)
    assert said.status == 1
    assert said.err == (f"smtp-probe: {place}: {says}\n" if outcome == "not_smtp" else "")
    assert document["sessions"][0]["outcome"] == outcome
    assert says in document["sessions"][0]["detail"]


@pytest.mark.parametrize(
    ("order", "status"),
    [(("good",), 0), (("good", "closed"), 3), (("closed", "bad"), 1), (("closed", "good", "bad", "good"), 1)],
)
def test_of_several_targets_the_worst_counts(
    order: tuple[str, ...], status: int, servers: Background, closed: str, cli: Cli
) -> None:
    places = {"good": servers.smtp().endpoint, "bad": servers.smtp(**REFUSING).endpoint, "closed": closed}
    said = cli(*(places[word] for word in order), "--format", "jsonl")
    assert said.status == status
    assert said.err == f"smtp-probe: {closed}: connection refused\n" * order.count("closed")
    lines = said.out.splitlines()
    assert [report_of(line)["target"]["input"] for line in lines] == [places[word] for word in order]


def test_an_interrupt_is_130_and_tells_what_was_learnt() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(30)
        place = f"127.0.0.1:{listener.getsockname()[1]}"
        with subprocess.Popen(command(place), stdout=subprocess.PIPE, stderr=subprocess.PIPE) as running:
            peer, _ = listener.accept()
            with peer:
                peer.sendall(b"220-mx.test waits\r\n")
                time.sleep(0.5)
                running.send_signal(signal.SIGINT)
                out, err = running.communicate(timeout=30)
    assert (running.returncode, err) == (130, b"smtp-probe: interrupted; this is what was learnt\n")
    assert b"interrupted by the user" in out
    assert b"220-mx.test waits" in out


@pytest.mark.parametrize(
    "words",
    (
        "explain 554|explain 554 --format json|compare 214 554|list codes|list codes --format json|-h|explain --help|"
        "demo|{closed}|{closed} -q|{closed} --format json|{closed} --format jsonl"
    ).split("|"),
)
def test_a_closed_pipe_is_141_and_silent(words: str, closed: str) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    try:
        done = subprocess.run(
            command(*words.format(closed=closed).split()),
            stdin=subprocess.DEVNULL,
            stdout=writing,
            stderr=subprocess.PIPE,
            timeout=60,
            check=False,
        )
    finally:
        os.close(writing)
    assert done.returncode == 141
    assert done.stderr.decode() in ("", f"smtp-probe: {closed}: connection refused\n")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
@pytest.mark.parametrize("words", ["explain 554", "list codes --format json", "{closed} -q"])
def test_a_full_disk_is_one_line(words: str, closed: str) -> None:
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            command(*words.format(closed=closed).split()), stdout=full, stderr=subprocess.PIPE, timeout=60, check=False
        )
    assert done.returncode == 2
    assert b"Traceback" not in done.stderr
    assert done.stderr.endswith(b"smtp-probe: output: No space left on device\n")


def test_without_a_standard_output_there_is_no_traceback() -> None:
    done = subprocess.run(
        ["sh", "-c", 'exec "$@" >&-', "sh", *command("explain", "554")], capture_output=True, timeout=60, check=False
    )
    assert b"Traceback" not in done.stderr
    assert done.stderr.count(b"\n") <= 1


@pytest.mark.parametrize("words", ["explain 554 --lang ja", "-h", "{closed}"])
def test_a_terminal_without_unicode_gets_escapes_and_no_traceback(words: str, closed: str) -> None:
    done = spawn(*words.format(closed=closed).split(), environment={"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"})
    assert done.returncode in (0, 3)
    assert b"Traceback" not in done.stderr
    assert len(done.stdout) > 40


# Formats -------------------------------------------------------------------------------------------------------------


def test_json_is_one_document_for_one_target_and_a_list_for_several(servers: Background, closed: str, cli: Cli) -> None:
    server = servers.smtp(starttls=True)
    document = report_of(cli(server.endpoint, "--format", "json").out)
    assert document["schema"] == "smtp-probe/1"
    assert document["sessions"][0]["outcome"] == "ok"
    assert document["sessions"][0]["tls"]["version"].startswith("TLS")
    assert document["findings"][0]["title"]
    both = json.loads(cli(server.endpoint, closed, "--format", "json").out)
    assert [one["sessions"][0]["outcome"] for one in both] == ["ok", "unreachable"]


def test_jsonl_is_one_line_a_target(servers: Background, closed: str, cli: Cli) -> None:
    said = cli(servers.smtp().endpoint, closed, "--format", "jsonl")
    assert [report_of(line)["sessions"][0]["outcome"] for line in said.out.splitlines()] == ["ok", "unreachable"]


def test_quiet_is_one_line_a_target(servers: Background, closed: str, cli: Cli) -> None:
    good, bad = servers.smtp().endpoint, servers.smtp(**REFUSING).endpoint
    lines = cli(good, bad, closed, "-q").out.splitlines()
    assert [line.split()[:2] for line in lines] == [[good, "ACCEPTS"], [bad, "REFUSED"], [closed, "UNREACHABLE"]]


def test_options_may_stand_before_the_command(closed: str, cli: Cli) -> None:
    assert cli("-q", "check", closed).out == cli("check", "-q", closed).out == cli(closed, "-q").out
    assert json.loads(cli("--format=json", "explain", "554").out)["code"] == 554
    assert cli("--timeout", "3", "check", closed, "-q").out == cli(closed, "-q").out


def test_each_file_gets_the_format_of_its_suffix(servers: Background, closed: str, tmp_path: Path, cli: Cli) -> None:
    good = servers.smtp(greeting=BANNER).endpoint
    names = [str(tmp_path / name) for name in ("a.json", "b.jsonl", "c.txt")]
    said = cli(good, closed, "-q", "--color", "always", *(word for name in names for word in ("-o", name)))
    assert (said.status, len(said.out.splitlines())) == (3, 2)
    texts = [Path(name).read_text(encoding="utf-8") for name in names]
    for one in json.loads(texts[0]):
        VALIDATOR.validate(one)
    assert [report_of(line)["target"]["input"] for line in texts[1].splitlines()] == [good, closed]
    assert good in texts[2] and closed in texts[2]
    assert not any("\x1b" in text for text in texts)


def test_a_terminal_report_fits_eighty_columns(servers: Background, cli: Cli) -> None:
    for words in ((servers.smtp(starttls=True).endpoint,), (servers.smtp(**REFUSING).endpoint, "-v")):
        lines = cli(*words).out.splitlines()
        assert [line for line in lines if len(line) > 80] == []


def test_what_a_server_says_never_reaches_the_terminal_raw(servers: Background, cli: Cli) -> None:
    server = servers.smtp(greeting=BANNER, extensions=("SIZE 1000", "X-\x1b[2J", "HELP \u202e"))
    for words in ((), ("-v",), ("-q",), ("--format", "json"), ("--lang", "ja")):
        out = cli(server.endpoint, *words).out
        assert "\x1b" not in out and "\u202e" not in out
        assert out.replace("\n", "").isprintable()


# Colour --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "environment", "coloured"),
    [
        ((), {}, False),
        ((), {"FORCE_COLOR": "1"}, True),
        ((), {"FORCE_COLOR": "1", "NO_COLOR": "1"}, False),
        ((), {"FORCE_COLOR": ""}, False),
        (("--color", "always"), {}, True),
        (("--color", "always"), {"NO_COLOR": "1"}, True),
        (("--color", "always"), {"TERM": "dumb"}, True),
        (("--color", "never"), {"FORCE_COLOR": "1"}, False),
        (("--format", "json"), {"FORCE_COLOR": "1"}, False),
        (("--format", "json", "--color", "always"), {}, False),
    ],
)
def test_colour_in_a_pipe(words: tuple[str, ...], environment: dict[str, str], coloured: bool) -> None:
    done = spawn("explain", "554", *words, environment={"TERM": "xterm-256color", **environment})
    assert done.returncode == 0
    assert (b"\x1b[" in done.stdout) == coloured


@pytest.mark.parametrize(
    ("words", "environment", "coloured"),
    [
        ((), {}, True),
        ((), {"NO_COLOR": "1"}, False),
        ((), {"NO_COLOR": ""}, True),
        ((), {"TERM": "dumb"}, False),
        (("--color", "never"), {}, False),
        (("--format", "json"), {}, False),
    ],
)
def test_colour_on_a_terminal(words: tuple[str, ...], environment: dict[str, str], coloured: bool) -> None:
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        command("explain", "214", *words),
        stdin=subprocess.DEVNULL,
        stdout=theirs,
        stderr=subprocess.PIPE,
        env={**os.environ, "TERM": "xterm-256color", **environment},
    ) as running:
        os.close(theirs)
        seen = b""
        try:
            while chunk := os.read(ours, 4096):
                seen += chunk
        except OSError:  # how Linux says that the other end has gone
            pass
        finally:
            os.close(ours)
        _, err = running.communicate(timeout=30)
    assert (running.returncode, err) == (0, b"")
    assert b"214" in seen
    assert (b"\x1b[" in seen) == coloured


# Words ---------------------------------------------------------------------------------------------------------------


def test_the_conversation_follows_the_options(servers: Background, cli: Cli) -> None:
    server = servers.smtp(extensions=("SIZE 1000", "DSN"))
    words = "--ehlo probe.test --from a@shop.test --to b@mx.test --to c@mx.test --mail-param SIZE=5 --help-topic MAIL"
    assert cli(server.endpoint, *words.split()).status == 0
    assert server.commands == [
        "EHLO probe.test",
        "HELP MAIL",
        "MAIL FROM:<a@shop.test> SIZE=5",
        "RCPT TO:<b@mx.test>",
        "RCPT TO:<c@mx.test>",
        "RSET",
        "QUIT",
    ]


@pytest.mark.parametrize(
    ("stage", "verbs"),
    [("banner", "QUIT"), ("ehlo", "EHLO QUIT"), ("help", "EHLO HELP QUIT"), ("mail", "EHLO HELP MAIL QUIT")],
)
def test_quit_after(stage: str, verbs: str, servers: Background, cli: Cli) -> None:
    server = servers.smtp()
    assert cli(server.endpoint, "-q", "--quit-after", stage).status == 0
    assert [line.split()[0] for line in server.commands] == verbs.split()


def test_a_message_goes_out_with_send_alone(servers: Background, tmp_path: Path, cli: Cli) -> None:
    server = servers.smtp()
    path = tmp_path / "mail.eml"
    path.write_bytes(b"Subject: test\r\n\r\n.dot\r\nend\r\n")
    assert cli(server.endpoint, "-q").status == 0
    assert server.received == []
    assert cli(server.endpoint, "-q", "--send", "--message", str(path), "--to", "a@mx.test").status == 0
    assert [(one.rcpt_tos, one.octets) for one in server.received] == [(("a@mx.test",), path.read_bytes())]


def test_japanese_reports_are_japanese(servers: Background, cli: Cli) -> None:
    out = cli(servers.smtp(**REFUSING).endpoint, "--lang", "ja").out
    assert "説明" in out or "解決方法" in out


def test_demo_needs_no_network_and_shows_four_servers(cli: Cli) -> None:
    said = cli("demo", "--format", "jsonl")
    assert (said.status, said.err) == (0, "")
    reports = [report_of(line) for line in said.out.splitlines()]
    assert [(one["sessions"][0]["outcome"], one["sessions"][0]["stage"]) for one in reports] == [
        ("ok", "quit"),
        ("rejected", "banner"),
        ("rejected", "dot"),
        ("rejected", "auth"),
    ]
    assert {one["endpoint"]["address"] for report in reports for one in report["sessions"]} == {"127.0.0.1"}
