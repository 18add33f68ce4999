"""An installed station in its machine, as the people who work with it see it."""

import json
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from tests.docs.reading import code_blocks, section
from tests.station.image import PAGE
from tests.station.machine import Answer, Machine

STORES = ("/srv/custody/primary", "/srv/custody/backup")
TRUST = "/var/lib/bodycam-custody/trust"
DAEMON = "bodycam-custody.service"
CONFIG = "/etc/bodycam-custody/config.toml"
SLIPS = "/run/bodycam-custody/docked"
CARDS = "/run/bodycam-custody/cards"
# As docs/installation.md has them.
CUSTODIAN = "p-1"
_RECORDER_OF_THE_PAGE, _DOCKING_OF_THE_PAGE = "usb:4255:0001:0000017", "20261121T120000Z-k3f9"
# Every command is a Python program on an emulated processor: seconds on an idle machine, minutes on a busy one.
_DONE_WITHIN_S = 600.0
_POLL_S = 0.5
# Asks the station's socket (docs/interface.md) and prints the answer, ten times as fast as `custody` starts.
_ASK = """
import socket, sys
station = socket.socket(socket.AF_UNIX)
station.connect("/run/bodycam-custody/socket")
station.sendall(f"GET {sys.argv[1]} HTTP/1.0\\r\\nHost: station\\r\\n\\r\\n".encode())
while piece := station.recv(65536):
    sys.stdout.buffer.write(piece)
"""


class Station:
    """Commands typed at the station, and waiting for what they show."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine

    def now(self) -> datetime:
        """Return the station's time."""
        return datetime.fromtimestamp(int(self.machine.run("date", "+%s")), UTC)

    def answer(self, path: str) -> Any:
        """Return what the station answers to GET `path`: what one waits for is asked often."""
        head, _, body = self.machine.run("python3", "-I", "-S", "-c", _ASK, path).partition("\r\n\r\n")
        assert head.split()[1] == "200", (head, body)
        return json.loads(body)

    def custody(self, *arguments: str) -> Any:
        """Return what a command prints with --json."""
        return json.loads(self.machine.run("custody", *arguments, "--json"))

    def require_told(self, english: str, chinese: str) -> None:
        """Assert that `custody dock list` says it in both languages."""
        for language, words in (("en", english), ("zh_CN", chinese)):
            told = self.machine.run("env", f"LANGUAGE={language}", "custody", "dock", "list")
            assert words in told, told

    def register(self, recorder: str, *, since: str | None = None) -> None:
        """Register a recorder and issue it to the officer, as the page says."""
        (_, register, _) = self._first_recorder()
        commands = register.replace(_RECORDER_OF_THE_PAGE, recorder)
        if since is not None:
            commands = commands.replace("--officer", f"--from {since} --officer")
        self.machine.shell(commands)

    def hand_over(self, docking: dict[str, Any]) -> str:
        """Print the receipt of a docking, in Chinese, and accept it, as the page says; return the receipt's folder."""
        (_, _, hand_over) = self._first_recorder()
        docking_id = docking["docking_id"]
        commands = hand_over.replace(_DOCKING_OF_THE_PAGE, docking_id)
        folder = f"/root/{docking_id}"
        self.machine.shell(f"mkdir {folder}; cd {folder}; export LANGUAGE=zh_CN\n{commands}")
        return folder

    def choose_clearing(self) -> None:
        """Have cards cleared, as the page says; the rule set that says so is another version."""
        self.machine.shell(f"""
            sed -i 's/^clearing = .*/clearing = "clear-after-receipt"/; s/^version = .*/version = "2"/' {CONFIG}
            grep -c '^clearing = "clear-after-receipt"' {CONFIG}
            systemctl enable --now custody-clear.socket
            systemctl restart {DAEMON}
        """)

    @staticmethod
    def _first_recorder() -> list[str]:
        """Return what the page has typed: to look, to register, to hand over."""
        return code_blocks(section(PAGE, "6. The first recorder"), "sh")

    def slot_of(self, recorder: str) -> dict[str, Any]:
        """Return the slot in which a recorder stands."""
        (slot,) = [slot for slot in self.slots() if slot["recorder_id"] == recorder]
        return slot

    def slots(self) -> list[dict[str, Any]]:
        """Return every slot and what stands in it."""
        found: list[dict[str, Any]] = self.answer("/v1/slots")["items"]
        return found

    def alarms(self) -> list[dict[str, Any]]:
        """Return the alarms that stand, newest first."""
        found: list[dict[str, Any]] = self.answer("/v1/status")["alarms"]
        return found

    def dockings(self) -> list[dict[str, Any]]:
        """Return every docking, newest first."""
        found: list[dict[str, Any]] = self.answer("/v1/dockings")["items"]
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
            # Its bags become immutable a moment later; until then nobody can tell whether the card may go.
            is_told = is_over and found[0]["safe_to_take_away"] != "cannot-tell"
            return found[0] if is_told and not found[0]["interpretation_waiting"] else None

        closed: dict[str, Any] = self.wait_for(f"closed docking {number} of {serial}", look)
        return closed

    def clips(self) -> list[dict[str, Any]]:
        """Return every clip."""
        found: list[dict[str, Any]] = self.answer("/v1/clips")["items"]
        return found

    def clips_of(self, docking: dict[str, Any]) -> list[dict[str, Any]]:
        """Return the clips first sealed at this docking."""
        return [clip for clip in self.clips() if clip["docking_id"] == docking["docking_id"]]

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
