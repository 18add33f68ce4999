"""A disk or partition on USB by the kernel's name: its node and number, and the USB device that carries it."""

import os
import re
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from docking.mount_errors import DeviceMissingError, DeviceNotUsbError, KernelNameRefusedError
from docking.presence import SYSFS
from docking.usb_devices import UsbDevice, usb_device_of_disk
from hashing.errors import shown

DEV: Final = Path("/dev")

# What the kernel calls disks and partitions: sdb, sdb1, mmcblk0p1. Nothing in it can be an option or a path.
_KERNEL_NAME: Final = re.compile(r"[a-z]{2,8}[a-z0-9]{0,15}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class UsbBlockDevice:
    """One block device on USB; `number` is "major:minor" as mountinfo writes it."""

    name: str
    node: Path
    number: str
    diskseq: int | None
    usb: UsbDevice


def require_kernel_name(name: str) -> None:
    """Return if `name` can be the kernel's name of a disk or partition.

    Raises:
        KernelNameRefusedError: it cannot.
    """
    if not _KERNEL_NAME.fullmatch(name):
        raise KernelNameRefusedError(name=shown(name))


def find_usb_block_device(name: str, *, sysfs: Path = SYSFS, dev: Path = DEV) -> UsbBlockDevice:
    """Return the block device the kernel calls `name`.

    Guaranteed: it hangs below a USB port, and its node in `dev` is the block device of that number.

    Raises:
        KernelNameRefusedError: `name` is not a kernel name.
        DeviceMissingError: there is no such device, or its node is another one.
        DeviceNotUsbError: it is not on USB.
    """
    require_kernel_name(name)
    node, folder = dev / name, (sysfs / "class" / "block" / name).resolve()
    try:
        number = (folder / "dev").read_text("ascii").strip()
        found = node.lstat()
    except OSError as err:
        raise DeviceMissingError(device=shown(node), found=os.strerror(err.errno or 0)) from err
    if not stat.S_ISBLK(found.st_mode) or f"{os.major(found.st_rdev)}:{os.minor(found.st_rdev)}" != number:
        raise DeviceMissingError(device=shown(node), found="a node that is not this block device")
    usb = usb_device_of_disk(name, sysfs)
    if usb is None:
        raise DeviceNotUsbError(device=shown(node))
    return UsbBlockDevice(name=name, node=node, number=number, diskseq=_disk_sequence(folder), usb=usb)


def _disk_sequence(folder: Path) -> int | None:
    # A partition's number is that of the disk it lies on, one folder up.
    for place in (folder, folder.parent):
        try:
            return int((place / "diskseq").read_text("ascii"))
        except (OSError, ValueError):
            continue
    return None
