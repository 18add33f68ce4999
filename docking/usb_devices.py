"""What the kernel says of USB devices: who they claim to be, what they can do, where they are plugged in, their disks.

Everything here is read from sysfs, which needs no right at all. The interfaces come from the raw descriptors, because
the folders of sysfs show the configuration and alternate setting in use, and a device may hide a keyboard in another.
Strings the kernel could not read are asked for in `usb_strings`.
"""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NewType

from docking.card import recorder_text
from docking.presence import SYSFS
from docking.usb_ports import PortId, port_chain_of, read_port

UsbId = NewType("UsbId", str)
"""Vendor and product of a USB device, `4255:0001`. Not an identity: others use the same ones."""

# USB 2.0 §9.4, table 9-5, and §9.6.
_DEVICE_DESCRIPTOR: Final = 1
_CONFIGURATION_DESCRIPTOR: Final = 2
_INTERFACE_DESCRIPTOR: Final = 4
_DEVICE_DESCRIPTOR_BYTES: Final = 18
_INTERFACE_DESCRIPTOR_BYTES: Final = 9
_HUB_CLASS: Final = 0x09
# Linux: a SCSI device is `<host>:<channel>:<target>:<lun>`.
_SCSI_NAME: Final = re.compile(r"\d+:\d+:\d+:(\d+)")


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class UsbInterface:
    """One setting of one interface in one configuration: what the device can be made to act as."""

    configuration: int
    number: int
    alternate: int
    usb_class: int
    subclass: int
    protocol: int

    @property
    def code(self) -> str:
        """Class, subclass and protocol as they are written everywhere: `03/01/01` is a keyboard."""
        return f"{self.usb_class:02x}/{self.subclass:02x}/{self.protocol:02x}"


@dataclass(frozen=True, slots=True, kw_only=True)
class UsbDisk:
    """A block device below a USB device: one logical unit, and the partitions on it.

    `has_medium` is False for a card reader without a card. `diskseq` is a number no later disk gets again.
    """

    name: str
    lun: int | None
    diskseq: int | None
    partitions: tuple[str, ...]
    has_medium: bool

    @property
    def cards(self) -> tuple[str, ...]:
        """The block devices that are read as a card each: the partitions, or the disk where it has none."""
        return (self.partitions or (self.name,)) if self.has_medium else ()


@dataclass(frozen=True, slots=True, kw_only=True)
class StringIndexes:
    """Which strings the device says it has (USB 2.0 §9.6.1); 0 is none."""

    manufacturer: int = 0
    product: int = 0
    serial: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class UsbDevice:
    """A USB device as it stands on its port now. Ids and strings are claims of the device."""

    name: str
    port: PortId
    port_chain: tuple[int, ...]
    bus: int
    address: int
    vendor_id: str
    product_id: str
    manufacturer: str | None
    product: str | None
    serial: str | None
    string_indexes: StringIndexes
    is_hub: bool
    interfaces: tuple[UsbInterface, ...]
    disks: tuple[UsbDisk, ...]

    @property
    def usb_id(self) -> UsbId:
        """Vendor and product as they are written everywhere."""
        return UsbId(f"{self.vendor_id}:{self.product_id}")

    @property
    def recorder(self) -> str:
        """The recorder this device claims to be, or `UNKNOWN_RECORDER`."""
        return recorder_text(vendor_id=self.vendor_id, product_id=self.product_id, serial=self.serial)

    @property
    def lacks_strings(self) -> bool:
        """Whether the device says it has a string that the kernel did not get."""
        texts = (self.manufacturer, self.product, self.serial)
        indexes = (self.string_indexes.manufacturer, self.string_indexes.product, self.string_indexes.serial)
        return any(index and text is None for index, text in zip(indexes, texts, strict=True))

    def path_of(self, interface: UsbInterface) -> str:
        """Return the port path of one interface: `pci-0000:00:14.0-usb-0:2.1:1.0`."""
        return f"{self.port}:{interface.configuration}.{interface.number}"


def read_usb_devices(sysfs: Path = SYSFS) -> tuple[UsbDevice, ...]:
    """Return every device plugged into a USB port, hubs included, by port.

    A device that leaves while it is read is left out. Not checked: that any of it is true.
    """
    found = (read_usb_device(folder) for folder in _device_folders(sysfs))
    return tuple(sorted((device for device in found if device is not None), key=lambda device: device.name))


def usb_presence(sysfs: Path = SYSFS) -> frozenset[tuple[str, ...]]:
    """Return what changes when a device comes, goes or comes back, and when a disk, partition or medium of one does.

    Disks come a moment after their device, and media when they like. Cheap enough to ask every second.
    """
    devices = {(folder.name, _text(folder / "devnum") or "") for folder in _device_folders(sysfs)}
    return frozenset(devices | set(_disk_presence(sysfs)))


