"""A visit to a locked recorder is an entry: its clock before anything else, and whether it was set (R32)."""

import os
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from bodycam_custody.handlers import answer
from bodycam_custody.operations import Caller
from bodycam_custody.runtime import Runtime
from docking.drivers.errors import DriverMissingError, LoginRefusedError
from docking.drivers.report import UnlockState, UnlockWarning
from docking.drivers.told_visit import clock_before_docking
from docking.notes import write_note
from docking.slips import write_slip
from docking.usb_devices import read_usb_devices
from tests.bodycam_custody.stations import NOW, LiveStation, make_card
from tests.docking.drivers.told_reports import report
from tests.docking.folder_slips import folder_slip
from tests.docking.usb_tree import CONTROL, PORT, STORAGE, Claims, UsbTree

LOCKED = Claims(serial=None)
CARD = Claims(product_id="1000", serial="0000017")
OURS = frozenset({os.geteuid()})


def slot(runtime: Runtime) -> dict[str, Any]:
    (only,) = answer(runtime, "slots.list", {}, Caller(uid=os.geteuid()))["items"]
    return dict(only)


def visit(live: LiveStation, tree: UsbTree, **changed: Any) -> None:
    """Leave the report on the control device on port 2."""
    (device,) = read_usb_devices(tree.sysfs)
    told = report(**{"at": live.clock.now(), "address": device.address, "serial": device.serial, **changed})
    write_note(live.settings.paths.unlocked, "1-2", told)


def look(runtime: Runtime) -> None:
    runtime.board.look()
    runtime.board.enter_alarms()


def test_a_visit_is_entered_once_with_the_clock_and_without_names(
    live: LiveStation, runtime: Runtime, tree: UsbTree
) -> None:  # R32, R9
    tree.plug("1-2", LOCKED, interfaces=[CONTROL])
    visit(live, tree, warnings=(UnlockWarning.FACTORY_PASSWORD,))
    for _ in range(3):
        look(runtime)
    (entry,) = live.entries("recorder.visited")
    holder = entry.facts["holder"]
    assert entry.subject == f"slot:{PORT}2"
    assert entry.facts == {
        "visited_at": "2026-11-21T12:00:00.000000Z",
        "device": "4255:0001",
        "recorder": "unknown",
        "driver": "ambarella",
        "state": "storage-asked",
        "clock_offset_ms": -90_000,
        "clock_offset_uncertainty_ms": 501,
        "clock_source": "channel",
        "clock_set_to": None,
        "battery_percent": 87,
        "holder": holder,
        "warnings": ["factory-password"],
        "problem": None,
    }
    assert "张三".encode() in live.station.texts.reveal([str(holder)])[str(holder)]


def test_a_visit_is_entered_once_whoever_restarts(live: LiveStation, runtime: Runtime, tree: UsbTree) -> None:
    tree.plug("1-2", LOCKED, interfaces=[CONTROL])
    visit(live, tree)
    look(runtime)
    again = Runtime(live.station, mode="test", sysfs=tree.sysfs)
    look(again)
    assert len(live.entries("recorder.visited")) == 1
    assert slot(again)["unlock"]["battery_percent"] == 87
    again.close()


def test_a_slot_shows_what_the_recorder_said(live: LiveStation, runtime: Runtime, tree: UsbTree) -> None:
    tree.plug("1-2", LOCKED, interfaces=[CONTROL])
    assert slot(runtime)["unlock"] is None
    visit(live, tree)
    shown = slot(runtime)
    assert shown["unlock"] == {
        "at": "2026-11-21T12:00:00.000000Z",
        "state": "storage-asked",
        "family": "ambarella",
        "device_id": "ABC1234",
        "police_number": "012345",
        "officer_name": "张三",
        "unit_name": None,
        "battery_percent": 87,
        "clock_offset_ms": -90_000,
        "clock_offset_uncertainty_ms": 501,
        "warnings": [],
    }
    assert (shown["phase"], shown["why_not"]) == ("unlocking", "unlocking")


def test_what_it_said_stays_with_the_card_it_comes_back_as(live: LiveStation, runtime: Runtime, tree: UsbTree) -> None:
    tree.plug("1-2", LOCKED, interfaces=[CONTROL])
    runtime.board.look()
    visit(live, tree)
    tree.pull("1-2")
    runtime.board.look()
    tree.plug("1-2", CARD, interfaces=[STORAGE])
    assert (slot(runtime)["phase"], slot(runtime)["unlock"]["device_id"]) == ("storage", "ABC1234")
    tree.pull("1-2")
    runtime.board.look()
    live.clock.advance(timedelta(minutes=5))
    tree.plug("1-2", replace(CARD, serial="0000018"), interfaces=[STORAGE])
    assert slot(runtime)["unlock"] is None, "another recorder said nothing"


