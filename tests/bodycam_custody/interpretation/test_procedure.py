"""What sealed clips say about themselves: probed in the sandbox, timed, and never trusted to be well made."""

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bodycam_custody.interpretation.procedure import interpret_waiting
from tests.bodycam_custody.recordings import day, recorded_name, sound
from tests.bodycam_custody.stations import LiveStation, make_card


def waiting(live: LiveStation) -> int:
    return len(live.rows("SELECT 1 FROM clips WHERE probe IS NULL"))


def times(live: LiveStation) -> dict[str, object]:
    """Return the facts of the newest time entry."""
    return dict(live.entries("clip.timed")[-1].facts)


def test_a_recording_is_probed_timed_and_judged(live: LiveStation, quick_path: Path) -> None:
    # R32, R38
    live.dock(make_card(quick_path / "card", {recorded_name(day(9)): sound(90)}, written_at=day(9, 1, 30)))
    assert waiting(live) == 1
    assert live.interpret() == 1
    (probed,) = live.entries("clip.probed")
    assert (probed.facts["outcome"], probed.facts["duration_ms"]) == ("parsed", 90_000)
    (clip,) = live.clips()
    assert (clip["recorded_from"], clip["recorded_to"]) == (
        "2026-11-21T09:00:00.000000Z",
        "2026-11-21T09:01:30.000000Z",
    )
    assert (clip["device_id"], clip["handover"]) == ("DSJ0017", "on-time")
    assert times(live)["contradicts"] == []
    assert waiting(live) == 0
    assert live.interpret() == 0


def test_what_cannot_be_parsed_stays_sealed_all_the_same(live: LiveStation, quick_path: Path) -> None:
    # R27: cut short, empty, or something else altogether
    card = make_card(quick_path / "card", {"cut.mp4": b"\0\0\0\x20ftypisom", "empty.mp4": b"", "text.mp4": b"hello"})
    live.dock(card)
    live.interpret()
    assert {clip["handover_reason"] for clip in live.clips()} == {"no-recording-time"}
    remarks = {clip["source_path"]: set(clip["remarks"]) & {"unparseable", "not-media"} for clip in live.clips()}
    assert remarks == {"cut.mp4": {"unparseable"}, "empty.mp4": {"unparseable"}, "text.mp4": {"not-media"}}
    live.require_everything_verifies()


def test_foreign_files_and_sidecars_are_never_given_to_a_decoder(live: LiveStation, quick_path: Path) -> None:
    # R10: here they even are decodable
    live.dock(make_card(quick_path / "card", {"setup.exe": sound(5), "lonely.xml": sound(6)}))
    assert live.interpret() == 2
    for probed in live.entries("clip.probed"):
        assert (probed.facts["outcome"], probed.facts["sandbox"], probed.facts["duration_ms"]) == (
            "not-media",
            "none",
            None,
        )


def test_an_unknown_file_that_is_a_recording_is_recognised(live: LiveStation, quick_path: Path) -> None:
    # R2
    live.dock(make_card(quick_path / "card", {"REC0001.XYZ": sound(5)}))
    live.interpret()
    assert [entry.facts["outcome"] for entry in live.entries("clip.probed")] == ["parsed"]


@pytest.mark.parametrize(
    ("filesystem", "began"), [("vfat", day(4)), ("exfat", day(4)), ("folder", day(12)), ("ext4", day(12))]
)
def test_the_local_file_times_of_cards_are_read_in_the_zone_of_the_recorder(
    live: LiveStation, quick_path: Path, filesystem: str, began: datetime
) -> None:
    # Mounted as if UTC: noon on a FAT card is noon in Beijing.
    card = make_card(quick_path / "card", {"a.jpg": b"a still"}, written_at=day(12))
    live.dock(card, filesystem=filesystem)
    live.interpret()
    assert (times(live)["from"], times(live)["source"]) == (f"{began:%Y-%m-%dT%H:%M:%S}.000000Z", "filesystem")


def test_times_that_contradict_are_flagged(live: LiveStation, quick_path: Path) -> None:
    # R28: the name says the morning, the file was written the evening before
    card = make_card(quick_path / "card", {recorded_name(day(2)): sound(60)}, written_at=day(14, of=20))
    live.dock(card)
    live.interpret()
    (clip,) = live.clips()
    assert clip["remarks"][-1] == "times-contradict"
    assert times(live)["contradicts"] == ["filesystem"]


# R28: the same recording, written by a recorder that notes its offset from UTC and by one that does not.
@pytest.mark.parametrize("written_at", [day(2, 1), day(10, 1)])
def test_an_exfat_card_contradicts_its_names_in_neither_way_of_writing_times(
    live: LiveStation, quick_path: Path, written_at: datetime
) -> None:
    card = make_card(quick_path / "card", {recorded_name(day(2)): sound(60)}, written_at=written_at)
    live.dock(card, filesystem="exfat")
    live.interpret()
    assert times(live)["contradicts"] == []


def test_a_clip_whose_bag_is_nowhere_waits(live: LiveStation, quick_path: Path) -> None:
    live.dock(make_card(quick_path / "card", {recorded_name(day(9)): sound(60)}))
    away = [store.rename(store.with_name(f"{store.name}-away")) for store in (live.primary, live.backup)]
    assert live.interpret() == 0
    assert waiting(live) == 1
    for store in away:
        store.rename(store.with_name(store.name.removesuffix("-away")))
    assert live.interpret() == 1


def test_a_clip_is_looked_into_in_a_replica_where_the_primary_is_away(live: LiveStation, quick_path: Path) -> None:
    live.dock(make_card(quick_path / "card", {recorded_name(day(9)): sound(60)}))
    shutil.move(live.primary, live.primary.with_name("away"))
    assert live.interpret() == 1


def test_clips_wait_for_a_probe_that_is_not_installed(
    live: LiveStation, quick_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    live.dock(make_card(quick_path / "card", {recorded_name(day(9)): sound(60), "autorun.inf": b"[autorun]"}))
    assert interpret_waiting(live.station, launcher=quick_path / "nowhere") == 1
    assert waiting(live) == 1
    assert "ffprobe or its launcher is not installed, clips wait" in caplog.text


def test_one_absurd_clock_does_not_hold_up_the_others(live: LiveStation, quick_path: Path) -> None:
    files = {
        recorded_name(datetime(9999, 12, 31, 12, tzinfo=UTC), 1): sound(60, pitch=1),
        recorded_name(datetime(1, 1, 2, tzinfo=UTC), 2): sound(60, pitch=2),
        recorded_name(day(9), 3): sound(60, pitch=3),
    }
    live.dock(make_card(quick_path / "card", files))
    assert live.interpret() == 3
    assert sorted(str(clip["handover_reason"]) for clip in live.clips()) == [
        "clock-implausible",
        "clock-implausible",
        "docked-within-hours",
    ]


def test_interpretation_changes_no_bag(live: LiveStation, quick_path: Path) -> None:
    live.dock(make_card(quick_path / "card", {recorded_name(day(9)): sound(60)}))
    before = {path: path.stat().st_mtime_ns for path in live.primary.glob("clips/**/*")}
    live.clock.advance(timedelta(hours=1))
    live.interpret()
    assert {path: path.stat().st_mtime_ns for path in live.primary.glob("clips/**/*")} == before
