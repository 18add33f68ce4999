"""The list of everything on a card, made without opening anything but directories.

Runs in a bare worker that can be abandoned, so it imports little.
"""

import os
import stat
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from docking.errors import CardGoneError, CardUnreadableError
from docking.opening import open_regular
from docking.presence import DIRECTORY_FLAGS, SYSFS, confirm_card_empty, confirm_card_present, open_card, says_gone
from docking.source import FileType, SourceFile, SpecialFile, SpecialKind, special_kind
from hashing.errors import shown

if TYPE_CHECKING:
    from docking.profile import RecorderProfile

__all__ = [
    "MAX_DEPTH",
    "MAX_FILE_BYTES",
    "FileType",
    "Inventory",
    "SourceFile",
    "SpecialFile",
    "SpecialKind",
    "open_regular",
    "take_inventory",
]

# Cameras nest three or four folders; a card made to exhaust memory nests without end. Beyond this depth a folder is
# listed as unreadable instead of entered.
MAX_DEPTH: Final = 4096
# No disk holds a larger file, and no larger number has a place in the ledger (RFC 8785): a directory entry that says so
# is damaged, and the other files are read.
MAX_FILE_BYTES: Final = 2**53 - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Inventory:
    """Everything found on a card, each part sorted by path bytes."""

    files: tuple[SourceFile, ...]
    specials: tuple[SpecialFile, ...]

    def classified_by(self, profile: "RecorderProfile") -> "Inventory":
        """Return the same files with the types `profile` gives their names."""
        files = tuple(replace(file, file_type=profile.file_type(file.path)) for file in self.files)
        return Inventory(files=files, specials=self.specials)


def take_inventory(root: Path, profile: "RecorderProfile | None" = None, *, sysfs: Path = SYSFS) -> Inventory:
    """List every entry below `root`, whatever its name, type or depth (R2, R10, R11, R27).

    Guaranteed on return: every directory entry on the filesystem of `root` is in the inventory, a folder that could
    not be listed as a special; and the card was still there afterwards. An inventory without files is only returned
    where the device was there to say so: otherwise it is cannot-tell, never empty.
    Nothing but directories is opened, no symbolic link is followed. Without `profile` every type is `unknown`
    (see `Inventory.classified_by`). Not checked: whether the files can be read.

    Raises:
        CardGoneError: the card was not there or vanished meanwhile.
        CardEmptyUnprovenError: no file was found, and nobody can tell whether the card is still there.
        CardUnreadableError: `root` itself cannot be listed, or folders were moved about during the walk.
    """
    root_fd = open_card(root)
    try:
        walk = _Walk(root, root_fd, profile.file_type if profile else _unknown)
        try:
            walk.run()
        except OSError as err:
            if not says_gone(err):
                raise
            raise CardGoneError(card=shown(root), reason=os.strerror(err.errno or 0)) from err
        except CardUnreadableError:
            # A pulled card can answer EIO before anything says that it is gone.
            confirm_card_present(root, root_fd, sysfs)
            raise
        confirm_card_present(root, root_fd, sysfs)
        if not walk.files:
            confirm_card_empty(root, root_fd, sysfs)
    finally:
        os.close(root_fd)
    return Inventory(
        files=tuple(sorted(walk.files, key=lambda file: file.path)),
        specials=tuple(sorted(walk.specials, key=lambda special: special.path)),
    )


def _unknown(_path: bytes) -> FileType:
    return FileType.UNKNOWN


@dataclass(slots=True)
class _Level:
    """One folder between the card's root and where the walk stands."""

    name: str
    prefix_bytes: int
    identity: tuple[int, int]
    subdirectories: list[str]


