"""The program `custody-mount`: mounts one card so that nothing can change it, and says so in a dock slip.

It runs as root, once for every card, started by udev through `custody-mount@.service`. Its arguments are a verb and
the kernel's name of a device; everything else is fixed here. The group it runs as may read the card and the slip.
"""

import contextlib
import logging
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from docking.block_device import DEV, UsbBlockDevice, find_usb_block_device, require_kernel_name
from docking.card_mount import CARD_FILESYSTEMS, check_card_mount
from docking.drivers.clock import ClockMeasurement
from docking.drivers.families import KNOWN_FAMILIES, load_families
from docking.drivers.told_visit import clock_before_docking
from docking.errors import DockingError
from docking.mount_errors import (
    CardFormatRefusedError,
    CardMountFailedError,
    CardMountWrongError,
    DeviceBusyError,
    DeviceWritableError,
)
from docking.mounts import Mount, mount_at, read_mounts
from docking.presence import SYSFS
from docking.refusals import take_back_refusal, write_refusal
from docking.slips import SLIP_SUFFIX, DockSlip, write_slip
from docking.usb_devices import UsbDevice
from docking.usb_errors import UsbError, UsbInterfaceRefusedError, UsbLibraryMissingError, UsbUnreadableError
from docking.usb_policy import judge_usb_device
from docking.usb_strings import with_strings
from hashing.errors import N_, shown

logger = logging.getLogger(__name__)

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

# Whose word on a recorder's clock counts.
_TRUSTED: Final = frozenset({0})

EXIT_DONE: Final = 0
EXIT_REFUSED: Final = 1
EXIT_USAGE: Final = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """Where things lie; only tests have others."""

    cards: Path = Path("/run/bodycam-custody/cards")
    slips: Path = Path("/run/bodycam-custody/docked")
    refused: Path = Path("/run/bodycam-custody/refused")
    unlocked: Path = Path("/run/bodycam-custody/unlocked")
    families: Path = Path("/etc/bodycam-custody/recorder-families.toml")
    sysfs: Path = SYSFS
    dev: Path = DEV

    def mount_point(self, name: str) -> Path:
        """Return where the card on device `name` is mounted."""
        return self.cards / name


def main(argv: Sequence[str] | None = None) -> int:
    """Run as `custody-mount dock NAME` or `custody-mount undock NAME`."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    logging.basicConfig(format="%(levelname)s %(message)s", level=logging.INFO)
    if len(arguments) != 2 or arguments[0] not in {"dock", "undock"}:
        logger.error("usage: custody-mount dock|undock KERNEL-NAME")
        return EXIT_USAGE
    verb, name = arguments
    try:
        if verb == "dock":
            dock(name)
        else:
            undock(name)
    except DockingError as err:
        logger.error("%s: %s", err.code, err)
        return EXIT_REFUSED
    return EXIT_DONE


def dock(name: str, places: Places = Places()) -> Path | None:
    """Mount the card on device `name` and return its slip; None for a disk whose partitions are the cards.

    With a slip, which is in its folder, device and mount are read-only, checked by asking the kernel.
    After an error nothing of it is mounted and there is no slip, but a note for the daemon that says why, unless the
    device is not on USB or left meanwhile. The card's bytes are only read.

    Raises:
        DockingError: the card is refused; the text says why.
    """
    device = find_usb_block_device(name, sysfs=places.sysfs, dev=places.dev)
    if any(disk.name == name and disk.partitions for disk in device.usb.disks):
        # Each of them comes by itself, and is refused by itself.
        return None
    try:
        slip = _dock(device, places)
    except DockingError as err:
        # A card that is pulled in the middle looks like one without a filesystem, or in use: that is no refusal.
        if isinstance(err, UsbError) or _is_still_there(device, places):
            _leave_refusal(places.refused, device, err)
        raise
    take_back_refusal(places.refused, name)
    return slip


def _dock(device: UsbBlockDevice, places: Places) -> Path:
    # 1. Only on a device that can act as nothing but a recorder.
    _judge(device.usb, places.families)
    # 2. Nobody else has it: a second mount could be writable.
    require_unused(device.node)
    # 3. Only the two filesystems of recorders: a broken ext4 can panic the kernel. Other disks stay as they are.
    filesystem = read_format(device.node)
    # 4. The kernel refuses writes before it mounts: an unclean filesystem would be repaired by that.
    set_read_only(device.node)
    # 5. Mount, look at what came of it, and only then announce it.
    point = places.mount_point(device.name)
    device = replace(device, usb=_asked(device.usb))
    clock = clock_before_docking(places.unlocked, device.usb, now=datetime.now(UTC), trusted_uids=_TRUSTED)
    slip = make_slip(device, filesystem, point, volume_id=read_volume_id(device.node), clock=clock)
    mount_card(device.node, filesystem, point)
    try:
        check_result(slip, device, sysfs=places.sysfs)
        return write_slip(places.slips, device.name, slip)
    except (DockingError, OSError):
        unmount(point)
        raise


def _judge(usb: UsbDevice, families: Path) -> None:
    """Return if the device can act as nothing but a recorder; a plain card does not depend on the unit's list."""
    try:
        judge_usb_device(usb, KNOWN_FAMILIES)
    except UsbInterfaceRefusedError:
        judge_usb_device(usb, load_families(families))


