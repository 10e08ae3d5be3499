"""swaks and the probe, one after the other against the same Postfix: the same commands hear the same codes."""

from __future__ import annotations

import re
from dataclasses import dataclass

import pytest

from tests.peers.conftest import Probe
from tests.peers.lab import CLIENT, EARLY, LATE, OTHER_CLIENT, RELAY, RESOLVER, STRICT, Lab, program
from tests.peers.postfix import DOMAIN, Postfix

pytestmark = pytest.mark.peer

# A reply's last line: its code is followed by a space (RFC 5321 section 4.2.1). The arrow tells swaks' opinion of it.
_COMMAND, _LAST_LINE = re.compile(r" (?:->|~>) (\S+)"), re.compile(r"<(?:-|~|\*\*|~\*) +(\d{3}) (.*)")
# Asked by the probe alone.
_OURS_ALONE = ("help", "rset")


@dataclass(frozen=True)
class Scene:
    """One dialogue that both are to hold."""

    server: str
    source: str
    recipient: str
    ehlo: str = "client.shop.test"


SCENES = {
    "accepted": Scene(RELAY, CLIENT, f"orders@{DOMAIN}"),
    "relay denied": Scene(RELAY, CLIENT, "someone@elsewhere.test"),
    "user unknown": Scene(RELAY, CLIENT, f"nobody-here@{DOMAIN}"),
    "listed, at the greeting": Scene(EARLY, CLIENT, f"orders@{DOMAIN}"),
    "listed, at RCPT": Scene(LATE, CLIENT, f"orders@{DOMAIN}"),
    "not listed": Scene(LATE, OTHER_CLIENT, f"orders@{DOMAIN}"),
    "no full name": Scene(STRICT, CLIENT, f"orders@{DOMAIN}", ehlo="localhost"),
}


@pytest.mark.parametrize("scene", SCENES.values(), ids=SCENES.keys())
def test_the_same_codes_and_words_in_the_same_order(lab: Lab, postfix: Postfix, probe: Probe, scene: Scene) -> None:
    heard = swaks(lab, scene)
    run = probe(
        *(scene.server, "--source", scene.source, "--resolver", RESOLVER, "--lists", "named"),
        *("--ehlo", scene.ehlo, "--to", scene.recipient, "--tls", "none", "--quit-after", "rcpt"),
    )

    ours = [
        ((one["command"] or "").split(" ")[0], one["reply"]["code"], one["reply"]["lines"][-1])
        for one in run.session["exchanges"]
        if one["stage"] not in _OURS_ALONE
    ]
    assert ours == heard
    assert heard[0][0] == ""
    assert heard[-1][:2] == ("QUIT", 221)


def swaks(lab: Lab, scene: Scene) -> list[tuple[str, int, str]]:
    """Command, code and last line of each reply in swaks' transcript."""
    command = program("swaks", "swaks")
    done = lab.run(
        *(command, "--server", scene.server, "--local-interface", scene.source, "--ehlo", scene.ehlo),
        *("--from", "<>", "--to", scene.recipient, "--quit-after", "RCPT"),
    )
    heard, said = [], ""
    for line in done.stdout.splitlines():
        if command_line := _COMMAND.match(line):
            said = command_line[1]
        elif last := _LAST_LINE.match(line):
            heard.append((said, int(last[1]), last[2]))
    assert heard, done.stdout + done.stderr
    return heard
