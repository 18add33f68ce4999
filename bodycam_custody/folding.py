"""How each kind of ledger entry changes the catalog."""

import json
import logging
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from bodycam_custody.clearing.folding import fold_cleared, fold_clearing, fold_failed
from bodycam_custody.clock import rfc3339
from bodycam_custody.dockings.folding import fold_accepted, fold_clock_judged, fold_compared
from bodycam_custody.entries import Entry, EntryKind
from bodycam_custody.model import Basis, ClipState, DockingPhase, FileOutcome, Handover, HandoverReason
from bodycam_custody.recorders.folding import fold_act, fold_registration
from bodycam_custody.release.folding import fold_let_go, fold_recovered
from bodycam_custody.slots.folding import fold_acknowledged, fold_alarmed, fold_learnt
from bodycam_custody.slots.visit_folding import fold_visited
from config.settings import HandoverPoint
from docking.usb_ports import port_of

logger = logging.getLogger(__name__)

Fold = Callable[[sqlite3.Connection, Entry, Mapping[str, Any], Mapping[str, bytes]], None]


# A clip's supplements are part of it: a store that lacks one does not hold the clip whole.
_COPIES = """
SELECT c.role, c.answer, s.disks, EXISTS (
    SELECT 1 FROM supplements p WHERE p.clip_id = c.clip_id AND NOT EXISTS (
        SELECT 1 FROM json_each(p.stores) AS held WHERE held.key = c.store_id))
FROM copies c LEFT JOIN stores s USING (store_id) WHERE c.clip_id = ?
"""


def fold_entry(db: sqlite3.Connection, entry: Entry, texts: Mapping[str, bytes]) -> None:
    """Fold one entry into the tables; kinds the catalog has no use for, known or not, change nothing.

    What the ledger once took the catalog must be able to show: a bag of an id that is known is no error.
    """
    fold = _FOLDS.get(entry.kind)
    if fold is not None:
        fold(db, entry, entry.facts, texts)


def clip_state(db: sqlite3.Connection, clip_id: str) -> ClipState:
    """Tell how well a clip is kept from its copies and the disks their stores lie on (R43)."""
    rows = db.execute(_COPIES, (clip_id,)).fetchall()
    if any(answer == "no" for _, answer, _, _ in rows):
        return ClipState.DAMAGED
    if not any(answer == "yes" for _, answer, _, _ in rows):
        return ClipState.DAMAGED
    whole = [(role, _disks(disks)) for role, answer, disks, lacks in rows if answer == "yes" and not lacks]
    primaries = [disks for role, disks in whole if role == "primary"]
    replicas = [disks for role, disks in whole if role == "replica"]
    if not primaries or not replicas:
        return ClipState.SEALED
    pairs = [(primary, replica) for primary in primaries for replica in replicas]
    if any(one and other and not one & other for one, other in pairs):
        return ClipState.SAFE
    if any(one and other for one, other in pairs):
        return ClipState.SAFE_ONE_DISK
    return ClipState.SAFE_DISKS_UNPROVEN


def _set_state(db: sqlite3.Connection, clip_id: str) -> None:
    db.execute("UPDATE clips SET state = ? WHERE clip_id = ?", (clip_state(db, clip_id), clip_id))


def _disks(text: str | None) -> frozenset[str]:
    """The empty set stands for `cannot tell`."""
    return frozenset(json.loads(text)) if text else frozenset()


def _store_added(db: sqlite3.Connection, _: Entry, facts: Mapping[str, Any], __: Mapping[str, bytes]) -> None:
    disks = facts["disks"]
    db.execute(
        "INSERT OR REPLACE INTO stores (store_id, role, disks) VALUES (?, ?, ?)",
        (facts["store_id"], facts["role"], json.dumps(disks) if disks else None),
    )


def _stores_moved(db: sqlite3.Connection, _: Entry, facts: Mapping[str, Any], __: Mapping[str, bytes]) -> None:
    for store_id, disks in facts["disks"].items():
        known = json.dumps(disks) if disks else None
        db.execute("UPDATE stores SET disks = ? WHERE store_id = ?", (known, store_id))
    for (clip_id,) in db.execute("SELECT clip_id FROM clips").fetchall():
        _set_state(db, clip_id)


