"""What a start-up makes of whatever a crash left: disks, ledger and catalog agree again, and nothing is lost.

1. dockings that never ended are closed as interrupted: their cards are read again when they are seen
2. staging nobody holds is swept: it was never a clip
3. a bag without an entry is adopted if it verifies, its file stands in an inventory and no tombstone says otherwise;
   else it goes to quarantine, whole
4. a copy that an entry names and that is not there is entered as missing; the clip no longer counts it
"""

import base64
import json
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from archive.bag import CLIP_JSON, TAGMANIFEST
from archive.bag_check import check_bag
from archive.durable import make_directories, rename_new
from archive.errors import ArchiveError
from archive.store import Store
from bodycam_custody.bag_signatures import bag_verifier
from bodycam_custody.docking_drafts import closed_draft
from bodycam_custody.entries import Draft, EntryKind
from bodycam_custody.model import ClipId, DockingId, DockingPhase, clip_id_of
from bodycam_custody.replication import replica_draft
from bodycam_custody.staging import sweep_staging
from bodycam_custody.station import Station
from hashing.canonical import Json
from hashing.digest import Digest
from hashing.errors import N_, shown

logger = logging.getLogger(__name__)


def reconcile(station: Station) -> None:
    """Bring disks, ledger and catalog of the present stores into agreement; see the module for the steps.

    Not done here: reading every bag again (that is the scrub's work) and writing missing copies (`replicate_lacking`).

    Raises:
        LedgerRefusesError: nothing may be appended; the stores were not touched.
    """
    _close_interrupted(station)
    for store in station.stores.present():
        swept = sweep_staging(store)
        if swept:
            logger.info("staging swept store=%s folders=%s", store.location.store_id, len(swept))
        _settle_bags_without_entry(station, store)
        _enter_missing_copies(station, store)


def _close_interrupted(station: Station) -> None:
    rows = station.catalog.rows(
        "SELECT docking_id FROM dockings WHERE phase IN (?, ?)", (DockingPhase.INVENTORY, DockingPhase.COPYING)
    )
    station.record.enter(
        [
            closed_draft(
                DockingId(row["docking_id"]), outcome=DockingPhase.INTERRUPTED, code="station-stopped", counts={}
            )
            for row in rows
        ]
    )


def _settle_bags_without_entry(station: Station, store: Store) -> None:
    store_id = store.location.store_id
    rows = station.catalog.rows(
        "SELECT c.bag_path FROM clips c JOIN copies USING (clip_id) WHERE store_id = ?"
        " UNION SELECT bag_path FROM supplements",
        (store_id,),
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
    sealed = station.catalog.rows("SELECT clip_id, tagmanifest FROM clips WHERE bag_path = ?", (relative,))
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
    found = _found_bag(station, path)
    if found is None or any(store.tombstones.glob(f"{path.name}*")):
        _quarantine(station, store, path, relative, N_("no inventory in the ledger names this bag"))
        return
    logger.info("bag without entry is adopted store=%s clip=%s", store.location.store_id, found.clip_id)
    stores: list[Json] = [{"store_id": store.location.store_id, "reread": "medium"}]
    station.record.enter(
        [
            Draft(
                kind=EntryKind.BAG_ADOPTED,
                subject=f"clip:{found.clip_id}",
                facts={
                    "clip_id": found.clip_id,
                    "bag_path": relative,
                    "tagmanifest_sha256": Digest.of((path / TAGMANIFEST).read_bytes()).hex,
                    "main_sha256": found.sha256,
                    "size_bytes": found.size_bytes,
                    "sidecars": list(found.sidecars),
                    "docking_id": found.docking_id,
                    "file": found.file,
                    "recorder": found.recorder,
                    "file_type": found.file_type,
                    "stores": stores,
                    "rule_set_version": station.settings.rule_set.version,
                },
            ),
            Draft(
                kind=EntryKind.CLIP_SIGHTED,
                subject=f"clip:{found.clip_id}",
                facts={
                    "clip_id": found.clip_id,
                    "docking_id": found.docking_id,
                    "file": found.file,
                    "newly_sealed": True,
                },
            ),
        ]
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _FoundBag:
    """A verified bag whose clip.json agrees with an inventory of the ledger."""

    clip_id: ClipId
    docking_id: str
    file: int
    recorder: str
    file_type: str
    sha256: str
    size_bytes: int
    sidecars: tuple[str, ...]


def _found_bag(station: Station, path: Path) -> _FoundBag | None:
    """Return what the bag says of itself if the inventory it names says the same, else None.

    The bag's signature was checked, so clip.json is the station's own word; the inventory shows that the file was on a
    card, under this name and with this size.
    """
    try:
        facts: dict[str, Any] = json.loads((path / CLIP_JSON).read_bytes())
        main, *sidecars = facts["files"]
        name = base64.b64decode(main["path_base64"])
    except (ValueError, KeyError, TypeError):
        return None
    rows = station.catalog.rows(
        "SELECT f.size_bytes, f.file_type, f.path, d.recorder FROM files f JOIN dockings d USING (docking_id)"
        " WHERE f.docking_id = ? AND f.file = ?",
        (facts["docking_id"], facts["file"]),
    )
    clip_id = clip_id_of(recorder=facts["recorder"], main=Digest(hex=main["sha256"]))
    if not rows or path.name != clip_id:
        return None
    row = rows[0]
    if (row["size_bytes"], row["recorder"]) != (main["size_bytes"], facts["recorder"]) or row["path"] not in {
        name,
        None,
    }:
        return None
    return _FoundBag(
        clip_id=clip_id,
        docking_id=facts["docking_id"],
        file=facts["file"],
        recorder=facts["recorder"],
        file_type=row["file_type"],
        sha256=main["sha256"],
        size_bytes=main["size_bytes"],
        sidecars=tuple(sidecar["sha256"] for sidecar in sidecars),
    )


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
    rows = station.catalog.rows(
        "SELECT c.clip_id, c.bag_path FROM clips c JOIN copies p USING (clip_id)"
        " WHERE p.store_id = ? AND p.answer = 'yes'",
        (store.location.store_id,),
    )
    drafts = [
        Draft(
            kind=EntryKind.COPY_MISSING,
            subject=f"clip:{row['clip_id']}",
            facts={"clip_id": row["clip_id"], "store_id": store.location.store_id, "bag_path": row["bag_path"]},
        )
        for row in rows
        if not (store.path / row["bag_path"]).is_dir()
    ]
    for draft in drafts:
        logger.error("copy is missing store=%s subject=%s", store.location.store_id, draft.subject)
    station.record.enter(drafts)
