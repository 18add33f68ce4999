"""One port and what is known of it now."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from bodycam_custody.slots.alarms import card_refused_problem
from bodycam_custody.slots.notes import NoteKey
from bodycam_custody.views import problem
from docking.drivers.errors import DriverMissingError
from docking.drivers.told_visit import ToldVisit, came_back_as
from docking.refusals import Refusal
from docking.slip_format import DockSlip
from docking.slot_state import Slot
from docking.usb_devices import UsbDevice
from docking.usb_errors import UsbDeviceSilentError, UsbInterfaceRefusedError
from docking.usb_policy import UsbVerdict

# The helper may have begun before the board looked.
_BEFORE_MET = timedelta(seconds=10)


@dataclass(slots=True)
class Place:
    """One port and what is known of it."""

    slot: Slot = field(default_factory=Slot)
    device: UsbDevice | None = None
    verdict: UsbVerdict | None = None
    refusal: UsbInterfaceRefusedError | UsbDeviceSilentError | DriverMissingError | None = None
    slips: dict[NoteKey, DockSlip] = field(default_factory=dict)
    refused: Refusal | None = None
    """A card of the device on the port that is not mounted."""
    visit: ToldVisit | None = None
    """What was learnt of this arrival when it was unlocked."""
    control: tuple[int, int] | None = None
    """Bus and address of the control device of this arrival."""
    met_at: datetime | None = None
    """When the device on the port was met; None where it stood there before the board looked."""
    docking_id: str | None = None
    is_dock: bool = False
    """Whether a recorder was ever seen here: a disk or a keyboard of the station's own is nobody's slot."""


def is_about(visit: ToldVisit, place: Place) -> bool:
    """Return whether a report is about what stands in a slot now, or about the control device it came back from."""
    if place.control is not None:
        # Device numbers come round again: an older report may be about a recorder of yesterday.
        is_of_now = place.met_at is None or visit.at >= place.met_at - _BEFORE_MET
        return place.control == (visit.bus, visit.address) and is_of_now
    slip = next(iter(place.slips.values()), None)
    return slip is not None and came_back_as(visit, visit.port, slip.serial, at=slip.docked_at)


def problem_of(place: Place, name: str) -> dict[str, Any] | None:
    """Return what is wrong with what stands in a slot, told with the name that is painted beside it."""
    if place.refusal is not None:
        return _at(name, problem(place.refusal))
    if place.refused is not None:
        told = place.refused.problem
        return card_refused_problem(name, told["code"], told["facts"])
    return None if place.visit is None or place.visit.problem is None else _at(name, place.visit.problem)


def _at(name: str, stated: Mapping[str, Any]) -> dict[str, Any]:
    facts = {fact: name if fact in {"port", "port_path"} else value for fact, value in stated["facts"].items()}
    return {**stated, "facts": facts}
