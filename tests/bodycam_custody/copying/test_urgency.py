"""When a card's oldest recording is due, as far as its listing tells."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bodycam_custody.copying.urgency import earliest_due
from docking.card import DockingKind
from docking.profile import RecorderProfile
from docking.source import FileType, SourceFile
from tests.bodycam_custody.stations import NOW, LiveStation

# The name says 08:00 in Beijing.
NAMED = b"500123_DSJ0017_20261121080000_0001.mp4"
NAMED_AT = datetime(2026, 11, 21, 0, 0, tzinfo=UTC)
DAY = timedelta(days=1)


def file(path: bytes, written_at: datetime = NOW, file_type: FileType = FileType.VIDEO) -> SourceFile:
    return SourceFile(
        path=path, size_bytes=1, mtime_ns=int(written_at.timestamp()) * 10**9, changed_ns=0, file_type=file_type
    )


@pytest.fixture
def named(live: LiveStation) -> RecorderProfile:
    """The profile whose grammar fits NAMED."""
    return next(profile for profile in live.station.profiles if (said := profile.parse_name(NAMED)) and said.started_at)


@pytest.fixture
def generic(live: LiveStation) -> RecorderProfile:
    return next(profile for profile in live.station.profiles if profile.name == "generic")


def test_the_oldest_recording_counts_by_its_name(live: LiveStation, named: RecorderProfile, tmp_path: Path) -> None:
    # R38
    later = NAMED.replace(b"080000", b"093000")
    due = earliest_due(live.station, live.arrival(tmp_path), [file(later), file(NAMED)], profile=named)
    assert due == NAMED_AT + DAY


def test_a_measured_offset_is_taken_off(live: LiveStation, named: RecorderProfile, tmp_path: Path) -> None:
    # R32, R38
    arrival = live.arrival(tmp_path, clock_offset_ms=-90_000)
    assert earliest_due(live.station, arrival, [file(NAMED)], profile=named) == NAMED_AT + DAY + timedelta(seconds=90)


def test_where_no_name_tells_the_file_time_does(live: LiveStation, generic: RecorderProfile, tmp_path: Path) -> None:
    arrival = live.arrival(tmp_path)
    files = [file(b"a.mp4", NOW - timedelta(hours=3)), file(b"b.mp4", NOW - timedelta(hours=5))]
    assert earliest_due(live.station, arrival, files, profile=generic) == NOW - timedelta(hours=5) + DAY


def test_a_fat_card_writes_local_time(live: LiveStation, generic: RecorderProfile, tmp_path: Path) -> None:
    arrival = live.arrival(tmp_path, filesystem="vfat")
    due = earliest_due(live.station, arrival, [file(b"a.mp4", NOW)], profile=generic)
    assert due == NOW - timedelta(hours=8) + DAY


def test_times_that_no_recorder_in_use_can_mean_do_not_count(
    live: LiveStation, generic: RecorderProfile, tmp_path: Path
) -> None:
    factory, future = datetime(2008, 1, 1, tzinfo=UTC), NOW + timedelta(hours=1)
    arrival = live.arrival(tmp_path)
    assert earliest_due(live.station, arrival, [file(b"a", factory), file(b"b", future)], profile=generic) is None


def test_neither_an_import_nor_an_empty_card_nor_foreign_files_tell(
    live: LiveStation, generic: RecorderProfile, tmp_path: Path
) -> None:
    imported = live.arrival(tmp_path, kind=DockingKind.IMPORT)
    assert earliest_due(live.station, imported, [file(b"a.mp4")], profile=generic) is None
    docked = live.arrival(tmp_path)
    assert earliest_due(live.station, docked, [], profile=generic) is None
    others = [file(b"a.exe", file_type=FileType.FOREIGN), file(b"a.xml", file_type=FileType.SIDECAR)]
    assert earliest_due(live.station, docked, others, profile=generic) is None
