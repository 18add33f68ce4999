"""Whatever stands in the way of *safe to take away*, a recorder can leave: withdrawn or released uncleared."""

import json
import os
from pathlib import Path

import pytest

from bodycam_custody.handover.errors import ReceiptRefusedError
from bodycam_custody.release.standing import ClearingBar, clearing_bar
from tests.bodycam_custody.letting_go import BY, REASONS, RECORDER, ask, let_go, unreadable_file
from tests.bodycam_custody.stations import LiveStation

LISTED_IN_PART = {
    "a folder cannot be listed",
    "the card was gone before its end",
    "the station stopped meanwhile",
    "the primary store takes no bytes",
}


@pytest.mark.parametrize("act", BY)
@pytest.mark.parametrize("reason", REASONS)
def test_every_reason_to_keep_a_recorder_here_has_a_way_out(
    live: LiveStation, quick_path: Path, reason: str, act: str
) -> None:
    # R11, R39, R40
    docked = REASONS[reason](live, quick_path)
    assert docked.view["safe_to_take_away"] == "no"
    let_go(live, act, docked.docking_id)
    after = live.docking(docked.docking_id)
    assert after.view["safe_to_take_away"] == "no"
    assert after.files == docked.files
    expected = {"withdraw": ClearingBar.RECORDER_WITHDRAWN, "release": ClearingBar.RELEASED_UNCLEARED}[act]
    assert clearing_bar(live.station.catalog, docked.docking_id) is expected
    left = json.loads(ask(live, "dockings.receipt", docking_id=docked.docking_id)["canonical"])["left"]
    assert left["card_was_listed_whole"] is (reason not in LISTED_IN_PART)
    assert left["folders"] == (["MISC"] if reason == "a folder cannot be listed" else [])


def test_a_release_is_an_act_of_the_supervisor_and_keeps_its_reason_out_of_the_ledger(
    live: LiveStation, quick_path: Path
) -> None:
    # R9, R40
    docked = unreadable_file(live, quick_path)
    done = let_go(live, "release", docked.docking_id)
    (entry,) = live.entries("dock.released")
    commitment = str(entry.facts["reason"])
    assert entry.actor == {"person": "supervisor-1", "uid": os.geteuid()}
    assert entry.facts == {
        "docking_id": docked.docking_id,
        "recorder": RECORDER,
        "port": "port-1",
        "person": "supervisor-1",
        "files_left": 1,
        "folders_left": 0,
        "reason": commitment,
    }
    assert b"sectors" not in entry.line
    assert live.station.texts.reveal([commitment]) == {commitment: b"bad sectors"}
    assert (done["files_left"], done["folders_left"], done["entry"]) == (1, 0, entry.seq)
    view = live.docking(docked.docking_id).view
    assert (view["released_at"], view["released_by"], view["released_reason"]) == (
        "2026-11-21T12:00:00.000000Z",
        "supervisor-1",
        "bad sectors",
    )


@pytest.mark.parametrize("act", BY)
def test_the_receipt_says_what_was_not_taken_over_and_by_whose_decision(
    live: LiveStation, quick_path: Path, act: str
) -> None:
    # R11, R39, R40
    docked = unreadable_file(live, quick_path)
    with pytest.raises(ReceiptRefusedError):
        ask(live, "dockings.receipt", docking_id=docked.docking_id)
    let_go(live, act, docked.docking_id)
    document = json.loads(ask(live, "dockings.receipt", docking_id=docked.docking_id)["canonical"])
    assert [file["name"] for file in document["files"]] == ["DCIM/a.mp4"]
    assert document["left"] == {
        "act": {"withdraw": "withdrawn", "release": "released-uncleared"}[act],
        "at": "2026-11-21T12:00:00.000000Z",
        "by": BY[act],
        "reason": "bad sectors",
        "card_was_listed_whole": True,
        "files": [{"name": "DCIM/b.mp4", "size_bytes": 3, "file_type": "video", "outcome": "failed"}],
        "folders": [],
    }
    assert {name: document["counts"][name] for name in ("found", "sealed", "failed", "bytes")} == {
        "found": 2,
        "sealed": 1,
        "failed": 1,
        "bytes": 8,
    }
    (entry,) = live.entries("receipt.issued")
    assert (entry.facts["files"], entry.facts["files_left"]) == (1, 1)
