"""Which file system a folder lies on, told apart from a copy of it on another one."""

import os
from dataclasses import dataclass
from pathlib import Path

from archive.mounts import HOST, Host, Mount, mount_of
from archive.physical import block_device_of

# Here f_fsid is made from what is on the disk. xfs, vfat, exfat and f2fs make it from the device number, which
# changes with the order of plugging; FUSE and network file systems make it up.
_LASTING_FSIDS = frozenset({"ext2", "ext3", "ext4", "btrfs", "tmpfs", "zfs"})

# udev writes its properties of a device as E:NAME=value.
_UDEV_UUID = "E:ID_FS_UUID="


@dataclass(frozen=True, slots=True, kw_only=True)
class FilesystemIdentity:
    """What a file system says of itself."""

    kind: str
    fsid: str
    """statvfs f_fsid in hexadecimal; without meaning on some kinds."""
    uuid: str | None
    """As udev read it from the disk; None where nobody could tell."""

    def is_same_as(self, other: "FilesystemIdentity") -> bool:
        """Return whether nothing says that these are two file systems.

        UUIDs decide where both are known, else `fsid` where the kind makes it from the disk's content. A block-wise
        clone of a disk is not told apart.
        """
        if self.kind != other.kind:
            return False
        if self.uuid is not None and other.uuid is not None:
            return self.uuid == other.uuid
        return self.kind not in _LASTING_FSIDS or self.fsid == other.fsid

    def __str__(self) -> str:
        return f"{self.kind} {self.uuid or self.fsid}"


def filesystem_identity_of(path: Path, host: Host = HOST) -> FilesystemIdentity:
    """Return the identity of the file system `path` lies on.

    Raises:
        FileNotFoundError: `path` does not exist.
    """
    mount = mount_of(path, host)
    return FilesystemIdentity(
        kind=mount.filesystem, fsid=f"{os.statvfs(path).f_fsid:016x}", uuid=_read_uuid(mount, host)
    )


def _read_uuid(mount: Mount, host: Host) -> str | None:
    """Return the UUID udev knows: from its database (all a daemon without devices can see), else its links."""
    device = block_device_of(mount, host)
    if device is None:
        return None
    try:
        number = (device / "dev").read_text(encoding="ascii").strip()
        properties = (host.udev_data / f"b{number}").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return _uuid_by_link(device.name, host)
    known = (line.removeprefix(_UDEV_UUID) for line in properties if line.startswith(_UDEV_UUID))
    return next(known, None) or _uuid_by_link(device.name, host)


def _uuid_by_link(device_name: str, host: Host) -> str | None:
    try:
        links = sorted(host.by_uuid.iterdir())
    except OSError:
        return None
    return next((link.name for link in links if link.resolve().name == device_name), None)
