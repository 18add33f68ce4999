"""A real FUSE card or disk that misbehaves at a stated file, for tests: it is pulled, hangs, crawls, or lies.

Run as `python -m tests.bodycam_custody.odd_card MOUNT FOLDER KIND NAME`.
"""

import contextlib
import errno
import os
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from tests.archive.fuse_server import served

PULLED = "pulled"  # from the first read of the file on, the device is no more
HANGS = "hangs"  # a read of the file never ends
UNREADABLE = "unreadable"  # a bad sector: EIO
UNLISTED = "unlisted"  # the same where a folder lies
SLOW = "slow"  # every read of the file takes a fifth of a second, whatever its size
FLIPPED = "flipped"  # the first byte of the file comes changed, and nothing else about it
VANISHED = "vanished"  # every folder lists as empty, without any error, as an unplugged FAT card may
SLOW_READ_S = 0.2
ROTTEN = "rotten"  # a disk that takes every write, and gives the first byte of files of that name back changed


@contextlib.contextmanager
def odd_card(folder: Path, kind: str, name: str) -> Iterator[Path]:
    """Yield a mount point that shows `folder` and misbehaves at the file `name`; skips where FUSE cannot be used."""
    with served(__name__, folder, kind, name, mount=folder.with_name(f"{folder.name}-{kind}")) as mount:
        yield mount


def _serve(mount: str, folder: str, kind: str, name: str) -> None:
    from mfusepy import FUSE, FuseOSError, Operations

    class OddDisk(Operations):  # type: ignore[misc]  # mfusepy ships no types
        """Show `folder` as it is, except where it misbehaves."""

        use_ns = True
        is_pulled = False

        def init_with_config(self, _conn_info: object, config: object) -> None:
            config.direct_io = 1  # type: ignore[attr-defined]  # a C struct; every read comes to us
            config.entry_timeout = config.attr_timeout = 0  # type: ignore[attr-defined]  # nor is a look remembered

        def _here(self, path: str) -> str:
            if self.is_pulled:
                raise FuseOSError(errno.ENODEV)
            return folder + path

        def getattr(self, path: str, _fh: int | None = None) -> dict[str, object]:
            found = os.lstat(self._here(path))
            names = ("st_mode", "st_nlink", "st_uid", "st_gid", "st_size")
            times = {f"st_{of}time": getattr(found, f"st_{of}time_ns") for of in "amc"}
            return {name: getattr(found, name) for name in names} | times

        def readdir(self, path: str, _fh: int) -> list[str]:
            if kind == UNLISTED and path.lstrip("/") == name:
                raise FuseOSError(errno.EIO)
            if kind == VANISHED:
                return [".", ".."]
            return [".", "..", *(entry.name for entry in Path(self._here(path)).iterdir())]

        def open(self, path: str, flags: int) -> int:
            return os.open(self._here(path), flags)

        def read(self, path: str, size: int, offset: int, fh: int) -> bytes:
            if path.lstrip("/") == name:
                if kind == HANGS:
                    threading.Event().wait()
                if kind == UNREADABLE:
                    raise FuseOSError(errno.EIO)
                if kind == SLOW:
                    time.sleep(SLOW_READ_S)
                self.is_pulled |= kind == PULLED
            self._here(path)
            data = os.pread(fh, size, offset)
            is_changed = kind == ROTTEN and Path(path).name == name
            is_changed |= kind == FLIPPED and path.lstrip("/") == name
            return bytes([data[0] ^ 1]) + data[1:] if is_changed and offset == 0 else data

        def create(self, path: str, mode: int, _fi: object = None) -> int:
            return os.open(folder + path, os.O_RDWR | os.O_CREAT | os.O_EXCL, mode)

        def write(self, _path: str, data: bytes, offset: int, fh: int) -> int:
            return os.pwrite(fh, data, offset)

        def truncate(self, path: str, length: int, _fh: int | None = None) -> int:
            os.truncate(folder + path, length)
            return 0

        def fsync(self, _path: str, _datasync: int, fh: int) -> int:
            os.fsync(fh)
            return 0

        def mkdir(self, path: str, mode: int) -> int:
            Path(folder + path).mkdir(mode)
            return 0

        def rmdir(self, path: str) -> int:
            Path(folder + path).rmdir()
            return 0

        def unlink(self, path: str) -> int:
            Path(folder + path).unlink()
            return 0

        def rename(self, old: str, new: str, *_flags: int) -> int:
            Path(folder + old).rename(folder + new)
            return 0

        def chmod(self, path: str, mode: int) -> int:
            Path(folder + path).chmod(mode)
            return 0

        def release(self, _path: str, fh: int) -> int:
            os.close(fh)
            return 0

    FUSE(OddDisk(), mount, foreground=True, nothreads=True)


if __name__ == "__main__":
    _serve(*sys.argv[1:5])