def test_a_report_of_another_device_with_the_same_number_is_not_believed(
    live: LiveStation, runtime: Runtime, tree: UsbTree
) -> None:
    runtime.board.look()
    tree.plug("1-2", LOCKED, interfaces=[CONTROL])
    visit(live, tree, at=live.clock.now() - timedelta(days=1))
    assert slot(runtime)["unlock"] is None


def test_a_locked_recorder_says_why_and_what_to_do(live: LiveStation, runtime: Runtime, tree: UsbTree) -> None:
    tree.plug("1-2", LOCKED, interfaces=[CONTROL])
    visit(live, tree, state=UnlockState.LOCKED, offset_ms=None, problem=LoginRefusedError(port_path="1-2"))
    look(runtime)
    shown = slot(runtime)
    assert (shown["phase"], shown["why_not"], shown["safe_to_take_away"]) == ("present-locked", "locked", "no")
    assert shown["problem"] == {
        "code": "login-refused",
        "template": LoginRefusedError.template,
        "facts": {"port_path": f"{PORT}2"},
    }
    assert live.entries("recorder.visited")[0].facts["problem"] == "login-refused"


def test_a_device_no_driver_is_known_for_is_not_entered_and_no_slot_of_its_own(
    live: LiveStation, runtime: Runtime, tree: UsbTree
) -> None:
    tree.plug("1-2", Claims(vendor_id="0403", product_id="6001"), interfaces=[CONTROL])
    missing = DriverMissingError(port_path="1-2", vendor_id="0403", product_id="6001")
    visit(live, tree, state=UnlockState.LOCKED, driver=None, offset_ms=None, problem=missing)
    look(runtime)
    assert (slot(runtime)["phase"], slot(runtime)["is_dock"]) == ("present-locked", False)
    assert slot(runtime)["problem"]["code"] == "driver-missing"
    assert live.entries("dock.alarmed") == live.entries("recorder.visited") == []


def test_the_units_own_list_makes_an_id_a_recorder(live: LiveStation, tree: UsbTree) -> None:
    listed = live.settings.paths.families
    listed.write_text('"1234:5678" = "bc-plus"\n', encoding="utf-8")
    runtime = Runtime(live.reopen(), mode="test", sysfs=tree.sysfs)
    tree.plug("1-2", Claims(vendor_id="1234", product_id="5678"), interfaces=[CONTROL])
    assert (slot(runtime)["is_dock"], slot(runtime)["problem"]) == (True, None)
    runtime.close()


def dock(live: LiveStation, tmp_path: Path, *, offset_ms: int | None) -> Any:
    card = make_card(tmp_path / "card", {"a.mp4": b"moving pictures"})
    arrival = live.arrival(card, clock_offset_ms=offset_ms, clock_offset_uncertainty_ms=501)
    arrival = replace(arrival, card=replace(arrival.card, port_path=f"{PORT}2:1.0", recorder="usb:4255:1000:0000017"))
    return live.take_in(arrival).view["clock_verdict"]


# R32: a clock that was set says nothing of its drift until it was measured again.
def test_drift_is_not_judged_across_a_clock_that_was_set(
    live: LiveStation, runtime: Runtime, tree: UsbTree, tmp_path: Path
) -> None:
    verdicts = []
    tree.plug("1-2", LOCKED, interfaces=[CONTROL])
    for offset_ms, sets in ((-90_000, True), (500, False), (700, False)):
        visit(live, tree, offset_ms=offset_ms, clock_set_to=live.clock.now() if sets else None)
        look(runtime)
        live.clock.advance(timedelta(seconds=10))
        verdicts.append(dock(live, tmp_path, offset_ms=offset_ms))
        live.clock.advance(timedelta(days=1))
    assert verdicts == ["first-reading", "clock-set", "within-limit"]


def test_the_offset_reaches_the_docking_through_the_slip(
    live: LiveStation, tree: UsbTree, tmp_path: Path
) -> None:  # R32
    tree.plug("1-2", LOCKED, interfaces=[CONTROL])
    visit(live, tree)
    tree.pull("1-2")
    tree.plug("1-2", CARD, interfaces=[STORAGE])
    (device,) = read_usb_devices(tree.sysfs)
    clock = clock_before_docking(
        live.settings.paths.unlocked, device, now=NOW + timedelta(seconds=9), trusted_uids=OURS
    )
    assert clock is not None
    slip = folder_slip(
        make_card(tmp_path / "card", {"a.mp4": b"moving pictures"}),
        NOW,
        device="/dev/sdb1",
        diskseq=42,
        port_path=f"{PORT}2",
        slot=None,
        product_id="1000",
        clock_offset_ms=clock.offset_ms,
        clock_offset_uncertainty_ms=clock.uncertainty_ms,
    )
    write_slip(live.settings.paths.slips, "sdb1", slip)
    runtime = Runtime(live.station, mode="test", sysfs=tree.sysfs)
    runtime.watch_slips()
    runtime.close()
    (seen,) = live.entries("dock.seen")
    assert (seen.facts["clock_offset_ms"], seen.facts["clock_offset_uncertainty_ms"]) == (-90_000, 501)
