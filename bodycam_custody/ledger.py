"""The ledger: append-only entries in SQLite, chained, and signed head by head.

What is on disk: entries and the signed head over them are committed together (WAL, synchronous=FULL) before `append`
returns. Entries without a head, which stations once left in a power cut, are signed by the next whole check. UPDATE and
DELETE are refused by triggers, which stop mistakes; against a hand that edits the file stand the chain, the signed
heads and the copies of those heads elsewhere.
"""

import logging
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from bodycam_custody.clock import Clock
from bodycam_custody.entries import Draft, Entry, read_entry, write_entry
from bodycam_custody.errors import (
    LedgerBehindError,
    LedgerCorruptError,
    LedgerForkedError,
    LedgerRefusesError,
    StatedError,
)
from hashing.chain import leaf_hash, verify_chain, verify_entries
from hashing.checkpoint import Checkpoint, NoteSigner, NoteVerifier, parse_checkpoint
from hashing.errors import N_, ChainBrokenError, HashingError, Statement
from hashing.frontier import HASH_BYTES, Frontier, root_of
from hashing.merkle import LeafTree, inclusion_proof

logger = logging.getLogger(__name__)

# A quick open re-checks this many newest entries; the daemon's start and every first append check all of them.
TAIL_CHECK_ENTRIES = 512
# Read this many entries at a time: flat memory, and the lock is free in between.
BATCH_ENTRIES = 1024

NOT_THE_HASHED_LINE = N_("The line is not the one that was hashed.")
NOT_THE_SIGNED_ENTRIES = N_("Entries up to here are not those of the signed head.")
COVERED = N_("A signed head covers {count} entries.")
NOT_THE_SIGNED_HEAD = N_("The stored head is not the one that was signed.")