def usb_device_of_disk(disk: str, sysfs: Path = SYSFS) -> UsbDevice | None:
    """Return the USB device that carries the block device `disk` ("sdb" or "sdb1"); None where none does."""
    folder = (sysfs / "class" / "block" / disk).resolve()
    for above in folder.parents:
        if port_chain_of(above.name) is not None:
            return read_usb_device(above)
    return None


def read_usb_device(folder: Path) -> UsbDevice | None:
    """Return the device of one sysfs folder; None for a root hub, or when it left meanwhile."""
    device = folder.resolve()
    chain, port = port_chain_of(device.name), read_port(device)
    descriptors = _bytes(device / "descriptors")
    bus, address = _number(device / "busnum"), _number(device / "devnum")
    if chain is None or port is None or bus is None or address is None:
        return None
    vendor_id, product_id = _text(device / "idVendor"), _text(device / "idProduct")
    if vendor_id is None or product_id is None:
        return None
    return UsbDevice(
        name=device.name,
        port=port,
        port_chain=chain,
        bus=bus,
        address=address,
        vendor_id=vendor_id,
        product_id=product_id,
        manufacturer=_text(device / "manufacturer"),
        product=_text(device / "product"),
        serial=_text(device / "serial"),
        string_indexes=parse_string_indexes(descriptors),
        is_hub=_text(device / "bDeviceClass") == f"{_HUB_CLASS:02x}",
        interfaces=parse_interfaces(descriptors),
        disks=tuple(_disks(device)),
    )


def parse_interfaces(descriptors: bytes) -> tuple[UsbInterface, ...]:
    """Return every interface of every configuration in raw descriptors; what follows a bad length is not believed."""
    found: set[UsbInterface] = set()
    configuration = 0
    for part in _descriptors(descriptors):
        if part[1] == _CONFIGURATION_DESCRIPTOR and len(part) > 5:
            configuration = part[5]
        elif part[1] == _INTERFACE_DESCRIPTOR and len(part) >= _INTERFACE_DESCRIPTOR_BYTES:
            number, alternate, _, usb_class, subclass, protocol = part[2:8]
            found.add(
                UsbInterface(
                    configuration=configuration,
                    number=number,
                    alternate=alternate,
                    usb_class=usb_class,
                    subclass=subclass,
                    protocol=protocol,
                )
            )
    return tuple(sorted(found))


def parse_string_indexes(descriptors: bytes) -> StringIndexes:
    """Return which strings the device descriptor at the beginning names."""
    if len(descriptors) < _DEVICE_DESCRIPTOR_BYTES or descriptors[1] != _DEVICE_DESCRIPTOR:
        return StringIndexes()
    manufacturer, product, serial = descriptors[14:17]
    return StringIndexes(manufacturer=manufacturer, product=product, serial=serial)


def _descriptors(raw: bytes) -> Iterator[bytes]:
    at = 0
    while at + 2 <= len(raw) and 2 <= raw[at] <= len(raw) - at:
        yield raw[at : at + raw[at]]
        at += raw[at]


def _disks(device: Path) -> Iterator[UsbDisk]:
    """Yield the disks below a device's own interfaces; those of devices behind a hub are not its own."""
    for interface in _folders(device):
        if ":" in interface.name:
            for folder in sorted(interface.glob("host*/target*/*/block/*")):
                yield _disk(folder)


def _disk(folder: Path) -> UsbDisk:
    scsi = _SCSI_NAME.fullmatch(folder.parents[1].name)
    return UsbDisk(
        name=folder.name,
        lun=int(scsi[1]) if scsi else None,
        diskseq=_number(folder / "diskseq"),
        partitions=tuple(sorted(part.name for part in _folders(folder) if (part / "partition").exists())),
        has_medium=(_number(folder / "size") or 0) > 0,
    )


def _disk_presence(sysfs: Path) -> Iterator[tuple[str, ...]]:
    """Yield name, size and sequence of every disk and partition on USB; a link tells what it hangs on."""
    for disk in _folders(sysfs / "class" / "block"):
        try:
            above = disk.readlink().parts
        except OSError:
            continue  # gone meanwhile
        if any(port_chain_of(part) is not None for part in above):
            yield (disk.name, _text(disk / "size") or "", _text(disk / "diskseq") or "")


def _device_folders(sysfs: Path) -> list[Path]:
    folders = _folders(sysfs / "bus" / "usb" / "devices")
    return [folder for folder in folders if port_chain_of(folder.name) is not None]


def _folders(folder: Path) -> list[Path]:
    try:
        with os.scandir(folder) as entries:
            return [folder / entry.name for entry in entries if entry.is_dir()]
    except OSError:
        return []


def _bytes(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError:
        return b""


def _text(file: Path) -> str | None:
    """Return an attribute without its line end; None where there is none."""
    return _bytes(file).decode("utf-8", "replace").strip("\n\0") or None


def _number(file: Path) -> int | None:
    text = _text(file)
    return int(text) if text is not None and text.strip().isdecimal() else None
