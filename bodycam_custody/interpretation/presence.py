"""Since when a clip has been at the station: what stops its hours is a docking, not how fast it was copied (R38).

A power cut, a file that failed first, a disk that was away or a missing password all make a card be docked again, hours
after its recorder came. Every answer follows from entries alone, and from the names they commit to.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from bodycam_custody.clock import parse_rfc3339, rfc3339
from bodycam_custody.interpretation.recording_time import EARLIEST_PLAUSIBLE
from bodycam_custody.model import Instant
from bodycam_custody.station import Station
from docking.card import UNKNOWN_RECORDER, DockingKind
from docking.drivers.told_visit import COMES_BACK_WITHIN
from hashing.canonical import Json


class PresentBy(StrEnum):
    """What shows that a clip was at the station; the text stands in entries."""

    DOCKED = "docked"
    LISTED = "listed"
    SEEN = "seen"
    VISITED = "visited"


@dataclass(frozen=True, slots=True, kw_only=True)
class Presence:
    """A moment at which a clip was at the station. `is_proven` is False where it perhaps was."""

    at: datetime
    by: PresentBy
    docking_id: str | None = None
    file: int | None = None
    entry: int | None = None
    """The number of the entry of a visit."""
    is_proven: bool = True

    def to_facts(self) -> dict[str, Json]:
        """Return what an outsider needs to find the same entries."""
        return {
            "since": rfc3339(self.at),
            "by": self.by.value,
            "docking_id": self.docking_id,
            "file": self.file,
            "entry": self.entry,
        }


_LISTED = """
SELECT d.docking_id, d.docked_at, d.port, f.file FROM files f JOIN dockings d USING (docking_id)
WHERE f.path = :path AND f.mtime_ns = :mtime_ns AND f.size_bytes = :size_bytes
AND (f.clip_id IS NULL OR f.clip_id = :clip_id) AND d.recorder = :recorder AND d.kind = :kind
AND d.docked_at < :docked_at AND d.docking_id NOT IN (SELECT docking_id FROM held)
ORDER BY d.docked_at, d.docking_id LIMIT 1
"""
_SEALING = """
SELECT c.clip_id, d.docking_id, d.docked_at, d.port, d.recorder, d.kind, f.file, f.path, f.mtime_ns, f.size_bytes,
       d.docking_id IN (SELECT docking_id FROM held) AS is_held
FROM clips c JOIN dockings d USING (docking_id) LEFT JOIN files f ON f.docking_id = c.docking_id AND f.file = c.file
WHERE c.clip_id = ?
"""
_LISTED_LAST = """
SELECT MAX(docked_at) AS at FROM dockings WHERE recorder = ? AND kind = ? AND profile IS NOT NULL AND docked_at < ?
"""
_NOT_LISTED = """
SELECT docking_id, docked_at FROM dockings WHERE recorder = ? AND kind = ? AND profile IS NULL
AND docked_at > ? AND docked_at < ? AND docking_id NOT IN (SELECT docking_id FROM held) ORDER BY docked_at, docking_id
"""
_OPENED = """
SELECT visited_at, recorder FROM visits WHERE port = ? AND visited_at BETWEEN ? AND ? ORDER BY visited_at DESC LIMIT 1
"""
_VISITED = "SELECT seq, visited_at FROM visits WHERE recorder = ? AND visited_at > ? AND visited_at <= ?"
# Others that were on the port since then, whatever they claim to be.
_OTHERS = """
SELECT MAX(at) AS at FROM (
    SELECT docked_at AS at FROM dockings WHERE port = :port
    UNION ALL SELECT visited_at FROM visits WHERE port = :port AND recorder <> :recorder) WHERE at < :before
