"""What stands in every slot now: USB as sysfs shows it, the notes of the root helpers, and how far dockings are.

A look takes what changed since the look before and tells it to the slot's state machine (`docking.slot_state`). The
daemon looks every second; a look at a machine where nothing changed reads one small file for each device, and two for
each disk. Nothing here opens a device: the daemon may not, and need not.
"""

import logging
import re
import threading
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Any

from bodycam_custody.dockings.progress import Progress
from bodycam_custody.entries import Draft, EntryKind
from bodycam_custody.errors import CatalogBehindError
from bodycam_custody.model import DockingPhase, Remark
from bodycam_custody.release.standing import let_go_by
from bodycam_custody.slots.alarms import is_alarmed, refusal_draft, refused_draft
from bodycam_custody.slots.cards import Cards, cards_of, has_card_without_slip
from bodycam_custody.slots.claims import Claim, Twice, claimed_twice, claims_of
from bodycam_custody.slots.names import slot_names
from bodycam_custody.slots.notes import NoteFolder, NoteKey
from bodycam_custody.slots.places import Place, is_about, problem_of
from bodycam_custody.slots.views import contents_view, shown_or_none, unlock_view
from bodycam_custody.slots.visits import is_entered, visited_draft
from bodycam_custody.station import Station
from bodycam_custody.views import docking_view
from docking.card import UNKNOWN_RECORDER
from docking.drivers.errors import DriverMissingError
from docking.drivers.report import UnlockState
from docking.drivers.told_visit import ToldVisit, read_visit
from docking.presence import SYSFS
from docking.refusals import Refusal, read_refusal
from docking.slip_format import DockSlip
from docking.slips import read_slip
from docking.slot_state import (
    Appeared,
    BecameSafe,
    CardFound,
    Event,
    LetGo,
    Mounted,
    ReadingBegan,
    Released,
    Seen,
    SlotPhase,
    StorageAsked,
    TimePassed,
    Unmounted,
    Vanished,
    advance,
)
from docking.usb_devices import UsbDevice, read_usb_devices, usb_presence
from docking.usb_errors import UsbDeviceSilentError, UsbInterfaceRefusedError
from docking.usb_policy import UsbKind, judge_usb_device, offers_storage, speaks_own_protocol
from docking.usb_ports import PortId, port_of
from hashing.errors import StatedError

logger = logging.getLogger(__name__)

# A person who plugs a recorder in looks at the screen at once.
LOOK_S = 1.0

_DIGITS = re.compile(r"(\d+)", re.ASCII)

# Where a docking still has something to say.
_FOLLOWED = frozenset({SlotPhase.MOUNTED, SlotPhase.READING, SlotPhase.SAFE, SlotPhase.WITHDRAWN})
_UNTOLD = frozenset({Remark.BAGS_NOT_KEPT, Remark.ENTRIES_IN_NO_STORE})
_LEAVING = {
    EntryKind.DOCK_WITHDRAWN: SlotPhase.WITHDRAWN,
    EntryKind.DOCK_RELEASED: SlotPhase.RELEASED_UNCLEARED,
}


