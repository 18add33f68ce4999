"""What the listing of a card tells again: files that were read and sealed before, and need not be read now (R8, R40).

See docs/adr/0009-what-a-listing-tells-again.md. A listed file was seen, not read: its sighting says so, nothing else is
concluded from it, and a card is cleared only of what was read again and hashed (docking/clearing.py).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bodycam_custody.dockings.drafts import Arrival, NumberedUnit
from bodycam_custody.interpretation.recording_time import EARLIEST_PLAUSIBLE
from bodycam_custody.model import Basis, ClipId, ClipState, DockingPhase, FileOutcome
from bodycam_custody.station import Station
from docking.card import UNKNOWN_RECORDER, DockingKind
from docking.source import SourceFile

# A docking that broke off is resumed: what it sealed is known, whatever copies are still to be written.
_BROKE_OFF = frozenset({DockingPhase.INTERRUPTED, DockingPhase.FAILED})
_SAFE = frozenset({ClipState.SAFE, ClipState.SAFE_ONE_DISK, ClipState.SAFE_DISKS_UNPROVEN})
_KEPT = frozenset({FileOutcome.SEALED, FileOutcome.KNOWN})
_NEVER_BEFORE_NS = int(EARLIEST_PLAUSIBLE.timestamp()) * 1_000_000_000

_READ_BEFORE = """
SELECT f.docking_id, f.file, f.clip_id, f.size_bytes, f.changed_ns, d.phase, d.filesystem, c.state,
       d.seen_at > :cleared AS counts
FROM files f JOIN dockings d USING (docking_id) JOIN clips c ON c.clip_id = f.clip_id
WHERE f.path = :path AND f.mtime_ns = :mtime AND f.basis = :read AND f.main IS NULL
AND d.recorder = :recorder AND d.kind = :dock ORDER BY d.seen_at DESC, f.file
"""
_SIDECARS = (
    "SELECT path, size_bytes, mtime_ns, changed_ns, sha256, outcome, basis FROM files WHERE docking_id = ? AND main = ?"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedUnit:
    """A unit that needs not be read: the clip it is, and the reading on which that rests."""

    unit: NumberedUnit
    clip_id: ClipId
    docking_id: str
    file: int
    sidecars: Mapping[int, str]
    """By number in this inventory: the digests that were read then."""


def listed_units(
    station: Station, arrival: Arrival, files: Sequence[SourceFile], units: Sequence[NumberedUnit]
) -> list[ListedUnit]:
    """Return the units of a card that were sealed before and look exactly the same.

    All of these must hold, for the main file and each file that accompanies it; else the whole unit is read:

    1. the recorder has an identity, it was docked, and the docking is not held for a serial that stands in two slots
    2. an earlier docking of the same recorder, on the same filesystem, *read* a file of the same path, size, time of
       writing and time of change, all to the nanosecond, with the same files beside it
    3. that docking broke off, or the clip is safe now; a damaged clip is always read again
    4. every such reading gave the same clip: where one listing once stood for two contents, it tells nothing
    5. no card of the recorder was cleared, or refused to be cleared, since that reading: what the clearing found there
       may be another file, and what it removed is not to be seen again
    6. the time of writing is one a recorder in use can mean: with a dead battery names and times begin again

    Not proved: that the card would give the same bytes.
    """
    card = arrival.card
    if station.settings.docking.read_sealed_again or card.recorder == UNKNOWN_RECORDER:
        return []
    if card.kind is not DockingKind.DOCK or _is_held(station, arrival):
        return []
    cleared = station.catalog.rows(
        "SELECT MAX(seen_at) AS at FROM dockings WHERE recorder = ? AND clearing IS NOT NULL", (card.recorder,)
    )[0]["at"]
    wanted = {"recorder": card.recorder, "dock": DockingKind.DOCK, "read": Basis.READ, "cleared": cleared or ""}
    found = [_listed(station, card.filesystem, wanted, files, unit) for unit in units]
    return [unit for unit in found if unit is not None]


def _is_held(station: Station, arrival: Arrival) -> bool:
    return bool(station.catalog.rows("SELECT 1 FROM held WHERE docking_id = ?", (arrival.docking_id,)))


def _listed(
    station: Station, filesystem: str, wanted: Mapping[str, str], files: Sequence[SourceFile], unit: NumberedUnit
) -> ListedUnit | None:
    main = files[unit.main]
    if any(files[number].mtime_ns < _NEVER_BEFORE_NS for number in (unit.main, *unit.sidecars)):
        return None
    rows = station.catalog.rows(_READ_BEFORE, {**wanted, "path": main.path, "mtime": str(main.mtime_ns)})
    if len({row["clip_id"] for row in rows}) != 1:
        return None
    for row in rows:
        same = (row["size_bytes"], row["changed_ns"]) == (main.size_bytes, str(main.changed_ns))
        if same and row["counts"] and row["filesystem"] == filesystem and _is_kept(row):
            sidecars = _same_sidecars(station, row, files, unit)
            if sidecars is not None:
                return ListedUnit(
                    unit=unit,
                    clip_id=ClipId(row["clip_id"]),
                    docking_id=row["docking_id"],
                    file=row["file"],
                    sidecars=sidecars,
                )
    return None


def _is_kept(row: Mapping[str, Any]) -> bool:
    if row["state"] in _SAFE:
        return True
    return row["phase"] in _BROKE_OFF and row["state"] == ClipState.SEALED


def _same_sidecars(
    station: Station, row: Mapping[str, Any], files: Sequence[SourceFile], unit: NumberedUnit
) -> dict[int, str] | None:
    """Return the digests of the accompanying files by their number now, None unless they are exactly those of then."""
    before = {
        (one["path"], one["size_bytes"], one["mtime_ns"], one["changed_ns"]): one["sha256"]
        for one in station.catalog.rows(_SIDECARS, (row["docking_id"], row["file"]))
        if one["outcome"] in _KEPT and one["basis"] == Basis.READ and one["sha256"] is not None
    }
    count = station.catalog.rows(
        "SELECT COUNT(*) AS n FROM files WHERE docking_id = ? AND main = ?", (row["docking_id"], row["file"])
    )[0]["n"]
    now = {
        number: (file.path, file.size_bytes, str(file.mtime_ns), str(file.changed_ns))
        for number, file in ((number, files[number]) for number in unit.sidecars)
    }
    if count != len(before) or set(now.values()) != set(before):
        return None
    return {number: before[entry] for number, entry in now.items()}
