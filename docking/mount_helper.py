"""The program `custody-mount`: mounts one card so that nothing can change it, and says so in a dock slip.

It runs as root, once for every card, started by udev through `custody-mount@.service`. Its arguments are a verb and
the kernel's name of a device; everything else is fixed here. The group it runs as may read the card and the slip.
"""

import logging
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from docking.block_device import DEV, UsbBlockDevice, find_usb_block_device, require_kernel_name
from docking.drivers.clock import ClockMeasurement
from docking.drivers.families import KNOWN_FAMILIES, load_families
from docking.drivers.told_visit import clock_before_docking
from docking.errors import DockingError
from docking.mounting import (
    check_result,
    mount_card,
    read_format,
    read_volume_id,
    require_unused,
    set_read_only,
    unmount,
)
from docking.presence import SYSFS
from docking.refusals import take_back_refusal, write_refusal
from docking.slip_format import claimed
from docking.slips import SLIP_SUFFIX, DockSlip, write_slip
from docking.usb_devices import UsbDevice
from docking.usb_errors import UsbError, UsbInterfaceRefusedError, UsbLibraryMissingError, UsbUnreadableError
from docking.usb_policy import judge_usb_device
from docking.usb_strings import with_strings

logger = logging.getLogger(__name__)

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
        serial=claimed(device.usb.serial),
        filesystem=filesystem,
        mount_point=point,
        docked_at=datetime.now(UTC),
        clock_offset_ms=None if clock is None else clock.offset_ms,
        clock_offset_uncertainty_ms=None if clock is None else clock.uncertainty_ms,
        volume_id=volume_id,
    )


if __name__ == "__main__":
    sys.exit(main())