def _dock_seen(db: sqlite3.Connection, entry: Entry, facts: Mapping[str, Any], __: Mapping[str, bytes]) -> None:
    db.execute(
        "INSERT INTO dockings (docking_id, kind, slot, port, recorder, docked_at, seen_at, phase, clock_offset_ms,"
        " clock_offset_uncertainty_ms, filesystem, files_found, bytes_found, special_files)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, 0, 0)",
        (
            facts["docking_id"],
            facts["kind"],
            facts["slot"],
            None if facts["port_path"] is None else port_of(facts["port_path"]),
            facts["recorder"],
            facts["docked_at"],
            rfc3339(entry.at),
            DockingPhase.INVENTORY,
            facts["clock_offset_ms"],
            facts["clock_offset_uncertainty_ms"],
            facts["filesystem"],
        ),
    )


def _dock_inventory(db: sqlite3.Connection, _: Entry, facts: Mapping[str, Any], texts: Mapping[str, bytes]) -> None:
    docking_id = facts["docking_id"]
    files, specials = facts["files"], facts["specials"]
    db.executemany(
        "INSERT INTO files (docking_id, file, size_bytes, mtime_ns, changed_ns, file_type, path_commitment, path, main,"
        " outcome) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            (
                docking_id,
                row["n"],
                row["size"],
                row["mtime_ns"],
                row.get("changed_ns"),
                row["type"],
                row["path"],
                texts.get(row["path"]),
                row["with"],
                FileOutcome.WAITING,
            )
            for row in files
        ],
    )
    db.executemany(
        "INSERT INTO specials (docking_id, kind, path) VALUES (?, ?, ?)",
        [(docking_id, row["kind"], texts.get(row["path"])) for row in specials],
    )
    db.execute(
        "UPDATE dockings SET phase = ?, profile = ?, files_found = files_found + ?, bytes_found = bytes_found + ?,"
        " special_files = special_files + ? WHERE docking_id = ?",
        (
            DockingPhase.COPYING,
            facts["profile"],
            len(files),
            sum(row["size"] for row in files),
            len(specials),
            docking_id,
        ),
    )


def _clip_sealed(db: sqlite3.Connection, entry: Entry, facts: Mapping[str, Any], __: Mapping[str, bytes]) -> None:
    clip_id, docking_id, file = entry.clip_id, facts["docking_id"], facts["file"]
    known = db.execute("SELECT tagmanifest FROM clips WHERE clip_id = ?", (clip_id,)).fetchone()
    if known is not None and facts.get("replaces") == known[0]:
        _replace_bag(db, entry, facts)
        return
    if known is not None:
        # The first bag stays the clip's; reconciliation sets the other one aside.
        logger.warning("clip is sealed twice in the ledger seq=%s bag=%s", entry.seq, facts["bag_path"])
        db.execute("UPDATE clips SET sealed_twice = 1 WHERE clip_id = ?", (clip_id,))
        return
    sealed_at = rfc3339(entry.at)
    db.execute(
        "INSERT INTO clips (clip_id, recorder, file_type, size_bytes, sha256, bag_path, tagmanifest, docking_id, file,"
        " path, sealed_at, docked_at, state, sightings, handover, handover_reason, sealed_twice)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, (SELECT path FROM files WHERE docking_id = ? AND file = ?), ?,"
        " (SELECT docked_at FROM dockings WHERE docking_id = ?), ?, 0, ?, ?, 0)",
        (
            clip_id,
            facts["recorder"],
            facts["file_type"],
            facts["size_bytes"],
            facts["main_sha256"],
            facts["bag_path"],
            facts["tagmanifest_sha256"],
            docking_id,
            file,
            docking_id,
            file,
            sealed_at,
            docking_id,
            ClipState.SEALED,
            Handover.UNDETERMINABLE,
            HandoverReason.NOT_PROBED,
        ),
    )
    _add_copies(db, entry, facts)


def _replace_bag(db: sqlite3.Connection, entry: Entry, facts: Mapping[str, Any]) -> None:
    """Put a bag sealed anew in the place of one that no store held any more; what is known of the clip stays."""
    clip_id = entry.clip_id
    db.execute(
        "UPDATE clips SET bag_path = ?, tagmanifest = ? WHERE clip_id = ?",
        (facts["bag_path"], facts["tagmanifest_sha256"], clip_id),
    )
    db.execute("DELETE FROM copies WHERE clip_id = ?", (clip_id,))
    db.execute("DELETE FROM sidecars WHERE clip_id = ? AND bag_id = ?", (clip_id, clip_id))
    _add_copies(db, entry, facts)


