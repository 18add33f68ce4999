"""The least code that gives what an intake must give, to measure ours against: no bags, no ledger, no processes.

`copy_bare` is two verified copies; `write_naive` is what a loop with an fsync after every file makes of the same bags.
"""

import hashlib
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

BLOCK_BYTES = 512 * 1024
_THREADS = 2


def copy_bare(sources: Sequence[Path], first: Path, second: Path) -> None:
    """Copy `sources` into both folders, two at a time; fsync, drop the cache, hash the first and compare the second."""
    with ThreadPoolExecutor(_THREADS) as pool:
        for _ in pool.map(lambda source: _copy_one(source, first / source.name, second / source.name), sources):
            pass


def _copy_one(source: Path, first: Path, second: Path) -> None:
    buffer, other = bytearray(BLOCK_BYTES), bytearray(BLOCK_BYTES)
    view = memoryview(buffer)
    written, read_back = hashlib.sha256(), hashlib.sha256()
    with source.open("rb", 0) as card, first.open("x+b", 0) as one, second.open("x+b", 0) as two:
        while count := card.readinto(buffer):
            block = view[:count]
            written.update(block)
            one.write(block)
            two.write(block)
        for copy in (one, two):
            os.fsync(copy.fileno())
            os.posix_fadvise(copy.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
            copy.seek(0)
        while count := one.readinto(buffer):
            read_back.update(view[:count])
            if two.readinto(other) != count or (buffer if count == BLOCK_BYTES else buffer[:count]) != other[:count]:
                raise RuntimeError(f"{second} differs")
    if written.digest() != read_back.digest():
        raise RuntimeError(f"{first} differs")


def write_naive(tree: Path, files: Sequence[Path], first: Path, second: Path) -> None:
    """Write `files` of `tree` to both folders with an fsync after every file, and nothing else."""
    for file in files:
        data = file.read_bytes()
        for folder in (first, second):
            target = folder / file.relative_to(tree)
            target.parent.mkdir(parents=True, exist_ok=True)
            with target.open("xb", 0) as copy:
                copy.write(data)
                os.fsync(copy.fileno())
