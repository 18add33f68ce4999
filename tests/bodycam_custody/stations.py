"""A real station in a folder, for tests: real keys, ledger, stores and card workers; only its clock is set by hand.

with live_station(tmp_path) as live:
    card = make_card(tmp_path / "card", {"DCIM/100MEDIA/a.mp4": b"moving pictures"})
    docking = live.dock(card)
    assert docking.outcome_of("DCIM/100MEDIA/a.mp4") == "sealed"
"""

import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from archive.bag_check import check_bag
from archive.bag_findings import BagFinding
from archive.media import find_launcher
from bodycam_custody.bag_signatures import bag_verifier
from bodycam_custody.clock import SetClock
from bodycam_custody.dockings.drafts import Arrival
from bodycam_custody.dockings.progress import Progress
from bodycam_custody.entries import Entry, PersonId
from bodycam_custody.genesis import create_station
from bodycam_custody.intake import take_in
from bodycam_custody.interpretation.procedure import interpret_waiting
from bodycam_custody.model import DockingId
from bodycam_custody.people import Person
from bodycam_custody.roles import Role
from bodycam_custody.station import Station, open_station, station_lock
from bodycam_custody.views import clip_views, docking_view, files_view
from config.load import load_settings
from config.settings import Clearing, HandoverPoint, Settings, StoreRole, StoreSetting
from config.text import config_text
from docking.card import DockedCard, DockingKind, recorder_text
from hashing.digest import Digest
from hashing.errors import StatedError
from hashing.ssh_keys import SigningKey, SshPublicKey

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
"""Where the clock of a new station stands: 20:00 in Beijing."""

SERIAL = "0000017"

_VALUES: Mapping[str, object] = {
    "station.agency": "cg.example.gov.cn",
    "station.name": "station-1",
    "station.time_zone": "Asia/Shanghai",
    "paths.state": Path("state"),
    "paths.trust": Path("trust"),
    "paths.socket": Path("socket"),
    "paths.slips": Path("docked"),
    "paths.refused": Path("refused"),
    "paths.unlocked": Path("unlocked"),
    "paths.families": Path("recorder-families.toml"),
    "paths.import_roots": (Path("import"),),
    "rule_set.unit": "Test unit",
    "rule_set.document_number": "2022-1",
    "rule_set.effective_date": date(2022, 3, 1),
    "rule_set.version": "1",
    "rule_set.handover_hours": 24,
    "rule_set.handover_point": HandoverPoint.DOCK,
    "rule_set.assumed_clock_uncertainty_s": 120,
    "rule_set.clearing": Clearing.KEEP_AT_DESK,
    "docking.folder_cards": True,
    "docking.slip_owner_uids": (os.geteuid(),),
    "accepted_risks.stores_on_one_disk": True,
    "accepted_risks.store_under_home": True,
}


def write_settings(
    root: Path, values: Mapping[str, object] | None = None, *, stores: Mapping[str, Path] | None = None
) -> Settings:
    """Write `root/config.toml`, changed by `values` (dotted keys; None leaves a key out), and load it.

    `stores` maps store ids to their folders, the primary first; without it they are `root/primary` and `root/backup`.
    """
    for name in ("docked", "refused", "unlocked", "import"):
        (root / name).mkdir(parents=True, exist_ok=True)
    changed = {key: value for key, value in {**_VALUES, **(values or {})}.items() if value is not None}
    places = stores or {"primary": root / "primary", "backup": root / "backup"}
    roles = [StoreRole.PRIMARY, *[StoreRole.REPLICA] * (len(places) - 1)]
    listed = [
        StoreSetting(id=name, path=path, role=role) for (name, path), role in zip(places.items(), roles, strict=True)
    ]
    file = root / "config.toml"
    file.write_text(config_text(changed, stores=listed), encoding="utf-8")
    return load_settings(file, {})


