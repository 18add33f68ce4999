"""The mounts of this process, from /proc/self/mountinfo (proc_pid_mountinfo(5))."""

import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

MOUNTINFO: Final = Path("/proc/self/mountinfo")

_OCTAL_ESCAPE = re.compile(rb"\\([0-7]{3})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Mount:
    """One line of mountinfo. `device` is "major:minor"; `filesystem` is the kernel's name (vfat, exfat, fuseblk).

    `options` are those of this one mount, `superblock_options` those of the filesystem, which all its mounts share.
    """

    device: str
    root: Path
    mount_point: Path
    options: frozenset[str]
    filesystem: str
    source: str
    superblock_options: frozenset[str]


def read_mounts() -> tuple[Mount, ...]:
    """Return the mounts in the order the kernel gives; a later one on the same point covers an earlier one."""
    return parse_mountinfo(MOUNTINFO.read_bytes())


def parse_mountinfo(data: bytes) -> tuple[Mount, ...]:
    """Return the mounts in `data`.

    Raises:
        ValueError: a line is not of the kernel's form.
    """
    return tuple(_parse_line(line) for line in data.split(b"\n") if line)


def mount_at(mounts: Iterable[Mount], point: Path) -> Mount | None:
    """Return what is visible at `point`: the last mount there, None where nothing is mounted exactly there."""
    found = None
    for mount in mounts:
        if mount.mount_point == point:
            found = mount
    return found


def _parse_line(line: bytes) -> Mount:
    # Optional fields of any number stand before the lone "-".
    fields, separator, tail = line.partition(b" - ")
    left, right = fields.split(b" "), tail.split(b" ")
    if not separator or len(left) < 6 or len(right) < 3:
        raise ValueError(f"not a line of mountinfo: {line!r}")
    return Mount(
        device=left[2].decode("ascii"),
        root=Path(_unescape(left[3])),
        mount_point=Path(_unescape(left[4])),
        options=frozenset(_unescape(left[5]).split(",")),
        filesystem=_unescape(right[0]),
        source=_unescape(right[1]),
        superblock_options=frozenset(_unescape(right[2]).split(",")),
    )


def _unescape(field: bytes) -> str:
    """Undo the kernel's \\040-style escapes of space, tab, newline, backslash and #; other bytes stand as they are."""
    return os.fsdecode(_OCTAL_ESCAPE.sub(lambda found: bytes([int(found[1], 8) & 0xFF]), field))