class _Walk:
    """A depth-first walk that holds one descriptor, so neither depth nor path length has a limit of the kernel's.

    It descends with openat and climbs with "..", checking that it arrives where it came from.
    """

    def __init__(self, root: Path, root_fd: int, file_type: Callable[[bytes], FileType]) -> None:
        self.files: list[SourceFile] = []
        self.specials: list[SpecialFile] = []
        self._root = root
        self._root_fd = root_fd
        self._device = os.fstat(root_fd).st_dev
        self._file_type = file_type
        self._levels: list[_Level] = []
        self._ancestors: set[tuple[int, int]] = set()
        self._prefix = bytearray()

    def run(self) -> None:
        fd = os.open(".", DIRECTORY_FLAGS, dir_fd=self._root_fd)
        try:
            self._enter(fd, "")
            while self._levels:
                fd = self._move(fd)
        finally:
            os.close(fd)

    def _move(self, fd: int) -> int:
        """Go one folder down, or up when none is left; `fd` is closed when another one is returned."""
        level = self._levels[-1]
        if level.subdirectories:
            name = level.subdirectories.pop()
            below = self._open_below(fd, name)
            if below is None:
                return fd
            os.close(fd)
            self._enter(below, name)
            return below
        self._leave()
        if not self._levels:
            return fd
        above = self._open_above(fd)
        os.close(fd)
        return above

    def _enter(self, fd: int, name: str) -> None:
        found = os.fstat(fd)
        identity = (found.st_dev, found.st_ino)
        prefix_bytes = len(self._prefix)
        if name:
            self._prefix += os.fsencode(name) + b"/"
        self._levels.append(_Level(name, prefix_bytes, identity, []))
        self._ancestors.add(identity)
        self._list(fd, self._levels[-1].subdirectories)

    def _leave(self) -> None:
        level = self._levels.pop()
        self._ancestors.discard(level.identity)
        del self._prefix[level.prefix_bytes :]

    def _list(self, fd: int, subdirectories: list[str]) -> None:
        try:
            with os.scandir(fd) as entries:
                for entry in entries:
                    self._note(entry, subdirectories)
        except OSError as err:
            if says_gone(err):
                raise
            if not self._prefix:
                raise CardUnreadableError(card=shown(self._root), reason=os.strerror(err.errno or 0)) from err
            # What was listed before the error stays listed: R11 wants every difference explained, not hidden.
            self.specials.append(SpecialFile(path=bytes(self._prefix[:-1]), kind=SpecialKind.UNREADABLE_DIRECTORY))

    def _note(self, entry: os.DirEntry[str], subdirectories: list[str]) -> None:
        try:
            found = entry.stat(follow_symlinks=False)
        except OSError as err:
            if says_gone(err):
                raise
            self._special(entry.name, SpecialKind.UNREADABLE_ENTRY)
            return
        if stat.S_ISREG(found.st_mode) and found.st_size > MAX_FILE_BYTES:
            self._special(entry.name, SpecialKind.UNREADABLE_ENTRY)
        elif stat.S_ISREG(found.st_mode):
            path = bytes(self._prefix) + os.fsencode(entry.name)
            self.files.append(
                SourceFile(
                    path=path,
                    size_bytes=found.st_size,
                    mtime_ns=found.st_mtime_ns,
                    changed_ns=found.st_ctime_ns,
                    file_type=self._file_type(path),
                )
            )
        elif stat.S_ISDIR(found.st_mode):
            subdirectories.append(entry.name)
        else:
            self._special(entry.name, special_kind(found.st_mode))

    def _special(self, name: str, kind: SpecialKind) -> None:
        self.specials.append(SpecialFile(path=bytes(self._prefix) + os.fsencode(name), kind=kind))

    def _open_below(self, fd: int, name: str) -> int | None:
        """Return a descriptor of the folder `name`, or None after noting why it is not entered."""
        if len(self._levels) > MAX_DEPTH:
            self._special(name, SpecialKind.UNREADABLE_DIRECTORY)
            return None
        try:
            below = os.open(name, DIRECTORY_FLAGS, dir_fd=fd)
        except OSError as err:
            if says_gone(err):
                raise
            self._special(name, SpecialKind.UNREADABLE_DIRECTORY)
            return None
        found = os.fstat(below)
        refused = None
        if found.st_dev != self._device:
            refused = SpecialKind.OTHER_FILESYSTEM
        elif (found.st_dev, found.st_ino) in self._ancestors:
            refused = SpecialKind.DIRECTORY_LOOP
        if refused is None:
            return below
        os.close(below)
        self._special(name, refused)
        return None

    def _open_above(self, fd: int) -> int:
        """Return a descriptor of the folder on top of the levels, which holds the one open as `fd`."""
        try:
            above = os.open("..", DIRECTORY_FLAGS, dir_fd=fd)
        except PermissionError:
            # A folder that may be listed but not searched does not even give its "..".
            above = self._open_from_root()
        found = os.fstat(above)
        if (found.st_dev, found.st_ino) == self._levels[-1].identity:
            return above
        os.close(above)
        raise CardUnreadableError(card=shown(self._root), reason="folders were moved while they were being listed")

    def _open_from_root(self) -> int:
        fd = os.open(".", DIRECTORY_FLAGS, dir_fd=self._root_fd)
        for level in self._levels[1:]:
            try:
                below = os.open(level.name, DIRECTORY_FLAGS, dir_fd=fd)
            finally:
                os.close(fd)
            fd = below
        return fd
