"""How the entries that judge a docking change the catalog: its comparison, its recorder's clock, its acceptance."""

import sqlite3
from collections.abc import Mapping
from typing import Any

from bodycam_custody.clock import rfc3339
from bodycam_custody.entries import Entry


def fold_compared(db: sqlite3.Connection, _: Entry, facts: Mapping[str, Any], __: Mapping[str, bytes]) -> None:
    """Keep one part of a comparison; every part carries the counts of the whole."""
    db.executemany(
        "INSERT INTO differences (docking_id, what, found_in, file, kept, clip_id, device_id, first, last)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            (
                facts["docking_id"],
                row["what"],
                facts["previous"] if row["what"] == "missing" else facts["docking_id"],
                row.get("file"),
                row.get("kept"),
                row.get("clip_id"),
                row.get("device_id"),
                row.get("first"),
                row.get("last"),
            )
            for row in facts["differences"]
        ],
    )
    db.execute(
        "UPDATE dockings SET previous = ?, files_missing = ?, files_missing_unkept = ?, files_reappeared = ?,"
        " sequence_gaps = ? WHERE docking_id = ?",
        (
            facts["previous"],
            facts["missing"],
            facts["missing_unkept"],
            facts["reappeared"],
            facts["sequence_gaps"],
            facts["docking_id"],
        ),
    )


def fold_clock_judged(db: sqlite3.Connection, _: Entry, facts: Mapping[str, Any], __: Mapping[str, bytes]) -> None:
    """Keep the verdict on a recorder's clock with its docking."""
    db.execute(
        "UPDATE dockings SET clock_verdict = ?, clock_drift_ms_per_day = ? WHERE docking_id = ?",
        (facts["verdict"], facts["drift_ms_per_day"], facts["docking_id"]),
    )


def fold_accepted(db: sqlite3.Connection, entry: Entry, facts: Mapping[str, Any], __: Mapping[str, bytes]) -> None:
    """Note that a custodian took a docking over; for a clip that was at several, the first acceptance counts."""
    at, docking_id = rfc3339(entry.at), facts["docking_id"]
    db.execute(
        "UPDATE dockings SET accepted_at = ?, accepted_by = ? WHERE docking_id = ?", (at, facts["person"], docking_id)
    )
    db.execute(
        "UPDATE clips SET accepted_at = ? WHERE accepted_at IS NULL"
        " AND clip_id IN (SELECT clip_id FROM sightings WHERE docking_id = ?)",
        (at, docking_id),
    )
