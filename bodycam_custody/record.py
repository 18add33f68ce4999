"""The one way into the ledger: commit, sign, copy the head elsewhere, and only then show it."""

import base64
import json
import logging
import sqlite3
import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from archive.bag import CLIP_JSON
from archive.errors import (
    ArchiveError,
    LedgerCopyAheadError,
    LedgerCopyContradictsError,
    StoreFullError,
    StoreUnreadableError,
)
from archive.ledger_copy import LedgerCopy
from archive.marker import StoreId, StoreLocation
from archive.store import LEDGER, Store
from bodycam_custody.catalog import Catalog
from bodycam_custody.entries import Draft, Entry
from bodycam_custody.errors import CatalogBehindError, LedgerBehindError, LedgerCorruptError, LedgerForkedError
from bodycam_custody.ledger import Head, Ledger
from bodycam_custody.stores import StoreLook, StoreSet
from hashing.errors import HashingError, StatedError, shown

logger = logging.getLogger(__name__)


class Record:
    """Ledger, its copies in the stores, and the catalog, kept in step."""

    def __init__(self, *, ledger: Ledger, catalog: Catalog, stores: StoreSet) -> None:
        self.ledger = ledger
        self.catalog = catalog
        self._stores = stores
        self._copies: dict[StoreId, LedgerCopy] = {}
        self._lock = threading.RLock()
        self._unpublished: dict[str, StatedError] = {}
        self._published: dict[str, int] = {}
        self._met: set[str] = set()
        self._catalog_problem: StatedError | None = None

    @property
    def unpublished(self) -> Mapping[str, StatedError]:
        """The stores whose ledger copy is behind, and why."""
        return dict(self._unpublished)

    def enter(self, drafts: Sequence[Draft]) -> tuple[Entry, ...]:
        """Append `drafts`, copy the new head to every store that takes it, then fold them into the catalog.

        A store that cannot be written does not stop custody: it is named in `unpublished` and caught up later.

        Without drafts nothing happens. What the catalog lacks it is given first: nobody decides on an older one.

        Raises:
            LedgerRefusesError: nothing was appended.
            CatalogBehindError: the catalog takes no entries; those that stand all the same are its `entered`.
        """
        if not drafts:
            return ()
        with self._lock:
            looks = self._meet_stores()
            self.catch_up_catalog()
            entries = self.ledger.append(drafts)
            try:
                self._publish(looks)
            finally:
                self._show(entries)
            return entries

    def _show(self, entries: tuple[Entry, ...]) -> None:
        try:
            self.catch_up_catalog()
        except CatalogBehindError as err:
            err.entered = entries
            raise

    @property
    def catalog_problem(self) -> StatedError | None:
        """Why the catalog lacks entries that stand, or None."""
        return self._catalog_problem

    def keeps_up(self) -> bool:
        """Return whether the catalog shows every entry, after trying to make it; True while entries are being made."""
        if not self._lock.acquire(blocking=False):
            return True
        try:
            self.catch_up_catalog()
        except CatalogBehindError:
            return False
        finally:
            self._lock.release()
        return True

    def publish(self) -> None:
        """Bring the ledger copy in every store up to the newest signed head, unless the ledger refuses to append."""
        with self._lock:
            looks = self._meet_stores()
            if self.ledger.refusal is None:
                self._publish(looks)

    def require_writable(self) -> None:
        """Return if entries may be appended, as far as the stores that are there now can tell.

        Raises:
            LedgerRefusesError: nothing may be appended.
        """
        with self._lock:
            self._meet_stores()
            self.ledger.require_writable()

    def other_ledger_in(self, store_id: str) -> StatedError | None:
        """Return why the ledger copy in a store is not the beginning of this ledger, None where nothing says so."""
        problem = self._unpublished.get(store_id)
        return problem if isinstance(problem, LedgerCopyAheadError | LedgerCopyContradictsError) else None

    def is_shown(self, seq: int) -> bool:
        """Return whether entry `seq` is in the ledger copy of a store, as far as this process has seen the stores."""
        return any(size > seq for size in self._published.values())

    def _meet_stores(self) -> tuple[StoreLook, ...]:
        """Return the stores as they are now, each held against the ledger where it was not there at the last look.

        What comes back may hold a newer ledger than the one that was restored meanwhile: nothing may be appended, and
        no store written, before that is known. A store comes back unnoticed only between two entries; then the head it
        holds is met when it is published.
        """
        looks = self._stores.look()
        for look in looks:
            store_id = look.location.store_id
            if look.store is None:
                self._met.discard(store_id)
            elif store_id not in self._met and self._compare_with(look.store):
                self._met.add(store_id)
        return looks

    def _publish(self, looks: Sequence[StoreLook]) -> None:
        head = self.ledger.head
        if head is None:
            return
        # The stores are different disks: none waits for another's flushes.
        with ThreadPoolExecutor(len(looks), thread_name_prefix="publish") as pool:
            problems = list(pool.map(lambda look: self._publish_in(look, head), looks))
        for look, problem in zip(looks, problems, strict=True):
            self._note_published(look.location.store_id, problem, size=head.size)
            if look.store is not None and self.other_ledger_in(look.location.store_id) is not None:
                # Only what the station signed proves another ledger; anybody may have put other bytes there.
                self._compare_with(look.store)

    def _publish_in(self, look: StoreLook, head: Head) -> StatedError | None:
        """Bring one copy up to `head` and return what kept it from that."""
        if look.store is None:
            return look.problem
        copy = self._copy_in(look.location)
        try:
            try:
                copy.publish(self.ledger.lines, head.size, head.note)
            except StoreFullError:
                # The ballast is there for exactly this: a full store must still take the entries that say so.
                if not look.store.release_ballast():
                    raise
                logger.warning("store is full, its ballast is released store=%s", look.location.store_id)
                copy.publish(self.ledger.lines, head.size, head.note)
        except StatedError as err:
            return err
        except OSError as err:
            reason = err.strerror or str(err)
            return StoreUnreadableError(store_id=look.location.store_id, path=shown(look.store.ledger), reason=reason)
        except sqlite3.Error as err:
            return LedgerCorruptError(path=str(self.ledger.path), seq="?", reason=str(err))
        return None

    def _note_published(self, store_id: str, problem: StatedError | None, *, size: int) -> None:
        if problem is None:
            self._published[store_id] = size
            self._unpublished.pop(store_id, None)
            return
        if store_id not in self._unpublished:
            logger.warning("ledger copy is behind store=%s reason=%s", store_id, problem)
        self._unpublished[store_id] = problem

    def compare_with_anchor(self, path: Path) -> None:
        """Hold the ledger against the head that was given out last; a newer or other one makes it refuse to append.

        Not compared: an anchor that is not there or that the station did not sign; anybody may have put it there.
        """
        try:
            self.ledger.compare_with_head(path.read_bytes(), seen_at=str(path))
        except (OSError, HashingError) as err:
            logger.info("no anchor to compare with path=%s reason=%s", path, err)
        except (LedgerBehindError, LedgerForkedError):
            logger.exception("ledger contradicts the head that was given out")

    def compare_with_stores(self) -> None:
        """Hold the ledger against the heads in the stores; a newer or other head makes the ledger refuse to append.

        Not compared: stores that are absent or whose head cannot be read; they are caught up or reported by `publish`.
        """
        with self._lock:
            self._meet_stores()

    def _compare_with(self, store: Store) -> bool:
        """Hold the ledger against the highest head in one store; return whether that could be done."""
        store_id, copy = store.location.store_id, self._copy_in(store.location)
        try:
            # A head may have been stored and, after a crash, never shown: it counts all the same.
            note = copy.highest_head_note()
            if note is not None:
                self.ledger.compare_with_head(note, seen_at=str(store.ledger / "checkpoint"))
            self._published[store_id] = copy.published_size()
        except (ArchiveError, HashingError) as err:
            # Unreadable or not signed by us: for the auditor to see, but it proves nothing about this ledger.
            logger.warning("head in store does not verify store=%s reason=%s", store_id, err)
            self._unpublished.setdefault(store_id, err)
            return False
        except (LedgerBehindError, LedgerForkedError):
            self._published.pop(store_id, None)
            logger.exception("ledger contradicts a store store=%s", store_id)
        return True

    def _copy_in(self, location: StoreLocation) -> LedgerCopy:
        """Return the ledger copy of a store; one object each, as it knows what it has flushed before."""
        return self._copies.setdefault(location.store_id, LedgerCopy(location.path / LEDGER))

    def catch_up_catalog(self) -> int:
        """Fold what the catalog lacks; return how many entries that were.

        A catalog that claims more than the ledger holds is emptied first: it is only a projection.

        Raises:
            CatalogBehindError: it takes no more; it stands where it stood, or a little further.
        """
        with self._lock:
            try:
                behind = self._fold_missing()
            except sqlite3.Error as err:
                problem = CatalogBehindError(path=str(self.catalog.path), count=self._count_missing(), reason=str(err))
                self._catalog_problem = problem
                raise problem from err
            self._catalog_problem = None
            return behind

    def rebuild_catalog(self) -> int:
        """Empty the catalog and fold the whole ledger into it; return how many entries that were."""
        with self._lock:
            self.catalog.clear()
            return self.catch_up_catalog()

    def _count_missing(self) -> int:
        try:
            return self.ledger.size - 1 - self.catalog.last_seq
        except sqlite3.Error:
            return self.ledger.size

    def _fold_missing(self) -> int:
        if self.catalog.last_seq >= self.ledger.size:
            self.catalog.clear()
        behind = self.ledger.size - 1 - self.catalog.last_seq
        if not behind:
            return 0
        batch: list[Entry] = []
        for entry in self.ledger.entries(self.catalog.last_seq + 1):
            batch.append(entry)
            if len(batch) == 1000:
                self.catalog.fold(batch)
                batch = []
        self.catalog.fold(batch)
        return behind

    def fill_names_from_bags(self) -> int:
        """Read original names from sealed bags where texts no longer hold them; return how many bags were read."""
        rows = self.catalog.rows("SELECT clip_id, bag_path FROM clips WHERE path IS NULL")
        names: dict[str, bytes] = {}
        for row in rows:
            for store in self._stores.present():
                name = _name_in_bag(store.path / row["bag_path"] / CLIP_JSON)
                if name is not None:
                    names[row["clip_id"]] = name
                    break
        self.catalog.name_clips(names)
        return len(names)


def _name_in_bag(path: Path) -> bytes | None:
    """Return the main file's name on its card as clip.json has it, None where it cannot be read."""
    try:
        return base64.b64decode(json.loads(path.read_bytes())["files"][0]["path_base64"])
    except (OSError, ValueError, KeyError, IndexError, TypeError):
        return None
