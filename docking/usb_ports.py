"""Where a device is plugged in, as a text that stays the same whatever is plugged in there.

A port path is what udev calls ID_PATH (systemd, udev-builtin-path_id.c): `pci-0000:00:14.0-usb-0:2.1:1.0` is
configuration 1, interface 0 of whatever hangs on port 1 of the hub on port 2 of that host controller. A recorder comes
back under another number and product id when it is unlocked, so the port is all that stays: **a slot is a port**, the
path without the interface.
"""

import re
from pathlib import Path
from typing import Final, NewType

PortId = NewType("PortId", str)
"""A port path without configuration, interface and disk: `pci-0000:00:14.0-usb-0:2.1`."""

# A device has its bus and the ports on the way to it as its name, a root hub has none (kernel: usb_alloc_dev).
_DEVICE_NAME: Final = re.compile(r"\d+-(\d+(?:\.\d+)*)")
_USB_PART: Final = re.compile(r"(.*?-usb(?:v\d+)?-0:\d+(?:\.\d+)*)(?::.*)?")


def port_of(port_path: str) -> PortId:
    """Return the port of a port path; a path that is none of USB names a port of its own."""
    found = _USB_PART.fullmatch(port_path)
    return PortId(found[1] if found else port_path)


def port_chain_of(name: str) -> tuple[int, ...] | None:
    """Return the ports on the way to the USB device `name` ("1-2.1"); None for a root hub or an interface."""
    found = _DEVICE_NAME.fullmatch(name)
    return tuple(int(port) for port in found[1].split(".")) if found else None


def read_port(device: Path) -> PortId | None:
    """Return the port of the USB device whose sysfs folder is `device` (resolved); None for a root hub.

    The bus number is left out, as udev does: it is given anew at every start.
    """
    chain = port_chain_of(device.name)
    if chain is None:
        return None
    host = next((one for one in device.parents if _subsystem(one) not in {"usb", None}), None)
    ports = ".".join(map(str, chain))
    return PortId(f"{_host_path(host)}usb-0:{ports}")


def _host_path(host: Path | None) -> str:
    """Name the host controller: its PCI address, with the platform device in front that carries it, if any does."""
    parts: list[str] = []
    for folder in () if host is None else (host, *host.parents):
        subsystem = _subsystem(folder)
        # Bridges above a PCI device are not part of the path; the address is enough.
        if subsystem in {"pci", "platform"} and not any(part.startswith(f"{subsystem}-") for part in parts):
            parts.insert(0, f"{subsystem}-{folder.name}")
    return "".join(f"{part}-" for part in parts)


def _subsystem(folder: Path) -> str | None:
    try:
        return (folder / "subsystem").readlink().name
    except OSError:
        return None
