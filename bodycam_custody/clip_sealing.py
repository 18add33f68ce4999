"""What becomes of copied units: a new clip is sealed, a known one sighted, its new sidecars supplemented."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field

from archive.bag import BagPayload, bag_path, payload_name
from archive.durable import stated
from archive.store import Store
from bodycam_custody.copying.card_reader import Copied
from bodycam_custody.copying.listing import ListedUnit
from bodycam_custody.dockings.drafts import Arrival, NumberedUnit, failed_draft
from bodycam_custody.entries import Draft, EntryKind
from bodycam_custody.model import Basis, ClipId, clip_id_of
from bodycam_custody.sealing import LeftOut, SealedBag, StagedBag, StagedFile
from bodycam_custody.settling import has_good_copy, settle_left_over, settle_places
from bodycam_custody.station import Station
from docking.source import SourceFile
from hashing.canonical import Json
from hashing.errors import StatedError

logger = logging.getLogger(__name__)

# Sightings of one transaction, one head.
LISTED_PER_BATCH = 200


@dataclass(slots=True, kw_only=True)
class CopiedUnit:
    """A unit of the card on its way: what was copied where, and what failed."""

    unit: NumberedUnit
    sources: dict[int, SourceFile]
    done: dict[int, Copied] = field(default_factory=dict)
    failed: dict[int, StatedError] = field(default_factory=dict)
    stores_of: dict[int, tuple[Store, ...]] = field(default_factory=dict)

    @property
    def numbers(self) -> tuple[int, ...]:
        """The files of the unit, the main file first."""
        return (self.unit.main, *self.unit.sidecars)

    @property
    def is_complete(self) -> bool:
        """Whether every file has an outcome."""
        return len(self.done) + len(self.failed) == len(self.numbers)

    @property
    def stores(self) -> tuple[Store, ...]:
        """The stores that hold every copied file of the unit."""
        return tuple(
            store
            for store in self.stores_of[self.unit.main]
            if all(store in self.stores_of[number] for number in self.done)
        )

    @property
    def staging_name(self) -> str:
        """The folder of the unit inside the docking's staging folder."""
        return str(self.unit.main)

    def payload_name(self, number: int) -> str:
        """Return the neutral name a file of the unit gets in its bag."""
        kind = "main" if number == self.unit.main else f"sidecar-{self.unit.sidecars.index(number) + 1}"
        return payload_name(kind, self.sources[number].path)


