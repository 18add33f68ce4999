"""The first words of the status are never *all in order* while something stands in a slot that may not leave (R45)."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from bodycam_custody.slots.views import WhyNot
from cli.views.status import needs_attention, status_text
from cli.wire import Status
from tests.bodycam_custody.release.test_ways_out import LET_GO, waiting
from tests.bodycam_custody.stations import LiveStation
from tests.cli.live import Dock, dock_of_a_live_station
from tests.docking.usb_tree import UsbTree

# Time alone helps with these, and as long as it does nobody is needed.
ONLY_TIME = {WhyNot.UNLOCKING, WhyNot.NOT_MOUNTED, WhyNot.WAITING, WhyNot.READING, WhyNot.CLEARING, WhyNot.LOCKED}
CALM = ("ALL IN ORDER", "READY")


@pytest.fixture
def dock(tmp_path: Path) -> Iterator[Dock]:
    with dock_of_a_live_station(tmp_path / "dock") as dock:
        yield dock


def status(dock: Dock) -> Status:
    dock.look()
    shown: Status = dock.ask("status.show")
    return shown


def verdict(shown: Status) -> str:
    return status_text(shown).split("\n\n")[1]


def gone_early(live: LiveStation, tree: UsbTree, folder: Path) -> None:
    waiting(live, tree, folder)


SCENES = {**LET_GO, WhyNot.GONE_EARLY: gone_early}


@pytest.mark.parametrize("reason", SCENES)
def test_whatever_keeps_a_recorder_in_its_slot_is_said_first(dock: Dock, tmp_path: Path, reason: WhyNot) -> None:
    SCENES[reason](dock.live, dock.usb, tmp_path)
    (slot,) = dock.ask("slots.list")["items"]
    dock.ask("slots.learn", name="slot 3", port=slot["port"])
    if reason is WhyNot.UNLOCKING:
        dock.usb.pull("1-2")
    if reason is WhyNot.GONE_EARLY:
        (dock.live.settings.paths.slips / "card.json").unlink()
    shown = status(dock)
    assert [one["why_not"] for one in shown["slots"]] == [reason]
    assert needs_attention(shown) or reason in ONLY_TIME
    assert not verdict(shown).startswith(CALM)


def test_what_was_taken_away_too_early_is_said_after_a_restart_too(dock: Dock, tmp_path: Path) -> None:
    # R11
    LET_GO[WhyNot.INTERRUPTED](dock.live, dock.usb, tmp_path)
    (dock.live.settings.paths.slips / "card.json").unlink()
    shown = status(dock)
    assert shown["slots"] == []
    assert verdict(shown).startswith(
        "NEEDS ATTENTION\n"
        "  ! 1 recorder was not read whole, and neither docked again since nor released (custody dock list)"
    )


@pytest.mark.parametrize("reason", list(WhyNot))
def test_no_reason_is_passed_over(dock: Dock, tmp_path: Path, reason: WhyNot) -> None:
    waiting(dock.live, dock.usb, tmp_path)
    shown = status(dock)
    (slot,) = shown["slots"]
    slot["why_not"] = reason
    assert not verdict(shown).startswith(CALM)
