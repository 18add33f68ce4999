"""Scenes with make-believe USB devices under umockdev; a program of its own, started by test_usb_on_umockdev.

    umockdev-wrapper python3 tests/docking/usb_scenes.py SCENE SITE-PACKAGES

Prints what the program sees as one JSON line. The system's interpreter runs it, because only that one has gi; our
packages come from PYTHONPATH and pyusb from SITE-PACKAGES. libusb, udev and sysfs are the real libraries.
"""

import errno
import json
import struct
import sys
from collections.abc import Callable
from dataclasses import replace
from typing import Any

sys.path.append(sys.argv[2])

import gi  # after the path

gi.require_version("UMockdev", "1.0")
from gi.repository import UMockdev  # noqa: E402

from docking.drivers.families import KNOWN_FAMILIES  # noqa: E402
from docking.errors import DockingError  # noqa: E402
from docking.slot_state import Appeared, Seen, Slot, StorageAsked, TimePassed, Vanished, advance  # noqa: E402
from docking.usb_devices import UsbDevice, read_usb_devices, usb_presence  # noqa: E402
from docking.usb_policy import UsbKind, judge_usb_device  # noqa: E402
from docking.usb_strings import with_strings  # noqa: E402
from tests.docking.usb_tree import CONTROL, KEYBOARD, STORAGE, Claims, Triple, descriptors  # noqa: E402

HOST = "/devices/pci0000:00/0000:00:14.0"

# linux/usbdevice_fs.h on 64 bits: what libusb asks, and where things lie in struct usbdevfs_urb.
USBDEVFS_SUBMITURB = 0x8038550A
USBDEVFS_REAPURBNDELAY = 0x4008550D
USBDEVFS_GET_CAPABILITIES = 0x8004551A
URB_BYTES = 56
POINTER_BYTES = 8
URB_STATUS_AT, URB_BUFFER_AT, URB_BUFFER_BYTES_AT, URB_DONE_BYTES_AT = 4, 16, 24, 28
GET_DESCRIPTOR, STRING_DESCRIPTOR = 6, 3


class Device(UMockdev.IoctlBase):  # type: ignore[misc]  # gi ships no types
    """Answers control transfers for string descriptors, as a device that works does."""

    def __init__(self, strings: dict[int, str]) -> None:
        super().__init__()
        self.strings = strings
        self.asked: list[int] = []
        self._done: Any = None
        self.connect("handle-ioctl", self._answer)

    def _answer(self, _: Any, client: Any) -> bool:
        request, argument = client.get_request(), client.get_arg()
        if request == USBDEVFS_GET_CAPABILITIES:
            argument.resolve(0, 4).update(0, struct.pack("<I", 0))
            client.complete(0, 0)
        elif request == USBDEVFS_SUBMITURB:
            self._submit(client, argument)
        elif request == USBDEVFS_REAPURBNDELAY:
            self._reap(client, argument)
        else:
            client.complete(-1, errno.ENOTTY)
        return True

    def _submit(self, client: Any, argument: Any) -> None:
        urb = argument.resolve(0, URB_BYTES)
        (length,) = struct.unpack_from("<i", bytes(urb.retrieve()), URB_BUFFER_BYTES_AT)
        buffer = urb.resolve(URB_BUFFER_AT, length)
        raw = bytes(buffer.retrieve())
        _, request, value, _, wanted = struct.unpack_from("<BBHHH", raw)
        answer = b""
        if request == GET_DESCRIPTOR and value >> 8 == STRING_DESCRIPTOR:
            self.asked.append(value & 0xFF)
            answer = self._string(value & 0xFF)[:wanted]
        buffer.update(8, answer)
        urb.update(URB_STATUS_AT, struct.pack("<i", 0 if answer else -errno.EPIPE))
        urb.update(URB_DONE_BYTES_AT, struct.pack("<i", len(answer)))
        self._done = urb
        client.complete(0, 0)

    def _string(self, index: int) -> bytes:
        text = b"\x09\x04" if index == 0 else self.strings.get(index, "").encode("utf-16-le")
        return bytes((len(text) + 2, STRING_DESCRIPTOR)) + text if text else b""

    def _reap(self, client: Any, argument: Any) -> None:
        if self._done is None:
            client.complete(-1, errno.EAGAIN)
            return
        argument.resolve(0, POINTER_BYTES).set_ptr(0, self._done)
        self._done = None
        client.complete(0, 0)


