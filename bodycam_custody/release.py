"""What stands against a recorder that left, or is to leave, with files nobody could read (R11, R40, A3 art. 7)."""

from enum import StrEnum

from bodycam_custody.catalog import Catalog
from bodycam_custody.entries import EntryKind
from bodycam_custody.model import DockingId


class ClearingBar(StrEnum):
    """Why nothing may be deleted from a card."""

    RECORDER_WITHDRAWN = "recorder-withdrawn"
    RELEASED_UNCLEARED = "released-uncleared"


_STANDING = """
SELECT kind FROM releases r WHERE (r.kind = :released AND r.docking_id = :docking)
OR (r.kind = :withdrawn AND r.ended_at IS NULL AND (r.docking_id = :docking
    OR r.recorder = (SELECT recorder FROM dockings WHERE docking_id = :docking)))
ORDER BY r.kind
"""


def clearing_bar(catalog: Catalog, docking_id: DockingId) -> ClearingBar | None:
    """Return why the card of this docking must never be cleared, None where no release or withdrawal says so.

    A recorder that is away for recovery holds what nobody has read, whatever this docking of it read; one that was
    released uncleared stays so. That the docking is whole, and each of its files safe, is not looked at here.
    """
    kinds = {
        row["kind"]
        for row in catalog.rows(
            _STANDING,
            {"released": EntryKind.DOCK_RELEASED, "withdrawn": EntryKind.DOCK_WITHDRAWN, "docking": docking_id},
        )
    }
    if EntryKind.DOCK_WITHDRAWN in kinds:
        return ClearingBar.RECORDER_WITHDRAWN
    return ClearingBar.RELEASED_UNCLEARED if kinds else None
