"""Whether the expected store, and nothing else, is at its place: its marker's bytes and the file system under it."""

import errno
import os
from pathlib import Path

from archive.errors import (
    StoreForeignError,
    StoreMarkerBadError,
    StoreMissingError,
    StoreNotMountedError,
    StoreUnmarkedError,
    StoreUnreadableError,
)
from archive.filesystem import filesystem_identity_of
from archive.marker import MARKER_NAME, SIGNATURE_NAME, StoreLocation, StoreMarker
from archive.mounts import Host, mount_of
from hashing.errors import shown

# A marker is a few hundred bytes; whoever put more there did not make it with us.
_MARKER_LIMIT_BYTES = 16 * 1024

# Missing, a link, a folder, a socket, too long; every other error says nothing about the marker.
_NOT_A_MARKER = frozenset({errno.ENOENT, errno.ELOOP, errno.EISDIR, errno.ENXIO, errno.EFBIG})


def read_marker(location: StoreLocation, host: Host) -> bytes:
    """Return the bytes of the marker at `location`; nothing is verified.

    Raises:
        StoreMissingError: no folder is there.
        StoreNotMountedError: the folder is no mount point and has no marker.
        StoreUnmarkedError: a file system without a marker is mounted there.
        StoreUnreadableError: the marker cannot be read.
        StoreMarkerBadError: it is no small regular file.
    """
    try:
        return _read_small(location.path / MARKER_NAME)
    except FileNotFoundError as err:
        raise _absent_store(location, host) from err
    except NotADirectoryError as err:
        raise StoreMissingError(store_id=location.store_id, path=shown(location.path)) from err
    except OSError as err:
        raise _unusable(location, MARKER_NAME, err) from err


def read_signature(location: StoreLocation) -> bytes:
    """Return the bytes of the marker's signature file; nothing is verified.

    Raises:
        StoreUnreadableError: it cannot be read.
        StoreMarkerBadError: it is not there, or no small regular file.
    """
    try:
        return _read_small(location.path / SIGNATURE_NAME)
    except OSError as err:
        raise _unusable(location, SIGNATURE_NAME, err) from err


def _unusable(location: StoreLocation, name: str, err: OSError) -> StoreMarkerBadError | StoreUnreadableError:
    reason = err.strerror or str(err)
    if err.errno in _NOT_A_MARKER:
        return bad_marker(location, name, reason)
    return StoreUnreadableError(store_id=location.store_id, path=shown(location.path / name), reason=reason)


def _read_small(path: Path) -> bytes:
    """Return the bytes of a small regular file of ours; no link is followed, no FIFO waited for. Raises OSError."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        data = os.read(descriptor, _MARKER_LIMIT_BYTES + 1)
    finally:
        os.close(descriptor)
    if len(data) > _MARKER_LIMIT_BYTES:
        raise OSError(errno.EFBIG, os.strerror(errno.EFBIG))
    return data


def _absent_store(location: StoreLocation, host: Host) -> StoreMissingError | StoreNotMountedError | StoreUnmarkedError:
    """Return why no marker is there: no folder, no disk on it, or a disk without one."""
    if not location.path.is_dir():
        return StoreMissingError(store_id=location.store_id, path=shown(location.path))
    mount = mount_of(location.path, host)
    if mount.mount_point == str(location.path.resolve()):
        return StoreUnmarkedError(
            store_id=location.store_id, path=shown(location.path), source=shown(mount.source), marker=MARKER_NAME
        )
    return StoreNotMountedError(
        store_id=location.store_id,
        path=shown(location.path),
        source=shown(mount.source),
        mount_point=shown(mount.mount_point),
    )


def bad_marker(location: StoreLocation, name: str, reason: str) -> StoreMarkerBadError:
    """Return the error that says why the marker file `name` is refused."""
    return StoreMarkerBadError(store_id=location.store_id, marker=shown(location.path / name), reason=reason)


def reject_other_filesystem(location: StoreLocation, marker: StoreMarker, host: Host) -> None:
    """Refuse a store that lies on another file system than the one it was made on.

    Raises:
        StoreForeignError: it does, as far as the file systems say who they are.
    """
    found = filesystem_identity_of(location.path, host)
    if not marker.filesystem.is_same_as(found):
        raise StoreForeignError(
            store_id=location.store_id,
            path=shown(location.path),
            field="filesystem",
            expected=marker.filesystem,
            found=found,
        )
