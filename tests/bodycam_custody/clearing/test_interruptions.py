"""A clearing that breaks off: the card is whole, or the entry names what may be gone (R40)."""

import socket
import threading
import time
from datetime import timedelta
from typing import Any

import pytest

from bodycam_custody.clearing.acts import request_for
from bodycam_custody.clearing.drafts import clearing_draft
from bodycam_custody.clearing.errors import ClearingRefusedError
from bodycam_custody.clearing.request import Lines
from bodycam_custody.entries import Actor, PersonId
from bodycam_custody.model import DockingId
from bodycam_custody.reconcile import reconcile
from bodycam_custody.runtime import Runtime
from tests.bodycam_custody.clearing.desk import Desk, handed_over_of, refused

MOMENTS: dict[str, tuple[str, list[list[int]], int]] = {
    # Where it is killed: what the card is called, what was perhaps removed, and how many files are on the card.
    "ready": ("whole", [], 3),
    "remove-1": ("unknown", [[0, 0]], 3),
    "removed-1": ("unknown", [[0, 0]], 2),
    "told-1": ("unknown", [[0, 0], [2, 2]], 2),
    "removed-2": ("unknown", [[0, 0], [2, 2]], 1),
    "told-3": ("unknown", [[0, 2]], 0),
    "end": ("unknown", [[0, 2]], 0),
}


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_helper_that_is_killed_leaves_a_whole_card_or_an_entry_that_names_what_may_be_gone(
    desk: Desk, handed_over: str, moment: str
) -> None:
    state, perhaps, left = MOMENTS[moment]
    desk.service.kill_at = moment
    if state == "whole":
        assert refused(desk, handed_over).code == "clear-helper-missing"
    else:
        done = desk.clear(handed_over)
        assert (done["state"], done["problem"]["code"]) == (state, "clearing-broken-off")
    (entry,) = desk.live.entries("card.clearing-failed")
    facts = entry.facts
    assert (facts["card"], facts["removed"], facts["perhaps_removed"]) == (state, [], perhaps)
    assert len(desk.on_card()) == left
    desk.live.require_everything_verifies()
    # Docked again, nothing of it is missing.
    desk.service.kill_at = ""
    desk.live.clock.advance(timedelta(hours=8))
    again = desk.dock()
    assert (again.view["files_missing"], again.view["files_reappeared"]) == (0, 0)
    assert again.counts["known"] == left


@pytest.mark.parametrize(
    ("moment", "state", "removed", "perhaps", "left"),
    [
        ("refuse-1", "whole", [], [], 3),
        ("fail-1", "unknown", [], [[0, 0]], 2),
        ("refuse-2", "partly", [[0, 0]], [], 2),
        ("fail-2", "unknown", [[0, 0]], [[2, 2]], 1),
    ],
)
def test_a_card_that_fails_while_files_are_removed_is_told_exactly(
    desk: Desk, handed_over: str, moment: str, state: str, removed: list[Any], perhaps: list[Any], left: int
) -> None:
    desk.service.kill_at = moment
    done = desk.clear(handed_over)
    assert (done["state"], done["problem"]["code"]) == (state, "source-unreadable")
    (entry,) = desk.live.entries("card.clearing-failed")
    assert (entry.facts["removed"], entry.facts["perhaps_removed"]) == (removed, perhaps)
    assert len(desk.on_card()) == left


def test_a_station_that_stops_ends_the_clearing_after_the_file_of_that_moment(desk: Desk, handed_over: str) -> None:
    desk.service.kill_at = "wait-1"
    stops = threading.Thread(target=lambda: stop_when_one_is_gone(desk))
    stops.start()
    done = desk.clear(handed_over)
    stops.join()
    desk.live.station.stopping.clear()
    assert (done["state"], done["problem"]["code"]) == ("partly", "station-stopping")
    (entry,) = desk.live.entries("card.clearing-failed")
    assert (entry.facts["removed"], entry.facts["perhaps_removed"]) == ([[0, 0]], [])
    assert len(desk.on_card()) == 2


def stop_when_one_is_gone(desk: Desk) -> None:
    while len(desk.on_card()) > 2:
        time.sleep(0.01)  # another process removes it
    desk.live.station.stopping.set()


def test_a_daemon_that_is_killed_stops_the_helper_after_the_file_of_that_moment(desk: Desk, handed_over: str) -> None:
    station, docking_id = desk.live.station, DockingId(handed_over)
    desk.service.kill_at = "wait-1"
    actor = Actor(uid=0, person=PersonId("custodian-1"))
    wanted = request_for(station, docking_id, handed_over_of(desk, handed_over))
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(str(station.settings.paths.socket.with_name("clear")))
        lines = Lines(connection)
        lines.send(wanted.to_json())
        while lines.receive()["step"] != "ready":
            pass
        draft = clearing_draft(docking_id, actor, files=[0, 1, 2], size_bytes=1, receipt="0" * 64)
        (entry,) = station.record.enter([draft])
        lines.send({"entry": entry.seq})
        assert lines.receive() == {"step": "removed", "number": 0}
    # The connection breaks as the kernel breaks it for a process that is killed.
    desk.service.wait_until_idle()
    assert len(desk.on_card()) == 2
    reconcile(station)
    (failed,) = desk.live.entries("card.clearing-failed")
    assert (failed.facts["card"], failed.facts["perhaps_removed"]) == ("unknown", [[0, 2]])


def test_a_clearing_that_the_station_did_not_live_to_see_end_is_found_at_the_start(
    desk: Desk, handed_over: str
) -> None:
    actor = Actor(uid=0, person=PersonId("custodian-1"))
    draft = clearing_draft(DockingId(handed_over), actor, files=[0, 1, 2], size_bytes=1, receipt="0" * 64)
    desk.live.station.record.enter([draft])
    assert desk.shown(handed_over)["safe_to_take_away"] == "no"
    desk.runtime.close()
    desk.live.reopen()
    reconcile(desk.live.station)
    (entry,) = desk.live.entries("card.clearing-failed")
    assert entry.actor == {"system": "daemon"}
    assert (entry.facts["card"], entry.facts["removed"]) == ("unknown", [])
    assert entry.facts["perhaps_removed"] == [[0, 2]]
    desk.runtime = Runtime(desk.live.station, mode="in-process")
    assert "broke off" in str(refused(desk, handed_over, ClearingRefusedError))
    reconcile(desk.live.station)
    assert len(desk.live.entries("card.clearing-failed")) == 1
