"""A server process in the lab: started in the foreground, its log kept, stopped by a signal."""

from __future__ import annotations

import subprocess
from pathlib import Path

from tests.peers.lab import Lab, wait_until

_STOP_S = 10.0
# The process number as the lab counts it: what is started from outside is only the door to it.
_NOTE_AND_RUN = 'echo $$ >"$0"; exec "$@"'


class Server:
    """What all of them share. ``folder`` holds all files of this one, open to the user that it becomes."""

    def __init__(self, lab: Lab, name: str) -> None:
        self._lab = lab
        self.folder = lab.folder / name
        self.folder.mkdir(exist_ok=True)
        self.folder.chmod(0o755)
        self._said, self._pid_file = self.folder / "said", self.folder / "pid"
        self._said.write_text("")
        self._process: subprocess.Popen[str] | None = None

    def start(self, *command: str | Path, ready: str) -> None:
        """Start it, and wait until its log holds these words."""
        self._process = self._lab.start("sh", "-c", _NOTE_AND_RUN, self._pid_file, *command, log=self._said)
        self.wait_for_log(ready)

    def wait_for_log(self, words: str, times: int = 1) -> None:
        """Fail with the whole log where the words do not come, or the server ends before."""
        process = self._process
        assert process is not None
        wait_until(
            lambda: self.log().count(words) >= times or process.poll() is not None,
            f"{type(self).__name__} did not say {words!r}",
            self.log,
        )
        assert self.log().count(words) >= times, f"{type(self).__name__} ended with {process.poll()}:\n{self.log()}"

    def signal(self, name: str) -> None:
        self._lab.run("sh", "-c", f"kill -{name} {int(self._pid_file.read_text())}")

    def stop(self) -> None:
        if self._process is None or self._process.poll() is not None:
            return
        self.signal("TERM")
        try:
            self._process.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            self.signal("KILL")
            self._process.wait(_STOP_S)

    def log(self) -> str:
        """Everything that it wrote about itself so far."""
        return self._said.read_text(errors="replace")