class Bench:
    """A machine with one host controller; plugs and pulls devices."""

    def __init__(self) -> None:
        self.bed = UMockdev.Testbed.new()
        self._address = 1
        self.bed.add_from_string(f"P: {HOST}\nE: SUBSYSTEM=pci\nA: class=0x0c0330\n")
        self._add(f"{HOST}/usb1", Claims(vendor_id="1d6b", product_id="0002"), [(9, 0, 0)], {}, 9)

    def plug(
        self,
        name: str,
        claims: Claims = Claims(),  # noqa: B008  # frozen
        interfaces: list[Triple] | None = None,
        *,
        known_to_kernel: bool = True,
        is_hub: bool = False,
    ) -> Device:
        """Plug a device in; `known_to_kernel` is whether the kernel got its strings."""
        path = path_of(name)
        self._address += 1
        texts = {"manufacturer": claims.manufacturer, "product": claims.product, "serial": claims.serial}
        shown = {name: text for name, text in texts.items() if text is not None and known_to_kernel}
        self._add(path, claims, interfaces or [STORAGE], shown, 9 if is_hub else 0)
        strings = {number: text for number, text in enumerate(texts.values(), start=1) if text is not None}
        device = Device(strings)
        self.bed.attach_ioctl(f"/dev/bus/usb/001/{self._address:03d}", device)
        self.bed.uevent(f"/sys{path}", "add")
        return device

    def pull(self, name: str) -> None:
        """Pull a device."""
        (found,) = [device for device in read_usb_devices() if device.name == name]
        self.bed.detach_ioctl(f"/dev/bus/usb/001/{found.address:03d}")
        path = path_of(name)
        self.bed.uevent(f"/sys{path}", "remove")
        self.bed.remove_device(f"/sys{path}")

    def _add(
        self, path: str, claims: Claims, interfaces: list[Triple], texts: dict[str, str], device_class: int
    ) -> None:
        number = f"{self._address:03d}"
        lines = [
            f"P: {path}",
            f"N: bus/usb/001/{number}",
            "E: SUBSYSTEM=usb",
            "E: DEVTYPE=usb_device",
            f"E: DEVNAME=/dev/bus/usb/001/{number}",
            "E: BUSNUM=001",
            f"E: DEVNUM={number}",
            f"A: busnum=1\\n\nA: devnum={self._address}\\n\nA: speed=480\\n\nA: bConfigurationValue=1\\n",
            f"A: idVendor={claims.vendor_id}\\n\nA: idProduct={claims.product_id}\\n",
            f"A: bDeviceClass={device_class:02x}\\n",
            *(f"A: {key}={text}\\n" for key, text in texts.items()),
            f"H: descriptors={descriptors(claims, interfaces, device_class=device_class).hex().upper()}",
        ]
        self.bed.add_from_string("\n".join(lines) + "\n")


def path_of(name: str) -> str:
    bus, _, ports = name.partition("-")
    path, chain = f"{HOST}/usb{bus}", ports.split(".")
    for depth in range(1, len(chain) + 1):
        path += f"/{bus}-{'.'.join(chain[:depth])}"
    return path


def seen(device: UsbDevice) -> dict[str, Any]:
    """Return a device and what is thought of it."""
    try:
        verdict = judge_usb_device(device, KNOWN_FAMILIES)
        judged = {"kind": verdict.kind.value, "remarks": verdict.remarks}
    except DockingError as err:
        judged = {"refused": str(err)}
    return {
        "port": device.port,
        "address": device.address,
        "recorder": device.recorder,
        "strings": [device.manufacturer, device.product, device.serial],
        "interfaces": [interface.code for interface in device.interfaces],
        **judged,
    }


def recorders() -> list[dict[str, Any]]:
    """Return what is plugged in, hubs left out."""
    return [seen(device) for device in read_usb_devices() if not device.is_hub]


def coming_and_going(bench: Bench) -> Any:
    """Nothing, a recorder, nothing."""
    looks = [recorders()]
    bench.plug("1-2")
    looks.append(recorders())
    bench.pull("1-2")
    looks.append(recorders())
    return looks


