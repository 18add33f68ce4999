"""The control channel of one USB device through pyusb: two bulk endpoints of one vendor-specific interface.

The device is left as it is: no reset, no configuration set, no kernel driver detached.
"""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import usb.backend.libusb1
import usb.core
import usb.util

from docking.drivers.errors import ControlFailedError, ControlGoneError, ControlMismatchError, ControlSilentError
from docking.drivers.recorders import Endpoints
from docking.drivers.verbs import DriverName
from docking.usb_devices import UsbDevice
from hashing.errors import N_, Statement, shown

_VENDOR_SPECIFIC: Final = 0xFF
# A multiple of every packet size: a shorter buffer would lose what a device sends beyond it.
_READ_BYTES: Final = 512
_GONE: Final = frozenset({errno.ENODEV, errno.ESHUTDOWN, errno.ENOENT})
_NO_LIBRARY: Final = N_("libusb is not installed, or there is no USB here")
_IN_USE: Final = N_("something else uses it")


class UsbTransport:
    """A `Transport` over an interface that is already claimed."""

    def __init__(self, port_path: str, sender: Any, receiver: Any) -> None:  # Any: pyusb ships no types
        self._port_path = port_path
        self._sender = sender
        self._receiver = receiver

    @property
    def port_path(self) -> str:
        """Where the recorder is plugged in."""
        return self._port_path

    def send(self, data: bytes, *, timeout_s: float) -> None:
        """Send all of `data`; see `Transport`."""
        with _stated(self._port_path):
            try:
                sent = self._sender.write(data, timeout=_milliseconds(timeout_s))
            except usb.core.USBTimeoutError:
                sent = 0
        if sent != len(data):
            raise ControlSilentError(port_path=self._port_path, seconds=f"{timeout_s:g}")

    def receive(self, *, timeout_s: float) -> bytes:
        """Return what comes next; see `Transport`."""
        with _stated(self._port_path):
            try:
                return bytes(self._receiver.read(_READ_BYTES, timeout=_milliseconds(timeout_s)))
            except usb.core.USBTimeoutError:
                return b""


@contextmanager
def open_control(device: UsbDevice, driver: DriverName, endpoints: Endpoints) -> Iterator[UsbTransport]:
    """Claim the control interface of exactly this device for the length of a block.

    Raises:
        ControlMismatchError: it has not exactly one vendor-specific interface with those bulk endpoints.
        ControlFailedError: it may not be opened, or something else uses it.
        ControlGoneError: it left, or another device has its number by now.
    """
    handle = _find(device)
    with _stated(device.name):
        interface, sender, receiver = _control_interface(handle, device, driver, endpoints)
        number = interface.bInterfaceNumber
        if handle.is_kernel_driver_active(number):
            raise ControlFailedError(port_path=device.name, reason=Statement(_IN_USE))
        try:
            usb.util.claim_interface(handle, number)
            yield UsbTransport(device.name, sender, receiver)
        finally:
            usb.util.dispose_resources(handle)


def _find(device: UsbDevice) -> Any:
    backend = usb.backend.libusb1.get_backend()
    if backend is None:
        raise ControlFailedError(port_path=device.name, reason=Statement(_NO_LIBRARY))
    found = usb.core.find(backend=backend, bus=device.bus, address=device.address)
    # The number may have been given to another device since sysfs was read.
    if found is None or (f"{found.idVendor:04x}", f"{found.idProduct:04x}") != (device.vendor_id, device.product_id):
        raise ControlGoneError(port_path=device.name)
    return found


def _control_interface(
    handle: Any, device: UsbDevice, driver: DriverName, endpoints: Endpoints
) -> tuple[Any, Any, Any]:
    matches = []
    for interface in handle.get_active_configuration():
        if interface.bInterfaceClass != _VENDOR_SPECIFIC or interface.bAlternateSetting != 0:
            continue
        bulk = [one for one in interface if usb.util.endpoint_type(one.bmAttributes) == usb.util.ENDPOINT_TYPE_BULK]
        senders = [one for one in bulk if _fits(one, endpoints.send, usb.util.ENDPOINT_OUT)]
        receivers = [one for one in bulk if _fits(one, endpoints.receive, usb.util.ENDPOINT_IN)]
        if len(senders) == len(receivers) == 1:
            matches.append((interface, senders[0], receivers[0]))
    if len(matches) != 1:
        codes = ", ".join(sorted({one.code for one in device.interfaces}))
        raise ControlMismatchError(port_path=device.name, driver=driver, found=codes)
    return matches[0]


def _fits(endpoint: Any, address: int | None, direction: int) -> bool:
    if usb.util.endpoint_direction(endpoint.bEndpointAddress) != direction:
        return False
    return address is None or endpoint.bEndpointAddress == address


@contextmanager
def _stated(port_path: str) -> Iterator[None]:
    """Turn what pyusb raises into our errors."""
    try:
        yield
    except usb.core.USBError as err:
        if err.errno in _GONE:
            raise ControlGoneError(port_path=port_path) from err
        reason = os.strerror(err.errno) if err.errno else shown(str(err))
        raise ControlFailedError(port_path=port_path, reason=reason) from err


def _milliseconds(seconds: float) -> int:
    # 0 is for ever in libusb.
    return max(1, round(seconds * 1000))
