"""A card that the mount helper refuses is an alarm in the ledger, and its slot says so as long as it stands there."""

import os
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bodycam_custody.errors import NotFoundError, RoleRequiredError
from bodycam_custody.runtime import Runtime
from bodycam_custody.slots.errors import AlarmClosedError
from docking.block_device import UsbBlockDevice
from docking.card import DockedCard, DockingKind, recorder_text
from docking.errors import DockingError
from docking.mount_errors import CardFormatRefusedError, DeviceBusyError
from docking.notes import NOTE_SUFFIX
from docking.refusals import take_back_refusal, write_refusal
from docking.usb_devices import read_usb_devices
from docking.usb_errors import UsbInterfaceRefusedError
from tests.bodycam_custody.slots.test_board import announce, ask, slot, wait_until_closed
from tests.bodycam_custody.stations import NOW, LiveStation, make_card
from tests.docking.usb_tree import KEYBOARD, PORT, STORAGE, Claims, UsbTree

CARD = Claims(product_id="1000", serial="0000017")
EXT4 = CardFormatRefusedError(device="/dev/sdb1", expected="exfat or vfat", found="ext4")


def refuse(live: LiveStation, tree: UsbTree, error: DockingError = EXT4, *, name: str = "sdb1") -> None:
    """Leave the note of the mount helper about a disk on port 2."""
    (usb,) = read_usb_devices(tree.sysfs)
    device = UsbBlockDevice(name=name, node=Path("/dev", name), number="8:17", diskseq=42, usb=usb)
    write_refusal(live.settings.paths.refused, device, error, now=live.clock.now())


def look(runtime: Runtime) -> None:
    runtime.board.look()
    runtime.board.enter_alarms()


def test_a_refused_card_is_entered_once_and_told(live: LiveStation, runtime: Runtime, tree: UsbTree) -> None:
    tree.plug("1-2", CARD)
    refuse(live, tree)
    for _ in range(3):
        look(runtime)
    (entry,) = live.entries("dock.alarmed")
    assert entry.subject == f"slot:{PORT}2"
    assert entry.facts == {
        "code": "card-refused",
        "recorder": "usb:4255:1000:0000017",
        "ports": [f"{PORT}2"],
        "docking_ids": [],
        "device": "4255:1000",
        "interface": None,
        "noted_at": "2026-11-21T12:00:00.000000Z",
        "refusal": {
            "code": "card-format-refused",
            "facts": {"device": "/dev/sdb1", "expected": "exfat or vfat", "found": "ext4"},
        },
    }
    (alarm,) = standing(runtime)
    assert (alarm["alarm"], alarm["problem"]) == (entry.seq, slot(runtime)["problem"])
    assert (slot(runtime)["is_dock"], slot(runtime)["why_not"]) == (True, "refused")


def test_a_refusal_is_entered_once_whoever_restarts(live: LiveStation, runtime: Runtime, tree: UsbTree) -> None:
    tree.plug("1-2", CARD)
    refuse(live, tree)
    look(runtime)
    again = Runtime(live.station, mode="test", sysfs=tree.sysfs)
    look(again)
    assert len(live.entries("dock.alarmed")) == 1
    again.close()


def test_a_daemon_that_starts_later_learns_of_a_card_that_is_gone(
    live: LiveStation, runtime: Runtime, tree: UsbTree
) -> None:
    tree.plug("1-2", CARD)
    refuse(live, tree)
    tree.pull("1-2")
    look(runtime)
    (alarm,) = ask(runtime, "status.show")["alarms"]
    assert alarm["slots"] == [f"{PORT}2"]


def test_a_keyboard_both_saw_is_one_alarm(live: LiveStation, runtime: Runtime, tree: UsbTree) -> None:
    tree.plug("1-2", CARD, interfaces=[STORAGE, KEYBOARD])
    refuse(live, tree, UsbInterfaceRefusedError(port="p", device="4255:1000", interface="03/01/01", acts_as="x"))
    look(runtime)
    assert [entry.facts["code"] for entry in live.entries("dock.alarmed")] == ["usb-interface-refused"]


