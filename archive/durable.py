"""Writes that survive a power cut, and errors that say when they did not.

Everything here either returns with the bytes on the medium (as far as the kernel reports it) or raises. After a
failed fsync the next one may say OK over old bytes, so a `DurableWriteError` means: start that file afresh.
"""

import contextlib
import ctypes
import errno
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from archive.errors import AlreadyThereError, ArchiveError, DurableWriteError, StoreFullError, StoreReadOnlyError
from hashing.errors import shown

FILE_MODE = 0o440
DIRECTORY_MODE = 0o750

# renameat2(2): fail instead of replacing the destination.
_RENAME_NOREPLACE = 1
_AT_FDCWD = -100

_libc = ctypes.CDLL(None, use_errno=True)


def durable_error(err: OSError, path: Path) -> ArchiveError:
    """Return the error of ours that says what `err` means for a write to `path`."""
    if err.errno in {errno.ENOSPC, errno.EDQUOT}:
        return StoreFullError(path=shown(path))
    if err.errno == errno.EROFS:
        return StoreReadOnlyError(path=shown(path))
    if err.errno in {errno.EEXIST, errno.ENOTEMPTY}:
        return AlreadyThereError(path=shown(path))
    return DurableWriteError(path=shown(path), reason=os.strerror(err.errno or errno.EIO))


@contextlib.contextmanager
def stated(path: Path) -> Iterator[None]:
    """Translate every OSError of the block into the ArchiveError it means for a write to `path`."""
    try:
        yield
    except OSError as err:
        raise durable_error(err, path) from err


def create_file(path: Path, data: bytes, mode: int = FILE_MODE) -> None:
    """Create `path` with `data`; never replaces anything, follows no link at its end.

    On return the bytes are on the medium, the *name* only once its directory is flushed too (`fsync_directory`).
    On error no file of ours is left; after a power cut an empty or short file may be, so a file that must be whole or
    absent is written elsewhere first.

    Raises:
        AlreadyThereError: the name is taken.
        StoreFullError, StoreReadOnlyError, DurableWriteError: it could not be written.
    """
    descriptor = open_created(path, data, mode)
    try:
        fsync_file(descriptor, path)
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    finally:
        os.close(descriptor)


def open_created(path: Path, data: bytes, mode: int = FILE_MODE) -> int:
    """Create `path` with `data` like `create_file`, but flush nothing; return the open descriptor.

    Who fsyncs this very descriptor misses no write-back error; who closes it first owes a `flush_filesystem`.

    Raises:
        AlreadyThereError: the name is taken.
        StoreFullError, StoreReadOnlyError, DurableWriteError: it could not be written; no file of ours is left.
    """
    with stated(path):
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        try:
            write_all(descriptor, data)
            os.fchmod(descriptor, mode)
        except BaseException:
            os.close(descriptor)
            path.unlink(missing_ok=True)
            raise
        return descriptor


def write_all(descriptor: int, data: bytes | memoryview) -> None:
    """Write all of `data`, however short the single writes are. Raises OSError."""
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(descriptor, rest) :]


def replace_file(path: Path, data: bytes, mode: int = FILE_MODE) -> None:
    """Make `data` the whole content of `path`; whoever reads sees the old bytes or the new ones.

    On return the new content and its name are on the medium. On error the old file stands, except when only the
    last flush failed: then either may. A power cut may leave a `.…new` file beside it, which the next call of the
    same thread id removes.

    Raises:
        StoreFullError, StoreReadOnlyError, DurableWriteError: it could not be written.
    """
    beside = path.with_name(f".{path.name}.{threading.get_native_id()}.new")
    with stated(path):
        beside.unlink(missing_ok=True)
    create_file(beside, data, mode)
    with stated(path):
        try:
            beside.replace(path)
        except OSError:
            beside.unlink(missing_ok=True)
            raise
    fsync_directory(path.parent)


def make_directories(path: Path, mode: int = DIRECTORY_MODE) -> None:
    """Make `path` and what is missing above it, each with `mode` whatever the umask, names on the medium.

    The entry of the lowest directory that was there already is flushed as well: an earlier call may have been killed
    between making and flushing it.

    Raises:
        AlreadyThereError: a part of the path is there and is not a directory.
        StoreFullError, StoreReadOnlyError, DurableWriteError: it could not be made; what was made so far stays.
    """
    missing: list[Path] = []
    lowest = path
    while not lowest.is_dir():
        missing.append(lowest)
        lowest = lowest.parent
    if os.access(lowest.parent, os.R_OK):
        fsync_directory(lowest.parent)
    for directory in reversed(missing):
        with stated(directory):
            try:
                directory.mkdir(mode)
            except FileExistsError:
                if not directory.is_dir():
                    raise
            else:
                directory.chmod(mode)
        fsync_directory(directory.parent)


