"""Whether a path lies on an encrypted volume: dm-crypt somewhere between the filesystem and every disk under it."""

from pathlib import Path

from archive.answers import Answer
from archive.mounts import HOST, Host, mount_of
from archive.physical import block_device_of

# cryptsetup names its mappings CRYPT-LUKS2-…, CRYPT-PLAIN-… (libdevmapper UUIDs).
_CRYPT = "CRYPT-"


def is_encrypted(path: Path, host: Host = HOST) -> Answer:
    """Return whether everything that is kept at `path` is encrypted by dm-crypt before it reaches a disk.

    Cannot tell where no block device is seen (tmpfs, FUSE, network), and for btrfs over several devices. Disks that
    encrypt by themselves and encryption inside a filesystem (fscrypt, ZFS) are not seen.

    Raises:
        FileNotFoundError: `path` does not exist.
    """
    mount = mount_of(path, host)
    device = block_device_of(mount, host)
    if device is None or (mount.filesystem == "btrfs" and _members(device, host) != 1):
        return Answer.CANNOT_TELL
    return _is_crypt_below(device, host)


def _is_crypt_below(device: Path, host: Host) -> Answer:
    if (_text(device / "dm/uuid") or "").startswith(_CRYPT):
        return Answer.YES
    if (device / "partition").exists():
        return _is_crypt_below(device.parent, host)
    backing = _text(device / "loop/backing_file")
    if backing is not None:
        try:
            return is_encrypted(Path(backing), host)
        except OSError:
            return Answer.CANNOT_TELL
    # Every member must be encrypted: each carries a part.
    answers = {_is_crypt_below(member.resolve(), host) for member in sorted((device / "slaves").glob("*"))}
    if not answers or Answer.NO in answers:
        return Answer.NO
    return Answer.CANNOT_TELL if Answer.CANNOT_TELL in answers else Answer.YES


def _members(device: Path, host: Host) -> int:
    for listed in (host.sysfs / "fs/btrfs").glob("*/devices"):
        members = {member.resolve() for member in listed.iterdir()}
        if device in members:
            return len(members)
    return 0


def _text(file: Path) -> str | None:
    try:
        return file.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return None
