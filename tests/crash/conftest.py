"""Everything in this folder takes minutes, so it runs only when `make crash` asks for it."""

import os
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.crash.small_station import Site, create_site

HERE = Path(__file__).parent

# Killing a process loses nothing that is in the kernel, so those tests need no disk and go much faster without one; and
# a loop device cuts its power by itself.
_MEMORY = Path("/dev/shm")
# Some fifty cards, three times each; containers often have 64 MiB there.
_NEEDED_BYTES = 1024 * 1024 * 1024


@pytest.hookimpl(tryfirst=True)  # before pytest deselects by marker
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test of this folder."""
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker("crash")


@pytest.fixture
def seed() -> str:
    """What every random choice of a test follows from; printed, and set by CUSTODY_CRASH_SEED to repeat a run."""
    chosen = os.environ.get("CUSTODY_CRASH_SEED") or secrets.token_hex(4)
    print(f"CUSTODY_CRASH_SEED={chosen}")  # noqa: T201  # pytest shows it with a failure
    return chosen


@pytest.fixture
def fast_folder(tmp_path: Path) -> Iterator[Path]:
    """A new folder in memory where the machine has one."""
    if not os.access(_MEMORY, os.W_OK) or shutil.disk_usage(_MEMORY).free < _NEEDED_BYTES:
        yield tmp_path
        return
    folder = Path(tempfile.mkdtemp(prefix="custody-crash-", dir=_MEMORY))
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


@pytest.fixture
def site(fast_folder: Path) -> Site:
    """A new station."""
    return create_site(fast_folder / "station")
