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
        "INSERT INTO alarms (seq, at, code, recorder, ports, docking_ids, device, interface, noted_at, refusal)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            entry.seq,
            rfc3339(entry.at),
            facts["code"],
            facts["recorder"],
            json.dumps(facts["ports"]),
            json.dumps(facts["docking_ids"]),
            facts["device"],
            facts["interface"],
            facts.get("noted_at"),
            json.dumps(facts["refusal"]) if facts.get("refusal") else None,
        ),
    )
    db.executemany("INSERT OR IGNORE INTO held (docking_id) VALUES (?)", [(one,) for one in facts["docking_ids"]])


def fold_acknowledged(
    db: sqlite3.Connection, entry: Entry, facts: Mapping[str, Any], texts: Mapping[str, bytes]
) -> None:
    """Close an alarm, and with it the equal ones before it, which are told as one."""
    note = texts.get(facts["note"])
    db.execute(
        "UPDATE alarms SET acknowledged_at = :at, acknowledged_by = :person, note = :note"
        " WHERE acknowledged_at IS NULL AND seq <= :alarm AND EXISTS (SELECT 1 FROM alarms one WHERE one.seq = :alarm"
        " AND one.code = alarms.code AND one.recorder IS alarms.recorder AND one.ports = alarms.ports"
        " AND json_extract(one.refusal, '$.code') IS json_extract(alarms.refusal, '$.code'))",
        {
            "at": rfc3339(entry.at),
            "person": facts["person"],
            "note": None if note is None else note.decode("utf-8"),
            "alarm": int(entry.subject.removeprefix("alarm:")),
        },
    )
