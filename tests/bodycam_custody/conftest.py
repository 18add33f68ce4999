"""A station for every test that asks for one."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.bodycam_custody.stations import LiveStation, live_station


@pytest.fixture
def live(tmp_path: Path) -> Iterator[LiveStation]:
    """A new station with two stores in the test's folder."""
    with live_station(tmp_path / "station") as station:
        yield station
