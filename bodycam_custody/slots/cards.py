"""The cards of what stands in a slot: which of them are mounted, and the docking of each.

A recorder may have several logical units, and partitions on each; every one is a card with a dock slip and a docking of
its own. What is safe of one says nothing of the others, so those that lack a slip or a docking are told too.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bodycam_custody.catalog import Catalog
from bodycam_custody.clock import rfc3339
from bodycam_custody.slots.places import Place
from bodycam_custody.slots.views import WhyNot
from docking.slip_format import DockSlip
from docking.usb_ports import PortId


@dataclass(frozen=True, slots=True, kw_only=True)
class Cards:
    """Every card of what stands in a slot: rows of the catalog's dockings, and why some have none."""

    dockings: Sequence[Mapping[str, Any]]
    unread: frozenset[WhyNot]

    @property
    def have_dockings(self) -> bool:
        """Whether each card there is has one."""
        return bool(self.dockings) and not self.unread


def cards_of(catalog: Catalog, port: PortId, place: Place) -> Cards:
    """Return the cards in a slot as slips, USB and catalog show them now; the newest docking of a slip counts."""
    found = [_docking_of(catalog, port, slip) for slip in place.slips.values()]
    unread = {WhyNot.WAITING} if None in found else set()
    if has_card_without_slip(place):
        unread.add(WhyNot.NOT_MOUNTED)
    return Cards(dockings=[row for row in found if row is not None], unread=frozenset(unread))


def has_card_without_slip(place: Place) -> bool:
    """Return whether a disk or partition with a medium is there that no dock slip names.

    A slip about a medium that was there before names another one: the kernel counts them.
    """
    named = {Path(slip.device).name: slip.diskseq for slip in place.slips.values() if slip.device is not None}
    disks = place.device.disks if place.device is not None else ()
    return any(
        card not in named or (named[card] != disk.diskseq and None not in (named[card], disk.diskseq))
        for disk in disks
        for card in disk.cards
    )


def _docking_of(catalog: Catalog, port: PortId, slip: DockSlip) -> dict[str, Any] | None:
    rows = catalog.rows(
        "SELECT * FROM dockings WHERE port = ? AND docked_at = ? ORDER BY seen_at DESC, docking_id DESC LIMIT 1",
        (port, rfc3339(slip.docked_at)),
    )
    return rows[0] if rows else None
