"""A trusted slip docks its card once; one that does not count, or whose card fails, is told and tried again."""

import os
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bodycam_custody.handlers import answer
from bodycam_custody.model import DockingId
from bodycam_custody.operations import Caller
from bodycam_custody.runtime import Runtime
from bodycam_custody.slots import arrivals
from docking.slips import DockSlip, write_slip
from tests.bodycam_custody.stations import NOW, LiveStation, live_station, make_card
from tests.docking.folder_slips import folder_slip


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Try again after a moment instead of a minute."""
    monkeypatch.setattr(arrivals, "FIRST_RETRY_S", 0.05)


@pytest.fixture
def watching(live: LiveStation) -> Iterator[Runtime]:
    runtime = Runtime(live.station, mode="test")
    runtime.watch_slips()
    yield runtime
    runtime.close()


def slip_for(card: Path, *, serial: str = "0000017", docked_at: datetime = NOW) -> DockSlip:
    return folder_slip(card, docked_at, serial=serial, clock_offset_ms=-1500, clock_offset_uncertainty_ms=20)


def wait_for(what: Callable[[], object]) -> None:
    deadline = time.monotonic() + 20
    while not what():
        assert time.monotonic() < deadline, "nothing came of it"
        time.sleep(0.005)


def test_a_slip_docks_its_card_once_with_everything_it_says(
    live: LiveStation, watching: Runtime, quick_path: Path
) -> None:
    card = make_card(quick_path / "card", {"a.mp4": b"moving pictures"})
    write_slip(live.settings.paths.slips, "slot-1", slip_for(card))
    wait_for(lambda: live.entries("dock.closed"))
    time.sleep(0.3)  # long enough for a second docking to begin
    (seen,) = live.entries("dock.seen")
    assert {name: seen.facts[name] for name in ("kind", "recorder", "slot", "port_path", "docked_at")} == {
        "kind": "dock",
        "recorder": "usb:4255:0001:0000017",
        "slot": "slot 1",
        "port_path": "port-1",
        "docked_at": "2026-11-21T12:00:00.000000Z",
    }
    assert (seen.facts["clock_offset_ms"], seen.facts["clock_offset_uncertainty_ms"]) == (-1500, 20)
    assert len(live.clips()) == 1


def test_a_card_docked_before_the_station_started_is_taken_in(live: LiveStation, quick_path: Path) -> None:
    card = make_card(quick_path / "card", {"a.mp4": b"moving pictures"})
    write_slip(live.settings.paths.slips, "slot-1", slip_for(card))
    runtime = Runtime(live.station, mode="test")
    runtime.watch_slips()
    wait_for(lambda: live.entries("dock.closed"))
    runtime.close()


def test_the_same_recorder_docked_again_is_another_docking(
    live: LiveStation, watching: Runtime, quick_path: Path
) -> None:
    card = make_card(quick_path / "card", {"a.mp4": b"moving pictures"})
    write_slip(live.settings.paths.slips, "slot-1", slip_for(card))
    wait_for(lambda: len(live.entries("dock.closed")) == 1)
    write_slip(live.settings.paths.slips, "slot-1", slip_for(card))
    wait_for(lambda: len(live.entries("dock.closed")) == 2)
    assert [clip["sightings"] for clip in live.clips()] == [2]


def test_two_cards_are_read_at_the_same_time(live: LiveStation, watching: Runtime, quick_path: Path) -> None:
    for number in (1, 2):
        card = make_card(quick_path / f"card-{number}", {"a.mp4": b"%d" % number})
        write_slip(live.settings.paths.slips, f"slot-{number}", slip_for(card, serial=str(number)))
    wait_for(lambda: len(live.entries("dock.closed")) == 2)
    live.require_everything_verifies()


def test_a_slip_of_somebody_else_does_not_count(
    live: LiveStation, watching: Runtime, quick_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    card = make_card(quick_path / "card", {"a.mp4": b"moving pictures"})
    slip = write_slip(live.settings.paths.slips, "slot-1", slip_for(card))
    slip.chmod(0o666)
    wait_for(lambda: "this dock slip does not count: expected writable by its owner only" in caplog.text)
    if os.geteuid() == 0:
        slip.chmod(0o600)
        os.chown(slip, 12345, 12345)
        wait_for(lambda: "expected owner uid 0, found owner uid 12345" in caplog.text)


def test_a_slip_that_is_none_says_which_field_is_wrong(
    live: LiveStation, watching: Runtime, caplog: pytest.LogCaptureFixture
) -> None:
    slip = live.settings.paths.slips / "slot-1.json"
    slip.write_text("{}")
    wait_for(lambda: f"{slip}: dock slip field v: expected" in caplog.text)
    assert live.entries("dock.seen") == []


def test_a_plain_folder_is_no_card_unless_the_configuration_says_so(
    quick_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    card = make_card(quick_path / "card", {"a.mp4": b"moving pictures"})
    with live_station(quick_path / "station", {"docking.folder_cards": False}) as live:
        runtime = Runtime(live.station, mode="test")
        runtime.watch_slips()
        write_slip(live.settings.paths.slips, "slot-1", slip_for(card))
        wait_for(lambda: f"{card}: expected a mounted card, found a plain folder." in caplog.text)
        runtime.close()
        assert live.entries("dock.seen") == []


def test_a_docking_that_failed_is_tried_again_and_keeps_its_docking_time(
    live: LiveStation, watching: Runtime, quick_path: Path
) -> None:
    # R38: the recorder was handed over when it was docked, not when the store came back
    away = live.primary.rename(live.primary.with_name("away"))
    card = make_card(quick_path / "card", {"a.mp4": b"moving pictures"})
    write_slip(live.settings.paths.slips, "slot-1", slip_for(card))
    wait_for(lambda: len(live.entries("dock.closed")) >= 2)
    assert live.clips() == []
    away.rename(live.primary)
    wait_for(live.clips)
    wait_for(lambda: live.entries("dock.closed")[-1].facts["outcome"] == "closed")
    assert {entry.facts["docked_at"] for entry in live.entries("dock.seen")} == {"2026-11-21T12:00:00.000000Z"}
    settled = len(live.entries("dock.seen"))
    time.sleep(0.3)
    assert len(live.entries("dock.seen")) == settled


def test_a_card_that_is_taken_away_is_not_tried_again(live: LiveStation, watching: Runtime, quick_path: Path) -> None:
    live.primary.rename(live.primary.with_name("away"))
    slip = write_slip(live.settings.paths.slips, "slot-1", slip_for(make_card(quick_path / "card", {"a.mp4": b"a"})))
    wait_for(lambda: live.entries("dock.closed"))
    slip.unlink()
    time.sleep(0.3)  # the retry under way may still end
    tried = len(live.entries("dock.seen"))
    time.sleep(0.3)
    assert len(live.entries("dock.seen")) == tried


def alarms(runtime: Runtime) -> list[dict[str, Any]]:
    status = answer(runtime, "status.show", {}, Caller(uid=os.geteuid()))
    found: list[dict[str, Any]] = status["alarms"]
    return found


def dock_in(live: LiveStation, folder: Path, port: int, *, serial: str = "0000017", lun: int = 0) -> Path:
    """Write the slip of a card in a port, and wait until its docking closed."""
    closed = len(live.entries("dock.closed"))
    card = make_card(folder / f"card-{port}-{lun}", {"a.mp4": b"%d" % port})
    path = f"pci-0000:00:14.0-usb-0:4.{port}:1.0-scsi-0:0:0:{lun}"
    slip = replace(slip_for(card, serial=serial), port_path=path, slot=f"slot {port}")
    written = write_slip(live.settings.paths.slips, f"card-{port}-{lun}", slip)
    wait_for(lambda: len(live.entries("dock.closed")) > closed)
    return written


def test_one_serial_in_two_slots_at_once_is_an_alarm_and_holds_both(
    live: LiveStation, watching: Runtime, quick_path: Path
) -> None:  # R73
    for port in (1, 2):
        dock_in(live, quick_path, port)
    live.interpret()
    (alarm,) = live.entries("dock.alarmed")
    seen = live.entries("dock.seen")
    docking_ids = [entry.facts["docking_id"] for entry in seen]
    assert alarm.subject == "recorder:usb:4255:0001:0000017"
    assert alarm.seq < seen[1].seq, "the second is held before it is shown"
    assert {key: alarm.facts[key] for key in ("code", "recorder", "ports", "docking_ids")} == {
        "code": "serial-twice",
        "recorder": "usb:4255:0001:0000017",
        "ports": ["pci-0000:00:14.0-usb-0:4.1", "pci-0000:00:14.0-usb-0:4.2"],
        "docking_ids": docking_ids,
    }
    for docking_id in docking_ids:
        view = live.docking(DockingId(str(docking_id))).view
        assert view["files_sealed"] == 1, "a claim in doubt keeps nothing from being sealed"
        assert ("serial-twice" in view["remarks"], view["safe_to_take_away"]) == (True, "no")
    (told,) = alarms(watching)
    assert (told["code"], told["recorder_id"]) == ("serial-twice", "usb:4255:0001:0000017")
    assert told["slots"] == ["pci-0000:00:14.0-usb-0:4.1", "pci-0000:00:14.0-usb-0:4.2"]


def test_the_alarm_stands_until_the_recorder_is_docked_alone(
    live: LiveStation, watching: Runtime, quick_path: Path
) -> None:  # R73
    slips = [dock_in(live, quick_path, port) for port in (1, 2)]
    for slip in slips:
        slip.unlink()
    assert len(alarms(watching)) == 1
    live.clock.advance(timedelta(minutes=1))
    time.sleep(0.2)  # the watcher sees that both are gone
    dock_in(live, quick_path, 1)
    live.interpret()
    assert alarms(watching) == []
    newest = live.docking(DockingId(str(live.entries("dock.seen")[-1].facts["docking_id"]))).view
    assert ("serial-twice" in newest["remarks"], newest["safe_to_take_away"]) == (False, "yes")


def test_a_recorder_that_moves_to_another_slot_is_no_alarm(
    live: LiveStation, watching: Runtime, quick_path: Path
) -> None:
    dock_in(live, quick_path, 1).unlink()
    dock_in(live, quick_path, 2)
    assert live.entries("dock.alarmed") == []


def test_two_cards_of_one_recorder_are_no_alarm(live: LiveStation, watching: Runtime, quick_path: Path) -> None:
    for lun in (0, 1):
        dock_in(live, quick_path, 1, lun=lun)
    assert live.entries("dock.alarmed") == []


def test_recorders_nobody_numbered_are_no_alarm(live: LiveStation, watching: Runtime, quick_path: Path) -> None:
    for port in (1, 2):
        dock_in(live, quick_path, port, serial="000000")
    assert live.entries("dock.alarmed") == []


def test_a_card_that_was_let_go_is_not_read_again_while_it_still_stands_there(
    live: LiveStation, watching: Runtime, quick_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # R40: whoever let it go may take it out at any moment
    monkeypatch.setattr(arrivals, "FIRST_RETRY_S", 1.0)
    live.primary.rename(live.primary.with_name("away"))
    card = make_card(quick_path / "card", {"a.mp4": b"moving pictures"})
    write_slip(live.settings.paths.slips, "slot-1", slip_for(card))
    wait_for(lambda: live.rows("SELECT 1 FROM dockings WHERE phase = 'failed'"))
    (docking,) = live.rows("SELECT docking_id FROM dockings")
    params = {"target": docking["docking_id"], "person": "supervisor-1", "reason": "the disk is dead"}
    answer(watching, "dockings.release", params, Caller(uid=os.geteuid()))
    # Whoever serves the slot looks again when it would try again, and ends.
    wait_for(lambda: "slot-slot-1" not in {thread.name for thread in threading.enumerate()})
    assert len(live.entries("dock.seen")) == 1
