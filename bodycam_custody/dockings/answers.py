"""What is asked about dockings, and the beginning of an import."""

from pathlib import Path
from typing import Any

from bodycam_custody.dockings.judged_views import differences_view
from bodycam_custody.entries import Actor
from bodycam_custody.errors import NotFoundError
from bodycam_custody.model import DockingPhase
from bodycam_custody.operations import Caller, ImportFolder, OneDocking, Page
from bodycam_custody.runtime import Runtime
from bodycam_custody.views import docking_view, files_view, pending_docking_view
from hashing.errors import shown

# What `status` shows of dockings that are over.
RECENT_DOCKINGS = 10


def dockings_in_view(runtime: Runtime) -> list[dict[str, Any]]:
    """Return the dockings under way and the newest ones that are over."""
    rows = runtime.station.catalog.rows(
        "SELECT * FROM dockings WHERE phase IN (?, ?) OR docking_id IN"
        " (SELECT docking_id FROM dockings ORDER BY seen_at DESC LIMIT ?) ORDER BY seen_at DESC",
        (DockingPhase.INVENTORY, DockingPhase.COPYING, RECENT_DOCKINGS),
    )
    return [docking_view(runtime.station, row, runtime.progress.get(row["docking_id"])) for row in rows]


def list_dockings(runtime: Runtime, request: Page, _: Caller) -> Any:
    """Return a page of dockings, newest first."""
    rows = runtime.station.catalog.rows(
        "SELECT * FROM dockings WHERE ? IS NULL OR (seen_at, docking_id) <"
        " (SELECT seen_at, docking_id FROM dockings WHERE docking_id = ?)"
        " ORDER BY seen_at DESC, docking_id DESC LIMIT ?",
        (request.after, request.after, request.limit + 1),
    )
    items = [
        docking_view(runtime.station, row, runtime.progress.get(row["docking_id"])) for row in rows[: request.limit]
    ]
    return {"items": items, "next": items[-1]["docking_id"] if len(rows) > request.limit else None}


def show_docking(runtime: Runtime, request: OneDocking, _: Caller) -> Any:
    """Return one docking with every file of its card and what became of it."""
    station = runtime.station
    progress = runtime.progress.get(request.docking_id)
    rows = station.catalog.rows("SELECT * FROM dockings WHERE docking_id = ?", (request.docking_id,))
    if not rows:
        return _pending_docking(runtime, request.docking_id)
    specials = station.catalog.rows(
        "SELECT path, kind FROM specials WHERE docking_id = ? ORDER BY rowid", (request.docking_id,)
    )
    return {
        **docking_view(station, rows[0], progress),
        "files": files_view(station, request.docking_id),
        "differences": differences_view(station, request.docking_id),
        "specials": [
            {"path": None if row["path"] is None else shown(row["path"]), "kind": row["kind"]} for row in specials
        ],
    }


def _pending_docking(runtime: Runtime, docking_id: str) -> dict[str, Any]:
    arrival, progress = runtime.arrivals.get(docking_id), runtime.progress.get(docking_id)
    if arrival is None or progress is None:
        raise NotFoundError(what="docking", id=docking_id)
    return {**pending_docking_view(runtime.station, arrival, progress), "files": [], "differences": [], "specials": []}


def start_import(runtime: Runtime, request: ImportFolder, caller: Caller) -> Any:
    """Begin an import and return its docking id; the caller follows it with `dockings.show`."""
    return {"docking_id": runtime.start_import(Path(request.path), actor=Actor(uid=caller.uid))}
