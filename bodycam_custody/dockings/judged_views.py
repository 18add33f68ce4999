"""What a docking is judged by against its recorder's time before, as those who ask see it."""

from collections.abc import Mapping
from typing import Any, Final

from bodycam_custody.model import ClockVerdict, Remark
from bodycam_custody.station import Station
from hashing.errors import shown

# Key in the interface to column of the catalog; null until it is judged, and for imports and unknown recorders.
_COLUMNS: Final[Mapping[str, str]] = {
    "previous_docking_id": "previous",
    "files_missing": "files_missing",
    "files_missing_unkept": "files_missing_unkept",
    "files_reappeared": "files_reappeared",
    "sequence_gaps": "sequence_gaps",
    "clock_offset_ms": "clock_offset_ms",
    "clock_offset_uncertainty_ms": "clock_offset_uncertainty_ms",
    "clock_verdict": "clock_verdict",
    "clock_drift_ms_per_day": "clock_drift_ms_per_day",
    "accepted_at": "accepted_at",
    "accepted_by": "accepted_by",
}
_CLOCK_REMARKS: Final = {ClockVerdict.BEYOND_LIMIT: Remark.CLOCK_DRIFTS, ClockVerdict.RESET: Remark.CLOCK_RESET}


def judged_view(row: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return comparison and clock of a docking by its row; None is a docking that has no entry yet."""
    return {name: row[column] if row else None for name, column in _COLUMNS.items()}


def judged_remarks(row: Mapping[str, Any]) -> set[Remark]:
    """Return what must be said beside a docking because of them."""
    remarks: set[Remark] = set()
    if row["files_missing_unkept"]:
        remarks.add(Remark.FILES_GONE)
    if row["clock_verdict"] in _CLOCK_REMARKS:
        remarks.add(_CLOCK_REMARKS[row["clock_verdict"]])
    return remarks


def differences_view(station: Station, docking_id: str) -> list[dict[str, Any]]:
    """Return what a card shows against its recorder's previous docking, file by file and gap by gap (R40)."""
    rows = station.catalog.rows(
        "SELECT d.what, f.path, f.size_bytes, d.kept, COALESCE(d.clip_id, f.clip_id) AS clip_id, d.device_id, d.first,"
        " d.last FROM differences d LEFT JOIN files f ON f.docking_id = d.found_in AND f.file = d.file"
        " WHERE d.docking_id = ? ORDER BY d.rowid",
        (docking_id,),
    )
    return [
        {
            **row,
            "path": None if row["path"] is None else shown(row["path"]),
            "kept": None if row["kept"] is None else bool(row["kept"]),
        }
        for row in rows
    ]
