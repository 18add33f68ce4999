"""How the entries about slots change the catalog: their names, and the alarms at the dock."""

import json
import sqlite3
from collections.abc import Mapping
from typing import Any

from bodycam_custody.clock import rfc3339
from bodycam_custody.entries import Entry


def fold_learnt(db: sqlite3.Connection, entry: Entry, facts: Mapping[str, Any], _: Mapping[str, bytes]) -> None:
    """Keep the newest name of a port."""
    db.execute(
        "INSERT OR REPLACE INTO slots (port, name, learnt_at) VALUES (?, ?, ?)",
        (facts["port"], facts["name"], rfc3339(entry.at)),
    )


def fold_alarmed(db: sqlite3.Connection, entry: Entry, facts: Mapping[str, Any], _: Mapping[str, bytes]) -> None:
    """Keep the alarm, and which dockings it holds."""
    db.execute(
        "INSERT INTO alarms (seq, at, code, recorder, ports, docking_ids, device, interface)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            entry.seq,
            rfc3339(entry.at),
            facts["code"],
            facts["recorder"],
            json.dumps(facts["ports"]),
            json.dumps(facts["docking_ids"]),
            facts["device"],
            facts["interface"],
        ),
    )
    db.executemany("INSERT OR IGNORE INTO held (docking_id) VALUES (?)", [(one,) for one in facts["docking_ids"]])
