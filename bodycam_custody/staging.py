"""Where copies grow before they are clips, and how leftovers of a crash are swept."""

import errno
import fcntl
import logging
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from archive.durable import make_directories, stated
from archive.store import CANARY_PREFIX, Store

logger = logging.getLogger(__name__)

LOCK_SUFFIX = ".lock"


@contextmanager
def staging_area(stores: Sequence[Store], name: str) -> Iterator[tuple[Path, ...]]:
    """Make a staging folder `name` in every store, locked while in use, removed at the end; yield the lock files.

    Whoever writes there holds a shared lock on the lock files too, so a worker that outlives us keeps its place.
    """
    with ExitStack() as stack:
        locks = []
        for store in stores:
            lock = store.staging / (name + LOCK_SUFFIX)
            with stated(lock):
                stack.callback(os.close, _hold(lock))
            make_directories(store.staging / name)
            locks.append(lock)
        try:
            yield tuple(locks)
        finally:
            stack.close()
            for store in stores:
                sweep_staging(store)


def _hold(lock: Path) -> int:
    """Return a descriptor that holds a shared lock on the file at `lock`, which is made if need be."""
    while True:
        descriptor = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640)
        fcntl.flock(descriptor, fcntl.LOCK_SH)
        if _is_at(descriptor, lock):
            return descriptor
        # A sweep took the file away before it was locked.
        os.close(descriptor)


def _is_at(descriptor: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except FileNotFoundError:
        return False


def sweep_staging(store: Store) -> list[str]:
    """Remove staging folders nobody holds and return their names.

    A folder whose lock is taken belongs to a copy that still runs, maybe of another process, and stays. A store that
    cannot be read or written keeps its leftovers until the next sweep; they count for nothing.
    """
    swept = []
    try:
        # A power cut may take the lock file and leave the folder; whoever begins there now locks before it makes one.
        found = list(store.staging.iterdir())
        locked = {path.name.removesuffix(LOCK_SUFFIX) for path in found if path.name.endswith(LOCK_SUFFIX)}
        for name in sorted(locked | {path.name for path in found if path.is_dir() and not path.is_symlink()}):
            if _sweep_one(store.staging, name):
                swept.append(name)
        # Nobody reads them again, and who writes one does not mind that it is gone already.
        for canary in store.staging.glob(f"{CANARY_PREFIX}*"):
            canary.unlink(missing_ok=True)
    except OSError as err:
        logger.warning("staging not swept store=%s reason=%s", store.location.store_id, err.strerror)
    return swept


def _sweep_one(staging: Path, name: str) -> bool:
    lock = staging / (name + LOCK_SUFFIX)
    folder = staging / name
    try:
        # A folder without its lock is locked first, as its owner would: who begins there meanwhile waits or is spared.
        make = os.O_CREAT if folder.exists() else 0
        descriptor = os.open(lock, os.O_RDWR | os.O_CLOEXEC | make, 0o640)
    except FileNotFoundError:
        return False  # another sweep was first
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if not _is_at(descriptor, lock):
            return False
        if folder.exists():
            shutil.rmtree(folder)
        lock.unlink()
    except OSError as err:
        if err.errno == errno.EWOULDBLOCK:
            return False
        raise
    finally:
        os.close(descriptor)
    return True
