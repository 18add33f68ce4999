"""A station in a box takes minutes and root, so it runs only when `make station-test` asks for it."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.station.image import why_impossible
from tests.station.installation import REPOSITORY, Installation, installed_station
from tests.station.station import Station

HERE = Path(__file__).parent
KEPT = REPOSITORY / "build" / "station"


@pytest.hookimpl(tryfirst=True)  # before pytest deselects by marker
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test of this folder."""
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker("station")


@pytest.fixture(scope="session")
def installation() -> Installation:
    """The station asleep, made before the first test where it is not there."""
    if (reason := why_impossible(is_root=os.geteuid() == 0)) is not None:
        pytest.skip(reason)
    return installed_station(KEPT, say=print)


@pytest.fixture
def station(installation: Installation, tmp_path: Path) -> Iterator[Station]:
    """The station awake and at work, as it was right after its first start, on disks of its own."""
    with installation.wake(tmp_path / "disks") as machine:
        yield Station(machine)
