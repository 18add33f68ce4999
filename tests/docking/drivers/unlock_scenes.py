"""Scenes with make-believe recorders that are spoken to; a program of its own, started by test_unlock_on_umockdev.

    umockdev-wrapper python3 tests/docking/drivers/unlock_scenes.py SCENE SITE-PACKAGES CREDENTIALS

The recorder's firmware is the one of fake_recorders; pyusb, libusb and sysfs are the real libraries, and usbfs is
umockdev's. Prints the report, what the firmware heard, and what the program left on standard error, as one JSON line.
"""

import contextlib
import errno
import io
import json
import os
import struct
import sys
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

sys.path.append(sys.argv[2])

from docking import unlock_helper  # after the path
from docking.block_device import UsbBlockDevice
from docking.drivers.errors import ControlGoneError
from docking.drivers.recorders import endpoints_of
from docking.drivers.told_visit import clock_before_docking
from docking.drivers.usb_transport import open_control
from docking.drivers.verbs import DriverName
from docking.mount_helper import make_slip
from docking.slips import format_slip
from docking.usb_devices import read_usb_devices
from docking.usb_strings import with_strings
from tests.docking.drivers.fake_recorders import NAME, AmbarellaFirmware, BcPlusFirmware, Firmware, record
from tests.docking.usb_scenes import (
    POINTER_BYTES,
    URB_BUFFER_AT,
    URB_BUFFER_BYTES_AT,
    URB_BYTES,
    URB_DONE_BYTES_AT,
    URB_STATUS_AT,
    USBDEVFS_REAPURBNDELAY,
    USBDEVFS_SUBMITURB,
    Bench,
    Device,
    path_of,
)
from tests.docking.usb_tree import CONTROL, KEYBOARD, STORAGE, Claims, Triple

# linux/usbdevice_fs.h on 64 bits.
USBDEVFS_GETDRIVER = 0x41045508
USBDEVFS_DISCARDURB = 0x550B
USBDEVFS_CLAIMINTERFACE = 0x8004550F
USBDEVFS_RELEASEINTERFACE = 0x80045510
URB_TYPE_BULK = 3
SEND, RECEIVE = 0x01, 0x81

AMBARELLA = Claims(serial="A1")
BC_PLUS = Claims(vendor_id="1234", product_id="5678", serial="B1")


