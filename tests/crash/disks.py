"""Three loop disks that are mounted, lose their power together, and are mounted again."""

import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from archive.durable import flush_filesystem
from tests.archive.power_cut import cut_power, make_disk

_DISK_BYTES = 192 * 1024 * 1024
# Which loop device is free is asked and taken in two steps, and other programs ask too.
_MOUNT_ATTEMPTS = 10
_GONE_WITHIN_S = 20.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Disks:
    """A disk for the state and one for each store, mounted under one folder."""

    folder: Path

    @property
    def places(self) -> tuple[Path, ...]:
        """The mount points. The ledger's disk comes first: while it has power an entry may still be acknowledged, and
        a store that lost its power earlier would look like a lie of the station.
        """
        return tuple(self.folder / name for name in ("state", "primary", "backup"))

    def flush(self) -> None:
        """Put everything on the media, as time would."""
        for place in self.places:
            flush_filesystem(place)

    def cut_power(self) -> None:
        """Drop what is not on the medium of any of the three."""
        descriptors = [os.open(place, os.O_RDONLY | os.O_DIRECTORY) for place in self.places]
        for descriptor in descriptors:
            cut_power(descriptor)
        for descriptor in descriptors:
            os.close(descriptor)

    def power_on_again(self) -> None:
        """Mount the disks again, which replays their journals. Nobody may have a file open on them."""
        for place in self.places:
            subprocess.run(["umount", str(place)], check=True)
        self._wait_until_nobody_sees_them()
        for place in self.places:
            assert (reason := _mount(place)) is None, reason

    def _wait_until_nobody_sees_them(self) -> None:
        """Wait for the mount namespaces of probes to go: while one lives, so does the file system without power."""
        deadline = time.monotonic() + _GONE_WITHIN_S
        while any(str(self.folder) in _mounts_of(process) for process in Path("/proc").glob("[0-9]*")):
            assert time.monotonic() < deadline, "a process still has the disks mounted"
            time.sleep(0.01)  # a sandbox ends with its parent, but not at once, and tells nobody


def _mounts_of(process: Path) -> str:
    try:
        return (process / "mountinfo").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""  # it ended meanwhile


@contextmanager
def three_disks(folder: Path) -> Iterator[Disks]:
    """Yield three mounted disks; skips the test where this is not allowed."""
    disks = Disks(folder=folder)
    try:
        for place in disks.places:
            make_disk(place.with_suffix(".image"), _DISK_BYTES)
            place.mkdir()
            if (reason := _mount(place)) is not None:
                pytest.skip(f"this machine does not let us mount a loop device: {reason}")
        yield disks
    finally:
        for place in disks.places:
            # Lazily, so that not even a process that hangs keeps a mount and its loop device behind.
            if place.is_mount():
                subprocess.run(["umount", "--lazy", str(place)], check=True)


def _mount(place: Path) -> str | None:
    """Mount a disk and return None, or why it could not be."""
    command = ["mount", "-o", "loop", str(place.with_suffix(".image")), str(place)]
    for _ in range(_MOUNT_ATTEMPTS):
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode == 0:
            return None
        time.sleep(0.1)  # somebody else took the loop device; there is nothing to wait on
    return done.stderr.strip()
