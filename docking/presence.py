"""Whether a card is still there: yes, no or cannot tell. An unplugged one may list as empty without any error."""

import errno
import os
from enum import StrEnum
from pathlib import Path
from typing import Final

from docking.errors import CardEmptyUnprovenError, CardGoneError, CardUnreadableError
from docking.mounts import read_mounts
from hashing.errors import shown

DIRECTORY_FLAGS: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC

SYSFS: Final = Path("/sys")

# What the kernel answers once the device, its driver or its server has left.
_GONE: Final = frozenset(
    {errno.ENODEV, errno.ENXIO, errno.ESTALE, errno.ENOTCONN, errno.ESHUTDOWN, errno.ENOMEDIUM, errno.EHOSTDOWN}
)


# Kept by this machine's own kernel, without one block device; behind any other stands somebody who may leave.
_OWN_FILESYSTEMS: Final = frozenset({"tmpfs", "ramfs", "btrfs", "overlay", "zfs", "bcachefs"})


class Presence(StrEnum):
    """Whether the device of a card is there."""

    PRESENT = "present"
    GONE = "gone"
    CANNOT_TELL = "cannot-tell"


def open_card(root: Path) -> int:
    """Return a descriptor of the folder `root`; the caller closes it.

    A symbolic link as the last component is refused; those before it are followed, as the caller chose that path.

    Raises:
        CardGoneError: nothing is there, or its device left.
        CardUnreadableError: it is there and is no folder that can be listed.
    """
    try:
        return os.open(root, DIRECTORY_FLAGS)
    except OSError as err:
        reason = os.strerror(err.errno or 0)
        if says_gone(err) or err.errno == errno.ENOENT:
            raise CardGoneError(card=shown(root), reason=reason) from err
        raise CardUnreadableError(card=shown(root), reason=reason) from err


def says_gone(err: OSError) -> bool:
    """Return whether the kernel said that the device left; EIO alone may be one bad sector."""
    return err.errno in _GONE


def has_device_left(device: int, sysfs: Path = SYSFS) -> bool:
    """Return whether the block device with number `device` is known to be gone.

    False where it cannot be told: filesystems without a block device, or no sysfs.
    """
    if os.major(device) == 0:
        return False
    devices = sysfs / "dev" / "block"
    if (devices / f"{os.major(device)}:{os.minor(device)}").exists():
        return False
    try:
        return next(devices.iterdir(), None) is not None
    except OSError:
        return False


def device_presence(device: int, sysfs: Path = SYSFS) -> Presence:
    """Return whether the device with number `device` is there and has a medium, as the kernel shows it now."""
    if os.major(device) == 0:
        number = f"{os.major(device)}:{os.minor(device)}"
        kinds = {mount.filesystem for mount in read_mounts() if mount.device == number}
        return Presence.PRESENT if kinds and kinds <= _OWN_FILESYSTEMS else Presence.CANNOT_TELL
    if has_device_left(device, sysfs):
        return Presence.GONE
    try:
        # A card reader stays when its card is taken out: its disk then has no sectors.
        size = (sysfs / "dev" / "block" / f"{os.major(device)}:{os.minor(device)}" / "size").read_text("ascii")
        return Presence.PRESENT if int(size) > 0 else Presence.GONE
    except (OSError, ValueError):
        return Presence.CANNOT_TELL


def confirm_card_empty(root: Path, root_fd: int, sysfs: Path = SYSFS) -> None:
    """Return if a card that listed as empty, and is still mounted, has its device there to say so.

    Raises:
        CardGoneError: the device, or the medium in it, is not there any more.
        CardEmptyUnprovenError: nobody can tell.
    """
    presence = device_presence(os.fstat(root_fd).st_dev, sysfs)
    if presence is Presence.GONE:
        raise CardGoneError(card=shown(root), reason="its device left the machine")
    if presence is Presence.CANNOT_TELL:
        raise CardEmptyUnprovenError(card=shown(root))


def confirm_card_present(root: Path, root_fd: int, sysfs: Path = SYSFS) -> None:
    """Return if `root` still leads to the folder open as `root_fd` and its block device is still there.

    Guarantees that a listing made in between was not made of nothing, where its device can be asked; for an empty one
    that must be known (`confirm_card_empty`). Not checked: that every sector can be read.

    Raises:
        CardGoneError: the folder was removed, unmounted or replaced, or the device left.
    """
    opened = os.fstat(root_fd)
    try:
        now = root.lstat()
    except OSError as err:
        raise CardGoneError(card=shown(root), reason=os.strerror(err.errno or 0)) from err
    if (now.st_dev, now.st_ino) != (opened.st_dev, opened.st_ino):
        raise CardGoneError(card=shown(root), reason="another folder stands there now")
    if has_device_left(opened.st_dev, sysfs):
        raise CardGoneError(card=shown(root), reason="its device left the machine")
