"""Which mount a path lies on, and what the file system there calls itself."""

import os
import re
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """Where the machine tells about itself; other places only for trying things out."""

    mountinfo: Path = field(default=Path("/proc/self/mountinfo"))
    sysfs: Path = field(default=Path("/sys"))
    by_uuid: Path = field(default=Path("/dev/disk/by-uuid"))
    udev_data: Path = field(default=Path("/run/udev/data"))


HOST = Host()


@dataclass(frozen=True, slots=True, kw_only=True)
class Mount:
    """One line of mountinfo; see proc_pid_mountinfo(5)."""

    mount_id: int
    device_number: str
    """"major:minor" of the superblock; major 0 where no block device stands behind it alone."""
    mount_point: str
    filesystem: str
    source: str


# mountinfo writes space, tab, newline and backslash as three octal digits.
_OCTAL = re.compile(r"\\([0-7]{3})")


def _unescaped(text: str) -> str:
    return _OCTAL.sub(lambda match: chr(int(match[1], 8)), text)


def parse_mountinfo(text: str) -> dict[int, Mount]:
    """Return the mounts of a mountinfo text by mount id.

    Raises:
        ValueError: a line is not a mountinfo line.
    """
    mounts: dict[int, Mount] = {}
    for line in text.splitlines():
        # The number of optional fields before the lone hyphen varies.
        place, separator, superblock = line.partition(" - ")
        if not separator:
            raise ValueError(f"not a mountinfo line: {line!r}")
        mount_id, _parent, device_number, _root, mount_point, *_options = place.split(" ")
        filesystem, source, *_ = superblock.split(" ")
        mounts[int(mount_id)] = Mount(
            mount_id=int(mount_id),
            device_number=device_number,
            mount_point=_unescaped(mount_point),
            filesystem=filesystem,
            source=_unescaped(source),
        )
    return mounts


UNKNOWN = "unknown"
"""Kind and source of a file system whose mount the kernel does not list: in a chroot below its mount point."""


def mount_of(path: Path, host: Host = HOST) -> Mount:
    """Return the mount `path` lies on, by mount id: over-mounts and bind mounts cannot confuse it.

    In a chroot that is no mount point itself the kernel does not list the mount; then only the device number is known,
    and kind and source are `UNKNOWN`.

    Raises:
        FileNotFoundError: `path` does not exist.
    """
    descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
    try:
        about = Path(f"/proc/self/fdinfo/{descriptor}").read_text(encoding="ascii")
        device = os.fstat(descriptor).st_dev
    finally:
        os.close(descriptor)
    mount_id = int(dict(line.split(":", 1) for line in about.splitlines())["mnt_id"])
    # Asked before every file that is copied: the one line is parsed, not the whole list.
    text = host.mountinfo.read_text(encoding="utf-8", errors="surrogateescape")
    line = next((line for line in text.splitlines() if line.startswith(f"{mount_id} ")), None)
    if line is None:
        return Mount(
            mount_id=mount_id,
            device_number=f"{os.major(device)}:{os.minor(device)}",
            mount_point=UNKNOWN,
            filesystem=UNKNOWN,
            source=UNKNOWN,
        )
    return parse_mountinfo(line)[mount_id]