def _is_still_there(device: UsbBlockDevice, places: Places) -> bool:
    try:
        now = find_usb_block_device(device.name, sysfs=places.sysfs, dev=places.dev)
    except DockingError:
        return False
    return (now.number, now.diskseq, now.usb.address) == (device.number, device.diskseq, device.usb.address)


def _leave_refusal(folder: Path, device: UsbBlockDevice, refused: DockingError) -> None:
    """Tell the daemon; that it cannot be told must not hide why the card is refused."""
    try:
        write_refusal(folder, device, refused, now=datetime.now(UTC))
    except OSError as err:
        logger.error("the station is not told device=%s reason=%s", device.name, os.strerror(err.errno or 0))


def _asked(usb: UsbDevice) -> UsbDevice:
    """Return the device with the serial the kernel did not get, where it gives it; without one it is read all the same.

    Nothing else is on the way to a card that has none: it would be sealed under an unknown recorder (R73).
    """
    try:
        return with_strings(usb)
    except (UsbUnreadableError, UsbLibraryMissingError) as err:
        logger.warning("serial stays unknown port=%s reason=%s", usb.port, err)
        return usb


def undock(name: str, places: Places = Places()) -> None:
    """Take back the slip of device `name` and unmount its card; harmless where neither is there.

    Raises:
        KernelNameRefusedError: `name` cannot be a device.
        CardMountFailedError: the card is still mounted.
    """
    require_kernel_name(name)
    # The slip goes first: whoever reads it must find the card.
    (places.slips / f"{name}{SLIP_SUFFIX}").unlink(missing_ok=True)
    unmount(places.mount_point(name))


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
    return _claimed(_run(["blkid", "-p", "-s", "UUID", "-o", "value", "--", str(node)]).stdout.strip())


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


def make_slip(
    device: UsbBlockDevice,
    filesystem: str,
    point: Path,
    *,
    volume_id: str | None = None,
    clock: ClockMeasurement | None = None,
) -> DockSlip:
    """Return the slip of a card on `device`, docked now; `clock` was measured when the recorder was unlocked."""
    return DockSlip(
        device=str(device.node),
        diskseq=device.diskseq,
        port_path=str(device.usb.port),
        slot=None,
        vendor_id=device.usb.vendor_id,
        product_id=device.usb.product_id,
        serial=_claimed(device.usb.serial),
        filesystem=filesystem,
        mount_point=point,
        docked_at=datetime.now(UTC),
        clock_offset_ms=None if clock is None else clock.offset_ms,
        clock_offset_uncertainty_ms=None if clock is None else clock.uncertainty_ms,
        volume_id=volume_id,
    )


def _claimed(text: str | None) -> str | None:
    """Return what a device says of itself if a slip can carry it; a serial nobody can print names no recorder."""
    return text if text is not None and text.isprintable() and text.strip() else None


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


if __name__ == "__main__":
    sys.exit(main())
