"""The program `custody-keep`: makes sealed bags immutable, and can do nothing else.

systemd starts it as root with one connection as its standard input. Over it the daemon hands over the open folder of
one bag after another (SCM_RIGHTS, unix(7)); for each comes back one line of JSON. What is handed over is looked at
first: only a sealed bag of the caller's own user is touched, and the flag is only ever set, never taken away.
"""

import array
import errno
import fcntl
import json
import logging
import os
import socket
import stat
import struct
import sys
from collections.abc import Iterator
from typing import Final

from archive.bag import SIGNATURE

logger = logging.getLogger(__name__)

# linux/fs.h
FS_IOC_GETFLAGS: Final = 0x80086601
FS_IOC_SETFLAGS: Final = 0x40086602
FS_IMMUTABLE_FL: Final = 0x10

# A bag has its clip, its sidecars and six files of ours, in two folders. Each is held open, and 1024 may be.
MAX_FILES: Final = 500
MAX_DEPTH: Final = 2
QUESTION: Final = b"k"

_DIRECTORY: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
# What a filesystem answers that has no such flag (vfat, network, some FUSE).
_CANNOT: Final = frozenset({errno.ENOTTY, errno.EOPNOTSUPP, errno.ENOSYS, errno.EINVAL})


class _RefusedError(Exception):
    """What was handed over is no sealed bag of the caller; only inside this module."""


def main() -> int:
    """Serve the connection on standard input until its end."""
    logging.basicConfig(format="%(levelname)s %(message)s", level=logging.INFO)
    with socket.socket(fileno=os.dup(sys.stdin.fileno())) as peer:
        uid = _peer_uid(peer)
        while True:
            said, descriptors, _, _ = socket.recv_fds(peer, len(QUESTION), 1)
            if not said:
                return 0
            answer = _answer(descriptors, uid)
            for descriptor in descriptors:
                os.close(descriptor)
            peer.sendall(json.dumps(answer).encode("ascii") + b"\n")


def _peer_uid(peer: socket.socket) -> int:
    size = struct.calcsize("3i")
    _, uid, _ = struct.unpack("3i", peer.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, size))
    return int(uid)


def _answer(descriptors: list[int], uid: int) -> dict[str, str]:
    if len(descriptors) != 1:
        return {"outcome": "refused", "reason": "expected one open folder"}
    try:
        keep(descriptors[0], owner_uid=uid)
    except _RefusedError as err:
        logger.error("not kept reason=%s", err)
        return {"outcome": "refused", "reason": str(err)}
    except OSError as err:
        outcome = "cannot" if err.errno in _CANNOT else "failed"
        return {"outcome": outcome, "reason": os.strerror(err.errno or 0)}
    return {"outcome": "kept", "reason": ""}


def keep(folder: int, *, owner_uid: int) -> None:
    """Make the sealed bag open as `folder` immutable: every file, then every folder from the inside out.

    Guaranteed on return: the flag is on all of it, asked back from the filesystem. After an error some of it may have
    the flag; calling again is safe.

    Raises:
        OSError: the filesystem has no such flag, or it could not be set.
    """
    opened: list[int] = []
    try:
        # Everything is looked at before anything is touched.
        opened.extend(_bag(folder, owner_uid))
        for descriptor in opened:
            set_immutable(descriptor)
    finally:
        for descriptor in opened:
            os.close(descriptor)
    set_immutable(folder)


def is_immutable(descriptor: int) -> bool:
    """Return whether nobody can change, rename or remove what is open as `descriptor`, as long as it has the flag.

    Raises:
        OSError: the filesystem has no such flag.
    """
    return bool(_flags(descriptor) & FS_IMMUTABLE_FL)


def set_immutable(descriptor: int) -> None:
    """Set the flag and ask for it back.

    Raises:
        OSError: it cannot be set here, or was not.
    """
    flags = _flags(descriptor)
    if flags & FS_IMMUTABLE_FL:
        return
    # The kernel reads an int, although the number of the request says long.
    fcntl.ioctl(descriptor, FS_IOC_SETFLAGS, struct.pack("@l", flags | FS_IMMUTABLE_FL))
    if not is_immutable(descriptor):
        raise OSError(errno.EIO, os.strerror(errno.EIO))


def _flags(descriptor: int) -> int:
    buffer = array.array("i", [0, 0])
    fcntl.ioctl(descriptor, FS_IOC_GETFLAGS, buffer)
    return buffer[0]


def _bag(folder: int, owner_uid: int) -> Iterator[int]:
    """Yield every file and inner folder of a sealed bag, open, inner ones first; refuse anything else."""
    if not stat.S_ISDIR(os.fstat(folder).st_mode):
        raise _RefusedError("not a folder")
    names = os.listdir(folder)
    if SIGNATURE not in names:
        raise _RefusedError("not a sealed bag: it has no signature")
    for count, descriptor in enumerate(_below(folder, owner_uid, MAX_DEPTH), start=1):
        yield descriptor
        if count > MAX_FILES:
            raise _RefusedError("too many files for a bag")


def _below(folder: int, owner_uid: int, depth: int) -> Iterator[int]:
    _require_owner(os.fstat(folder), owner_uid)
    if depth == 0:
        raise _RefusedError("folders too deep for a bag")
    for name in sorted(os.listdir(folder)):
        found = os.stat(name, dir_fd=folder, follow_symlinks=False)
        if stat.S_ISDIR(found.st_mode):
            inner = os.open(name, _DIRECTORY, dir_fd=folder)
            yield from _below(inner, owner_uid, depth - 1)
            yield inner
        elif stat.S_ISREG(found.st_mode):
            file = os.open(name, _FILE, dir_fd=folder)
            _require_sealed(os.fstat(file), owner_uid)
            yield file
        else:
            raise _RefusedError("something in it is neither file nor folder")


def _require_owner(found: os.stat_result, owner_uid: int) -> None:
    if found.st_uid != owner_uid:
        raise _RefusedError("it belongs to somebody else")


def _require_sealed(found: os.stat_result, owner_uid: int) -> None:
    _require_owner(found, owner_uid)
    if not stat.S_ISREG(found.st_mode) or found.st_mode & 0o222 or found.st_nlink != 1:
        raise _RefusedError("a file in it is not sealed")


if __name__ == "__main__":
    sys.exit(main())
