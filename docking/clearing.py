"""Removing receipted files from a card: every one is read and compared first, and one change stops all of it (R40).

Works below one descriptor of the card's root, component by component, following no link. Nothing here makes the card
writable (`docking.card_access`), and nothing that is not named is touched: folders stay, foreign files too.
"""

import os
import stat
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from docking.clearing_errors import FileNotReceiptedError
from docking.errors import NotARegularFileError, SourceUnreadableError
from docking.opening import folder_of, open_regular
from hashing.digest import CHUNK_BYTES, Digest, digest_stream
from hashing.errors import N_, Statement, shown

_SIZE = N_("size")
_MTIME = N_("time of change")
_DIGEST = N_("sha256")


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptedFile:
    """A file as the inventory and its sealing have it; `number` is its number in the inventory."""

    number: int
    path: bytes
    size_bytes: int
    mtime_ns: int
    sha256: Digest


def require_unchanged(
    root_fd: int, files: Sequence[ReceiptedFile], *, on_file: Callable[[ReceiptedFile], None]
) -> None:
    """Return if every file on the card is, byte for byte, what its receipt says; each is read from the medium.

    `on_file` is told of each file that passed. Nothing is changed.

    Raises:
        FileNotReceiptedError, NotARegularFileError: a file is another one than the receipt's, or something else.
        SourceUnreadableError: a file is not there or cannot be read.
        CardGoneError: the card vanished.
    """
    buffer = bytearray(CHUNK_BYTES)
    for file in files:
        descriptor = open_regular(root_fd, file.path)
        try:
            _require_same(file, os.fstat(descriptor))
            # Clean pages of an earlier reading prove nothing about the medium.
            os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
            with open(descriptor, "rb", buffering=0, closefd=False) as stream:
                found, size = digest_stream(stream, buffer)
            if found != file.sha256 or size != file.size_bytes:
                raise _differs(file, _DIGEST, file.sha256.hex, found.hex)
            _require_same(file, os.fstat(descriptor))
        except OSError as err:
            raise SourceUnreadableError(path=shown(file.path), reason=os.strerror(err.errno or 0)) from err
        finally:
            os.close(descriptor)
        on_file(file)


def require_looks_unchanged(root_fd: int, files: Sequence[ReceiptedFile]) -> None:
    """Return if every file still has the size and time of its receipt; a last look, just before the first is removed.

    Raises:
        FileNotReceiptedError, NotARegularFileError, SourceUnreadableError, CardGoneError: as `require_unchanged`.
    """
    for file in files:
        with folder_of(root_fd, file.path) as (folder, name):
            _require_regular(file, os.stat(name, dir_fd=folder, follow_symlinks=False))


def remove(root_fd: int, files: Sequence[ReceiptedFile], *, on_removed: Callable[[ReceiptedFile], None]) -> None:
    """Remove the files in their order; `on_removed` is told of each at once.

    Not guaranteed: that it lasts; flush the card's filesystem afterwards. After an error those told of are gone and
    the others are there, except perhaps the one in between.

    Raises:
        FileNotReceiptedError, NotARegularFileError: a file changed since it was read; it and all after it stay.
        SourceUnreadableError: a file could not be removed; it and all after it stay.
        CardGoneError: the card vanished.
    """
    for file in files:
        with folder_of(root_fd, file.path) as (folder, name):
            _require_regular(file, os.stat(name, dir_fd=folder, follow_symlinks=False))
            os.unlink(name, dir_fd=folder)
        on_removed(file)


def _require_regular(file: ReceiptedFile, found: os.stat_result) -> None:
    if not stat.S_ISREG(found.st_mode):
        raise NotARegularFileError(path=shown(file.path), kind=stat.filemode(found.st_mode))
    _require_same(file, found)


def _require_same(file: ReceiptedFile, found: os.stat_result) -> None:
    if found.st_size != file.size_bytes:
        raise _differs(file, _SIZE, str(file.size_bytes), str(found.st_size))
    if found.st_mtime_ns != file.mtime_ns:
        raise _differs(file, _MTIME, str(file.mtime_ns), str(found.st_mtime_ns))


def _differs(file: ReceiptedFile, what: str, expected: str, found: str) -> FileNotReceiptedError:
    return FileNotReceiptedError(path=shown(file.path), what=Statement(what), expected=expected, found=found)