def _add_copies(db: sqlite3.Connection, entry: Entry, facts: Mapping[str, Any]) -> None:
    clip_id = entry.clip_id
    for store_id, reread in facts["stores"].items():
        _add_copy(db, clip_id, store_id, reread, rfc3339(entry.at))
    _add_sidecars(db, clip_id, clip_id, facts["sidecars"])
    _set_state(db, clip_id)


def _add_copy(db: sqlite3.Connection, clip_id: str, store_id: str, reread: str, verified_at: str) -> None:
    db.execute(
        "INSERT OR REPLACE INTO copies (clip_id, store_id, role, reread, verified_at, answer)"
        " VALUES (?, ?, (SELECT role FROM stores WHERE store_id = ?), ?, ?, 'yes')",
        (clip_id, store_id, store_id, reread, verified_at),
    )


def _supplement_sealed(db: sqlite3.Connection, entry: Entry, facts: Mapping[str, Any], _: Mapping[str, bytes]) -> None:
    if db.execute("SELECT 1 FROM supplements WHERE bag_id = ?", (facts["bag_id"],)).fetchone():
        logger.warning("supplement is sealed twice in the ledger seq=%s bag=%s", entry.seq, facts["bag_path"])
        db.execute("UPDATE clips SET sealed_twice = 1 WHERE clip_id = ?", (entry.clip_id,))
        return
    db.execute(
        "INSERT INTO supplements (bag_id, clip_id, bag_path, tagmanifest, stores) VALUES (?, ?, ?, ?, ?)",
        (
            facts["bag_id"],
            entry.clip_id,
            facts["bag_path"],
            facts["tagmanifest_sha256"],
            json.dumps(facts["stores"]),
        ),
    )
    _add_sidecars(db, entry.clip_id, facts["bag_id"], facts["sidecars"])
    # The sighting before this entry called every file of the unit known; these were not.
    db.executemany(
        "UPDATE files SET outcome = ? WHERE docking_id = ? AND file = ?",
        [(FileOutcome.SEALED, facts["docking_id"], file) for file in facts["files"]],
    )
    _set_state(db, entry.clip_id)


def _add_sidecars(db: sqlite3.Connection, clip_id: str, bag_id: str, sidecars: Sequence[str]) -> None:
    """Note what a bag holds; a supplement that no store holds any more and whose files are all in others is none."""
    db.executemany(
        "INSERT OR REPLACE INTO sidecars (clip_id, sha256, bag_id) VALUES (?, ?, ?)",
        [(clip_id, sha256, bag_id) for sha256 in sidecars],
    )
    db.execute(
        "DELETE FROM supplements WHERE clip_id = ? AND stores = '{}' AND NOT EXISTS"
        " (SELECT 1 FROM sidecars s WHERE s.clip_id = supplements.clip_id AND s.bag_id = supplements.bag_id)",
        (clip_id,),
    )


def _clip_sighted(db: sqlite3.Connection, entry: Entry, facts: Mapping[str, Any], __: Mapping[str, bytes]) -> None:
    clip_id, docking_id, file = entry.clip_id, facts["docking_id"], facts["file"]
    # Before there was another basis every sighted file had been read.
    basis = facts.get("basis", Basis.READ)
    db.execute(
        "INSERT OR REPLACE INTO sightings (clip_id, docking_id, file, seen_at, basis) VALUES (?, ?, ?, ?, ?)",
        (clip_id, docking_id, file, rfc3339(entry.at), basis),
    )
    db.execute(
        "UPDATE clips SET sightings = (SELECT COUNT(*) FROM sightings WHERE clip_id = ?) WHERE clip_id = ?",
        (clip_id, clip_id),
    )
    db.executemany(
        "UPDATE files SET sha256 = ? WHERE docking_id = ? AND file = ?",
        [(sha256, docking_id, int(number)) for number, sha256 in facts.get("sidecars", {}).items()],
    )
    outcome = FileOutcome.SEALED if facts["newly_sealed"] else FileOutcome.KNOWN
    for column in ("file", "main"):
        db.execute(
            f"UPDATE files SET outcome = ?, clip_id = ?, basis = ? WHERE docking_id = ? AND {column} = ?",  # noqa: S608  # ours
            (outcome, clip_id, basis, docking_id, file),
        )


