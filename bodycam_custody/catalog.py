"""The catalog: a projection of ledger, texts and bags that anyone may delete.

It answers questions quickly and decides nothing. `last_seq` says how far it has folded; the rest is folded again.
"""

import logging
import sqlite3
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bodycam_custody.entries import Entry, EntryKind
from bodycam_custody.errors import CatalogCorruptError
from bodycam_custody.folding import fold_entry
from bodycam_custody.recorders.folding import RECORDER_KINDS, TEXT_FACTS
from bodycam_custody.release.folding import RELEASE_KINDS

logger = logging.getLogger(__name__)

# Raised with every change of the tables below; an older file is rebuilt, never migrated.
CATALOG_VERSION = 14

_TABLES: Mapping[str, tuple[Mapping[str, type], str | tuple[str, ...]]] = {
    "stores": ({"store_id": str, "role": str, "disks": str}, "store_id"),
    "dockings": (
        {
            "docking_id": str, "kind": str, "slot": str, "port": str, "recorder": str, "docked_at": str, "seen_at": str,
            "closed_at": str, "phase": str, "clock_offset_ms": int, "clock_offset_uncertainty_ms": int, "profile": str,
            "files_found": int, "bytes_found": int, "special_files": int, "filesystem": str, "code": str,
            "left_out": str,
            "previous": str, "files_missing": int, "files_missing_unkept": int, "files_reappeared": int,
            "sequence_gaps": int, "clock_verdict": str, "clock_drift_ms_per_day": int, "accepted_at": str,
            "accepted_by": str, "closed_seq": int,
            "clearing": str, "clearing_at": str, "clearing_by": str, "clearing_facts": str,
        },
        "docking_id",
    ),
    "files": (
        {
            "docking_id": str, "file": int, "size_bytes": int, "mtime_ns": str, "file_type": str, "sha256": str,
            "path_commitment": str, "path": bytes, "main": int, "outcome": str, "clip_id": str, "failure": str,
            "cleared": str, "changed_ns": str, "basis": str,
        },
        ("docking_id", "file"),
    ),
    "specials": ({"docking_id": str, "kind": str, "path": bytes}, "rowid"),
    "differences": (
        {
            "docking_id": str, "what": str, "found_in": str, "file": int, "kept": int, "clip_id": str,
            "device_id": str, "first": int, "last": int,
        },
        "rowid",
    ),
    "clips": (
        {
            "clip_id": str, "recorder": str, "file_type": str, "size_bytes": int, "sha256": str, "bag_path": str,
            "tagmanifest": str, "docking_id": str, "file": int, "path": bytes, "sealed_at": str, "docked_at": str,
            "state": str, "sightings": int, "probe": str, "times": str, "recorded_from": str, "recorded_to": str,
            "handover": str, "handover_reason": str, "handover_due": str, "session_id": str, "device_id": str,
            "accepted_at": str, "handed_over_at": str, "sealed_twice": int,
        },
        "clip_id",
    ),
    "copies": (
        {"clip_id": str, "store_id": str, "role": str, "reread": str, "verified_at": str, "answer": str},
        ("clip_id", "store_id"),
    ),
    "supplements": ({"bag_id": str, "clip_id": str, "bag_path": str, "tagmanifest": str, "stores": str}, "bag_id"),
    "sidecars": ({"clip_id": str, "sha256": str, "bag_id": str}, ("clip_id", "sha256")),
    "sightings": (
        {"clip_id": str, "docking_id": str, "file": int, "seen_at": str, "basis": str},
        ("clip_id", "docking_id", "file"),
    ),
    "sessions": ({"session_id": str, "facts": str}, "session_id"),
    "slots": ({"port": str, "name": str, "learnt_at": str}, "port"),
    "alarms": (
        {
            "seq": int, "at": str, "code": str, "recorder": str, "ports": str, "docking_ids": str, "device": str,
            "interface": str, "noted_at": str, "refusal": str, "acknowledged_at": str, "acknowledged_by": str,
            "note": str,
        },
        "seq",
    ),
    "held": ({"docking_id": str}, "docking_id"),
    "visits": (
        {"seq": int, "visited_at": str, "port": str, "recorder": str, "clock_set_to": str},
        "seq",
    ),
    "releases": (
        {
            "seq": int, "kind": str, "docking_id": str, "recorder": str, "port": str, "at": str, "person": str,
            "reason": str, "ended_at": str, "ended_by": str,
        },
        "seq",
    ),
    "recorders": (
        {
            "recorder": str, "model": str, "unit": str, "note": str, "capacity_gb": int, "registered_at": str,
            "state": str, "officer": str, "operator": str, "held_since": str, "faulty_since": str, "retired_at": str,
            "newest_act_at": str,
        },
        "recorder",
    ),
    "assignments": (
        {
            "seq": int, "recorder": str, "officer": str, "operator": str, "since": str, "until": str,
            "entered_at": str,
        },
        "seq",
    ),
    "recorder_acts": (
        {
            "seq": int, "recorder": str, "kind": str, "entered_at": str, "dated": str, "officer": str,
            "operator": str, "person": str, "note": str,
        },
        "seq",
    ),
}  # fmt: skip

