"""What stands against a recorder that left, or is to leave, with files nobody could read (R11, R40, A3 art. 7).

It leaves in one of two ways. A custodian withdraws it for recovery: it is away until it is returned, or until a later
docking reads all that was left. A supervisor releases it uncleared, with a reason: what was left is given up, and stays
listed. Neither makes a docking safe, and neither lets its card be cleared.
"""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any

from bodycam_custody.catalog import Catalog
from bodycam_custody.entries import Draft, EntryKind
from bodycam_custody.model import ClipState, DockingId, FileOutcome
from bodycam_custody.recorders.attribution import subject_of
from bodycam_custody.release.left_behind import files_left, folders_left
from docking.card import UNKNOWN_RECORDER
from hashing.canonical import Json


class ClearingBar(StrEnum):
    """Why nothing may be deleted from a card."""

    RECORDER_WITHDRAWN = "recorder-withdrawn"
    RELEASED_UNCLEARED = "released-uncleared"


_KINDS = {"released": EntryKind.DOCK_RELEASED, "withdrawn": EntryKind.DOCK_WITHDRAWN}
_STANDING = """
SELECT kind FROM releases r WHERE (r.kind = :released AND r.docking_id = :docking)
OR (r.kind = :withdrawn AND r.ended_at IS NULL AND (r.docking_id = :docking
    OR r.recorder = (SELECT recorder FROM dockings WHERE docking_id = :docking)))
"""
_NEWEST = "SELECT * FROM releases WHERE docking_id = ? AND kind = ? ORDER BY seq DESC LIMIT 1"
_AWAY = "SELECT docking_id FROM releases WHERE recorder = ? AND kind = ? AND ended_at IS NULL ORDER BY seq"
_UNSAFE = """
SELECT 1 FROM clips WHERE state IN (?, ?) AND clip_id IN (SELECT clip_id FROM sightings WHERE docking_id = ?) LIMIT 1
"""
_KEPT = "SELECT path, size_bytes, mtime_ns FROM files WHERE docking_id = ? AND outcome IN (?, ?)"


def clearing_bar(catalog: Catalog, docking_id: DockingId) -> ClearingBar | None:
    """Return why the card of this docking must never be cleared, None where no release or withdrawal says so.

    A recorder that is away for recovery holds what nobody has read, whatever this docking of it read; one that was
    released uncleared stays so. That the docking is whole, and each of its files safe, is not looked at here.
    """
    kinds = {row["kind"] for row in catalog.rows(_STANDING, {**_KINDS, "docking": docking_id})}
    if EntryKind.DOCK_WITHDRAWN in kinds:
        return ClearingBar.RECORDER_WITHDRAWN
    return ClearingBar.RELEASED_UNCLEARED if kinds else None


def release_view(catalog: Catalog, docking_id: str) -> dict[str, Any]:
    """Return who withdrew or released the recorder of a docking, when and why; a reason that was erased is None."""
    withdrawn, released = (
        next(iter(catalog.rows(_NEWEST, (docking_id, kind))), dict.fromkeys(("at", "person", "reason", "ended_at")))
        for kind in (EntryKind.DOCK_WITHDRAWN, EntryKind.DOCK_RELEASED)
    )
    return {
        "withdrawn_at": withdrawn["at"],
        "withdrawn_by": withdrawn["person"],
        "withdrawn_reason": withdrawn["reason"],
        "withdrawn_until": withdrawn["ended_at"],
        "released_at": released["at"],
        "released_by": released["person"],
        "released_reason": released["reason"],
    }


def let_go_by(catalog: Catalog, docking_id: str) -> EntryKind | None:
    """Return by which act the recorder of a docking may leave although not all of it is safe, None for none."""
    view = release_view(catalog, docking_id)
    if view["released_at"] is not None:
        return EntryKind.DOCK_RELEASED
    return EntryKind.DOCK_WITHDRAWN if view["withdrawn_at"] is not None else None


def count_away(catalog: Catalog) -> int:
    """Return how many withdrawals wait for their recorder; one of several dockings of a recorder counts once."""
    (row,) = catalog.rows(
        "SELECT COUNT(DISTINCT COALESCE(recorder, docking_id, port)) AS n FROM releases"
        " WHERE kind = ? AND ended_at IS NULL",
        (EntryKind.DOCK_WITHDRAWN,),
    )
    return int(row["n"])


def recovered_drafts(catalog: Catalog, docking_id: DockingId, *, recorder: str) -> list[Draft]:
    """Return the entry that a docking read to its end has read all that its recorder was withdrawn for; else nothing.

    A file that was never read is the same by its name, size and time of change. What could not be listed is read when
    files below that folder were. As long as a clip of such a docking is not safe, the recorder may hold its last copy.
    A name that was erased proves nothing: then a custodian enters the recorder's return.
    """
    away = [] if recorder == UNKNOWN_RECORDER else catalog.rows(_AWAY, (recorder, EntryKind.DOCK_WITHDRAWN))
    if not away or files_left(catalog, docking_id) or folders_left(catalog, docking_id):
        return []
    kept = catalog.rows(_KEPT, (docking_id, FileOutcome.SEALED, FileOutcome.KNOWN))
    dockings = [row["docking_id"] for row in away if row["docking_id"] is not None]
    if not all(_is_read(catalog, one, kept) for one in dockings):
        return []
    facts: dict[str, Json] = {"docking_id": docking_id, "recorder": recorder, "withdrawals": len(away)}
    return [Draft(kind=EntryKind.DOCK_RECOVERED, subject=subject_of(recorder), facts=facts)]


def _is_read(catalog: Catalog, docking_id: str, kept: Sequence[Mapping[str, Any]]) -> bool:
    if catalog.rows(_UNSAFE, (ClipState.SEALED, ClipState.DAMAGED, docking_id)):
        return False
    known = {(row["path"], row["size_bytes"], row["mtime_ns"]) for row in kept}
    folders = {parent for row in kept if row["path"] is not None for parent in _parents(row["path"])}
    files = [(row["path"], row["size_bytes"], row["mtime_ns"]) for row in files_left(catalog, docking_id)]
    return all(file[0] is not None and file in known for file in files) and all(
        row["path"] in folders for row in folders_left(catalog, docking_id)
    )


def _parents(path: bytes) -> list[bytes]:
    """Return the folders a path lies in, and the path itself: an entry whose kind could not be told may be a file."""
    parts = path.split(b"/")
    return [b"/".join(parts[:depth]) for depth in range(1, len(parts) + 1)]
