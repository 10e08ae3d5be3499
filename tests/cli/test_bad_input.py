"""Whatever is wrong with what was asked for: exit status 2, one clear line on stderr, nothing on stdout."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Cli


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("check", "TARGET"),
        ("--colour mx.test", "--colour"),
        ("--form json mx.test", "--form"),
        ("check --format", "--format"),
        ("mx.test --format yaml", "'yaml'"),
        ("mx.test --lang tlh", "'tlh'"),
        ("http://mx.test", "unknown scheme http://"),
        ("smtp://", "a URL is smtp://HOST[:PORT]"),
        ("smtp://user:geheim@mx.test", "a URL takes no user or password"),
        ("mx.test:70000", "no such port: 70000"),
        ("127.0.0.1:smtp", "no such port: smtp"),
        ("no..name", "no..name"),
        ("256.0.0.1", "not an IP address: 256.0.0.1"),
        ("127.0.0.1 no..name", "no..name"),
        ("127.0.0.1 -p 0", "0 is no port"),
        ("127.0.0.1 -p 65536", "65536 is no port"),
        ("127.0.0.1 -p ²", "² is no port"),
        ("127.0.0.1 --timeout 0", "--timeout"),
        ("127.0.0.1 --timeout -1", "--timeout"),
        ("127.0.0.1 --timeout nan", "--timeout"),
        ("127.0.0.1 --deadline inf", "--deadline"),
        ("127.0.0.1 --tls maybe", "'maybe'"),
        ("127.0.0.1 --quit-after dinner", "'dinner'"),
        ("127.0.0.1 --source here", "not an IP address: here"),
        ("127.0.0.1 --client-ip 1.2.3", "not an IP address: 1.2.3"),
        ("127.0.0.1 --resolver dns.test", "no name server: dns.test"),
        ("127.0.0.1 --resolver 127.0.0.1:99999", "no name server: 127.0.0.1:99999"),
        ("127.0.0.1 --from a>b@mx.test", "not an address"),
        ("127.0.0.1 --to a<b@mx.test>", "not an address"),
        ("127.0.0.1 --tls none --tls-verify", "--tls-verify needs TLS"),
        ("127.0.0.1 --send --quit-after rcpt", "contradict"),
        ("127.0.0.1 -6", "is no IPv6 address"),
        ("127.0.0.1 --source 192.0.2.1", "no address of this machine"),
        ("127.0.0.1 --limit size=5", "known are connect banner"),
        ("127.0.0.1 --limit line=0", "no number above 0"),
        ("127.0.0.1 --limit line=x", "no number above 0"),
        ("554", "did you mean: smtp-probe explain 554"),
        ("127.0.0.1 --auth-user alice", "no password"),
        ("127.0.0.1 --mail-param =5", "'=5'"),
        ("127.0.0.1 --auth-mechanism PLA*N", "'PLA*N'"),
        ("127.0.0.1 --server a@mx.test", "--server takes a host"),
        ("127.0.0.1 -4 -6", "-6"),
        ("127.0.0.1 --fail-on never", "'never'"),
        ("127.0.0.1 -o report.pdf", "-o report.pdf: the suffix picks the format"),
        ("127.0.0.1 -o report", "-o report: the suffix picks the format"),
        ("127.0.0.1 --message mail.eml", "--message is only sent with --send"),
        ("127.0.0.1 --send --message /nonexistent/mail.eml", "cannot read /nonexistent/mail.eml: no such file"),
        ("127.0.0.1 --ca-file /nonexistent/ca.pem", "--ca-file /nonexistent/ca.pem: no such file"),
        ("explain foo", "'foo' is no reply code"),
        ("explain 55", "'55' is no reply code"),
        ("explain 999", "'999' is no reply code"),
        ("explain 5.x.1", "'5.x.1' is no reply code"),
        ("compare 554", "required"),
        ("compare 554 foo", "'foo' is no reply code"),
        ("compare 1 2 3", "3"),
        ("list", "required"),
        ("list weather", "'weather'"),
        ("demo now", "now"),
    ],
)
def test_one_line_says_what_is_wrong(words: str, says: str, cli: Cli) -> None:
    said = cli(*words.split())
    assert (said.status, said.out) == (2, "")
    assert said.err.startswith("smtp-probe: ")
    assert says in said.err
    assert said.err.count("\n") == 1
    assert said.err.rstrip("\n").isprintable()


@pytest.mark.parametrize(
    "words",
    [
        ("",),
        ("two words",),
        ("\x1b[31m",),
        ("--\x1b[31mred", "mx.test"),
        ("mx.test", "--tls", "\x1b[31m"),
        ("mx.test", "--format", "a\nb"),
        ("127.0.0.1", "--ehlo", "a\r\nMAIL FROM:<>"),
        ("127.0.0.1", "--from", "a\r\nb@mx.test"),
        ("127.0.0.1", "--to", "a\0b@mx.test"),
        ("127.0.0.1", "--mail-param", "SIZE=1\r\n"),
        ("127.0.0.1", "-o", "\x1b[2J.pdf"),
        ("127.0.0.1", "--send", "--message", "/nonexistent/\x1b[2J"),
        ("127.0.0.1", "--ca-file", "/nonexistent/\x1b[2J"),
        ("127.0.0.1", "--server", "\x1b[2J@mx.test"),
        ("explain", ""),
        ("explain", "\x1b]0;title\x07"),
        ("compare", "554", "\u202e455"),
        ("list", "\x1b[2J"),
    ],
    ids=ascii,
)
def test_hostile_words_reach_no_terminal(words: tuple[str, ...], cli: Cli) -> None:
    said = cli(*words)
    assert (said.status, said.out) == (2, "")
    assert said.err.count("\n") == 1
    assert said.err.rstrip("\n").isprintable()


def test_a_file_that_is_no_certificate_is_named(tmp_path: Path, cli: Cli) -> None:
    path = tmp_path / "ca.pem"
    path.write_text("no certificate", encoding="utf-8")
    said = cli("127.0.0.1", "--ca-file", str(path))
    assert (said.status, said.out) == (2, "")
    assert said.err == f"smtp-probe: --ca-file {path}: no certificates in it\n"


@pytest.mark.parametrize("words", ["--send --message {}", "--ca-file {}", "-o {}/report.json/x.json"])
def test_a_folder_is_no_file(words: str, tmp_path: Path, cli: Cli, closed: str) -> None:
    said = cli(closed, *words.format(tmp_path).split())
    assert said.status == 2
    assert said.err.count("\n") == 1
    assert str(tmp_path) in said.err


def test_where_the_report_cannot_be_written_nothing_is_probed(cli: Cli, closed: str) -> None:
    """A probe may take minutes, and with --send it cannot be done again for nothing."""
    said = cli(closed, "-o", "/nonexistent/report.json")
    assert (said.status, said.out) == (2, "")
    assert said.err.startswith("smtp-probe: ")
    assert "/nonexistent/report.json" in said.err


def test_no_words_at_all_give_the_overview_on_stderr(cli: Cli) -> None:
    said = cli()
    assert (said.status, said.out) == (2, "")
    assert said.err.startswith("usage: smtp-probe TARGET… | COMMAND …")


@pytest.mark.parametrize("word", ["-h", "--help"])
def test_help_goes_to_stdout(word: str, cli: Cli) -> None:
    said = cli(word)
    assert (said.status, said.err) == (0, "")
    for command in ("check", "explain", "compare", "demo", "list"):
        assert f"\n  {command}" in said.out


def test_the_version(cli: Cli) -> None:
    for word in ("-V", "--version"):
        said = cli(word)
        assert (said.status, said.out.split()[0], said.err) == (0, "smtp-probe", "")