def make_card(folder: Path, files: Mapping[str, bytes] | Mapping[bytes, bytes], *, written_at: datetime = NOW) -> Path:
    """Write `files` (path on the card to content) below `folder`, all with the same mtime, and return `folder`."""
    folder.mkdir(exist_ok=True)
    for name, content in files.items():
        path = folder / os.fsdecode(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        os.utime(path, (written_at.timestamp(), written_at.timestamp()))
    return folder


@dataclass(frozen=True, kw_only=True)
class Docking:
    """One docking as the station shows it after it ended."""

    docking_id: DockingId
    view: Mapping[str, Any]
    files: Sequence[Mapping[str, Any]]
    problems: tuple[StatedError, ...]

    @property
    def phase(self) -> str:
        return str(self.view["phase"])

    @property
    def counts(self) -> dict[str, int]:
        """Files found, sealed, known, failed, unexplained."""
        return {name: self.view[f"files_{name}"] for name in ("found", "sealed", "known", "failed", "unexplained")}

    @property
    def texts(self) -> list[str]:
        """The problems as people read them."""
        return [str(problem) for problem in self.problems]

    def file(self, path: str) -> Mapping[str, Any]:
        """Return what became of the file that is shown as `path`."""
        (found,) = [file for file in self.files if file["path"] == path]
        return found

    def outcome_of(self, path: str) -> str:
        return str(self.file(path)["outcome"])


@dataclass(kw_only=True)
class LiveStation:
    """A station that is open, and what tests ask of it."""

    root: Path
    settings: Settings
    clock: SetClock
    station: Station
    _reopen: Callable[[], Station]
    _docked: int = field(default=0)

    @property
    def primary(self) -> Path:
        return self.settings.stores[0].path

    @property
    def backup(self) -> Path:
        return self.settings.stores[1].path

    def arrival(
        self,
        card: Path,
        *,
        serial: str | None = SERIAL,
        kind: DockingKind = DockingKind.DOCK,
        filesystem: str = "folder",
        docked_at: datetime | None = None,
        clock_offset_ms: int | None = None,
        clock_offset_uncertainty_ms: int | None = None,
    ) -> Arrival:
        """Return `card` as it arrives now from the recorder with this serial (None: the recorder is unknown)."""
        self._docked += 1
        docking_id = DockingId(f"{self.clock.now():%Y%m%dT%H%M%SZ}-{self._docked:04d}")
        return Arrival(
            docking_id=docking_id,
            card=DockedCard(
                root=card.absolute(),
                kind=kind,
                recorder=recorder_text(vendor_id="4255", product_id="0001", serial=serial),
                slot="slot 1",
                port_path="port-1",
                filesystem=filesystem,
            ),
            docked_at=docked_at or self.clock.now(),
            clock_offset_ms=clock_offset_ms,
            clock_offset_uncertainty_ms=clock_offset_uncertainty_ms,
        )

    def dock(self, card: Path, **arriving: Any) -> Docking:
        """Take in `card` with a real worker process, and return how that ended."""
        return self.take_in(self.arrival(card, **arriving))

    def take_in(self, arrival: Arrival, progress: Progress | None = None) -> Docking:
        """Take in an arrival in this thread, and return how that ended."""
        progress = progress or Progress()
        take_in(self.station, arrival, progress)
        return self.docking(arrival.docking_id, progress)

    def docking(self, docking_id: DockingId, progress: Progress | None = None) -> Docking:
        (row,) = self.rows("SELECT * FROM dockings WHERE docking_id = ?", docking_id)
        return Docking(
            docking_id=docking_id,
            view=docking_view(self.station, row, progress),
            files=files_view(self.station, docking_id),
            problems=progress.problems if progress else (),
        )

    def interpret(self) -> int:
        """Probe, time and judge what waits, as the interpreter thread does; return how many clips were probed."""
        return interpret_waiting(self.station, launcher=find_launcher())

    def reopen(self) -> Station:
        """Close everything and open it again from what is on disk, as after a restart; nothing is reconciled yet."""
        self.station.close()
        self.station = self._reopen()
        return self.station

    def rows(self, query: str, *parameters: object) -> list[dict[str, Any]]:
        """Ask the catalog."""
        return self.station.catalog.rows(query, parameters)

    def clips(self) -> list[dict[str, Any]]:
        """Return every clip as `clips list` shows it, by the path it had on its card."""
        rows = self.rows("SELECT * FROM clips ORDER BY path, clip_id")
        return clip_views(self.station, rows)

    def clip(self, source_path: str) -> dict[str, Any]:
        """Return the clip first seen under this path."""
        (found,) = [clip for clip in self.clips() if clip["source_path"] == source_path]
        return found

    def entries(self, kind: str | None = None) -> list[Entry]:
        """Return the ledger's entries of a kind, or all."""
        return [entry for entry in self.station.ledger.entries() if kind in {None, entry.kind}]

    def bag(self, clip_id: str, store: Path | None = None) -> Path:
        """Return where a clip's bag lies in a store (the primary)."""
        (row,) = self.rows("SELECT bag_path FROM clips WHERE clip_id = ?", clip_id)
        return Path((store or self.primary) / row["bag_path"])

    def bags(self, store: Path) -> list[Path]:
        """Return every bag that stands in a store."""
        return sorted(store.glob("clips/*/*/*/*"))

    def findings(self, bag: Path, tagmanifest: str | None = None) -> tuple[BagFinding, ...]:
        """Check a bag as reconciliation and `clips verify` do."""
        expected = None if tagmanifest is None else Digest(hex=tagmanifest)
        return check_bag(bag, verify_signature=bag_verifier(self.station), expected_tagmanifest=expected)

    def clip_json(self, bag: Path) -> dict[str, Any]:
        """Return the observed facts in a bag."""
        facts: dict[str, Any] = json.loads((bag / "custody" / "clip.json").read_bytes())
        return facts

    def require_everything_verifies(self) -> None:
        """Hold every copy the catalog counts against the ledger, and look for bags that no entry names."""
        named: dict[Path, set[Path]] = {}
        copies = self.rows("SELECT store_id, bag_path, tagmanifest FROM copies JOIN clips USING (clip_id)")
        for row in self.rows("SELECT bag_path, tagmanifest, stores FROM supplements"):
            for store in json.loads(row["stores"]):
                copies.append({**row, "store_id": store})
        for row in copies:
            store = next(one.path for one in self.settings.stores if one.id == row["store_id"])
            assert self.findings(store / row["bag_path"], row["tagmanifest"]) == ()
            named.setdefault(store, set()).add(store / row["bag_path"])
        for setting in self.settings.stores:
            assert set(self.bags(setting.path)) == named.get(setting.path, set())


@contextmanager
def live_station(
    root: Path,
    values: Mapping[str, object] | None = None,
    *,
    stores: Mapping[str, Path] | None = None,
    appointed: Sequence[Person] | None = None,
    recovery_keys: Sequence[SshPublicKey] = (),
) -> Iterator[LiveStation]:
    """Yield a new station in `root`, open and locked; see `write_settings` for the arguments, `people` for persons."""
    settings = write_settings(root, values, stores=stores)
    clock = SetClock(NOW)
    create_station(settings, people() if appointed is None else appointed, clock, recovery_keys=recovery_keys)
    with ExitStack() as stack:
        stack.enter_context(station_lock(settings.paths.state))
        live = LiveStation(
            root=root,
            settings=settings,
            clock=clock,
            station=open_station(settings, clock, whole_check=True),
            _reopen=lambda: open_station(settings, clock, whole_check=True),
        )
        stack.callback(lambda: live.station.close())
        yield live


def people() -> list[Person]:
    """Return people of several roles with keys made from fixed seeds."""
    roles = {
        "custodian-1": Role.CUSTODIAN,
        "supervisor-1": Role.SUPERVISOR,
        "officer-1": Role.OFFICER,
        "officer-2": Role.OFFICER,
        "operator-1": Role.OPERATOR,
    }
    return [
        Person(person_id=PersonId(name), role=role, key=SigningKey.from_seed(bytes([number]) * 32).public)
        for number, (name, role) in enumerate(roles.items(), start=1)
    ]
