"""Cards to dock: folders made nasty on purpose, and real mounts where the machine allows them."""

import os
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

from docking.profiles import RecorderProfile, load_profiles
from tests.docking.loop_card import LoopCard, plugged_in

NOBODY_UID = 65534

# Removing 1,500 nested folders takes seconds on some disks and none in memory.
_MEMORY = Path("/dev/shm")


@pytest.fixture(scope="session")
def profiles() -> dict[str, RecorderProfile]:
    return {profile.name: profile for profile in load_profiles()}


@pytest.fixture
def card() -> Iterator[Path]:
    """An empty folder anybody may pass, removed by `rm` because Python's rmtree fails on deep trees."""
    folder = Path(tempfile.mkdtemp(prefix="card-", dir=_MEMORY if os.access(_MEMORY, os.W_OK) else None))
    folder.chmod(0o755)
    yield folder
    subprocess.run(["rm", "-rf", "--", folder], check=False)


@pytest.fixture
def as_ordinary_user() -> Callable[[], AbstractContextManager[None]]:
    """Run a block without root's right to read everything."""

    @contextmanager
    def dropped() -> Iterator[None]:
        if os.geteuid() != 0:
            yield
            return
        os.seteuid(NOBODY_UID)
        try:
            yield
        finally:
            os.seteuid(0)

    return dropped


@pytest.fixture
def mount() -> Iterator[Callable[..., Path]]:
    """Mount something; skips where that is not allowed, and unmounts at the end."""
    points: list[Path] = []

    def mounted(point: Path, *arguments: str) -> Path:
        done = subprocess.run(["mount", *arguments, point], capture_output=True, text=True, check=False)
        if done.returncode != 0:
            pytest.skip(f"mounting is not possible here: {done.stderr.strip()}")
        points.append(point)
        return point

    yield mounted
    for point in reversed(points):
        subprocess.run(["umount", "-l", point], capture_output=True, check=False)


@pytest.fixture(params=["vfat", "exfat"])
def usb_card(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[LoopCard]:
    """A recorder's card."""
    with plugged_in(tmp_path, request.param) as card:
        yield card


@pytest.fixture
def ext4_card(tmp_path: Path) -> Iterator[LoopCard]:
    """A disk that is no recorder's card, though its port says so."""
    with plugged_in(tmp_path, "ext4") as card:
        yield card


def open_descriptors() -> int:
    """Return how many descriptors this process holds."""
    return sum(1 for _ in Path("/proc/self/fd").iterdir())
