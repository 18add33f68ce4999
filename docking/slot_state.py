"""One slot as a state machine: what stands on a port now, and whether it is still the arrival it was.

A slot is a port (`usb_ports`). A locked recorder is two USB devices in a row: a control device, and after the password
a storage device with another number and maybe another product id. Both are **one arrival** as long as the second
comes within `REENUMERATION_S` and does not name another serial. A card that is read and drops off the bus is gone
early; when the same serial is back in time, it is the same arrival again.

A recorder may bring several cards, and not all at once: one that comes when the others were safe makes the slot unsafe
again, until it is read too.

Pure: events carry what was seen, `at_s` is a monotonic clock. Every event is allowed in every state; one that says
nothing new, or is about a device that is no longer there, changes nothing.
"""

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

# From the password to the storage device: recorders measured need 2 to 8 s, the kernel settles a disk in 1 s.
REENUMERATION_S: Final = 20.0


class SlotPhase(StrEnum):
    """What a slot shows; the texts are part of the interface."""

    EMPTY = "empty"
    PRESENT_LOCKED = "present-locked"
    UNLOCKING = "unlocking"
    STORAGE = "storage"
    MOUNTED = "mounted"
    READING = "reading"
    SAFE = "safe"
    RELEASED = "released"
    WITHDRAWN = "withdrawn"
    RELEASED_UNCLEARED = "released-uncleared"
    REFUSED = "refused"
    GONE_EARLY = "gone-early"


