"""One read of a source file becomes its digest and a verified copy in every store.

Runs inside bare worker interpreters, so it imports nothing heavier than hashlib.
"""

import contextlib
import hashlib
import io
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from archive.durable import FILE_MODE, drop_cache, flush_together, fsync_file, stated, write_all
from archive.errors import CopyMismatchError, CopyUnreadableError, SourceChangedError, SourceReadError
from hashing.digest import CHUNK_BYTES, Digest
from hashing.errors import shown

# A worker that says nothing for a minute is abandoned, and a slow disk takes minutes to sync gigabytes at once:
# syncing after this much keeps the silence to seconds at 30 MB/s.
SYNC_EVERY_BYTES = 128 * 1024 * 1024

Progress = Callable[[int], None]


class CopyBuffers:
    """The memory one copy works in, allocated once per thread: fresh blocks for every read cost twice the time."""

    __slots__ = ("first", "second")

    def __init__(self, block_bytes: int = CHUNK_BYTES) -> None:
        # glibc maps the first block of this size apart; once one was given back, the next ones come from the heap.
        # Reading files into those took a seventh less system time (2.0 instead of 2.3 s for three times 1.5 GiB).
        given_back = bytearray(block_bytes)
        del given_back
        self.first = bytearray(block_bytes)
        self.second = bytearray(block_bytes)


