"""What a start-up makes of whatever a crash left: disks, ledger and catalog agree again, and nothing is lost.

1. stores that lie on other disks than before are entered: whether clips are safe depends on it
2. dockings that never ended are closed as interrupted: their cards are read again when they are seen; a clearing that
   never ended is entered as broken off, with every file it may have removed
3. staging nobody holds is swept: it was never a clip
4. a bag without an entry is adopted if it verifies, its file stands in an inventory and no tombstone says otherwise;
   else it goes to quarantine, whole
5. a copy that an entry names and that is not there is entered as missing; the clip no longer counts it
"""

import logging
from collections.abc import Collection, Iterator
from pathlib import Path

from archive.bag_check import check_bag
from archive.durable import make_directories, rename_new
from archive.errors import ArchiveError
from archive.store import Store
from bodycam_custody.adoption import adoption_drafts
from bodycam_custody.bag_signatures import bag_verifier
from bodycam_custody.clearing.recovery import enter_interrupted_clearings
from bodycam_custody.dockings.drafts import closed_draft
from bodycam_custody.entries import Draft, EntryKind
from bodycam_custody.model import DockingId, DockingPhase
from bodycam_custody.replication import replica_draft
from bodycam_custody.staging import sweep_staging
from bodycam_custody.station import Station
from bodycam_custody.store_disks import enter_store_disks
from hashing.digest import Digest
from hashing.errors import N_, shown

logger = logging.getLogger(__name__)


def reconcile(station: Station, *, under_way: Collection[str] = ()) -> None:
    """Bring disks, ledger and catalog of the present stores into agreement; see the module for the steps.

    `under_way` are the dockings that this process works on: they end by themselves and are left alone. Not done here:
    reading every bag again (that is the scrub's work) and writing missing copies (`replicate_lacking`).

    Raises:
        LedgerRefusesError: nothing may be appended; the stores were not touched.
    """
    enter_store_disks(station)
    _close_interrupted(station, under_way)
    enter_interrupted_clearings(station, under_way)
    for store in station.stores.present():
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
        "SELECT c.bag_path FROM clips c JOIN copies USING (clip_id) WHERE store_id = :store"
        " UNION SELECT s.bag_path FROM supplements s, json_each(s.stores) AS held WHERE held.key = :store",
        {"store": store.location.store_id},
    )
    known = {row["bag_path"] for row in rows}
    for path in _bags_on(store):
        relative = path.relative_to(store.path).as_posix()
        if relative not in known:
            _settle(station, store, path, relative)


def _bags_on(store: Store) -> Iterator[Path]:
    """Yield everything that stands where a bag would: three levels of date folders down."""
    yield from sorted(store.clips.glob("*/*/*/*"))


def _settle(station: Station, store: Store, path: Path, relative: str) -> None:
    sealed = station.catalog.rows(
        "SELECT clip_id, tagmanifest FROM clips WHERE bag_path = :path"
        " UNION SELECT clip_id, tagmanifest FROM supplements WHERE bag_path = :path",
        {"path": relative},
    )
    expected = Digest(hex=sealed[0]["tagmanifest"]) if sealed else None
    findings = check_bag(path, verify_signature=bag_verifier(station), expected_tagmanifest=expected)
    if findings:
        _quarantine(station, store, path, relative, N_("the bag does not verify"))
    elif expected is not None:
        logger.info("copy without entry is entered store=%s bag=%s", store.location.store_id, relative)
        station.record.enter([replica_draft(sealed[0]["clip_id"], relative, expected, store)])
    else:
        _adopt_or_quarantine(station, store, path, relative)


def _adopt_or_quarantine(station: Station, store: Store, path: Path, relative: str) -> None:
    drafts = adoption_drafts(station, store, path, relative)
    if not drafts or any(store.tombstones.glob(f"{path.name}*")):
        _quarantine(station, store, path, relative, N_("no inventory in the ledger names this bag"))
        return
    logger.info("bag without entry is adopted store=%s bag=%s", store.location.store_id, relative)
    station.record.enter(drafts)


def _quarantine(station: Station, store: Store, path: Path, relative: str, reason: str) -> None:
    """Set a bag aside, whole and under a name that says when."""
    aside = store.quarantine / f"{path.name}-{station.clock.now():%Y%m%dT%H%M%S%f}"
    logger.error("bag goes to quarantine store=%s bag=%s reason=%s", store.location.store_id, shown(relative), reason)
    # The entry comes first: a bag that vanished from its place without one would look like a loss.
    station.record.enter(
        [
            Draft(
                kind=EntryKind.BAG_QUARANTINED,
                subject=f"store:{store.location.store_id}",
                facts={
                    "store_id": store.location.store_id,
                    "bag_path": relative if relative.isascii() and relative.isprintable() else shown(relative),
                    "reason": reason,
                },
            )
        ]
    )
    try:
        make_directories(store.quarantine)
        rename_new(path, aside)
    except ArchiveError:
        logger.exception("bag could not be moved to quarantine store=%s", store.location.store_id)


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
