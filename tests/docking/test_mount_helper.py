"""The mount helper on real card images: what it mounts, and everything it refuses."""

import hashlib
import os
import shutil
import struct
import subprocess
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from docking.block_device import find_usb_block_device
from docking.drivers.told_visit import clock_before_docking
from docking.errors import FamiliesInvalidError
from docking.mount_errors import (
    CardFormatRefusedError,
    CardMountFailedError,
    DeviceBusyError,
    DeviceMissingError,
    DeviceNotUsbError,
    KernelNameRefusedError,
)
from docking.mount_helper import EXIT_REFUSED, EXIT_USAGE, dock, main, make_slip, undock
from docking.mounting import SAFE_OPTIONS, is_read_only, read_format, require_unused, unmount
from docking.mounts import mount_at, read_mounts
from docking.notes import write_note
from docking.refusals import read_refusal
from docking.slips import read_slip
from docking.usb_errors import UsbInterfaceRefusedError
from tests.docking.drivers.told_reports import report
from tests.docking.loop_card import (
    CONFIGURATION,
    CONTROL,
    KEYBOARD,
    STORAGE,
    LoopCard,
    device_of,
    mount_there,
    plugged_in,
    slip_of,
)

HOSTILE = [
    "",
    "-o",
    "--help",
    "../sdb1",
    "/dev/sdb1",
    "sdb1;reboot",
    "sdb1\n",
    "sdb1 rw",
    "SDB1",
    "sdb\u0661",
    "a" * 30,
]


def kernel_mounts(filesystem: str) -> bool:
    """Return whether this kernel mounts that filesystem itself, loading its module if there is one."""
    subprocess.run(["modprobe", "--quiet", filesystem], capture_output=True) if shutil.which("modprobe") else None
    return filesystem in Path("/proc/filesystems").read_text(encoding="ascii").split()


@pytest.fixture(params=["vfat", "exfat"])
def card(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[LoopCard]:
    """A recorder's card."""
    with plugged_in(tmp_path, request.param) as card:
        yield card


@pytest.fixture
def ext4_card(tmp_path: Path) -> Iterator[LoopCard]:
    with plugged_in(tmp_path, "ext4") as card:
        yield card


def digest(card: LoopCard) -> str:
    with (card.places.cards.parent / "card.img").open("rb") as image:
        return hashlib.file_digest(image, "sha256").hexdigest()


def test_a_card_is_mounted_read_only_announced_and_taken_back_unchanged(card: LoopCard) -> None:
    filesystem = read_format(card.node)
    if not kernel_mounts(filesystem):
        pytest.skip(f"this kernel has no {filesystem}; the station in a box mounts it")
    before = digest(card)
    path = dock(card.name, card.places)
    assert path is not None
    slip = read_slip(path, trusted_uids=frozenset({0}))
    assert (slip.device, slip.filesystem, slip.mount_point) == (str(card.node), filesystem, card.mount_point)
    mount = mount_at(read_mounts(), card.mount_point)
    assert mount is not None
    assert set(SAFE_OPTIONS) <= mount.options
    assert is_read_only(card.node)
    undock(card.name, card.places)
    assert (list(card.places.slips.iterdir()), mount_at(read_mounts(), card.mount_point)) == ([], None)
    assert digest(card) == before


def test_the_slip_says_which_port_and_what_the_recorder_claims(card: LoopCard) -> None:
    slip = slip_of(card, "vfat")
    assert (slip.vendor_id, slip.product_id, slip.serial, slip.diskseq) == ("4255", "0001", "A1", 14)
    assert slip.port_path == "pci-0000:00:14.0-usb-0:2"
    assert slip.slot is None


def test_a_serial_that_cannot_be_printed_is_not_claimed(card: LoopCard) -> None:
    (card.usb / "serial").write_bytes(b"A\x1b[2J1\n")
    assert slip_of(card, "vfat").serial is None


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


def test_the_slip_has_the_clock_of_the_recorder_that_was_unlocked_a_moment_ago(card: LoopCard) -> None:  # R32
    write_note(card.places.unlocked, "1-2", report(at=datetime.now(UTC) - timedelta(seconds=5)))
    clock = clock_before_docking(
        card.places.unlocked, device_of(card).usb, now=datetime.now(UTC), trusted_uids=frozenset({0})
    )
    slip = make_slip(device_of(card), "vfat", card.mount_point, clock=clock)
    assert (slip.clock_offset_ms, slip.clock_offset_uncertainty_ms) == (-90_000, 501)


def nothing_is_left(card: LoopCard) -> bool:
    return list(card.places.slips.iterdir()) == [] and mount_at(read_mounts(), card.mount_point) is None


def test_a_card_without_filesystem_is_refused(tmp_path: Path) -> None:
    with plugged_in(tmp_path, None) as card:
        with pytest.raises(CardFormatRefusedError, match="found no filesystem"):
            dock(card.name, card.places)
        assert nothing_is_left(card)


def damaged_boot_sector(image: Path) -> None:
    with image.open("r+b") as file:
        file.write(bytes(512))


def luks_header(image: Path) -> None:
    # LUKS on-disk format 1.2.3, §2.1: magic and version.
    with image.open("r+b") as file:
        file.write(b"LUKS\xba\xbe\x00\x01".ljust(4096, b"\0"))


def raid_member(image: Path) -> None:
    # linux/raid/md_p.h: version 1.2, 4 KiB from the beginning; where it stands is in it, in sectors.
    superblock = struct.pack("<II", 0xA92B4EFC, 1).ljust(144, b"\0") + struct.pack("<Q", 8)
    with image.open("r+b") as file:
        file.write(bytes(4096) + superblock.ljust(512, b"\0"))


@pytest.mark.parametrize(
    ("damage", "found"),
    [
        (damaged_boot_sector, "no filesystem"),
        (luks_header, "crypto_LUKS"),
        (raid_member, "linux_raid_member"),
    ],
)
def test_a_card_whose_filesystem_nobody_recognises_is_refused_and_told(
    tmp_path: Path, damage: Callable[[Path], None], found: str
) -> None:
    with plugged_in(tmp_path, "vfat") as card:
        damage(tmp_path / "card.img")
        subprocess.run(["blockdev", "--flushbufs", card.node], check=True)
        with pytest.raises(CardFormatRefusedError, match=f"found {found}"):
            dock(card.name, card.places)
        (told,) = card.places.refused.iterdir()
        assert read_refusal(told, trusted_uids=frozenset({0})).problem["facts"]["found"] == found
        assert nothing_is_left(card)


def test_a_disk_whose_partitions_are_the_cards_is_left_to_them(ext4_card: LoopCard) -> None:
    disk = (ext4_card.places.sysfs / "class/block" / ext4_card.name).resolve()
    (disk / f"{ext4_card.name}p1").mkdir()
    (disk / f"{ext4_card.name}p1" / "partition").write_text("1\n", encoding="ascii")
    assert dock(ext4_card.name, ext4_card.places) is None
    assert nothing_is_left(ext4_card)
    assert list(ext4_card.places.refused.iterdir()) == []
    assert not is_read_only(ext4_card.node)


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


@pytest.mark.parametrize("name", HOSTILE)
def test_nothing_but_a_kernel_name_is_accepted(name: str, tmp_path: Path) -> None:
    for verb in (find_usb_block_device, undock):
        with pytest.raises(KernelNameRefusedError, match="expected the kernel's name"):
            verb(name)
    assert main(["dock", name]) == EXIT_REFUSED


@pytest.mark.parametrize("arguments", [[], ["dock"], ["dock", "sdb1", "-orw"], ["mount", "sdb1"], ["--help"]])
def test_other_arguments_are_refused(arguments: list[str]) -> None:
    assert main(arguments) == EXIT_USAGE


def test_a_device_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DeviceMissingError, match=r"/dev/sdzz9: expected a block device, found No such file"):
        find_usb_block_device("sdzz9")


