"""What the unlock helper found out, as one line of JSON for the daemon.

It can hold a person's name: it goes into a file or a pipe that only the daemon reads, never into a log.
"""

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final

from docking.drivers.clock import ClockMeasurement, measurement_facts
from docking.drivers.gat947 import FieldText, HolderFields
from docking.drivers.verbs import DriverName
from docking.errors import DockingError
from docking.note_fields import problem_facts
from docking.usb_devices import UsbDevice
from hashing.canonical import Json

VERSION: Final = 1


class UnlockState(StrEnum):
    """How it stands with the recorder at a port; the text is part of the report."""

    ABSENT = "absent"
    CARD = "card"
    LOCKED = "locked"
    OPEN = "open"
    STORAGE_ASKED = "storage-asked"


class UnlockWarning(StrEnum):
    """What a custodian should be told, though the recorder was read; the text is part of the report."""

    FACTORY_PASSWORD = "factory-password"  # noqa: S105  # the warning, not one
    UNASSIGNED = "unassigned"
    NAME_UNREADABLE = "name-unreadable"
    NO_REPLY_TO_STORAGE = "no-reply-to-storage"


@dataclass(slots=True, kw_only=True)
class UnlockReport:
    """Filled while a recorder is spoken to, so that what was read before a failure is kept."""

    port_path: str
    at: datetime = field(default_factory=lambda: datetime.now(UTC))
    """When the visit began."""
    state: UnlockState = UnlockState.ABSENT
    device: UsbDevice | None = None
    driver: DriverName | None = None
    holder: HolderFields | None = None
    battery_percent: int | None = None
    clock: ClockMeasurement | None = None
    clock_set_to: datetime | None = None
    problem: DockingError | None = None
    warnings: tuple[UnlockWarning, ...] = ()


def format_report(report: UnlockReport) -> bytes:
    """Return the report as one line of ASCII."""
    facts: dict[str, Json] = {
        "v": VERSION,
        "port_path": report.port_path,
        "at": report.at.isoformat(),
        "state": report.state.value,
        "device": None if report.device is None else _device_facts(report.device),
        "driver": report.driver,
        "holder": None if report.holder is None else _holder_facts(report.holder),
        "battery_percent": report.battery_percent,
        "clock": None if report.clock is None else measurement_facts(report.clock),
        "clock_set_to": None if report.clock_set_to is None else report.clock_set_to.isoformat(),
        "problem": None if report.problem is None else problem_facts(report.problem),
        "warnings": [warning.value for warning in report.warnings],
    }
    return json.dumps(facts).encode("ascii") + b"\n"


def _device_facts(device: UsbDevice) -> dict[str, Json]:
    return {
        "port": device.port,
        "bus": device.bus,
        "address": device.address,
        "vendor_id": device.vendor_id,
        "product_id": device.product_id,
        "serial": device.serial,
        "recorder": device.recorder,
    }


def _holder_facts(holder: HolderFields) -> dict[str, Json]:
    return {
        "serial": holder.serial,
        "police_number": holder.police_number,
        "officer_name": _text_facts(holder.officer_name),
        "unit_number": holder.unit_number,
        "unit_name": _text_facts(holder.unit_name),
    }


def _text_facts(name: FieldText | None) -> Json:
    if name is None:
        return None
    return {"text": name.text, "encoding": name.encoding.value, "is_cut": name.is_cut}
