"""Many files written under one folder and flushed together, before anything shows them to readers."""

import contextlib
import os
from functools import partial
from pathlib import Path, PurePosixPath
from types import TracebackType
from typing import Self

from archive.durable import (
    DIRECTORY_MODE,
    flush_filesystem,
    flush_together,
    fsync_directory,
    fsync_file,
    open_created,
    stated,
)

# Up to here files are flushed one by one. syncfs flushes them all at once, but waits for everything that others have
# written to the disk: a card's copy in progress made 10 small files take 630 ms instead of 31 (ext4).
_SINGLE_FLUSHES = 16


class UnshownFiles:
    """Writes files below `root`, over what an interrupted attempt left at their names; `flush` makes them last.

    A context manager; if it ends with an error before `flush` has returned, the files it made are removed, so that a
    disk that was too small for them is not left full.
    """

    def __init__(self, root: Path, *, whole_filesystem: bool) -> None:
        """Open `root`.

        Args:
            whole_filesystem: flush with syncfs however few files there are. Needed after a publish that did not end,
                perhaps of a killed process: its folders are there, but nobody flushed their names.

        Raises:
            DurableWriteError: it cannot be opened.
        """
        self._root = root
        self._single_flushes = 0 if whole_filesystem else _SINGLE_FLUSHES
        self._closing = contextlib.ExitStack()
        with stated(root):
            # Opened before the first write, so that syncfs reports every write-back error since.
            self._root_descriptor = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        self._closing.callback(os.close, self._root_descriptor)
        self._descriptors: list[tuple[int, Path]] = []
        self._folders: set[Path] = set()
        self._made: list[Path] = []
        self._count = 0

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close what is open; remove what was made in vain."""
        self._closing.close()
        if kind is None:
            return
        for place in self._made:
            # The first error is the one to report, and what stays counts for nothing.
            with contextlib.suppress(OSError):
                place.unlink()

    def write(self, relative: PurePosixPath, data: bytes) -> None:
        """Write one file, making the folders above it.

        Never into an old file: after an error its pages may seem written and not be.

        Raises:
            StoreFullError, StoreReadOnlyError, DurableWriteError: it could not be written; an old file stands.
        """
        place = self._root / relative
        self._make_folders(place.parent)
        self._folders.add(place.parent)
        if not place.exists():
            self._keep(open_created(place, data), place)
            self._made.append(place)
            return
        beside = place.with_name(f".{place.name}.beside")
        with stated(beside):
            beside.unlink(missing_ok=True)
        self._keep(open_created(beside, data), place)
        with stated(place):
            beside.replace(place)

    def flush(self) -> None:
        """Put all files, their names and their folders on the medium.

        Raises:
            StoreFullError, StoreReadOnlyError, DurableWriteError: the kernel did not confirm it.
        """
        if self._count > self._single_flushes:
            flush_filesystem(self._root_descriptor)
        else:
            self._flush_singly()
        self._made.clear()

    def _flush_singly(self) -> None:
        flush_together(
            [
                *(partial(fsync_file, descriptor, place) for descriptor, place in self._descriptors),
                *(partial(fsync_directory, folder) for folder in sorted(self._folders)),
            ]
        )

    def _keep(self, descriptor: int, place: Path) -> None:
        self._count += 1
        if self._count > self._single_flushes:
            os.close(descriptor)
            return
        self._closing.callback(os.close, descriptor)
        self._descriptors.append((descriptor, place))

    def _make_folders(self, path: Path) -> None:
        if path.is_dir():
            return
        self._make_folders(path.parent)
        with stated(path):
            path.mkdir(DIRECTORY_MODE)
            path.chmod(DIRECTORY_MODE)
        self._folders.add(path.parent)
