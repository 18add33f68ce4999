"""Opening a card that is mounted read-only for writing, for one process only, and closing it again.

All mounts of a device share one filesystem, which is writable or not as a whole; each mount can be read-only by itself.
So the card gets a mount of its own in a namespace that nobody else sees, and only that one is made writable: whoever
looks at the card through the mount of the slip still finds it read-only, and nothing is unmounted or docked anew.
"""

import ctypes
import fcntl
import logging
import os
import struct
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from docking.clearing_errors import CardInUseError, CardNotOpenedError, CardNotRestoredError
from docking.mounts import mount_at, read_mounts
from hashing.errors import shown

logger = logging.getLogger(__name__)

# sys/mount.h, linux/fs.h
_MS_RDONLY, _MS_NOSUID, _MS_NODEV, _MS_NOEXEC, _MS_REMOUNT = 1, 2, 4, 8, 32
_MS_NOSYMFOLLOW, _MS_BIND, _MS_REC, _MS_PRIVATE = 256, 4096, 16384, 1 << 18
_MNT_DETACH, _CLONE_NEWNS = 2, 0x20000
_HARMLESS: Final = _MS_NOSUID | _MS_NODEV | _MS_NOEXEC | _MS_NOSYMFOLLOW
_BLKROSET, _BLKROGET = 0x125D, 0x125E

_libc = ctypes.CDLL(None, use_errno=True)


def hide_mounts() -> None:
    """Give this process a namespace of its own: what it mounts from now on nobody else sees.

    Raises:
        OSError: not allowed; nothing changed.
    """
    _must(_libc.unshare(_CLONE_NEWNS), "unshare")
    _mount(None, Path("/"), _MS_REC | _MS_PRIVATE)


def require_nobody_writes(point: Path, node: Path) -> None:
    """Return if no mount of the card, in whatever namespace, could be written through.

    Raises:
        CardInUseError: the filesystem or the device is writable.
    """
    mount = mount_at(read_mounts(), point)
    if mount is None or "ro" not in mount.superblock_options:
        raise CardInUseError(mount_point=shown(point), found="rw" if mount else "no mount")
    if not is_device_read_only(node):
        raise CardInUseError(mount_point=shown(point), found=shown(node))


@contextmanager
def mounted_apart(point: Path, own: Path) -> Iterator[Path]:
    """Mount the card of `point` a second time at the folder `own`, still read-only, for as long as the block runs.

    Call `hide_mounts` first, or be a service with a namespace of its own: a mount that cannot be undone, which is only
    logged, ends with it.

    Raises:
        CardNotOpenedError: it cannot be mounted there.
    """
    try:
        _mount(point, own, _MS_BIND)
    except OSError as err:
        raise CardNotOpenedError(mount_point=shown(point), reason=os.strerror(err.errno or 0)) from err
    try:
        yield own
    finally:
        if _libc.umount2(os.fsencode(own), _MNT_DETACH) != 0:
            logger.error("card stays mounted apart folder=%s reason=%s", own, os.strerror(ctypes.get_errno()))


@contextmanager
def empty_folder() -> Iterator[Path]:
    """Give a new folder to mount a card at, and remove it again only if it is empty.

    A folder over which a card may still be mounted is never removed with what is in it: that would be the footage.
    """
    own = Path(tempfile.mkdtemp(prefix="custody-clear-"))
    try:
        yield own
    finally:
        try:
            own.rmdir()
        except OSError as err:
            logger.error("folder is left folder=%s reason=%s", own, err.strerror)


@contextmanager
def held(node: Path) -> Iterator[None]:
    """Hold the device for as long as the block runs: whoever opens it for writing is alone, and nobody closes it then.

    The lock is that of systemd's block device locking, so udev waits meanwhile. It ends with the process.

    Raises:
        CardInUseError: somebody else holds it.
    """
    descriptor = os.open(node, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as err:
            raise CardInUseError(mount_point=shown(node), found="flock") from err
        yield
    finally:
        os.close(descriptor)


def open_for_writing(own: Path, node: Path) -> None:
    """Make the mount `own` writable, and no other mount of the card.

    Raises:
        CardNotOpenedError: it is not writable; whatever was changed for it was changed back.
    """
    try:
        _set_device_read_only(node, read_only=False)
        _mount(None, own, _MS_REMOUNT | _HARMLESS)
    except OSError as err:
        close_for_writing(own, node)
        raise CardNotOpenedError(mount_point=shown(own), reason=os.strerror(err.errno or 0)) from err


def close_for_writing(own: Path, node: Path) -> None:
    """Make the card read-only again: the filesystem, flushed and with nothing of it left in the cache, then the device.

    Both are tried whatever happens; calling again is safe.

    Raises:
        CardNotRestoredError: the card may still be writable.
    """
    reasons = []
    try:
        _mount(None, own, _MS_REMOUNT | _MS_RDONLY | _HARMLESS)
    except OSError as err:
        reasons.append(os.strerror(err.errno or 0))
    try:
        _set_device_read_only(node, read_only=True)
        mount = mount_at(read_mounts(), own)
        if not is_device_read_only(node) or mount is None or "ro" not in mount.superblock_options:
            reasons.append("rw")
    except OSError as err:
        reasons.append(os.strerror(err.errno or 0))
    if reasons:
        raise CardNotRestoredError(mount_point=shown(own), reason=", ".join(reasons))


def restore(point: Path, node: Path, own: Path) -> bool:
    """Make a card read-only that a process which died left open for writing; return whether it had to be done.

    Raises:
        CardInUseError: a process that lives has it open.
        CardNotOpenedError, CardNotRestoredError: it could not be made so.
    """
    mount = mount_at(read_mounts(), point)
    if mount is None or ("ro" in mount.superblock_options and is_device_read_only(node)):
        return False
    with held(node), mounted_apart(point, own):
        close_for_writing(own, node)
    return True


def is_device_read_only(node: Path) -> bool:
    """Return whether the kernel refuses writes to the device.

    Raises:
        DockingError: it does not say.
    """
    try:
        descriptor = os.open(node, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            answer = fcntl.ioctl(descriptor, _BLKROGET, struct.pack("i", 0))
        finally:
            os.close(descriptor)
    except OSError as err:
        raise CardNotOpenedError(mount_point=shown(node), reason=os.strerror(err.errno or 0)) from err
    return bool(struct.unpack("i", answer)[0])


def _set_device_read_only(node: Path, *, read_only: bool) -> None:
    descriptor = os.open(node, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        fcntl.ioctl(descriptor, _BLKROSET, struct.pack("i", int(read_only)))
    finally:
        os.close(descriptor)


def _mount(source: Path | None, target: Path, flags: int) -> None:
    name = None if source is None else os.fsencode(source)
    _must(_libc.mount(name, os.fsencode(target), None, ctypes.c_ulong(flags), None), "mount")


def _must(answer: int, call: str) -> None:
    if answer != 0:
        raise OSError(ctypes.get_errno(), call)
