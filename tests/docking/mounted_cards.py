"""What the tests of the mount helper ask of a real card image."""

import hashlib
import shutil
import subprocess
from pathlib import Path

import pytest

from docking.block_device import UsbBlockDevice, find_usb_block_device
from docking.mount_helper import make_slip
from docking.mounts import mount_at, read_mounts
from docking.slips import DockSlip
from tests.docking.loop_card import LoopCard


def kernel_mounts(filesystem: str) -> bool:
    """Return whether this kernel mounts that filesystem itself, loading its module if there is one."""
    subprocess.run(["modprobe", "--quiet", filesystem], capture_output=True) if shutil.which("modprobe") else None
    return filesystem in Path("/proc/filesystems").read_text(encoding="ascii").split()


def device_of(card: LoopCard) -> UsbBlockDevice:
    return find_usb_block_device(card.name, sysfs=card.places.sysfs)


def slip_of(card: LoopCard, filesystem: str) -> DockSlip:
    return make_slip(device_of(card), filesystem, card.mount_point)


def digest(card: LoopCard) -> str:
    with (card.places.cards.parent / "card.img").open("rb") as image:
        return hashlib.file_digest(image, "sha256").hexdigest()


def mount_there(card: LoopCard, *arguments: str) -> None:
    """Mount the card where the mount helper would; skips the test where that is not allowed."""
    card.mount_point.mkdir(parents=True, exist_ok=True)
    done = subprocess.run(["mount", *arguments, card.node, card.mount_point], capture_output=True, text=True)
    if done.returncode != 0:
        pytest.skip(f"this machine does not mount it: {done.stderr.strip()}")


def nothing_is_left(card: LoopCard) -> bool:
    """Return whether there is neither a slip nor a mount of the card."""
    return list(card.places.slips.iterdir()) == [] and mount_at(read_mounts(), card.mount_point) is None
