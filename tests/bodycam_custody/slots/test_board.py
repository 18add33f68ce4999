"""The board follows USB, slips and dockings, and shows what stands in every slot."""

import os
import shutil
import time
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from bodycam_custody.handlers import answer
from bodycam_custody.operations import Caller
from bodycam_custody.runtime import Runtime
from docking.slips import write_slip
from hashing.errors import StatedError
from tests.bodycam_custody.stations import NOW, LiveStation, make_card
from tests.bodycam_custody.test_record import failing
from tests.docking.folder_slips import folder_slip
from tests.docking.usb_tree import CONTROL, KEYBOARD, PORT, STORAGE, Claims, UsbTree

LOCKED = Claims(serial=None)
UNLOCKED = Claims(product_id="1000", serial="0000017")
STICK = Claims(vendor_id="0951", product_id="1666", serial="S1")


def ask(runtime: Runtime, operation: str, /, **params: object) -> Any:
    return answer(runtime, operation, params, Caller(uid=os.geteuid()))


def slots(runtime: Runtime) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = ask(runtime, "slots.list")["items"]
    return items


def slot(runtime: Runtime) -> dict[str, Any]:
    (only,) = slots(runtime)
    return only


def announce(
    live: LiveStation,
    card: Path,
    *,
    port: str = "2",
    serial: str = "0000017",
    name: str = "sdb",
    diskseq: int | None = None,
    docked_at: datetime = NOW,
) -> Path:
    """Write the slip of a folder that stands for a card in a port."""
    slip = folder_slip(
        card,
        docked_at,
        device=f"/dev/{name}",
        diskseq=diskseq,
        port_path=f"{PORT}{port}:1.0",
        slot=None,
        product_id="1000",
        serial=serial,
    )
    return write_slip(live.settings.paths.slips, name, slip)


@pytest.mark.parametrize(
    "locked", [LOCKED, Claims(serial="0000017")], ids=["names no serial", "names the serial under another product"]
)
def test_a_recorder_is_followed_from_locked_to_released(
    live: LiveStation, runtime: Runtime, tree: UsbTree, tmp_path: Path, locked: Claims
) -> None:
    seen = [slots(runtime)]
    tree.plug("1-2", locked, interfaces=[CONTROL])
    phases = [slot(runtime)["phase"]]
    tree.pull("1-2")
    phases.append(slot(runtime)["phase"])
    tree.plug("1-2", UNLOCKED, interfaces=[STORAGE], disks=["sdb"])
    phases.append(slot(runtime)["phase"])
    slip = announce(live, make_card(tmp_path / "card", {"a.mp4": b"moving pictures"}))
    phases.append(slot(runtime)["phase"])
    runtime.watch_slips()
    runtime.board.stop()  # this test looks by itself
    wait_until_closed(live)
    live.interpret()
    phases.append(slot(runtime)["phase"])
    (docking,) = live.rows("SELECT docking_id FROM dockings")
    assert slot(runtime)["docking_id"] == docking["docking_id"]
    assert (slot(runtime)["recorder_id"], slot(runtime)["arrivals"]) == ("usb:4255:1000:0000017", 1)
    slip.unlink()
    tree.pull("1-2")
    phases.append(slot(runtime)["phase"])
    assert seen == [[]]
    assert phases == ["present-locked", "unlocking", "storage", "mounted", "safe", "empty"]


def wait_until_closed(live: LiveStation) -> None:
    deadline = time.monotonic() + 20
    while not live.entries("dock.closed"):
        assert time.monotonic() < deadline, "the docking never closed"
        time.sleep(0.01)


def test_a_card_pulled_before_it_is_safe_was_taken_away_too_early(
    live: LiveStation, runtime: Runtime, tree: UsbTree, tmp_path: Path
) -> None:
    tree.plug("1-2", UNLOCKED, disks=["sdb"])
    slip = announce(live, make_card(tmp_path / "card", {"a.mp4": b"a"}))
    assert slot(runtime)["phase"] == "mounted"
    tree.pull("1-2")
    slip.unlink()
    assert (slot(runtime)["phase"], slot(runtime)["recorder_id"]) == ("gone-early", None)


@pytest.mark.parametrize(
    ("product", "told"),
    [
        ("\x1b[2J\x1b[32mSAFE to take away\x1b[0m", r"\x1b[2J\x1b[32mSAFE to take away\x1b[0m"),
        ("A\nslot 2", r"A\nslot 2"),
        ("gpj\u202etxt", r"gpj\u202etxt"),
    ],
)
def test_what_a_device_calls_itself_can_do_nothing_to_a_terminal(
    runtime: Runtime, tree: UsbTree, product: str, told: str
) -> None:
    tree.plug("1-2", Claims(serial=None, product=product), interfaces=[STORAGE])
    assert slot(runtime)["product"] == told


