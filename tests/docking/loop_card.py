"""A real card image on a loop device, shown as a disk on a USB port by a sysfs of our own."""

import contextlib
import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from docking.block_device import UsbBlockDevice, find_usb_block_device
from docking.mount_helper import Places, make_slip
from docking.slips import DockSlip

# USB 2.0 §9.6: a configuration, and interfaces of mass storage (08/06/50) and of a keyboard (03/01/01).
CONFIGURATION = bytes([9, 2, 18, 0, 1, 1, 0, 0x80, 50])
STORAGE = bytes([9, 4, 0, 0, 2, 0x08, 0x06, 0x50, 0])
CONTROL = bytes([9, 4, 1, 0, 2, 0xFF, 0x00, 0x00, 0])
KEYBOARD = bytes([9, 4, 1, 0, 1, 0x03, 0x01, 0x01, 0])

MAKERS = {"vfat": ["mkfs.vfat"], "exfat": ["mkfs.exfat"], "ext4": ["mkfs.ext4", "-q"]}
IMAGE_BYTES = 8 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class LoopCard:
    """A card that is plugged in: the kernel's name, and where the helper finds things."""

    name: str
    node: Path
    places: Places

    @property
    def mount_point(self) -> Path:
        return self.places.mount_point(self.name)

    @property
    def usb(self) -> Path:
        """The sysfs folder of the USB device."""
        return (self.places.sysfs / "class/block" / self.name).resolve().parents[5]


@contextlib.contextmanager
def plugged_in(folder: Path, filesystem: str | None) -> Iterator[LoopCard]:
    """Plug a card with that filesystem (None: zeros) into a port; skips the test where that is not allowed."""
    image = folder / "card.img"
    with image.open("wb") as file:
        file.truncate(IMAGE_BYTES)
    if filesystem is not None:
        maker = MAKERS[filesystem]
        if shutil.which(maker[0]) is None:
            pytest.skip(f"this machine has no {maker[0]}")
        subprocess.run([*maker, str(image)], check=True, capture_output=True)
    if os.geteuid() != 0:
        pytest.skip("needs root for a loop device")
    attached = subprocess.run(["losetup", "--find", "--show", image], capture_output=True, text=True)
    if attached.returncode != 0:
        pytest.skip(f"this machine does not let us have a loop device: {attached.stderr.strip()}")
    node = Path(attached.stdout.strip())
    try:
        places = Places(
            cards=folder / "cards",
            slips=folder / "docked",
            refused=folder / "refused",
            unlocked=folder / "unlocked",
            families=folder / "recorder-families.toml",
            sysfs=folder / "sys",
        )
        for notes in (places.slips, places.refused, places.unlocked):
            notes.mkdir()
        show_on_usb(places.sysfs, node)
        yield LoopCard(name=node.name, node=node, places=places)
    finally:
        subprocess.run(["umount", "--lazy", folder / "cards" / node.name], capture_output=True)
        # The flag stays with the loop device, whoever has it next.
        subprocess.run(["blockdev", "--setrw", node], capture_output=True)
        subprocess.run(["losetup", "--detach", node], check=True)


def show_on_usb(sysfs: Path, node: Path) -> Path:
    """Make a sysfs in which `node` is the disk of recorder 4255:0001 A1 on port 2; return the USB device's folder."""
    number = node.stat().st_rdev
    controller = sysfs / "devices/pci0000:00/0000:00:14.0"
    usb = controller / "usb1/1-2"
    disk = usb / "1-2:1.0/host2/target2:0:0/2:0:0:0/block" / node.name
    disk.mkdir(parents=True)
    for subsystem, folder in (("pci", controller), ("usb", usb.parent), ("usb", usb)):
        (sysfs / "bus" / subsystem).mkdir(parents=True, exist_ok=True)
        (folder / "subsystem").symlink_to(sysfs / "bus" / subsystem)
    values = {"idVendor": "4255", "idProduct": "0001", "serial": "A1", "busnum": "1", "devnum": "7"}
    for name, value in values.items():
        (usb / name).write_text(f"{value}\n", encoding="ascii")
    (usb / "descriptors").write_bytes(CONFIGURATION + STORAGE)
    (disk / "dev").write_text(f"{os.major(number)}:{os.minor(number)}\n", encoding="ascii")
    (disk / "diskseq").write_text("14\n", encoding="ascii")
    (disk / "size").write_text(f"{IMAGE_BYTES // 512}\n", encoding="ascii")
    for place in ("class/block", "dev/block"):
        (sysfs / place).mkdir(parents=True)
    (sysfs / "class/block" / node.name).symlink_to(disk)
    (sysfs / "dev/block" / f"{os.major(number)}:{os.minor(number)}").symlink_to(disk)
    return usb


def device_of(card: LoopCard) -> UsbBlockDevice:
    """Return the card's device as the helper finds it."""
    return find_usb_block_device(card.name, sysfs=card.places.sysfs)


def slip_of(card: LoopCard, filesystem: str) -> DockSlip:
    """Return the slip that the helper would write for the card."""
    return make_slip(device_of(card), filesystem, card.mount_point)


def mount_there(card: LoopCard, *arguments: str) -> None:
    """Mount the card as somebody else would; skips the test where that is not possible."""
    card.mount_point.mkdir(parents=True, exist_ok=True)
    done = subprocess.run(["mount", *arguments, card.node, card.mount_point], capture_output=True, text=True)
    if done.returncode != 0:
        pytest.skip(f"this machine does not mount it: {done.stderr.strip()}")
