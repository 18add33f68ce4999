"""A station that clears, on three disks of its own, with the helper behind its socket as systemd runs it."""

import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from archive.mounts import mount_of
from bodycam_custody.clearing.decision import HandedOver, require_clearable
from bodycam_custody.clearing.service import CLEAR_SOCKET
from bodycam_custody.dockings.drafts import Arrival
from bodycam_custody.entries import Draft, EntryKind
from bodycam_custody.errors import StatedError
from bodycam_custody.handlers import answer
from bodycam_custody.operations import Caller
from bodycam_custody.runtime import Runtime
from bodycam_custody.views import docking_view
from config.settings import Clearing
from docking.slips import SLIP_SUFFIX, DockSlip, write_slip
from hashing.canonical import Json
from tests.archive.fake_host import FakeHost
from tests.archive.loop_filesystem import small_ext4
from tests.bodycam_custody.stations import Docking, LiveStation, live_station, make_card
from tests.docking.folder_slips import folder_slip

# State and stores with their ballast, and a few small bags.
_DISK_BYTES = 32 * 1024 * 1024
FILES: Mapping[str, bytes] = {
    "DCIM/100MEDIA/a.mp4": b"first recording",
    "DCIM/100MEDIA/b.mp4": b"second recording",
    "DCIM/100MEDIA/b.xml": b"<clip/>",
}


class Service:
    """What systemd does for Accept=yes: one process for every connection, which is its standard input."""

    def __init__(self, path: Path, config: Path, sysfs: Path) -> None:
        self._command = [sys.executable, "-m", "tests.bodycam_custody.clearing.program", str(config), str(sysfs)]
        self.kill_at = ""
        self.usb: tuple[Path, str] | None = None
        """A sysfs in which a card stands on USB, and its filesystem."""
        self.is_held = threading.Event()
        self._is_idle = threading.Event()
        self._held: subprocess.Popen[bytes] | None = None
        self._path = path
        self._listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        folder = os.open(path.parent, os.O_PATH)
        self._listening.bind(f"/proc/self/fd/{folder}/{path.name}")
        os.close(folder)
        self._listening.listen()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while True:
            try:
                connection, _ = self._listening.accept()
            except OSError:
                return
            with connection:
                if connection.recv(1, socket.MSG_PEEK) == b"q":
                    return
                command = [*self._command, self.kill_at, *map(str, self.usb or ())]
                process = subprocess.Popen(command, stdin=connection.fileno(), stdout=subprocess.DEVNULL)
                connection.close()
                self._is_idle.clear()
                if self.kill_at == "hold":
                    os.waitid(os.P_PID, process.pid, os.WSTOPPED | os.WNOWAIT)
                    self._held = process
                    self.is_held.set()
                process.wait()
                self._is_idle.set()

    def wait_until_idle(self) -> None:
        """Wait for the helper that was started last to end."""
        assert self._is_idle.wait(60)

    def go_on(self) -> None:
        """Let a helper that stands still go on."""
        assert self._held is not None
        self._held.send_signal(signal.SIGCONT)

    def close(self) -> None:
        if not self._thread.is_alive():
            return
        folder = os.open(self._path.parent, os.O_PATH)
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as last:
            last.connect(f"/proc/self/fd/{folder}/{self._path.name}")
            last.sendall(b"q")
        os.close(folder)
        self._thread.join(20)
        self._listening.close()


