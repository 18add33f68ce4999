"""The report of an unlocking as the daemon and the mount helper read it (docking/drivers/report.py writes it)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from docking.drivers.clock import ClockMeasurement, measurement_of
from docking.drivers.errors import ClockProofError
from docking.drivers.report import VERSION, UnlockState, UnlockWarning
from docking.drivers.verbs import DriverName
from docking.errors import DockingError
from docking.note_fields import NoteFields, parse_note
from docking.notes import NOTE_SUFFIX, read_note
from docking.usb_devices import UsbDevice, UsbId
from docking.usb_ports import PortId
from hashing.canonical import Json

# A visit takes seconds, coming back as a card up to 20 (slot_state), a disk is settled a few later.
COMES_BACK_WITHIN: Final = timedelta(seconds=60)

_SPOKE: Final = frozenset({UnlockState.OPEN, UnlockState.STORAGE_ASKED})


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldVisit:
    """One visit to a recorder. Serial and `holder` are the recorder's claims, `problem` is an error as it travels.

    `bus` and `address` tell the control device that was visited from whatever stands on the port before or after.
    """

    at: datetime
    state: UnlockState
    port: PortId
    bus: int
    address: int
    usb_id: UsbId
    recorder: str
    serial: str | None
    driver: DriverName | None
    holder: Mapping[str, Json] | None
    battery_percent: int | None
    clock: ClockMeasurement | None
    clock_set_to: datetime | None
    problem: dict[str, Any] | None
    warnings: tuple[UnlockWarning, ...]


def read_visit(path: Path, *, trusted_uids: frozenset[int]) -> ToldVisit | None:
    """Read one report, under the same conditions as a dock slip; None where it met no device.

    Raises:
        SlipUnreadableError, SlipUntrustedError: it does not count.
        NoteMalformedError: it is no report.
    """
    fields = parse_note(read_note(path, trusted_uids=trusted_uids), path)
    if fields.number("v") != VERSION:
        raise fields.wrong("v", str(VERSION))
    device = fields.inside("device")
    return None if device is None else _visit(fields, device)


def clock_before_docking(
    folder: Path, device: UsbDevice, *, now: datetime, trusted_uids: frozenset[int]
) -> ClockMeasurement | None:
    """Return how far the clock of the recorder in `device` was off when it was unlocked a moment ago.

    None where no report is about it: of this port, of the last minute, and of no other serial. Not checked, because
    nothing shows it: that a recorder without serial was not changed for another within that minute.
    """
    for path in folder.glob(f"[!.]*{NOTE_SUFFIX}"):
        try:
            visit = read_visit(path, trusted_uids=trusted_uids)
        except DockingError:
            continue  # what is wrong with it, the daemon says
        if visit is not None and visit.clock is not None and came_back_as(visit, device.port, device.serial, at=now):
            return visit.clock
    return None


def came_back_as(visit: ToldVisit, port: PortId, serial: str | None, *, at: datetime) -> bool:
    """Return whether a card on `port` that names `serial` (None: none), there since `at`, is the visited recorder."""
    is_in_time = timedelta(0) <= at - visit.at <= COMES_BACK_WITHIN
    names_no_other = serial is None or visit.serial is None or serial == visit.serial
    return visit.port == port and visit.state in _SPOKE and is_in_time and names_no_other


def _visit(fields: NoteFields, device: NoteFields) -> ToldVisit:
    clock = fields.line("clock")
    try:
        measured = None if clock is None else measurement_of(clock)
    except ClockProofError as err:
        raise fields.wrong("clock", "a measurement") from err
    return ToldVisit(
        at=fields.moment("at"),
        state=fields.member("state", UnlockState),
        port=PortId(device.text("port")),
        bus=device.number("bus"),
        address=device.number("address"),
        usb_id=UsbId(f"{device.text('vendor_id')}:{device.text('product_id')}"),
        recorder=device.text("recorder"),
        serial=device.serial("serial"),
        driver=None if fields.raw("driver") is None else fields.member("driver", DriverName),
        holder=fields.line("holder"),
        battery_percent=fields.number_or_none("battery_percent"),
        clock=measured,
        clock_set_to=fields.moment_or_none("clock_set_to"),
        problem=fields.problem("problem"),
        warnings=tuple(UnlockWarning(one) for one in fields.texts("warnings") if one in list(UnlockWarning)),
    )
