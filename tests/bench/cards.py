"""Cards to read: folders of files that all differ, made once for a case."""

import os
from pathlib import Path

_BLOCK_BYTES = 1 << 20


def write_card(root: Path, *, files: int, file_bytes: int) -> Path:
    """Make a card of `files` clips of `file_bytes` with names as recorders give them, and return its folder.

    Each begins with random bytes of its own; the rest is random too, but the same: copying and hashing do not care.
    """
    folder = root / "DCIM" / "100MEDIA"
    folder.mkdir(parents=True)
    block = os.urandom(_BLOCK_BYTES)
    for number in range(files):
        with (folder / f"000001_BENCH01_20260101{number:06d}_{number:04d}.mp4").open("xb") as clip:
            clip.write(os.urandom(32))
            while (rest := file_bytes - clip.tell()) > 0:
                clip.write(block[:rest])
    return root


def write_sparse_card(root: Path, *, file_bytes: int) -> Path:
    """Make a card with one clip of `file_bytes` that takes no room; reading it gives zeros."""
    root.mkdir()
    with (root / "000001_BENCH01_20260101000000_0000.mp4").open("xb") as clip:
        clip.truncate(file_bytes)
    return root


def files_of(root: Path) -> list[Path]:
    """Return every regular file below `root`, in order."""
    return sorted(path for path in root.rglob("*") if path.is_file())
