"""What can be found on a card: regular files, and the rest that is listed and never opened."""

import stat
from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class FileType(StrEnum):
    """What a file is, by its name only; the text is stored in the ledger."""

    VIDEO = "video"
    AUDIO = "audio"
    PHOTO = "photo"
    SIDECAR = "sidecar"
    FOREIGN = "foreign"
    UNKNOWN = "unknown"


class SpecialKind(StrEnum):
    """Why something on a card is listed but not read; the text is stored in the ledger."""

    SYMLINK = "symlink"
    FIFO = "fifo"
    SOCKET = "socket"
    BLOCK_DEVICE = "block-device"
    CHAR_DEVICE = "char-device"
    OTHER_FILESYSTEM = "other-filesystem"
    DIRECTORY_LOOP = "directory-loop"
    UNREADABLE_DIRECTORY = "unreadable-directory"
    UNREADABLE_ENTRY = "unreadable-entry"


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceFile:
    """A regular file on a card.

    `path` is the exact bytes relative to the card, separated by b"/"; `mtime_ns` (last written) and `changed_ns` (the
    directory entry last changed; FAT and exFAT keep no time of their own for that) are as the filesystem says.
    """

    path: bytes
    size_bytes: int
    mtime_ns: int
    changed_ns: int
    file_type: FileType


@dataclass(frozen=True, slots=True, kw_only=True)
class SpecialFile:
    """Something on a card that is listed and never opened."""

    path: bytes
    kind: SpecialKind


def special_kind(mode: int) -> SpecialKind:
    """Return the kind of an entry that is neither a regular file nor a directory."""
    return _KIND_OF_FORMAT.get(stat.S_IFMT(mode), SpecialKind.UNREADABLE_ENTRY)


_KIND_OF_FORMAT: Final = {
    stat.S_IFLNK: SpecialKind.SYMLINK,
    stat.S_IFIFO: SpecialKind.FIFO,
    stat.S_IFSOCK: SpecialKind.SOCKET,
    stat.S_IFBLK: SpecialKind.BLOCK_DEVICE,
    stat.S_IFCHR: SpecialKind.CHAR_DEVICE,
}