def _file_failed(db: sqlite3.Connection, _: Entry, facts: Mapping[str, Any], __: Mapping[str, bytes]) -> None:
    for column in ("file", "main"):
        db.execute(
            f"UPDATE files SET outcome = ?, failure = ?, basis = NULL WHERE docking_id = ? AND {column} = ?",  # noqa: S608  # ours
            (FileOutcome.FAILED, json.dumps(dict(facts)), facts["docking_id"], facts["file"]),
        )


def _dock_closed(db: sqlite3.Connection, entry: Entry, facts: Mapping[str, Any], __: Mapping[str, bytes]) -> None:
    db.execute(
        "UPDATE dockings SET phase = ?, closed_at = ?, closed_seq = ?, code = ?, left_out = ? WHERE docking_id = ?",
        (
            facts["outcome"],
            rfc3339(entry.at),
            entry.seq,
            facts["code"],
            json.dumps(facts.get("left_out", {})),
            facts["docking_id"],
        ),
    )


def _bag_quarantined(db: sqlite3.Connection, _: Entry, facts: Mapping[str, Any], __: Mapping[str, bytes]) -> None:
    if _has_supplement(db, facts):
        _set_holders(db, facts, {})
        return
    row = db.execute("SELECT clip_id FROM clips WHERE bag_path = ?", (facts["bag_path"],)).fetchone()
    if row is not None:
        db.execute("DELETE FROM copies WHERE clip_id = ? AND store_id = ?", (row[0], facts["store_id"]))
        _set_state(db, row[0])


def _replica_written(db: sqlite3.Connection, entry: Entry, facts: Mapping[str, Any], __: Mapping[str, bytes]) -> None:
    if _has_supplement(db, facts):
        _set_holders(db, facts, {facts["store_id"]: facts["reread"]})
        return
    if not _is_bag_of_clip(db, entry.clip_id, facts):
        return
    _add_copy(db, entry.clip_id, facts["store_id"], facts["reread"], rfc3339(entry.at))
    _set_state(db, entry.clip_id)


def _has_supplement(db: sqlite3.Connection, facts: Mapping[str, Any]) -> bool:
    """Return whether the bag of these facts is a supplement, which is held apart from its clip."""
    return bool(db.execute("SELECT 1 FROM supplements WHERE bag_path = ?", (facts["bag_path"],)).fetchone())


def _is_bag_of_clip(db: sqlite3.Connection, clip_id: str, facts: Mapping[str, Any]) -> bool:
    """Return whether these facts are about the clip's own bag, not about a second one that an entry names."""
    known = db.execute("SELECT 1 FROM clips WHERE clip_id = ? AND bag_path = ?", (clip_id, facts["bag_path"]))
    return bool(known.fetchone())


def _set_holders(db: sqlite3.Connection, facts: Mapping[str, Any], now: Mapping[str, str]) -> None:
    """Put `now` in the place of what the supplement says about this store."""
    (stores,) = db.execute("SELECT stores FROM supplements WHERE bag_path = ?", (facts["bag_path"],)).fetchone()
    others = {store: reread for store, reread in json.loads(stores).items() if store != facts["store_id"]}
    path = facts["bag_path"]
    db.execute("UPDATE supplements SET stores = ? WHERE bag_path = ?", (json.dumps({**others, **now}), path))
    (clip_id,) = db.execute("SELECT clip_id FROM supplements WHERE bag_path = ?", (path,)).fetchone()
    _set_state(db, clip_id)


def _copy_missing(db: sqlite3.Connection, entry: Entry, facts: Mapping[str, Any], _: Mapping[str, bytes]) -> None:
    if _has_supplement(db, facts):
        # The clip is not whole there until the supplement is written again.
        _set_holders(db, facts, {})
        return
    if not _is_bag_of_clip(db, entry.clip_id, facts):
        return
    db.execute("UPDATE copies SET answer = 'no' WHERE clip_id = ? AND store_id = ?", (entry.clip_id, facts["store_id"]))
    _set_state(db, entry.clip_id)


def _clip_probed(db: sqlite3.Connection, entry: Entry, facts: Mapping[str, Any], _: Mapping[str, bytes]) -> None:
    db.execute("UPDATE clips SET probe = ? WHERE clip_id = ?", (json.dumps(dict(facts)), entry.clip_id))


def _clip_timed(db: sqlite3.Connection, entry: Entry, facts: Mapping[str, Any], _: Mapping[str, bytes]) -> None:
    db.execute(
        "UPDATE clips SET times = ?, recorded_from = ?, recorded_to = ?, device_id = ? WHERE clip_id = ?",
        (json.dumps(dict(facts)), facts["from"], facts["to"], facts["device_id"], entry.clip_id),
    )