def unlocking(bench: Bench) -> Any:
    """A locked recorder that comes back as storage under another number and product id: one arrival."""
    slot, looks = Slot(), []
    present: dict[int, UsbDevice] = {}

    def look(at_s: float) -> None:
        nonlocal slot, present
        now = {device.address: device for device in read_usb_devices() if not device.is_hub}
        for address in present.keys() - now.keys():
            slot = advance(slot, Vanished(address=(1, address)), at_s)
        for address, device in now.items():
            kind = Seen.STORAGE if judge_usb_device(device, KNOWN_FAMILIES).kind is UsbKind.STORAGE else Seen.CONTROL
            slot = advance(slot, Appeared(kind=kind, address=(1, address), serial=device.serial), at_s)
        slot, present = advance(slot, TimePassed(), at_s), now
        looks.append([slot.phase, slot.arrivals, [device.port for device in now.values()]])

    look(0.0)
    bench.plug("1-2", Claims(serial=None), [CONTROL])
    look(1.0)
    slot = advance(slot, StorageAsked(), 1.5)
    bench.pull("1-2")
    look(2.0)
    bench.plug("1-2", Claims(product_id="1000"), [STORAGE])
    look(6.0)
    return looks


def seven_ports(bench: Bench) -> Any:
    """A hub with seven recorders."""
    bench.plug("1-4", Claims(vendor_id="05e3", product_id="0610"), [(9, 0, 0)], is_hub=True)
    for port in range(1, 8):
        bench.plug(f"1-4.{port}", Claims(serial=f"A{port}"))
    return [recorders(), sorted(usb_presence())]


def unread_strings(bench: Bench) -> Any:
    """A control device whose strings the kernel did not get, asked through libusb."""
    device = bench.plug("1-2", Claims(serial="0000017"), [CONTROL], known_to_kernel=False)
    (before,) = [one for one in read_usb_devices() if not one.is_hub]
    return [seen(before), seen(with_strings(before)), sorted(set(device.asked))]


def no_strings_at_all(bench: Bench) -> Any:
    """A device that says it has strings and gives none."""
    bench.plug("1-2", Claims(manufacturer=None, product=None, serial=None), [CONTROL])
    (device,) = [one for one in read_usb_devices() if not one.is_hub]
    return seen(with_strings(device))


def gone_before_it_is_asked(bench: Bench) -> Any:
    """A device that left, and another that has its number now."""
    bench.plug("1-2", Claims(), [CONTROL], known_to_kernel=False)
    (device,) = [one for one in read_usb_devices() if not one.is_hub]
    bench.pull("1-2")
    return _refusal(lambda: with_strings(device))


def number_given_to_another(bench: Bench) -> Any:
    """Another device has the number by the time it is asked."""
    bench.plug("1-2", Claims(), [CONTROL], known_to_kernel=False)
    (device,) = [one for one in read_usb_devices() if not one.is_hub]
    bench.pull("1-2")
    bench._address -= 1
    bench.plug("1-2", Claims(product_id="1000"), [STORAGE])
    return _refusal(lambda: with_strings(device))


def a_node_that_may_not_be_opened(bench: Bench) -> Any:
    """A device whose node is not there for us."""
    bench.plug("1-2", Claims(), [CONTROL], known_to_kernel=False)
    (device,) = [one for one in read_usb_devices() if not one.is_hub]
    return _refusal(lambda: with_strings(replace(device, address=99)))


def keyboard_beside_storage(bench: Bench) -> Any:
    """A stick that types."""
    bench.plug("1-2", Claims(), [STORAGE, KEYBOARD])
    return recorders()


def _refusal(act: Callable[[], object]) -> str:
    try:
        act()
    except DockingError as err:
        return str(err)
    return "nothing was refused"


SCENES = {
    scene.__name__: scene
    for scene in (
        coming_and_going,
        unlocking,
        seven_ports,
        unread_strings,
        no_strings_at_all,
        gone_before_it_is_asked,
        number_given_to_another,
        a_node_that_may_not_be_opened,
        keyboard_beside_storage,
    )
}

if __name__ == "__main__":
    print(json.dumps(SCENES[sys.argv[1]](Bench())))  # noqa: T201  # what the test reads
