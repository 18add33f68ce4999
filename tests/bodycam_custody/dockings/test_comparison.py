"""A card against the same recorder's previous docking (R40), with real cards and workers."""

from datetime import datetime, timedelta
from pathlib import Path

from bodycam_custody.dockings.comparison import ROWS_PER_ENTRY, NumberedName, SequenceGap, sequence_gaps
from bodycam_custody.dockings.judged_views import differences_view
from docking.card import DockingKind
from tests.bodycam_custody.odd_card import UNREADABLE, odd_card
from tests.bodycam_custody.recordings import day, recorded_name
from tests.bodycam_custody.stations import Docking, LiveStation, make_card

HOUR = timedelta(hours=1)
NOTHING = {"missing": 0, "missing_unkept": 0, "reappeared": 0, "gaps": 0}


def redock(live: LiveStation, card: Path) -> Docking:
    live.clock.advance(HOUR)
    return live.dock(card)


def differences(live: LiveStation, docking: Docking) -> list[tuple[str, str | None, bool | None]]:
    """Return what differs, which file, and whether it is kept."""
    found = differences_view(live.station, docking.docking_id)
    return [(one["what"], one["path"], one["kept"]) for one in found]


def counts(docking: Docking) -> dict[str, int | None]:
    names = ("missing", "missing_unkept", "reappeared")
    return {name: docking.view[f"files_{name}"] for name in names} | {"gaps": docking.view["sequence_gaps"]}


def test_a_first_docking_is_compared_with_nothing(live: LiveStation, quick_path: Path) -> None:
    # R40
    docked = live.dock(make_card(quick_path / "card", {"a.mp4": b"one"}))
    assert docked.view["previous_docking_id"] is None
    assert counts(docked) == NOTHING


def test_a_kept_file_that_is_gone_is_missing_and_no_loss(live: LiveStation, quick_path: Path) -> None:
    # R40
    card = make_card(quick_path / "card", {"a.mp4": b"one", "b.mp4": b"two"})
    first = live.dock(card)
    (card / "a.mp4").unlink()
    second = redock(live, card)
    assert second.view["previous_docking_id"] == first.docking_id
    assert counts(second) == {**NOTHING, "missing": 1}
    assert differences(live, second) == [("missing", "a.mp4", True)]
    assert "files-gone" not in second.view["remarks"]


def test_a_file_that_failed_and_is_gone_was_never_kept_and_is_remarked(live: LiveStation, quick_path: Path) -> None:
    # R40, R11
    card = make_card(quick_path / "card", {"a.mp4": b"one", "b.mp4": b"two"})
    with odd_card(card, UNREADABLE, "b.mp4") as worn:
        assert live.dock(worn).outcome_of("b.mp4") == "failed"
    (card / "b.mp4").unlink()
    second = redock(live, card)
    assert counts(second) == {**NOTHING, "missing": 1, "missing_unkept": 1}
    assert differences(live, second) == [("missing", "b.mp4", False)]
    assert "files-gone" in second.view["remarks"]


def test_a_file_that_fails_now_or_failed_then_is_not_missing(live: LiveStation, quick_path: Path) -> None:
    # R40: it is there, only its bytes are not
    card = make_card(quick_path / "card", {"a.mp4": b"one", "b.mp4": b"two"})
    live.dock(card)
    live.clock.advance(HOUR)
    with odd_card(card, UNREADABLE, "b.mp4") as worn:
        assert counts(live.dock(worn)) == NOTHING
    assert counts(redock(live, card)) == NOTHING


def test_marking_renames_and_nothing_is_missing_by_that(live: LiveStation, quick_path: Path) -> None:
    # R8, R40: the same by content
    card = make_card(quick_path / "card", {"a.mp4": b"one", "a.xml": b"<a/>"})
    live.dock(card)
    (card / "a.mp4").rename(card / "a_IMP.mp4")
    (card / "a.xml").rename(card / "a_IMP.xml")
    assert counts(redock(live, card)) == NOTHING


def test_a_sidecar_that_is_gone_is_missing(live: LiveStation, quick_path: Path) -> None:
    # R40
    card = make_card(quick_path / "card", {"a.mp4": b"one", "a.xml": b"<a/>"})
    live.dock(card)
    (card / "a.xml").unlink()
    assert differences(live, redock(live, card)) == [("missing", "a.xml", True)]


def test_a_file_that_was_away_for_one_docking_reappears(live: LiveStation, quick_path: Path) -> None:
    # R40, R28
    card = make_card(quick_path / "card", {"a.mp4": b"one", "b.mp4": b"two"})
    live.dock(card)
    (card / "a.mp4").rename(quick_path / "a.mp4")
    redock(live, card)
    (quick_path / "a.mp4").rename(card / "again.mp4")
    third = redock(live, card)
    assert counts(third) == {**NOTHING, "reappeared": 1}
    assert differences(live, third) == [("reappeared", "again.mp4", None)]
    assert counts(redock(live, card)) == NOTHING


