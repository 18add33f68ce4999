"""What the unlock helper wrote is read back whole, and counts only for the recorder it is about."""

import json
import os
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from docking.drivers.errors import LoginRefusedError
from docking.drivers.report import UnlockReport, UnlockState, UnlockWarning, format_report
from docking.drivers.told_visit import COMES_BACK_WITHIN, ToldVisit, clock_before_docking, read_visit
from docking.drivers.verbs import DriverName
from docking.errors import NoteMalformedError, SlipUntrustedError
from docking.notes import write_note
from docking.usb_devices import UsbDevice, read_usb_devices
from tests.docking.drivers.told_reports import report
from tests.docking.usb_tree import PORT, STORAGE, Claims, UsbTree

AT = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
OURS = frozenset({os.geteuid()})


def read_back(tmp_path: Path, data: bytes) -> ToldVisit:
    visit = read_visit(write_note(tmp_path, "1-2", data), trusted_uids=OURS)
    assert visit is not None
    return visit


def test_a_report_is_read_back_whole(tmp_path: Path) -> None:
    visit = read_back(tmp_path, report(at=AT, serial="ZX1", warnings=(UnlockWarning.FACTORY_PASSWORD,)))
    assert (visit.at, visit.state, visit.driver) == (AT, UnlockState.STORAGE_ASKED, DriverName.AMBARELLA)
    assert (visit.port, visit.bus, visit.address, visit.usb_id) == (f"{PORT}2", 1, 2, "4255:0001")
    assert (visit.recorder, visit.serial) == ("usb:4255:0001:ZX1", "ZX1")
    assert visit.holder is not None
    assert (visit.holder["serial"], visit.holder["police_number"]) == ("ABC1234", "012345")
    assert visit.clock is not None
    assert (visit.clock.offset_ms, visit.clock.uncertainty_ms, visit.battery_percent) == (-90_000, 501, 87)
    assert (visit.problem, visit.warnings, visit.clock_set_to) == (None, (UnlockWarning.FACTORY_PASSWORD,), None)


def test_why_it_stays_locked_is_read_back_as_it_travels(tmp_path: Path) -> None:
    data = report(at=AT, state=UnlockState.LOCKED, offset_ms=None, problem=LoginRefusedError(port_path="1-2"))
    assert read_back(tmp_path, data).problem == {
        "code": "login-refused",
        "template": LoginRefusedError.template,
        "facts": {"port_path": "1-2"},
    }


def test_a_report_about_no_device_says_nothing(tmp_path: Path) -> None:
    path = write_note(tmp_path, "1-2", format_report(UnlockReport(port_path="1-2", at=AT)))
    assert read_visit(path, trusted_uids=OURS) is None


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"v": 2}, "v"),
        ({"at": "2026-11-21T12:00:00"}, "at"),
        ({"state": "open?"}, "state"),
        ({"driver": "bc+"}, "driver"),
        ({"device": {}}, "port"),
        ({"clock": {"recorder": "x"}}, "clock"),
        ({"battery_percent": True}, "battery_percent"),
        ({"problem": {"code": "x"}}, "template"),
        ({"warnings": "factory-password"}, "warnings"),
    ],
)
def test_a_wrong_field_is_named(tmp_path: Path, change: dict[str, object], field: str) -> None:
    facts = {**json.loads(report(at=AT)), **change}
    path = write_note(tmp_path, "1-2", json.dumps(facts).encode() + b"\n")
    with pytest.raises(NoteMalformedError, match=rf"1-2\.json: note field {field}: expected "):
        read_visit(path, trusted_uids=OURS)


def test_a_report_others_could_have_written_does_not_count(tmp_path: Path) -> None:
    path = write_note(tmp_path, "1-2", report(at=AT))
    path.chmod(0o666)
    with pytest.raises(SlipUntrustedError):
        read_visit(path, trusted_uids=OURS)


@pytest.fixture
def card(tmp_path: Path) -> UsbDevice:
    """The recorder of port 2, come back as a card that names its serial."""
    tree = UsbTree(tmp_path / "usb")
    tree.plug("1-2", Claims(product_id="1000", serial="ZX1"), interfaces=[STORAGE])
    (device,) = read_usb_devices(tree.sysfs)
    return device


# R32: the offset found when the recorder was unlocked is that of the card it came back as, and of no other.
@pytest.mark.parametrize(
    ("changed", "later", "expected"),
    [
        ({}, timedelta(seconds=5), -90_000),
        ({"state": UnlockState.OPEN}, timedelta(seconds=5), -90_000),
        ({"serial": "ZX1"}, COMES_BACK_WITHIN, -90_000),
        ({"serial": "ZX2"}, timedelta(seconds=5), None),
        ({"port": f"{PORT}3"}, timedelta(seconds=5), None),
        ({}, COMES_BACK_WITHIN + timedelta(seconds=1), None),
        ({}, timedelta(seconds=-1), None),
        ({"offset_ms": None}, timedelta(seconds=5), None),
    ],
)
def test_the_clock_of_a_visit_is_that_of_the_card_the_recorder_came_back_as(
    tmp_path: Path, card: UsbDevice, changed: dict[str, object], later: timedelta, expected: int | None
) -> None:
    folder = tmp_path / "unlocked"
    folder.mkdir()
    (folder / "other.json").write_bytes(b"{}")
    write_note(folder, "1-2", report(at=AT, **changed))  # type: ignore[arg-type]  # one case each
    clock = clock_before_docking(folder, card, now=AT + later, trusted_uids=OURS)
    assert (None if clock is None else clock.offset_ms) == expected


def test_without_the_folder_nothing_is_known_of_the_clock(tmp_path: Path, card: UsbDevice) -> None:
    assert clock_before_docking(tmp_path / "none", replace(card, serial=None), now=AT, trusted_uids=OURS) is None
