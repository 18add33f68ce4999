"""A recorder's clock from one docking to the next: its drift, and a battery that died (R32)."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from bodycam_custody.catalog import Catalog
from bodycam_custody.clock import parse_rfc3339, rfc3339
from bodycam_custody.dockings.drafts import Arrival, subject_of
from bodycam_custody.dockings.earlier import earlier_docking, was_listed
from bodycam_custody.entries import Draft, EntryKind
from bodycam_custody.interpretation.recording_time import DRIFT_LIMIT_S_PER_DAY, EARLIEST_PLAUSIBLE
from bodycam_custody.model import ClockVerdict, FileOutcome
from bodycam_custody.slots.visits import was_clock_set
from bodycam_custody.station import Station
from docking.card import UNKNOWN_RECORDER, DockingKind
from docking.drivers.told_visit import COMES_BACK_WITHIN
from docking.profile import RecorderProfile
from docking.source import FileType
from hashing.canonical import Json

DRIFT_LIMIT_MS_PER_DAY = round(DRIFT_LIMIT_S_PER_DAY * 1000)
# No recorder drifts that far: its clock was at a factory date, or nobody ever set it.
RESET_OFFSET = timedelta(days=365)
# A clock that is behind by more, and was not before, fell back to a factory date, whatever year that is.
FELL_BACK = timedelta(days=1)
# Over less time the jitter of a reading is larger than any drift.
SHORTEST_COMPARISON = timedelta(minutes=1)

_DAY_S = 86_400
# A docking and, of those entered before it, the one of the same recorder that was docked last with a reading.
_READINGS = """
SELECT docking_id, recorder, docked_at, clock_offset_ms, clock_offset_uncertainty_ms FROM dockings
WHERE docking_id = :docking_id
UNION ALL SELECT * FROM (
    SELECT b.docking_id, b.recorder, b.docked_at, b.clock_offset_ms, b.clock_offset_uncertainty_ms
    FROM dockings b JOIN dockings d ON d.docking_id = :docking_id
    WHERE b.recorder = d.recorder AND b.kind = :kind AND b.rowid < d.rowid AND b.clock_offset_ms IS NOT NULL
    ORDER BY b.docked_at DESC, b.docking_id DESC LIMIT 1)
"""
_RECORDINGS = frozenset({FileType.VIDEO, FileType.AUDIO, FileType.PHOTO})


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockReading:
    """How far a recorder's clock ran ahead of the station's at one moment, and how well that is known."""

    at: datetime
    offset_ms: int
    uncertainty_ms: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockJudgement:
    """The answer, and the drift it rests on where there is one."""

    verdict: ClockVerdict
    drift_ms_per_day: int | None = None


def judge_clock(
    reading: ClockReading | None, previous: ClockReading | None, *, implausible_clips: int, was_set: bool = False
) -> ClockJudgement | None:
    """Judge a recorder's clock; None where nothing was measured and no clip speaks of a reset.

    Drift is judged against 3 s a day, the limit itself allowed; where the uncertainty of the two readings reaches
    across it, or is not known, the verdict is undeterminable. A previous reading that was a reset itself is no base,
    nor is one before the clock `was_set`. A clock that fell back by more than a day since is a reset too.
    """
    if implausible_clips or (reading is not None and is_reset(reading)):
        return ClockJudgement(verdict=ClockVerdict.RESET)
    if reading is None:
        return None
    if previous is None or is_reset(previous) or _fell_back(previous, since=reading):
        return ClockJudgement(verdict=ClockVerdict.FIRST_READING)
    if was_set:
        return ClockJudgement(verdict=ClockVerdict.CLOCK_SET)
    if _fell_back(reading, since=previous):
        return ClockJudgement(verdict=ClockVerdict.RESET)
    elapsed = reading.at - previous.at
    if elapsed < SHORTEST_COMPARISON:
        return ClockJudgement(verdict=ClockVerdict.UNDETERMINABLE)
    moved_ms = reading.offset_ms - previous.offset_ms
    drift = round(moved_ms * _DAY_S / elapsed.total_seconds())
    return ClockJudgement(verdict=_against_limit(abs(moved_ms), elapsed, reading, previous), drift_ms_per_day=drift)


def is_reset(reading: ClockReading) -> bool:
    """Return whether the clock stood where only a factory date puts it."""
    return abs(reading.offset_ms) > RESET_OFFSET.total_seconds() * 1000


def _fell_back(reading: ClockReading, *, since: ClockReading) -> bool:
    """Return whether the clock is behind by more than a day, and stood more than a day later at the other reading."""
    limit_ms = FELL_BACK.total_seconds() * 1000
    return reading.offset_ms < -limit_ms and since.offset_ms - reading.offset_ms > limit_ms


def _against_limit(moved_ms: int, elapsed: timedelta, reading: ClockReading, previous: ClockReading) -> ClockVerdict:
    if reading.uncertainty_ms is None or previous.uncertainty_ms is None:
        return ClockVerdict.UNDETERMINABLE
    doubt_ms = reading.uncertainty_ms + previous.uncertainty_ms
    allowed_ms = DRIFT_LIMIT_MS_PER_DAY * elapsed.total_seconds() / _DAY_S
    if moved_ms + doubt_ms <= allowed_ms:
        return ClockVerdict.WITHIN_LIMIT
    return ClockVerdict.BEYOND_LIMIT if moved_ms - doubt_ms > allowed_ms else ClockVerdict.UNDETERMINABLE


def clock_drafts(station: Station, arrival: Arrival, *, profile: str | None) -> list[Draft]:
    """Return the entry that judges the clock of a docked recorder, from what was measured before any sync."""
    if arrival.card.recorder == UNKNOWN_RECORDER or arrival.card.kind is not DockingKind.DOCK:
        return []
    readings = _readings(station.catalog, arrival.docking_id)
    implausible = _implausible_clips(station, arrival, profile)
    judged = judge_clock(
        readings.now, readings.previous, implausible_clips=implausible, was_set=readings.was_set_between
    )
    if judged is None:
        return []
    facts: dict[str, Json] = {
        "docking_id": arrival.docking_id,
        "recorder": arrival.card.recorder,
        "verdict": judged.verdict,
        "offset_ms": arrival.clock_offset_ms,
        "uncertainty_ms": arrival.clock_offset_uncertainty_ms,
        "previous": readings.previous_docking,
        "previous_offset_ms": readings.previous.offset_ms if readings.previous else None,
        "previous_uncertainty_ms": readings.previous.uncertainty_ms if readings.previous else None,
        "drift_ms_per_day": judged.drift_ms_per_day,
        "limit_ms_per_day": DRIFT_LIMIT_MS_PER_DAY,
        "implausible_clips": implausible,
    }
    return [Draft(kind=EntryKind.CLOCK_JUDGED, subject=subject_of(arrival.docking_id), facts=facts)]


def drift_allowance_ms_per_day(catalog: Catalog, docking_id: str) -> int:
    """Return by how much the clock of a docked recorder may have moved in a day before it was read.

    What it moved since the reading before, with the doubt of both, where that is a verdict; else what is allowed.
    """
    readings = _readings(catalog, docking_id)
    judged = judge_clock(readings.now, readings.previous, implausible_clips=0, was_set=readings.was_set_between)
    if judged is None or judged.verdict not in {ClockVerdict.WITHIN_LIMIT, ClockVerdict.BEYOND_LIMIT}:
        return DRIFT_LIMIT_MS_PER_DAY
    now, previous = readings.now, readings.previous
    if now is None or previous is None or now.uncertainty_ms is None or previous.uncertainty_ms is None:
        raise RuntimeError("a drift that was judged has two readings of known doubt")
    moved_ms = abs(now.offset_ms - previous.offset_ms) + now.uncertainty_ms + previous.uncertainty_ms
    return math.ceil(moved_ms * _DAY_S / (now.at - previous.at).total_seconds())


@dataclass(frozen=True, slots=True, kw_only=True)
class _Readings:
    """What was read of a recorder's clock at a docking, and at the one before at which it was read."""

    now: ClockReading | None
    previous: ClockReading | None = None
    previous_docking: str | None = None
    was_set_between: bool = False


