"""Where stores may lie: on disks of their own (R43) and in no personal folder (R7)."""

import pwd
from collections.abc import Iterable, Sequence
from itertools import combinations
from pathlib import Path

from archive.answers import Answer
from archive.errors import DiskUnprovenError, SharedDiskError, StoreUnderHomeError
from archive.marker import StoreLocation
from archive.mounts import HOST, Host
from archive.physical import PhysicalDevice, on_different_disks, physical_device_of
from hashing.errors import shown

# Debian: people's accounts begin here; 65534 is nobody.
_FIRST_PERSON_UID = 1000
_NOBODY_UID = 65534


def reject_shared_disks(stores: Sequence[StoreLocation], *, accepted: bool, host: Host = HOST) -> Answer:
    """Return whether the stores lie on pairwise different physical disks; anything but yes must be accepted.

    A store that does not exist yet is judged by the nearest folder above it that does.

    Args:
        accepted: the configuration takes the risk; the answer is then returned instead of raised, for every mention
            of SAFE to carry it.

    Raises:
        SharedDiskError: two stores share a disk (A3 art. 7).
        DiskUnprovenError: it cannot be told for two stores, and none share one.
    """
    devices = [(store, physical_device_of(_nearest_existing(store.path), host)) for store in stores]
    pairs = list(combinations(devices, 2))
    answers = [on_different_disks(first[1], second[1]) for first, second in pairs]
    for worst in (Answer.NO, Answer.CANNOT_TELL):
        if worst in answers:
            if not accepted:
                raise _disk_error(*pairs[answers.index(worst)])
            return worst
    return Answer.YES


def _disk_error(
    first: tuple[StoreLocation, PhysicalDevice], second: tuple[StoreLocation, PhysicalDevice]
) -> SharedDiskError | DiskUnprovenError:
    (one, one_device), (other, other_device) = first, second
    if one_device.disks is not None and other_device.disks is not None:
        shared = ", ".join(sorted(one_device.disks & other_device.disks))
        return SharedDiskError(first=one.store_id, second=other.store_id, disks=shared)
    unproven = one_device if one_device.disks is None else other_device
    return DiskUnprovenError(first=one.store_id, second=other.store_id, filesystem=unproven.filesystem)


def _nearest_existing(path: Path) -> Path:
    while not path.exists():
        path = path.parent
    return path


def reject_home_directory(path: Path, *, accepted: bool, homes: Iterable[Path] | None = None) -> None:
    """Refuse a store in somebody's home directory, unless the configuration takes the risk.

    Homes are /home, /root and those of people's accounts; links are followed. A home that is bind-mounted elsewhere
    is not recognised.

    Raises:
        StoreUnderHomeError: `path` lies in or under a home directory (A3 art. 3).
    """
    if accepted:
        return
    resolved = path.resolve()
    for home in _homes() if homes is None else homes:
        if resolved.is_relative_to(home.resolve()):
            raise StoreUnderHomeError(path=shown(path), home=shown(home))


def _homes() -> list[Path]:
    people = {
        Path(account.pw_dir)
        for account in pwd.getpwall()
        if _FIRST_PERSON_UID <= account.pw_uid != _NOBODY_UID and Path(account.pw_dir) != Path("/")
    }
    # The longest first, so that the message names the person's folder and not /home.
    return sorted(people | {Path("/home"), Path("/root")}, key=lambda home: len(home.parts), reverse=True)
