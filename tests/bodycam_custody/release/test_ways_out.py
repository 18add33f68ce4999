"""Every reason for which a slot does not let its recorder go has a way out, walked from the slot itself (R11, R40)."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bodycam_custody.release.errors import NothingLeftError, SlotEmptyError
from bodycam_custody.runtime import Runtime
from bodycam_custody.slots.views import WhyNot
from docking.slips import write_slip
from tests.bodycam_custody.letting_go import BY, REASONS, safe_docking
from tests.bodycam_custody.slots.test_board import LOCKED, STICK, UNLOCKED, ask, slot
from tests.bodycam_custody.stations import NOW, LiveStation, make_card
from tests.docking.folder_slips import folder_slip
from tests.docking.usb_tree import CONTROL, KEYBOARD, PORT, STORAGE, UsbTree

PHASES = {"withdraw": "withdrawn", "release": "released-uncleared"}

# What the unlocked device calls itself.
NAMED = "usb:4255:1000:0000017"

Scene = Callable[[LiveStation, UsbTree, Path], None]


def announce(live: LiveStation, card: Path, *, port_path: str = "port-1") -> None:
    """Let the card stand in a slot whose docking is already over, or has not begun."""
    slip = folder_slip(card, NOW, port_path=port_path, slot=None)
    write_slip(live.settings.paths.slips, "card", slip)


def docked(reason: str) -> Scene:
    def scene(live: LiveStation, tree: UsbTree, folder: Path) -> None:
        REASONS[reason](live, folder)
        announce(live, folder / "card")

    return scene


def refused(live: LiveStation, tree: UsbTree, folder: Path) -> None:
    tree.plug("1-2", STICK, interfaces=[STORAGE, KEYBOARD])


def locked(live: LiveStation, tree: UsbTree, folder: Path) -> None:
    tree.plug("1-2", LOCKED, interfaces=[CONTROL])


def unlocking(live: LiveStation, tree: UsbTree, folder: Path) -> None:
    tree.plug("1-2", LOCKED, interfaces=[CONTROL])


def not_mounted(live: LiveStation, tree: UsbTree, folder: Path) -> None:
    tree.plug("1-2", UNLOCKED, interfaces=[STORAGE], disks=["sdb"])


def waiting(live: LiveStation, tree: UsbTree, folder: Path) -> None:
    announce(live, make_card(folder / "card", {"a.mp4": b"a"}))


LET_GO: dict[WhyNot, Scene] = {
    WhyNot.REFUSED: refused,
    WhyNot.LOCKED: locked,
    WhyNot.UNLOCKING: unlocking,
    WhyNot.NOT_MOUNTED: not_mounted,
    WhyNot.WAITING: waiting,
    WhyNot.FILES_FAILED: docked("a file cannot be read"),
    WhyNot.FOLDERS_UNLISTED: docked("a folder cannot be listed"),
    WhyNot.INTERRUPTED: docked("the card was gone before its end"),
    WhyNot.HELD: docked("its serial stood in two slots"),
    WhyNot.NOT_SAFE: docked("a copy is lost"),
}
# A card that gives nothing is given up, a clearing has its time limit, and what left early is docked again.
ENDS_BY_ITSELF = {WhyNot.READING, WhyNot.CLEARING, WhyNot.GONE_EARLY}


def test_no_reason_is_without_a_way_out() -> None:
    assert set(LET_GO) | ENDS_BY_ITSELF == set(WhyNot)


@pytest.mark.parametrize("act", BY)
@pytest.mark.parametrize("reason", LET_GO)
def test_what_stands_in_a_slot_is_let_go_by_naming_the_slot(
    live: LiveStation, runtime: Runtime, tree: UsbTree, quick_path: Path, reason: WhyNot, act: str
) -> None:
    # R11, R40
    LET_GO[reason](live, tree, quick_path)
    before = slot(runtime)
    if reason is WhyNot.UNLOCKING:
        tree.pull("1-2")
        before = slot(runtime)
    assert (before["why_not"], before["safe_to_take_away"]) == (reason.value, "no")
    ask(runtime, "slots.learn", name="slot 3", port=before["port"])
    done = ask(runtime, f"dockings.{act}", target="slot 3", person=BY[act], reason="it must go")
    after = slot(runtime)
    assert (after["phase"], after["why_not"], after["safe_to_take_away"]) == (PHASES[act], None, "no")
    assert (done["docking_id"], done["port"]) == (before["docking_id"], before["port"])
    assert (done["files_left"] is None) is (before["docking_id"] is None)


def test_a_locked_recorder_that_names_itself_is_away_in_the_register(
    live: LiveStation, runtime: Runtime, tree: UsbTree
) -> None:
    # R68
    ask(runtime, "recorders.add", recorder_id=NAMED, by="custodian-1")
    not_mounted(live, tree, live.root)
    ask(runtime, "dockings.withdraw", target=slot(runtime)["port"], person="custodian-1", reason="ext4")
    assert ask(runtime, "recorders.show", recorder_id=NAMED)["state"] == "withdrawn"
    (entry,) = live.entries("dock.withdrawn")
    assert (entry.subject, entry.facts["files_left"]) == (f"recorder:{NAMED}", None)
    tree.pull("1-2")
    assert slot(runtime)["phase"] == "empty"
    ask(runtime, "recorders.return", recorder_id=NAMED, by="custodian-1")
    assert ask(runtime, "recorders.show", recorder_id=NAMED)["state"] == "in-stock"


def test_a_recorder_that_was_withdrawn_and_comes_back_is_read_as_any_other(
    live: LiveStation, runtime: Runtime, tree: UsbTree
) -> None:
    not_mounted(live, tree, live.root)
    ask(runtime, "dockings.withdraw", target=slot(runtime)["port"], person="custodian-1", reason="ext4")
    tree.pull("1-2")
    slot(runtime)
    tree.plug("1-2", UNLOCKED, interfaces=[STORAGE], disks=["sdc"])
    assert (slot(runtime)["phase"], slot(runtime)["arrivals"]) == ("storage", 2)


def test_an_empty_slot_and_one_that_is_safe_let_nothing_go(
    live: LiveStation, runtime: Runtime, tree: UsbTree, quick_path: Path
) -> None:
    port = f"{PORT}2"
    not_mounted(live, tree, live.root)
    slot(runtime)
    tree.pull("1-2")
    with pytest.raises(SlotEmptyError) as refused:
        ask(runtime, "dockings.release", target=port, person="supervisor-1", reason="nothing")
    assert str(refused.value) == (
        f"nothing stands in slot {port} now; name the docking instead, as `custody dock list` shows it (A3 art. 7)"
    )
    safe_docking(live, quick_path)
    announce(live, quick_path / "card")
    with pytest.raises(NothingLeftError):
        ask(runtime, "dockings.release", target="port-1", person="supervisor-1", reason="nothing")
    assert live.rows("SELECT * FROM releases") == []


def test_what_was_let_go_is_known_again_after_a_restart(
    live: LiveStation, runtime: Runtime, tree: UsbTree, quick_path: Path
) -> None:
    LET_GO[WhyNot.FILES_FAILED](live, tree, quick_path)
    ask(runtime, "dockings.release", target=slot(runtime)["docking_id"], person="supervisor-1", reason="it must go")
    again = Runtime(live.station, mode="test", sysfs=tree.sysfs)
    assert slot(again)["phase"] == "released-uncleared"
    again.close()
    live.station.stopping.clear()


def test_a_withdrawal_may_become_a_release_in_the_slot_and_not_the_other_way_round(
    live: LiveStation, runtime: Runtime, tree: UsbTree
) -> None:
    not_mounted(live, tree, live.root)
    port: Any = slot(runtime)["port"]
    ask(runtime, "dockings.withdraw", target=port, person="custodian-1", reason="ext4")
    ask(runtime, "dockings.release", target=port, person="supervisor-1", reason="ext4")
    assert slot(runtime)["phase"] == "released-uncleared"
    assert ask(runtime, "recorders.show", recorder_id=NAMED)["withdrawn_since"] is None