def _session_grouped(db: sqlite3.Connection, _: Entry, facts: Mapping[str, Any], __: Mapping[str, bytes]) -> None:
    db.execute(
        "INSERT OR REPLACE INTO sessions (session_id, facts) VALUES (?, ?)",
        (facts["session_id"], json.dumps(dict(facts))),
    )


def _clip_judged(db: sqlite3.Connection, entry: Entry, facts: Mapping[str, Any], _: Mapping[str, bytes]) -> None:
    # Before an earlier docking could count, the one that sealed the clip did.
    sealed_by = facts["docked_at"] if facts["handover_point"] == HandoverPoint.DOCK else facts["accepted_at"]
    db.execute(
        "UPDATE clips SET handover = ?, handover_reason = ?, handover_due = ?, session_id = ?, handed_over_at = ?"
        " WHERE clip_id = ?",
        (
            facts["handover"],
            facts["reason"],
            facts["due"],
            facts["session_id"],
            facts.get("handed_over_at", sealed_by),
            entry.clip_id,
        ),
    )


def _clip_verified(db: sqlite3.Connection, entry: Entry, facts: Mapping[str, Any], __: Mapping[str, bytes]) -> None:
    for copy in facts["copies"]:
        if copy["answer"] == "cannot-tell":
            continue
        if "bag_path" in copy and _has_supplement(db, copy):
            _set_holders(db, copy, {copy["store_id"]: "medium"} if copy["answer"] == "yes" else {})
        elif "bag_path" not in copy or _is_bag_of_clip(db, entry.clip_id, copy):
            # Before supplements were read too, an entry was about the clip's own bag.
            db.execute(
                "UPDATE copies SET answer = ?, verified_at = ? WHERE clip_id = ? AND store_id = ?",
                (copy["answer"], rfc3339(entry.at), entry.clip_id, copy["store_id"]),
            )
    _set_state(db, entry.clip_id)


_FOLDS: Mapping[str, Fold] = {
    EntryKind.STORE_ADDED: _store_added,
    EntryKind.STORES_MOVED: _stores_moved,
    EntryKind.DOCK_SEEN: _dock_seen,
    EntryKind.DOCK_INVENTORY: _dock_inventory,
    EntryKind.DOCK_CLOSED: _dock_closed,
    EntryKind.DOCK_COMPARED: fold_compared,
    EntryKind.CLOCK_JUDGED: fold_clock_judged,
    EntryKind.DOCK_ACCEPTED: fold_accepted,
    EntryKind.DOCK_WITHDRAWN: fold_let_go,
    EntryKind.DOCK_RELEASED: fold_let_go,
    EntryKind.DOCK_RECOVERED: fold_recovered,
    EntryKind.DOCK_ALARMED: fold_alarmed,
    EntryKind.ALARM_ACKNOWLEDGED: fold_acknowledged,
    EntryKind.RECORDER_VISITED: fold_visited,
    EntryKind.CARD_CLEARING: fold_clearing,
    EntryKind.CARD_CLEARED: fold_cleared,
    EntryKind.CARD_CLEARING_FAILED: fold_failed,
    EntryKind.SLOT_LEARNT: fold_learnt,
    EntryKind.CLIP_SEALED: _clip_sealed,
    EntryKind.BAG_ADOPTED: _clip_sealed,
    EntryKind.SUPPLEMENT_SEALED: _supplement_sealed,
    EntryKind.CLIP_SIGHTED: _clip_sighted,
    EntryKind.FILE_FAILED: _file_failed,
    EntryKind.BAG_QUARANTINED: _bag_quarantined,
    EntryKind.REPLICA_WRITTEN: _replica_written,
    EntryKind.COPY_MISSING: _copy_missing,
    EntryKind.CLIP_PROBED: _clip_probed,
    EntryKind.CLIP_TIMED: _clip_timed,
    EntryKind.SESSION_GROUPED: _session_grouped,
    EntryKind.CLIP_JUDGED: _clip_judged,
    EntryKind.CLIP_VERIFIED: _clip_verified,
    EntryKind.RECORDER_REGISTERED: fold_registration,
    EntryKind.RECORDER_ISSUED: fold_act,
    EntryKind.RECORDER_RETURNED: fold_act,
    EntryKind.RECORDER_FAULTED: fold_act,
    EntryKind.RECORDER_RETIRED: fold_act,
}
