"""How the entry that a recorder was visited changes the catalog."""

import sqlite3
from collections.abc import Mapping
from typing import Any

from bodycam_custody.entries import Entry


def fold_visited(db: sqlite3.Connection, entry: Entry, facts: Mapping[str, Any], _: Mapping[str, bytes]) -> None:
    """Keep when which recorder was visited on which port, and whether its clock was set."""
    db.execute(
        "INSERT INTO visits (seq, visited_at, port, recorder, clock_set_to) VALUES (?, ?, ?, ?, ?)",
        (entry.seq, facts["visited_at"], entry.subject.removeprefix("slot:"), facts["recorder"], facts["clock_set_to"]),
    )
