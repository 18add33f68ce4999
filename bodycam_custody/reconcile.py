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
import stat
from collections.abc import Collection, Iterator
from pathlib import Path

from archive.errors import ArchiveError, StoreUnreadableError
from archive.store import Store
from bodycam_custody.clearing.recovery import enter_interrupted_clearings
from bodycam_custody.dockings.drafts import closed_draft
from bodycam_custody.entries import Draft, EntryKind
from bodycam_custody.model import DockingId, DockingPhase
from bodycam_custody.settling import settle_bag
from bodycam_custody.staging import sweep_staging
from bodycam_custody.station import Station
from bodycam_custody.store_disks import enter_store_disks
from hashing.errors import StatedError, shown

logger = logging.getLogger(__name__)


def reconcile(station: Station, *, under_way: Collection[str] = ()) -> tuple[StatedError, ...]:
    """Bring disks, ledger and catalog of the present stores into agreement; see the module for the steps.

    `under_way` are the dockings that this process works on: they end by themselves and are left alone. Not done here:
    reading every bag again (that is the scrub's work) and writing missing copies (`replicate_lacking`).

    Return what could not be settled: a store, or a bag, that gives nothing back is left as it is until the next time,
    and the others go on.

    Raises:
        LedgerRefusesError: nothing may be appended; the stores were not touched.
    """
    # A store that came back may hold a newer ledger: what this one calls unknown would be evidence there.
    station.record.publish()
    station.record.require_writable()
    enter_store_disks(station)
    _close_interrupted(station, under_way)
    enter_interrupted_clearings(station, under_way)
    return tuple(problem for store in station.stores.present() for problem in _settle_store(station, store))


def _settle_store(station: Station, store: Store) -> list[StatedError]:
    other = station.record.other_ledger_in(store.location.store_id)
    if other is not None:
        logger.error("store holds another ledger and is left as it is store=%s", store.location.store_id)
        return [other]
    swept = sweep_staging(store)
    if swept:
        logger.info("staging swept store=%s folders=%s", store.location.store_id, len(swept))
    problems: list[StatedError] = []
    try:
        _settle_bags_without_entry(station, store, problems)
        _enter_missing_copies(station, store)
    except ArchiveError as err:
        problems.append(err)
    except OSError as err:
        store_id, reason = store.location.store_id, err.strerror or str(err)
        problems.append(StoreUnreadableError(store_id=store_id, path=shown(err.filename or store.path), reason=reason))
    for problem in problems:
        logger.error("store is not settled store=%s reason=%s", store.location.store_id, problem)
    return problems


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


def _settle_bags_without_entry(station: Station, store: Store, problems: list[StatedError]) -> None:
    rows = station.catalog.rows(
        "SELECT c.bag_path FROM clips c JOIN copies USING (clip_id) WHERE store_id = :store AND answer = 'yes'"
        " UNION SELECT s.bag_path FROM supplements s, json_each(s.stores) AS held WHERE held.key = :store",
        {"store": store.location.store_id},
    )
    known = {row["bag_path"] for row in rows}
    for path in _bags_on(store):
        relative = path.relative_to(store.path).as_posix()
        if relative in known:
            continue
        try:
            settle_bag(station, store, path)
        except StoreUnreadableError as err:
            # The others may be read all the same.
            store.check_present()
            problems.append(err)


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
        if _is_gone(store.path / row["bag_path"])
    ]
    # A store that is gone itself says nothing of its bags.
    store.check_present()
    for draft in drafts:
        logger.error("copy is missing store=%s subject=%s", store.location.store_id, draft.subject)
    station.record.enter(drafts)


def _is_gone(path: Path) -> bool:
    """Return whether no folder is at `path`; a disk that does not answer is no answer.

    Raises:
        OSError: it cannot be told.
    """
    try:
        return not stat.S_ISDIR(path.lstat().st_mode)
    except (FileNotFoundError, NotADirectoryError):
        return True