def test_a_keyboard_only_the_helper_saw_is_an_alarm(live: LiveStation, runtime: Runtime, tree: UsbTree) -> None:
    tree.plug("1-2", CARD, interfaces=[STORAGE, KEYBOARD])
    refuse(live, tree, UsbInterfaceRefusedError(port="p", device="4255:1000", interface="03/01/01", acts_as="x"))
    tree.pull("1-2")
    look(runtime)
    (alarm,) = standing(runtime)
    assert alarm["code"] == "usb-interface-refused"
    assert alarm["problem"]["facts"]["acts_as"] == {"template": "a keyboard", "facts": {}}


def test_a_note_others_could_have_written_is_no_alarm(live: LiveStation, runtime: Runtime, tree: UsbTree) -> None:
    tree.plug("1-2", CARD)
    refuse(live, tree)
    (live.settings.paths.refused / f"sdb1{NOTE_SUFFIX}").chmod(0o666)
    look(runtime)
    assert (live.entries("dock.alarmed"), slot(runtime)["problem"]) == ([], None)


def test_a_card_that_is_mounted_in_the_end_is_refused_no_longer(
    live: LiveStation, runtime: Runtime, tree: UsbTree, tmp_path: Path
) -> None:
    tree.plug("1-2", CARD)
    refuse(live, tree, DeviceBusyError(device="/dev/sdb1", reason="Device or resource busy"))
    look(runtime)
    take_back_refusal(live.settings.paths.refused, "sdb1")
    later = NOW + timedelta(minutes=1)
    announce(live, make_card(tmp_path / "card", {"a.mp4": b"moving pictures"}), docked_at=later)
    assert (slot(runtime)["phase"], slot(runtime)["problem"]) == ("mounted", None)
    live.clock.advance(timedelta(minutes=1))
    runtime.watch_slips()
    runtime.board.stop()  # this test looks by itself
    wait_until_closed(live)
    assert standing(runtime) == []


def test_a_recorder_of_which_one_card_is_refused_is_not_safe_to_take_away(
    live: LiveStation, runtime: Runtime, tree: UsbTree, tmp_path: Path
) -> None:
    tree.plug("1-2", CARD)
    refuse(live, tree, name="sdc1")
    announce(live, make_card(tmp_path / "card", {"a.mp4": b"moving pictures"}))
    runtime.watch_slips()
    runtime.board.stop()  # this test looks by itself
    wait_until_closed(live)
    live.interpret()
    shown = slot(runtime)
    assert (shown["files_found"], shown["files_kept"]) == (1, 1)
    assert (shown["safe_to_take_away"], shown["why_not"], shown["phase"]) == ("no", "refused", "reading")


@pytest.mark.parametrize("claims", [CARD, Claims(serial=None)], ids=["names itself", "names nobody"])
def test_another_recorder_in_that_slot_settles_no_refusal(
    live: LiveStation, runtime: Runtime, tree: UsbTree, tmp_path: Path, claims: Claims
) -> None:
    tree.plug("1-2", claims)
    refuse(live, tree)
    look(runtime)
    tree.pull("1-2")
    live.clock.advance(timedelta(hours=1))
    card = make_card(tmp_path / "card", {"a.mp4": b"another recorder's"})
    for serial in ("ANOTHER", None):
        live.take_in(replace(live.arrival(card, serial=serial), card=card_in(card, serial)))
    (alarm,) = standing(runtime)
    live.take_in(replace(live.arrival(card), card=card_in(card, "0000017")))
    assert standing(runtime) == ([alarm] if claims.serial is None else [])
    ask(runtime, "alarms.acknowledge", alarm=str(alarm["alarm"]), by="custodian-1", note="examined")
    assert standing(runtime) == []


def test_the_other_card_of_a_recorder_settles_no_refusal(
    live: LiveStation, runtime: Runtime, tree: UsbTree, tmp_path: Path
) -> None:
    tree.plug("1-2", CARD)
    refuse(live, tree)
    look(runtime)
    live.clock.advance(timedelta(seconds=2))
    card = make_card(tmp_path / "card", {"a.mp4": b"the other card's"})
    live.take_in(replace(live.arrival(card), card=card_in(card, "0000017")))
    assert len(standing(runtime)) == 1


def card_in(folder: Path, serial: str | None) -> DockedCard:
    """Return a card of the unlocked recorder with this serial, in the slot of the refused one."""
    recorder = recorder_text(vendor_id="4255", product_id="1000", serial=serial)
    return DockedCard(
        root=folder, kind=DockingKind.DOCK, recorder=recorder, slot=None, port_path=f"{PORT}2:1.0", filesystem="folder"
    )


