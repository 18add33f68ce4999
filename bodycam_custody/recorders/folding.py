"""How the entries of the recorder register change the catalog."""

import sqlite3
from collections.abc import Mapping
from typing import Any

from bodycam_custody.clock import parse_rfc3339, rfc3339
from bodycam_custody.entries import Entry, EntryKind, PersonId
from bodycam_custody.recorders.rules import Holding, RecorderAct, RecorderLife, RecorderState, after

RECORDER_KINDS = frozenset(
    {
        EntryKind.RECORDER_REGISTERED,
        EntryKind.RECORDER_ISSUED,
        EntryKind.RECORDER_RETURNED,
        EntryKind.RECORDER_FAULTED,
        EntryKind.RECORDER_RETIRED,
    }
)
TEXT_FACTS = ("model", "unit", "note")
"""The facts of such an entry that are commitments to free text."""


def fold_registration(
    db: sqlite3.Connection, entry: Entry, facts: Mapping[str, Any], texts: Mapping[str, bytes]
) -> None:
    """Put a recorder into the register."""
    db.execute(
        "INSERT OR IGNORE INTO recorders (recorder, model, unit, note, capacity_gb, registered_at, state)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        (
            facts["recorder"],
            *(_text(facts[name], texts) for name in TEXT_FACTS),
            facts["capacity_gb"],
            rfc3339(entry.at),
            RecorderState.WITHDRAWN if _is_withdrawn(db, str(facts["recorder"])) else RecorderState.IN_STOCK,
        ),
    )
    _note(db, entry, facts, dated=rfc3339(entry.at), note=_text(facts["note"], texts))


def fold_act(db: sqlite3.Connection, entry: Entry, facts: Mapping[str, Any], texts: Mapping[str, bytes]) -> None:
    """Carry one act on: what the recorder is now, who answers for it, and its history."""
    recorder = str(facts["recorder"])
    life = life_in(db.execute(LIFE, (recorder,)).fetchone())
    dated = rfc3339(act_of(entry).dated)
    _note(db, entry, facts, dated=dated, note=_text(facts.get("reason", facts.get("note")), texts))
    if life is None:
        return
    now = after(life, act_of(entry))
    if life.withdrawn_since is not None and now.withdrawn_since is None:
        end_withdrawals(db, entry, recorder=recorder)
    if now.holding != life.holding:
        db.execute("UPDATE assignments SET until = ? WHERE recorder = ? AND until IS NULL", (dated, recorder))
    if now.holding is not None and now.holding != life.holding:
        db.execute(
            "INSERT INTO assignments (seq, recorder, officer, operator, since, entered_at) VALUES (?, ?, ?, ?, ?, ?)",
            (entry.seq, recorder, now.holding.officer, now.holding.operator, dated, rfc3339(entry.at)),
        )
    db.execute(
        "UPDATE recorders SET state = ?, officer = ?, operator = ?, held_since = ?, faulty_since = ?, retired_at = ?,"
        " newest_act_at = ? WHERE recorder = ?",
        (
            now.state,
            now.holding and now.holding.officer,
            now.holding and now.holding.operator,
            now.holding and rfc3339(now.holding.since),
            now.faulty_since and rfc3339(now.faulty_since),
            now.retired_at and rfc3339(now.retired_at),
            dated,
            recorder,
        ),
    )


def end_withdrawals(db: sqlite3.Connection, entry: Entry, *, recorder: str) -> None:
    """Note that a recorder is away no more, and by which entry."""
    db.execute(
        "UPDATE releases SET ended_at = ?, ended_by = ? WHERE recorder = ? AND kind = ? AND ended_at IS NULL",
        (rfc3339(entry.at), entry.kind, recorder, EntryKind.DOCK_WITHDRAWN),
    )


# Since when a recorder is away for recovery; it may be withdrawn again before it is back.
WITHDRAWN_SINCE = f"""
SELECT MIN(at) FROM releases WHERE kind = '{EntryKind.DOCK_WITHDRAWN}' AND ended_at IS NULL AND releases.recorder =
"""  # noqa: S608  # our own text
LIFE = f"""
SELECT recorder, registered_at, officer, operator, held_since, faulty_since, retired_at, newest_act_at,
    ({WITHDRAWN_SINCE} recorders.recorder) AS withdrawn_since FROM recorders WHERE recorder = ?
"""  # noqa: S608  # our own text


def _is_withdrawn(db: sqlite3.Connection, recorder: str) -> bool:
    (since,) = db.execute(f"{WITHDRAWN_SINCE} ?", (recorder,)).fetchone()
    return since is not None


def life_in(row: Mapping[str, Any] | sqlite3.Row | None) -> RecorderLife | None:
    """Return the life that a row of `LIFE` holds; None where the recorder is not registered."""
    if row is None:
        return None
    holding = None
    if row["officer"] is not None:
        since = parse_rfc3339(row["held_since"])
        holding = Holding(officer=PersonId(row["officer"]), operator=PersonId(row["operator"]), since=since)
    return RecorderLife(
        recorder=row["recorder"],
        registered_at=parse_rfc3339(row["registered_at"]),
        holding=holding,
        faulty_since=row["faulty_since"] and parse_rfc3339(row["faulty_since"]),
        withdrawn_since=row["withdrawn_since"] and parse_rfc3339(row["withdrawn_since"]),
        retired_at=row["retired_at"] and parse_rfc3339(row["retired_at"]),
        newest_act_at=row["newest_act_at"] and parse_rfc3339(row["newest_act_at"]),
    )


def act_of(entry: Entry) -> RecorderAct:
    """Return the act that an entry on a registered recorder states; what is done at the dock is dated by its entry."""
    facts: Mapping[str, Any] = entry.facts
    if entry.kind == EntryKind.RECORDER_ISSUED:
        officer, operator = PersonId(facts["officer"]), PersonId(facts["operator"])
        return RecorderAct(
            kind=EntryKind.RECORDER_ISSUED, dated=parse_rfc3339(facts["from"]), officer=officer, operator=operator
        )
    dated = parse_rfc3339(facts["on"]) if "on" in facts else entry.at
    return RecorderAct(kind=EntryKind(entry.kind), dated=dated)


def _note(db: sqlite3.Connection, entry: Entry, facts: Mapping[str, Any], *, dated: str, note: str | None) -> None:
    db.execute(
        "INSERT INTO recorder_acts (seq, recorder, kind, entered_at, dated, officer, operator, person, note)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            entry.seq,
            facts["recorder"],
            entry.kind,
            rfc3339(entry.at),
            dated,
            facts.get("officer"),
            facts.get("operator"),
            entry.actor.get("person"),
            note,
        ),
    )


def _text(commitment: str | None, texts: Mapping[str, bytes]) -> str | None:
    """Return the text behind a commitment; None where there was none, or where it was erased."""
    text = None if commitment is None else texts.get(commitment)
    return None if text is None else text.decode()
