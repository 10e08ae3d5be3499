"""One Postfix instance of the test's own, with an smtpd for each way to behave, each on an address of the lab.

What it accepts goes to its ``discard`` transport, what it should not accept could not leave the lab either.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping

from probe.embedded.certificate import self_signed
from tests.peers.lab import EARLY, LATE, NAMED, RELAY, STRICT, STRICT_EARLY, WORLD, Lab, program
from tests.peers.rbldnsd import SICK_ZONE, ZONE
from tests.peers.server import Server

HOST, DOMAIN = "mx.lab.test", "lab.test"

_STRICT_HELO = {"smtpd_helo_required": "yes", "smtpd_helo_restrictions": "reject_non_fqdn_helo_hostname"}
_SERVICES: Mapping[str, Mapping[str, str]] = {
    EARLY: {"smtpd_delay_reject": "no", "smtpd_client_restrictions": f"reject_rbl_client {ZONE}"},
    LATE: {"smtpd_delay_reject": "yes", "smtpd_client_restrictions": f"reject_rbl_client {ZONE}"},
    WORLD: {"smtpd_delay_reject": "no", "smtpd_client_restrictions": f"reject_rbl_client {SICK_ZONE}"},
    RELAY: {"smtpd_tls_security_level": "may", "message_size_limit": "20000"},
    NAMED: {"smtpd_client_restrictions": "reject_unknown_client_hostname"},
    STRICT: _STRICT_HELO,
    STRICT_EARLY: {**_STRICT_HELO, "smtpd_delay_reject": "no"},
}
# name, type, chroot (never: a jail has no resolv.conf), wake-up, most processes, command; and who needs to be root.
_DAEMONS = """
pickup    unix       n - n 60   1 pickup
cleanup   unix       n - n -    0 cleanup
qmgr      unix       n - n 300  1 qmgr
tlsmgr    unix       - - n 1000 1 tlsmgr
rewrite   unix       - - n -    - trivial-rewrite
bounce    unix       - - n -    0 bounce
defer     unix       - - n -    0 bounce
trace     unix       - - n -    0 bounce
verify    unix       - - n -    1 verify
proxymap  unix       - - n -    - proxymap
anvil     unix       - - n -    1 anvil
error     unix       - - n -    - error
retry     unix       - - n -    - error
discard   unix       - - n -    - discard
postlog   unix-dgram n - n -    1 postlogd
"""


class Postfix(Server):
    """Answers at port 25 of every server address of the lab. ``ca_file`` is its own certificate, which vouches for
    itself as ``mx.lab.test``."""

    def __init__(self, lab: Lab) -> None:
        command = program("postfix", "postfix")
        super().__init__(lab, "postfix")
        etc, queue, data = (self.folder / name for name in ("etc", "queue", "data"))
        for made in (etc, queue, data):
            made.mkdir(mode=0o755)
        shutil.chown(data, "postfix")
        self._maillog, chain = self.folder / "maillog", self.folder / "chain.pem"
        certificate = self_signed(HOST)
        self.ca_file = self.folder / "certificate.pem"
        self.ca_file.write_bytes(certificate.pem)
        chain.touch(mode=0o600)
        chain.write_bytes(certificate.key_pem + certificate.pem)
        settings = {
            "compatibility_level": "3.6",
            "queue_directory": queue,
            "data_directory": data,
            "maillog_file": self._maillog,
            "maillog_file_prefixes": self.folder,
            "myhostname": HOST,
            "mydestination": DOMAIN,
            "inet_interfaces": ", ".join(_SERVICES),
            "inet_protocols": "ipv4",
            "mynetworks": "127.0.0.0/8",
            "alias_maps": "",
            "local_recipient_maps": "inline:{ postmaster=here, orders=here }",
            "local_transport": "discard:",
            "default_transport": "error:nothing leaves the lab",
            "smtpd_relay_restrictions": "reject_unauth_destination",
            "smtpd_tls_chain_files": chain,
            "in_flow_delay": "0",
        }
        (etc / "main.cf").write_text("".join(f"{name} = {value}\n" for name, value in settings.items()))
        (etc / "master.cf").write_text(_DAEMONS + "".join(map(_smtpd, _SERVICES)))
        self.start(command, "-c", etc, "start-fg", ready="daemon started")

    def log(self) -> str:
        """What it logged, after what it said on its standard error."""
        return super().log() + (self._maillog.read_text(errors="replace") if self._maillog.exists() else "")


def _smtpd(address: str) -> str:
    options = "".join(f"  -o {{ {name} = {value} }}\n" for name, value in _SERVICES[address].items())
    return f"{address}:25 inet n - n - - smtpd\n{options}"