def _readings(catalog: Catalog, docking_id: str) -> _Readings:
    rows = catalog.rows(_READINGS, {"docking_id": docking_id, "kind": DockingKind.DOCK})
    own = next(row for row in rows if row["docking_id"] == docking_id)
    before = next((row for row in rows if row["docking_id"] != docking_id), None)
    now = None if own["clock_offset_ms"] is None else _reading_of(own)
    if before is None:
        return _Readings(now=now)
    return _Readings(
        now=now,
        previous=_reading_of(before),
        previous_docking=before["docking_id"],
        # Both readings were taken in the visits before those dockings, and a visit sets the clock after it measured it.
        was_set_between=was_clock_set(
            catalog,
            own["recorder"],
            after=rfc3339(parse_rfc3339(before["docked_at"]) - COMES_BACK_WITHIN),
            before=rfc3339(parse_rfc3339(own["docked_at"]) - COMES_BACK_WITHIN),
        ),
    )


def _reading_of(row: Mapping[str, Any]) -> ClockReading:
    return ClockReading(
        at=parse_rfc3339(row["docked_at"]),
        offset_ms=row["clock_offset_ms"],
        uncertainty_ms=row["clock_offset_uncertainty_ms"],
    )


def _implausible_clips(station: Station, arrival: Arrival, profile: str | None) -> int:
    """Count the recordings sealed now that bear a date before any recorder in use, or well before a docking without it.

    What was sealed earlier was counted then.
    """
    reader = next((one for one in station.profiles if one.name == profile), None)
    earlier = earlier_docking(station.catalog, arrival.docking_id)
    offset = timedelta(milliseconds=arrival.clock_offset_ms or 0)
    rows = station.catalog.rows(
        "SELECT path, mtime_ns, size_bytes, file_type FROM files WHERE docking_id = ? AND main IS NULL AND outcome = ?",
        (arrival.docking_id, FileOutcome.SEALED),
    )
    dated = [(row, _dated(row, reader)) for row in rows if row["file_type"] in _RECORDINGS]
    return sum(
        at < EARLIEST_PLAUSIBLE
        or (
            earlier is not None and at - offset < earlier.earliest_new and not was_listed(station.catalog, earlier, row)
        )
        for row, at in dated
        if at is not None
    )


def _dated(row: Mapping[str, Any], profile: RecorderProfile | None) -> datetime | None:
    """A name that carries a date speaks for the recorder's clock; the file system's time only where none does."""
    named = profile.parse_name(row["path"]) if profile is not None and row["path"] is not None else None
    if named is not None and named.started_at is not None:
        return named.started_at
    try:
        return datetime.fromtimestamp(int(row["mtime_ns"]) / 1_000_000_000, UTC)
    except (ValueError, OverflowError, OSError):
        return None
