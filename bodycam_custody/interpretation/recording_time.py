"""When was it recorded? From what the file says, to an interval on the station's clock (R32, R28)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo

from bodycam_custody.model import HandoverReason, RecordingTime
from docking.local_time import LocalMoment, local_moment
from docking.profile import TimeSource

# A recorder whose battery died starts at a factory date: nothing before this was made by a recorder in use today.
EARLIEST_PLAUSIBLE = datetime(2015, 1, 1, tzinfo=UTC)
# What is assumed of a clock nobody measured is no more than this: a battery that died may put it anywhere before.
ASSUMED_FOR = timedelta(days=365)
# What the recorders' specifications allow a clock to move in a day.
DRIFT_LIMIT_S_PER_DAY = 3.0
# Names carry whole seconds, container times too, FAT mtimes steps of two.
RESOLUTION_S = {TimeSource.NAME: 1.0, TimeSource.CONTAINER: 1.0, TimeSource.FILESYSTEM: 2.0}
# Two sources further apart than this contradict each other: more than a slow start of writing, less than a wrong zone.
CONTRADICTION_S = 120.0

# These store local time without saying which; the others say UTC.
_LOCAL_TIME_FILESYSTEMS = frozenset({"vfat", "exfat"})
# exFAT specification §7.4.10: an entry may carry its offset from UTC. Mounted time_offset=0, one that does is UTC.
OFFSET_FILESYSTEMS = frozenset({"exfat"})

_FIRST_MOMENT = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeClues:
    """What was read about one file's time, all on the recorder's own clock.

    `mtime` is read as local time; `mtime_if_utc` is the same one if the filesystem said its offset (exFAT may, and the
    kernel applies it without a word), None where it cannot. A local time in the hour in which clocks are changed may be
    later by its doubt.
    """

    name_begins: datetime | None
    container_begins: datetime | None
    mtime: datetime | None
    duration_s: float | None
    mtime_if_utc: datetime | None = None
    name_doubt_s: float = 0.0
    mtime_doubt_s: float = 0.0

    @property
    def doubts_s(self) -> Mapping[TimeSource, float]:
        """By how much each source may mean a later time."""
        return {
            TimeSource.NAME: self.name_doubt_s,
            TimeSource.CONTAINER: 0.0,
            TimeSource.FILESYSTEM: self.mtime_doubt_s,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockKnowledge:
    """What is known of the recorder's clock at this docking; positive offset: the recorder runs ahead.

    `drift_s_per_day` is by how much it may have moved in a day before it was read; what is assumed holds its drift.
    """

    offset_s: float | None
    offset_uncertainty_s: float | None
    assumed_uncertainty_s: float | None
    drift_s_per_day: float = DRIFT_LIMIT_S_PER_DAY


def tell_recording_time(
    clues: TimeClues,
    *,
    clock: ClockKnowledge,
    order: Sequence[TimeSource],
    docked_at: datetime,
    not_before: datetime = EARLIEST_PLAUSIBLE,
) -> RecordingTime | HandoverReason:
    """Return when the file was recorded, or why that cannot be told.

    The first source in `order` that says something wins; the others are compared with it and named when they
    contradict. A time before any recorder in use, an end before `not_before` (what was not there then must be younger),
    or after the docking by more than the clock's doubt, is not believed. What is assumed of a clock says nothing after
    a year.
    A file time that may be read in two ways contradicts only if neither agrees; where it is all there is, the doubt
    reaches from one to the other.
    """
    if clues.duration_s is None:
        return HandoverReason.NO_RECORDING_TIME
    duration = timedelta(seconds=clues.duration_s)
    beginnings = _beginnings(clues, duration)
    stated = [source for source in order if source in beginnings]
    if not stated:
        return HandoverReason.NO_RECORDING_TIME
    source = stated[0]
    other_reading = None if clues.mtime_if_utc is None else _written_since(clues.mtime_if_utc, duration)
    if other_reading is not None and TimeSource.FILESYSTEM in beginnings:
        beginnings, unresolved_s = _resolved(beginnings, other_reading, docked_at - duration)
    else:
        unresolved_s = 0.0
    measured = clock.offset_s is not None
    doubt_s = clock.offset_uncertainty_s if measured else clock.assumed_uncertainty_s
    uncertainty_s = None if doubt_s is None else doubt_s + RESOLUTION_S[source] + clues.doubts_s[source]
    if uncertainty_s is not None and source is TimeSource.FILESYSTEM:
        uncertainty_s += unresolved_s
    slack_s = CONTRADICTION_S if uncertainty_s is None else uncertainty_s
    try:
        begins = beginnings[source] - timedelta(seconds=clock.offset_s or 0)
        ends = begins + timedelta(seconds=clues.duration_s)
        is_plausible = begins >= EARLIEST_PLAUSIBLE and not_before <= ends <= docked_at + timedelta(seconds=slack_s)
    except OverflowError:
        # A name may claim the year 9999, an offset may be centuries: there is no such moment.
        is_plausible = False
    if not is_plausible:
        return HandoverReason.CLOCK_IMPLAUSIBLE
    allowance_s = None
    if measured:
        # The offset was read at the docking; what was recorded before was recorded at another one.
        allowance_s = clock.drift_s_per_day * max(0.0, (docked_at - begins) / timedelta(days=1))
        uncertainty_s = None if uncertainty_s is None else uncertainty_s + allowance_s
    if not measured and docked_at - ends > ASSUMED_FOR:
        uncertainty_s = None
    contradicting = tuple(
        other
        for other in stated[1:]
        if not _agree(
            beginnings[other],
            beginnings[source],
            within_s=CONTRADICTION_S + clues.doubts_s[other] + clues.doubts_s[source],
        )
    )
    return RecordingTime(
        begins=begins,
        ends=ends,
        source=source,
        offset_s=clock.offset_s,
        uncertainty_s=uncertainty_s,
        drift_allowance_s=allowance_s,
        contradicts=contradicting,
    )


def filesystem_time(mtime_ns: int, *, filesystem: str, zone: tzinfo) -> LocalMoment | None:
    """Return when a filesystem says that a file was last written, None for no moment of ours; `zone` is the card's."""
    try:
        moment = datetime.fromtimestamp(mtime_ns / 1_000_000_000, UTC)
        if filesystem in _LOCAL_TIME_FILESYSTEMS:
            # Cards are mounted as if their local time were UTC, so that the zone is ours to apply.
            return local_moment(moment.replace(tzinfo=None), zone)
    except (ValueError, OverflowError, OSError):
        return None
    return LocalMoment(at=moment, doubt_s=0)


