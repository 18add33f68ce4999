"""A small real ext4 on a loop device, for tests: a disk that can be full, read-only, or rot underneath."""

import contextlib
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest


@contextlib.contextmanager
def small_ext4(image: Path, *, size_bytes: int = 4 * 1024 * 1024, options: str = "loop") -> Iterator[Path]:
    """Yield the mount point of a new ext4 in `image`; skips the test where that is not allowed."""
    if os.geteuid() != 0 or not shutil.which("mkfs.ext4"):
        pytest.skip("needs root and mkfs.ext4 for a loop filesystem")
    with image.open("wb") as file:
        file.truncate(size_bytes)
    subprocess.run(["mkfs.ext4", "-q", "-O", "^has_journal", "-m", "0", str(image)], check=True)
    mount = image.with_suffix(".mount")
    mount.mkdir()
    mounted = subprocess.run(["mount", "-o", options, str(image), str(mount)], capture_output=True, text=True)
    if mounted.returncode != 0:
        pytest.skip(f"this machine does not let us mount a loop device: {mounted.stderr.strip()}")
    try:
        yield mount
    finally:
        subprocess.run(["umount", "--lazy", str(mount)], check=True)
