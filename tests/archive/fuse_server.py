"""A FUSE filesystem of the tests, served by a process of its own: one that uses what it serves can wait for itself."""

import contextlib
import importlib.util
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest


@contextlib.contextmanager
def served(module: str, folder: Path, *words: str, mount: Path) -> Iterator[Path]:
    """Run `python -m MODULE MOUNT FOLDER WORDS…` and yield `mount`, new; skips the test where FUSE cannot be used."""
    if importlib.util.find_spec("mfusepy") is None or not shutil.which("fusermount3") or not Path("/dev/fuse").exists():
        pytest.skip("needs mfusepy (pip) and fuse3 (apt) with /dev/fuse")
    mount.mkdir()
    serve = [sys.executable, "-m", module, str(mount), str(folder), *words]
    server = subprocess.Popen(serve, env={**os.environ, "FUSE_LIBRARY_NAME": "fuse3"})
    try:
        deadline = time.monotonic() + 10
        while not mount.is_mount():
            if server.poll() is not None:
                pytest.skip("this machine does not let us mount FUSE")
            assert time.monotonic() < deadline, "the filesystem did not come up"
            time.sleep(0.01)  # the mount table offers nothing to wait for from here
        yield mount
    finally:
        # One that hangs would not let go of its mount while it lives.
        server.kill()
        server.wait(10)
        subprocess.run(["fusermount3", "-u", "-z", str(mount)], check=False, stderr=subprocess.DEVNULL)
