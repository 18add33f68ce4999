"""Cards the mount helper refuses: untouched, and told to the daemon."""

import os
import shutil
import subprocess
import threading
from pathlib import Path

import pytest

from docking.errors import FamiliesInvalidError
from docking.mount_errors import CardFormatRefusedError
from docking.mount_helper import dock, is_read_only, undock
from docking.refusals import read_refusal
from tests.docking.loop_card import CONFIGURATION, CONTROL, STORAGE, LoopCard, plugged_in
from tests.docking.mounted_cards import digest, nothing_is_left


def test_ext4_is_refused_untouched(ext4_card: LoopCard) -> None:
    before = digest(ext4_card)
    with pytest.raises(CardFormatRefusedError) as caught:
        dock(ext4_card.name, ext4_card.places)
    assert str(caught.value) == (
        f"{ext4_card.node}: expected a card formatted as exfat or vfat, found ext4; it is not mounted. If it is a "
        "recorder's card, keep it and have it examined."
    )
    assert nothing_is_left(ext4_card)
    # A disk that is no card, perhaps a store, is not made read-only either.
    assert not is_read_only(ext4_card.node)
    assert digest(ext4_card) == before


def test_a_refusal_is_left_for_the_daemon(ext4_card: LoopCard) -> None:
    with pytest.raises(CardFormatRefusedError) as caught:
        dock(ext4_card.name, ext4_card.places)
    (path,) = ext4_card.places.refused.iterdir()
    assert path.name == f"{ext4_card.name}.json"
    refusal = read_refusal(path, trusted_uids=frozenset({0}))
    assert (refusal.device, refusal.port) == (str(ext4_card.node), "pci-0000:00:14.0-usb-0:2")
    assert (refusal.bus, refusal.address, refusal.recorder) == (1, 7, "usb:4255:0001:A1")
    assert refusal.problem == {
        "code": "card-format-refused",
        "template": CardFormatRefusedError.template,
        "facts": {"device": str(ext4_card.node), "expected": "exfat or vfat", "found": "ext4"},
    }
    assert refusal.problem["template"].format(**refusal.problem["facts"]) == str(caught.value)


def test_a_card_that_is_pulled_in_the_middle_is_not_refused(ext4_card: LoopCard) -> None:
    """It leaves while the last of its attributes is read: what is found out of it after that is no finding."""
    sequence = ext4_card.places.sysfs / "class/block" / ext4_card.name / "diskseq"
    sequence.unlink()
    os.mkfifo(sequence)
    puller = threading.Thread(target=_answer_and_leave, args=(sequence, ext4_card.usb))
    puller.start()
    with pytest.raises(CardFormatRefusedError):
        dock(ext4_card.name, ext4_card.places)
    puller.join()
    assert list(ext4_card.places.refused.iterdir()) == []


def _answer_and_leave(attribute: Path, device: Path) -> None:
    with attribute.open("w", encoding="ascii") as answer:
        shutil.rmtree(device)
        answer.write("14\n")


def test_a_list_of_families_that_is_broken_keeps_no_plain_card_away(ext4_card: LoopCard) -> None:
    ext4_card.places.families.write_text("not a list", encoding="utf-8")
    with pytest.raises(CardFormatRefusedError):
        dock(ext4_card.name, ext4_card.places)
    (ext4_card.usb / "descriptors").write_bytes(CONFIGURATION + STORAGE + CONTROL)
    (ext4_card.usb / "idVendor").write_text("1234\n", encoding="ascii")
    with pytest.raises(FamiliesInvalidError):
        dock(ext4_card.name, ext4_card.places)


def test_a_refusal_is_no_less_one_where_the_daemon_cannot_be_told(ext4_card: LoopCard) -> None:
    ext4_card.places.refused.rmdir()
    with pytest.raises(CardFormatRefusedError):
        dock(ext4_card.name, ext4_card.places)


def test_a_refusal_stays_when_the_device_leaves(ext4_card: LoopCard) -> None:
    with pytest.raises(CardFormatRefusedError):
        dock(ext4_card.name, ext4_card.places)
    undock(ext4_card.name, ext4_card.places)
    assert len(list(ext4_card.places.refused.iterdir())) == 1


def test_a_card_without_filesystem_is_refused(tmp_path: Path) -> None:
    with plugged_in(tmp_path, None) as card:
        with pytest.raises(CardFormatRefusedError, match="found no filesystem"):
            dock(card.name, card.places)
        assert nothing_is_left(card)


def test_a_card_that_is_two_filesystems_at_once_is_refused(ext4_card: LoopCard, tmp_path: Path) -> None:
    if shutil.which("mkfs.vfat") is None:
        pytest.skip("mkfs.vfat is not installed (dosfstools)")
    vfat = tmp_path / "vfat.img"
    with vfat.open("wb") as file:
        file.truncate(2 * 1024 * 1024)
    subprocess.run(["mkfs.vfat", vfat], check=True, capture_output=True)
    with (tmp_path / "card.img").open("r+b") as image:
        image.write(vfat.read_bytes()[:512])
    with pytest.raises(CardFormatRefusedError):
        dock(ext4_card.name, ext4_card.places)
    assert nothing_is_left(ext4_card)
