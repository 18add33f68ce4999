"""Whether what is mounted is the card its slip announces, and safe to read."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from docking.errors import CardGoneError
from docking.mount_errors import (
    CardNotMountedError,
    CardReplacedError,
    CardWritableError,
    FilesystemRefusedError,
    FolderCardRefusedError,
)
from docking.mounts import Mount, mount_at, read_mounts
from docking.presence import SYSFS
from docking.slip_format import FOLDER_FILESYSTEM, DockSlip
from hashing.errors import shown

# A broken or hostile ext4 can panic the kernel that mounts it; recorders use these two.
CARD_FILESYSTEMS: Final = frozenset({"vfat", "exfat"})


def check_card_mount(
    slip: DockSlip,
    *,
    folder_cards_allowed: bool,
    mounts: Sequence[Mount] | None = None,
    sysfs: Path = SYSFS,
) -> None:
    """Return if the card of `slip` is mounted as the slip says and cannot be written.

    The helper's word is not taken: mountinfo and ST_RDONLY are read here (`mounts` and `sysfs` are for tests).
    A slip with filesystem "folder" needs a plain directory and `folder_cards_allowed`; nothing makes that read-only.

    Raises:
        CardNotMountedError, FilesystemRefusedError, CardWritableError, CardReplacedError: see their texts.
        FolderCardRefusedError: a folder where a card is required.
        CardGoneError: the mount point vanished while it was looked at.
    """
    if slip.filesystem == FOLDER_FILESYSTEM:
        _check_folder(slip.mount_point, folder_cards_allowed)
        return
    mount = mount_at(read_mounts() if mounts is None else mounts, slip.mount_point)
    if mount is None:
        raise CardNotMountedError(mount_point=shown(slip.mount_point), found="nothing mounted")
    _check_filesystem(slip, mount)
    _check_disk_sequence(slip, mount, sysfs)
    _check_read_only(slip.mount_point)


def _check_folder(folder: Path, folder_cards_allowed: bool) -> None:
    if not folder_cards_allowed:
        raise FolderCardRefusedError(mount_point=shown(folder))
    if folder.is_symlink() or not folder.is_dir():
        raise CardNotMountedError(mount_point=shown(folder), found="no plain folder")


def _check_filesystem(slip: DockSlip, mount: Mount) -> None:
    if mount.filesystem not in CARD_FILESYSTEMS:
        accepted = " or ".join(sorted(CARD_FILESYSTEMS))
        raise FilesystemRefusedError(
            mount_point=shown(slip.mount_point), expected=accepted, found=shown(mount.filesystem)
        )
    if mount.filesystem != slip.filesystem:
        raise FilesystemRefusedError(
            mount_point=shown(slip.mount_point), expected=shown(slip.filesystem), found=mount.filesystem
        )


def _check_disk_sequence(slip: DockSlip, mount: Mount, sysfs: Path) -> None:
    """Compare the kernel's disk sequence number (Linux 5.15), which no later disk gets again."""
    found = _disk_sequence(sysfs / "dev" / "block" / mount.device)
    if slip.diskseq is not None and found is not None and found != slip.diskseq:
        raise CardReplacedError(mount_point=shown(slip.mount_point), expected=slip.diskseq, found=found)


def _disk_sequence(device: Path) -> int | None:
    # A partition's number is that of the disk it lies on, one folder up.
    resolved = device.resolve()
    for folder in (resolved, resolved.parent):
        try:
            return int((folder / "diskseq").read_text("ascii"))
        except (OSError, ValueError):
            continue
    return None


def _check_read_only(mount_point: Path) -> None:
    try:
        flags = os.statvfs(mount_point).f_flag
    except OSError as err:
        raise CardGoneError(card=shown(mount_point), reason=os.strerror(err.errno or 0)) from err
    if not flags & os.ST_RDONLY:
        raise CardWritableError(mount_point=shown(mount_point))
