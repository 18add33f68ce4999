"""Stores: made once, known by a signed marker and the file system under it, and asked before each write.

A mount point without its disk, another disk on it, or a copy of the store elsewhere is refused (R41).
"""

import os
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from archive.durable import DIRECTORY_MODE, create_file, make_directories, replace_file, stated
from archive.errors import StoreFolderTakenError, StoreForeignError
from archive.filesystem import filesystem_identity_of
from archive.marker import MARKER_NAME, SIGNATURE_NAME, StoreId, StoreLocation, StoreMarker, StoreRole, parse_marker
from archive.mounts import HOST, Host
from archive.physical import physical_device_of
from archive.placement import reject_home_directory, reject_shared_disks
from archive.presence import bad_marker, read_marker, read_signature, reject_other_filesystem
from archive.store_readme import README_NAME, README_TEXT
from hashing.errors import HashingError, shown

__all__ = [
    "Store",
    "StoreId",
    "StoreLocation",
    "StoreMarker",
    "StoreRole",
    "create_store",
    "open_store",
    "reject_home_directory",
    "reject_shared_disks",
]

CLIPS = "clips"
LEDGER = "ledger"
TOMBSTONES = "tombstones"
STAGING = ".staging"
QUARANTINE = ".quarantine"
_FOLDERS = (CLIPS, LEDGER, TOMBSTONES, STAGING, QUARANTINE)

BALLAST_NAME = ".ballast"
# Room for the ledger's last pages and an alarm when the disk is full.
BALLAST_BYTES = 8 * 1024 * 1024

CANARY_PREFIX = ".canary-"
# One block of every usual file system, so that data space is asked for and not only a name.
_CANARY = b"canary\n".ljust(4096, b".")

