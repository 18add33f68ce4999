"""Clearing a real card: a filesystem on a loop device that stands on USB, mounted as the mount helper does."""

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from docking.block_device import find_usb_block_device
from docking.card_access import require_nobody_writes
from docking.clearing_errors import CardInUseError
from docking.mount_helper import make_slip
from docking.mounting import SAFE_OPTIONS, read_volume_id, set_read_only
from docking.mounts import mount_at, read_mounts
from docking.slips import DockSlip
from tests.bodycam_custody.clearing.desk import FILES, Desk, clearing_desk
from tests.bodycam_custody.stations import NOW, make_card
from tests.docking.loop_card import LoopCard, mount_there, plugged_in

# One that every kernel has; the station in a box clears exFAT.
FILESYSTEM = "ext4"


@pytest.fixture
def card(tmp_path: Path) -> Iterator[LoopCard]:
    with plugged_in(tmp_path, FILESYSTEM) as card:
        mount_there(card, "-o", "rw")
        (card.mount_point / "lost+found").rmdir()
        make_card(card.mount_point, FILES)
        subprocess.run(["umount", card.mount_point], check=True)
        set_read_only(card.node)
        mount_there(card, "-o", ",".join([*SAFE_OPTIONS, "noload"]))
        yield card


@pytest.fixture
def desk(quick_path: Path, card: LoopCard) -> Iterator[Desk]:
    with clearing_desk(quick_path) as desk:
        desk.service.usb = (card.places.sysfs, FILESYSTEM)
        desk.card = card.mount_point
        yield desk


def slip_of(card: LoopCard) -> DockSlip:
    device = find_usb_block_device(card.name, sysfs=card.places.sysfs)
    slip = make_slip(device, FILESYSTEM, card.mount_point, volume_id=read_volume_id(card.node))
    return replace(slip, docked_at=NOW)


def hand_over(desk: Desk, card: LoopCard, slip: DockSlip) -> str:
    arrival = desk.live.arrival(card.mount_point, filesystem=FILESYSTEM)
    arrival = replace(arrival, card=replace(arrival.card, port_path=slip.port_path))
    return desk.dock_and_hand_over(desk.dock(arrival, name=card.name, slip=slip))


def test_a_mounted_card_is_cleared_and_nobody_sees_it_leave_or_come(desk: Desk, card: LoopCard) -> None:
    # R40
    docking_id = hand_over(desk, card, slip_of(card))
    before = mount_at(read_mounts(), card.mount_point)
    done = desk.clear(docking_id)
    assert (done["state"], done["files_removed"], done["files_left"], done["problem"]) == ("cleared", 3, 0, None)
    assert mount_at(read_mounts(), card.mount_point) == before
    require_nobody_writes(card.mount_point, card.node)
    subprocess.run(["umount", card.mount_point], check=True)
    mount_there(card, "-o", ",".join([*SAFE_OPTIONS, "noload"]))
    assert desk.on_card() == []
    assert (card.mount_point / "DCIM/100MEDIA").is_dir()


@pytest.mark.parametrize(
    ("differing", "said"),
    [
        ({"volume_id": "0000-0000"}, "expected volume 0000-0000"),
        ({"volume_id": None}, "expected volume —"),
        ({"device": "/dev/sdz1"}, "expected device /dev/sdz1"),
        ({"diskseq": 13}, "expected disk sequence 13, found 14"),
    ],
)
def test_a_card_that_is_not_the_one_of_its_slip_is_not_cleared(
    desk: Desk, card: LoopCard, differing: dict[str, object], said: str
) -> None:
    docking_id = hand_over(desk, card, replace(slip_of(card), **differing))  # type: ignore[arg-type]  # fields by name
    with pytest.raises(Exception, match=said):
        desk.clear(docking_id)
    assert len(desk.on_card()) == 3


def test_a_card_that_somebody_could_write_to_is_not_cleared(desk: Desk, card: LoopCard, tmp_path: Path) -> None:
    docking_id = hand_over(desk, card, slip_of(card))
    subprocess.run(["blockdev", "--setrw", card.node], check=True)
    with pytest.raises(Exception, match="expected a card that nobody can write to"):
        desk.clear(docking_id)
    assert len(desk.on_card()) == 3


@pytest.mark.parametrize(("moment", "left"), [("ready", 3), ("remove-1", 3), ("told-2", 1)])
def test_a_helper_that_is_killed_leaves_the_mount_read_only_for_everybody_else(
    desk: Desk, card: LoopCard, moment: str, left: int
) -> None:
    docking_id = hand_over(desk, card, slip_of(card))
    before = mount_at(read_mounts(), card.mount_point)
    assert before is not None
    desk.service.kill_at = moment
    if moment == "ready":
        with pytest.raises(Exception, match="does not answer"):
            desk.clear(docking_id)
        require_nobody_writes(card.mount_point, card.node)
    else:
        assert desk.clear(docking_id)["state"] == "unknown"
        with pytest.raises(CardInUseError):
            require_nobody_writes(card.mount_point, card.node)
    found = mount_at(read_mounts(), card.mount_point)
    assert found is not None
    assert found.options == before.options
    assert len(desk.on_card()) == left
    # What systemd starts when the helper has failed.
    command = [sys.executable, "-m", "bodycam_custody.clearing.helper", "restore"]
    restored = subprocess.run([*command, "--config", desk.live.settings.file], capture_output=True, text=True)
    assert restored.returncode == 0
    assert ("is read-only again" in restored.stderr) == (moment != "ready")
    require_nobody_writes(card.mount_point, card.node)
    assert mount_at(read_mounts(), card.mount_point) == before