class ClipSealing:
    """Seals and records the units of one docking, in batches."""

    def __init__(self, station: Station, arrival: Arrival, *, docking_seq: int, on_left_out: LeftOut) -> None:
        self._on_left_out = on_left_out
        self._station = station
        self._arrival = arrival
        self._docking_seq = docking_seq
        self.counts = {"sealed": 0, "known": 0, "listed": 0, "failed": 0}

    def settle(self, batch: Sequence[CopiedUnit]) -> None:
        """Bring every unit of `batch` to its end: sealed, known or failed, and on record.

        Raises:
            ArchiveError: the primary failed; what was renamed has no entry and is settled at the next start.
            LedgerRefusesError: the same.
        """
        with self._station.sealing:
            copied = [unit for unit in batch if unit.unit.main in unit.done]
            self._settle_left_over(copied)
            known_already = self._known([self._clip_id(unit) for unit in copied])
            kept = {clip_id for clip_id in known_already if has_good_copy(self._station, clip_id)}
            new: dict[ClipId, CopiedUnit] = {}
            known: list[CopiedUnit] = []
            for unit in copied:
                clip_id = self._clip_id(unit)
                if clip_id in kept or clip_id in new:
                    known.append(unit)
                else:
                    new[clip_id] = unit
            self._seal_new(list(new.values()))
            self._record_known(known)
            self._record_failures(batch)

    def note_listed(self, units: Sequence[ListedUnit]) -> None:
        """Enter a sighting of every clip that is known by its listing; `listed` counts those among the known."""
        drafts = [self._listed_draft(unit) for unit in units]
        for start in range(0, len(drafts), LISTED_PER_BATCH):
            self._station.record.enter(drafts[start : start + LISTED_PER_BATCH])
        files = sum(1 + len(unit.sidecars) for unit in units)
        self.counts["known"] += files
        self.counts["listed"] += files

    def _settle_left_over(self, units: Sequence[CopiedUnit]) -> None:
        """Enter what an earlier docking sealed and did not enter: these units, or supplements to their clips."""
        clip_ids = {self._clip_id(unit) for unit in units}
        settle_left_over(self._station, self._arrival, sorted(clip_ids - self._known(list(clip_ids))))
        settle_left_over(self._station, self._arrival, sorted(map(self._supplement_id, clip_ids)))

    def _seal_new(self, units: Sequence[CopiedUnit]) -> None:
        """Seal each clip, also one that the ledger knows and no store holds any more: these bytes may be the last."""
        lost = self._tagmanifests([self._clip_id(unit) for unit in units])
        # Where a bad copy stands today's bag could not go.
        settle_places(self._station, [bag_path(self._station.clock.now(), clip_id) for clip_id in lost])
        staged = [self._staged(unit, str(self._clip_id(unit)), tuple(unit.done)) for unit in units]
        new_by_file = {unit.unit.main: unit for unit in units}
        drafts: list[Draft] = []
        for bag in self._seal(staged):
            unit = new_by_file[bag.staged.file]
            replaces = lost.get(bag.staged.clip_id)
            drafts += [self._sealed_draft(bag, replaces=replaces), self._sighted_draft(unit, is_new=True)]
        self._station.record.enter(drafts)
        self.counts["sealed"] += sum(len(bag.files) for bag in staged)

    def _tagmanifests(self, clip_ids: Sequence[ClipId]) -> dict[str, str]:
        marks = ",".join("?" * len(clip_ids))
        rows = self._station.catalog.rows(
            f"SELECT clip_id, tagmanifest FROM clips WHERE clip_id IN ({marks})",  # noqa: S608  # only marks
            tuple(clip_ids),
        )
        return {row["clip_id"]: row["tagmanifest"] for row in rows}

    def _record_known(self, units: Sequence[CopiedUnit]) -> None:
        """Enter a sighting of each clip, and seal sidecars it did not have before in a supplement."""
        drafts: list[Draft] = []
        for unit in units:
            clip_id = self._clip_id(unit)
            drafts.append(self._sighted_draft(unit, is_new=False))
            fresh = self._fresh_sidecars(clip_id, unit)
            if fresh:
                self._remove_from_staging(unit, [number for number in unit.done if number not in fresh])
                (bag,) = self._seal([self._staged(unit, self._supplement_id(clip_id), fresh)])
                # Entered at once: the next unit may bring the same sidecar again.
                self._station.record.enter([*drafts, self._supplement_draft(bag, fresh)])
                drafts = []
            self.counts["sealed"] += len(fresh)
            self.counts["known"] += len(unit.done) - len(fresh)
        self._station.record.enter(drafts)

    def _record_failures(self, batch: Sequence[CopiedUnit]) -> None:
        drafts = []
        for unit in batch:
            failed = unit.failed
            if unit.unit.main in failed:
                # Without its main file a unit has no identity; its sidecars wait on the card for the next docking.
                failed = dict.fromkeys(unit.numbers, failed[unit.unit.main])
            drafts += [failed_draft(self._arrival.docking_id, number, error) for number, error in failed.items()]
            self.counts["failed"] += len(failed)
        self._station.record.enter(drafts)

    def _seal(self, staged: Sequence[StagedBag]) -> list[SealedBag]:
        if not staged:
            return []
        return self._station.sealer.seal(
            staged,
            sealed_at=self._station.clock.now(),
            docking_seq=self._docking_seq,
            on_left_out=self._on_left_out,
        )

    def _clip_id(self, unit: CopiedUnit) -> ClipId:
        return clip_id_of(recorder=self._arrival.card.recorder, main=unit.done[unit.unit.main].sha256)

    def _known(self, clip_ids: Sequence[ClipId]) -> set[str]:
        marks = ",".join("?" * len(clip_ids))
        rows = self._station.catalog.rows(
            f"SELECT clip_id FROM clips WHERE clip_id IN ({marks})",  # noqa: S608  # only marks
            tuple(clip_ids),
        )
        return {row["clip_id"] for row in rows}

    def _fresh_sidecars(self, clip_id: ClipId, unit: CopiedUnit) -> tuple[int, ...]:
        # What only a supplement held that is in no store any more is not held.
        rows = self._station.catalog.rows(
            "SELECT sha256 FROM sidecars s WHERE clip_id = ? AND NOT EXISTS"
            " (SELECT 1 FROM supplements p WHERE p.bag_id = s.bag_id AND p.stores = '{}')",
            (clip_id,),
        )
        held = {row["sha256"] for row in rows}
        return tuple(
            number for number in unit.unit.sidecars if number in unit.done and self._hex(unit, number) not in held
        )

    def _supplement_id(self, clip_id: ClipId) -> str:
        rows = self._station.catalog.rows("SELECT bag_id FROM supplements WHERE clip_id = ?", (clip_id,))
        numbers = [row["bag_id"].removeprefix(f"{clip_id}-s") for row in rows]
        return f"{clip_id}-s{max((int(number) for number in numbers if number.isdecimal()), default=0) + 1}"

    def _staged(self, unit: CopiedUnit, bag_id: str, numbers: Sequence[int]) -> StagedBag:
        files = tuple(
            StagedFile(
                source=unit.sources[number],
                payload=BagPayload(
                    name=unit.payload_name(number),
                    size_bytes=unit.done[number].size_bytes,
                    sha256=unit.done[number].sha256,
                ),
            )
            for number in sorted(numbers, key=unit.numbers.index)
        )
        return StagedBag(
            bag_id=bag_id,
            clip_id=self._clip_id(unit),
            docking_id=self._arrival.docking_id,
            file=unit.unit.main,
            recorder=self._arrival.card.recorder,
            filesystem=self._arrival.card.filesystem,
            staging_name=f"{self._arrival.docking_id}/{unit.staging_name}",
            files=files,
            stores=unit.stores,
        )

    def _remove_from_staging(self, unit: CopiedUnit, numbers: Sequence[int]) -> None:
        for store in unit.stores:
            for number in numbers:
                path = store.staging / self._arrival.docking_id / unit.staging_name / unit.payload_name(number)
                with stated(path):
                    path.unlink()

    def _hex(self, unit: CopiedUnit, number: int) -> str:
        return unit.done[number].sha256.hex

    def _sealed_draft(self, bag: SealedBag, *, replaces: str | None) -> Draft:
        main, *sidecars = bag.staged.files
        return Draft(
            kind=EntryKind.CLIP_SEALED,
            subject=f"clip:{bag.staged.clip_id}",
            facts={
                "bag_path": str(bag.path),
                "tagmanifest_sha256": bag.tagmanifest.hex,
                "main_sha256": main.payload.sha256.hex,
                "size_bytes": main.payload.size_bytes,
                "sidecars": [sidecar.payload.sha256.hex for sidecar in sidecars],
                "docking_id": bag.staged.docking_id,
                "file": bag.staged.file,
                "recorder": bag.staged.recorder,
                "file_type": main.source.file_type.value,
                "stores": stores_facts(bag.stores),
                "rule_set_version": self._station.settings.rule_set.version,
                **({} if replaces is None else {"replaces": replaces}),
            },
        )

    def _supplement_draft(self, bag: SealedBag, files: Sequence[int]) -> Draft:
        return Draft(
            kind=EntryKind.SUPPLEMENT_SEALED,
            subject=f"clip:{bag.staged.clip_id}",
            facts={
                "bag_id": bag.staged.bag_id,
                "bag_path": str(bag.path),
                "tagmanifest_sha256": bag.tagmanifest.hex,
                "sidecars": [sidecar.payload.sha256.hex for sidecar in bag.staged.files],
                "docking_id": bag.staged.docking_id,
                "files": list(files),
                "stores": stores_facts(bag.stores),
            },
        )

    def _sighted_draft(self, unit: CopiedUnit, *, is_new: bool) -> Draft:
        clip_id = self._clip_id(unit)
        return Draft(
            kind=EntryKind.CLIP_SIGHTED,
            subject=f"clip:{clip_id}",
            facts={
                "docking_id": self._arrival.docking_id,
                "file": unit.unit.main,
                "newly_sealed": is_new,
                "basis": Basis.READ.value,
                # By number in the inventory: which of its files had these bytes this time.
                "sidecars": {str(file): self._hex(unit, file) for file in unit.unit.sidecars if file in unit.done},
            },
        )

    def _listed_draft(self, listed: ListedUnit) -> Draft:
        return Draft(
            kind=EntryKind.CLIP_SIGHTED,
            subject=f"clip:{listed.clip_id}",
            facts={
                "docking_id": self._arrival.docking_id,
                "file": listed.unit.main,
                "newly_sealed": False,
                "basis": Basis.LISTED.value,
                "relies_on": {"docking_id": listed.docking_id, "file": listed.file},
                # What was read then; nobody read it now.
                "sidecars": {str(file): sha256 for file, sha256 in listed.sidecars.items()},
            },
        )


def stores_facts(stores: Sequence[Store]) -> dict[str, Json]:
    """Return the stores of a bag as an entry names them, each with where its copy was read back from: its medium."""
    return {store.location.store_id: "medium" for store in stores}
