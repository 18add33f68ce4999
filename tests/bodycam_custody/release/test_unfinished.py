"""What a recorder still holds is counted until that recorder was read whole or released, whatever happens meanwhile."""

from datetime import timedelta
from pathlib import Path

import pytest

from docking.card import DockingKind
from tests.bodycam_custody.letting_go import (
    REASONS,
    Scene,
    ask,
    interrupted_station,
    let_go,
    primary_away,
    pulled_card,
    unlisted_folder,
    unreadable_file,
)
from tests.bodycam_custody.odd_card import UNREADABLE, odd_card
from tests.bodycam_custody.stations import NOW, LiveStation, make_card

NOT_WHOLE = [unreadable_file, unlisted_folder, pulled_card, interrupted_station, primary_away]
WHOLE = {"its serial stood in two slots", "a copy is not there yet", "a copy is lost"}


def unfinished(live: LiveStation) -> int:
    return int(ask(live, "status.show")["backlog"]["unfinished"])


def failed_files(live: LiveStation) -> int:
    return int(ask(live, "status.show")["backlog"]["failed_files"])


def test_every_reason_is_a_docking_that_is_not_whole_or_counted_elsewhere() -> None:
    assert {REASONS[reason] for reason in REASONS.keys() - WHOLE} == set(NOT_WHOLE)


@pytest.mark.parametrize("scene", NOT_WHOLE)
def test_a_docking_that_was_not_read_whole_is_counted_until_its_recorder_is(
    live: LiveStation, quick_path: Path, scene: Scene
) -> None:
    # R11, R45
    assert unfinished(live) == 0
    scene(live, quick_path)
    assert unfinished(live) == 1
    live.reopen()
    assert unfinished(live) == 1, "a restart forgets nothing"
    live.clock.advance(timedelta(hours=1))
    live.dock(make_card(quick_path / "other", {"DCIM/a.mp4": b"another recorder's"}), serial="ANOTHER")
    assert unfinished(live) == 1, "another recorder settles nothing"
    live.dock(quick_path / "card")
    assert unfinished(live) == 0


@pytest.mark.parametrize("act", ["withdraw", "release"])
@pytest.mark.parametrize("scene", NOT_WHOLE)
def test_a_docking_whose_recorder_was_let_go_is_not_counted_here(
    live: LiveStation, quick_path: Path, scene: Scene, act: str
) -> None:
    docked = scene(live, quick_path)
    let_go(live, act, docked.docking_id)
    assert unfinished(live) == 0
    assert ask(live, "status.show")["backlog"]["withdrawn"] == (1 if act == "withdraw" else 0)


def test_another_card_of_the_same_recorder_settles_nothing(live: LiveStation, quick_path: Path) -> None:
    bad = make_card(quick_path / "bad", {"DCIM/b.mp4": b"bad"})
    good = make_card(quick_path / "good", {"DCIM/b.mp4": b"the other card"})
    together = live.clock.now()
    with odd_card(bad, UNREADABLE, "DCIM/b.mp4") as odd:
        arrival = live.arrival(odd)
        live.clock.advance(timedelta(seconds=2))
        live.take_in(arrival)
    live.dock(good, docked_at=together + timedelta(seconds=1))
    assert (unfinished(live), failed_files(live)) == (1, 1)


def test_a_card_of_an_unknown_recorder_is_known_again_in_the_same_slip_only(
    live: LiveStation, quick_path: Path
) -> None:
    card = make_card(quick_path / "card", {"DCIM/b.mp4": b"bad"})
    docked_at = live.clock.now()
    with odd_card(card, UNREADABLE, "DCIM/b.mp4") as odd:
        live.dock(odd, serial=None)
    live.clock.advance(timedelta(hours=1))
    live.dock(card, serial=None)
    assert (unfinished(live), failed_files(live)) == (1, 0), "the file alone is known by its name, size and time"
    live.dock(card, serial=None, docked_at=docked_at)
    assert (unfinished(live), failed_files(live)) == (0, 0)


def test_an_import_that_failed_is_no_recorder_that_left(live: LiveStation, quick_path: Path) -> None:
    folder = make_card(quick_path / "folder", {"DCIM/b.mp4": b"bad"})
    with odd_card(folder, UNREADABLE, "DCIM/b.mp4") as odd:
        live.dock(odd, serial=None, kind=DockingKind.IMPORT)
    assert (unfinished(live), failed_files(live)) == (0, 1)
    live.clock.advance(timedelta(hours=1))
    later = make_card(quick_path / "later", {"DCIM/b.mp4": b"bad"}, written_at=NOW + timedelta(hours=1))
    live.dock(later, serial=None, kind=DockingKind.IMPORT)
    assert failed_files(live) == 1
    live.clock.advance(timedelta(hours=1))
    live.dock(folder, serial=None, kind=DockingKind.IMPORT)
    assert failed_files(live) == 0


def test_a_file_that_failed_is_not_settled_by_a_file_of_that_name_on_another_recorder(
    live: LiveStation, quick_path: Path
) -> None:
    unreadable_file(live, quick_path)
    live.clock.advance(timedelta(hours=1))
    live.dock(make_card(quick_path / "other", {"DCIM/b.mp4": b"another recorder's"}), serial="ANOTHER")
    assert failed_files(live) == 1
    live.dock(quick_path / "card")
    assert failed_files(live) == 0


def test_a_file_that_was_given_up_is_not_counted_as_failed(live: LiveStation, quick_path: Path) -> None:
    docked = unreadable_file(live, quick_path)
    let_go(live, "release", docked.docking_id)
    assert failed_files(live) == 0
