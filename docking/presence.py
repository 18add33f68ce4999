"""Whether a card is still there: an unplugged one may list as empty without any error."""

import errno
import os
from pathlib import Path
from typing import Final

from docking.errors import CardGoneError, CardUnreadableError
from hashing.errors import shown

DIRECTORY_FLAGS: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC

SYSFS: Final = Path("/sys")

# What the kernel answers once the device, its driver or its server has left.
_GONE: Final = frozenset(
    {errno.ENODEV, errno.ENXIO, errno.ESTALE, errno.ENOTCONN, errno.ESHUTDOWN, errno.ENOMEDIUM, errno.EHOSTDOWN}
)


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


def confirm_card_present(root: Path, root_fd: int, sysfs: Path = SYSFS) -> None:
    """Return if `root` still leads to the folder open as `root_fd` and its block device is still there.

    Guarantees that a listing made in between was not made of nothing. Not checked: that every sector can be read.

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
