"""A real exFAT card in an image file, plugged in and pulled as often as a test likes."""

import contextlib
import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

_IMAGE_BYTES = 8 * 1024 * 1024


def make_image(folder: Path, files: Mapping[str, bytes]) -> Path:
    """Return the image of a card with these files; skips where such a card cannot be made."""
    programs = [name for name in ("mkfs.exfat", "mount.exfat-fuse") if shutil.which(name) is None]
    if programs or os.geteuid() != 0:
        pytest.skip("needs root, mkfs.exfat (exfatprogs) and mount.exfat-fuse (exfat-fuse)")
    image = folder / "card.img"
    with image.open("wb") as file:
        file.truncate(_IMAGE_BYTES)
    subprocess.run(["mkfs.exfat", image], check=True, capture_output=True)
    with plugged_in(image, "rw") as card:
        for name, content in files.items():
            (card / name).parent.mkdir(parents=True, exist_ok=True)
            (card / name).write_bytes(content)
    return image


@contextlib.contextmanager
def plugged_in(image: Path, mode: str = "ro") -> Iterator[Path]:
    """Mount the card of an image on a loop device; skips where the machine does not let us."""
    point = image.with_name("mounted")
    point.mkdir(exist_ok=True)
    loop = subprocess.run(["losetup", "--find", "--show", image], capture_output=True, text=True)
    if loop.returncode != 0:
        pytest.skip(f"this machine does not let us have a loop device: {loop.stderr.strip()}")
    node = loop.stdout.strip()
    try:
        mounted = subprocess.run(["mount.exfat-fuse", "-o", mode, node, point], capture_output=True, text=True)
        if mounted.returncode != 0:
            pytest.skip(f"this machine does not let us mount FUSE: {mounted.stderr.strip()}")
        try:
            yield point
        finally:
            subprocess.run(["umount", point], check=True)
    finally:
        subprocess.run(["losetup", "--detach", node], check=True)