class SlotBoard:
    """Keeps the state of every slot. All methods may be called from any thread."""

    def __init__(
        self, station: Station, *, sysfs: Path = SYSFS, progress: Mapping[str, Progress] = MappingProxyType({})
    ) -> None:
        self._station = station
        self._progress = progress
        self._sysfs = sysfs
        self._places: dict[PortId, Place] = {}
        self._presence: frozenset[tuple[str, ...]] = frozenset()
        self._has_looked = False
        self._folded_seq = -1
        paths, trusted = station.settings.paths, frozenset(station.settings.docking.slip_owner_uids)
        self._slips = NoteFolder(paths.slips, partial(read_slip, trusted_uids=trusted))
        self._refusals = NoteFolder(paths.refused, partial(read_refusal, trusted_uids=trusted))
        self._visits = NoteFolder(paths.unlocked, partial(read_visit, trusted_uids=trusted))
        self._told: set[NoteKey] = set()
        self._twice: frozenset[Twice] = frozenset()
        self._alarms: list[Draft] = []
        self._to_enter: list[ToldVisit] = []
        self._lock = threading.RLock()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Look every second from now on, and enter what was refused."""
        self._thread = threading.Thread(target=self._run, name="slot-board", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Look no more."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join()

    def look(self) -> None:
        """Take in what changed since the last look; nothing is entered in the ledger."""
        with self._lock:
            # Slips first: a card has a device before it has a slip, so no slip is met without its device.
            slips, refusals, visits = self._slips.look(), self._refusals.look(), self._visits.look()
            self._look_at_usb()
            self._look_at_slips(slips)
            self._told &= {*refusals, *visits}
            self._look_at_refusals(refusals)
            self._look_at_visits(visits)
            self._has_looked = True
            self._look_at_dockings()
            for place in self._places.values():
                self._tell(place, TimePassed())

    def enter_alarms(self) -> None:
        """Enter what was refused or learnt since the last time; a ledger that refuses is tried again."""
        with self._lock:
            while self._to_enter:
                self._alarms.append(visited_draft(self._to_enter[0], self._station.texts))
                del self._to_enter[0]
            # Asked only now: whoever docks a second card enters such an alarm before us.
            twice = claimed_twice(self._station.catalog, self._places)
            new = [draft for key, draft in twice.items() if draft is not None and key not in self._twice]
            try:
                if self._alarms or new:
                    self._station.record.enter([*self._alarms, *new])
            except CatalogBehindError as err:
                logger.error("what happened at the dock is not shown yet reason=%s", err)
                if err.entered:
                    self._alarms.clear()
                    self._twice = frozenset(twice)
            except StatedError as err:
                logger.error("what happened at the dock is not entered yet reason=%s", err)
            else:
                self._alarms.clear()
                self._twice = frozenset(twice)

    def let_go(self, port: PortId, kind: EntryKind) -> None:
        """Show that what stands on `port` may leave; one that has a docking is followed by that."""
        with self._lock:
            self._tell(self._places[port], LetGo(phase=_LEAVING[kind]))

    def claimants(self, recorder: str, besides: PortId) -> list[PortId]:
        """Return the ports but `besides` where something claims to be `recorder` now, whatever it is."""
        self.look()
        card = Claim(port=besides, recorder=recorder, is_card=True)
        with self._lock:
            return [claim.port for claim in claims_of(self._places) if card.contradicts(claim)]

    def open_docking(self, port: PortId) -> str | None:
        """Return the docking of a card on `port` that is neither safe nor was let go, None where there is none."""
        catalog = self._station.catalog
        with self._lock:
            rows = cards_of(catalog, port, self._places[port]).dockings if port in self._places else ()
            views = [docking_view(self._station, row, self._progress.get(row["docking_id"])) for row in rows]
        unsafe = [view["docking_id"] for view in views if view["safe_to_take_away"] != "yes"]
        return next((one for one in unsafe if let_go_by(catalog, one) is None), None)

    def views(self) -> list[dict[str, Any]]:
        """Return every slot that has a name or was seen with something dockable, named ones first."""
        with self._lock:
            names = slot_names(self._station.catalog)
            places = {port: Place() for port in names} | self._places
            shown = [self._view(port, place, names.get(port)) for port, place in places.items()]
        return sorted(shown, key=lambda view: (view["slot"] is None, _natural(view["slot"] or view["port"])))

    def knows(self, port: PortId) -> bool:
        """Return whether something dockable has stood on `port` since the board was made."""
        with self._lock:
            return port in self._places

    def _view(self, port: PortId, place: Place, name: str | None) -> dict[str, Any]:
        device, present = place.device, place.slot.is_occupied
        slip, slot, phase = next(iter(place.slips.values()), None), place.slot, place.slot.phase
        recorder = slip.card().recorder if slip is not None else device.recorder if device is not None else None
        cards = cards_of(self._station.catalog, port, place if present else Place())
        return {
            "slot": name,
            "port": port,
            "phase": phase.value,
            "is_dock": place.is_dock or name is not None,
            "arrivals": slot.arrivals,
            "recorder_id": recorder if present else None,
            "device": f"{device.vendor_id}:{device.product_id}" if present and device is not None else None,
            "product": shown_or_none(device.product) if present and device is not None else None,
            "docking_id": place.docking_id if present else None,
            "remarks": [remark.value for remark in place.verdict.remarks] if present and place.verdict else [],
            "problem": problem_of(place, name or port) if present else None,
            "unlock": unlock_view(place.visit) if present else None,
            **contents_view(
                self._station,
                phase,
                [docking_view(self._station, row, self._progress.get(row["docking_id"])) for row in cards.dockings],
                recorder=recorder if present else None,
                is_refused=present and place.refused is not None,
                unread=cards.unread,
            ),
        }

    def _run(self) -> None:
        while not self._stopping.wait(LOOK_S):
            try:
                self.look()
                self.enter_alarms()
            except Exception:
                # The rim of this thread: cards are taken in by their slips, whatever the board shows.
                logger.exception("slots cannot be looked at")

    def _look_at_usb(self) -> None:
        presence = usb_presence(self._sysfs)
        if presence == self._presence:
            return
        self._presence = presence
        now = {device.port: device for device in read_usb_devices(self._sysfs) if not device.is_hub}
        for port, place in self._places.items():
            gone = place.device
            if gone is not None and (port not in now or now[port].address != gone.address):
                self._tell(place, Vanished(address=(gone.bus, gone.address)))
                place.device = place.verdict = place.refusal = None
        for port, device in now.items():
            self._meet(port, device)
            self._look_at_disks(self._places.get(port), device)
        self._folded_seq = -1

    def _look_at_disks(self, place: Place | None, device: UsbDevice) -> None:
        """Take in the disks of a device that was met and not refused: they come after it, and media when they like."""
        if place is not None and place.verdict is not None:
            place.device = device
            place.verdict = judge_usb_device(device, {*self._station.families, device.usb_id})

    def _meet(self, port: PortId, device: UsbDevice) -> None:
        """Judge a device that was not there before; what no recorder could be is left alone."""
        place = self._places.get(port, Place())
        if place.device is not None:
            return
        known = self._station.families
        is_unknown = speaks_own_protocol(device) and device.usb_id not in known
        try:
            # A locked recorder that no driver is known for is no danger: it only cannot be read.
            place.verdict = judge_usb_device(device, {*known, device.usb_id} if is_unknown else known)
            kind = Seen.STORAGE if place.verdict.kind is UsbKind.STORAGE else Seen.CONTROL
            if is_unknown:
                place.refusal = DriverMissingError(
                    port_path=device.name, vendor_id=device.vendor_id, product_id=device.product_id
                )
        except (UsbInterfaceRefusedError, UsbDeviceSilentError) as err:
            # On a port that is a slot everything is a try to be docked; elsewhere a keyboard is a keyboard.
            if not (offers_storage(device) or place.is_dock or port in slot_names(self._station.catalog)):
                return
            place.refusal, kind = err, Seen.REFUSED
            self._alarms.append(refused_draft(port, device.recorder, err))
        place.device = device
        place.is_dock |= kind is not Seen.STORAGE and not is_unknown
        place.met_at = self._station.clock.now() if self._has_looked else None
        self._places[port] = place
        address = (device.bus, device.address)
        self._tell(place, Appeared(kind=kind, address=address, serial=_claimed(device.recorder)))
        if kind is Seen.CONTROL:
            place.control, place.visit = address, None

    def _look_at_slips(self, slips: Mapping[NoteKey, DockSlip]) -> None:
        now: dict[PortId, dict[NoteKey, DockSlip]] = {}
        for key, slip in slips.items():
            if slip.port_path is not None:
                now.setdefault(port_of(slip.port_path), {})[key] = slip
        for port, place in self._places.items():
            if place.slips and port not in now:
                place.slips, place.docking_id = {}, None
                self._tell(place, Unmounted())
        for port, found in now.items():
            place = self._places.setdefault(port, Place())
            if found.keys() != place.slips.keys():
                is_more = not found.keys() <= place.slips.keys()
                place.slips, place.is_dock = found, True
                if is_more:
                    self._tell(place, Mounted(serial=_claimed(next(iter(found.values())).card().recorder)))
                self._folded_seq = -1
        for place in self._places.values():
            if has_card_without_slip(place):
                self._tell(place, CardFound())

    def _look_at_refusals(self, refusals: Mapping[NoteKey, Refusal]) -> None:
        for place in self._places.values():
            place.refused = None
        for key, refusal in refusals.items():
            place = self._places.get(refusal.port, Place())
            device, seen = place.device, place.refusal
            stands = device is not None and (device.bus, device.address) == (refusal.bus, refusal.address)
            if stands:
                place.refused, place.is_dock = refusal, True
            # What the board refuses itself it alarms itself.
            if key not in self._told and not (stands and seen is not None and seen.code == refusal.problem["code"]):
                self._told.add(key)
                if not is_alarmed(self._station.catalog, refusal):
                    self._alarms.append(refusal_draft(refusal))

    def _look_at_visits(self, visits: Mapping[NoteKey, ToldVisit]) -> None:
        for key, visit in visits.items():
            # Without a driver nothing was said to the device: perhaps it is no recorder at all.
            if key not in self._told and visit.driver is not None and not is_entered(self._station.catalog, visit):
                self._to_enter.append(visit)
            self._told.add(key)
            place = self._places.get(visit.port)
            if place is not None and place.visit != visit and is_about(visit, place):
                place.visit = visit
                if visit.state is UnlockState.STORAGE_ASKED:
                    self._tell(place, StorageAsked())

    def _look_at_dockings(self) -> None:
        """Follow the dockings of the cards in the slots; only when the catalog has news."""
        newest = self._station.catalog.last_seq
        if newest == self._folded_seq:
            return
        self._folded_seq = newest
        for port, place in self._places.items():
            if place.slips and place.slot.phase in _FOLLOWED:
                self._follow(place, cards_of(self._station.catalog, port, place))

    def _follow(self, place: Place, cards: Cards) -> None:
        dockings = cards.dockings
        if not dockings:
            return
        place.docking_id = dockings[0]["docking_id"]
        self._tell(place, ReadingBegan())
        is_over = all(row["phase"] not in {DockingPhase.INVENTORY, DockingPhase.COPYING} for row in dockings)
        if not cards.have_dockings or not is_over:
            return
        views = [docking_view(self._station, row, None) for row in dockings]
        if any(not _UNTOLD.isdisjoint(view["remarks"]) for view in views):
            # No entry tells when that is over: look again.
            self._folded_seq = -1
        unsafe = [view["docking_id"] for view in views if view["safe_to_take_away"] != "yes"]
        if not unsafe and place.refused is None:
            self._tell(place, BecameSafe())
        if all(row["phase"] == DockingPhase.CLOSED and row["accepted_at"] is not None for row in dockings):
            self._tell(place, Released())
        acts = {let_go_by(self._station.catalog, docking_id) for docking_id in unsafe}
        # Of several cards each must be safe or let go.
        for act in acts if None not in acts else ():
            self._tell(place, LetGo(phase=_LEAVING[EntryKind(str(act))]))

    def _tell(self, place: Place, event: Event) -> None:
        arrivals = place.slot.arrivals
        place.slot = advance(place.slot, event, self._station.clock.monotonic_s())
        if place.slot.arrivals != arrivals:
            place.visit = place.control = None


def _claimed(recorder: str) -> str | None:
    """Return the serial alone: a recorder that comes back unlocked may have another product id."""
    return None if recorder == UNKNOWN_RECORDER else recorder.split(":", 3)[3]


def _natural(name: str) -> list[tuple[bool, int, str]]:
    """Sort "slot 10" behind "slot 9"."""
    parts = _DIGITS.split(name)
    return [(part.isdecimal(), int(part) if part.isdecimal() else 0, part) for part in parts]
