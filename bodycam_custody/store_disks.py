"""On which disks the stores lie now: entered whenever it changes, for a clip is SAFE only on different ones (R43)."""

import json
from collections.abc import Iterable

from archive.physical import physical_device_of
from archive.store import Store
from bodycam_custody.entries import Draft, EntryKind
from bodycam_custody.station import Station
from hashing.canonical import Json


def enter_store_disks(station: Station) -> None:
    """Enter the disks of the present stores where the ledger has others; the clips' states follow from the entry.

    A store can come to lie on another disk without becoming another store: its file system was moved. One entry names
    all that changed, since two stores that change places are on different disks at every moment. An absent store keeps
    what is known of it.

    Raises:
        LedgerRefusesError: nothing may be appended.
    """
    rows = station.catalog.rows("SELECT store_id, disks FROM stores")
    known = {row["store_id"]: json.loads(row["disks"]) if row["disks"] else None for row in rows}
    moved = {store_id: disks for store_id, disks in _found(station.stores.present()) if disks != known[store_id]}
    if moved:
        station.record.enter([Draft(kind=EntryKind.STORES_MOVED, subject="station", facts={"disks": moved})])


def _found(stores: Iterable[Store]) -> Iterable[tuple[str, Json]]:
    for store in stores:
        disks = physical_device_of(store.path).disks
        yield store.location.store_id, None if disks is None else sorted(disks)
