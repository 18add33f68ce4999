"""Which recorders still hold what the station does not have, as the catalog knows it, also when they left (R11, R45).

A docking that was not read whole stays open until its recorder was docked again and read whole, or a supervisor
released it. Another recorder settles nothing, and neither does another card of the same one, docked together with it.
A card of an unknown recorder is known again only in the same dock slip: the docking was tried again; a file of one,
also of an import, by its name, size and time of change.
"""

from typing import Final

from bodycam_custody.catalog import Catalog
from bodycam_custody.entries import EntryKind
from bodycam_custody.model import DockingPhase, FileOutcome
from bodycam_custody.release.left_behind import UNLISTED
from docking.card import UNKNOWN_RECORDER, DockingKind

# The cards of one recorder are mounted within seconds of each other; nobody docks it twice in that time.
_DOCKED_TOGETHER_S: Final = 60

_FACTS: Final = {
    "dock": DockingKind.DOCK,
    "unknown": UNKNOWN_RECORDER,
    "listing": DockingPhase.INVENTORY,
    "copying": DockingPhase.COPYING,
    "closed": DockingPhase.CLOSED,
    "failed": FileOutcome.FAILED,
    "waiting": FileOutcome.WAITING,
    "released": EntryKind.DOCK_RELEASED,
    "withdrawn": EntryKind.DOCK_WITHDRAWN,
    "together_days": _DOCKED_TOGETHER_S / 86_400,
    **{f"unlisted_{number}": kind for number, kind in enumerate(UNLISTED)},
}
_KINDS = ", ".join(f":unlisted_{number}" for number in range(len(UNLISTED)))

# Whether docking `later` has the card of docking `d` again. Rows are in the order of their entries.
_IS_AGAIN = """
later.rowid > d.rowid AND ((later.port IS d.port AND later.docked_at = d.docked_at)
    OR (later.recorder = d.recorder AND d.recorder <> :unknown AND (later.docked_at >= d.closed_at
        OR julianday(later.docked_at) - julianday(d.docked_at) > :together_days)))
"""
_IS_RELEASED = "SELECT 1 FROM releases r WHERE r.docking_id = d.docking_id AND r.kind = :released"
_UNFINISHED = f"""
WITH lacking AS (
    SELECT docking_id FROM dockings WHERE phase NOT IN (:listing, :copying, :closed)
    UNION SELECT docking_id FROM files WHERE outcome IN (:failed, :waiting)
    UNION SELECT docking_id FROM specials WHERE kind IN ({_KINDS})
)
SELECT COUNT(DISTINCT CASE WHEN d.recorder = :unknown THEN d.port || ' ' || d.docked_at ELSE d.recorder END) AS n
FROM dockings d WHERE d.kind = :dock AND d.phase NOT IN (:listing, :copying) AND d.docking_id IN lacking
AND NOT EXISTS ({_IS_RELEASED})
AND NOT EXISTS (SELECT 1 FROM releases r WHERE r.docking_id = d.docking_id AND r.kind = :withdrawn
    AND r.ended_at IS NULL)
AND NOT EXISTS (SELECT 1 FROM dockings later WHERE {_IS_AGAIN}
    AND later.phase = :closed AND later.docking_id NOT IN lacking)
"""  # noqa: S608  # our own text and named parameters
_FAILED_FILES = f"""
SELECT COUNT(*) AS n FROM files f JOIN dockings d USING (docking_id) WHERE f.outcome = :failed
AND NOT EXISTS ({_IS_RELEASED})
AND NOT EXISTS (SELECT 1 FROM dockings later JOIN files again ON again.docking_id = later.docking_id
    WHERE again.path = f.path AND again.outcome <> :failed AND (({_IS_AGAIN}) OR (later.rowid > d.rowid
        AND d.recorder = :unknown AND later.recorder = :unknown
        AND again.size_bytes = f.size_bytes AND again.mtime_ns = f.mtime_ns)))
"""  # noqa: S608  # our own text and named parameters


def count_unfinished(catalog: Catalog) -> int:
    """Return how many recorders (cards of an unknown one) were not read whole since, and not let go either.

    One that is away for recovery is counted there. Dockings under way are not over, and imports have no recorder.
    """
    (row,) = catalog.rows(_UNFINISHED, _FACTS)
    return int(row["n"])


def count_failed_files(catalog: Catalog) -> int:
    """Return how many files could not be taken in, were not since, and were not given up by a release."""
    (row,) = catalog.rows(_FAILED_FILES, _FACTS)
    return int(row["n"])
