"""Step 8: bringing a sealed bag to a store that was not there when it was sealed, or that lost its copy."""

import logging
import os
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from archive.bag_check import check_bag
from archive.copying import CopyBuffers, copy_verified
from archive.durable import DIRECTORY_MODE, flush_filesystem, make_directories, rename_without_replacing, stated
from archive.errors import ArchiveError, StoreUnreadableError
from archive.store import Store
from bodycam_custody.bag_signatures import bag_verifier
from bodycam_custody.errors import BagAlreadyThereError
from bodycam_custody.settling import replica_draft, settle_bag
from bodycam_custody.staging import staging_area
from bodycam_custody.station import Station
from hashing.digest import Digest

logger = logging.getLogger(__name__)

# Clips first, so that a supplement never stands alone.
_LACKING = """
SELECT clip_id, bag_path, tagmanifest FROM (
    SELECT c.clip_id, c.bag_path, c.tagmanifest, 0 AS later, c.sealed_at FROM clips c
    WHERE NOT EXISTS (SELECT 1 FROM copies WHERE copies.clip_id = c.clip_id AND copies.store_id = :store
        AND copies.answer = 'yes')
    UNION ALL
    SELECT s.clip_id, s.bag_path, s.tagmanifest, 1, c.sealed_at FROM supplements s JOIN clips c USING (clip_id)
    WHERE NOT EXISTS (SELECT 1 FROM json_each(s.stores) AS held WHERE held.key = :store)
) ORDER BY later, sealed_at, bag_path
"""
_HOLDERS = """
SELECT store_id FROM copies JOIN clips USING (clip_id) WHERE bag_path = :path AND answer = 'yes'
UNION
SELECT held.key FROM supplements s, json_each(s.stores) AS held WHERE bag_path = :path
"""


def replicate_lacking(station: Station) -> int:
    """Copy every bag a present store lacks from one that verifies, and return how many copies were made.

    A store lacks what it never had, what is missing there, and what does not verify any more; what stands in its place
    goes to quarantine, once there is a copy that does verify.

    Every copy is read back, and then checked as a whole bag with its signature against the ledger, before it is
    entered. A store that fails is left for the next run.
    """
    made = 0
    for target in station.stores.present():
        for row in station.catalog.rows(_LACKING, {"store": target.location.store_id}):
            if station.stopping.is_set():
                return made
            try:
                made += _replicate(station, row, target)
            except ArchiveError:
                logger.exception("replication stopped store=%s", target.location.store_id)
                break
    return made


def _replicate(station: Station, row: Mapping[str, Any], target: Store) -> bool:
    holders = {holder["store_id"] for holder in station.catalog.rows(_HOLDERS, {"path": row["bag_path"]})}
    expected = Digest(hex=row["tagmanifest"])
    for source in station.stores.present():
        if source.location.store_id not in holders:
            continue
        if check_bag(
            source.path / row["bag_path"], verify_signature=bag_verifier(station), expected_tagmanifest=expected
        ):
            logger.error("copy does not verify store=%s clip=%s", source.location.store_id, row["clip_id"])
            continue
        if not _clear_place(station, target, target.path / row["bag_path"]):
            return False
        _copy_bag(station, source, target, row["bag_path"], expected)
        station.record.enter([replica_draft(row["clip_id"], row["bag_path"], expected, target)])
        return True
    return False


def _clear_place(station: Station, target: Store, place: Path) -> bool:
    """Return whether a bag may be written at `place`; what stands there is entered if it is whole, else set aside."""
    if os.path.lexists(place):
        try:
            settle_bag(station, target, place)
        except StoreUnreadableError as err:
            logger.error("bag in the way cannot be read reason=%s", err)
    return not os.path.lexists(place)


def _copy_bag(station: Station, source: Store, target: Store, bag_path: str, expected: Digest) -> None:
    target.check_writable()
    final = target.path / bag_path
    name = f"replica-{secrets.token_hex(8)}"
    scratch = CopyBuffers()
    with staging_area([target], name):
        staged = target.staging / name / "bag"
        with stated(staged):
            for folder in (staged, staged / "data", staged / "custody"):
                folder.mkdir(DIRECTORY_MODE)
            for path in sorted(path for path in (source.path / bag_path).rglob("*") if path.is_file()):
                descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
                try:
                    copy_verified(descriptor, [staged / path.relative_to(source.path / bag_path)], scratch=scratch)
                finally:
                    os.close(descriptor)
        flush_filesystem(target.staging)
        findings = check_bag(staged, verify_signature=bag_verifier(station), expected_tagmanifest=expected)
        if findings:
            raise BagAlreadyThereError(store=target.location.store_id, bag_path=bag_path)
        make_directories(final.parent)
        rename_without_replacing(staged, final)
        flush_filesystem(target.staging)