def test_a_stick_that_types_is_refused_and_reported_once(live: LiveStation, runtime: Runtime, tree: UsbTree) -> None:
    tree.plug("1-2", STICK, interfaces=[STORAGE, KEYBOARD])
    for _ in range(3):
        runtime.board.look()
        runtime.board.enter_alarms()
    (alarm,) = live.entries("dock.alarmed")
    assert alarm.subject == f"slot:{PORT}2"
    assert alarm.facts == {
        "code": "usb-interface-refused",
        "recorder": "usb:0951:1666:S1",
        "ports": [f"{PORT}2"],
        "docking_ids": [],
        "device": "0951:1666",
        "interface": "03/01/01",
    }
    assert (slot(runtime)["phase"], slot(runtime)["problem"]["code"]) == ("refused", "usb-interface-refused")
    (told,) = ask(runtime, "status.show")["alarms"]
    assert told["problem"]["facts"]["acts_as"] == {"template": "a keyboard", "facts": {}}


def test_a_device_the_kernel_was_told_to_let_go_of_is_refused_and_reported_all_the_same(
    live: LiveStation, runtime: Runtime, tree: UsbTree
) -> None:
    # Linux, usb_deauthorize_device: no configuration, so no interfaces and no disks; the descriptors stay.
    folder = tree.plug("1-2", STICK, interfaces=[STORAGE, KEYBOARD], disks=["sdb"])
    shutil.rmtree(folder / "1-2:1.0")
    (folder / "authorized").write_text("0\n", encoding="ascii")
    for _ in range(2):
        runtime.board.look()
        runtime.board.enter_alarms()
    assert (slot(runtime)["phase"], slot(runtime)["problem"]["code"]) == ("refused", "usb-interface-refused")
    assert [entry.facts["interface"] for entry in live.entries("dock.alarmed")] == ["03/01/01"]


def test_an_alarm_is_entered_once_the_ledger_takes_entries_again(
    live: LiveStation, runtime: Runtime, tree: UsbTree, monkeypatch: pytest.MonkeyPatch
) -> None:
    tree.plug("1-2", STICK, interfaces=[STORAGE, KEYBOARD])
    runtime.board.look()
    with monkeypatch.context() as patched:
        patched.setattr(live.station.record, "enter", refuse)
        runtime.board.enter_alarms()
    runtime.board.enter_alarms()
    assert len(live.entries("dock.alarmed")) == 1


def test_an_alarm_that_stands_but_cannot_be_shown_yet_is_not_entered_again(
    live: LiveStation, runtime: Runtime, tree: UsbTree
) -> None:
    tree.plug("1-2", STICK, interfaces=[STORAGE, KEYBOARD])
    runtime.board.look()
    with failing(live.station.catalog.path, "alarms"):
        for _ in range(3):
            runtime.board.enter_alarms()
    live.station.record.catch_up_catalog()
    runtime.board.enter_alarms()
    assert len(live.entries("dock.alarmed")) == 1


def refuse(_: object) -> None:
    raise StatedError(what="no entries today")


def test_looking_alone_enters_nothing(live: LiveStation, runtime: Runtime, tree: UsbTree) -> None:
    before = len(live.entries())
    tree.plug("1-2", STICK, interfaces=[STORAGE, KEYBOARD])
    slots(runtime)
    ask(runtime, "status.show")
    assert len(live.entries()) == before


def test_a_keyboard_of_the_station_is_no_slot(runtime: Runtime, tree: UsbTree) -> None:
    tree.plug("1-3", STICK, interfaces=[KEYBOARD])
    assert slots(runtime) == []


def test_a_keyboard_in_a_named_slot_is_refused(runtime: Runtime, tree: UsbTree) -> None:
    tree.plug("1-2", UNLOCKED)
    ask(runtime, "slots.list")
    ask(runtime, "slots.learn", name="slot 1", port=f"{PORT}2")
    tree.pull("1-2")
    tree.plug("1-2", STICK, interfaces=[KEYBOARD])
    assert slot(runtime)["phase"] == "refused"


def test_a_backup_disk_of_the_station_stands_in_no_dock(runtime: Runtime, tree: UsbTree) -> None:
    tree.plug("1-5", STICK, disks=["sdx"])
    assert [one["is_dock"] for one in slots(runtime)] == [False]
    assert ask(runtime, "status.show")["slots"] == []


def test_a_recorder_without_serial_is_remarked(runtime: Runtime, tree: UsbTree) -> None:
    tree.plug("1-2", LOCKED, interfaces=[CONTROL])
    assert slot(runtime)["remarks"] == ["serial-unknown"]


