"""A recorder's docking before: what was recorded before it was on its card then (R32).

A battery that died puts a clock to its factory date, which may be any year: only what the station saw tells. A
recording sealed now that claims to be older than a docking that listed the whole card without it is not so old.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from bodycam_custody.catalog import Catalog
from bodycam_custody.clock import parse_rfc3339
from bodycam_custody.model import DockingPhase
from bodycam_custody.release.left_behind import UNLISTED
from docking.card import UNKNOWN_RECORDER, DockingKind
from docking.drivers.told_visit import COMES_BACK_WITHIN

# More than any zone is wrong by, and than a recording lasts that was still written when its recorder was docked.
WELL_BEFORE: Final = timedelta(days=1)

_EARLIER = f"""
SELECT before.docking_id, before.docked_at FROM dockings before JOIN dockings d ON d.docking_id = :docking_id
WHERE before.recorder = d.recorder AND before.recorder <> :unknown AND d.kind = :dock AND before.kind = d.kind
AND before.phase = :closed AND julianday(d.docked_at) - julianday(before.docked_at) > :together
AND before.docking_id NOT IN (SELECT docking_id FROM held)
AND NOT EXISTS (SELECT 1 FROM specials s WHERE s.docking_id = before.docking_id
    AND s.kind IN ({", ".join(f":unlisted_{number}" for number in range(len(UNLISTED)))}))
AND NOT EXISTS (SELECT 1 FROM dockings other WHERE other.recorder = d.recorder AND other.kind = d.kind
    AND other.docked_at NOT IN (before.docked_at, d.docked_at)
    AND (ABS(julianday(other.docked_at) - julianday(before.docked_at)) <= :together
        OR ABS(julianday(other.docked_at) - julianday(d.docked_at)) <= :together))
ORDER BY before.docked_at DESC, before.docking_id DESC LIMIT 1
"""  # noqa: S608  # only names of parameters
# Marking renames a file, and leaves its size and time of writing as they are.
_WAS_LISTED = """
SELECT 1 FROM files f JOIN dockings d USING (docking_id) JOIN dockings before ON before.docking_id = ?
WHERE d.recorder = before.recorder AND d.kind = before.kind AND d.docked_at <= before.docked_at
AND f.mtime_ns = ? AND f.size_bytes = ? LIMIT 1
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class EarlierDocking:
    """The newest docking of the same recorder before another one that was closed and listed every folder."""

    docking_id: str
    docked_at: datetime

    @property
    def earliest_new(self) -> datetime:
        """The earliest end that a recording may have which was not on the card then."""
        return self.docked_at - WELL_BEFORE


def earlier_docking(catalog: Catalog, docking_id: str) -> EarlierDocking | None:
    """Return the docking before `docking_id`; None for the first one, an import and an unknown recorder.

    None too where either was docked together with another card of the recorder: no one card lists what the other holds.
    """
    wanted = {
        "docking_id": docking_id,
        "unknown": UNKNOWN_RECORDER,
        "dock": DockingKind.DOCK,
        "closed": DockingPhase.CLOSED,
        "together": COMES_BACK_WITHIN / timedelta(days=1),
        **{f"unlisted_{number}": kind for number, kind in enumerate(UNLISTED)},
    }
    row = next(iter(catalog.rows(_EARLIER, wanted)), None)
    if row is None:
        return None
    return EarlierDocking(docking_id=row["docking_id"], docked_at=parse_rfc3339(row["docked_at"]))


def was_listed(catalog: Catalog, earlier: EarlierDocking, file: Mapping[str, Any]) -> bool:
    """Return whether a file of this size and time of writing was on the card then or before, read or not."""
    return bool(catalog.rows(_WAS_LISTED, (earlier.docking_id, file["mtime_ns"], file["size_bytes"])))
