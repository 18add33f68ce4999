"""Which device the mount helper leaves alone: hostile names, what is no card, and what is in use."""

from dataclasses import replace
from pathlib import Path

import pytest

from docking.block_device import find_usb_block_device
from docking.mount_errors import (
    DeviceBusyError,
    DeviceMissingError,
    DeviceNotUsbError,
    DeviceWritableError,
    KernelNameRefusedError,
)
from docking.mount_helper import (
    EXIT_REFUSED,
    EXIT_USAGE,
    dock,
    is_read_only,
    main,
    require_unused,
    set_read_only,
    undock,
    unmount,
)
from docking.usb_errors import UsbInterfaceRefusedError
from tests.docking.loop_card import CONFIGURATION, KEYBOARD, STORAGE, LoopCard
from tests.docking.mounted_cards import mount_there, nothing_is_left

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


def test_a_device_is_made_read_only_and_the_kernel_asked(usb_card: LoopCard) -> None:
    assert not is_read_only(usb_card.node)
    set_read_only(usb_card.node)
    assert is_read_only(usb_card.node)
    with pytest.raises(PermissionError), usb_card.node.open("r+b", buffering=0) as device:
        device.write(bytes(4096))


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


def test_a_node_that_is_another_device_is_refused(usb_card: LoopCard, tmp_path: Path) -> None:
    dev = tmp_path / "dev"
    dev.mkdir()
    (dev / usb_card.name).write_text("no device", encoding="ascii")
    with pytest.raises(DeviceMissingError, match="a node that is not this block device"):
        find_usb_block_device(usb_card.name, sysfs=usb_card.places.sysfs, dev=dev)


def test_a_disk_that_is_not_on_usb_is_left_alone(usb_card: LoopCard) -> None:
    with pytest.raises(DeviceNotUsbError, match="expected a card on USB"):
        find_usb_block_device(usb_card.name)
    assert main(["dock", usb_card.name]) == EXIT_REFUSED


def test_a_card_beside_a_keyboard_is_refused(usb_card: LoopCard) -> None:
    (usb_card.usb / "descriptors").write_bytes(CONFIGURATION + STORAGE + KEYBOARD)
    with pytest.raises(UsbInterfaceRefusedError, match="03/01/01"):
        dock(usb_card.name, usb_card.places)
    assert nothing_is_left(usb_card)
    assert not is_read_only(usb_card.node)


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


def test_a_device_that_stays_writable_is_refused(tmp_path: Path) -> None:
    plain = tmp_path / "plain"
    plain.write_bytes(b"")
    with pytest.raises(DeviceWritableError, match="expected a device the kernel keeps read-only"):
        set_read_only(plain)
