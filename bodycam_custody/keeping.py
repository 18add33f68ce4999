"""Making what is sealed unchangeable for the daemon itself, soon after it is sealed.

Which bags there are is read from the ledger: once from its beginning when the daemon starts, then only what is new. So
a bag that could not be kept (a store was away, the service is not installed) is tried again after the next start.
"""

import logging
import threading
from collections.abc import Iterator
from pathlib import Path

from archive.answers import Answer
from archive.keeping import Keeping, keep_bags, kept_answer
from bodycam_custody.entries import Entry, EntryKind
from bodycam_custody.model import Remark
from bodycam_custody.station import Station

logger = logging.getLogger(__name__)

# Beside the station's own socket; what answers there is the service custody-keep@.
KEEP_SOCKET = "keep"

_SEALING = frozenset(
    {EntryKind.CLIP_SEALED, EntryKind.SUPPLEMENT_SEALED, EntryKind.BAG_ADOPTED, EntryKind.REPLICA_WRITTEN}
)
_BAGS = """
SELECT c.bag_path, p.store_id FROM clips c JOIN copies p USING (clip_id) WHERE p.answer = 'yes'
    AND c.clip_id IN (SELECT clip_id FROM sightings WHERE docking_id = :docking)
UNION ALL SELECT s.bag_path, held.key FROM supplements s, json_each(s.stores) AS held
    WHERE s.clip_id IN (SELECT clip_id FROM sightings WHERE docking_id = :docking)
"""


def has_keeper(station: Station) -> bool:
    """Return whether the service that makes bags immutable is installed here."""
    return _service_of(station).is_socket()


def is_docking_kept(station: Station, docking_id: str) -> bool:
    """Return whether each bag of a docking's clips is immutable in the stores that are there now, where it can be.

    It can be where the service is installed and the store's filesystem has such a flag; elsewhere nothing is asked. A
    bag that is not in its place is not kept. Once all were seen to be, in every store that has one, nobody but root can
    change that, and it is not looked again until another bag of these clips is written.
    """
    if not has_keeper(station):
        return True
    kept = station.kept
    with kept.lock:
        _forget_if_bags_came(station)
        return docking_id in kept.docking_ids or _look_at_bags(station, docking_id)


def _forget_if_bags_came(station: Station) -> None:
    kept, folded = station.kept, station.catalog.last_seq + 1
    if kept.docking_ids and any(entry.kind in _SEALING for entry in station.ledger.entries(kept.until_seq)):
        kept.docking_ids.clear()
    kept.until_seq = folded


def _look_at_bags(station: Station, docking_id: str) -> bool:
    stores = {str(store.location.store_id): store.path for store in station.stores.present()}
    has_seen_all = True
    for row in station.catalog.rows(_BAGS, {"docking": docking_id}):
        store = stores.get(row["store_id"])
        if store is None:
            has_seen_all = False
            continue
        if store in station.unkeepable:
            continue
        try:
            if kept_answer(store / row["bag_path"]) is Answer.NO:
                return False
        except OSError:
            return False
    if has_seen_all:
        station.kept.docking_ids.add(docking_id)
    return True


def keeping_remarks(station: Station) -> set[Remark]:
    """Return what must be said where bags of this station are called safe and may still be changed."""
    return {Remark.BAGS_CHANGEABLE} if station.unkeepable or not has_keeper(station) else set()


def _service_of(station: Station) -> Path:
    return station.settings.paths.socket.with_name(KEEP_SOCKET)


class Keeper:
    """Has every sealed bag of the present stores made immutable: after each docking, and as a job of the schedule."""

    def __init__(self, station: Station) -> None:
        self._station = station
        self._next_seq = 0
        self._service = _service_of(station)
        self._running = threading.Lock()

    def run(self) -> None:
        """Have the bags of all entries since the last run made immutable; without the service nothing happens.

        Raises:
            OSError: the service broke off; the next run begins at the same entry.
        """
        with self._running:
            if self._service.is_socket():
                self._keep()

    def _keep(self) -> None:
        until = self._station.ledger.size
        for kept in keep_bags(self._bags(until), self._service):
            if kept.outcome is Keeping.KEPT:
                logger.debug("bag is kept bag=%s", kept.bag)
            elif kept.outcome is not Keeping.CANNOT:
                logger.error("bag is not kept bag=%s reason=%s", kept.bag, kept.reason)
            elif (store := kept.bag.parents[4]) not in self._station.unkeepable:
                # Once for each store: it is a property of the disk, not of the bag.
                self._station.unkeepable.add(store)
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
