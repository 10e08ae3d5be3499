"""diagnose at the command line, and explain fed by a program."""

from __future__ import annotations

import bz2
import contextlib
import gzip
import json
import lzma
import subprocess
import threading
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import jsonschema  # type: ignore[import-untyped]
import pytest

from probe.catalog import catalog
from probe.codec import schema
from probe.model import Incident, IncidentGroup
from tests.cli.conftest import Cli, command, spawn

SAMPLES = Path(__file__).parents[1] / "replies"
BOUNCE = SAMPLES / "bounces" / "postfix-report.eml"
LOG = SAMPLES / "logs" / "postfix.log"
REJECT = (
    "Nov 27 07:16:{0:02} mail postfix/smtp[9]: 4ABCDEF0{0:02}: to=<joe@{1}>, relay=mx.{2}[192.0.2.1]:25, delay=1, "
    "dsn=5.1.1, status=bounced (host mx.{2}[192.0.2.1] said: 550 5.1.1 User unknown (in reply to RCPT TO command))\n"
)


def width(line: str) -> int:
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in line)


def test_one_bounce_on_a_page(cli: Cli) -> None:
    said = cli("diagnose", str(BOUNCE))
    assert (0, "") == (said.status, said.err)
    for words in ("joe@example.org", "REFUSED", "mx.example.org [192.0.2.1] at RCPT", "550 5.1.1", "rfc3464"):
        assert words in said.out
    assert catalog().causes["user-unknown"].title in said.out
    assert [] == [line for line in said.out.splitlines() if width(line) > 80]


def test_a_page_in_japanese(cli: Cli) -> None:
    out = cli("diagnose", str(LOG), "--lang", "ja").out
    for words in ("応答", "原因", "解決方法", "遅延"):
        assert words in out
    assert [] == [line for line in out.splitlines() if width(line) > 80]


def test_json_is_an_array_that_keeps_the_schema(cli: Cli) -> None:
    said = cli("diagnose", str(BOUNCE), str(LOG), "--format", "json")
    document = json.loads(said.out)
    validator = jsonschema.Draft202012Validator(schema(Incident))
    for one in document:
        validator.validate(one)
    assert [str(BOUNCE), str(LOG), str(LOG), str(LOG)] == [one["source"] for one in document]
    assert ["user-unknown", "ip-blocklisted"] == [one["explanation"]["cause"] for one in document[:2]]


def test_jsonl_is_one_object_a_line(cli: Cli) -> None:
    out = cli("diagnose", str(LOG), "--format", "jsonl").out
    assert [2, 4, 5] == [json.loads(line)["line"] for line in out.splitlines()]


def test_nothing_refused_is_an_empty_array_or_a_sentence(cli: Cli, tmp_path: Path) -> None:
    path = tmp_path / "mail.log"
    path.write_text(
        "Nov 27 07:16:38 mail postfix/smtp[9]: 4ABCDEF013: to=<a@b.test>, relay=none, status=sent (250 ok)\n"
    )
    assert (0, "[]\n") == ((said := cli("diagnose", str(path), "--format", "json")).status, said.out)
    assert (0, "") == ((said := cli("diagnose", str(path), "--format", "jsonl")).status, said.out)
    said = cli("diagnose", str(path))
    assert 0 == said.status
    assert "Nothing was refused or delayed in 1 line." in said.out


def test_many_are_told_by_what_is_wrong_and_how_often(cli: Cli, tmp_path: Path) -> None:
    path = tmp_path / "mail.log"
    path.write_text(
        "".join(REJECT.format(number, "example.org", "example.org") for number in range(7))
        + "".join(REJECT.format(number, "example.net", "pool.example.com") for number in range(7, 10))
    )
    said = cli("diagnose", str(path))
    assert (0, "") == (said.status, said.err)
    assert "10 refusals and delays · 10 lines read" in said.out
    assert said.out.index("7 ×") < said.out.index("3 ×")
    assert "example.net 3" in said.out
    groups = json.loads(cli("diagnose", str(path), "--summary", "--format", "json").out)
    jsonschema.Draft202012Validator(schema(IncidentGroup)).validate(groups[0])
    assert [(7, "example.org"), (3, "example.com")] == [(one["count"], one["site"]) for one in groups]
    assert ("Nov 27 07:16:00", "Nov 27 07:16:06") == (groups[0]["first"], groups[0]["last"])
    each = cli("diagnose", str(path), "--each").out
    assert 10 == each.count("joe@example") - each.count("recipient joe@example")


