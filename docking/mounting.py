"""Mounting one card so that nothing can change it: what the system's own programs are told, and what came of it.

That a device and its mount cannot be written is asked again when all is done; that a program ended well is not enough.
"""

import contextlib
import os
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from docking.block_device import UsbBlockDevice
from docking.card_mount import CARD_FILESYSTEMS, check_card_mount
from docking.mount_errors import (
    CardFormatRefusedError,
    CardMountFailedError,
    CardMountWrongError,
    DeviceBusyError,
    DeviceWritableError,
)
from docking.mounts import Mount, mount_at, read_mounts
from docking.presence import SYSFS
from docking.slip_format import DockSlip, claimed
from hashing.errors import N_, shown

SAFE_OPTIONS: Final = ("ro", "nosuid", "nodev", "noexec", "nosymfollow")
# FAT has local times: as if they were UTC, so that the zone is the station's to apply. Names are UTF-8.
_FILESYSTEM_OPTIONS: Final = {"vfat": ("tz=UTC", "utf8=1"), "exfat": ("time_offset=0", "iocharset=utf8")}
# Readable by owner and group, by nobody else; nobody writes files, and only root changes folders, when it clears.
_MASKS: Final = ("fmask=0227", "dmask=0027")
# A dying card answers every command late or never; systemd would end us in the end, this says why.
COMMAND_TIMEOUT_S: Final = 60
# mount(2) has returned, but the mount reaches other namespaces a moment later.
_APPEARS_WITHIN_S: Final = 5.0
# blkid(8): "ambivalent low-level probing result".
_BLKID_AMBIVALENT: Final = 8


def require_unused(node: Path) -> None:
    """Return if nothing has the device: no mount in any namespace, no mapper, no loop.

    Raises:
        DeviceBusyError: something has it, or it does not answer.
    """
    try:
        # open(2): O_EXCL without O_CREAT on a block device fails with EBUSY while the system uses it.
        os.close(os.open(node, os.O_RDONLY | os.O_EXCL | os.O_NONBLOCK | os.O_CLOEXEC))
    except OSError as err:
        raise DeviceBusyError(device=shown(node), reason=os.strerror(err.errno or 0)) from err


def set_read_only(node: Path) -> None:
    """Make the kernel refuse writes to the device.

    Raises:
        DeviceWritableError: it does not, or does not say so.
    """
    done = _run(["blockdev", "--setro", str(node)])
    if done.returncode != 0 or not is_read_only(node):
        raise DeviceWritableError(device=shown(node), reason=_reason(done))


def is_read_only(node: Path) -> bool:
    """Return whether the kernel says that it refuses writes to the device."""
    return _run(["blockdev", "--getro", str(node)]).stdout.strip() == "1"


def read_format(node: Path) -> str:
    """Return the filesystem on the device, as libblkid reads it from the disk itself.

    Raises:
        CardFormatRefusedError: it is none of the filesystems that are read here, none at all, or two at once.
    """
    done = _run(["blkid", "-p", "-s", "TYPE", "-o", "value", "--", str(node)])
    found = done.stdout.strip()
    if done.returncode == _BLKID_AMBIVALENT:
        found = N_("more than one filesystem at once")
    if found not in CARD_FILESYSTEMS:
        found = shown(found) if found else N_("no filesystem")
        raise CardFormatRefusedError(device=shown(node), expected=N_("exfat or vfat"), found=found)
    return found


def read_volume_id(node: Path) -> str | None:
    """Return what the filesystem on the device calls itself, None where it has no such number."""
    return claimed(_run(["blkid", "-p", "-s", "UUID", "-o", "value", "--", str(node)]).stdout.strip())


def mount_command(node: Path, filesystem: str, point: Path, *, by_systemd: bool) -> list[str]:
    """Return the command that mounts the card.

    A service with a namespace of its own would mount where nobody else sees it: there systemd itself is asked, which
    unmounts when the device leaves.
    """
    options = ",".join([*SAFE_OPTIONS, *_FILESYSTEM_OPTIONS[filesystem], "uid=0", f"gid={os.getegid()}", *_MASKS])
    if by_systemd:
        # The unit of the mount goes with it (--collect); files still open must not keep a card that has left.
        manner = ["--quiet", "--no-ask-password", "--collect", "--fsck=no", "--property=LazyUnmount=yes"]
        return ["systemd-mount", *manner, "-t", filesystem, "-o", options, str(node), str(point)]
    return ["mount", "-n", "-i", "-t", filesystem, "-o", options, "--", str(node), str(point)]