def test_a_slip_nobody_may_write_is_not_believed(live: LiveStation, runtime: Runtime, tmp_path: Path) -> None:
    slip = announce(live, make_card(tmp_path / "card", {"a.mp4": b"a"}))
    slip.chmod(0o666)
    assert slots(runtime) == []


def test_slots_are_sorted_as_people_count(runtime: Runtime, tree: UsbTree) -> None:
    tree.hub("1-4")
    for port, name in ((1, "slot 10"), (2, "slot 9"), (3, None)):
        tree.plug(f"1-4.{port}", Claims(serial=f"A{port}"))
        if name is not None:
            ask(runtime, "slots.learn", name=name, port=f"{PORT}4.{port}:1.0")
    assert [one["slot"] for one in slots(runtime)] == ["slot 9", "slot 10", None]


def test_a_learnt_name_is_entered_with_who_gave_it_and_shown(
    live: LiveStation, runtime: Runtime, tree: UsbTree
) -> None:
    tree.plug("1-2", UNLOCKED)
    assert ask(runtime, "slots.learn", name="slot 3", port=f"{PORT}2:1.0") == {
        "slot": "slot 3",
        "port": f"{PORT}2",
        "before": None,
    }
    (entry,) = live.entries("slot.learnt")
    assert (entry.subject, entry.actor) == (f"slot:{PORT}2", {"uid": os.geteuid()})
    assert entry.facts == {"port": f"{PORT}2", "name": "slot 3", "before": None}
    assert slot(runtime)["slot"] == "slot 3"


def test_a_name_survives_a_rebuilt_catalog_and_an_empty_port(
    live: LiveStation, runtime: Runtime, tree: UsbTree
) -> None:
    tree.plug("1-2", UNLOCKED)
    ask(runtime, "slots.learn", name="slot 3", port=f"{PORT}2")
    tree.pull("1-2")
    ask(runtime, "stores.rebuild")
    fresh = Runtime(live.station, mode="test", sysfs=tree.sysfs)
    assert [(one["slot"], one["phase"]) for one in slots(fresh)] == [("slot 3", "empty")]
    fresh.close()


def test_a_slot_may_be_renamed_and_the_entry_says_what_it_was(
    live: LiveStation, runtime: Runtime, tree: UsbTree
) -> None:
    tree.plug("1-2", UNLOCKED)
    ask(runtime, "slots.learn", name="slot 3", port=f"{PORT}2")
    ask(runtime, "slots.learn", name="slot 4", port=f"{PORT}2")
    ask(runtime, "slots.learn", name="slot 4", port=f"{PORT}2")
    assert [entry.facts["before"] for entry in live.entries("slot.learnt")] == [None, "slot 3"]


def test_a_name_stands_for_one_slot(runtime: Runtime, tree: UsbTree) -> None:
    tree.plug("1-2", UNLOCKED)
    tree.plug("1-3", STICK)
    ask(runtime, "slots.learn", name="slot 3", port=f"{PORT}2")
    with pytest.raises(StatedError) as refused:
        ask(runtime, "slots.learn", name="slot 3", port=f"{PORT}3")
    assert str(refused.value) == (
        f"slot name slot 3 stands for port {PORT}2 already; a name stands for one slot. Give that port another name "
        f"first: custody dock learn NAME --port {PORT}2"
    )


@pytest.mark.parametrize("name", ["", " slot 3", "slot\n3", "x" * 41])
def test_what_cannot_be_painted_beside_a_slot_is_no_name(runtime: Runtime, tree: UsbTree, name: str) -> None:
    tree.plug("1-2", UNLOCKED)
    with pytest.raises(StatedError, match=r"expected 1 to 40 printable characters"):
        ask(runtime, "slots.learn", name=name, port=f"{PORT}2")


def test_a_port_on_which_nothing_was_ever_seen_gets_no_name(live: LiveStation, runtime: Runtime) -> None:
    with pytest.raises(
        StatedError, match=r"nothing was ever seen on port pci-0000:00:14\.0-usb-0:9, so it gets no name"
    ):
        ask(runtime, "slots.learn", name="slot 3", port=f"{PORT}9:1.0")
    assert live.entries("slot.learnt") == []


def test_a_docking_shows_the_learnt_name_of_its_port(live: LiveStation, runtime: Runtime, tmp_path: Path) -> None:
    docked = live.dock(make_card(tmp_path / "card", {"a.mp4": b"a"}))
    assert docked.view["slot"] == "slot 1"
    ask(runtime, "slots.learn", name="upper left", port="port-1")
    assert live.docking(docked.docking_id).view["slot"] == "upper left"
