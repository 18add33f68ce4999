"""The notes the root helpers leave for the daemon, as they are now."""

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Generic, TypeVar

from docking.errors import DockingError
from docking.notes import NOTE_SUFFIX

logger = logging.getLogger(__name__)

NoteKey = tuple[str, int, int]
"""Name, inode and time of change: another note of the same name has another key."""

_Note = TypeVar("_Note")


class NoteFolder(Generic[_Note]):
    """Reads every note of one folder that counts, each file once; what does not count is logged and passed over."""

    def __init__(self, folder: Path, read: Callable[[Path], _Note | None]) -> None:
        self._folder = folder
        self._read = read
        self._known: dict[NoteKey, _Note | None] = {}

    def look(self) -> dict[NoteKey, _Note]:
        """Return the notes that are there now; a folder that is not there has none."""
        now: dict[NoteKey, _Note | None] = {}
        for path in self._folder.glob(f"[!.]*{NOTE_SUFFIX}"):
            try:
                state = path.stat(follow_symlinks=False)
                key = (path.name, state.st_ino, state.st_ctime_ns)
                now[key] = self._known[key] if key in self._known else self._read(path)
            except OSError:
                continue  # taken away between listing and looking
            except DockingError as err:
                now[key] = None
                logger.warning("note does not count note=%s reason=%s", path, err)
        self._known = now
        return {key: note for key, note in now.items() if note is not None}