class ControlDevice(Device):
    """Two bulk endpoints in front of a firmware; whatever the wire does to them is a field.

    `pieces` is how many bytes one transfer brings, `vanishes_after` after how many commands the recorder is pulled,
    `owner` the kernel driver that has the interface, `stalls` whether the endpoint refuses, `takes_bytes` how much of a
    command it takes.
    """

    def __init__(
        self,
        firmware: Firmware,
        *,
        pieces: int = 512,
        vanishes_after: int | None = None,
        is_silent: bool = False,
        stalls: bool = False,
        owner: str | None = None,
        takes_bytes: int | None = None,
    ) -> None:
        super().__init__({1: "Maker", 2: "Body camera", 3: "A1"})
        self.firmware = firmware
        self.pieces = pieces
        self.vanishes_after = vanishes_after
        self.is_silent = is_silent
        self.stalls = stalls
        self.owner = owner
        self.takes_bytes = takes_bytes
        self.heard: list[bytes] = []
        self.calls: list[str] = []
        self._coming = b""
        self._is_gone = False
        self._waiting: list[Any] = []
        self._finished: list[Any] = []

    def _answer(self, _: Any, client: Any) -> bool:
        request, argument = client.get_request(), client.get_arg()
        if request == USBDEVFS_CLAIMINTERFACE:
            self._note(client, "claim")
        elif request == USBDEVFS_RELEASEINTERFACE:
            self._note(client, "release")
        elif request == USBDEVFS_GETDRIVER:
            if self.owner is not None:
                argument.resolve(0, 260).update(4, self.owner.encode() + b"\0")
            client.complete(-1 if self.owner is None else 0, errno.ENODATA if self.owner is None else 0)
        elif request == USBDEVFS_DISCARDURB:
            self._discard(client)
        elif request == USBDEVFS_SUBMITURB:
            self._submit_any(client, argument)
        elif request == USBDEVFS_REAPURBNDELAY:
            self._reap_any(client, argument)
        else:
            return bool(super()._answer(_, client))
        return True

    def _note(self, client: Any, call: str) -> None:
        self.calls.append(call)
        client.complete(0, 0)

    def _submit_any(self, client: Any, argument: Any) -> None:
        urb = argument.resolve(0, URB_BYTES)
        raw = bytes(urb.retrieve())
        if raw[0] != URB_TYPE_BULK:
            super()._submit(client, argument)
            self._finished.append(self._done)
            return
        if self._is_gone:
            client.complete(-1, errno.ENODEV)
            return
        (length,) = struct.unpack_from("<i", raw, URB_BUFFER_BYTES_AT)
        buffer = urb.resolve(URB_BUFFER_AT, length)
        if raw[1] == SEND:
            self._hear(urb, bytes(buffer.retrieve()))
        else:
            self._waiting.append((urb, buffer, length))
        client.complete(0, 0)

    def _hear(self, urb: Any, command: bytes) -> None:
        if self.stalls:
            self._finish(urb, -errno.EPIPE, 0)
            return
        if self.takes_bytes is not None:
            self._finish(urb, 0, self.takes_bytes)
            self._coming += self.firmware.answer(command) or b""
            return
        if self.vanishes_after == len(self.heard):
            self._leave()
            self._finish(urb, -errno.ESHUTDOWN, 0)
            return
        self.heard.append(command)
        answer = self.firmware.answer(command)
        self._finish(urb, 0, len(command))
        if answer is None:
            self._leave()
        elif not self.is_silent:
            self._coming += answer

    def _leave(self) -> None:
        self._is_gone = True

    def _reap_any(self, client: Any, argument: Any) -> None:
        while self._waiting and (self._coming or self._is_gone):
            urb, buffer, length = self._waiting.pop(0)
            came = self._coming[: min(length, self.pieces)]
            self._coming = self._coming[len(came) :]
            if came:
                buffer.update(0, came)
            self._finish(urb, -errno.ESHUTDOWN if self._is_gone else 0, len(came))
        if not self._finished:
            client.complete(-1, errno.EAGAIN)
            return
        argument.resolve(0, POINTER_BYTES).set_ptr(0, self._finished.pop(0))
        client.complete(0, 0)

    def _discard(self, client: Any) -> None:
        if not self._waiting:
            client.complete(-1, errno.EINVAL)
            return
        urb, _, _ = self._waiting.pop(0)
        self._finish(urb, -errno.ENOENT, 0)
        client.complete(0, 0)

    def _finish(self, urb: Any, status: int, size: int) -> None:
        urb.update(URB_STATUS_AT, struct.pack("<i", status))
        urb.update(URB_DONE_BYTES_AT, struct.pack("<i", size))
        self._finished.append(urb)


def run(
    device: ControlDevice,
    *arguments: str,
    claims: Claims = AMBARELLA,
    interfaces: list[Triple] | None = None,
    known_to_kernel: bool = True,
    families: str = "",
) -> Any:
    """Plug `device` in, run the program on it, and return all that is to be seen of it."""
    bench = Bench()
    # A hub with other recorders: exactly the one is spoken to.
    others = [ControlDevice(AmbarellaFirmware()) for _ in range(2)]
    for port, one in (("1-1", others[0]), ("1-2", device), ("1-3", others[1])):
        mine = one is device
        bench.plug(
            port,
            claims if mine else Claims(serial=port),
            (interfaces or [CONTROL]) if mine else [CONTROL],
            known_to_kernel=known_to_kernel or not mine,
        )
        node = f"/dev/bus/usb/001/{bench._address:03d}"
        bench.bed.detach_ioctl(node)
        bench.bed.attach_ioctl(node, one)
    errors = io.StringIO()
    with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stderr(errors):
        report, listed = Path(folder, "report.json"), Path(folder, "families.toml")
        listed.write_text(families, encoding="utf-8")
        places = ["--report", str(report), "--families", str(listed)]
        code = unlock_helper.main(["1-2", "--time-zone", "Asia/Shanghai", *places, *arguments])
        facts = json.loads(report.read_bytes())
    return {
        "code": code,
        "report": facts,
        "heard": [one.decode("latin-1") for one in device.heard],
        "calls": device.calls,
        "log": errors.getvalue(),
        "others": [one.heard or one.calls for one in others],
    }


def ambarella() -> Any:
    """All there is to ask, and then the card."""
    data = record(b"ABC1234", b"012345", NAME.encode("gbk"), b"500110000001", b"")
    return run(ControlDevice(AmbarellaFirmware(record=data)), "--storage")


def bc_plus() -> Any:
    """The other family, in pieces of three bytes, under an id the unit named."""
    device = ControlDevice(BcPlusFirmware(), pieces=3)
    return run(device, "--storage", families='"1234:5678" = "bc-plus"', claims=BC_PLUS)


def unread_serial() -> Any:
    """The kernel did not get its strings: libusb asks."""
    return run(ControlDevice(AmbarellaFirmware()), known_to_kernel=False)


