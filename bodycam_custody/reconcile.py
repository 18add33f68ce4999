"""What a start-up makes of whatever a crash left: disks, ledger and catalog agree again, and nothing is lost.

1. stores that lie on other disks than before are entered: whether clips are safe depends on it
2. dockings that never ended are closed as interrupted: their cards are read again when they are seen; a clearing that
   never ended is entered as broken off, with every file it may have removed
3. staging nobody holds is swept: it was never a clip
4. a bag without an entry is adopted if it verifies, its file stands in an inventory and no tombstone says otherwise;
   else, and where its clip is known by another bag, it goes to quarantine, whole; a copy that once did not verify is
   looked at again: it is entered if it does now, else it makes room for another
5. a copy that an entry names and that is not there is entered as missing; the clip no longer counts it
"""

import logging
from collections.abc import Collection, Iterator
from pathlib import Path

from archive.store import Store
from bodycam_custody.clearing.recovery import enter_interrupted_clearings
from bodycam_custody.dockings.drafts import closed_draft
from bodycam_custody.entries import Draft, EntryKind
from bodycam_custody.model import DockingId, DockingPhase
from bodycam_custody.settling import settle_bag
from bodycam_custody.staging import sweep_staging
from bodycam_custody.station import Station
from bodycam_custody.store_disks import enter_store_disks

logger = logging.getLogger(__name__)


def reconcile(station: Station, *, under_way: Collection[str] = ()) -> None:
    """Bring disks, ledger and catalog of the present stores into agreement; see the module for the steps.

    `under_way` are the dockings that this process works on: they end by themselves and are left alone. Not done here:
    reading every bag again (that is the scrub's work) and writing missing copies (`replicate_lacking`).

    Raises:
        LedgerRefusesError: nothing may be appended; the stores were not touched.
    """
    # A store that came back may hold a newer ledger: what this one calls unknown would be evidence there.
    station.record.publish()
    station.record.require_writable()
    enter_store_disks(station)
    _close_interrupted(station, under_way)
    enter_interrupted_clearings(station, under_way)
    for store in station.stores.present():
        if station.record.other_ledger_in(store.location.store_id) is not None:
            logger.error("store holds another ledger and is left as it is store=%s", store.location.store_id)
            continue
        swept = sweep_staging(store)
        if swept:
            logger.info("staging swept store=%s folders=%s", store.location.store_id, len(swept))
        _settle_bags_without_entry(station, store)
        _enter_missing_copies(station, store)


def _close_interrupted(station: Station, under_way: Collection[str]) -> None:
    rows = station.catalog.rows(
        "SELECT docking_id FROM dockings WHERE phase IN (?, ?)", (DockingPhase.INVENTORY, DockingPhase.COPYING)
    )
    station.record.enter(
        [
            closed_draft(
                DockingId(row["docking_id"]),
                outcome=DockingPhase.INTERRUPTED,
                code="station-stopped",
                counts={},
                left_out={},
            )
            for row in rows
            if row["docking_id"] not in under_way
        ]
    )


def _settle_bags_without_entry(station: Station, store: Store) -> None:
    rows = station.catalog.rows(
        "SELECT c.bag_path FROM clips c JOIN copies USING (clip_id) WHERE store_id = :store AND answer = 'yes'"
        " UNION SELECT s.bag_path FROM supplements s, json_each(s.stores) AS held WHERE held.key = :store",
        {"store": store.location.store_id},
    )
    known = {row["bag_path"] for row in rows}
    for path in _bags_on(store):
        relative = path.relative_to(store.path).as_posix()
        if relative not in known:
            settle_bag(station, store, path)


def _bags_on(store: Store) -> Iterator[Path]:
    """Yield everything that stands where a bag would: three levels of date folders down."""
    yield from sorted(store.clips.glob("*/*/*/*"))


def _enter_missing_copies(station: Station, store: Store) -> None:
    """Enter each copy of a clip or a supplement that this store should hold and does not, once each."""
    rows = station.catalog.rows(
        "SELECT c.clip_id, c.bag_path FROM clips c JOIN copies p USING (clip_id)"
        " WHERE p.store_id = :store AND p.answer = 'yes'"
        " UNION ALL SELECT s.clip_id, s.bag_path FROM supplements s, json_each(s.stores) AS held"
        " WHERE held.key = :store",
        {"store": store.location.store_id},
    )
    drafts = [
        Draft(
            kind=EntryKind.COPY_MISSING,
            subject=f"clip:{row['clip_id']}",
            facts={"store_id": store.location.store_id, "bag_path": row["bag_path"]},
        )
        for row in rows
        if not (store.path / row["bag_path"]).is_dir()
    ]
    for draft in drafts:
        logger.error("copy is missing store=%s subject=%s", store.location.store_id, draft.subject)
    station.record.enter(drafts)
