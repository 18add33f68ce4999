"""A dock with something in every slot, on a real station: one line each for a person, the same exactly in JSON."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from cli import labels
from cli.tables import width_of
from docking.drivers.errors import LoginRefusedError
from docking.mount_errors import CardFormatRefusedError
from tests.bodycam_custody.recordings import day, recorded_name, sound
from tests.bodycam_custody.stations import make_card
from tests.cli.conftest import Custody
from tests.cli.live import Dock, dock_of_a_live_station
from tests.docking.usb_tree import CONTROL, PORT, Claims

ON_TIME, LATE = "usb:4255:1000:ZX1", "usb:4255:1000:ZX2"


@pytest.fixture(scope="module")
def dock(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dock]:
    """Slot 1 read and on time, slot 2 read and late, slot 3 locked, slot 4 refused, slot 10 empty."""
    with dock_of_a_live_station(tmp_path_factory.mktemp("dock")) as dock:
        fill(dock)
        yield dock


def fill(dock: Dock) -> None:
    runtime = dock.runtime
    for port, began in ((1, day(9)), (2, day(9, of=19))):
        serial = f"ZX{port}"
        dock.usb.plug(f"1-{port}", Claims(product_id="1000", serial=serial))
        card = {recorded_name(began, number): sound(60, pitch=port * 10 + number) for number in (1, 2)}
        folder = make_card(dock.live.root / f"card-{port}", card, written_at=began)
        dock.announce(port, folder, serial=serial, name=f"sd{port}")
    dock.take_in()
    dock.ask("recorders.add", recorder_id=ON_TIME, by="custodian-1")
    dock.ask("recorders.issue", recorder_id=ON_TIME, by="custodian-1", officer="officer-1", since="2026-11-01")
    dock.usb.plug("1-3", interfaces=[CONTROL])
    runtime.board.look()
    dock.visit(3, problem=LoginRefusedError(port_path="1-3"))
    dock.usb.plug("1-4", Claims(product_id="1000", serial="ZX4"), disks=["sde"])
    dock.refuse(4, CardFormatRefusedError(device="/dev/sde1", expected="exfat or vfat", found="ext4"))
    dock.usb.plug("1-5", Claims(product_id="1000", serial="ZX5"))
    for port, name in ((1, "slot 1"), (2, "slot 2"), (3, "slot 3"), (4, "slot 4"), (5, "slot 10")):
        dock.learn(port, name)
    dock.look()


def shown(custody: Custody, dock: Dock) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(custody("--config", dock.config, "dock", "slots", "--json").out)
    return found


def lines(custody: Custody, dock: Dock, *command: str) -> list[str]:
    out = custody("--config", dock.config, *command).out
    return [line.strip() for line in out.splitlines() if line.strip().startswith("slot ") and "  " in line.strip()]


def test_the_most_urgent_stands_first_and_each_slot_on_one_line(custody: Custody, dock: Dock) -> None:
    told = lines(custody, dock, "dock", "slots")
    assert [line.split("  ")[0] for line in told] == ["slot 4", "slot 3", "slot 10", "slot 1", "slot 2"]
    assert [line.split("  ")[-1].strip() for line in told] == [
        "REFUSED, take it out",
        "present, locked",
        "not mounted yet",
        "safe to take away",
        "safe to take away",
    ]
    assert max(map(width_of, told)) <= 100


@pytest.mark.usefixtures("in_chinese")
def test_each_slot_stands_on_one_line_in_chinese(custody: Custody, dock: Dock) -> None:
    told = lines(custody, dock, "dock", "slots")
    assert [line.split("  ")[-1].strip() for line in told] == [
        "已拒绝，请取出",
        "已插入，未解锁",
        "尚未挂载",
        "可以安全取走",
        "可以安全取走",
    ]
    assert max(map(width_of, told)) <= 100


def test_a_line_says_what_json_says(custody: Custody, dock: Dock) -> None:
    told = {line.split("  ")[0]: line.split() for line in lines(custody, dock, "dock", "slots")}
    for slot in shown(custody, dock):
        words = told[slot["slot"]]
        assert (slot["recorder_id"] or "–").rpartition(":")[2] in words
        assert (slot["officer_id"] or "–") in words
        if slot["docking_id"] is not None:
            assert f"{slot['files_kept']}/{slot['files_found']}" in words
            worst = next(verdict for verdict in ("late", "undeterminable", "on-time") if slot["handover"][verdict])
            assert f"{labels.HANDOVER[worst]} {slot['handover'][worst]}" in " ".join(words)
        assert (slot["why_not"] is None) == (slot["safe_to_take_away"] == "yes")
        assert " ".join(words).endswith("safe to take away") == (slot["safe_to_take_away"] == "yes")


def test_status_shows_the_same_lines_and_the_same_slots(custody: Custody, dock: Dock) -> None:
    told = [line.split() for line in lines(custody, dock, "dock", "slots")]
    # The newest cards stand below.
    assert [line.split() for line in lines(custody, dock, "status")][: len(told)] == told
    status = json.loads(custody("--config", dock.config, "status", "--json").out)
    assert status["slots"] == shown(custody, dock)


def test_json_is_exact(custody: Custody, dock: Dock) -> None:
    by_name = {slot["slot"]: slot for slot in shown(custody, dock)}
    assert list(by_name) == ["slot 1", "slot 2", "slot 3", "slot 4", "slot 10"]
    first = by_name["slot 1"]
    sizes = sum(file.stat().st_size for file in (dock.live.root / "card-1").iterdir())
    (docking,) = dock.live.rows("SELECT docking_id FROM dockings WHERE recorder = ?", ON_TIME)
    assert first == {
        "slot": "slot 1",
        "port": f"{PORT}1",
        "phase": "safe",
        "is_dock": True,
        "arrivals": 1,
        "recorder_id": ON_TIME,
        "device": "4255:1000",
        "product": "Body camera",
        "docking_id": docking["docking_id"],
        "remarks": [],
        "problem": None,
        "unlock": None,
        "officer_id": "officer-1",
        "operator_id": "officer-1",
        "files_found": 2,
        "files_kept": 2,
        "bytes_found": sizes,
        "bytes_done": sizes,
        "handover": {"on-time": 2, "late": 0, "undeterminable": 0},
        "safe_to_take_away": "yes",
        "why_not": None,
    }
    late = by_name["slot 2"]
    assert (late["recorder_id"], late["officer_id"], late["handover"]["late"]) == (LATE, None, 2)
    locked, refused, waiting = by_name["slot 3"], by_name["slot 4"], by_name["slot 10"]
    assert [(one["safe_to_take_away"], one["why_not"]) for one in (locked, refused, waiting)] == [
        ("no", "locked"),
        ("no", "refused"),
        ("no", "not-mounted"),
    ]
    assert (locked["problem"]["code"], refused["problem"]["code"]) == ("login-refused", "card-format-refused")
    assert waiting["problem"] is None
