"""An installed station in its machine, as the people who work with it see it."""

import json
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from tests.station.machine import Answer, Machine

STORES = ("/srv/custody/primary", "/srv/custody/backup")
TRUST = "/var/lib/bodycam-custody/trust"
DAEMON = "bodycam-custody.service"
SLIPS = "/run/bodycam-custody/docked"
CARDS = "/run/bodycam-custody/cards"
# Every command is a Python program on an emulated processor.
_DONE_WITHIN_S = 180.0
_POLL_S = 0.5


class Station:
    """Commands typed at the station, and waiting for what they show."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine

    def now(self) -> datetime:
        """Return the station's time."""
        return datetime.fromtimestamp(int(self.machine.run("date", "+%s")), UTC)

    def custody(self, *arguments: str) -> Any:
        """Return what a command prints with --json."""
        return json.loads(self.machine.run("custody", *arguments, "--json"))

    def dockings(self) -> list[dict[str, Any]]:
        """Return what `custody dock list` shows, newest first."""
        found: list[dict[str, Any]] = self.custody("dock", "list")
        return found

    def dockings_of(self, serial: str) -> list[dict[str, Any]]:
        """Return the dockings of the recorder with this serial number, newest first."""
        return [docking for docking in self.dockings() if docking["recorder_id"].endswith(f":{serial}")]

    def wait_for(self, what: str, look: Callable[[], Any], *, within_s: float = _DONE_WITHIN_S) -> Any:
        """Return the first true answer of `look`.

        Raises:
            AssertionError: there was none in time; it shows what the station shows.
        """
        deadline = time.monotonic() + within_s
        while not (found := look()):
            assert time.monotonic() < deadline, f"no {what} within {within_s:.0f} s\n{self.journal()}"
            time.sleep(_POLL_S)  # nothing tells us: the machine has no way to call
        return found

    def wait_until_closed(self, serial: str, *, number: int = 1) -> dict[str, Any]:
        """Return the newest of `number` dockings of a recorder once nothing is left to do for it."""

        def look() -> dict[str, Any] | None:
            found = self.dockings_of(serial)
            is_over = len(found) == number and found[0]["phase"] in {"closed", "failed"}
            return found[0] if is_over and not found[0]["interpretation_waiting"] else None

        closed: dict[str, Any] = self.wait_for(f"closed docking {number} of {serial}", look)
        return closed

    def clips_of(self, docking: dict[str, Any]) -> list[dict[str, Any]]:
        """Return the clips first sealed at this docking."""
        return [clip for clip in self.custody("clips", "list") if clip["docking_id"] == docking["docking_id"]]

    def slips(self) -> list[str]:
        """Return the names of the dock slips."""
        return self.machine.run("ls", SLIPS).split()

    def mounted_cards(self) -> list[str]:
        """Return where cards are mounted."""
        mounts = (line.split()[4] for line in self.machine.run("cat", "/proc/self/mountinfo").splitlines())
        return [mount for mount in mounts if mount.startswith(f"{CARDS}/")]

    def bytes_arrived(self) -> int:
        """Return how many bytes of recordings lie in the primary store, half copies and all."""
        found = self.machine.run("find", STORES[0], "-path", "*/data/*", "-type", "f", "-printf", "%s\\n")
        return sum(int(size) for size in found.split())

    def verify(self, *options: str) -> Answer:
        """Return what the auditor's command finds, which needs neither daemon nor database."""
        return self.machine.ask("custody", "audit", "verify", *STORES, "--trust", TRUST, *options)

    def as_daemon(self, script: str) -> Answer:
        """Run a line of shell as the daemon's user in the daemon's namespaces."""
        process = self.machine.run("systemctl", "show", "--property=MainPID", "--value", DAEMON).strip()
        # The user is left out: the kernel refuses to enter the user namespace one is in.
        command = ["nsenter", "--target", process, "--mount", "--net", "--ipc", "--uts", "--cgroup", "--"]
        command += ["setpriv", "--reuid=custody", "--regid=custody", "--init-groups", "--bounding-set=-all"]
        return self.machine.ask(*command, "--inh-caps=-all", "--no-new-privs", "bash", "-c", script)

    def mount_journal(self) -> str:
        """Return what the mount helper said of all cards, if it said anything."""
        return self.machine.ask("journalctl", "--no-pager", "-o", "cat", "-u", "custody-mount@*").out

    def journal(self) -> str:
        """Return the last lines of the machine's journal, kernel and all."""
        return self.machine.ask("journalctl", "--no-pager", "-n", "60", "-o", "short-monotonic").out
