"""A disk whose power can go: a journaling ext4 on a loop device, shut down without flushing its log."""

import fcntl
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

# linux/fs.h: FS_IOC_SHUTDOWN, and its flag "do not flush the log": what a power cut does.
_FS_IOC_SHUTDOWN = 0x8004587D
_NO_LOG_FLUSH = (2).to_bytes(4, "little")


def make_disk(image: Path, size_bytes: int = 32 * 1024 * 1024) -> Path:
    """Return `image` with a new ext4 in it; skips the test where it could not be mounted."""
    if os.geteuid() != 0 or not shutil.which("mkfs.ext4"):
        pytest.skip("needs root and mkfs.ext4 for a loop filesystem")
    with image.open("wb") as file:
        file.truncate(size_bytes)
    subprocess.run(["mkfs.ext4", "-q", str(image)], check=True)
    return image


@contextmanager
def power_on(image: Path) -> Iterator[Path]:
    """Yield the mounted disk; mounting again after a cut replays its journal."""
    place = image.with_suffix(".mount")
    place.mkdir(exist_ok=True)
    done = subprocess.run(["mount", "-o", "loop", str(image), str(place)], capture_output=True, text=True)
    if done.returncode != 0:
        pytest.skip(f"this machine does not let us mount a loop device: {done.stderr.strip()}")
    try:
        yield place
    finally:
        subprocess.run(["umount", str(place)], check=True)


def cut_power(folder_descriptor: int) -> None:
    """Drop everything that is not on the medium; later writes to this disk fail."""
    fcntl.ioctl(folder_descriptor, _FS_IOC_SHUTDOWN, _NO_LOG_FLUSH)
