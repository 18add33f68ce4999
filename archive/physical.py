"""Which physical disks a path lies on.

`st_dev` proves nothing: two partitions and two btrfs subvolumes differ and are one disk. So the block device is
followed through sysfs down to whole disks: partition → disk, dm and md → their members, loop → the disk of its
backing file, btrfs → all its devices. What cannot be followed (tmpfs, FUSE, network, overlay, memory, iSCSI) is
said to be unknown, never guessed. A virtual machine's disks are taken as its host shows them.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from archive.answers import Answer
from archive.mounts import HOST, Host, Mount, mount_of

# Where block devices tell who they are, best first; the kernel's name is the last resort.
_IDENTITY_FILES = ("device/wwid", "wwid", "device/serial", "serial", "device/cid")


@dataclass(frozen=True, slots=True, kw_only=True)
class PhysicalDevice:
    """The disks under a path, or that they cannot be told."""

    filesystem: str
    disks: frozenset[str] | None
    """Worldwide id or serial number where the disk has one, else the kernel's name; None: cannot tell."""

    def __post_init__(self) -> None:
        if self.disks is not None and not self.disks:
            raise ValueError("no disk at all is not an answer; use None for cannot tell")


class _CannotTellError(Exception):
    """The way down to the disks ends here; only inside this module."""


def physical_device_of(path: Path, host: Host = HOST) -> PhysicalDevice:
    """Return the file system kind of `path` and the physical disks it lies on.

    Raises:
        FileNotFoundError: `path` does not exist.
    """
    mount = mount_of(path, host)
    try:
        disks = _disks_of_mount(mount, host, frozenset())
    except _CannotTellError:
        return PhysicalDevice(filesystem=mount.filesystem, disks=None)
    return PhysicalDevice(filesystem=mount.filesystem, disks=disks)


def on_different_disks(first: PhysicalDevice, second: PhysicalDevice) -> Answer:
    """Return whether no disk is under both: a lost disk then takes one of them at most."""
    if first.disks is None or second.disks is None:
        return Answer.CANNOT_TELL
    return Answer.YES if first.disks.isdisjoint(second.disks) else Answer.NO


def block_device_of(mount: Mount, host: Host = HOST) -> Path | None:
    """Return the sysfs folder of the block device `mount` names, or None where it names none."""
    if not mount.device_number.startswith("0:"):
        folder = host.sysfs / "dev/block" / mount.device_number
        return folder.resolve() if folder.exists() else None
    # btrfs has device number 0:n but names one of its devices; so does nothing else we follow.
    if mount.filesystem != "btrfs" or not mount.source.startswith("/dev/"):
        return None
    name = Path(mount.source).name
    by_name = host.sysfs / "class/block" / name
    if by_name.exists():
        return by_name.resolve()
    mapped = (folder for folder in (host.sysfs / "class/block").glob("dm-*") if _read(folder / "dm/name") == name)
    return next((folder.resolve() for folder in mapped), None)


def _disks_of_mount(mount: Mount, host: Host, seen: frozenset[Path]) -> frozenset[str]:
    device = block_device_of(mount, host)
    if device is None:
        raise _CannotTellError
    if mount.filesystem == "btrfs":
        return _union(_disks_under(member, host, seen) for member in _btrfs_members(device, host))
    return _disks_under(device, host, seen)


def _btrfs_members(device: Path, host: Host) -> list[Path]:
    for listed in (host.sysfs / "fs/btrfs").glob("*/devices"):
        members = sorted(member.resolve() for member in listed.iterdir())
        if device in members:
            return members
    raise _CannotTellError


def _disks_under(device: Path, host: Host, seen: frozenset[Path]) -> frozenset[str]:
    """Return the disks under one sysfs block device folder."""
    if device in seen:
        raise _CannotTellError
    seen |= {device}
    if (device / "partition").exists():
        return _disks_under(device.parent, host, seen)
    backing = _read(device / "loop/backing_file")
    if backing is not None:
        return _disks_of_backing_file(device, Path(backing), host, seen)
    members = sorted((device / "slaves").glob("*"))
    if members:
        return _union(_disks_under(member.resolve(), host, seen) for member in members)
    return frozenset({_identity_of_disk(device)})


def _disks_of_backing_file(device: Path, backing: Path, host: Host, seen: frozenset[Path]) -> frozenset[str]:
    try:
        mount = mount_of(backing, host)
    except (FileNotFoundError, PermissionError) as err:
        # Deleted, in another mount namespace, or not ours to look at.
        raise _CannotTellError(device) from err
    return _disks_of_mount(mount, host, seen)


def _identity_of_disk(device: Path) -> str:
    # Below /sys/devices/virtual without members: memory (zram, ram), network (nbd, rbd) or a zvol.
    # NVMe with native multipath is virtual too, but has a serial number. An iSCSI disk hangs under a session.
    identity = next(filter(None, (_read(device / name) for name in _IDENTITY_FILES)), None)
    if "virtual" in device.parts and (identity is None or "nvme-subsystem" not in device.parts):
        raise _CannotTellError
    if any(part.startswith("session") for part in device.parts):
        raise _CannotTellError
    # An NVMe disk may show several namespaces with a wwid each: only the controller's serial number tells the disk.
    if device.name.startswith("nvme"):
        identity = _read(device / "device/serial") or identity
    return identity or device.name


def _union(parts: Iterable[frozenset[str]]) -> frozenset[str]:
    return frozenset().union(*parts)


def _read(path: Path) -> str | None:
    """Return the text of one sysfs file, or None where there is none or it is empty."""
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    return " ".join(text.split()) or None
