"""Recorder clocks are corrected where they were measured, doubted where not, and not believed where they cannot be."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bodycam_custody.interpretation.recording_time import (
    ClockKnowledge,
    TimeClues,
    filesystem_time,
    tell_recording_time,
)
from bodycam_custody.model import HandoverReason, RecordingTime
from docking.local_time import LocalMoment
from docking.profile import TimeSource

DOCKED = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
BEGAN = DOCKED - timedelta(hours=3)
ORDER = (TimeSource.NAME, TimeSource.CONTAINER, TimeSource.FILESYSTEM)
ASSUMED = ClockKnowledge(offset_s=None, offset_uncertainty_s=None, assumed_uncertainty_s=120)


def tell(
    *,
    name: datetime | None = None,
    container: datetime | None = None,
    mtime: datetime | None = None,
    mtime_if_utc: datetime | None = None,
    duration_s: float | None = 60,
    clock: ClockKnowledge = ASSUMED,
) -> RecordingTime | HandoverReason:
    clues = TimeClues(
        name_begins=name, container_begins=container, mtime=mtime, mtime_if_utc=mtime_if_utc, duration_s=duration_s
    )
    return tell_recording_time(clues, clock=clock, order=ORDER, docked_at=DOCKED)


def told(**clues: object) -> RecordingTime:
    time = tell(**clues)  # type: ignore[arg-type]  # the same arguments
    assert isinstance(time, RecordingTime)
    return time


def test_the_first_source_of_the_profile_that_says_something_wins() -> None:
    assert told(name=BEGAN, container=BEGAN, mtime=BEGAN).source is TimeSource.NAME
    assert told(container=BEGAN, mtime=BEGAN).source is TimeSource.CONTAINER
    assert told(mtime=BEGAN).source is TimeSource.FILESYSTEM


ENDED = BEGAN + timedelta(seconds=60)
EIGHT_HOURS = timedelta(hours=8)


# R28: exFAT says its offset from UTC or does not; read in the other way, every honest recording would contradict.
@pytest.mark.parametrize(
    ("local", "if_utc", "contradicts"),
    [
        (ENDED - EIGHT_HOURS, ENDED, ()),
        (ENDED, ENDED + EIGHT_HOURS, ()),
        (ENDED - EIGHT_HOURS, ENDED + timedelta(hours=1), (TimeSource.FILESYSTEM,)),
    ],
)
def test_a_file_time_that_may_be_read_in_two_ways_contradicts_only_if_neither_agrees(
    local: datetime, if_utc: datetime, contradicts: tuple[TimeSource, ...]
) -> None:
    time = told(name=BEGAN, mtime=local, mtime_if_utc=if_utc)
    assert (time.begins, time.contradicts, time.uncertainty_s) == (BEGAN, contradicts, 121.0)


def test_a_file_time_alone_that_may_be_read_in_two_ways_is_doubted_from_one_to_the_other() -> None:
    time = told(mtime=ENDED - EIGHT_HOURS, mtime_if_utc=ENDED)
    assert (time.begins, time.uncertainty_s) == (BEGAN - EIGHT_HOURS, 122 + EIGHT_HOURS.total_seconds())


def test_a_reading_of_a_file_time_after_the_docking_is_none() -> None:
    time = told(mtime=ENDED, mtime_if_utc=DOCKED + timedelta(hours=1))
    assert (time.begins, time.uncertainty_s) == (BEGAN, 122)


def test_an_mtime_is_when_writing_ended() -> None:
    time = told(mtime=BEGAN + timedelta(seconds=60))
    assert (time.begins, time.ends) == (BEGAN, BEGAN + timedelta(seconds=60))


def test_a_measured_recorder_that_runs_ahead_recorded_earlier_than_it_says() -> None:
    # R32: positive offset, the recorder runs ahead
    ahead = ClockKnowledge(offset_s=90, offset_uncertainty_s=0.5, assumed_uncertainty_s=120, drift_s_per_day=0)
    time = told(name=BEGAN, clock=ahead)
    assert time.begins == BEGAN - timedelta(seconds=90)
    assert (time.offset_s, time.uncertainty_s) == (90, 1.5)  # half a second of measuring, one of the name
    behind = told(name=BEGAN, clock=ClockKnowledge(offset_s=-90, offset_uncertainty_s=0, assumed_uncertainty_s=None))
    assert behind.begins == BEGAN + timedelta(seconds=90)


def test_an_unmeasured_clock_has_the_doubt_the_rule_set_assumes_or_none_that_is_known() -> None:
    assert told(name=BEGAN).uncertainty_s == 121
    unset = ClockKnowledge(offset_s=None, offset_uncertainty_s=None, assumed_uncertainty_s=None)
    assert told(name=BEGAN, clock=unset).uncertainty_s is None
    # A measured offset of unknown doubt is not made better by the rule set's assumption.
    vague = ClockKnowledge(offset_s=1, offset_uncertainty_s=None, assumed_uncertainty_s=120)
    assert told(name=BEGAN, clock=vague).uncertainty_s is None


def test_sources_that_contradict_are_named() -> None:
    # R28
    time = told(name=BEGAN, container=BEGAN + timedelta(hours=8), mtime=BEGAN + timedelta(seconds=60))
    assert time.contradicts == (TimeSource.CONTAINER,)
    assert time.begins == BEGAN
    assert told(name=BEGAN, container=BEGAN + timedelta(seconds=120)).contradicts == ()
    assert told(name=BEGAN, container=BEGAN - timedelta(seconds=121)).contradicts == (TimeSource.CONTAINER,)


@pytest.mark.parametrize("year", [1, 1970, 1980, 2014, 2099, 9999])
def test_a_clock_at_a_factory_date_or_in_the_future_is_not_believed(year: int) -> None:
    for moment in (datetime(year, 1, 1, tzinfo=UTC), datetime(year, 12, 31, 23, 59, 59, tzinfo=UTC)):
        assert tell(name=moment) is HandoverReason.CLOCK_IMPLAUSIBLE
        assert tell(container=moment) is HandoverReason.CLOCK_IMPLAUSIBLE
        assert tell(mtime=moment) is HandoverReason.CLOCK_IMPLAUSIBLE


def test_a_recording_may_end_after_the_docking_only_by_the_doubt() -> None:
    ends = DOCKED + timedelta(seconds=121)
    assert isinstance(tell(name=ends - timedelta(seconds=60)), RecordingTime)
    assert tell(name=ends - timedelta(seconds=59)) is HandoverReason.CLOCK_IMPLAUSIBLE


def test_a_photograph_begins_and_ends_at_once() -> None:
    time = told(name=BEGAN, duration_s=0.0)
    assert time.begins == time.ends == BEGAN


def test_without_a_duration_or_any_time_nothing_is_told() -> None:
    assert tell(name=BEGAN, duration_s=None) is HandoverReason.NO_RECORDING_TIME
    assert tell() is HandoverReason.NO_RECORDING_TIME


moments = st.none() | st.datetimes(timezones=st.just(UTC))
doubts = st.none() | st.floats(min_value=0, max_value=1e12)


@given(
    name=moments,
    container=moments,
    mtime=moments,
    duration_s=st.none() | st.floats(min_value=0, max_value=8_640_000),
    offset_s=st.none() | st.floats(min_value=-1e12, max_value=1e12),
    doubt_s=doubts,
    assumed_s=doubts,
)
def test_whatever_a_recorder_says_there_is_an_answer(
    name: datetime | None,
    container: datetime | None,
    mtime: datetime | None,
    duration_s: float | None,
    offset_s: float | None,
    doubt_s: float | None,
    assumed_s: float | None,
) -> None:
    """One card with an absurd clock must not keep the others from being judged."""
    clock = ClockKnowledge(offset_s=offset_s, offset_uncertainty_s=doubt_s, assumed_uncertainty_s=assumed_s)
    time = tell(name=name, container=container, mtime=mtime, duration_s=duration_s, clock=clock)
    if isinstance(time, RecordingTime):
        assert time.begins.year >= 2015
        slack_s = 120 if time.uncertainty_s is None else time.uncertainty_s
        assert (time.ends - DOCKED).total_seconds() <= slack_s


def test_what_is_assumed_of_a_clock_nobody_measured_says_nothing_after_a_year() -> None:
    # R38: the first docking of a recorder whose battery died; a factory date makes nobody late
    year = timedelta(days=365)
    assert told(name=DOCKED - year - timedelta(seconds=60)).uncertainty_s == 121
    assert told(name=DOCKED - year - timedelta(seconds=61)).uncertainty_s is None
    measured = ClockKnowledge(offset_s=0.0, offset_uncertainty_s=0.5, assumed_uncertainty_s=120)
    assert told(name=DOCKED - 2 * year, clock=measured).uncertainty_s is not None


def test_an_end_before_what_it_must_be_younger_than_is_not_believed() -> None:
    # R32
    clues = TimeClues(name_begins=BEGAN, container_begins=None, mtime=None, duration_s=60)
    for edge, expected in ((ENDED, RecordingTime), (ENDED + timedelta(seconds=1), HandoverReason)):
        time = tell_recording_time(clues, clock=ASSUMED, order=ORDER, docked_at=DOCKED, not_before=edge)
        assert isinstance(time, expected)


@pytest.mark.parametrize("days", [1, 30])
def test_a_measured_offset_is_doubted_by_what_the_clock_may_have_moved_since(days: int) -> None:
    # R32: 3 s a day are allowed to a recorder, so a reading says less of a recording the older it is
    began = DOCKED - timedelta(days=days)
    measured = ClockKnowledge(offset_s=0.0, offset_uncertainty_s=0.6, assumed_uncertainty_s=None)
    time = told(name=began, clock=measured)
    assert (time.uncertainty_s, time.drift_allowance_s) == (1.6 + 3 * days, 3.0 * days)
    known = replace(measured, drift_s_per_day=0.5)
    assert told(name=began, clock=known).uncertainty_s == 1.6 + 0.5 * days


def test_what_is_assumed_of_a_clock_holds_its_drift() -> None:
    assert (told(name=BEGAN).uncertainty_s, told(name=BEGAN).drift_allowance_s) == (121, None)
    unknown = ClockKnowledge(offset_s=0.0, offset_uncertainty_s=None, assumed_uncertainty_s=120)
    assert told(name=BEGAN, clock=unknown).uncertainty_s is None


BERLIN = ZoneInfo("Europe/Berlin")
REPEATED = datetime.fromisoformat("2026-10-25T02:30")


def test_a_file_time_in_the_hour_that_comes_twice_is_doubted_by_that_hour() -> None:
    # R32: half past two, before or after the clocks went back
    def told_at(local: datetime, filesystem: str) -> LocalMoment | None:
        stored_ns = int(local.replace(tzinfo=UTC).timestamp()) * 1_000_000_000
        return filesystem_time(stored_ns, filesystem=filesystem, zone=BERLIN)

    first = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    assert told_at(REPEATED, "vfat") == LocalMoment(at=first, doubt_s=3600)
    assert told_at(REPEATED + timedelta(hours=1), "vfat") == LocalMoment(at=first + timedelta(hours=2), doubt_s=0)
    assert told_at(REPEATED, "ext4") == LocalMoment(at=REPEATED.replace(tzinfo=UTC), doubt_s=0)


def test_the_doubt_of_a_local_time_is_that_of_the_recording_it_dates() -> None:
    name = TimeClues(name_begins=BEGAN, container_begins=None, mtime=None, duration_s=60, name_doubt_s=3600)
    mtime = TimeClues(name_begins=None, container_begins=None, mtime=ENDED, duration_s=60, mtime_doubt_s=3600)
    both = TimeClues(name_begins=BEGAN, container_begins=BEGAN, mtime=ENDED, duration_s=60, mtime_doubt_s=3600)
    for clues, uncertainty_s in ((name, 3721), (mtime, 3722), (both, 121)):
        time = tell_recording_time(clues, clock=ASSUMED, order=ORDER, docked_at=DOCKED)
        assert isinstance(time, RecordingTime)
        assert time.uncertainty_s == uncertainty_s


def test_sources_that_agree_in_one_reading_of_the_hour_do_not_contradict() -> None:
    later = BEGAN + timedelta(hours=1)
    for container, contradicts in ((later, ()), (later + timedelta(hours=1), (TimeSource.CONTAINER,))):
        clues = TimeClues(name_begins=BEGAN, container_begins=container, mtime=None, duration_s=60, name_doubt_s=3600)
        time = tell_recording_time(clues, clock=ASSUMED, order=ORDER, docked_at=DOCKED)
        assert isinstance(time, RecordingTime)
        assert time.contradicts == contradicts
