"""A station for every test that asks for one."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from bodycam_custody.runtime import Runtime
from tests.bodycam_custody.stations import LiveStation, live_station
from tests.docking.usb_tree import UsbTree

# Linux keeps it in memory: a station flushes for every entry, and on a busy disk the tests would do little else.
_MEMORY = Path("/dev/shm")
# Two stores with their ballast, and cards; containers often have 64 MiB there.
_NEEDED_BYTES = 256 * 1024 * 1024


@pytest.fixture
def quick_path(tmp_path: Path) -> Iterator[Path]:
    """A folder in memory where the machine has room for one, else one on disk."""
    if not os.access(_MEMORY, os.W_OK) or shutil.disk_usage(_MEMORY).free < _NEEDED_BYTES:
        yield tmp_path
        return
    with tempfile.TemporaryDirectory(dir=_MEMORY, prefix="custody-test-") as folder:
        yield Path(folder)


@pytest.fixture
def live(quick_path: Path) -> Iterator[LiveStation]:
    """A new station with two stores, in a folder of its own."""
    with live_station(quick_path / "station") as station:
        yield station


@pytest.fixture
def tree(tmp_path: Path) -> UsbTree:
    """USB as sysfs shows it, plugged by hand."""
    return UsbTree(tmp_path / "usb")


@pytest.fixture
def runtime(live: LiveStation, tree: UsbTree) -> Iterator[Runtime]:
    """The station at work, with the USB of `tree`."""
    runtime = Runtime(live.station, mode="test", sysfs=tree.sysfs)
    yield runtime
    runtime.close()
