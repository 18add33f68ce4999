"""What is asked of the register: the list, one recorder with its history, and whether anything is missing."""

from collections.abc import Mapping
from typing import Any

from bodycam_custody.catalog import Catalog
from bodycam_custody.errors import NotFoundError
from bodycam_custody.operations import Caller
from bodycam_custody.recorders.errors import RecorderAmbiguousError
from bodycam_custody.recorders.folding import LIFE, WITHDRAWN_SINCE, life_in
from bodycam_custody.recorders.requests import OneRecorder, RecorderPage
from bodycam_custody.recorders.rules import RecorderLife, RecorderState
from bodycam_custody.runtime import Runtime
from docking.card import UNKNOWN_RECORDER

# Registered recorders, and those that were docked, or withdrawn unread, without being registered (R73).
_KNOWN = (
    "SELECT recorder FROM recorders UNION SELECT recorder FROM dockings WHERE recorder <> ?"
    " UNION SELECT recorder FROM releases WHERE recorder IS NOT NULL"
)
_ROWS = f"""
SELECT k.recorder, COALESCE(r.state, '{RecorderState.UNREGISTERED}') AS state, r.model, r.unit, r.capacity_gb, r.note,
    r.officer, r.operator, r.held_since, r.faulty_since, r.retired_at, r.registered_at,
    ({WITHDRAWN_SINCE} k.recorder) AS withdrawn_since,
    (SELECT COUNT(*) FROM dockings d WHERE d.recorder = k.recorder) AS dockings,
    (SELECT MIN(docked_at) FROM dockings d WHERE d.recorder = k.recorder) AS first_docked_at,
    (SELECT MAX(docked_at) FROM dockings d WHERE d.recorder = k.recorder) AS last_docked_at
FROM ({_KNOWN}) k LEFT JOIN recorders r USING (recorder)
"""  # noqa: S608  # our own texts


def list_recorders(runtime: Runtime, request: RecorderPage, _: Caller) -> Any:
    """Return a page of recorders by id, those docked without being registered included."""
    conditions, values = ["1"], list[object]()
    if request.after is not None:
        conditions.append("recorder > ?")
        values.append(request.after)
    if request.state is not None:
        conditions.append("state = ?")
        values.append(request.state)
    rows = runtime.station.catalog.rows(
        f"SELECT * FROM ({_ROWS}) WHERE {' AND '.join(conditions)} ORDER BY recorder LIMIT ?",  # noqa: S608  # fixed texts
        (UNKNOWN_RECORDER, *values, request.limit + 1),
    )
    items = [_view(row) for row in rows[: request.limit]]
    return {"items": items, "next": items[-1]["recorder_id"] if len(rows) > request.limit else None}


def show_recorder(runtime: Runtime, request: OneRecorder, _: Caller) -> Any:
    """Return one recorder with everything the register says of it, and who answered for it when (R68)."""
    catalog = runtime.station.catalog
    recorder = require_named(catalog, request.recorder_id)
    acts = catalog.rows("SELECT * FROM recorder_acts WHERE recorder = ? ORDER BY seq", (recorder,))
    held = catalog.rows("SELECT * FROM assignments WHERE recorder = ? ORDER BY since, seq", (recorder,))
    return {
        **recorder_view(catalog, recorder),
        "assignments": [
            {
                "officer_id": one["officer"],
                "operator_id": one["operator"],
                "since": one["since"],
                "until": one["until"],
                "entered_at": one["entered_at"],
            }
            for one in held
        ],
        "history": [
            {
                "seq": act["seq"],
                "kind": act["kind"],
                "dated": act["dated"],
                "entered_at": act["entered_at"],
                "officer_id": act["officer"],
                "operator_id": act["operator"],
                "by": act["person"],
                "note": act["note"],
            }
            for act in acts
        ],
    }


def recorder_view(catalog: Catalog, recorder: str) -> dict[str, Any]:
    """Return one recorder as it is listed.

    Raises:
        NotFoundError: it is neither registered nor ever docked.
    """
    rows = catalog.rows(f"SELECT * FROM ({_ROWS}) WHERE recorder = ?", (UNKNOWN_RECORDER, recorder))  # noqa: S608  # ours
    if not rows:
        raise NotFoundError(what="recorder", id=recorder)
    return _view(rows[0])


def every_recorder(catalog: Catalog) -> list[dict[str, Any]]:
    """Return every recorder as it is listed."""
    return [_view(row) for row in catalog.rows(f"{_ROWS} ORDER BY k.recorder", (UNKNOWN_RECORDER,))]


def _view(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "recorder_id": row["recorder"],
        "state": row["state"],
        "model": row["model"],
        "unit": row["unit"],
        "capacity_gb": row["capacity_gb"],
        "note": row["note"],
        "officer_id": row["officer"],
        "operator_id": row["operator"],
        "held_since": row["held_since"],
        "faulty_since": row["faulty_since"],
        "withdrawn_since": row["withdrawn_since"],
        "retired_at": row["retired_at"],
        "registered_at": row["registered_at"],
        "dockings": row["dockings"],
        "first_docked_at": row["first_docked_at"],
        "last_docked_at": row["last_docked_at"],
    }


def life_of(catalog: Catalog, recorder: str) -> RecorderLife | None:
    """Return what a recorder's acts have left it, None for one that is not registered."""
    rows = catalog.rows(LIFE, (recorder,))
    return life_in(rows[0]) if rows else None


def require_named(catalog: Catalog, text: str) -> str:
    """Return the recorder that `text` names: its whole id, or a serial that only one known recorder has.

    A text that fits nothing known is returned as it is.

    Raises:
        RecorderAmbiguousError: the serial fits several.
    """
    known = [row["recorder"] for row in catalog.rows(_KNOWN, (UNKNOWN_RECORDER,))]
    fitting = [recorder for recorder in known if recorder.split(":", 3)[-1] == text]
    if text in known or not fitting:
        return text
    if len(fitting) > 1:
        raise RecorderAmbiguousError(serial=text, count=len(fitting))
    return str(fitting[0])