def test_a_node_that_is_another_device_is_refused(card: LoopCard, tmp_path: Path) -> None:
    dev = tmp_path / "dev"
    dev.mkdir()
    (dev / card.name).write_text("no device", encoding="ascii")
    with pytest.raises(DeviceMissingError, match="a node that is not this block device"):
        find_usb_block_device(card.name, sysfs=card.places.sysfs, dev=dev)


def test_a_disk_that_is_not_on_usb_is_left_alone(card: LoopCard) -> None:
    with pytest.raises(DeviceNotUsbError, match="expected a card on USB"):
        find_usb_block_device(card.name)
    assert main(["dock", card.name]) == EXIT_REFUSED


def test_a_card_beside_a_keyboard_is_refused(card: LoopCard) -> None:
    (card.usb / "descriptors").write_bytes(CONFIGURATION + STORAGE + KEYBOARD)
    with pytest.raises(UsbInterfaceRefusedError, match="03/01/01"):
        dock(card.name, card.places)
    assert nothing_is_left(card)
    assert not is_read_only(card.node)


def test_a_device_that_is_mounted_already_is_refused(ext4_card: LoopCard) -> None:
    elsewhere = replace(ext4_card, places=replace(ext4_card.places, cards=ext4_card.places.cards / "other"))
    mount_there(elsewhere)
    try:
        with pytest.raises(DeviceBusyError, match=r"found it in use \(Device or resource busy\)"):
            dock(ext4_card.name, ext4_card.places)
        with pytest.raises(DeviceBusyError):
            require_unused(ext4_card.node)
    finally:
        unmount(elsewhere.mount_point)


def test_a_mount_that_fails_leaves_nothing(card: LoopCard) -> None:
    if kernel_mounts(read_format(card.node)):
        pytest.skip("this kernel mounts the card")
    with pytest.raises(CardMountFailedError) as caught:
        dock(card.name, card.places)
    assert f"{card.node}: mounting or unmounting at {card.mount_point} failed (" in str(caught.value)
    assert nothing_is_left(card)


def test_undocking_what_is_not_docked_is_harmless(card: LoopCard) -> None:
    undock(card.name, card.places)
    assert nothing_is_left(card)


def test_undocking_takes_the_slip_back_even_when_the_card_is_being_read(ext4_card: LoopCard) -> None:
    mount_there(ext4_card, "-o", "ro")
    slip = ext4_card.places.slips / f"{ext4_card.name}.json"
    slip.write_text("{}", encoding="ascii")
    reader = os.open(ext4_card.mount_point, os.O_RDONLY)
    try:
        undock(ext4_card.name, ext4_card.places)
        assert (slip.exists(), ext4_card.mount_point.exists()) == (False, False)
    finally:
        os.close(reader)