def _beginnings(clues: TimeClues, duration: timedelta) -> dict[TimeSource, datetime]:
    """An mtime is when writing ended, so the beginning lies one duration before it, but in no year before the first."""
    ended = clues.mtime
    stated = {
        TimeSource.NAME: clues.name_begins,
        TimeSource.CONTAINER: clues.container_begins,
        TimeSource.FILESYSTEM: None if ended is None else _written_since(ended, duration),
    }
    return {source: begins for source, begins in stated.items() if begins is not None}


def _written_since(ended: datetime, duration: timedelta) -> datetime:
    return ended - min(duration, ended - _FIRST_MOMENT)


def _resolved(
    beginnings: dict[TimeSource, datetime], if_utc: datetime, latest: datetime
) -> tuple[dict[TimeSource, datetime], float]:
    """Choose between the two readings of a file time: by the sources that agree with one, else by what is possible.

    Returned with it is by how much it may be wrong because nothing decided.
    """
    local = beginnings[TimeSource.FILESYSTEM]
    others = [begins for source, begins in beginnings.items() if source is not TimeSource.FILESYSTEM]
    apart_s = abs((if_utc - local).total_seconds())
    if any(_agree(if_utc, other) for other in others) and not any(_agree(local, other) for other in others):
        return {**beginnings, TimeSource.FILESYSTEM: if_utc}, 0.0
    is_decided = any(_agree(local, other) for other in others) or if_utc > latest + timedelta(seconds=CONTRADICTION_S)
    return beginnings, 0.0 if is_decided else apart_s


def _agree(one: datetime, other: datetime, *, within_s: float = CONTRADICTION_S) -> bool:
    return abs((one - other).total_seconds()) <= within_s
