"""How far a recorder's clock is off, measured before anybody sets it (R32, R38).

A recorder shows whole seconds of local time. Its answer was made at some moment between the question and the
answer, so the offset is an interval: the value is its middle, the uncertainty half its width.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Final
from zoneinfo import ZoneInfo

from docking.drivers.errors import ClockMeasurementStaleError, ClockNotReadableError, ClockProofError
from docking.local_time import local_moment
from hashing.canonical import Json, parse_line
from hashing.errors import MalformedLineError

# A recorder that shows 12:00:00 may be anywhere up to 12:00:01.
SHOWN_STEP: Final = timedelta(seconds=1)
# A clock within the limit of 3 s a day moves 40 ms in this time, which is far less than a round trip adds.
MAX_AGE: Final = timedelta(minutes=20)


class ClockSource(StrEnum):
    """How the recorder's time was seen; the text is part of the report."""

    CHANNEL = "channel"
    DISPLAY = "display"


@dataclass(frozen=True, slots=True, kw_only=True)
class StationTime:
    """The station's wall clock and its steady one; a step of the first between two looks does not count."""

    now: Callable[[], datetime]
    monotonic: Callable[[], float]
    zone: ZoneInfo
    """The zone the unit's recorders are set to."""


def station_time(zone: ZoneInfo) -> StationTime:
    """Return this machine's clocks."""
    return StationTime(now=lambda: datetime.now(UTC), monotonic=time.monotonic, zone=zone)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockMeasurement:
    """That one recorder's clock was compared, and what was found: the proof setting it asks for.

    `offset_ms` is recorder minus station; the true offset lies within `uncertainty_ms` of it. `recorder_time` is what
    the recorder showed, without zone.
    """

    recorder: str
    source: ClockSource
    recorder_time: datetime
    asked_at: datetime
    answered_at: datetime
    offset_ms: int
    uncertainty_ms: int

    def __post_init__(self) -> None:
        if self.asked_at.utcoffset() is None or self.answered_at.utcoffset() is None:
            raise ValueError("the station's times carry a zone")
        if self.recorder_time.tzinfo is not None:
            raise ValueError("a recorder's time carries no zone")
        if self.answered_at < self.asked_at or self.uncertainty_ms < 0:
            raise ValueError("an answer does not come before its question")


def measure(*, recorder: str, source: ClockSource, look: Callable[[], datetime], time: StationTime) -> ClockMeasurement:
    """Return the offset of what `look` returns, the recorder's local time, bounded by how long `look` took.

    Raises:
        ClockNotReadableError: the local time does not exist or exists twice in the recorder's zone.
    """
    asked_at, started_s = time.now(), time.monotonic()
    recorder_time = look()
    # Taken from the steady clock: setting the wall clock meanwhile must not shift the offset.
    answered_at = asked_at + timedelta(seconds=time.monotonic() - started_s)
    shown_at = _in_zone(recorder_time, time.zone, recorder)
    earliest, latest = shown_at - answered_at, shown_at + SHOWN_STEP - asked_at
    return ClockMeasurement(
        recorder=recorder,
        source=source,
        recorder_time=recorder_time,
        asked_at=asked_at,
        answered_at=answered_at,
        offset_ms=round((earliest + latest) / 2 / timedelta(milliseconds=1)),
        # Rounded up, and one more for the rounding of the middle: the interval must not lose its ends.
        uncertainty_ms=-(-(latest - earliest) // timedelta(milliseconds=2)) + 1,
    )


def measurement_facts(measurement: ClockMeasurement) -> dict[str, Json]:
    """Return the measurement as it stands in a report, and as `parse_measurement` takes it back."""
    return {
        "recorder": measurement.recorder,
        "source": measurement.source.value,
        "recorder_time": measurement.recorder_time.isoformat(),
        "asked_at": measurement.asked_at.isoformat(),
        "answered_at": measurement.answered_at.isoformat(),
        "offset_ms": measurement.offset_ms,
        "uncertainty_ms": measurement.uncertainty_ms,
    }


def parse_measurement(data: bytes) -> ClockMeasurement:
    """Return the measurement in one line of JSON.

    Raises:
        ClockProofError: it is none; the first field that is wrong is named.
    """
    try:
        facts = parse_line(data.removesuffix(b"\n"))
    except MalformedLineError as err:
        raise ClockProofError(field="(line)") from err
    return measurement_of(facts)


def measurement_of(facts: Mapping[str, Json]) -> ClockMeasurement:
    """Return the measurement these facts are.

    Raises:
        ClockProofError: they are none; the first field that is wrong is named.
    """
    names = {field.name for field in fields(ClockMeasurement)}
    if unequal := sorted(names ^ facts.keys()):
        raise ClockProofError(field=unequal[0])
    try:
        return ClockMeasurement(
            recorder=_text(facts, "recorder"),
            source=ClockSource(_text(facts, "source")),
            recorder_time=datetime.fromisoformat(_text(facts, "recorder_time")),
            asked_at=datetime.fromisoformat(_text(facts, "asked_at")),
            answered_at=datetime.fromisoformat(_text(facts, "answered_at")),
            offset_ms=_number(facts, "offset_ms"),
            uncertainty_ms=_number(facts, "uncertainty_ms"),
        )
    except ValueError as err:
        raise ClockProofError(field="(value)") from err


def _text(facts: Mapping[str, Json], name: str) -> str:
    value = facts[name]
    if not isinstance(value, str):
        raise ClockProofError(field=name)
    return value


def _number(facts: Mapping[str, Json], name: str) -> int:
    value = facts[name]
    if type(value) is not int:
        raise ClockProofError(field=name)
    return value


def require_fresh(measurement: ClockMeasurement, *, recorder: str, now: datetime) -> None:
    """Return if `measurement` proves that this recorder's clock was compared before it is set now.

    Raises:
        ClockMeasurementStaleError: it is of another recorder, older than `MAX_AGE` or from the future.
        ValueError: it is no measurement.
    """
    if type(measurement) is not ClockMeasurement:
        raise ValueError("setting a recorder's clock takes the measurement of it")
    age = now - measurement.answered_at
    if measurement.recorder != recorder or not timedelta(0) <= age <= MAX_AGE:
        raise ClockMeasurementStaleError(recorder=recorder, minutes=MAX_AGE // timedelta(minutes=1))


def _in_zone(recorder_time: datetime, zone: ZoneInfo, recorder: str) -> datetime:
    moment = local_moment(recorder_time, zone)
    if moment.doubt_s:
        raise ClockNotReadableError(recorder=recorder, shown=recorder_time.isoformat(sep=" "), zone=zone.key)
    return moment.at
