"""A real FUSE filesystem over a folder that fails on purpose, for tests: a disk or card that goes bad.

Run as `python -m tests.archive.fault_filesystem MOUNT FOLDER FAULT...`. A FAULT is `<kind>:<file name>:<offset>`.
"""

import contextlib
import errno
import os
import sys
from collections.abc import Iterator
from pathlib import Path

from tests.archive.fuse_server import served

READ_ERROR = "read-error"  # EIO for every read that touches the offset
BIT_FLIP = "bit-flip"  # the byte at the offset reads with its lowest bit turned
WRITE_ERROR = "write-error"  # EIO for every write that touches the offset
SYNC_ERROR = "sync-error"  # fsync says EIO


@contextlib.contextmanager
def faulty(folder: Path, *faults: str) -> Iterator[Path]:
    """Yield a mount point that shows `folder` with `faults`; skips the test where FUSE cannot be used."""
    with served(__name__, folder, *faults, mount=folder.with_name(folder.name + "-faulty")) as mount:
        yield mount


def _serve(mount: str, folder: str, faults: list[str]) -> None:
    from mfusepy import FUSE, FuseOSError, Operations

    class Faulty(Operations):  # type: ignore[misc]  # mfusepy ships no types
        """Pass everything through to `folder`, except where a fault is asked for."""

        use_ns = True

        def init_with_config(self, _conn_info: object, config: object) -> None:
            config.direct_io = 1  # type: ignore[attr-defined]  # a C struct; every read comes to us

        def _hit(self, kind: str, path: str, start: int, size: int) -> int | None:
            for fault in faults:
                found, name, offset = fault.split(":")
                if (found, name) == (kind, path.lstrip("/")) and start <= int(offset) < start + size:
                    return int(offset) - start
            return None

        def getattr(self, path: str, _fh: int | None = None) -> dict[str, object]:
            found = os.lstat(folder + path)
            names = ("st_mode", "st_nlink", "st_uid", "st_gid", "st_size")
            times = {f"st_{kind}time": getattr(found, f"st_{kind}time_ns") for kind in "amc"}
            return {name: getattr(found, name) for name in names} | times

        def readdir(self, path: str, _fh: int) -> list[str]:
            return [".", "..", *(entry.name for entry in Path(folder + path).iterdir())]

        def create(self, path: str, mode: int, _fi: object = None) -> int:
            return os.open(folder + path, os.O_RDWR | os.O_CREAT | os.O_EXCL, mode)

        def open(self, path: str, flags: int) -> int:
            return os.open(folder + path, flags)

        def read(self, path: str, size: int, offset: int, fh: int) -> bytes:
            if self._hit(READ_ERROR, path, offset, size) is not None:
                raise FuseOSError(errno.EIO)
            data = bytearray(os.pread(fh, size, offset))
            at = self._hit(BIT_FLIP, path, offset, len(data))
            if at is not None:
                data[at] ^= 1
            return bytes(data)

        def write(self, path: str, data: bytes, offset: int, fh: int) -> int:
            if self._hit(WRITE_ERROR, path, offset, len(data)) is not None:
                raise FuseOSError(errno.EIO)
            return os.pwrite(fh, data, offset)

        def fsync(self, path: str, _datasync: int, fh: int) -> int:
            if self._hit(SYNC_ERROR, path, 0, 1) is not None:
                raise FuseOSError(errno.EIO)
            os.fsync(fh)
            return 0

        def unlink(self, path: str) -> int:
            Path(folder + path).unlink()
            return 0

        def release(self, _path: str, fh: int) -> int:
            os.close(fh)
            return 0

        def chmod(self, path: str, mode: int) -> int:
            Path(folder + path).chmod(mode)
            return 0

    FUSE(Faulty(), mount, foreground=True, nothreads=True)


if __name__ == "__main__":
    _serve(sys.argv[1], sys.argv[2], sys.argv[3:])