def fsync_directory(path: Path) -> None:
    """Put the names in the directory `path` on the medium.

    Raises:
        StoreFullError, StoreReadOnlyError, DurableWriteError: the kernel did not confirm it.
    """
    with stated(path):
        descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def fsync_file(descriptor: int, path: Path) -> None:
    """Put the bytes of the open file `path` on the medium.

    Raises:
        StoreFullError, StoreReadOnlyError, DurableWriteError: the kernel did not confirm it.
    """
    with stated(path):
        os.fsync(descriptor)


def flush_together(flushes: Sequence[Callable[[], None]]) -> None:
    """Run flushes that may happen in any order at the same time, and return once all of them have ended.

    A journal that is asked by several at once writes once for all of them: eight files took 28 ms one after the other
    and 4 ms together (ext4). Files on different disks do not wait for one another.

    Raises:
        ArchiveError: the first error of those that failed; the others were run all the same.
    """
    first, *others = flushes
    failures: list[ArchiveError] = []
    ended: list[Callable[[], None]] = []

    def run(flush: Callable[[], None]) -> None:
        try:
            flush()
        except ArchiveError as err:
            failures.append(err)
        ended.append(flush)

    threads = [threading.Thread(target=run, args=(flush,)) for flush in others]
    for thread in threads:
        thread.start()
    try:
        run(first)
    finally:
        for thread in threads:
            thread.join()
    if failures:
        raise failures[0]
    if len(ended) != len(flushes):
        raise RuntimeError("a flush ended with an error that is none of a store")


def rename_new(source: Path, target: Path) -> None:
    """Rename `source` to `target`, which must not exist; on return both directories are on the medium.

    The check and the rename are one step of the kernel. On a raised flush error the new name is visible but not
    proven to last.

    Raises:
        AlreadyThereError: `target` exists; `source` is untouched.
        StoreFullError, StoreReadOnlyError, DurableWriteError: not renamed, or not flushed.
    """
    rename_without_replacing(source, target)
    fsync_directory(target.parent)
    if source.parent != target.parent:
        fsync_directory(source.parent)


def rename_without_replacing(source: Path, target: Path) -> None:
    """Rename like `rename_new`, but flush nothing: the caller owes it.

    Raises:
        AlreadyThereError: `target` exists; `source` is untouched.
        StoreFullError, StoreReadOnlyError, DurableWriteError: not renamed.
    """
    with stated(target):
        result: int = _libc.renameat2(
            _AT_FDCWD, os.fsencode(source), _AT_FDCWD, os.fsencode(target), ctypes.c_uint(_RENAME_NOREPLACE)
        )
        if result != 0:
            raise OSError(ctypes.get_errno(), "renameat2")


def flush_filesystem(where: Path | int) -> None:
    """Put everything written so far to the file system of `where` on the medium (syncfs(2), one call).

    Since Linux 5.8 write-back errors since the descriptor was opened are reported: give a descriptor opened before
    the writes where other programs flush the same file system too; a path is opened only now. Directory entries are
    included. Bytes that other programs wrote are flushed as well and may take their time.

    Raises:
        StoreFullError, StoreReadOnlyError, DurableWriteError: the kernel did not confirm it.
    """
    if isinstance(where, int):
        _syncfs(where, Path(f"/proc/self/fd/{where}"))
        return
    with stated(where):
        descriptor = os.open(where, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    try:
        _syncfs(descriptor, where)
    finally:
        os.close(descriptor)


def _syncfs(descriptor: int, path: Path) -> None:
    with stated(path):
        if _libc.syncfs(descriptor) != 0:
            raise OSError(ctypes.get_errno(), "syncfs")


def drop_cache(descriptor: int) -> None:
    """Ask the kernel to forget the cached pages of a file, so that the next read comes from the medium.

    Only clean pages are dropped: fsync first. Not guaranteed by POSIX, but caught flipped bits on ext4 and btrfs.
    """
    os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
