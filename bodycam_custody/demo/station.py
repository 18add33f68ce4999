"""A whole station in one folder, shown at work: the same parts as the daemon's, for one docking."""

import datetime
import os
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from archive.durable import create_file, make_directories
from bodycam_custody.clock import Clock
from bodycam_custody.demo.card import make_demo_card
from bodycam_custody.demo.errors import DemoCardMissingError, DemoFolderTakenError
from bodycam_custody.entries import PersonId
from bodycam_custody.genesis import create_station
from bodycam_custody.handlers import answer
from bodycam_custody.operations import Caller
from bodycam_custody.people import Person
from bodycam_custody.roles import Role
from bodycam_custody.runtime import Runtime
from bodycam_custody.station import open_station, station_lock
from config.load import load_settings
from config.settings import Clearing, HandoverPoint, Settings, StoreRole, StoreSetting
from config.text import config_text
from docking.slips import FOLDER_FILESYSTEM, DockSlip, write_slip
from hashing.errors import shown
from hashing.ssh_keys import SigningKey

# How often the screen learns how far the docking is.
LOOK_S = 0.1
_KEY_MODE = 0o600
_PEOPLE = (("custodian-1", Role.CUSTODIAN), ("supervisor-1", Role.SUPERVISOR), ("officer-1", Role.OFFICER))
_SERIAL = "DEMO000017"


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoEvent:
    """How far the demonstration is: the phase, and bytes of the card."""

    step: str
    done: int
    total: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoOutcome:
    """What the demonstration showed; the values are those of the operations of the same names."""

    directory: Path
    docking: Any
    status: Any
    clips: Any


def run_demo(directory: Path, card: Path | None, on_event: Callable[[DemoEvent], None], *, unit: str) -> DemoOutcome:
    """Set up a station in `directory`, dock a card, wait until everything is understood, and return the outcome.

    Afterwards the station is at rest and complete: `directory/config.toml` works with every command, and
    `directory/trust/checkpoint` is the newest head. Without `card` one is made with ffmpeg. `unit` is what the unit is
    called, in the language of whoever looks on.

    Raises:
        DemoFolderTakenError, DemoCardMissingError: nothing was made.
        StatedError: the station or the card could not be made; what was made so far is left to look at.
    """
    directory = directory.resolve()
    if directory.exists() and any(directory.iterdir()):
        raise DemoFolderTakenError(path=shown(directory))
    if card is not None and not card.is_dir():
        raise DemoCardMissingError(path=shown(card))
    clock = Clock()
    settings = _make_settings(directory, unit=unit)
    create_station(settings, _make_people(directory), clock)
    if card is None:
        card = directory / "card"
        make_demo_card(card, docked_at=clock.now(), time_zone=settings.station.time_zone)
    with station_lock(settings.paths.state):
        station = open_station(settings, clock, whole_check=True)
        runtime = Runtime(station, mode="in-process")
        try:
            runtime.settle()
            runtime.start_interpreting()
            runtime.watch_slips()
            _issue_recorder(runtime)
            slip = write_slip(settings.paths.slips, "slot-1", _slip(card.resolve(), clock))
            docking_id = _wait(runtime, on_event)
            runtime.finish()
            slip.unlink()
            return _outcome(runtime, directory, docking_id)
        finally:
            runtime.close()
            station.close()


def _make_settings(directory: Path, *, unit: str) -> Settings:
    """Write the demonstration's configuration and return it as loaded: what the demo runs is what the file says."""
    make_directories(directory, 0o755)
    for name in ("docked", "import"):
        make_directories(directory / name, 0o700)
    text = config_text(
        {
            "station.agency": "demo.example",
            "station.name": "station-1",
            "station.time_zone": "Asia/Shanghai",
            "paths.state": Path("state"),
            "paths.keys": Path("state/keys"),
            "paths.trust": Path("trust"),
            "paths.socket": Path("state/socket"),
            "paths.slips": Path("docked"),
            "paths.refused": Path("refused"),
            "paths.unlocked": Path("unlocked"),
            "paths.families": Path("recorder-families.toml"),
            "paths.import_roots": (Path("import"),),
            "rule_set.unit": unit,
            "rule_set.document_number": "demo-1",
            "rule_set.effective_date": datetime.date(2022, 3, 1),
            "rule_set.version": "1",
            "rule_set.handover_hours": 24,
            "rule_set.handover_point": HandoverPoint.DOCK,
            "rule_set.assumed_clock_uncertainty_s": 120,
            "rule_set.clearing": Clearing.KEEP_AT_DESK,
            "docking.folder_cards": True,
            "docking.slip_owner_uids": (os.geteuid(),),
            # One folder is one disk: said out loud, and repeated wherever SAFE is mentioned.
            "accepted_risks.stores_on_one_disk": True,
            "accepted_risks.store_under_home": True,
        },
        stores=(
            StoreSetting(id="primary", path=Path("primary"), role=StoreRole.PRIMARY),
            StoreSetting(id="backup", path=Path("backup"), role=StoreRole.REPLICA),
        ),
    )
    create_file(directory / "config.toml", text.encode(), 0o644)
    return load_settings(directory / "config.toml", {})


def _make_people(directory: Path) -> list[Person]:
    """Make people with keys of their own; in a real unit each person makes and keeps their key elsewhere."""
    make_directories(directory / "people", 0o700)
    people = []
    for name, role in _PEOPLE:
        key = SigningKey.generate()
        create_file(directory / "people" / name, key.to_openssh(), _KEY_MODE)
        create_file(directory / "people" / f"{name}.pub", f"{key.public.text}\n".encode("ascii"), 0o644)
        people.append(Person(person_id=PersonId(name), role=role, key=key.public))
    return people


def _slip(card: Path, clock: Clock) -> DockSlip:
    return DockSlip(
        device=None,
        diskseq=None,
        port_path="demo-port-1",
        slot="slot 1",
        vendor_id="4255",
        product_id="0001",
        serial=_SERIAL,
        filesystem=FOLDER_FILESYSTEM,
        mount_point=card,
        docked_at=clock.now(),
        clock_offset_ms=None,
        clock_offset_uncertainty_ms=None,
    )


def _issue_recorder(runtime: Runtime) -> None:
    """Register the recorder of the card and issue it, as a custodian does before it is worn for the first time."""
    recorder = {"recorder_id": f"usb:4255:0001:{_SERIAL}", "by": "custodian-1"}
    _ask(runtime, "recorders.add", **recorder)
    _ask(runtime, "recorders.issue", **recorder, officer="officer-1")


def _wait(runtime: Runtime, on_event: Callable[[DemoEvent], None]) -> str:
    """Return the docking's id once its reading ended."""
    pause = threading.Event()
    while True:
        items = _ask(runtime, "dockings.list", limit=1)["items"]
        if items:
            (docking,) = items
            on_event(DemoEvent(step=docking["phase"], done=docking["bytes_done"], total=docking["bytes_found"]))
            if docking["closed_at"] is not None:
                return str(docking["docking_id"])
        if runtime.failure is not None:
            raise runtime.failure
        pause.wait(LOOK_S)


def _outcome(runtime: Runtime, directory: Path, docking_id: str) -> DemoOutcome:
    _ask(runtime, "audit.checkpoint")
    return DemoOutcome(
        directory=directory,
        docking=_ask(runtime, "dockings.show", docking_id=docking_id),
        status=_ask(runtime, "status.show"),
        clips=_ask(runtime, "clips.list", limit=1000)["items"],
    )


def _ask(runtime: Runtime, name: str, **params: object) -> Any:
    return answer(runtime, name, params, Caller(uid=os.geteuid()))
