"""How the entries about clearing change the catalog: a docking's state, and which of its files are gone by our hand."""

import json
import sqlite3
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any

from bodycam_custody.clock import rfc3339
from bodycam_custody.entries import Entry


class ClearingState(StrEnum):
    """How far the clearing of a card came."""

    CLEARING = "clearing"
    CLEARED = "cleared"
    WHOLE = "whole"
    """It was refused or failed, and nothing was removed."""
    PARTLY = "partly"
    UNKNOWN = "unknown"
    """It broke off, and nobody could see how far it had come."""


class Gone(StrEnum):
    """Whether a file was removed from its card by a clearing."""

    YES = "yes"
    PERHAPS = "perhaps"


def fold_clearing(db: sqlite3.Connection, entry: Entry, facts: Mapping[str, Any], _: Mapping[str, bytes]) -> None:
    """Keep that a clearing began: from here on each file it names may be gone."""
    db.execute(
        "UPDATE dockings SET clearing = ?, clearing_at = ?, clearing_by = ?, clearing_facts = NULL"
        " WHERE docking_id = ?",
        (ClearingState.CLEARING, rfc3339(entry.at), facts["person"], facts["docking_id"]),
    )
    _mark(db, facts["docking_id"], facts["files"], Gone.PERHAPS)


def fold_cleared(db: sqlite3.Connection, entry: Entry, facts: Mapping[str, Any], _: Mapping[str, bytes]) -> None:
    """Keep that a card is cleared, and what is left on it."""
    _end(db, entry, facts, ClearingState.CLEARED)


def fold_failed(db: sqlite3.Connection, entry: Entry, facts: Mapping[str, Any], _: Mapping[str, bytes]) -> None:
    """Keep that a clearing was refused or broke off, and what it may have removed."""
    _end(db, entry, facts, ClearingState(facts["card"]))


def _end(db: sqlite3.Connection, entry: Entry, facts: Mapping[str, Any], state: ClearingState) -> None:
    docking_id = facts["docking_id"]
    db.execute(
        "UPDATE dockings SET clearing = ?, clearing_at = ?, clearing_by = ?, clearing_facts = ? WHERE docking_id = ?",
        (state, rfc3339(entry.at), facts["person"], json.dumps(dict(facts)), docking_id),
    )
    db.execute("UPDATE files SET cleared = NULL WHERE docking_id = ?", (docking_id,))
    _mark(db, docking_id, facts["removed"], Gone.YES)
    _mark(db, docking_id, facts["perhaps_removed"], Gone.PERHAPS)


def _mark(db: sqlite3.Connection, docking_id: str, ranges: Sequence[Sequence[int]], gone: Gone) -> None:
    db.executemany(
        "UPDATE files SET cleared = ? WHERE docking_id = ? AND file BETWEEN ? AND ?",
        [(gone, docking_id, first, last) for first, last in ranges],
    )
