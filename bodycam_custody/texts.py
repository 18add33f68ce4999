"""Names and free text with their keys: everything that must be erasable while the ledger's proof stays whole.

The ledger holds HMAC-SHA-256(key, text) only; key and text lie here. Deleting a row, or this whole file, leaves a
commitment nobody can guess back, and every check of ledger and bags still passes.
"""

import secrets
import sqlite3
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

from hashing.commitment import commit

KEY_BYTES = 32

_SCHEMA = """
CREATE TABLE IF NOT EXISTS texts (
    commitment TEXT PRIMARY KEY,
    key BLOB NOT NULL,
    text BLOB NOT NULL,
    meaning TEXT NOT NULL
) WITHOUT ROWID;
"""


class Texts:
    """One writer's handle on texts.db."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.RLock()
        self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._db.execute("PRAGMA journal_mode = WAL")
        # A text must not be lost after the entry that commits to it was acknowledged.
        self._db.execute("PRAGMA synchronous = FULL")
        # An erased text must not linger in free pages.
        self._db.execute("PRAGMA secure_delete = ON")
        self._db.executescript(_SCHEMA)

    def keep(self, texts: Sequence[bytes], *, meaning: str) -> list[str]:
        """Store `texts`, each under a fresh key, and return their commitments in the same order.

        On return all of them are on the medium: call this before the entry that cites them.
        """
        rows = []
        for text in texts:
            key = secrets.token_bytes(KEY_BYTES)
            rows.append((commit(text, key), key, text, meaning))
        with self._lock:
            self._db.execute("BEGIN IMMEDIATE")
            try:
                self._db.executemany("INSERT INTO texts VALUES (?, ?, ?, ?)", rows)
                self._db.execute("COMMIT")
            except BaseException:
                self._db.execute("ROLLBACK")
                raise
        return [row[0] for row in rows]

    def reveal(self, commitments: Sequence[str]) -> Mapping[str, bytes]:
        """Return the texts still held behind `commitments`; an erased one is absent from the answer."""
        found: dict[str, bytes] = {}
        with self._lock:
            # SQLite's default limit on bound values is 32,766.
            for start in range(0, len(commitments), 10_000):
                part = commitments[start : start + 10_000]
                marks = ",".join("?" * len(part))
                rows = self._db.execute(
                    f"SELECT commitment, key, text FROM texts WHERE commitment IN ({marks})",  # noqa: S608  # only marks
                    tuple(part),
                )
                # A row that no longer opens its commitment is not that text.
                found.update((row[0], bytes(row[2])) for row in rows if commit(bytes(row[2]), bytes(row[1])) == row[0])
        return found

    def close(self) -> None:
        """Close the database."""
        with self._lock:
            self._db.close()