_SCHEMA = """
CREATE TABLE entries (
    seq INTEGER PRIMARY KEY,
    line TEXT NOT NULL,
    leaf BLOB NOT NULL,
    kind TEXT GENERATED ALWAYS AS (json_extract(line, '$.kind')) VIRTUAL,
    subject TEXT GENERATED ALWAYS AS (json_extract(line, '$.subject')) VIRTUAL
);
CREATE INDEX entries_by_subject ON entries (subject, seq);
CREATE TABLE heads (size INTEGER PRIMARY KEY, note BLOB NOT NULL, peaks BLOB NOT NULL);
CREATE TRIGGER entries_are_final BEFORE UPDATE ON entries BEGIN SELECT RAISE(ABORT, 'ledger entries are final'); END;
CREATE TRIGGER entries_stay BEFORE DELETE ON entries BEGIN SELECT RAISE(ABORT, 'ledger entries are final'); END;
CREATE TRIGGER entries_follow BEFORE INSERT ON entries
    WHEN NEW.seq <> (SELECT COALESCE(MAX(seq) + 1, 0) FROM entries)
    BEGIN SELECT RAISE(ABORT, 'ledger entries follow one another'); END;
CREATE TRIGGER heads_are_final BEFORE UPDATE ON heads BEGIN SELECT RAISE(ABORT, 'ledger heads are final'); END;
CREATE TRIGGER heads_stay BEFORE DELETE ON heads BEGIN SELECT RAISE(ABORT, 'ledger heads are final'); END;
CREATE TRIGGER heads_are_not_replaced BEFORE INSERT ON heads
    WHEN EXISTS (SELECT 1 FROM heads WHERE size = NEW.size)
    BEGIN SELECT RAISE(ABORT, 'ledger heads are final'); END;
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """A signed head: how many entries it covers, and the signed note."""

    size: int
    note: bytes


class Ledger:
    """One writer's handle on ledger.db; every method may be called from any thread."""

    def __init__(self, path: Path, *, signer: NoteSigner, origin: str, clock: Clock, create: bool = False) -> None:
        self.path = path
        self.origin = origin
        self._signer = signer
        self._verifier = NoteVerifier(signer.vkey)
        self._clock = clock
        self._lock = threading.RLock()
        self._refusal: StatedError | None = None
        self._checked_whole = create
        self._db = _connect(path, create=create)
        if create:
            self._db.executescript(_SCHEMA)
        self._frontier = Frontier()
        self._newest: Entry | None = None
        self.head: Head | None = None

    @property
    def size(self) -> int:
        """How many entries are committed."""
        return self._frontier.size

    @property
    def newest(self) -> Entry | None:
        """The last committed entry."""
        return self._newest

    @property
    def genesis_leaf(self) -> bytes:
        """The leaf hash of entry 0, by which an outsider knows this ledger."""
        leaf = self._leaf(0)
        if leaf is None:
            raise LedgerRefusesError(path=str(self.path), reason=Statement(N_("It has no entry 0.")))
        return leaf

    @property
    def refusal(self) -> StatedError | None:
        """Why nothing may be appended, or None."""
        return self._refusal

    def refuse(self, reason: StatedError) -> None:
        """Let every later append fail with `reason`; reading goes on."""
        logger.error("ledger refuses to append reason=%s", reason.code)
        self._refusal = self._refusal or reason

    def require_writable(self) -> None:
        """Return if entries may be appended; all of them are checked before the first time.

        Raises:
            LedgerRefusesError: the ledger is corrupt, forked, or behind a head seen elsewhere.
        """
        with self._lock:
            if self._refusal is None and not self._checked_whole:
                self.check(whole=True)
            if self._refusal is not None:
                raise LedgerRefusesError(path=str(self.path), reason=self._refusal) from self._refusal

    def append(self, drafts: Sequence[Draft]) -> tuple[Entry, ...]:
        """Append `drafts` and the signed head that covers them, in one transaction.

        On return both are on the medium. If this raises, nothing was appended.

        Raises:
            LedgerRefusesError: the ledger is corrupt, forked, or behind a head seen elsewhere.
            NotCanonicalError, EntryTooLargeError: a draft cannot be written; none of the batch was.
        """
        if not drafts:
            return ()
        with self._lock:
            self.require_writable()
            return self._commit(drafts)

    def lines(self, start: int, stop: int) -> list[bytes]:
        """Return the stored bytes of entries `start` to `stop` (exclusive)."""
        with self._lock:
            rows = self._db.execute(
                "SELECT line FROM entries WHERE seq >= ? AND seq < ? ORDER BY seq", (start, stop)
            ).fetchall()
        return [row[0].encode() for row in rows]

    def entries(self, start: int = 0) -> Iterator[Entry]:
        """Yield entries from `start` on, in order."""
        while lines := self.lines(start, start + BATCH_ENTRIES):
            yield from (read_entry(line) for line in lines)
            start += len(lines)

    def entries_about(self, subjects: Sequence[str]) -> list[Entry]:
        """Return every entry whose subject is one of `subjects`, in order."""
        marks = ",".join("?" * len(subjects))
        with self._lock:
            rows = self._db.execute(
                f"SELECT line FROM entries WHERE subject IN ({marks}) ORDER BY seq",  # noqa: S608  # only marks
                tuple(subjects),
            ).fetchall()
        return [read_entry(row[0].encode()) for row in rows]

    def prove_inclusion(self, seqs: Sequence[int]) -> dict[int, list[bytes]]:
        """Return RFC 6962 inclusion proofs of entries `seqs` in the tree of the stored head."""
        if self.head is None:
            raise LedgerRefusesError(path=str(self.path), reason=Statement(N_("No head is signed yet.")))
        tree = LeafTree.of(self._leaves(self.head.size))
        return {seq: inclusion_proof(seq, self.head.size, tree.node) for seq in seqs if seq < self.head.size}

    def root_at(self, size: int) -> bytes:
        """Return the tree root over the first `size` entries."""
        return root_of(self._leaves(size))

    def first_head_over(self, seq: int) -> Checkpoint:
        """Return the oldest signed head that covers entry `seq`: the same one whenever it is asked for.

        Raises:
            ValueError: no head covers it.
        """
        with self._lock:
            row = self._db.execute("SELECT note FROM heads WHERE size > ? ORDER BY size LIMIT 1", (seq,)).fetchone()
        if row is None:
            raise ValueError(f"no head covers entry {seq}")
        return parse_checkpoint(row[0], self._verifier, origin=self.origin)

    def compare_with_head(self, note: bytes, *, seen_at: str) -> None:
        """Hold this ledger against a signed head kept elsewhere; remember a contradiction as refusal.

        Not checked: entries after the elsewhere head.

        Raises:
            LedgerBehindError: the head covers entries this database does not have.
            LedgerForkedError: this database has other entries than the head covers.
            CheckpointError: the note is not a head signed by this station.
        """
        seen = parse_checkpoint(note, self._verifier, origin=self.origin)
        with self._lock:
            if seen.size > self.size:
                error: LedgerBehindError | LedgerForkedError = LedgerBehindError(
                    path=str(self.path), own_size=self.size, seen_size=seen.size, seen_at=seen_at
                )
            elif self._known_head_is(note, seen) or self.root_at(seen.size) == seen.root:
                return
            else:
                error = LedgerForkedError(path=str(self.path), seen_size=seen.size, seen_at=seen_at)
            self.refuse(error)
            raise error

    def check(self, *, whole: bool) -> None:
        """Check the stored entries against chain, leaves and the newest head, and make ready to append.

        `whole=False` trusts the newest stored head for all but the last entries, which is enough to read.

        Raises:
            LedgerCorruptError: names the first entry that is wrong; the ledger refuses to append from then on.
        """
        with self._lock:
            try:
                self._load(whole=whole)
            except sqlite3.DatabaseError as err:
                error = LedgerCorruptError(path=str(self.path), seq="?", reason=str(err))
                self.refuse(error)
                raise error from err
            except LedgerCorruptError as err:
                self.refuse(err)
                raise
            self._checked_whole = self._checked_whole or whole
            if self._frontier.size and (self.head is None or self.head.size < self._frontier.size) and whole:
                self.head = self._store_head(self._frontier)

    def pragmas(self) -> dict[str, str | int]:
        """Return how SQLite keeps this ledger: WAL and synchronous=FULL (2) lose nothing in a power cut."""
        with self._lock:
            return {name: self._db.execute(f"PRAGMA {name}").fetchone()[0] for name in ("journal_mode", "synchronous")}

    def close(self) -> None:
        """Close the database."""
        with self._lock:
            self._db.close()

    def _commit(self, drafts: Sequence[Draft]) -> tuple[Entry, ...]:
        prev = None if self._newest is None else self._newest.leaf
        entries: list[Entry] = []
        frontier = self._frontier.copy()
        # Our own IMMEDIATE transaction: a deferred one lets a second writer read the same end of the chain.
        self._db.execute("BEGIN IMMEDIATE")
        try:
            stored = self._db.execute("SELECT COALESCE(MAX(seq) + 1, 0) FROM entries").fetchone()[0]
            if stored != self._frontier.size:
                raise LedgerCorruptError(
                    path=str(self.path),
                    seq=self._frontier.size,
                    reason=Statement(N_("Another writer left {count} entries."), count=stored),
                )
            for draft in drafts:
                entry = write_entry(draft, seq=self._frontier.size + len(entries), at=self._clock.now(), prev=prev)
                prev = entry.leaf
                entries.append(entry)
                frontier.append(entry.leaf)
            self._db.executemany(
                "INSERT INTO entries (seq, line, leaf) VALUES (?, ?, ?)",
                [(entry.seq, entry.line.decode(), entry.leaf) for entry in entries],
            )
            head = self._store_head(frontier)
            self._db.execute("COMMIT")
        except BaseException:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            raise
        self._frontier, self._newest, self.head = frontier, entries[-1], head
        return tuple(entries)

    def _store_head(self, frontier: Frontier) -> Head:
        note = self._signer.sign(Checkpoint(origin=self.origin, size=frontier.size, root=frontier.root()))
        peaks = b"".join(frontier.peaks)
        self._db.execute("INSERT INTO heads (size, note, peaks) VALUES (?, ?, ?)", (frontier.size, note, peaks))
        return Head(size=frontier.size, note=note)

    def _load(self, *, whole: bool) -> None:
        row = self._db.execute("SELECT size, note, peaks FROM heads ORDER BY size DESC LIMIT 1").fetchone()
        head = None if row is None else Head(size=row[0], note=bytes(row[1]))
        frontier = Frontier() if head is None else self._frontier_of(head, bytes(row[2]))
        if whole:
            covered = self._verify(Frontier(), None, stop=frontier.size)
            if covered.root() != frontier.root():
                raise self._corrupt(frontier.size - 1, Statement(NOT_THE_SIGNED_ENTRIES))
        else:
            self._verify_tail(frontier.size)
        self._frontier = self._verify(frontier, self._leaf(frontier.size - 1), stop=None)
        self.head = head
        newest = self.lines(self._frontier.size - 1, self._frontier.size)
        self._newest = read_entry(newest[0]) if newest else None

    def _frontier_of(self, head: Head, peaks: bytes) -> Frontier:
        try:
            signed = parse_checkpoint(head.note, self._verifier, origin=self.origin)
            frontier = Frontier(head.size, [peaks[i : i + HASH_BYTES] for i in range(0, len(peaks), HASH_BYTES)])
        except (HashingError, ValueError) as err:
            raise self._corrupt(head.size - 1, err if isinstance(err, HashingError) else str(err)) from err
        if signed.size != head.size or signed.root != frontier.root():
            raise self._corrupt(head.size - 1, Statement(NOT_THE_SIGNED_HEAD))
        return frontier

    def _verify_tail(self, size: int) -> None:
        start = max(0, size - TAIL_CHECK_ENTRIES)
        lines = self.lines(start, size)
        try:
            last = verify_chain(lines, start_seq=start, prev=self._leaf(start - 1))
        except ChainBrokenError as err:
            raise self._blame(err) from err
        if len(lines) != size - start or last != self._leaf(size - 1):
            raise self._corrupt(start + len(lines), Statement(COVERED, count=size))

    def _verify(self, frontier: Frontier, prev: bytes | None, *, stop: int | None) -> Frontier:
        """Return the tree after the stored entries from the end of `frontier` up to `stop`."""
        while stop is None or frontier.size < stop:
            start = frontier.size
            lines = self.lines(start, min(start + BATCH_ENTRIES, stop or start + BATCH_ENTRIES))
            if not lines and stop is None:
                return frontier
            if not lines:
                raise self._corrupt(start, Statement(COVERED, count=stop))
            try:
                done = verify_entries(
                    lines, start_seq=start, prev=prev, frontier=frontier, on_leaves=self._compare_leaves
                )
            except ChainBrokenError as err:
                raise self._blame(err) from err
            frontier, prev = done.frontier, done.last_leaf
        return frontier

    def _compare_leaves(self, start: int, leaves: list[bytes]) -> None:
        rows = self._db.execute(
            "SELECT seq, leaf FROM entries WHERE seq >= ? AND seq < ? ORDER BY seq", (start, start + len(leaves))
        ).fetchall()
        for (seq, stored), (expected_seq, leaf) in zip(rows, enumerate(leaves, start), strict=True):
            if seq != expected_seq or bytes(stored) != leaf:
                raise self._corrupt(expected_seq, Statement(NOT_THE_HASHED_LINE))

    def _blame(self, err: ChainBrokenError) -> LedgerCorruptError:
        """Name the entry that was changed: an edited line shows in the link of the next one."""
        seq = int(str(err.facts["seq"]))
        before = self.lines(seq - 1, seq)
        if before and leaf_hash(before[0]) != self._leaf(seq - 1):
            return self._corrupt(seq - 1, Statement(NOT_THE_HASHED_LINE))
        return self._corrupt(seq, err)

    def _leaf(self, seq: int) -> bytes | None:
        row = self._db.execute("SELECT leaf FROM entries WHERE seq = ?", (seq,)).fetchone()
        return None if row is None else bytes(row[0])

    def _corrupt(self, seq: int, reason: Statement | StatedError | str) -> LedgerCorruptError:
        return LedgerCorruptError(path=str(self.path), seq=seq, reason=reason)

    def _known_head_is(self, note: bytes, seen: Checkpoint) -> bool:
        row = self._db.execute("SELECT note FROM heads WHERE size = ?", (seen.size,)).fetchone()
        return row is not None and bytes(row[0]) == note

    def _leaves(self, size: int) -> list[bytes]:
        with self._lock:
            rows = self._db.execute("SELECT leaf FROM entries WHERE seq < ? ORDER BY seq", (size,)).fetchall()
        return [bytes(row[0]) for row in rows]


def _connect(path: Path, *, create: bool) -> sqlite3.Connection:
    mode = "rwc" if create else "rw"
    connection = sqlite3.connect(f"file:{path}?mode={mode}", uri=True, isolation_level=None, check_same_thread=False)
    connection.execute("PRAGMA journal_mode = WAL")
    # WAL with NORMAL loses acknowledged rows in a power cut; FULL lost none.
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = ON")
    if connection.execute("PRAGMA synchronous").fetchone()[0] != 2:
        raise LedgerRefusesError(path=str(path), reason=Statement(N_("SQLite does not keep synchronous=FULL.")))
    return connection