class Seen(StrEnum):
    """What kind of device appeared."""

    CONTROL = "control"
    STORAGE = "storage"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Appeared:
    """A device is on the port. `address` tells it from the one before; `serial` is None where it names none."""

    kind: Seen
    address: tuple[int, int]
    serial: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Vanished:
    """The device with this address left the port."""

    address: tuple[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class StorageAsked:
    """The recorder got its password and was asked to come back as storage."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mounted:
    """A dock slip for this port is there that was not there before."""

    serial: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CardFound:
    """The device on the port has a card that no dock slip names (yet)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unmounted:
    """The dock slip of this port is gone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadingBegan:
    """The files of the card are being taken in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BecameSafe:
    """Everything on the card is kept in a safe state."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Released:
    """The custodian let the recorder go."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LetGo:
    """Somebody decided that what stands here may leave although not all of it is safe."""

    phase: SlotPhase

    def __post_init__(self) -> None:
        if self.phase not in _LET_GO:
            raise ValueError(f"not a way to let go: {self.phase}")


@dataclass(frozen=True, slots=True, kw_only=True)
class TimePassed:
    """Nothing happened until now."""


Event = (
    Appeared
    | Vanished
    | StorageAsked
    | Mounted
    | CardFound
    | Unmounted
    | ReadingBegan
    | BecameSafe
    | Released
    | LetGo
    | TimePassed
)

_UNSAFE_ON_CARD: Final = frozenset({SlotPhase.STORAGE, SlotPhase.MOUNTED, SlotPhase.READING})
_LOCKED: Final = frozenset({SlotPhase.PRESENT_LOCKED, SlotPhase.UNLOCKING})
_LET_GO: Final = frozenset({SlotPhase.WITHDRAWN, SlotPhase.RELEASED_UNCLEARED})
_SAFE: Final = frozenset({SlotPhase.SAFE, SlotPhase.RELEASED})
_DONE: Final = _SAFE | _LET_GO
_ABSENT: Final = frozenset({SlotPhase.EMPTY, SlotPhase.GONE_EARLY})
_PHASE_OF: Final = {
    Seen.CONTROL: SlotPhase.PRESENT_LOCKED,
    Seen.STORAGE: SlotPhase.STORAGE,
    Seen.REFUSED: SlotPhase.REFUSED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """A slot at one moment. `arrivals` counts what was docked here; re-enumeration does not raise it.

    `address` is that of the device on the port, None when there is none now; `has_slip` is whether a card is mounted;
    `left_s` is when the device of the arrival left, as long as it may still come back.
    """

    phase: SlotPhase = SlotPhase.EMPTY
    arrivals: int = 0
    serial: str | None = None
    address: tuple[int, int] | None = None
    has_slip: bool = False
    left_s: float | None = None

    @property
    def is_occupied(self) -> bool:
        """Whether something stands in this slot, or is just coming back."""
        return self.phase not in _ABSENT


def advance(slot: Slot, event: Event, at_s: float) -> Slot:
    """Return the slot after `event`."""
    slot = _given_up(slot, at_s)
    match event:
        case Appeared():
            return _appeared(slot, event, at_s)
        case Vanished():
            return _vanished(slot, at_s) if slot.address == event.address else slot
        case StorageAsked():
            return replace(slot, phase=SlotPhase.UNLOCKING) if slot.phase is SlotPhase.PRESENT_LOCKED else slot
        case Mounted():
            return _mounted(slot, event)
        case CardFound():
            return _more_to_read(slot)
        case Unmounted():
            return _unmounted(slot)
        case ReadingBegan():
            return replace(slot, phase=SlotPhase.READING) if slot.phase is SlotPhase.MOUNTED else slot
        case BecameSafe():
            return replace(slot, phase=SlotPhase.SAFE) if slot.phase is SlotPhase.READING else slot
        case Released():
            return replace(slot, phase=SlotPhase.RELEASED) if slot.phase is SlotPhase.SAFE else slot
        case LetGo():
            return _let_go(slot, event)
        case TimePassed():
            return slot


def _let_go(slot: Slot, event: LetGo) -> Slot:
    """A release comes after a withdrawal, never before; what is safe or gone needs neither."""
    is_open = slot.phase not in _DONE | _ABSENT or slot.phase is SlotPhase.WITHDRAWN
    return replace(slot, phase=event.phase, left_s=None) if is_open else slot


def _given_up(slot: Slot, at_s: float) -> Slot:
    """What did not come back in time is gone: a locked recorder that left was never read."""
    if slot.left_s is None or at_s - slot.left_s <= REENUMERATION_S:
        return slot
    return replace(slot, phase=SlotPhase.GONE_EARLY, serial=None, left_s=None)


def _appeared(slot: Slot, event: Appeared, at_s: float) -> Slot:
    if slot.address == event.address:
        return slot
    if slot.address is None and slot.has_slip and event.kind is Seen.STORAGE:
        # Its slip was seen first.
        return replace(slot, address=event.address, serial=slot.serial or event.serial)
    if slot.address is not None:
        # The device before left unnoticed: the port carries one at a time.
        slot = _vanished(slot, at_s)
    is_back = slot.left_s is not None and _may_be_same(slot, event)
    return Slot(
        phase=_PHASE_OF[event.kind],
        arrivals=slot.arrivals if is_back else slot.arrivals + 1,
        serial=event.serial or (slot.serial if is_back else None),
        address=event.address,
    )


def _may_be_same(slot: Slot, event: Appeared) -> bool:
    """A locked recorder may name no serial yet; a card that was read must name the same one again."""
    if slot.phase in _LOCKED:
        return slot.serial is None or event.serial is None or slot.serial == event.serial
    return slot.serial is not None and slot.serial == event.serial


def _vanished(slot: Slot, at_s: float) -> Slot:
    gone = replace(slot, address=None, has_slip=False)
    if slot.phase in _LOCKED:
        # A locked recorder leaves to come back as storage, whoever told it to.
        return replace(gone, phase=SlotPhase.UNLOCKING, left_s=at_s)
    if slot.phase in _UNSAFE_ON_CARD:
        return replace(gone, phase=SlotPhase.GONE_EARLY, left_s=at_s)
    return Slot(arrivals=slot.arrivals)


def _mounted(slot: Slot, event: Mounted) -> Slot:
    if slot.has_slip:
        return _more_to_read(slot)
    if slot.phase is SlotPhase.REFUSED:
        return slot
    if slot.address is None:
        # The slip is all there is to see: a folder for a card, or a machine whose USB cannot be read.
        return Slot(phase=SlotPhase.MOUNTED, arrivals=slot.arrivals + 1, serial=event.serial, has_slip=True)
    phase = slot.phase if slot.phase in _LET_GO else SlotPhase.MOUNTED
    return replace(slot, phase=phase, serial=event.serial or slot.serial, has_slip=True)


def _more_to_read(slot: Slot) -> Slot:
    """Another card: what was safe is not any more; what is being read, or was let go, stays so."""
    phase = SlotPhase.MOUNTED if slot.has_slip else SlotPhase.STORAGE
    return replace(slot, phase=phase) if slot.phase in _SAFE else slot


def _unmounted(slot: Slot) -> Slot:
    if not slot.has_slip:
        return slot
    if slot.address is not None:
        phase = SlotPhase.STORAGE if slot.phase in _UNSAFE_ON_CARD else slot.phase
        return replace(slot, phase=phase, has_slip=False)
    return Slot(
        phase=SlotPhase.GONE_EARLY if slot.phase in _UNSAFE_ON_CARD else SlotPhase.EMPTY, arrivals=slot.arrivals
    )
