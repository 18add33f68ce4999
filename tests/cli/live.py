"""A real station behind its real socket, with a USB of its own: what commands print of it is what a person sees."""

import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import uvicorn

from bodycam_custody.api import PeerProtocol, build_application
from bodycam_custody.handlers import answer
from bodycam_custody.operations import Caller
from bodycam_custody.runtime import Runtime
from docking.block_device import UsbBlockDevice
from docking.drivers.report import UnlockState, UnlockWarning
from docking.errors import DockingError
from docking.notes import write_note
from docking.refusals import write_refusal
from docking.slips import write_slip
from docking.usb_devices import read_usb_devices
from tests.bodycam_custody.stations import LiveStation, live_station
from tests.docking.drivers.told_reports import report
from tests.docking.folder_slips import folder_slip
from tests.docking.usb_tree import PORT, UsbTree


@dataclass(frozen=True, kw_only=True)
class Dock:
    """A station with its dock: USB that is plugged by hand, and notes as the root helpers write them."""

    live: LiveStation
    runtime: Runtime
    usb: UsbTree

    @property
    def config(self) -> Path:
        return self.live.root / "config.toml"

    def look(self) -> None:
        """Let the board look once and enter what it found, as it does every second."""
        self.runtime.board.look()
        self.runtime.board.enter_alarms()

    def learn(self, port: int, name: str) -> None:
        self.runtime.board.look()
        self.ask("slots.learn", name=name, port=f"{PORT}{port}")

    def ask(self, operation: str, /, **params: object) -> Any:
        return answer(self.runtime, operation, params, Caller(uid=os.geteuid()))

    def take_in(self) -> None:
        """Read every card whose slip is there, as the daemon does, and read its recordings for their times."""
        before = len(self.live.entries("dock.closed"))
        slips = len(list(self.live.settings.paths.slips.iterdir()))
        self.runtime.watch_slips()
        self.runtime.board.stop()  # tests look by themselves
        deadline_s = time.monotonic() + 60
        while len(self.live.entries("dock.closed")) < before + slips:
            assert time.monotonic() < deadline_s, "a docking never closed"
            time.sleep(0.01)
        self.live.interpret()

    def refuse(self, port: int, error: DockingError) -> None:
        """Leave the mount helper's refusal of the disk on `port`."""
        (usb,) = [one for one in read_usb_devices(self.usb.sysfs) if one.port == f"{PORT}{port}"]
        name = f"sd{'abcdefgh'[port]}1"
        device = UsbBlockDevice(name=name, node=Path("/dev", name), number="8:17", diskseq=1, usb=usb)
        write_refusal(self.live.settings.paths.refused, device, error, now=self.live.clock.now())

    def visit(
        self,
        port: int,
        *,
        state: UnlockState = UnlockState.LOCKED,
        problem: DockingError | None = None,
        warnings: tuple[UnlockWarning, ...] = (),
    ) -> None:
        """Leave the unlock helper's report on the control device on `port`."""
        (usb,) = [one for one in read_usb_devices(self.usb.sysfs) if one.port == f"{PORT}{port}"]
        spoke = state in {UnlockState.OPEN, UnlockState.STORAGE_ASKED}
        told = report(
            at=self.live.clock.now() + timedelta(seconds=1),
            state=state,
            port=usb.port,
            address=usb.address,
            serial=usb.serial,
            offset_ms=-90_000 if spoke else None,
            problem=problem,
            warnings=warnings,
        )
        write_note(self.live.settings.paths.unlocked, usb.name, told)

    def announce(self, port: int, card: Path, *, serial: str, name: str) -> Path:
        """Write the slip of a folder that stands for a card on `port`."""
        slip = folder_slip(
            card,
            self.live.clock.now(),
            device=f"/dev/{name}",
            diskseq=40 + port,
            port_path=f"{PORT}{port}:1.0",
            slot=None,
            product_id="1000",
            serial=serial,
        )
        return write_slip(self.live.settings.paths.slips, name, slip)


@contextmanager
def dock_of_a_live_station(folder: Path) -> Iterator[Dock]:
    """Open a new station in `folder` and let it answer at its socket."""
    with live_station(folder / "station") as live:
        usb = UsbTree(folder / "usb")
        runtime = Runtime(live.station, mode="daemon", sysfs=usb.sysfs)
        with _answering(runtime):
            yield Dock(live=live, runtime=runtime, usb=usb)
        runtime.close()


@contextmanager
def _answering(runtime: Runtime) -> Iterator[None]:
    path = runtime.station.settings.paths.socket
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    descriptor = os.open(path.parent, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    # sun_path holds 107 bytes (unix(7)); through the open folder any path is short enough.
    listening.bind(f"/proc/self/fd/{descriptor}/{path.name}")
    listening.listen()
    config = uvicorn.Config(
        build_application(runtime), http=PeerProtocol, ws="none", lifespan="off", log_config=None, access_log=False
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    try:
        yield
    finally:
        server.should_exit = True
        thread.join()
        listening.close()
        os.close(descriptor)
