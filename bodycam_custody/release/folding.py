"""How the entries about recorders that leave with files nobody could read change the catalog."""

import sqlite3
from collections.abc import Mapping
from typing import Any

from bodycam_custody.clock import rfc3339
from bodycam_custody.entries import Entry, EntryKind
from bodycam_custody.recorders.folding import end_withdrawals, fold_act

RELEASE_KINDS = frozenset({EntryKind.DOCK_WITHDRAWN, EntryKind.DOCK_RELEASED})
"""The entries by which a recorder leaves; their `reason` is a commitment to free text."""


def fold_let_go(db: sqlite3.Connection, entry: Entry, facts: Mapping[str, Any], texts: Mapping[str, bytes]) -> None:
    """Keep that a recorder was withdrawn or released uncleared; a release ends what it was withdrawn for before."""
    if facts["recorder"] is not None:
        fold_act(db, entry, facts, texts)
    if entry.kind == EntryKind.DOCK_RELEASED:
        if facts["recorder"] is not None:
            end_withdrawals(db, entry, recorder=facts["recorder"])
        # A card of an unknown recorder is followed by its docking alone.
        db.execute(
            "UPDATE releases SET ended_at = ?, ended_by = ? WHERE docking_id = ? AND kind = ? AND ended_at IS NULL",
            (rfc3339(entry.at), entry.kind, facts["docking_id"], EntryKind.DOCK_WITHDRAWN),
        )
    reason = texts.get(facts["reason"])
    db.execute(
        "INSERT INTO releases (seq, kind, docking_id, recorder, port, at, person, reason)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            entry.seq,
            entry.kind,
            facts["docking_id"],
            facts["recorder"],
            facts["port"],
            rfc3339(entry.at),
            facts["person"],
            None if reason is None else reason.decode(),
        ),
    )


def fold_recovered(db: sqlite3.Connection, entry: Entry, facts: Mapping[str, Any], texts: Mapping[str, bytes]) -> None:
    """Keep that all a recorder was withdrawn for has been read."""
    fold_act(db, entry, facts, texts)
    end_withdrawals(db, entry, recorder=facts["recorder"])
