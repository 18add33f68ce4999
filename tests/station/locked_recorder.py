"""Runs in the machine: a locked recorder of the BC+ family, until it is told to become a card.

    python -m tests.station.locked_recorder FUNCTIONFS LOCKED-GADGET CARD-GADGET

What it says is what the tests of the drivers have it say; here its words go over the kernel's gadget side, and the
station hears them through its own USB. When it becomes a card it leaves and comes back on the same port as another
device, as these recorders do.
"""

import os
import struct
import sys
from datetime import datetime, timedelta
from pathlib import Path

from tests.docking.drivers.fake_recorders import ZONE, BcPlusFirmware

# Its clock is wrong by this much.
AHEAD = timedelta(seconds=90)

# linux/usb/functionfs.h
_DESCRIPTORS, _STRINGS = 3, 2
_FULL_SPEED, _HIGH_SPEED = 1, 2
_VENDOR_SPECIFIC, _BULK = 0xFF, 2
_OUT, _IN = 0x01, 0x81
_PACKET_BYTES = {_FULL_SPEED: 64, _HIGH_SPEED: 512}
_ENGLISH = 0x0409


def main() -> None:
    """Serve one docking."""
    functionfs, locked, card = map(Path, sys.argv[1:])
    control = os.open(functionfs / "ep0", os.O_RDWR)
    os.write(control, _descriptors())
    os.write(control, _strings("control"))
    (controller,) = [path.name for path in Path("/sys/class/udc").iterdir()]
    _attach(locked, controller)
    _answer(functionfs)
    _attach(locked, "")
    _attach(card, controller)


def _answer(functionfs: Path) -> None:
    heard, said = os.open(functionfs / "ep1", os.O_RDONLY), os.open(functionfs / "ep2", os.O_WRONLY)
    recorder = BcPlusFirmware(shows=lambda: f"{datetime.now(ZONE) + AHEAD:%Y%m%d%H%M%S}".encode("ascii"))
    while not recorder.is_card:
        if (answer := recorder.answer(os.read(heard, _PACKET_BYTES[_HIGH_SPEED]))) is not None:
            os.write(said, answer)
    os.close(heard)
    os.close(said)


def _attach(gadget: Path, controller: str) -> None:
    (gadget / "UDC").write_text(f"{controller}\n", encoding="ascii")


def _descriptors() -> bytes:
    """Return one vendor-specific interface with a bulk endpoint for each direction, for both speeds."""
    interface = struct.pack("<9B", 9, 4, 0, 0, 2, _VENDOR_SPECIFIC, 0, 0, 1)
    body = struct.pack("<2I", 3, 3)
    for size in _PACKET_BYTES.values():
        body += interface + b"".join(struct.pack("<4BHB", 7, 5, address, _BULK, size, 0) for address in (_OUT, _IN))
    return struct.pack("<3I", _DESCRIPTORS, 12 + len(body), _FULL_SPEED | _HIGH_SPEED) + body


def _strings(text: str) -> bytes:
    body = struct.pack("<2IH", 1, 1, _ENGLISH) + text.encode("ascii") + b"\0"
    return struct.pack("<2I", _STRINGS, 8 + len(body)) + body


if __name__ == "__main__":
    main()
