"""What stands against a recorder that left with files nobody could read: never cleared, issued to nobody (R11, R40)."""

from pathlib import Path

from bodycam_custody.entries import Actor, Draft, EntryKind, PersonId
from bodycam_custody.model import DockingId
from bodycam_custody.release.standing import ClearingBar, clearing_bar
from tests.bodycam_custody.odd_card import UNREADABLE, odd_card
from tests.bodycam_custody.stations import LiveStation, make_card

RECORDER = "usb:4255:0001:0000017"


def let_go(live: LiveStation, kind: EntryKind, docking_id: DockingId | None, recorder: str | None = RECORDER) -> None:
    (reason,) = live.station.texts.keep([b"bad sectors"], meaning="release-reason")
    facts = {"docking_id": docking_id, "recorder": recorder, "port": None, "person": "custodian-1", "reason": reason}
    actor = Actor(person=PersonId("custodian-1"))
    live.station.record.enter([Draft(kind=kind, subject=f"docking:{docking_id}", facts=facts, actor=actor)])


def test_nothing_bars_the_card_of_an_ordinary_docking(live: LiveStation, quick_path: Path) -> None:
    docked = live.dock(make_card(quick_path / "card", {"a.mp4": b"a"}))
    assert clearing_bar(live.station.catalog, docked.docking_id) is None


def test_no_card_of_a_recorder_is_cleared_while_it_is_withdrawn(live: LiveStation, quick_path: Path) -> None:
    # R40
    card = make_card(quick_path / "card", {"a.mp4": b"a", "b.mp4": b"bad"})
    with odd_card(card, UNREADABLE, "b.mp4") as odd:
        before, other = live.dock(odd), live.dock(odd, serial="0000018")
    let_go(live, EntryKind.DOCK_WITHDRAWN, before.docking_id)
    (card / "b.mp4").unlink()
    after = live.dock(card)
    for docked in (before, after):
        assert clearing_bar(live.station.catalog, docked.docking_id) is ClearingBar.RECORDER_WITHDRAWN
    assert clearing_bar(live.station.catalog, other.docking_id) is None
    let_go(live, EntryKind.DOCK_RELEASED, after.docking_id)
    assert clearing_bar(live.station.catalog, before.docking_id) is None
    assert clearing_bar(live.station.catalog, after.docking_id) is ClearingBar.RELEASED_UNCLEARED


def test_the_card_of_an_unknown_recorder_is_barred_by_its_docking_alone(live: LiveStation, quick_path: Path) -> None:
    # R40
    card = make_card(quick_path / "card", {"a.mp4": b"a"})
    one, other = live.dock(card, serial=None), live.dock(card, serial=None)
    let_go(live, EntryKind.DOCK_WITHDRAWN, one.docking_id, recorder=None)
    assert clearing_bar(live.station.catalog, one.docking_id) is ClearingBar.RECORDER_WITHDRAWN
    assert clearing_bar(live.station.catalog, other.docking_id) is None
    let_go(live, EntryKind.DOCK_RELEASED, one.docking_id, recorder=None)
    assert clearing_bar(live.station.catalog, one.docking_id) is ClearingBar.RELEASED_UNCLEARED


def test_a_rebuilt_catalog_knows_who_is_away(live: LiveStation, quick_path: Path) -> None:
    docked = live.dock(make_card(quick_path / "card", {"a.mp4": b"a"}))
    let_go(live, EntryKind.DOCK_WITHDRAWN, docked.docking_id)
    before = live.rows("SELECT * FROM releases")
    live.station.catalog.clear()
    live.station.record.catch_up_catalog()
    assert live.rows("SELECT * FROM releases") == before
    assert (before[0]["reason"], before[0]["ended_at"]) == ("bad sectors", None)
