"""Making what is sealed unchangeable for the daemon itself, soon after it is sealed.

Which bags there are is read from the ledger: once from its beginning when the daemon starts, then only what is new. So
a bag that could not be kept (a store was away, the service is not installed) is tried again after the next start.
"""

import logging
from collections.abc import Iterator
from pathlib import Path

from archive.keeping import Keeping, keep_bags
from bodycam_custody.entries import Entry, EntryKind
from bodycam_custody.station import Station

logger = logging.getLogger(__name__)

# Beside the station's own socket; what answers there is the service custody-keep@.
KEEP_SOCKET = "keep"

_SEALING = frozenset(
    {EntryKind.CLIP_SEALED, EntryKind.SUPPLEMENT_SEALED, EntryKind.BAG_ADOPTED, EntryKind.REPLICA_WRITTEN}
)


class Keeper:
    """Has every sealed bag of the present stores made immutable; one job of the schedule."""

    def __init__(self, station: Station) -> None:
        self._station = station
        self._next_seq = 0
        self._service = station.settings.paths.socket.with_name(KEEP_SOCKET)
        self._unable: set[Path] = set()

    def run(self) -> None:
        """Have the bags of all entries since the last run made immutable; without the service nothing happens.

        Raises:
            OSError: the service broke off; the next run begins at the same entry.
        """
        if not self._service.is_socket():
            return
        until = self._station.ledger.size
        for kept in keep_bags(self._bags(until), self._service):
            if kept.outcome is Keeping.KEPT:
                logger.debug("bag is kept bag=%s", kept.bag)
            elif kept.outcome is not Keeping.CANNOT:
                logger.error("bag is not kept bag=%s reason=%s", kept.bag, kept.reason)
            elif (store := kept.bag.parents[4]) not in self._unable:
                # Once for each store: it is a property of the disk, not of the bag.
                self._unable.add(store)
                logger.warning("store cannot keep bags unchangeable store=%s reason=%s", store, kept.reason)
        self._next_seq = until

    def _bags(self, until: int) -> Iterator[Path]:
        stores = {str(store.location.store_id): store.path for store in self._station.stores.present()}
        for entry in self._station.ledger.entries(self._next_seq):
            # At the end of the process the rest is left to the next start.
            if entry.seq >= until or self._station.stopping.is_set():
                return
            for store_id in _stores_of(entry):
                bag = stores[store_id] / str(entry.facts["bag_path"]) if store_id in stores else None
                if bag is not None and bag.is_dir():
                    yield bag


def _stores_of(entry: Entry) -> Iterator[str]:
    if entry.kind not in _SEALING:
        return
    if entry.kind == EntryKind.REPLICA_WRITTEN:
        yield str(entry.facts["store_id"])
        return
    stores = entry.facts["stores"]
    if isinstance(stores, dict):
        yield from stores