_INDEXES = (
    ("clips", ("sealed_at", "clip_id")),
    ("clips", ("state",)),
    ("clips", ("handover",)),
    ("clips", ("docking_id",)),
    ("clips", ("recorder", "recorded_from")),
    ("clips", ("session_id",)),
    ("files", ("docking_id", "outcome")),
    ("files", ("outcome",)),
    ("specials", ("kind",)),
    ("files", ("docking_id", "main")),
    ("files", ("path", "mtime_ns", "basis")),
    ("files", ("mtime_ns", "size_bytes")),
    ("dockings", ("seen_at",)),
    ("dockings", ("recorder", "seen_at")),
    ("dockings", ("port", "docked_at")),
    ("differences", ("docking_id",)),
    ("dockings", ("recorder", "docked_at")),
    ("assignments", ("recorder", "since")),
    ("recorder_acts", ("recorder",)),
    ("releases", ("recorder",)),
    ("releases", ("docking_id",)),
    ("supplements", ("clip_id",)),
    ("supplements", ("bag_path",)),
)


class Catalog:
    """One handle on catalog.db; every method may be called from any thread."""

    def __init__(self, path: Path, *, reveal: Callable[[Sequence[str]], Mapping[str, bytes]]) -> None:
        """Open the catalog, creating an empty one where there is none.

        Raises:
            CatalogCorruptError: the file is not a sound SQLite database; it is left as it is.
        """
        self.path = path
        self._reveal = reveal
        self._lock = threading.RLock()
        try:
            self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
            self._db.row_factory = sqlite3.Row
            self._open()
        except sqlite3.DatabaseError as err:
            self._db.close()
            raise CatalogCorruptError(path=str(path), reason=str(err)) from err

    @property
    def last_seq(self) -> int:
        """The newest entry folded in; -1 for none."""
        return int(self._meta("last_seq", "-1"))

    def fold(self, entries: Iterable[Entry]) -> None:
        """Fold `entries`, which must follow one another from `last_seq + 1`; ones already folded are passed over.

        In one transaction: after an error or a power cut the catalog stands at an earlier entry, never between two.
        """
        with self._writing() as db:
            last = self.last_seq
            pending = [entry for entry in entries if entry.seq > last]
            if not pending:
                return
            if pending[0].seq != last + 1:
                raise ValueError(f"catalog stands at {last}, cannot fold entry {pending[0].seq}")
            texts = self._reveal(_commitments(pending))
            for entry in pending:
                fold_entry(db, entry, texts)
            db.execute("INSERT OR REPLACE INTO meta VALUES ('last_seq', ?)", (str(pending[-1].seq),))

    def rows(self, query: str, parameters: Sequence[object] | Mapping[str, object] = ()) -> list[dict[str, Any]]:
        """Return the rows of a SELECT as dictionaries.

        Raises:
            CatalogCorruptError: SQLite found the file damaged.
        """
        try:
            with self._lock:
                return [dict(row) for row in self._db.execute(query, parameters)]
        except sqlite3.OperationalError:
            raise
        except sqlite3.DatabaseError as err:
            raise CatalogCorruptError(path=str(self.path), reason=str(err)) from err

    def last_success(self, job: str) -> str | None:
        """Return when a scheduled job last succeeded, None for never or not known."""
        return self._meta(f"job:{job}", "") or None

    def note_success(self, job: str, at: str) -> None:
        """Remember when a scheduled job succeeded; losing it only means that the job runs earlier."""
        with self._writing() as db:
            db.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (f"job:{job}", at))

    def name_clips(self, names: Mapping[str, bytes]) -> None:
        """Set the original names of clips, by clip id."""
        with self._writing() as db:
            db.executemany(
                "UPDATE clips SET path = ? WHERE clip_id = ?", [(name, clip) for clip, name in names.items()]
            )

    def clear(self) -> None:
        """Forget everything, so that the whole ledger can be folded again."""
        with self._writing() as db:
            for table in (*_TABLES, "meta"):
                db.execute(f"DELETE FROM {table}")  # noqa: S608  # our own table names

    def close(self) -> None:
        """Close the database."""
        with self._lock:
            self._db.close()

    def _open(self) -> None:
        # A projection need not survive a power cut: what is lost is folded again.
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = NORMAL")
        self._db.execute("CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID")
        version = self._meta("version", "")
        if version == str(CATALOG_VERSION):
            return
        if version:
            logger.info("catalog has another version, rebuilding found=%s expected=%s", version, CATALOG_VERSION)
        import sqlite_utils  # only here: it takes 30 ms, and every command that just looks would pay them

        database = sqlite_utils.Database(self._db, execute_plugins=False)
        for name, (columns, key) in _TABLES.items():
            database[name].drop(ignore=True)
            database.table(name).create(dict(columns), pk=None if key == "rowid" else key)
        for name, index in _INDEXES:
            database.table(name).create_index(list(index))
        self._db.execute("DELETE FROM meta")
        self._db.execute("INSERT INTO meta VALUES ('version', ?)", (str(CATALOG_VERSION),))

    def _meta(self, key: str, default: str) -> str:
        with self._lock:
            row = self._db.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
        return default if row is None else str(row[0])

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield self._db
                self._db.execute("COMMIT")
            except BaseException:
                self._db.execute("ROLLBACK")
                raise


def _commitments(entries: Iterable[Entry]) -> list[str]:
    """Return the commitments to file names and to free text about recorders that `entries` carry."""
    found: list[str] = []
    for entry in entries:
        if entry.kind in RECORDER_KINDS:
            found.extend(str(entry.facts[name]) for name in TEXT_FACTS if entry.facts.get(name) is not None)
        if entry.kind in RELEASE_KINDS and entry.facts.get("reason") is not None:
            found.append(str(entry.facts["reason"]))
        if entry.kind == EntryKind.ALARM_ACKNOWLEDGED:
            found.append(str(entry.facts["note"]))
        for member in ("files", "specials"):
            rows = entry.facts.get(member)
            if isinstance(rows, list):
                found.extend(str(row["path"]) for row in rows if isinstance(row, dict) and "path" in row)
    return found
