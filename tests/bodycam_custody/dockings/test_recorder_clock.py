"""A recorder's clock: 3 seconds a day, and a battery that died (R32)."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bodycam_custody.dockings.drafts import NumberedUnit, closed_draft, inventory_drafts, seen_draft
from bodycam_custody.dockings.recorder_clock import RESET_OFFSET, ClockReading, judge_clock
from bodycam_custody.model import ClockVerdict, DockingPhase
from docking.card import DockingKind
from docking.inventory import take_inventory
from tests.bodycam_custody.recordings import day, recorded_name
from tests.bodycam_custody.stations import NOW, LiveStation, make_card

DAY = timedelta(days=1)
YEAR_MS = round(RESET_OFFSET.total_seconds() * 1000)


def reading(offset_ms: int, *, uncertainty_ms: int | None = 0, at: datetime = NOW + DAY) -> ClockReading:
    return ClockReading(at=at, offset_ms=offset_ms, uncertainty_ms=uncertainty_ms)


def verdict(now: ClockReading | None, before: ClockReading | None, implausible: int = 0) -> ClockVerdict | None:
    judged = judge_clock(now, before, implausible_clips=implausible)
    return None if judged is None else judged.verdict


@pytest.mark.parametrize(
    ("moved_ms", "expected"),
    [
        (2_999, ClockVerdict.WITHIN_LIMIT),
        (3_000, ClockVerdict.WITHIN_LIMIT),
        (3_001, ClockVerdict.BEYOND_LIMIT),
        (-3_000, ClockVerdict.WITHIN_LIMIT),
        (-3_001, ClockVerdict.BEYOND_LIMIT),
    ],
)
def test_three_seconds_a_day_is_the_limit_and_still_allowed(moved_ms: int, expected: ClockVerdict) -> None:
    # R32
    judged = judge_clock(reading(500 + moved_ms), reading(500, at=NOW), implausible_clips=0)
    assert judged is not None
    assert (judged.verdict, judged.drift_ms_per_day) == (expected, moved_ms)


def test_the_limit_grows_with_the_days_between() -> None:
    before = reading(0, at=NOW + DAY - 10 * DAY)
    assert verdict(reading(30_000), before) is ClockVerdict.WITHIN_LIMIT
    assert verdict(reading(30_001), before) is ClockVerdict.BEYOND_LIMIT


@pytest.mark.parametrize(
    ("moved_ms", "expected"),
    [
        (2_800, ClockVerdict.WITHIN_LIMIT),
        (2_801, ClockVerdict.UNDETERMINABLE),
        (3_200, ClockVerdict.UNDETERMINABLE),
        (3_201, ClockVerdict.BEYOND_LIMIT),
    ],
)
def test_doubt_that_reaches_across_the_limit_decides_nothing(moved_ms: int, expected: ClockVerdict) -> None:
    # R32: both readings are doubted by a tenth of a second
    assert verdict(reading(moved_ms, uncertainty_ms=100), reading(0, uncertainty_ms=100, at=NOW)) is expected


def test_a_reading_of_unknown_doubt_decides_nothing() -> None:
    assert verdict(reading(0, uncertainty_ms=None), reading(0, at=NOW)) is ClockVerdict.UNDETERMINABLE
    assert verdict(reading(0), reading(0, uncertainty_ms=None, at=NOW)) is ClockVerdict.UNDETERMINABLE


@pytest.mark.parametrize("elapsed", [timedelta(seconds=59), timedelta(0), -DAY])
def test_two_readings_in_a_row_or_a_clock_set_back_give_no_drift(elapsed: timedelta) -> None:
    judged = judge_clock(reading(1, at=NOW + elapsed), reading(0, at=NOW), implausible_clips=0)
    assert judged is not None
    assert (judged.verdict, judged.drift_ms_per_day) == (ClockVerdict.UNDETERMINABLE, None)


def test_more_than_a_year_is_a_reset_either_way() -> None:
    # R32: a battery that died
    assert verdict(reading(-YEAR_MS), reading(-YEAR_MS, at=NOW)) is ClockVerdict.WITHIN_LIMIT
    assert verdict(reading(-YEAR_MS - 1), None) is ClockVerdict.RESET
    assert verdict(reading(YEAR_MS + 1), reading(0, at=NOW)) is ClockVerdict.RESET


def test_clips_of_a_factory_date_are_a_reset_even_if_the_clock_was_set_since() -> None:
    assert verdict(None, None, implausible=1) is ClockVerdict.RESET
    assert verdict(reading(0), reading(0, at=NOW), implausible=1) is ClockVerdict.RESET


def test_a_reset_is_no_base_for_a_drift_and_nothing_measured_is_no_verdict() -> None:
    assert verdict(reading(0), reading(-YEAR_MS - 1, at=NOW)) is ClockVerdict.FIRST_READING
    assert verdict(reading(0), None) is ClockVerdict.FIRST_READING
    assert verdict(None, reading(0, at=NOW)) is None


def allowances(live: LiveStation, quick_path: Path, *offsets_ms: int | None) -> list[object]:
    """Dock a recorder every day with these readings, and a photograph of the day before; return what was allowed."""
    told: list[object] = []
    for number, offset_ms in enumerate(offsets_ms):
        began = live.clock.now() - DAY
        name = recorded_name(began, number, extension="jpg")
        card = make_card(quick_path / f"card-{number}", {name: b"\xff\xd8\xff\xe0 %d" % number}, written_at=began)
        live.dock(card, clock_offset_ms=offset_ms, clock_offset_uncertainty_ms=None if offset_ms is None else 100)
        live.interpret()
        facts = live.entries("clip.timed")[-1].facts
        told.append((facts["drift_ms_per_day"], facts["drift_allowance_ms"], facts["uncertainty_ms"]))
        live.clock.advance(DAY)
    return told


def test_a_reading_says_less_of_an_older_recording_by_the_drift_that_is_known_or_allowed(
    live: LiveStation, quick_path: Path
) -> None:
    # R32: first nothing is known, then 0.5 s a day and the doubt of both readings, then a drift beyond the limit
    # A photograph has no length; the names of the later ones are corrected, so they are a little older or younger.
    first, second, third, fourth = allowances(live, quick_path, 0, 500, 10_500, None)
    assert first == (3_000, 3_000, 4_100)
    assert second == (700, 700, 1_800)
    assert third == (10_200, 10_201, 11_301)
    assert fourth == (None, None, 121_000)


DAY_MS = 86_400_000


@pytest.mark.parametrize("days", [2, 200])
def test_a_clock_that_fell_back_by_days_is_a_reset_whatever_its_factory_date(days: int) -> None:
    # R32: a factory date of this spring
    assert verdict(reading(-days * DAY_MS), reading(0, at=NOW)) is ClockVerdict.RESET


def test_a_clock_that_never_ran_right_or_was_put_right_did_not_fall_back() -> None:
    assert verdict(reading(-2 * DAY_MS), reading(-2 * DAY_MS, at=NOW)) is ClockVerdict.WITHIN_LIMIT
    assert verdict(reading(-DAY_MS), reading(0, at=NOW)) is ClockVerdict.BEYOND_LIMIT
    assert verdict(reading(0), reading(2 * DAY_MS, at=NOW)) is ClockVerdict.BEYOND_LIMIT
    assert verdict(reading(0), reading(-2 * DAY_MS, at=NOW)) is ClockVerdict.FIRST_READING


def dated(live: LiveStation, quick_path: Path, began: datetime, **arriving: int | None) -> tuple[object, object]:
    """Dock a card at `NOW`, a day later one with a recording that began then, and return both verdicts on that."""
    live.dock(make_card(quick_path / "first", {"a.jpg": b"\xff\xd8\xff\xe0"}, written_at=NOW))
    live.clock.advance(DAY)
    name = recorded_name(began, extension="jpg")
    docking = live.dock(make_card(quick_path / "second", {name: b"\xff\xd8\xff\xe0 2"}, written_at=began), **arriving)
    live.interpret()
    return live.clip(name)["handover_reason"], docking.view["clock_verdict"]


FACTORY_DATE = datetime(2020, 1, 1, 0, 3, 12, tzinfo=UTC)


def test_a_recording_older_than_a_docking_that_did_not_list_it_shows_a_reset(
    live: LiveStation, quick_path: Path
) -> None:
    # R32, R38: nobody is late by a factory date
    assert dated(live, quick_path, FACTORY_DATE) == ("clock-implausible", "reset")
    timed = live.entries("clip.timed")[-1].facts
    assert timed["after_docking"] == live.entries("dock.seen")[0].facts["docking_id"]


@pytest.mark.parametrize(
    ("began", "reason"),
    [
        (NOW - DAY - timedelta(seconds=1), "clock-implausible"),
        (NOW - DAY, "docked-after-hours"),
    ],
)
def test_only_what_is_dated_well_before_is_not_believed(
    live: LiveStation, quick_path: Path, began: datetime, reason: str
) -> None:
    assert dated(live, quick_path, began)[0] == reason


def test_a_measured_offset_corrects_the_date_before_it_is_held_against_the_docking(
    live: LiveStation, quick_path: Path
) -> None:
    measured = {"clock_offset_ms": -3 * DAY_MS, "clock_offset_uncertainty_ms": 100}
    told = dated(live, quick_path, NOW - 3 * DAY + timedelta(hours=6), **measured)
    assert told == ("docked-within-hours", "first-reading")


def test_the_other_card_of_a_recorder_contradicts_nothing(live: LiveStation, quick_path: Path) -> None:
    # R38: two cards that are docked together; neither lists what the other holds
    began = NOW + DAY
    for day_number in range(2):
        live.clock.advance(3 * DAY * day_number)
        for second, name in enumerate(("one", "two")):
            card = make_card(quick_path / name, {f"{day_number}.jpg": name.encode()}, written_at=live.clock.now())
            if day_number:
                recorded = recorded_name(began, second, extension="jpg")
                make_card(card, {recorded: name.encode() * (second + 2)}, written_at=began)
            docking = live.dock(card, docked_at=live.clock.now() + timedelta(seconds=second))
            assert docking.view["clock_verdict"] is None
    live.interpret()
    told = [live.clip(recorded_name(began, second, extension="jpg"))["handover_reason"] for second in range(2)]
    assert told == ["docked-after-hours"] * 2


def test_what_was_listed_before_and_not_read_is_as_old_as_it_says(live: LiveStation, quick_path: Path) -> None:
    # R38: the file failed at the docking before, and was renamed since
    began = NOW - 5 * DAY
    card = make_card(
        quick_path / "card", {recorded_name(began, extension="jpg"): b"\xff\xd8\xff\xe0"}, written_at=began
    )
    first = live.arrival(card)
    listed = take_inventory(card)
    drafts = inventory_drafts(
        first.docking_id,
        listed.files,
        listed.specials,
        [NumberedUnit(main=0, sidecars=())],
        profile="gat-underscore",
        keep=lambda paths: live.station.texts.keep(paths, meaning="card-path"),
    )
    closed = closed_draft(first.docking_id, outcome=DockingPhase.CLOSED, code=None, counts={}, left_out={})
    live.station.record.enter([seen_draft(first, rule_set_version="1"), *drafts, closed])
    live.clock.advance(DAY)
    renamed = recorded_name(began, extension="jpg").replace(".jpg", "IMP.jpg")
    (card / recorded_name(began, extension="jpg")).rename(card / renamed)
    docking = live.dock(card)
    live.interpret()
    assert docking.view["clock_verdict"] is None
    assert live.clip(renamed)["handover_reason"] == "docked-after-hours"


def test_the_drift_since_the_previous_docking_is_entered_and_remarked(live: LiveStation, quick_path: Path) -> None:
    # R32
    card = make_card(quick_path / "card", {"a.mp4": b"one"})
    first = live.dock(card, clock_offset_ms=1_000, clock_offset_uncertainty_ms=100)
    assert first.view["clock_verdict"] == "first-reading"
    live.clock.advance(timedelta(hours=1))
    assert live.dock(card).view["clock_verdict"] is None
    live.clock.advance(2 * DAY - timedelta(hours=1))
    third = live.dock(card, clock_offset_ms=9_000, clock_offset_uncertainty_ms=100)
    assert (third.view["clock_verdict"], third.view["clock_drift_ms_per_day"]) == ("beyond-limit", 4_000)
    assert "clock-drifts" in third.view["remarks"]
    *_, judged = live.entries("clock.judged")
    assert judged.facts == {
        "docking_id": third.docking_id,
        "recorder": "usb:4255:0001:0000017",
        "verdict": "beyond-limit",
        "offset_ms": 9_000,
        "uncertainty_ms": 100,
        "previous": first.docking_id,
        "previous_offset_ms": 1_000,
        "previous_uncertainty_ms": 100,
        "drift_ms_per_day": 4_000,
        "limit_ms_per_day": 3_000,
        "implausible_clips": 0,
    }


def test_another_recorder_s_clock_is_no_base(live: LiveStation, quick_path: Path) -> None:
    card = make_card(quick_path / "card", {"a.mp4": b"one"})
    live.dock(card, serial="1", clock_offset_ms=0, clock_offset_uncertainty_ms=0)
    live.clock.advance(DAY)
    other = live.dock(card, serial="2", clock_offset_ms=90_000, clock_offset_uncertainty_ms=0)
    assert other.view["clock_verdict"] == "first-reading"


def test_a_recording_dated_before_any_recorder_shows_the_battery_died(live: LiveStation, quick_path: Path) -> None:
    # R32, R28: once; the clip stays on the card
    card = make_card(quick_path / "card", {recorded_name(datetime(2008, 1, 1, tzinfo=UTC)): b"one"})
    docked = live.dock(card)
    assert docked.view["clock_verdict"] == "reset"
    assert "clock-reset" in docked.view["remarks"]
    live.clock.advance(DAY)
    assert live.dock(card).view["clock_verdict"] is None


def test_the_first_plausible_moment_is_plausible(live: LiveStation, quick_path: Path) -> None:
    edge = datetime(2015, 1, 1, tzinfo=UTC)
    live.dock(make_card(quick_path / "card", {recorded_name(edge): b"one"}), serial="1")
    assert live.entries("clock.judged") == []
    live.dock(make_card(quick_path / "other", {recorded_name(edge - timedelta(seconds=1)): b"one"}), serial="2")
    assert len(live.entries("clock.judged")) == 1


def test_the_file_system_speaks_only_where_the_name_is_silent(live: LiveStation, quick_path: Path) -> None:
    old = datetime(1980, 1, 1, tzinfo=UTC)
    named = make_card(quick_path / "named", {recorded_name(day(8)): b"one"}, written_at=old)
    assert live.dock(named, serial="1").view["clock_verdict"] is None
    silent = make_card(quick_path / "silent", {"VID0001.mp4": b"two"}, written_at=old)
    assert live.dock(silent, serial="2").view["clock_verdict"] == "reset"
    foreign = make_card(quick_path / "foreign", {"setup.exe": b"three"}, written_at=old)
    assert live.dock(foreign, serial="3").view["clock_verdict"] is None


def test_the_clock_of_an_import_is_nobody_s(live: LiveStation, quick_path: Path) -> None:
    card = make_card(quick_path / "card", {recorded_name(datetime(2008, 1, 1, tzinfo=UTC)): b"one"})
    assert live.dock(card, kind=DockingKind.IMPORT).view["clock_verdict"] is None
