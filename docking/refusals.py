"""What the mount helper refuses, as a note to the daemon: one line of JSON in a file named after the device.

It outlives the device, so that a daemon that was not running learns of it; the next refusal of a device of that name,
or the card that is mounted under it, replaces it.
"""

import json
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from docking.block_device import UsbBlockDevice
from docking.card import recorder_text
from docking.errors import DockingError
from docking.note_fields import parse_note, problem_facts
from docking.notes import NOTE_SUFFIX, read_note, write_note
from docking.usb_devices import UsbId
from docking.usb_ports import PortId

_VERSION: Final = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """One card that is not mounted, and why. USB ids and serial are claims of the device.

    `bus` and `address` tell this device from the next one on the port; `problem` is the error as it travels.
    """

    device: str
    port: PortId
    bus: int
    address: int
    usb_id: UsbId
    recorder: str
    refused_at: datetime
    problem: dict[str, Any]


def write_refusal(folder: Path, device: UsbBlockDevice, error: DockingError, *, now: datetime) -> Path:
    """Write into `folder` that the card on `device` is not mounted.

    Raises:
        OSError: the folder cannot be written.
    """
    usb = device.usb
    facts = {
        "v": _VERSION,
        "device": str(device.node),
        "port": usb.port,
        "bus": usb.bus,
        "address": usb.address,
        "vendor_id": usb.vendor_id,
        "product_id": usb.product_id,
        "serial": usb.serial,
        "refused_at": now.isoformat(),
        "problem": problem_facts(error),
    }
    return write_note(folder, device.name, json.dumps(facts).encode("ascii") + b"\n")


def take_back_refusal(folder: Path, name: str) -> None:
    """Remove the refusal of the device `name`, if there is one."""
    (folder / f"{name}{NOTE_SUFFIX}").unlink(missing_ok=True)


def read_refusal(path: Path, *, trusted_uids: frozenset[int]) -> Refusal:
    """Read one refusal, under the same conditions as a dock slip.

    Raises:
        SlipUnreadableError, SlipUntrustedError: it does not count.
        NoteMalformedError: it is no refusal.
    """
    fields = parse_note(read_note(path, trusted_uids=trusted_uids), path)
    if fields.number("v") != _VERSION:
        raise fields.wrong("v", str(_VERSION))
    problem = fields.problem("problem")
    if problem is None:
        raise fields.wrong("problem", "a code, a template and facts")
    vendor_id, product_id = fields.text("vendor_id"), fields.text("product_id")
    return Refusal(
        device=fields.text("device"),
        port=PortId(fields.text("port")),
        bus=fields.number("bus"),
        address=fields.number("address"),
        usb_id=UsbId(f"{vendor_id}:{product_id}"),
        recorder=recorder_text(vendor_id=vendor_id, product_id=product_id, serial=fields.serial("serial")),
        refused_at=fields.moment("refused_at"),
        problem=problem,
    )
