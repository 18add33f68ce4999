"""Clearing a card from end to end: what must be true before, what is entered, and what stays (R40)."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.bodycam_custody.clearing.desk import Desk, clearing_desk


@pytest.fixture
def desk(quick_path: Path) -> Iterator[Desk]:
    with clearing_desk(quick_path) as desk:
        yield desk


def test_a_handed_over_card_is_cleared_and_both_entries_say_so(desk: Desk) -> None:
    # R40
    docking_id = desk.dock_and_hand_over()
    done = desk.clear(docking_id)
    assert desk.on_card() == []
    assert (done["state"], done["files_removed"], done["files_left"]) == ("cleared", 3, 0)
    (before,) = desk.live.entries("card.clearing")
    (after,) = desk.live.entries("card.cleared")
    assert before.facts["files"] == [[0, 2]]
    assert before.seq < after.seq
    desk.live.require_everything_verifies()
