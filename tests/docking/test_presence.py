"""Whether a card is there has three answers, and an empty listing counts only where the first of them was given."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from docking.errors import CardEmptyUnprovenError, CardGoneError
from docking.inventory import take_inventory
from docking.presence import Presence, device_presence
from tests.bodycam_custody.odd_card import VANISHED, odd_card
from tests.docking.exfat_card import make_image, plugged_in

DEVICE = os.makedev(8, 17)


@pytest.fixture
def sysfs(tmp_path: Path) -> Path:
    """A sysfs that shows disk 8:17 with sectors."""
    disk = tmp_path / "sys" / "dev" / "block" / "8:17"
    disk.mkdir(parents=True)
    (disk / "size").write_text("2048\n", encoding="ascii")
    return tmp_path / "sys"


def test_a_disk_that_shows_its_sectors_is_present(sysfs: Path) -> None:
    assert device_presence(DEVICE, sysfs) is Presence.PRESENT


def test_a_disk_that_the_kernel_shows_no_more_is_gone(sysfs: Path) -> None:
    assert device_presence(os.makedev(8, 33), sysfs) is Presence.GONE


def test_a_reader_whose_card_was_taken_out_has_no_card(sysfs: Path) -> None:
    (sysfs / "dev/block/8:17/size").write_text("0\n", encoding="ascii")
    assert device_presence(DEVICE, sysfs) is Presence.GONE


@pytest.mark.parametrize("sysfs_shows", ["nothing", "no size", "a strange size"])
def test_without_a_kernel_to_ask_nobody_can_tell(sysfs: Path, sysfs_shows: str) -> None:
    if sysfs_shows == "nothing":
        shutil.rmtree(sysfs)
    elif sysfs_shows == "no size":
        (sysfs / "dev/block/8:17/size").unlink()
    else:
        (sysfs / "dev/block/8:17/size").write_text("many", encoding="ascii")
    assert device_presence(DEVICE, sysfs) is Presence.CANNOT_TELL


def test_an_empty_folder_in_memory_is_empty(card: Path, mount: Callable[..., Path]) -> None:
    mount(card, "-t", "tmpfs", "none")
    assert device_presence(card.stat().st_dev) is Presence.PRESENT
    assert take_inventory(card).files == ()


def test_a_card_that_suddenly_lists_as_empty_is_not_empty(tmp_path: Path) -> None:
    # R11, R27, R40
    folder = tmp_path / "card"
    (folder / "DCIM").mkdir(parents=True)
    (folder / "DCIM" / "a.mp4").write_bytes(b"moving pictures")
    with odd_card(folder, VANISHED, "") as vanished:
        assert list(vanished.iterdir()) == []
        with pytest.raises(CardEmptyUnprovenError) as unproven:
            take_inventory(vanished)
        assert str(unproven.value) == (
            f"{vanished}: the card lists as empty, and it cannot be told whether it is still there. It does not count "
            "as empty: take it out and dock it again."
        )


def test_an_empty_exfat_card_is_empty_as_long_as_its_disk_is_there(tmp_path: Path) -> None:
    # R11
    with plugged_in(make_image(tmp_path, {})) as card:
        assert take_inventory(card).files == ()
        without = tmp_path / "sys"
        (without / "dev" / "block" / "999:0").mkdir(parents=True)
        with pytest.raises(CardGoneError, match="its device left the machine"):
            take_inventory(card, sysfs=without)
