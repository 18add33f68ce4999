"""Who what stands in the slots claims to be, and which of these claims cannot all be true (R73).

A serial is a claim whatever makes it: a card that is mounted, a recorder that is locked, a device that is refused. One
that shows no card yet may have another product id than the card it becomes, so there maker and serial decide.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bodycam_custody.catalog import Catalog
from bodycam_custody.entries import Draft
from bodycam_custody.slots.alarms import claimed_twice_draft, stands_claimed_twice
from bodycam_custody.slots.cards import cards_of
from bodycam_custody.slots.places import Place
from docking.card import UNKNOWN_RECORDER
from docking.usb_policy import UsbKind
from docking.usb_ports import PortId

Twice = tuple[frozenset[tuple[PortId, int]], frozenset[str]]
"""What stands where, by port and arrival, and the dockings of it: what is alarmed once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """Which recorder it is that stands on a port, by its own word; never `UNKNOWN_RECORDER`."""

    port: PortId
    recorder: str
    is_card: bool

    def contradicts(self, other: "Claim") -> bool:
        """Return whether not both can be true."""
        if self.port == other.port:
            return False
        if self.is_card and other.is_card:
            return self.recorder == other.recorder
        return _maker_and_serial(self.recorder) == _maker_and_serial(other.recorder)


def claims_of(places: Mapping[PortId, Place]) -> list[Claim]:
    """Return what stands in the slots and names a recorder; what has left claims nothing."""
    claims = [_claim(port, place) for port, place in places.items()]
    return [claim for claim in claims if claim is not None]


def contradictions(claims: Sequence[Claim]) -> list[tuple[Claim, ...]]:
    """Return each set of claims that contradict one another, cards first."""
    found = {
        tuple(sorted({claim, *others}, key=lambda one: (not one.is_card, one.port)))
        for claim in claims
        if (others := [other for other in claims if claim.contradicts(other)])
    }
    return sorted(found, key=lambda one: one[0].port)


def claimed_twice(catalog: Catalog, places: Mapping[PortId, Place]) -> dict[Twice, Draft | None]:
    """Return every contradiction there is now, and its alarm; None where the ledger has it, with all its dockings.

    Left out are those of cards alone: who docks the second of them enters that before it is read.
    """
    found: dict[Twice, Draft | None] = {}
    for claims in contradictions(claims_of(places)):
        ports = [claim.port for claim in claims]
        if all(places[port].slips for port in ports):
            continue
        rows = [row for port in ports for row in cards_of(catalog, port, places[port]).dockings]
        docking_ids = [str(row["docking_id"]) for row in rows]
        arrived = frozenset((port, places[port].slot.arrivals) for port in ports)
        is_told = stands_claimed_twice(catalog, claims[0].recorder, ports, docking_ids)
        draft = None if is_told else claimed_twice_draft(claims[0].recorder, ports, docking_ids)
        found[arrived, frozenset(docking_ids)] = draft
    return found


def _claim(port: PortId, place: Place) -> Claim | None:
    device, slip = place.device, next(iter(place.slips.values()), None)
    if slip is None and device is None:
        return None
    said = [] if slip is None else [slip.card().recorder]
    said += [] if device is None else [device.recorder]
    # Its driver may have been told what the kernel was not.
    said += [] if place.visit is None else [place.visit.recorder]
    recorder = next((one for one in said if one != UNKNOWN_RECORDER), None)
    is_card = slip is not None or (place.verdict is not None and place.verdict.kind is UsbKind.STORAGE)
    return None if recorder is None else Claim(port=port, recorder=recorder, is_card=is_card)


def _maker_and_serial(recorder: str) -> tuple[str, str]:
    _, vendor_id, _, serial = recorder.split(":", 3)
    return vendor_id, serial