# What an interrupted creation leaves, and mkfs.
_LEFTOVERS = frozenset({README_NAME, BALLAST_NAME, SIGNATURE_NAME, "lost+found"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Store:
    """A store that was there and was ours when it was opened."""

    location: StoreLocation
    marker: StoreMarker
    marker_bytes: bytes = field(repr=False)
    host: Host = field(default=HOST, repr=False)

    @property
    def path(self) -> Path:
        """The root folder of the store."""
        return self.location.path

    @property
    def clips(self) -> Path:
        """The sealed bags, by UTC date."""
        return self.path / CLIPS

    @property
    def ledger(self) -> Path:
        """The store's copy of the ledger."""
        return self.path / LEDGER

    @property
    def tombstones(self) -> Path:
        """Records of what was disposed of."""
        return self.path / TOMBSTONES

    @property
    def staging(self) -> Path:
        """What is being written and counts for nothing yet."""
        return self.path / STAGING

    @property
    def quarantine(self) -> Path:
        """Bad copies, kept aside."""
        return self.path / QUARANTINE

    def check_present(self) -> None:
        """Make sure that the opened store, and nothing else, is at its place now.

        Compares marker bytes and file system; the signature was checked when the store was opened.

        Raises:
            StoreMissingError, StoreNotMountedError, StoreForeignError: it is not.
            StoreUnreadableError: it cannot be seen.
        """
        found = read_marker(self.location, self.host)
        if found != self.marker_bytes:
            raise bad_marker(self.location, MARKER_NAME, "changed since the store was opened")
        reject_other_filesystem(self.location, self.marker, self.host)

    def check_writable(self) -> None:
        """Make sure that this store is present and takes a durable write; call it before each batch of writes.

        A file system forced read-only still looks writable to statvfs and access(): so a file is written, flushed
        and removed. A power cut may leave it in `.staging` under `CANARY_PREFIX`.

        Raises:
            StoreMissingError, StoreNotMountedError, StoreForeignError, StoreUnreadableError: the store is not there.
            StoreFullError, StoreReadOnlyError, DurableWriteError: it takes no writes.
        """
        self.check_present()
        canary = self.staging / f"{CANARY_PREFIX}{threading.get_native_id()}"
        with stated(self.path):
            canary.unlink(missing_ok=True)
        create_file(canary, _CANARY)
        with stated(self.path):
            canary.unlink(missing_ok=True)

    def free_bytes(self) -> int:
        """Return the room left for an unprivileged writer."""
        about = os.statvfs(self.path)
        return about.f_bavail * about.f_frsize

    def total_bytes(self) -> int:
        """Return the size of the file system."""
        about = os.statvfs(self.path)
        return about.f_blocks * about.f_frsize

    def release_ballast(self) -> bool:
        """Give the reserved room back so that a last entry fits; return whether there was any.

        Raises:
            StoreReadOnlyError, DurableWriteError: it could not be removed.
        """
        ballast = self.path / BALLAST_NAME
        if not ballast.exists():
            return False
        with stated(ballast):
            ballast.unlink(missing_ok=True)
        return True

    def restore_ballast(self, size_bytes: int = BALLAST_BYTES) -> None:
        """Reserve the room again, unless it is reserved.

        Raises:
            StoreFullError, StoreReadOnlyError, DurableWriteError: it could not be; nothing is left behind.
        """
        if not (self.path / BALLAST_NAME).exists():
            _lay_ballast(self.path, size_bytes)


def create_store(
    location: StoreLocation,
    *,
    origin: str,
    created_at: datetime,
    sign: Callable[[bytes], bytes],
    ballast_bytes: int = BALLAST_BYTES,
    host: Host = HOST,
) -> Store:
    """Make a new store in an empty folder (made if missing) and return it, open.

    The marker is written last: a crash before leaves no store, only empty folders, and calling again is safe. That
    the folder is the right disk is not checked here: see `reject_shared_disks`.

    Raises:
        StoreFolderTakenError: something is there already; nothing was changed.
        StoreFullError, StoreReadOnlyError, DurableWriteError: it could not be written.
    """
    root = location.path
    _reject_taken_folder(location)
    make_directories(root)
    marker = StoreMarker(
        store_id=location.store_id,
        origin=origin,
        role=location.role,
        filesystem=filesystem_identity_of(root, host),
        disks=physical_device_of(root, host).disks,
        created_at=created_at,
    )
    data = marker.to_bytes()
    signature = sign(data)
    for name in _FOLDERS:
        make_directories(root / name)
    with stated(root):
        root.chmod(DIRECTORY_MODE)
    replace_file(root / README_NAME, README_TEXT.encode())
    _lay_ballast(root, ballast_bytes)
    replace_file(root / SIGNATURE_NAME, signature)
    replace_file(root / MARKER_NAME, data)
    return Store(location=location, marker=marker, marker_bytes=data, host=host)


def open_store(
    location: StoreLocation, *, origin: str, verify: Callable[[bytes, bytes], None], host: Host = HOST
) -> Store:
    """Return the store at `location`, proven to be the one the station made.

    Reads two small files and asks the kernel for the mount: cheap enough for every command. Whether it takes
    writes is not checked: see `Store.check_writable`.

    Args:
        verify: called with marker and signature bytes; raises a HashingError where the station did not sign them.

    Raises:
        StoreMissingError: the folder is not there.
        StoreNotMountedError: the folder is there, the disk is not.
        StoreUnreadableError: the marker may not or cannot be read.
        StoreForeignError: something else is there: no marker, a bad one, another store or another file system.
    """
    # 1. The folder and its marker are there.
    data = read_marker(location, host)
    # 2. The station signed exactly these bytes.
    signature = read_signature(location)
    try:
        verify(data, signature)
        # 3. They are a marker we understand.
        marker = parse_marker(data)
    except (HashingError, ValueError) as err:
        raise bad_marker(location, MARKER_NAME, str(err)) from err
    # 4. It names this store, this station and this role.
    for name, expected, found in (
        ("store_id", location.store_id, marker.store_id),
        ("origin", origin, marker.origin),
        ("role", location.role, marker.role),
    ):
        if expected != found:
            raise StoreForeignError(
                store_id=location.store_id, path=shown(location.path), field=name, expected=expected, found=found
            )
    # 5. It lies on the file system it was made on, not on a copy. The disks are deliberately not compared: their
    #    names change with the order of plugging, and repair may move a file system.
    reject_other_filesystem(location, marker, host)
    return Store(location=location, marker=marker, marker_bytes=data, host=host)


def _reject_taken_folder(location: StoreLocation) -> None:
    """Refuse a folder that holds anything but what an interrupted creation (or mkfs) leaves."""
    if not location.path.exists():
        return
    with stated(location.path):
        for entry in sorted(location.path.iterdir()):
            leftover = entry.name in _LEFTOVERS or (entry.name.startswith(".custody-") and entry.name.endswith(".new"))
            if leftover or (entry.name in _FOLDERS and not any(entry.iterdir())):
                continue
            raise StoreFolderTakenError(store_id=location.store_id, path=shown(location.path), name=shown(entry.name))


def _lay_ballast(root: Path, size_bytes: int) -> None:
    """Reserve `size_bytes`, whole or not at all; not flushed, as it may be missing after a power cut."""
    ballast = root / BALLAST_NAME
    with stated(ballast):
        ballast.unlink(missing_ok=True)
        descriptor = os.open(ballast, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            if size_bytes:
                os.posix_fallocate(descriptor, 0, size_bytes)
        except OSError:
            ballast.unlink(missing_ok=True)
            raise
        finally:
            os.close(descriptor)