def standing(runtime: Runtime) -> list[dict[str, Any]]:
    """Return the alarms that stand, as `status` tells them."""
    found: list[dict[str, Any]] = ask(runtime, "status.show")["alarms"]
    return found


def alarmed(live: LiveStation, runtime: Runtime, tree: UsbTree, times: int = 1) -> list[int]:
    tree.plug("1-2", CARD)
    for number in range(times):
        live.clock.advance(timedelta(minutes=1))
        refuse(live, tree, name=f"sd{'bcdef'[number]}1")
        look(runtime)
    return [entry.seq for entry in live.entries("dock.alarmed")]


def test_an_acknowledged_alarm_is_closed_with_who_and_why(live: LiveStation, runtime: Runtime, tree: UsbTree) -> None:
    (alarm,) = alarmed(live, runtime, tree)
    done = ask(runtime, "alarms.acknowledge", alarm=str(alarm), by="custodian-1", note="备用硬盘")
    (entry,) = live.entries("alarm.acknowledged")
    note = str(entry.facts["note"])
    assert done == {"alarm": alarm, "at": "2026-11-21T12:01:00.000000Z", "by": "custodian-1", "entry": entry.seq}
    assert entry.facts == {"code": "card-refused", "person": "custodian-1", "note": note}
    assert (entry.subject, entry.actor) == (f"alarm:{alarm}", {"uid": os.geteuid(), "person": "custodian-1"})
    assert live.station.texts.reveal([note])[note] == "备用硬盘".encode()
    assert standing(runtime) == []
    ask(runtime, "stores.rebuild")
    assert standing(runtime) == []


def test_every_alarm_there_was_is_listed_with_what_became_of_it(
    live: LiveStation, runtime: Runtime, tree: UsbTree
) -> None:
    first, second, third = alarmed(live, runtime, tree, times=3)
    ask(runtime, "alarms.acknowledge", alarm=str(second), by="supervisor-1", note="examined")
    page = ask(runtime, "alarms.list", limit="2")
    assert [(one["alarm"], one["is_standing"], one["note"]) for one in page["items"]] == [
        (third, True, None),
        (second, False, "examined"),
    ]
    (last,) = ask(runtime, "alarms.list", after=page["next"])["items"]
    assert (last["alarm"], last["is_standing"], last["acknowledged_by"]) == (first, False, "supervisor-1")


def test_equal_alarms_are_told_as_one_and_closed_together(live: LiveStation, runtime: Runtime, tree: UsbTree) -> None:
    *_, newest = alarmed(live, runtime, tree, times=3)
    assert [one["alarm"] for one in standing(runtime)] == [newest]
    ask(runtime, "alarms.acknowledge", alarm=str(newest), by="supervisor-1", note="examined")
    assert standing(runtime) == []


def test_the_same_again_after_an_acknowledgement_is_an_alarm_again(
    live: LiveStation, runtime: Runtime, tree: UsbTree
) -> None:
    first, second = alarmed(live, runtime, tree, times=2)
    ask(runtime, "alarms.acknowledge", alarm=str(first), by="supervisor-1", note="examined")
    assert [one["alarm"] for one in standing(runtime)] == [second]


def test_an_alarm_is_acknowledged_once_and_by_somebody_who_may(
    live: LiveStation, runtime: Runtime, tree: UsbTree
) -> None:
    (alarm,) = alarmed(live, runtime, tree)
    with pytest.raises(RoleRequiredError):
        ask(runtime, "alarms.acknowledge", alarm=str(alarm), by="officer-1", note="mine")
    with pytest.raises(NotFoundError, match="no alarm with the id 9999"):
        ask(runtime, "alarms.acknowledge", alarm="9999", by="custodian-1", note="none")
    ask(runtime, "alarms.acknowledge", alarm=str(alarm), by="custodian-1", note="seen")
    with pytest.raises(AlarmClosedError, match=rf"alarm {alarm} was acknowledged by custodian-1 at "):
        ask(runtime, "alarms.acknowledge", alarm=str(alarm), by="supervisor-1", note="seen too")
    assert len(live.entries("alarm.acknowledged")) == 1