@dataclass(kw_only=True)
class Desk:
    """The station, its helper, and one card."""

    live: LiveStation
    service: Service
    card: Path
    same_disk: tuple[str, ...]
    runtime: Runtime = field(init=False)

    def __post_init__(self) -> None:
        self.runtime = Runtime(self.live.station, mode="in-process")

    def ask(self, name: str, **params: object) -> Any:
        return answer(self.runtime, name, params, Caller(uid=os.geteuid()))

    def dock(self, arrival: Arrival | None = None, *, name: str = "card1", slip: DockSlip | None = None) -> Docking:
        """Dock the card as the mount helper announces it, and read its recordings for their times."""
        arrival = arrival or self.live.arrival(self.card)
        write_slip(self.live.settings.paths.slips, name, slip or folder_slip(self.card, arrival.docked_at))
        docked = self.live.take_in(arrival)
        self.enter_disks()
        self.live.interpret()
        return docked

    def enter_disks(self) -> None:
        """Enter the disks the test says, as a look at them would; the machine's own are one."""
        disks: dict[str, Json] = {
            store.id: ["shared" if store.id in self.same_disk else store.id] for store in self.live.settings.stores
        }
        self.live.station.record.enter([Draft(kind=EntryKind.STORES_MOVED, subject="station", facts={"disks": disks})])

    def dock_and_hand_over(self, docked: Docking | None = None) -> str:
        """Dock the card, accept it and issue the receipt; return the docking's id."""
        docked = docked or self.dock()
        self.ask("dockings.accept", docking_id=docked.docking_id, person="custodian-1", reason="test recordings")
        self.ask("dockings.receipt", docking_id=docked.docking_id)
        return docked.docking_id

    def clear(self, target: str) -> Any:
        return self.ask("dockings.clear", target=target, person="custodian-1")

    def take_out(self) -> None:
        (self.live.settings.paths.slips / f"card1{SLIP_SUFFIX}").unlink()

    def on_card(self) -> list[str]:
        """Return what is on the card, by path."""
        return sorted(str(path.relative_to(self.card)) for path in self.card.rglob("*") if not path.is_dir())

    def shown(self, docking_id: str) -> Any:
        return self.ask("dockings.show", docking_id=docking_id)


def refused(desk: Desk, target: str, error: type[StatedError] = StatedError) -> StatedError:
    """Return why the card is not cleared; nothing on it is touched."""
    before = desk.on_card()
    with pytest.raises(error) as caught:
        desk.clear(target)
    assert desk.on_card() == before
    return caught.value


def handed_over_of(desk: Desk, docking_id: str) -> HandedOver:
    station = desk.live.station
    (row,) = desk.live.rows("SELECT * FROM dockings WHERE docking_id = ?", docking_id)
    return require_clearable(station, row, docking_view(station, row, None))


@contextmanager
def clearing_desk(
    folder: Path, *, values: Mapping[str, object] | None = None, same_disk: tuple[str, ...] = ()
) -> Iterator[Desk]:
    """Yield a desk whose recorder is registered; skips where no loop device may be mounted.

    The places named in `same_disk` (state, primary, backup) lie on one disk, the others on one each.
    """
    with ExitStack() as stack:
        places = {
            name: stack.enter_context(small_ext4(folder / f"{name}.image", size_bytes=_DISK_BYTES))
            for name in ("state", "primary", "backup")
        }
        sysfs = disks_of(folder / "machine", places, same_disk)
        changed = {"rule_set.clearing": Clearing.CLEAR_AFTER_RECEIPT, "paths.state": places["state"] / "state"}
        stores = {name: places[name] / "store" for name in ("primary", "backup")}
        live = stack.enter_context(live_station(folder / "station", {**changed, **(values or {})}, stores=stores))
        path = live.settings.paths.socket.with_name(CLEAR_SOCKET)
        service = Service(path, live.settings.file, sysfs)
        stack.callback(service.close)
        desk = Desk(live=live, service=service, card=make_card(folder / "card", FILES), same_disk=same_disk)
        stack.callback(lambda: desk.runtime.close())
        desk.ask("recorders.add", recorder_id="usb:4255:0001:0000017", by="custodian-1")
        yield desk


def disks_of(folder: Path, places: Mapping[str, Path], same_disk: tuple[str, ...]) -> Path:
    """Make a sysfs in which each place lies on a disk of its own, but for those on the same."""
    folder.mkdir()
    machine = FakeHost(folder)
    shared = None
    for number, (name, place) in enumerate(places.items()):
        device = mount_of(place).device_number
        if name not in same_disk:
            machine.disk(f"sd{number}", device)
            continue
        shared = shared or machine.disk("shared", "8:0")
        machine.partition(shared, f"shared{number}", device)
    return machine.sysfs