def test_a_docking_that_broke_off_is_not_the_one_to_compare_with(live: LiveStation, quick_path: Path) -> None:
    # R40: what an empty listing of a pulled card says, proves nothing
    card = make_card(quick_path / "card", {"a.mp4": b"one"})
    first = live.dock(card)
    live.clock.advance(HOUR)
    assert live.dock(quick_path / "nowhere").view["files_missing"] is None
    assert redock(live, card).view["previous_docking_id"] == first.docking_id


def test_another_recorder_and_an_unknown_one_are_not_compared(live: LiveStation, quick_path: Path) -> None:
    live.dock(make_card(quick_path / "one", {"a.mp4": b"one"}), serial="1")
    other = make_card(quick_path / "two", {"b.mp4": b"two"})
    assert live.dock(other, serial="2").view["previous_docking_id"] is None
    assert live.dock(other, serial=None).view["files_missing"] is None
    assert live.dock(other, serial="1", kind=DockingKind.IMPORT).view["files_missing"] is None


def test_numbers_that_no_file_bears_are_a_gap_until_the_station_has_them(live: LiveStation, quick_path: Path) -> None:
    # R28, R40: 3 and 4 were never shown; 1 was, so its absence is no gap
    card = make_card(
        quick_path / "card", {recorded_name(day(8, number), number): b"%d" % number for number in (1, 2, 5)}
    )
    first = live.dock(card)
    gap = {"what": "sequence-gap", "device_id": "DSJ0017", "first": 3, "last": 4}
    rows = [{name: row[name] for name in gap} for row in differences_view(live.station, first.docking_id)]
    assert rows == [gap]
    (card / recorded_name(day(8, 1), 1)).unlink()
    (card / recorded_name(day(8, 2), 2)).unlink()
    make_card(card, {recorded_name(day(8, 6), 6): b"6", recorded_name(day(8, 0), 0): b"0"})
    assert counts(redock(live, card)) == {**NOTHING, "missing": 2, "gaps": 1}
    assert counts(redock(live, card)) == {**NOTHING, "gaps": 1}


def test_no_name_is_in_the_entry_and_many_differences_fit(live: LiveStation, quick_path: Path) -> None:
    # R9: a name stands there as the commitment that the inventory has for it
    files = {f"{number:03d}.mp4": b"%d" % number for number in range(2 * ROWS_PER_ENTRY + 1)}
    card = make_card(quick_path / "card", files)
    live.dock(card)
    for name in files:
        (card / name).unlink()
    second = redock(live, card)
    parts = [entry for entry in live.entries("dock.compared") if entry.facts["docking_id"] == second.docking_id]
    assert [(entry.facts["part"], entry.facts["parts"]) for entry in parts] == [(0, 3), (1, 3), (2, 3)]
    assert all(b".mp4" not in entry.line and len(entry.line) < 16 * 1024 for entry in parts)
    assert len(differences_view(live.station, second.docking_id)) == len(files)


def test_a_catalog_made_again_says_the_same(live: LiveStation, quick_path: Path) -> None:
    card = make_card(quick_path / "card", {"a.mp4": b"one"})
    live.dock(card)
    (card / "a.mp4").unlink()
    second = redock(live, card)
    live.station.catalog.clear()
    live.station.record.catch_up_catalog()
    assert live.docking(second.docking_id).view == second.view
    assert differences(live, second) == [("missing", "a.mp4", True)]


def named(number: int, at: datetime | None = None, device: str = "D") -> NumberedName:
    return NumberedName(device=device, started_at=at, sequence=number)


def test_a_counter_that_begins_again_is_no_gap() -> None:
    names = [named(8, day(8)), named(9, day(9)), named(1, day(10)), named(2, day(11))]
    assert sequence_gaps(names) == []


def test_a_gap_has_the_first_and_the_last_number_that_lack() -> None:
    assert sequence_gaps([named(1, day(8)), named(2, day(9)), named(4, day(10))]) == [
        SequenceGap(device="D", first=3, last=3)
    ]
    assert sequence_gaps([named(7), named(10)]) == [SequenceGap(device="D", first=8, last=9)]


def test_each_device_counts_for_itself() -> None:
    assert sequence_gaps([named(1, day(8)), named(3, day(9), "E"), named(2, day(10)), named(4, day(11), "E")]) == []


def test_what_the_station_has_from_between_fills_a_gap_and_an_older_round_does_not() -> None:
    names = [named(1, day(8)), named(5, day(12))]
    assert sequence_gaps(names, [named(3, day(10))]) == [
        SequenceGap(device="D", first=2, last=2),
        SequenceGap(device="D", first=4, last=4),
    ]
    assert len(sequence_gaps(names, [named(3, day(10, of=1))])) == 1


def test_a_number_of_any_size_costs_nothing() -> None:
    assert sequence_gaps([named(1), named(2**53 - 1)]) == [SequenceGap(device="D", first=2, last=2**53 - 2)]
