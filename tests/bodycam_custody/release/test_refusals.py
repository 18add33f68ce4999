"""Which recorder is not let go, by whom not, and why."""

from pathlib import Path

import pytest

from bodycam_custody.dockings.drafts import seen_draft
from bodycam_custody.errors import (
    CustodyError,
    NotFoundError,
    RequestInvalidError,
    RoleRequiredError,
)
from bodycam_custody.handover.errors import DockingNotOverError
from bodycam_custody.release.errors import AlreadyReleasedError, AlreadyWithdrawnError, NothingLeftError
from tests.bodycam_custody.letting_go import BY, Scene, let_go, safe_docking, unreadable_file
from tests.bodycam_custody.stations import Docking, LiveStation, make_card


def docking_under_way(live: LiveStation, folder: Path) -> Docking:
    arrival = live.arrival(make_card(folder / "card", {"a.mp4": b"a"}))
    live.station.record.enter([seen_draft(arrival, rule_set_version="1")])
    return live.docking(arrival.docking_id)


@pytest.mark.parametrize("act", BY)
@pytest.mark.parametrize(
    ("scene", "error", "text"),
    [
        (
            safe_docking,
            NothingLeftError,
            "docking {id}: every file is kept and safe, so the recorder may be taken away as it is (A3 art. 7)",
        ),
        (
            docking_under_way,
            DockingNotOverError,
            "docking {id} is not over yet; it can be handed over when its card has been read (A3 art. 7)",
        ),
    ],
)
def test_what_is_safe_or_still_read_is_not_let_go(
    live: LiveStation, quick_path: Path, act: str, scene: Scene, error: type[CustodyError], text: str
) -> None:
    docked = scene(live, quick_path)
    with pytest.raises(error) as refused:
        let_go(live, act, docked.docking_id)
    assert str(refused.value) == text.format(id=docked.docking_id)
    assert live.rows("SELECT * FROM releases") == []


@pytest.mark.parametrize(
    ("act", "person", "needed"),
    [("withdraw", "supervisor-1", "a custodian"), ("release", "custodian-1", "a supervisor")],
)
def test_each_act_is_reserved_to_its_role(
    live: LiveStation, quick_path: Path, act: str, person: str, needed: str
) -> None:
    # R39, R40
    docked = unreadable_file(live, quick_path)
    with pytest.raises(RoleRequiredError) as refused:
        let_go(live, act, docked.docking_id, person=person)
    assert str(refused.value).endswith(f"the rules reserve this to {needed} (A3 art. 7)")
    assert live.rows("SELECT * FROM releases") == []


def test_an_act_needs_a_reason_and_something_it_is_about(live: LiveStation, quick_path: Path) -> None:
    docked = unreadable_file(live, quick_path)
    for reason in ("", "  ", "two\nlines"):
        with pytest.raises(RequestInvalidError):
            let_go(live, "release", docked.docking_id, reason=reason)
    with pytest.raises(NotFoundError, match="no docking or slot with the id slot 9"):
        let_go(live, "release", "slot 9")
    assert live.rows("SELECT * FROM releases") == []


def test_an_act_is_entered_once_and_a_release_may_follow_a_withdrawal(live: LiveStation, quick_path: Path) -> None:
    docked = unreadable_file(live, quick_path)
    let_go(live, "withdraw", docked.docking_id)
    with pytest.raises(AlreadyWithdrawnError) as refused:
        let_go(live, "withdraw", docked.docking_id)
    assert str(refused.value) == (
        f"the recorder of docking {docked.docking_id} was withdrawn by custodian-1 at 2026-11-21T12:00:00.000000Z "
        "already (A3 art. 7); an act is entered once"
    )
    let_go(live, "release", docked.docking_id)
    for act in BY:
        with pytest.raises(AlreadyReleasedError) as again:
            let_go(live, act, docked.docking_id)
        assert str(again.value) == (
            f"the recorder of docking {docked.docking_id} was released uncleared by supervisor-1 at "
            "2026-11-21T12:00:00.000000Z already (A3 art. 7); an act is entered once"
        )