def leaving_unheard() -> Any:
    """It becomes a card without saying so."""
    return run(ControlDevice(AmbarellaFirmware(leaves_unheard=True)), "--storage")


def pulled() -> Any:
    """Pulled after the login."""
    return run(ControlDevice(AmbarellaFirmware(), vanishes_after=1), "--storage")


def silent() -> Any:
    """It takes the command and never answers."""
    return run(ControlDevice(AmbarellaFirmware(), is_silent=True), "--storage")


def stalling() -> Any:
    """The endpoint refuses."""
    return run(ControlDevice(AmbarellaFirmware(), stalls=True))


def choking() -> Any:
    """It takes half a command, and answers all the same."""
    return run(ControlDevice(AmbarellaFirmware(), takes_bytes=5))


def comes_back_as_a_card() -> Any:
    """Unlocked, pulled off the bus, and back as storage whose serial the kernel did not get."""
    bench, recorder = Bench(), ControlDevice(BcPlusFirmware())
    bench.plug("1-2", BC_PLUS, [CONTROL])
    node = f"/dev/bus/usb/001/{bench._address:03d}"
    bench.bed.detach_ioctl(node)
    bench.bed.attach_ioctl(node, recorder)
    with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stderr(io.StringIO()):
        listed, reports = Path(folder, "families.toml"), Path(folder, "unlocked")
        listed.write_text('"1234:5678" = "bc-plus"', encoding="utf-8")
        reports.mkdir()
        files = ["--families", str(listed), "--report", str(reports / "1-2.json")]
        unlock_helper.main(["1-2", "--time-zone", "Asia/Shanghai", "--storage", *files])
        report = json.loads((reports / "1-2.json").read_bytes())
        bench.bed.detach_ioctl(node)
        bench.bed.uevent("/sys" + path_of("1-2"), "remove")
        bench.bed.remove_device("/sys" + path_of("1-2"))
        bench.plug("1-2", Claims(vendor_id="1234", product_id="1000", serial="B1"), [STORAGE], known_to_kernel=False)
        (device,) = [one for one in read_usb_devices() if not one.is_hub]
        asked = with_strings(device)
        ours = frozenset({os.geteuid()})
        clock = clock_before_docking(reports, asked, now=datetime.now(UTC), trusted_uids=ours)
    card = UsbBlockDevice(name="sdb1", node=Path("/dev/sdb1"), number="8:17", diskseq=7, usb=asked)
    slip = make_slip(card, "exfat", Path("/run/bodycam-custody/cards/sdb1"), clock=clock)
    found = {"report": report, "slip": json.loads(format_slip(slip)), "kernel": device.serial}
    return {**found, "log": "", "others": [[], []]}


def number_given_to_another() -> Any:
    """By the time it is opened, another device has the number: not a byte of a password goes there."""
    bench = Bench()
    bench.plug("1-2", AMBARELLA, [CONTROL])
    (device,) = [one for one in read_usb_devices() if not one.is_hub]
    bench.pull("1-2")
    bench._address -= 1
    bench.plug("1-2", Claims(product_id="1000"), [CONTROL])
    report = "opened"
    try:
        with open_control(device, DriverName.AMBARELLA, endpoints_of(DriverName.AMBARELLA)):
            pass
    except ControlGoneError as err:
        report = str(err)
    return {"report": report, "log": "", "others": [[], []]}


def wrong_password() -> Any:
    """The recorder has another one."""
    return run(ControlDevice(AmbarellaFirmware(log_in=b"another")), "--storage")


def in_use() -> Any:
    """A kernel driver has the interface."""
    return run(ControlDevice(AmbarellaFirmware(), owner="usblp"))


def two_channels() -> Any:
    """Two interfaces could be the control channel."""
    return run(ControlDevice(AmbarellaFirmware()), interfaces=[CONTROL, CONTROL])


def typing() -> Any:
    """A recorder that is a keyboard too."""
    return run(ControlDevice(AmbarellaFirmware()), interfaces=[CONTROL, KEYBOARD])


SCENES: dict[str, Callable[[], Any]] = {
    scene.__name__: scene
    for scene in (
        ambarella,
        bc_plus,
        unread_serial,
        leaving_unheard,
        pulled,
        silent,
        stalling,
        choking,
        comes_back_as_a_card,
        number_given_to_another,
        wrong_password,
        in_use,
        two_channels,
        typing,
    )
}

if __name__ == "__main__":
    os.environ["CREDENTIALS_DIRECTORY"] = sys.argv[3]
    print(json.dumps(SCENES[sys.argv[1]]()))  # noqa: T201  # what the test reads
