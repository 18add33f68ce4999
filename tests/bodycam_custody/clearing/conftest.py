"""A station that clears, and a card that was handed over."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.bodycam_custody.clearing.desk import Desk, clearing_desk


@pytest.fixture
def desk(quick_path: Path) -> Iterator[Desk]:
    with clearing_desk(quick_path) as desk:
        yield desk


@pytest.fixture
def handed_over(desk: Desk) -> str:
    """A card that was docked, accepted and has its receipt; the docking's id."""
    return desk.dock_and_hand_over()