def mount_card(node: Path, filesystem: str, point: Path) -> None:
    """Mount the card read-only at `point`.

    Raises:
        CardMountFailedError: it is not mounted.
    """
    by_systemd = is_service()
    if not by_systemd:
        point.mkdir(mode=0o750, parents=True, exist_ok=True)
    done = _run(mount_command(node, filesystem, point, by_systemd=by_systemd))
    if done.returncode != 0:
        raise CardMountFailedError(device=shown(node), mount_point=shown(point), reason=_reason(done))


def check_result(slip: DockSlip, device: UsbBlockDevice, *, sysfs: Path = SYSFS) -> None:
    """Return if what is mounted is this device, of that filesystem, and cannot be written; nobody's word is taken.

    Raises:
        DockingError: it is not; the card must be unmounted.
    """
    mount = _mount_when_it_appears(slip.mount_point)
    check_card_mount(slip, folder_cards_allowed=False, sysfs=sysfs)
    if mount is not None:
        check_options(mount, device)
    if not is_read_only(device.node):
        raise DeviceWritableError(device=shown(device.node), reason="blockdev --getro does not say 1 any more")


def check_options(mount: Mount, device: UsbBlockDevice) -> None:
    """Return if the mount is of this device and has every option that keeps the card harmless.

    Raises:
        CardMountWrongError: exfat-fuse, for one, drops noexec without a word.
    """
    missing = [option for option in SAFE_OPTIONS if option not in mount.options]
    if missing:
        found = ",".join(sorted(mount.options))
        raise CardMountWrongError(
            mount_point=shown(mount.mount_point), expected=",".join(SAFE_OPTIONS), found=shown(found)
        )
    if mount.device != device.number:
        raise CardMountWrongError(
            mount_point=shown(mount.mount_point), expected=f"device {device.number}", found=f"device {mount.device}"
        )


def unmount(point: Path) -> None:
    """Unmount whatever is at `point` and remove the empty folder; files still open do not keep it.

    Raises:
        CardMountFailedError: something is still mounted there.
    """
    while mount_at(read_mounts(), point) is not None:
        # systemctl takes a path for the unit of its mount, and does not look at a card that has left.
        command = ["systemctl", "--quiet", "stop"] if is_service() else ["umount", "-n", "--lazy"]
        done = _run([*command, "--", str(point)])
        if done.returncode != 0 and mount_at(read_mounts(), point) is not None:
            raise CardMountFailedError(device=shown(point.name), mount_point=shown(point), reason=_reason(done))
    # systemd-mount made the folder where a service may not: then it stays, empty.
    with contextlib.suppress(OSError):
        point.rmdir()


def _mount_when_it_appears(point: Path) -> Mount | None:
    deadline = time.monotonic() + (_APPEARS_WITHIN_S if is_service() else 0)
    while (mount := mount_at(read_mounts(), point)) is None and time.monotonic() < deadline:
        time.sleep(0.05)
    return mount


def is_service() -> bool:
    """Return whether systemd started this process as a service."""
    # systemd.exec(5): set for every process a service starts, and for nothing else.
    return "INVOCATION_ID" in os.environ and Path("/run/systemd/private").exists()


def _run(command: Sequence[str]) -> subprocess.CompletedProcess[str]:
    environment = {"LC_ALL": "C.UTF-8", "PATH": "/usr/sbin:/usr/bin:/sbin:/bin"}
    try:
        return subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            env=environment,
            timeout=COMMAND_TIMEOUT_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return subprocess.CompletedProcess(command, 124, "", f"no answer within {COMMAND_TIMEOUT_S} s")
    except OSError as err:
        return subprocess.CompletedProcess(command, 127, "", f"{command[0]}: {os.strerror(err.errno or 0)}")


def _reason(done: subprocess.CompletedProcess[str]) -> str:
    said = done.stderr.strip().rpartition("\n")[2]
    return shown(said or f"{done.args[0]} ended with {done.returncode}")
