"""What becomes of a bag that stands in a store and that no entry says is there: entered, adopted or set aside.

A clip has one bag, and so has a supplement: under which date it was sealed is part of what the ledger knows of it. A
second bag of the same id is a copy that somebody made, or was sealed before a power cut; it is never entered.
"""

import logging
import os
from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path, PurePosixPath
from typing import Any

from archive.answers import Answer
from archive.bag_check import check_bag
from archive.bag_findings import answer_of
from archive.durable import make_directories, rename_new
from archive.errors import ArchiveError, StoreUnreadableError
from archive.keeping import is_kept
from archive.store import CLIPS, Store
from bodycam_custody.adoption import adoption_drafts
from bodycam_custody.bag_signatures import bag_verifier
from bodycam_custody.clock import parse_rfc3339, rfc3339
from bodycam_custody.dockings.drafts import Arrival
from bodycam_custody.entries import Draft, EntryKind
from bodycam_custody.model import DockingPhase
from bodycam_custody.station import Station
from bodycam_custody.views import SAFE_STATES
from hashing.digest import Digest
from hashing.errors import N_, Statement, shown

logger = logging.getLogger(__name__)

# The dockings of a recorder that may have left a bag without its entry, and the days on which they sealed.
_BROKE_OFF = """
SELECT seen_at AS first, COALESCE(closed_at, :now) AS last FROM dockings
WHERE recorder = :recorder AND phase <> :closed AND docking_id <> :docking
"""

_KNOWN_BAG = """
SELECT clip_id, bag_path, tagmanifest FROM clips WHERE clip_id = :bag_id
UNION ALL SELECT clip_id, bag_path, tagmanifest FROM supplements WHERE bag_id = :bag_id
"""

_COUNTED_COPIES = """
SELECT store_id, bag_path, tagmanifest, state FROM clips JOIN copies USING (clip_id)
WHERE clip_id = :clip_id AND answer = 'yes'
"""


def settle_bag(station: Station, store: Store, path: Path) -> None:
    """Enter the bag at `path` as a copy, adopt it, or move it to quarantine; afterwards an entry says which.

    A bag that cannot be read now is left as it is: nobody can tell what it is.

    1. a bag that the ledger has under another place is a second one and goes to quarantine, whether it verifies or not
    2. one that does not verify, or not as the ledger has it, goes to quarantine
    3. one that the ledger has at this place is entered as a copy in this store
    4. one that the ledger does not have is adopted where an inventory bears it out and no tombstone speaks against it

    Raises:
        ArchiveError: the store is not there any more, takes no writes, or the bag cannot be read; it stays where it is.
        LedgerRefusesError: nothing may be appended; the same.
    """
    relative = path.relative_to(store.path).as_posix()
    known = station.catalog.rows(_KNOWN_BAG, {"bag_id": path.name})
    if known and known[0]["bag_path"] != relative:
        _quarantine(station, store, path, N_("the ledger has this bag at another place"))
        return
    expected = Digest(hex=known[0]["tagmanifest"]) if known else None
    answer = answer_of(check_bag(path, verify_signature=bag_verifier(station), expected_tagmanifest=expected))
    # A store that went away while it was read looks like a bag that lacks everything.
    store.check_present()
    if answer is Answer.CANNOT_TELL:
        raise StoreUnreadableError(
            store_id=store.location.store_id, path=shown(path), reason=Statement(N_("a part of it gives nothing back"))
        )
    if answer is Answer.NO:
        _quarantine(station, store, path, N_("the bag does not verify"))
    elif expected is not None:
        _enter_copy(station, store, known[0])
    else:
        _adopt_or_quarantine(station, store, path)


def has_good_copy(station: Station, clip_id: str) -> bool:
    """Return whether a clip's bag is kept somewhere, so that the bytes of its card need not be sealed again.

    A copy in a store that is away counts. Of one that is there the place is looked at, and where the clip is not safe
    anyway the whole bag is read: one that cannot be read now is none.
    """
    rows = station.catalog.rows(_COUNTED_COPIES, {"clip_id": clip_id})
    return any(_is_good(station, row) for row in rows)


