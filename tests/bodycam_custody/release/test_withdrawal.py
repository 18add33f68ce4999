"""A withdrawn recorder: out of its officer's hands until it is returned, released or read."""

import os
import shutil
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from bodycam_custody.recorders.errors import RecorderNotIssuedError, RecorderWithdrawnError
from bodycam_custody.release.standing import ClearingBar, clearing_bar
from tests.bodycam_custody.letting_go import REASONS, RECORDER, ask, let_go, unreadable_file
from tests.bodycam_custody.odd_card import UNREADABLE, odd_card
from tests.bodycam_custody.stations import Docking, LiveStation


def test_a_withdrawn_recorder_is_out_of_its_officers_hands_and_issued_to_nobody(
    live: LiveStation, quick_path: Path
) -> None:
    # R68
    ask(live, "recorders.add", recorder_id=RECORDER, by="custodian-1")
    ask(live, "recorders.issue", recorder_id=RECORDER, by="custodian-1", officer="officer-1")
    live.clock.advance(timedelta(hours=1))
    docked = unreadable_file(live, quick_path)
    let_go(live, "withdraw", docked.docking_id)
    shown = ask(live, "recorders.show", recorder_id=RECORDER)
    assert (shown["state"], shown["officer_id"], shown["withdrawn_since"]) == (
        "withdrawn",
        None,
        "2026-11-21T13:00:00.000000Z",
    )
    assert shown["assignments"][-1]["until"] == "2026-11-21T13:00:00.000000Z"
    assert [(act["kind"], act["note"]) for act in shown["history"]][-1] == ("dock.withdrawn", "bad sectors")
    for act in ({"operation": "issue", "officer": "officer-2"}, {"operation": "retire", "note": "old"}):
        with pytest.raises(RecorderWithdrawnError):
            ask(live, f"recorders.{act.pop('operation')}", recorder_id=RECORDER, by="custodian-1", **act)
    found = ask(live, "recorders.check")
    assert (found["withdrawn"]["count"], found["withdrawn"]["of"], found["by_state"]["withdrawn"]) == (1, 1, 1)
    assert found["per_officer"]["recorders"] == 0
    assert ask(live, "status.show")["backlog"]["withdrawn"] == 1


def returned(live: LiveStation, docked: Docking, folder: Path) -> None:
    ask(live, "recorders.return", recorder_id=RECORDER, by="custodian-1")


def released(live: LiveStation, docked: Docking, folder: Path) -> None:
    let_go(live, "release", docked.docking_id)


def read_later(live: LiveStation, docked: Docking, folder: Path) -> None:
    live.dock(folder / "card")
    (entry,) = live.entries("dock.recovered")
    assert entry.facts["recorder"] == RECORDER


@pytest.mark.parametrize("end", [returned, released, read_later])
@pytest.mark.parametrize(
    "reason", ["a file cannot be read", "a folder cannot be listed", "the card was gone before its end"]
)
def test_a_withdrawal_ends_with_a_return_a_release_or_a_docking_that_reads_what_was_left(
    live: LiveStation, quick_path: Path, reason: str, end: Callable[[LiveStation, Docking, Path], None]
) -> None:
    # R68, R40
    ask(live, "recorders.add", recorder_id=RECORDER, by="custodian-1")
    docked = REASONS[reason](live, quick_path)
    let_go(live, "withdraw", docked.docking_id)
    live.clock.advance(timedelta(hours=1))
    end(live, docked, quick_path)
    assert ask(live, "recorders.show", recorder_id=RECORDER)["state"] == "in-stock"
    view = live.docking(docked.docking_id).view
    assert view["withdrawn_until"] == "2026-11-21T13:00:00.000000Z"
    assert clearing_bar(live.station.catalog, docked.docking_id) is not ClearingBar.RECORDER_WITHDRAWN
    with pytest.raises(RecorderNotIssuedError):
        ask(live, "recorders.return", recorder_id=RECORDER, by="custodian-1")
    ask(live, "recorders.issue", recorder_id=RECORDER, by="custodian-1", officer="officer-1")


@pytest.mark.parametrize("change", ["gone", "longer", "later", "still bad"])
def test_a_docking_without_what_was_left_recovers_nothing(live: LiveStation, quick_path: Path, change: str) -> None:
    # R40
    docked = unreadable_file(live, quick_path)
    let_go(live, "withdraw", docked.docking_id)
    left = quick_path / "card" / "DCIM" / "b.mp4"
    if change == "gone":
        left.unlink()
    elif change == "longer":
        state = left.stat()
        left.write_bytes(b"another")
        os.utime(left, ns=(state.st_mtime_ns, state.st_mtime_ns))
    elif change == "later":
        os.utime(left, ns=(1, 1))
    if change == "still bad":
        again = shutil.copytree(quick_path / "card", quick_path / "again")
        with odd_card(again, UNREADABLE, "DCIM/a.mp4") as odd:
            live.dock(odd)
    else:
        live.dock(quick_path / "card")
    assert live.entries("dock.recovered") == []
    assert ask(live, "recorders.show", recorder_id=RECORDER)["withdrawn_since"] is not None


def test_a_recorder_that_is_registered_while_it_is_away_stays_away(live: LiveStation, quick_path: Path) -> None:
    # R68, R73
    docked = unreadable_file(live, quick_path)
    let_go(live, "withdraw", docked.docking_id)
    assert ask(live, "recorders.show", recorder_id=RECORDER)["state"] == "unregistered"
    assert ask(live, "recorders.add", recorder_id=RECORDER, by="custodian-1")["state"] == "withdrawn"
    with pytest.raises(RecorderWithdrawnError):
        ask(live, "recorders.issue", recorder_id=RECORDER, by="custodian-1", officer="officer-1")


@pytest.mark.parametrize("reason", ["a copy is not there yet", "a copy is lost"])
def test_reading_a_card_again_recovers_nothing_while_its_clips_are_not_safe(
    live: LiveStation, quick_path: Path, reason: str
) -> None:
    # R43
    docked = REASONS[reason](live, quick_path)
    let_go(live, "withdraw", docked.docking_id)
    live.dock(quick_path / "card")
    assert live.entries("dock.recovered") == []
