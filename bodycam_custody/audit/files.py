"""Reading evidence that may be hostile: only regular files are opened, no link is followed, every read has a limit.

Names come back as text the way `os.fsdecode` makes it; whoever prints one puts it through `hashing.errors.shown`.
"""

import os
import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from hashing.tiles import TILE_WIDTH, entries_path, tile_path

# A full bundle of the longest entries a 16-bit length can announce.
MAX_FILE_BYTES = 256 * (65_535 + 2)

_KINDS = {
    stat.S_IFLNK: "symlink",
    stat.S_IFIFO: "fifo",
    stat.S_IFSOCK: "socket",
    stat.S_IFBLK: "block-device",
    stat.S_IFCHR: "char-device",
}

_HEAD = re.compile(r"heads/(0|[1-9][0-9]{0,15})", re.ASCII)
_TILE = re.compile(r"tile/(entries|[0-5])/((?:x[0-9]{3}/){0,4}[0-9]{3})(?:\.p/([1-9][0-9]{0,2}))?", re.ASCII)


class UnreadableError(Exception):
    """A file of the evidence cannot be read; becomes a finding at once, so it stays inside the verifier."""


class NotPermittedError(Exception):
    """The reader lacks a right. That says nothing about the evidence, so it ends the verification instead."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(reason)
        self.path, self.reason = path, reason


def read_regular(path: Path, limit_bytes: int = MAX_FILE_BYTES) -> bytes:
    """Return the bytes of a regular file of at most `limit_bytes`; the last component is never followed as a link.

    Raises:
        UnreadableError: it is missing, no regular file, too large, or fails; the text is the reason.
        NotPermittedError: the reader may not.
    """
    try:
        # O_NONBLOCK: opening a FIFO would otherwise wait for a writer for ever.
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except (OSError, ValueError) as err:
        raise _translated(path, err) from err
    try:
        about = os.fstat(descriptor)
        if not stat.S_ISREG(about.st_mode):
            raise UnreadableError("not a regular file")
        return _read_all(descriptor, about.st_size, limit_bytes)
    except OSError as err:
        raise _translated(path, err) from err
    finally:
        os.close(descriptor)


def _read_all(descriptor: int, size_bytes: int, limit_bytes: int) -> bytes:
    # The size is only a hint for the buffer: a file may grow, and some file systems say 0.
    parts, left = [], limit_bytes + 1
    while left and (part := os.read(descriptor, min(left, size_bytes + 4096))):
        parts.append(part)
        left -= len(part)
    if not left:
        raise UnreadableError(f"larger than {limit_bytes} bytes")
    return b"".join(parts)


@dataclass(frozen=True, slots=True, kw_only=True)
class FolderContents:
    """What one folder holds, by name in order; specials with their kind."""

    folders: tuple[str, ...]
    files: tuple[str, ...]
    specials: tuple[tuple[str, str], ...]


def list_folder(path: Path) -> FolderContents:
    """Return what lies directly in `path`.

    Raises:
        UnreadableError: it is no folder (or a link to one), or fails; the text is the reason.
        NotPermittedError: the reader may not.
    """
    folders, files, specials = [], [], []
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            with os.scandir(descriptor) as entries:
                for entry in entries:
                    mode = entry.stat(follow_symlinks=False).st_mode
                    if stat.S_ISDIR(mode):
                        folders.append(entry.name)
                    elif stat.S_ISREG(mode):
                        files.append(entry.name)
                    else:
                        specials.append((entry.name, _KINDS.get(stat.S_IFMT(mode), "special")))
        finally:
            os.close(descriptor)
    except (OSError, ValueError) as err:
        raise _translated(path, err) from err
    return FolderContents(folders=tuple(sorted(folders)), files=tuple(sorted(files)), specials=tuple(sorted(specials)))


@dataclass(slots=True, kw_only=True)
class LedgerFiles:
    """The files of one ledger folder but its checkpoint, sorted by what they are; paths are relative to it."""

    head_sizes: list[int] = field(default_factory=list)
    bundle_widths: dict[int, list[int]] = field(default_factory=dict)
    tile_widths: dict[tuple[int, int], list[int]] = field(default_factory=dict)
    strays: list[str] = field(default_factory=list)
    specials: list[tuple[str, str]] = field(default_factory=list)
    unreadable: list[tuple[str, str]] = field(default_factory=list)

    def add(self, path: str) -> None:
        """Sort one regular file in."""
        if path == "checkpoint":
            return
        if head := _HEAD.fullmatch(path):
            self.head_sizes.append(int(head[1]))
        elif (tile := _TILE.fullmatch(path)) and self._add_tile(path, *tile.groups()):
            pass
        else:
            self.strays.append(path)

    def _add_tile(self, path: str, level: str, number: str, partial: str | None) -> bool:
        index = int(number.replace("x", "").replace("/", ""))
        width = int(partial) if partial else TILE_WIDTH
        # One tile, one name: x000/001 or 001.p/256 would be second names for the same tile.
        if width > TILE_WIDTH or path != _path_of(level, index, width):
            return False
        if level == "entries":
            self.bundle_widths.setdefault(index, []).append(width)
        else:
            self.tile_widths.setdefault((int(level), index), []).append(width)
        return True


def _path_of(level: str, index: int, width: int) -> str:
    return str(entries_path(index, width) if level == "entries" else tile_path(int(level), index, width))


def list_ledger(folder: Path) -> LedgerFiles:
    """Return the files of a ledger folder; what cannot be listed is in `unreadable`."""
    found = LedgerFiles()
    for path in _walk(folder, found):
        found.add(path)
    found.head_sizes.sort()
    return found


def _walk(folder: Path, found: LedgerFiles) -> Iterator[str]:
    waiting = [""]
    while waiting:
        prefix = waiting.pop()
        try:
            contents = list_folder(folder / prefix)
        except UnreadableError as err:
            found.unreadable.append((prefix.rstrip("/"), str(err)))
            continue
        # In order of name, so that heads are listed before tiles: a station that publishes meanwhile only adds files,
        # and a head that is listed has its tiles already.
        waiting += [f"{prefix}{name}/" for name in reversed(contents.folders)]
        found.specials += [(f"{prefix}{name}", kind) for name, kind in contents.specials]
        yield from (f"{prefix}{name}" for name in contents.files)


def _translated(path: Path, err: OSError | ValueError) -> UnreadableError | NotPermittedError:
    reason = (err.strerror if isinstance(err, OSError) else None) or str(err)
    return NotPermittedError(path, reason) if isinstance(err, PermissionError) else UnreadableError(reason)