def _is_good(station: Station, row: dict[str, Any]) -> bool:
    look = station.stores.by_id(row["store_id"])
    if look is None or look.store is None:
        return True
    bag = look.store.path / row["bag_path"]
    if row["state"] in SAFE_STATES:
        return bool(bag.is_dir())
    tagmanifest = Digest(hex=row["tagmanifest"])
    return not check_bag(bag, verify_signature=bag_verifier(station), expected_tagmanifest=tagmanifest)


def replica_draft(clip_id: str, bag_path: str, tagmanifest: Digest, store: Store) -> Draft:
    """Return the entry that `store` now holds the bag, read back from its medium."""
    return Draft(
        kind=EntryKind.REPLICA_WRITTEN,
        subject=f"clip:{clip_id}",
        facts={
            "bag_path": bag_path,
            "tagmanifest_sha256": tagmanifest.hex,
            "store_id": store.location.store_id,
            "reread": "medium",
        },
    )


def settle_left_over(station: Station, arrival: Arrival, bag_ids: Iterable[str]) -> None:
    """Settle every bag with one of these ids that an earlier docking of the recorder left without an entry.

    Call it before sealing: what a power cut left may be the very clip that is about to be sealed a second time.
    """
    folders = _folders_of_broken_off(station, arrival)
    settle_places(station, [folder / bag_id for bag_id in bag_ids for folder in folders])


def settle_places(station: Station, places: Iterable[PurePosixPath]) -> None:
    """Settle whatever stands at these places in any store; a store where that fails is left to the sealing itself."""
    for place in places:
        for store in station.stores.present():
            try:
                if os.path.lexists(store.path / place):
                    settle_bag(station, store, store.path / place)
            except ArchiveError:
                logger.exception("bag cannot be settled store=%s bag=%s", store.location.store_id, place)


def _folders_of_broken_off(station: Station, arrival: Arrival) -> list[PurePosixPath]:
    rows = station.catalog.rows(
        _BROKE_OFF,
        {
            "recorder": arrival.card.recorder,
            "closed": DockingPhase.CLOSED,
            "docking": arrival.docking_id,
            "now": rfc3339(station.clock.now()),
        },
    )
    days = set()
    for row in rows:
        first, last = parse_rfc3339(row["first"]).date(), parse_rfc3339(row["last"]).date()
        days |= {first + timedelta(days=number) for number in range((last - first).days + 1)}
    return [PurePosixPath(CLIPS) / f"{day:%Y/%m/%d}" for day in sorted(days)]


def _enter_copy(station: Station, store: Store, known: dict[str, Any]) -> None:
    logger.info("copy without entry is entered store=%s bag=%s", store.location.store_id, known["bag_path"])
    tagmanifest = Digest(hex=known["tagmanifest"])
    station.record.enter([replica_draft(known["clip_id"], known["bag_path"], tagmanifest, store)])


def _adopt_or_quarantine(station: Station, store: Store, path: Path) -> None:
    relative = path.relative_to(store.path).as_posix()
    drafts = adoption_drafts(station, store, path, relative)
    if not drafts or any(store.tombstones.glob(f"{path.name}*")):
        _quarantine(station, store, path, N_("no inventory in the ledger names this bag"))
        return
    logger.info("bag without entry is adopted store=%s bag=%s", store.location.store_id, relative)
    station.record.enter(drafts)


def _quarantine(station: Station, store: Store, path: Path, reason: str) -> None:
    """Set a bag aside, whole and under a name that says when; one that nobody but root can move stays, unentered."""
    store_id, relative = store.location.store_id, path.relative_to(store.path).as_posix()
    aside = store.quarantine / f"{path.name}-{station.clock.now():%Y%m%dT%H%M%S%f}"
    if _is_immutable(path):
        logger.error("immutable bag cannot be set aside store=%s bag=%s reason=%s", store_id, shown(relative), reason)
        return
    store.check_writable()
    logger.error("bag goes to quarantine store=%s bag=%s reason=%s", store_id, shown(relative), reason)
    # The entry comes first: a bag that vanished from its place without one would look like a loss.
    station.record.enter(
        [
            Draft(
                kind=EntryKind.BAG_QUARANTINED,
                subject=f"store:{store_id}",
                facts={
                    "store_id": store_id,
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
        logger.exception("bag could not be moved to quarantine store=%s", store_id)


def _is_immutable(path: Path) -> bool:
    try:
        return is_kept(path)
    except OSError:
        return False
