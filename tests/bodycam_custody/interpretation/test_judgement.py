"""From sealed clips to sessions and verdicts, with real probes of real files (R21, R38)."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bodycam_custody.clock import rfc3339
from bodycam_custody.entries import Draft, EntryKind
from bodycam_custody.interpretation.judgement import judge_waiting
from config.settings import HandoverPoint
from hashing.canonical import Json
from tests.bodycam_custody.recordings import day, recorded_name, sound
from tests.bodycam_custody.stations import NOW, LiveStation, live_station, make_card

# A clock that was compared with the station's to the millisecond; names still have whole seconds only.
MEASURED: Mapping[str, Any] = {"clock_offset_ms": 0, "clock_offset_uncertainty_ms": 0}


def card_of(folder: Path, *clips: tuple[datetime, float], device: str = "DSJ0017") -> Path:
    """Make a card with recordings that began then and last so many seconds."""
    return make_card(
        folder,
        {
            recorded_name(began, number, device=device): sound(seconds, pitch=round(began.timestamp()))
            for number, (began, seconds) in enumerate(clips, start=1)
        },
    )


def verdicts(live: LiveStation) -> dict[str, tuple[str, str]]:
    """Return handover and reason by the beginning of the recording."""
    return {str(clip["recorded_from"])[11:19]: (clip["handover"], clip["handover_reason"]) for clip in live.clips()}


def clips_by_time(live: LiveStation) -> list[dict[str, Any]]:
    return sorted(live.clips(), key=lambda clip: str(clip["recorded_from"]))


def judged(live: LiveStation, began: str) -> list[str]:
    """Return the due times of every verdict about the clip that began then, in order."""
    (clip,) = [clip for clip in live.clips() if str(clip["recorded_from"])[11:19] == began]
    about = live.station.ledger.entries_about([f"clip:{clip['clip_id']}"])
    return [str(entry.facts["due"])[:19] for entry in about if entry.kind == "clip.judged"]


def test_three_splits_and_a_gap_of_four_minutes_are_one_session_with_one_interruption(
    live: LiveStation, quick_path: Path
) -> None:
    # R21
    splits = [(day(8), 300.0), (day(8, 5), 300.0), (day(8, 10), 300.0)]
    live.dock(card_of(quick_path / "card", *splits, (day(8, 19), 60.0)))
    live.interpret()
    (session,) = live.entries("session.grouped")
    assert (session.facts["clips"], session.facts["recordings"], session.facts["gap_count"]) == (4, 2, 1)
    after, before = (str(clip["clip_id"]) for clip in clips_by_time(live)[2:])
    assert session.facts["gaps"] == [
        {"after": after, "before": before, "begins": "2026-11-21T08:15:00.000000Z", "milliseconds": 240_000}
    ]
    # The hours run from the end of the recording: for every split from the end of the last.
    due = {str(clip["recorded_from"])[11:16]: str(clip["handover_due"])[:16] for clip in live.clips()}
    assert due == {
        "08:00": "2026-11-22T08:15",
        "08:05": "2026-11-22T08:15",
        "08:10": "2026-11-22T08:15",
        "08:19": "2026-11-22T08:20",
    }
    assert len({clip["session_id"] for clip in live.clips()}) == 1


@pytest.mark.parametrize(
    ("ended_before_docking", "expected"),
    [
        (timedelta(hours=23, minutes=59, seconds=55), ("on-time", "docked-within-hours")),
        (timedelta(hours=23, minutes=59, seconds=57), ("undeterminable", "within-clock-uncertainty")),
        (timedelta(hours=24, seconds=4), ("undeterminable", "within-clock-uncertainty")),
        (timedelta(hours=24, seconds=5), ("late", "docked-after-hours")),
    ],
)
def test_a_name_with_whole_seconds_is_doubted_by_one_and_by_three_a_day(
    live: LiveStation, quick_path: Path, ended_before_docking: timedelta, expected: tuple[str, str]
) -> None:
    # R38
    began = NOW - ended_before_docking - timedelta(seconds=10)
    live.dock(card_of(quick_path / "card", (began, 10.0)), **MEASURED)
    live.interpret()
    assert list(verdicts(live).values()) == [expected]


def test_slow_copying_and_late_interpretation_make_nobody_late(live: LiveStation, quick_path: Path) -> None:
    # R38: docked, sealed and judged are different times
    arrival = live.arrival(card_of(quick_path / "card", (day(11), 10.0)))
    live.clock.advance(timedelta(days=3))
    live.take_in(arrival)
    live.clock.advance(timedelta(days=3))
    live.interpret()
    (clip,) = live.clips()
    assert (clip["handover"], clip["handover_reason"]) == ("on-time", "docked-within-hours")
    assert (clip["docked_at"][:10], clip["sealed_at"][:10]) == ("2026-11-21", "2026-11-24")


def test_the_clip_that_was_docked_in_time_stays_so_when_it_is_docked_again(live: LiveStation, quick_path: Path) -> None:
    # R8, R38: the first docking counts
    card = card_of(quick_path / "card", (day(11), 10.0))
    live.dock(card)
    live.interpret()
    live.clock.advance(timedelta(days=3))
    live.dock(card)
    live.interpret()
    assert verdicts(live) == {"11:00:00": ("on-time", "docked-within-hours")}


def test_a_later_split_moves_the_end_of_the_recording_and_is_judged_again(live: LiveStation, quick_path: Path) -> None:
    # R38: file splits are one recording, also when they come on two cards
    live.dock(card_of(quick_path / "first", (day(8), 300.0)))
    live.interpret()
    assert judged(live, "08:00:00") == ["2026-11-22T08:05:00"]
    live.dock(card_of(quick_path / "second", (day(8, 5), 300.0)))
    live.interpret()
    assert judged(live, "08:00:00") == ["2026-11-22T08:05:00", "2026-11-22T08:10:00"]
    assert judged(live, "08:05:00") == ["2026-11-22T08:10:00"]
    assert len({clip["session_id"] for clip in live.clips()}) == 1


def test_an_earlier_split_that_comes_later_leads_the_session(live: LiveStation, quick_path: Path) -> None:
    live.dock(card_of(quick_path / "first", (day(8, 5), 300.0)))
    live.interpret()
    live.dock(card_of(quick_path / "second", (day(8), 300.0)))
    live.interpret()
    first, second = clips_by_time(live)
    assert first["session_id"] == second["session_id"] == f"s-{first['clip_id']}"
    assert first["handover_due"] == second["handover_due"] == "2026-11-22T08:10:00.000000Z"


def test_a_recording_of_several_days_is_one_however_its_splits_arrive(live: LiveStation, quick_path: Path) -> None:
    # R21, R38: the end of a recording is that of its last split, also for a split of three days ago
    hours = [(day(0, of=18) + timedelta(hours=12 * number), 12 * 3600.0) for number in range(7)]
    live.dock(card_of(quick_path / "first", *hours[:6]))
    live.interpret()
    live.dock(card_of(quick_path / "second", hours[6]))
    live.interpret()
    assert {clip["handover_due"] for clip in live.clips()} == {"2026-11-22T12:00:00.000000Z"}
    assert len({clip["session_id"] for clip in live.clips()}) == 1


def test_what_did_not_change_is_not_entered_again(live: LiveStation, quick_path: Path) -> None:
    live.dock(card_of(quick_path / "first", (day(8), 300.0)))
    live.interpret()
    live.dock(card_of(quick_path / "second", (day(8, 19), 60.0)))
    live.interpret()
    assert len(judged(live, "08:00:00")) == 1
    size = live.station.ledger.size
    judge_waiting(live.station)
    live.interpret()
    assert live.station.ledger.size == size


def test_where_acceptance_is_the_handover_the_clips_await_it(quick_path: Path) -> None:
    # R38
    with live_station(quick_path / "station", {"rule_set.handover_point": HandoverPoint.ACCEPTANCE}) as live:
        live.dock(card_of(quick_path / "card", (day(8), 10.0)))
        live.interpret()
        (clip,) = live.clips()
        assert (clip["handover"], clip["handover_reason"]) == ("undeterminable", "awaiting-acceptance")
        assert clip["handover_due"] == "2026-11-22T08:00:10.000000Z"


def test_without_an_assumed_doubt_an_unmeasured_clock_decides_nothing(quick_path: Path) -> None:
    # R38
    with live_station(quick_path / "station", {"rule_set.assumed_clock_uncertainty_s": None}) as live:
        live.dock(card_of(quick_path / "card", (day(8), 10.0)))
        live.dock(card_of(quick_path / "measured", (day(9), 10.0)), **MEASURED)
        live.interpret()
        assert verdicts(live) == {
            "08:00:00": ("undeterminable", "no-clock-uncertainty"),
            "09:00:00": ("on-time", "docked-within-hours"),
        }


def test_a_recorder_that_ran_ahead_is_corrected_by_what_was_measured(live: LiveStation, quick_path: Path) -> None:
    # R32
    live.dock(card_of(quick_path / "card", (day(8), 10.0)), clock_offset_ms=90_000, clock_offset_uncertainty_ms=500)
    live.interpret()
    (timed,) = live.entries("clip.timed")
    assert timed.facts == {
        "device_id": "DSJ0017",
        "after_docking": None,
        "from": "2026-11-21T07:58:30.000000Z",
        "to": "2026-11-21T07:58:40.000000Z",
        "source": "name",
        "offset_ms": 90_000,
        "uncertainty_ms": 2_003,
        "drift_allowance_ms": 503,
        "drift_ms_per_day": 3_000,
        "contradicts": ["filesystem"],
    }


def test_a_photograph_neither_fills_an_interruption_nor_makes_one(live: LiveStation, quick_path: Path) -> None:
    # R21
    card = card_of(quick_path / "card", (day(8), 60.0), (day(8, 5), 60.0))
    make_card(card, {recorded_name(day(8, 3), 9, extension="jpg"): b"a still"}, written_at=day(8, 3))
    make_card(card, {recorded_name(day(10), 10, extension="jpg"): b"a later still"}, written_at=day(10))
    live.dock(card)
    live.interpret()
    (session,) = live.entries("session.grouped")
    assert (session.facts["clips"], session.facts["gap_count"]) == (2, 1)
    photos = [clip for clip in live.clips() if clip["file_type"] == "photo"]
    assert [(clip["session_id"], clip["handover"]) for clip in photos] == [(None, "on-time")] * 2


def test_two_devices_on_one_card_are_two_tracks(live: LiveStation, quick_path: Path) -> None:
    # R21: a shared dock or card must not make one recorder's silence another's
    card = card_of(quick_path / "card", (day(8), 60.0), (day(8, 5), 60.0))
    card_of(card, (day(8, 1), 240.0), device="DSJ0099")
    live.dock(card)
    live.interpret()
    sessions = {session.facts["device_id"]: session.facts["gap_count"] for session in live.entries("session.grouped")}
    assert sessions == {"DSJ0017": 1, "DSJ0099": 0}


def test_a_session_with_very_many_gaps_still_fits_its_entry(live: LiveStation, quick_path: Path) -> None:
    card = make_card(quick_path / "card", {f"{number:03d}.mp4": b"%d" % number for number in range(70)})
    live.dock(card)
    # The entries of a probe without seventy probes.
    for number, clip in enumerate(live.clips()):
        ends = day(1) + timedelta(minutes=2 * number, seconds=30)
        facts: dict[str, Json] = {
            "device_id": "DSJ0017",
            "from": rfc3339(ends - timedelta(seconds=30)),
            "to": rfc3339(ends),
            "source": "name",
            "offset_ms": None,
            "uncertainty_ms": 121_000,
            "contradicts": [],
        }
        live.station.record.enter([Draft(kind=EntryKind.CLIP_TIMED, subject=f"clip:{clip['clip_id']}", facts=facts)])
    judge_waiting(live.station)
    (session,) = live.entries("session.grouped")
    assert (session.facts["clips"], session.facts["gap_count"]) == (70, 69)
    assert len(session.facts["gaps"]) == 60  # type: ignore[arg-type]
    assert len(session.line) < 16 * 1024
