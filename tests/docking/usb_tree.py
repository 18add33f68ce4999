"""A sysfs with USB devices in it, as the kernel lays it out: folders under /sys/devices, links everywhere else.

tree = UsbTree(tmp_path)
tree.plug("1-2.1", RECORDER, interfaces=[STORAGE], disks=["sdb"])
read_usb_devices(tree.sysfs)
"""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

Triple = tuple[int, int, int]

STORAGE: Triple = (0x08, 0x06, 0x50)
STORAGE_UAS: Triple = (0x08, 0x06, 0x62)
CONTROL: Triple = (0xFF, 0x00, 0x00)
KEYBOARD: Triple = (0x03, 0x01, 0x01)

HOST = "0000:00:14.0"
PORT = f"pci-{HOST}-usb-0:"


@dataclass(frozen=True, kw_only=True)
class Claims:
    """What a device says of itself."""

    vendor_id: str = "4255"
    product_id: str = "0001"
    manufacturer: str | None = "Maker"
    product: str | None = "Body camera"
    serial: str | None = "0000017"


def descriptors(
    claims: Claims, interfaces: Sequence[Triple], *, hidden: Sequence[Triple] = (), device_class: int = 0
) -> bytes:
    """Return raw descriptors: one configuration with `interfaces`, and another with what is `hidden`, if anything."""
    configurations = [interfaces, *([hidden] if hidden else [])]
    vendor, product = (int(one, 16).to_bytes(2, "little") for one in (claims.vendor_id, claims.product_id))
    strings = bytes((1, 2, 3))
    device = bytes((18, 1, 0, 2, device_class, 0, 0, 64)) + vendor + product + bytes(2) + strings
    raw = device + bytes((len(configurations),))
    for number, inside in enumerate(configurations, start=1):
        parts = b"".join(
            bytes((9, 4, index, 0, 2, *triple, 0)) + bytes((7, 5, 0x81, 2, 0, 2, 0, 7, 5, 1, 2, 0, 2, 0))
            for index, triple in enumerate(inside)
        )
        raw += (
            bytes((9, 2)) + (9 + len(parts)).to_bytes(2, "little") + bytes((len(inside), number, 0, 0x80, 50)) + parts
        )
    return raw


class UsbTree:
    """Plugs and pulls devices in a folder that stands for /sys."""

    def __init__(self, root: Path, *, host: str = HOST) -> None:
        self.sysfs = root / "sys"
        self.host = self.sysfs / "devices" / "pci0000:00" / host
        self._address = 1
        for bus in ("usb", "pci", "scsi"):
            (self.sysfs / "bus" / bus / "devices").mkdir(parents=True)
        (self.sysfs / "class" / "block").mkdir(parents=True)
        self.host.mkdir(parents=True)
        (self.host / "subsystem").symlink_to(self.sysfs / "bus" / "pci")
        self._device(self.host / "usb1")

    def folder_of(self, name: str) -> Path:
        """Return where the device called `name` stands: each hub holds what is plugged into it."""
        bus, _, ports = name.partition("-")
        folder, chain = self.host / f"usb{bus}", ports.split(".")
        for depth in range(1, len(chain) + 1):
            folder = folder / f"{bus}-{'.'.join(chain[:depth])}"
        return folder

    def plug(
        self,
        name: str,
        claims: Claims = Claims(),
        *,
        interfaces: Sequence[Triple] = (STORAGE,),
        hidden: Sequence[Triple] = (),
        disks: Sequence[str] = (),
        partitions: Sequence[str] = (),
        device_class: int = 0,
    ) -> Path:
        """Plug a device in, under the next number; `disks` get the logical units 0, 1, … and a medium each."""
        folder = self.folder_of(name)
        self._device(folder)
        self._address += 1
        values = {
            "busnum": "1",
            "devnum": str(self._address),
            "idVendor": claims.vendor_id,
            "idProduct": claims.product_id,
            "manufacturer": claims.manufacturer,
            "product": claims.product,
            "serial": claims.serial,
            "bDeviceClass": f"{device_class:02x}",
        }
        for file, value in values.items():
            if value is not None:
                (folder / file).write_text(f"{value}\n", encoding="utf-8")
        raw = descriptors(claims, interfaces, hidden=hidden, device_class=device_class)
        (folder / "descriptors").write_bytes(raw)
        for lun, disk in enumerate(disks):
            self.disk(name, disk, lun=lun, partitions=partitions)
        return folder

    def disk(
        self, name: str, disk: str, *, lun: int = 0, partitions: Sequence[str] = (), sectors: int = 1048576
    ) -> Path:
        """Let a disk of the device `name` appear, with a medium of `sectors`, 0 for none."""
        folder = self.folder_of(name)
        address = (folder / "devnum").read_text(encoding="ascii").strip()
        unit = folder / f"{name}:1.0" / f"host{address}" / "target0:0:0" / f"0:0:0:{lun}"
        self._disk(unit, disk, partitions)
        (unit / "block" / disk / "size").write_text(f"{sectors}\n", encoding="ascii")
        return unit / "block" / disk

    def hub(self, name: str) -> None:
        """Plug a hub in."""
        self.plug(name, Claims(vendor_id="05e3", product_id="0610"), interfaces=[(9, 0, 0)], device_class=9)

    def pull(self, name: str) -> None:
        """Pull a device, and with a hub everything on it."""
        shutil.rmtree(self.folder_of(name))
        for link in (self.sysfs / "bus" / "usb" / "devices").iterdir():
            if not link.exists():
                link.unlink()

    def _device(self, folder: Path) -> None:
        folder.mkdir(parents=True)
        (folder / "subsystem").symlink_to(self.sysfs / "bus" / "usb")
        (self.sysfs / "bus" / "usb" / "devices" / folder.name).symlink_to(folder)

    def _disk(self, unit: Path, name: str, partitions: Sequence[str]) -> None:
        disk = unit / "block" / name
        for part in ("", *partitions):
            (disk / part).mkdir(parents=True)
            (self.sysfs / "class" / "block" / (part or name)).symlink_to(disk / part)
            if part:
                (disk / part / "partition").write_text("1\n", encoding="ascii")
        (disk / "diskseq").write_text(f"{self._address + 40}\n", encoding="ascii")
