"""Stations to measure: made like a person makes one, with everything the real ones do."""

import datetime
import os
import secrets
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from bodycam_custody.clock import Clock
from bodycam_custody.dockings.drafts import Arrival
from bodycam_custody.dockings.progress import Progress
from bodycam_custody.entries import PersonId
from bodycam_custody.genesis import create_station
from bodycam_custody.intake import take_in
from bodycam_custody.model import DockingId
from bodycam_custody.people import Person
from bodycam_custody.roles import Role
from bodycam_custody.station import Station, open_station, station_lock
from config.load import load_settings
from config.settings import Clearing, HandoverPoint, Settings, StoreRole, StoreSetting
from config.text import config_text
from docking.card import DockedCard, DockingKind
from hashing.ssh_keys import SigningKey


def make_station(folder: Path, *, cards_at_once: int | None = None) -> Settings:
    """Make a station with a primary store and a backup, all in `folder`, and return its settings.

    It copies as many cards at once as stations do by default, where `cards_at_once` does not say otherwise.
    """
    (folder / "docked").mkdir(mode=0o700)
    text = config_text(
        {
            "station.agency": "bench.example",
            "station.name": "station-1",
            "station.time_zone": "Asia/Shanghai",
            "paths.state": Path("state"),
            "paths.trust": Path("trust"),
            "paths.socket": Path("state/socket"),
            "paths.slips": Path("docked"),
            "paths.refused": Path("refused"),
            "paths.unlocked": Path("unlocked"),
            "paths.families": Path("recorder-families.toml"),
            "rule_set.unit": "Bench",
            "rule_set.document_number": "bench-1",
            "rule_set.effective_date": datetime.date(2022, 3, 1),
            "rule_set.version": "1",
            "rule_set.handover_hours": 24,
            "rule_set.handover_point": HandoverPoint.DOCK,
            "rule_set.clearing": Clearing.KEEP_AT_DESK,
            "docking.folder_cards": True,
            "docking.slip_owner_uids": (os.geteuid(),),
            "accepted_risks.stores_on_one_disk": True,
            "accepted_risks.store_under_home": True,
            **({} if cards_at_once is None else {"docking.cards_at_once": cards_at_once}),
        },
        stores=(
            StoreSetting(id="primary", path=Path("primary"), role=StoreRole.PRIMARY),
            StoreSetting(id="backup", path=Path("backup"), role=StoreRole.REPLICA),
        ),
    )
    (folder / "config.toml").write_text(text)
    settings = load_settings(folder / "config.toml", {})
    person = Person(person_id=PersonId("custodian-1"), role=Role.CUSTODIAN, key=SigningKey.generate().public)
    create_station(settings, [person], Clock())
    return settings


@contextmanager
def opened(settings: Settings) -> Iterator[Station]:
    """Open the station for this process, checked in full as the daemon does it."""
    with station_lock(settings.paths.state):
        station = open_station(settings, Clock(), whole_check=True)
        try:
            yield station
        finally:
            station.close()


def dock(station: Station, card: Path) -> None:
    """Take in a card exactly as the daemon does.

    Raises:
        RuntimeError: something was not sealed, so that what was measured would mean nothing.
    """
    progress = Progress()
    take_in(station, arrival_of(station, card, 1), progress)
    require_all_sealed(station, [progress])


def arrival_of(station: Station, card: Path, slot: int) -> Arrival:
    """Return `card` as it arrives now in a slot, from the recorder of that slot."""
    return Arrival(
        docking_id=DockingId(f"bench-{secrets.token_hex(4)}"),
        card=DockedCard(
            root=card,
            kind=DockingKind.DOCK,
            recorder=f"usb:4255:0001:BENCH{slot:02d}",
            slot=f"slot {slot}",
            port_path=f"bench-{slot}",
            filesystem="folder",
        ),
        docked_at=station.clock.now(),
    )


def require_all_sealed(station: Station, dockings: Iterable[Progress]) -> None:
    """Return if every file of every docking is sealed and in both stores.

    Raises:
        RuntimeError: something was not, so that what was measured would mean nothing.
    """
    problems = [problem for docking in dockings for problem in docking.problems]
    unsealed = station.catalog.rows("SELECT file FROM files WHERE outcome <> 'sealed'")
    copies = station.catalog.rows("SELECT COUNT(*) AS n, (SELECT COUNT(*) FROM clips) AS clips FROM copies")
    if unsealed or problems or copies[0]["n"] != 2 * copies[0]["clips"]:
        raise RuntimeError(f"the docking went wrong: {problems or unsealed or copies}")


@contextmanager
def ready_to_dock(card: Path, folder: Path) -> Iterator[Callable[[], object]]:
    """Give the call that takes in `card` at a fresh station in `folder`."""
    with opened(make_station(folder)) as station:
        yield lambda: dock(station, card)