"""


def presences(station: Station, row: Mapping[str, Any], ended: Instant) -> tuple[Presence, ...]:
    """Return when the clip of `row`, whose recording `ended` then, was at the station; empty where nobody can tell.

    1. The docking that sealed it, or the earliest one of the same recorder whose inventory lists the same path, size
       and time of writing, and that is not held for a serial in two slots. An import and an unknown recorder have no
       earlier docking: nothing says that it was the same card.
    2. Before that docking: one that could list nothing, or a visit to the locked recorder, after the last docking that
       did list its card and not this file. What had not ended by then was not on it; where the clock's doubt reaches
       across, or the locked recorder named no serial, it perhaps was.
    """
    sealing = next(iter(station.catalog.rows(_SEALING, (row["clip_id"],))), None)
    if sealing is None:
        return ()
    docked = Presence(
        at=parse_rfc3339(sealing["docked_at"]),
        by=PresentBy.DOCKED,
        docking_id=sealing["docking_id"],
        file=sealing["file"],
    )
    if sealing["recorder"] == UNKNOWN_RECORDER or sealing["kind"] != DockingKind.DOCK or sealing["is_held"]:
        return (docked,)
    listed = _listed_first(station, sealing)
    first = docked if listed is None else _presence_of(listed)
    port = sealing["port"] if listed is None else listed["port"]
    return (first, *_before(station, sealing["recorder"], first.at, port, ended))


def _listed_first(station: Station, sealing: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Return the earliest docking that listed the file; with a dead battery names and times begin again."""
    if sealing["path"] is None or int(sealing["mtime_ns"]) < EARLIEST_PLAUSIBLE.timestamp() * 1_000_000_000:
        return None
    wanted = {
        name: sealing[name] for name in ("path", "mtime_ns", "size_bytes", "clip_id", "recorder", "kind", "docked_at")
    }
    return next(iter(station.catalog.rows(_LISTED, wanted)), None)


def _presence_of(listed: Mapping[str, Any]) -> Presence:
    return Presence(
        at=parse_rfc3339(listed["docked_at"]),
        by=PresentBy.LISTED,
        docking_id=listed["docking_id"],
        file=listed["file"],
    )


def _before(
    station: Station, recorder: str, docked_at: datetime, port: str | None, ended: Instant
) -> Iterator[Presence]:
    """Yield the moments before `docked_at` at which the recorder was there and its card was not listed."""
    if ended.uncertainty_s is None:
        return
    doubt = timedelta(seconds=ended.uncertainty_s)
    opened = _opening_visit(station, port, docked_at)
    arrived_at = docked_at if opened is None else parse_rfc3339(opened["visited_at"])
    # The cards of one recorder are docked within seconds.
    limit = rfc3339(arrived_at - COMES_BACK_WITHIN)
    listed_last = station.catalog.rows(_LISTED_LAST, (recorder, DockingKind.DOCK, limit))[0]["at"] or ""
    for one in (*_visits(station, opened, port, listed_last), *_unlisted(station, recorder, docked_at, listed_last)):
        if one.at >= ended.at - doubt:
            yield replace(one, is_proven=one.is_proven and one.at >= ended.at + doubt)


def _opening_visit(station: Station, port: str | None, docked_at: datetime) -> Mapping[str, Any] | None:
    """Return the visit from which the recorder came back as this card."""
    wanted = (port, rfc3339(docked_at - COMES_BACK_WITHIN), rfc3339(docked_at))
    return next(iter(station.catalog.rows(_OPENED, wanted)), None)


def _visits(station: Station, opened: Mapping[str, Any] | None, port: str | None, after: str) -> Iterator[Presence]:
    """Yield the visits to the recorder that came back; without a serial, those on its port since anything else."""
    if opened is None:
        return
    is_named = opened["recorder"] != UNKNOWN_RECORDER
    if not is_named:
        wanted = {"port": port, "recorder": UNKNOWN_RECORDER, "before": opened["visited_at"]}
        after = max(after, station.catalog.rows(_OTHERS, wanted)[0]["at"] or "")
    rows = station.catalog.rows(
        f"{_VISITED} AND (? OR port = ?) ORDER BY visited_at, seq",
        (opened["recorder"], after, opened["visited_at"], is_named, port),
    )
    for row in rows:
        is_proven = is_named or row["visited_at"] == opened["visited_at"]
        at = parse_rfc3339(row["visited_at"])
        yield Presence(at=at, by=PresentBy.VISITED, entry=row["seq"], is_proven=is_proven)


def _unlisted(station: Station, recorder: str, docked_at: datetime, after: str) -> Sequence[Presence]:
    rows = station.catalog.rows(_NOT_LISTED, (recorder, DockingKind.DOCK, after, rfc3339(docked_at)))
    return [
        Presence(at=parse_rfc3339(row["docked_at"]), by=PresentBy.SEEN, docking_id=row["docking_id"]) for row in rows
    ]
