"""Why a USB device is not used as a recorder (the tree stands in docking/errors.py)."""

from docking.errors import DockingError
from hashing.errors import N_


class UsbError(DockingError):
    """A USB device cannot be used as a recorder."""


class UsbInterfaceRefusedError(UsbError):
    """The device can act as something else than a recorder."""

    code = "usb-interface-refused"
    template = N_(
        "{port}: the device {device} is refused: expected only storage and the control of a known recorder, found "
        "interface {interface} ({acts_as}). It is neither mounted nor read. Take it out and have it examined."
    )


class UsbDeviceSilentError(UsbError):
    """The device names no interface, so nothing shows what it is."""

    code = "usb-device-silent"
    template = N_(
        "{port}: the device {device} is refused: it names no interface, so nothing shows that it is a recorder. Plug "
        "it in again, or try another cable."
    )


class UsbUnreadableError(UsbError):
    """A USB device cannot be asked what it is called."""

    code = "usb-unreadable"
    template = N_("{port}: the device cannot be asked for its serial ({reason}). Dock it again.")


class UsbLibraryMissingError(UsbError):
    """libusb is not there."""

    code = "usb-library-missing"
    template = N_("libusb finds no USB on this machine; install it with: apt install libusb-1.0-0")
