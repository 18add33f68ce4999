"""Asking a USB device itself, through libusb, for the strings the kernel did not get.

Control devices answer slowly, and some not at all before a driver speaks to them, so sysfs often has no serial of a
recorder that is still locked. Asking needs the device's node in /dev/bus/usb: the root helpers have it, the daemon
has not.
"""

import errno
import os
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import usb.backend.libusb1
import usb.core
import usb.util

from docking.usb_devices import UsbDevice
from docking.usb_errors import UsbLibraryMissingError, UsbUnreadableError
from hashing.errors import N_, Statement, shown

_NODES: Final = Path("/dev/bus/usb")
_GONE: Final = N_("it is no longer there, or it came back as another device")


def with_strings(device: UsbDevice) -> UsbDevice:
    """Return `device` with the strings that it says it has and sysfs lacks; the rest stays as it was.

    A string the device does not give stays None. Not checked: that what it says is true.

    Raises:
        UsbLibraryMissingError: libusb is not installed, or finds no USB here.
        UsbUnreadableError: the device may not be opened by this user, or left.
    """
    if not device.lacks_strings:
        return device
    _require_access(device)
    handle = _handle_of(device)
    try:
        indexes = device.string_indexes
        return replace(
            device,
            manufacturer=device.manufacturer or _string(handle, indexes.manufacturer),
            product=device.product or _string(handle, indexes.product),
            serial=device.serial or _string(handle, indexes.serial),
        )
    except usb.core.USBError as err:
        raise UsbUnreadableError(port=device.port, reason=shown(str(err))) from err
    finally:
        usb.util.dispose_resources(handle)


def _require_access(device: UsbDevice) -> None:
    """Raise where this user may not open the device: pyusb then says only that there are no strings."""
    node = _NODES / f"{device.bus:03d}" / f"{device.address:03d}"
    if not os.access(node, os.R_OK | os.W_OK):
        reason = Statement(N_("{node} may not be opened by this user, or is not there"), node=shown(node))
        raise UsbUnreadableError(port=device.port, reason=reason)


def _handle_of(device: UsbDevice) -> Any:  # Any: pyusb ships no types
    backend = usb.backend.libusb1.get_backend()
    if backend is None:
        raise UsbLibraryMissingError()
    found = usb.core.find(backend=backend, bus=device.bus, address=device.address)
    # The number may have been given to another device since sysfs was read.
    if found is None or (f"{found.idVendor:04x}", f"{found.idProduct:04x}") != (device.vendor_id, device.product_id):
        raise UsbUnreadableError(port=device.port, reason=Statement(_GONE))
    return found


def _string(handle: Any, index: int) -> str | None:
    if not index:
        return None
    try:
        text = usb.util.get_string(handle, index)
    except ValueError:
        # pyusb: the device names no language, so it gives no strings at all.
        return None
    except usb.core.USBError as err:
        # USB 2.0 §9.2.7: a request a device does not have is stalled.
        if err.errno == errno.EPIPE:
            return None
        raise
    return text.strip("\0") or None if isinstance(text, str) else None