@dataclass(frozen=True, slots=True, kw_only=True)
class CopyReport:
    """A file that was read once, and whose copies were each read back after a sync and found equal."""

    size_bytes: int
    sha256: Digest
    targets: tuple[Path, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Copy:
    """One copy being made: the same open file writes it and reads it back."""

    path: Path
    file: io.FileIO


def copy_verified(
    source_fd: int, targets: Sequence[Path], *, on_bytes: Progress | None = None, scratch: CopyBuffers
) -> CopyReport:
    """Copy the regular file `source_fd` to every one of `targets` (new files, 0440) and read every copy back.

    On return each target holds the same bytes, synced and then read again after its pages were dropped from the
    cache; the digest is of the bytes as they came from the source. The names are not yet durable: whoever seals
    syncs the folder. On any error no target made here is left. `on_bytes` gets the number of source bytes of each
    block, and 0 as a sign of life while syncing and reading back. The position of `source_fd` is not moved.

    Not checked: that the targets lie on different disks, and that the source would give the same bytes twice.

    Raises:
        SourceChangedError: the source grew, shrank or got another mtime while it was read.
        SourceReadError: the source could not be read; says from which offset.
        StoreFullError, StoreReadOnlyError, DurableWriteError: a target could not be written or synced.
        CopyMismatchError: what a target gives back is not what was written.
        CopyUnreadableError: a target could not be read back.
    """
    if not targets:
        raise ValueError("a copy needs at least one target")
    say = on_bytes or _say_nothing
    copies: list[_Copy] = []
    try:
        for path in targets:
            copies.append(_create(path))
            with stated(path):
                os.fchmod(copies[-1].file.fileno(), FILE_MODE)  # whatever the umask
        sha256, size_bytes = _write_all(source_fd, copies, say, scratch)
        _read_back_all(copies, sha256, size_bytes, say, scratch)
        for copy in copies:
            with stated(copy.path):
                copy.file.close()
    except BaseException:
        for copy in copies:
            _discard(copy)
        raise
    return CopyReport(size_bytes=size_bytes, sha256=sha256, targets=tuple(targets))


def _say_nothing(_: int) -> None:
    """Take the place of a progress function nobody gave."""


def _create(path: Path) -> _Copy:
    # Nobody else may open it for writing; this descriptor keeps the right to write and to read back.
    def only_new(name: str, flags: int) -> int:
        return os.open(name, flags, FILE_MODE)

    with stated(path):
        return _Copy(path=path, file=io.FileIO(path, "x+", opener=only_new))


def _discard(copy: _Copy) -> None:
    # The copy has already failed and that error is on its way; what stays behind is swept with the staging folder.
    with contextlib.suppress(OSError):
        copy.file.close()
    with contextlib.suppress(OSError):
        copy.path.unlink()


def _write_all(source_fd: int, copies: Sequence[_Copy], say: Progress, scratch: CopyBuffers) -> tuple[Digest, int]:
    """Feed the digest and all copies from one read; the copies are synced on return."""
    before = os.fstat(source_fd)
    hasher = hashlib.sha256()
    offset = unsynced = 0
    whole = memoryview(scratch.first)
    # Reading stops one block past the expected end, so a file that grows as fast as it is read cannot hold us.
    while offset <= before.st_size and (count := _read_source(source_fd, scratch.first, offset)):
        block = whole[:count]
        hasher.update(block)
        for copy in copies:
            with stated(copy.path):
                write_all(copy.file.fileno(), block)
        offset += count
        unsynced += count
        if unsynced >= SYNC_EVERY_BYTES:
            _sync_all(copies, say)
            unsynced = 0
        say(count)
    _reject_changed(before, os.fstat(source_fd), offset)
    _sync_all(copies, say)
    return Digest(hex=hasher.hexdigest()), offset


def _read_source(source_fd: int, buffer: bytearray, offset: int) -> int:
    try:
        return os.preadv(source_fd, [buffer], offset)
    except OSError as err:
        raise SourceReadError(offset=offset, reason=err.strerror or str(err)) from err


def _sync_all(copies: Sequence[_Copy], say: Progress) -> None:
    # Any fsync error fails the copy for good: the next fsync would say OK with old bytes on the disk. The copies lie
    # on different disks and are flushed at once, or on one whose journal then writes once for both.
    flush_together([partial(fsync_file, copy.file.fileno(), copy.path) for copy in copies])
    say(0)


def _reject_changed(before: os.stat_result, after: os.stat_result, read_bytes: int) -> None:
    if before.st_size == after.st_size == read_bytes and before.st_mtime_ns == after.st_mtime_ns:
        return
    raise SourceChangedError(
        expected_bytes=before.st_size,
        read_bytes=read_bytes,
        found_bytes=after.st_size,
        expected_mtime_ns=before.st_mtime_ns,
        found_mtime_ns=after.st_mtime_ns,
    )


def _read_back_all(
    copies: Sequence[_Copy], sha256: Digest, size_bytes: int, say: Progress, scratch: CopyBuffers
) -> None:
    """Hash the first copy as the medium gives it back and compare the others with it, block by block.

    Dropping the cache needs a sync first: dirty pages stay. Where the filesystem lives in memory this proves nothing
    more than that memory holds the bytes.
    """
    for copy in copies:
        drop_cache(copy.file.fileno())
    first, *others = copies
    differs_at: dict[Path, int] = {}
    hasher = hashlib.sha256()
    offset = 0
    while count := _read_block(first, scratch.first, offset):
        hasher.update(memoryview(scratch.first)[:count])
        for other in others:
            if other.path not in differs_at and (place := _first_difference(other, scratch, count, offset)) is not None:
                differs_at[other.path] = place
        offset += count
        say(0)
    found = Digest(hex=hasher.hexdigest())
    if found != sha256 or offset != size_bytes:
        raise _mismatch(first, min(differs_at.values(), default=0), sha256)
    for other in others:
        place = differs_at.get(other.path)
        if place is None and os.fstat(other.file.fileno()).st_size > size_bytes:
            place = size_bytes
        if place is not None:
            raise _mismatch(other, place, sha256)


def _mismatch(copy: _Copy, offset: int, sha256: Digest) -> CopyMismatchError:
    return CopyMismatchError(target=shown(copy.path), offset=offset, expected=sha256.hex)


def _read_block(copy: _Copy, buffer: bytearray, offset: int) -> int:
    """Fill `buffer` from `offset`; fewer bytes only at the end of the file."""
    view = memoryview(buffer)
    filled = 0
    try:
        while filled < len(buffer) and (count := os.preadv(copy.file.fileno(), [view[filled:]], offset + filled)):
            filled += count
    except OSError as err:
        raise CopyUnreadableError(
            target=shown(copy.path), offset=offset + filled, reason=err.strerror or str(err)
        ) from err
    return filled


def _first_difference(other: _Copy, scratch: CopyBuffers, count: int, offset: int) -> int | None:
    """Compare the block of `other` at `offset` with the first `count` bytes of `scratch.first`."""
    found = _read_block(other, scratch.second, offset)
    first, second = scratch.first, scratch.second
    if count < len(first):
        first, second = first[:count], second[:found]
    # Whole bytearrays compare by memcmp; slices of memoryviews would compare element by element.
    if count == found and first == second:
        return None
    pairs = zip(first[:count], second[:found], strict=False)
    return offset + next((index for index, (a, b) in enumerate(pairs) if a != b), min(count, found))
