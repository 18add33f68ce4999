"""Noticing dock slips: inotify for speed, a rescan for everything inotify misses."""

import logging
import os
import stat
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Final

from watchdog.events import (
    EVENT_TYPE_CREATED,
    EVENT_TYPE_DELETED,
    EVENT_TYPE_MODIFIED,
    EVENT_TYPE_MOVED,
    FileSystemEvent,
    FileSystemEventHandler,
)
from watchdog.observers import Observer
from watchdog.observers.api import BaseObserver

from docking.errors import SlipFolderMissingError
from docking.slips import SLIP_SUFFIX
from hashing.errors import shown

logger = logging.getLogger(__name__)

_Identity = tuple[int, int]

_CHANGES: Final = frozenset({EVENT_TYPE_CREATED, EVENT_TYPE_DELETED, EVENT_TYPE_MODIFIED, EVENT_TYPE_MOVED})


class SlipWatcher:
    """Announces every slip that appears in `folder`, and its going.

    Each slip (path, inode, mtime) is announced once, those present at the start included. A slip that is replaced is
    announced as gone and seen again. Both callbacks run on one thread of the watcher, one at a time, and must return
    soon; one that raises is logged and the slip counts as announced. Files whose name starts with a dot or does not
    end in .json are not slips. Content and trust are not looked at here (see `slips.read_slip`).

    If the folder vanishes, its slips are announced as gone and the watcher goes on when the folder is back.
    """

    def __init__(
        self,
        folder: Path,
        on_slip_seen: Callable[[Path], None],
        on_slip_gone: Callable[[Path], None],
        rescan_s: float,
    ) -> None:
        if rescan_s <= 0:
            raise ValueError(f"the rescan interval is above zero: {rescan_s}")
        self._folder = folder
        self._on_slip_seen = on_slip_seen
        self._on_slip_gone = on_slip_gone
        self._rescan_s = rescan_s
        self._known: dict[Path, _Identity] = {}
        self._look = threading.Event()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._observer: BaseObserver | None = None
        self._watched: _Identity | None = None

    def start(self) -> None:
        """Begin to watch; returns at once, slips already there are announced from the watcher's thread.

        Raises:
            SlipFolderMissingError: the folder is not there; create it and start again.
            RuntimeError: the watcher runs already.
        """
        if self._thread is not None:
            raise RuntimeError("the slip watcher runs already")
        if not self._folder.is_dir():
            found = "something else" if self._folder.exists() else "nothing"
            raise SlipFolderMissingError(path=shown(self._folder), found=found)
        self._stopping.clear()
        self._look.set()
        self._thread = threading.Thread(target=self._run, name="slip-watcher", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the watch and wait for its thread; nothing is announced afterwards. Stopping twice is harmless."""
        if self._thread is None:
            return
        self._stopping.set()
        self._look.set()
        self._thread.join()
        self._thread = None
        self._known.clear()

    def _run(self) -> None:
        try:
            while not self._stopping.is_set():
                self._look.wait(self._rescan_s)
                self._look.clear()
                if not self._stopping.is_set():
                    # Watch first, then list: what appears in between is then noticed twice rather than never.
                    self._renew_observer()
                    self._compare(self._slips())
        finally:
            self._end_observer()

    def _renew_observer(self) -> None:
        """Watch the folder that stands there now: an inotify watch is deaf once its folder was replaced."""
        try:
            found = self._folder.stat()
            identity = (found.st_dev, found.st_ino)
        except OSError:
            identity = None
        if identity == self._watched:
            return
        self._end_observer()
        self._watched = identity
        if identity is None:
            logger.warning("slip folder is gone folder=%s", shown(self._folder))
            return
        observer = Observer()
        try:
            observer.schedule(_Wake(self._look), str(self._folder))
            observer.start()
        except OSError as err:
            # For example no inotify watches left: the rescan alone is slower, not worse.
            logger.warning("slip folder is only rescanned folder=%s reason=%s", shown(self._folder), err)
            return
        self._observer = observer

    def _end_observer(self) -> None:
        if self._observer is not None:
            self._observer.stop()
            self._observer.join()
            self._observer = None
        self._watched = None

    def _slips(self) -> dict[Path, _Identity]:
        slips: dict[Path, _Identity] = {}
        try:
            with os.scandir(self._folder) as entries:
                for entry in entries:
                    identity = _slip_identity(entry)
                    if identity is not None:
                        slips[self._folder / entry.name] = identity
        except OSError as err:
            logger.debug("slip folder cannot be listed folder=%s reason=%s", shown(self._folder), err)
        return slips

    def _compare(self, slips: dict[Path, _Identity]) -> None:
        known, self._known = self._known, slips
        for path in sorted(known.keys() | slips.keys()):
            if known.get(path) == slips.get(path):
                continue
            if path in known:
                self._announce(self._on_slip_gone, path)
            if path in slips:
                self._announce(self._on_slip_seen, path)

    def _announce(self, callback: Callable[[Path], None], path: Path) -> None:
        try:
            callback(path)
        except Exception:
            # The rim of the watcher's thread: one slip that cannot be handled must not make the station deaf.
            logger.exception("announcing a slip failed slip=%s", shown(path))


class _Wake(FileSystemEventHandler):
    """Wakes the watcher for changes only: its own listing of the folder is an event too."""

    def __init__(self, look: threading.Event) -> None:
        self._look = look

    def on_any_event(self, event: FileSystemEvent) -> None:
        if event.event_type in _CHANGES:
            self._look.set()


def _slip_identity(entry: os.DirEntry[str]) -> _Identity | None:
    if entry.name.startswith(".") or not entry.name.endswith(SLIP_SUFFIX):
        return None
    try:
        found = entry.stat(follow_symlinks=False)
    except OSError:
        return None
    return None if stat.S_ISDIR(found.st_mode) else (found.st_ino, found.st_mtime_ns)
