"""Which docking is meant when somebody names a slot or a docking to clear."""

from bodycam_custody.errors import NotFoundError
from bodycam_custody.model import DockingId
from bodycam_custody.runtime import Runtime


def docking_to_clear(runtime: Runtime, target: str) -> DockingId:
    """Return the docking with the id `target`, else the newest one in the slot with that name or port.

    Raises:
        NotFoundError: there is none.
    """
    catalog = runtime.station.catalog
    rows = catalog.rows("SELECT docking_id FROM dockings WHERE docking_id = ?", (target,))
    if not rows:
        rows = catalog.rows(
            "SELECT docking_id FROM dockings WHERE port = ? OR port IN (SELECT port FROM slots WHERE name = ?)"
            " ORDER BY seen_at DESC, docking_id DESC LIMIT 1",
            (target, target),
        )
    if not rows:
        raise NotFoundError(what="docking", id=target)
    return DockingId(rows[0]["docking_id"])