@pytest.mark.parametrize("pack", [gzip.compress, lzma.compress, bz2.compress])
def test_a_packed_file_is_unpacked(pack, cli: Cli, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    path = tmp_path / "mail.log.1"
    path.write_bytes(pack(LOG.read_bytes()))
    assert 3 == len(cli("diagnose", str(path), "--format", "jsonl").out.splitlines())
    assert 3 == len(spawn("diagnose", "--format", "jsonl", stdin=path.read_bytes()).stdout.splitlines())


@pytest.mark.parametrize("pack", [gzip.compress, lzma.compress, bz2.compress])
def test_a_packed_file_that_is_cut_gives_what_came(pack, cli: Cli, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    path = tmp_path / "mail.log.gz"
    whole = b"".join(REJECT.format(n % 60, f"{n * 7919}.test", f"{n * 104729}.test").encode() for n in range(20_000))
    packed = pack(whole)
    path.write_bytes(packed[: len(packed) // 2])
    said = cli("diagnose", str(path), "--summary")
    assert 0 == said.status
    assert said.err.startswith(f"smtp-probe: cannot read all of {path}: ")
    assert 1 == said.err.count("\n")
    assert "refusals and delays" in said.out
    path.write_bytes(packed[:12])
    said = cli("diagnose", str(path))
    assert (2, "") == (said.status, said.out)
    assert 1 == said.err.count("\n")


def test_a_folder_is_every_file_in_it(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "new").mkdir()
    (tmp_path / "new" / "1").write_bytes(BOUNCE.read_bytes())
    (tmp_path / "new" / "2").write_bytes(BOUNCE.read_bytes())
    found = [json.loads(line) for line in cli("diagnose", str(tmp_path), "--format", "jsonl").out.splitlines()]
    assert [str(tmp_path / "new" / "1"), str(tmp_path / "new" / "2")] == [one["source"] for one in found]


def test_what_a_folder_holds_beside_mail_is_passed_over(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "1").write_bytes(BOUNCE.read_bytes())
    (tmp_path / "2").write_bytes(b"")
    (tmp_path / "3").write_bytes(bytes(range(256)) * 50)
    said = cli("diagnose", str(tmp_path), "--format", "jsonl")
    assert (0, "", 1) == (said.status, said.err, said.out.count("\n"))
    said = cli("diagnose", str(tmp_path), str(tmp_path / "2"), "--format", "jsonl")
    assert (2, f"smtp-probe: {tmp_path / '2'} is empty\n", 1) == (said.status, said.err, said.out.count("\n"))


def test_a_folder_that_holds_nothing_is_named_once(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "2").write_bytes(b"")
    (tmp_path / "3").write_bytes(bytes(range(256)) * 50)
    said = cli("diagnose", str(tmp_path))
    assert (2, "", 1) == (said.status, said.out, said.err.count("\n"))
    assert said.err.startswith(f"smtp-probe: {tmp_path} holds nothing that can be read")


def test_standard_input_is_read_without_an_argument() -> None:
    for words in ((), ("-",)):
        done = spawn("diagnose", *words, "--format", "jsonl", stdin=BOUNCE.read_bytes())
        assert (0, b"") == (done.returncode, done.stderr)
        assert (None, "rfc3464") == tuple(json.loads(done.stdout)[key] for key in ("source", "format"))


@pytest.mark.parametrize(
    ("octets", "says"),
    [
        (b"", "is empty"),
        (b"\n\n", "holds nothing that can be read"),
        (bytes(range(256)) * 50, "holds nothing that can be read"),
        (b"Dear colleague,\n\nhow are you?\n", "holds nothing that can be read"),
        (b"\x1f\x8b\x08", "cannot read all of"),
    ],
    ids=["empty", "blank", "binary", "letter", "cut"],
)
def test_what_cannot_be_read_is_named_in_one_line(octets: bytes, says: str, cli: Cli, tmp_path: Path) -> None:
    path = tmp_path / "a file"
    path.write_bytes(octets)
    said = cli("diagnose", str(path))
    assert (2, "") == (said.status, said.out)
    assert says in said.err
    assert 1 == said.err.count("\n")


@pytest.mark.parametrize("format", ["terminal", "json", "jsonl"])
def test_what_was_too_long_to_be_read_is_told(format: str, cli: Cli, tmp_path: Path) -> None:
    path = tmp_path / "bounce.eml"
    group = b"Final-Recipient: rfc822; joe@example.org\nAction: failed\nStatus: 5.1.1\n\n"
    whole = b"From: a@b.test\nDate: x\nContent-Type: text/plain\n\nReporting-MTA: dns; mail.shop.test\n\n" + group
    path.write_bytes(whole + b"x" * 70 + (b"\n" + b"x" * 70) * 20_000)
    said = cli("diagnose", str(path), "--format", format)
    assert (0, f"smtp-probe: {path}: the end of what begins at line 1 was not read, for it is too long\n") == (
        said.status,
        said.err,
    )
    assert "joe@example.org" in said.out


def test_a_reply_may_stand_in_the_place_of_a_file(cli: Cli) -> None:
    said = cli("diagnose", "550 5.1.1 <joe@example.org>: User unknown", "--format", "json")
    (one,) = json.loads(said.out)
    assert (0, None, "user-unknown") == (said.status, one["source"], one["explanation"]["cause"])


@pytest.mark.parametrize("name", ["a\0b", "x" * 5000, "550 5.1.1\0"])
def test_a_name_that_no_file_can_have(name: str, cli: Cli) -> None:
    said = cli("diagnose", name)
    assert said.status in (0, 2)
    assert said.err.count("\n") <= 1


def test_one_bad_file_does_not_lose_the_others(cli: Cli, tmp_path: Path) -> None:
    said = cli("diagnose", str(tmp_path / "none"), str(BOUNCE), "--format", "json")
    assert 2 == said.status
    assert f"smtp-probe: cannot read {tmp_path / 'none'}: no such file or directory\n" == said.err
    assert 1 == len(json.loads(said.out))


def test_a_log_that_is_followed_gives_what_is_known() -> None:
    words = command("diagnose", "-", "--format", "jsonl")
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None and process.stdout is not None
        process.stdin.write(REJECT.format(1, "example.org", "example.org").encode())
        process.stdin.flush()
        assert "joe@example.org" == json.loads(process.stdout.readline())["recipient"]  # while the pipe is open
        process.stdin.close()
        assert 0 == process.wait(30)


def test_a_log_that_is_followed_is_told_when_the_user_ends_it(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    def chunks(name: str) -> Iterator[bytes]:
        yield REJECT.format(1, "example.org", "example.org").encode()
        raise KeyboardInterrupt

    monkeypatch.setattr("probe.cli.diagnose.chunks", chunks)
    said = cli("diagnose", "-")
    assert (130, "smtp-probe: interrupted\n") == (said.status, said.err)
    assert "joe@example.org" in said.out


def test_a_reader_that_leaves_ends_it() -> None:
    lines = "".join(REJECT.format(number % 60, "example.org", "example.org") for number in range(3000)).encode()
    with subprocess.Popen(
        command("diagnose", "--format", "jsonl"), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdin is not None and process.stdout is not None and process.stderr is not None
        feeder = threading.Thread(target=_feed, args=(process.stdin, lines))
        feeder.start()
        process.stdout.readline()
        process.stdout.close()
        assert 141 == process.wait(30)
        feeder.join()
        assert b"" == process.stderr.read()


def _feed(pipe: IO[bytes], octets: bytes) -> None:
    with contextlib.suppress(BrokenPipeError), pipe:
        pipe.write(octets)


def test_hostile_text_reaches_no_terminal(cli: Cli, tmp_path: Path) -> None:
    path = tmp_path / "\x1b[2J.log"
    path.write_bytes(b"550 5.1.1 \x1b]0;owned\x07 \xe2\x80\xae user unknown \xff\n")
    said = cli("diagnose", str(path))
    assert 0 == said.status
    assert said.out.replace("\n", "").isprintable()


# explain - -----------------------------------------------------------------------------------------------------------


def explained(octets: bytes) -> list[dict[str, object]]:
    done = spawn("explain", "-", "--format", "jsonl", stdin=octets)
    assert (0, b"") == (done.returncode, done.stderr)
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_every_line_has_its_object_in_its_place() -> None:
    found = explained(b"554 5.7.1 no\n\nfoo\n250-first\n250 second\n{}\n[1]\n\xff\0\nUser unknown\n421 busy")
    assert [554, None, None, 250, 250, None, None, None, None, 421] == [one["code"] for one in found]
    assert [False, True, True, False, False, True, True, True, False, False] == ["error" in one for one in found]
    assert ["unknown"] * 5 == [one["cause"] for one in found if "error" in one]
    assert "user-unknown" == found[8]["cause"]


@pytest.mark.parametrize("format", ["json", "jsonl"])
def test_an_object_is_read_in_every_format(format: str) -> None:
    line = json.dumps({"text": "550 5.1.1 no thanks", "command": "RCPT TO:<joe@example.org>"}).encode()
    done = spawn("explain", "-", "--format", format, stdin=line)
    assert (0, b"") == (done.returncode, done.stderr)
    found = json.loads(done.stdout)
    assert (550, True, "RCPT") == (found["code"], found["allowed_here"], found["command"])


def test_an_object_tells_which_line_it_answers() -> None:
    found = explained(b'550 5.1.1 no\n\n{"text": "451 wait", "code": 550}\n{bad\n')
    assert [(1, "550 5.1.1 no"), (2, ""), (3, "451 wait"), (4, "{bad")] == [(one["line"], one["text"]) for one in found]
    assert "code is 550, and the text says 451: the text counts" == found[2]["error"]


def test_an_array_takes_what_single_lines_take() -> None:
    given = b'550 5.1.1 no\nfoo\n{"text": "451 wait", "code": "abc"}\n'
    done = spawn("explain", "-", "--format", "json", stdin=given)
    assert (0, b"") == (done.returncode, done.stderr)
    assert explained(given) == json.loads(done.stdout)


def test_a_page_says_which_reply_it_answers() -> None:
    done = spawn("explain", "-", stdin=b'550 5.1.1 no\n\n{"text": "451 wait", "code": "abc"}\nfoo\n')
    assert 2 == done.returncode
    assert b"Line 1: 550 5.1.1 no\n" in done.stdout and b"Line 3: 451 wait\n" in done.stdout
    first, second = done.stderr.decode().splitlines()
    assert "smtp-probe: line 3: code 'abc' is not three digits from 200 to 599" == first
    assert second.startswith("smtp-probe: line 4: 'foo' is no reply code")


def test_answers_come_line_by_line() -> None:
    """A program that asks and waits gets its answer before it asks again."""
    words = command("explain", "-", "--format", "jsonl")
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None and process.stdout is not None
        for line, code in ((b"550 5.1.1 no\n", 550), (b"421 4.3.2 busy\n", 421)):
            process.stdin.write(line)
            process.stdin.flush()
            assert code == json.loads(process.stdout.readline())["code"]
        process.stdin.close()
        assert 0 == process.wait(30)


def test_an_object_tells_what_was_answered() -> None:
    text = "550 5.1.1 <joe@example.org>: no thanks"
    lines = [
        {"text": text, "command": "RCPT TO:<joe@example.org>", "host": "mx.example.org", "more": [1]},
        {"text": text, "stage": "rcpt"},
        {"text": "User unknown", "code": 550, "enhanced": "5.1.1"},
        {"text": 5.5},
        {"stage": "rcpt"},
    ]
    found = explained("\n".join(map(json.dumps, lines)).encode())
    assert [550, 550, 550, None, None] == [one["code"] for one in found]
    assert [True, True, None] == [one["allowed_here"] for one in found[:3]]
    assert ["text is no string", "the object has no text"] == [one["error"] for one in found[3:]]
