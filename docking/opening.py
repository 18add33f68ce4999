"""Opening one regular file of a card, and nothing else.

Runs in a bare worker that can be abandoned, so it imports little.
"""

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from docking.errors import CardGoneError, NotARegularFileError, NotAsListedError, SourceUnreadableError
from docking.presence import SYSFS, has_device_left, says_gone
from docking.source import SpecialKind, special_kind
from hashing.errors import shown

# O_NONBLOCK: a FIFO that takes the file's place between look and open must not block for ever.
_FILE_FLAGS: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY
# O_PATH: a folder on the way needs to be passed, not listed.
_PASS_FLAGS: Final = os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


def open_regular(root_fd: int, path: bytes, *, sysfs: Path = SYSFS) -> int:
    """Return a read-only descriptor of the regular file `path` below `root_fd`; the caller closes it.

    Goes component by component, so no symbolic link is followed and no length limits the path. Nothing but a regular
    file is ever opened, not even for a moment, unless it takes the file's place in that moment; then it is closed
    unread. Not checked: that the file is the one the inventory listed (`require_as_listed`).

    Raises:
        ValueError: `path` is not a relative path of plain names.
        NotARegularFileError: something else stands there, or on the way there.
        SourceUnreadableError: the file cannot be opened though the card is there.
        CardGoneError: the card vanished.
    """
    with folder_of(root_fd, path, sysfs=sysfs) as (fd, name):
        return _open_last(fd, name, path)


@contextmanager
def folder_of(root_fd: int, path: bytes, *, sysfs: Path = SYSFS) -> Iterator[tuple[int, bytes]]:
    """Give a descriptor of the folder that holds `path`, and the last name of it, for as long as the block runs.

    Reached component by component below `root_fd`, without following a link or leaving the filesystem; the descriptor
    can only be passed (O_PATH). What the kernel says inside the block is stated as `open_regular` states it.

    Raises:
        ValueError: `path` is not a relative path of plain names.
        NotARegularFileError: something else stands on the way there.
        SourceUnreadableError: the way there, or what was asked in the block, fails though the card is there.
        CardGoneError: the card vanished.
    """
    *folders, name = _components(path)
    fd = os.dup(root_fd)
    try:
        device = os.fstat(fd).st_dev
        for folder in folders:
            if stat.S_ISLNK(os.stat(folder, dir_fd=fd, follow_symlinks=False).st_mode):
                raise NotARegularFileError(path=shown(path), kind=SpecialKind.SYMLINK)
            below = os.open(folder, _PASS_FLAGS, dir_fd=fd)
            os.close(fd)
            fd = below
            if os.fstat(fd).st_dev != device:
                raise NotARegularFileError(path=shown(path), kind=SpecialKind.OTHER_FILESYSTEM)
        yield fd, name
    except OSError as err:
        reason = os.strerror(err.errno or 0)
        if _card_is_gone(root_fd, err, sysfs):
            raise CardGoneError(card=_name_of(root_fd), reason=reason) from err
        if err.errno == errno.ELOOP:
            raise NotARegularFileError(path=shown(path), kind=SpecialKind.SYMLINK) from err
        raise SourceUnreadableError(path=shown(path), reason=reason) from err
    finally:
        os.close(fd)


def require_as_listed(fd: int, path: bytes, *, size_bytes: int, mtime_ns: int) -> None:
    """Return if the open file has the size and the time with which the inventory listed it.

    Raises:
        NotAsListedError: it has not.
        OSError: the card does not say.
    """
    found = os.fstat(fd)
    if (found.st_size, found.st_mtime_ns) != (size_bytes, mtime_ns):
        raise NotAsListedError(
            path=shown(path),
            expected_bytes=size_bytes,
            expected_mtime_ns=mtime_ns,
            found_bytes=found.st_size,
            found_mtime_ns=found.st_mtime_ns,
        )


def _components(path: bytes) -> list[bytes]:
    components = path.split(b"/")
    if any(component in {b"", b".", b".."} or b"\0" in component for component in components):
        raise ValueError(f"not a relative path of plain names: {path!r}")
    return components


def _open_last(folder_fd: int, name: bytes, path: bytes) -> int:
    seen = os.stat(name, dir_fd=folder_fd, follow_symlinks=False)
    if not stat.S_ISREG(seen.st_mode):
        raise NotARegularFileError(path=shown(path), kind=_kind(seen.st_mode))
    fd = os.open(name, _FILE_FLAGS, dir_fd=folder_fd)
    opened = os.fstat(fd)
    if stat.S_ISREG(opened.st_mode):
        return fd
    os.close(fd)
    raise NotARegularFileError(path=shown(path), kind=_kind(opened.st_mode))


def _kind(mode: int) -> str:
    return "directory" if stat.S_ISDIR(mode) else special_kind(mode)


def _card_is_gone(root_fd: int, err: OSError, sysfs: Path) -> bool:
    if says_gone(err):
        return True
    root = os.fstat(root_fd)
    return root.st_nlink == 0 or has_device_left(root.st_dev, sysfs)


def _name_of(root_fd: int) -> str:
    return shown(Path(f"/proc/self/fd/{root_fd}").readlink())
