"""The custodian's acceptance: who may, what it ends, and what late needs (R38, R39, A3 art. 7)."""

import os
import sqlite3
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bodycam_custody.entries import Draft, EntryKind
from bodycam_custody.errors import NotFoundError, PersonUnknownError, RoleRequiredError
from bodycam_custody.handlers import answer
from bodycam_custody.handover.errors import (
    AlreadyAcceptedError,
    DockingNotOverError,
    LateWithoutReasonError,
    NotJudgedYetError,
)
from bodycam_custody.operations import Caller
from bodycam_custody.runtime import Runtime
from config.settings import HandoverPoint
from hashing.canonical import Json
from tests.bodycam_custody.interpretation.test_judgement import MEASURED, card_of, verdicts
from tests.bodycam_custody.odd_card import UNREADABLE, odd_card
from tests.bodycam_custody.recordings import day, recorded_name
from tests.bodycam_custody.stations import NOW, Docking, LiveStation, live_station, make_card


@pytest.fixture
def desk(quick_path: Path) -> Iterator[LiveStation]:
    """A station whose rule set ends the 24 hours with the acceptance."""
    with live_station(quick_path / "station", {"rule_set.handover_point": HandoverPoint.ACCEPTANCE}) as live:
        yield live


def accept(live: LiveStation, docking_id: str, person: str = "custodian-1", reason: str | None = None) -> Any:
    runtime = Runtime(live.station, mode="in-process")
    params = {"docking_id": docking_id, "person": person, "reason": reason}
    try:
        return answer(runtime, "dockings.accept", params, Caller(uid=os.geteuid()))
    finally:
        runtime.close()
        live.station.stopping.clear()


def dock_and_interpret(live: LiveStation, card: Path) -> Docking:
    docked = live.dock(card, **MEASURED)
    live.interpret()
    return docked


def test_acceptance_ends_the_waiting_and_is_an_act_of_the_custodian(desk: LiveStation, quick_path: Path) -> None:
    # R38, R39
    docked = dock_and_interpret(desk, card_of(quick_path / "card", (day(11), 10.0)))
    assert verdicts(desk) == {"11:00:00": ("undeterminable", "awaiting-acceptance")}
    accepted = accept(desk, docked.docking_id)
    assert verdicts(desk) == {"11:00:00": ("on-time", "accepted-within-hours")}
    (entry,) = desk.entries("dock.accepted")
    assert entry.actor == {"person": "custodian-1", "uid": os.geteuid()}
    assert entry.facts == {
        "docking_id": docked.docking_id,
        "person": "custodian-1",
        "clips": 1,
        "files_kept": 1,
        "files_left": 0,
        "late": 0,
        "waiting": 0,
        "reason": None,
        "rule_set_version": "1",
    }
    assert (accepted["accepted_at"], accepted["entry"]) == ("2026-11-21T12:00:00.000000Z", entry.seq)
    view = desk.docking(docked.docking_id).view
    assert (view["accepted_at"], view["accepted_by"]) == ("2026-11-21T12:00:00.000000Z", "custodian-1")
    *_, judged = desk.entries("clip.judged")
    assert judged.facts["accepted_at"] == "2026-11-21T12:00:00.000000Z"


@pytest.mark.parametrize(
    ("ended_before_acceptance", "expected"),
    [
        (timedelta(hours=23, minutes=59, seconds=59), ("on-time", "accepted-within-hours")),
        (timedelta(hours=24), ("undeterminable", "within-clock-uncertainty")),
        (timedelta(hours=24, seconds=1), ("undeterminable", "within-clock-uncertainty")),
    ],
)
def test_a_name_s_whole_second_of_doubt_holds_for_acceptance_too(
    desk: LiveStation, quick_path: Path, ended_before_acceptance: timedelta, expected: tuple[str, str]
) -> None:
    # R38
    docked = dock_and_interpret(desk, card_of(quick_path / "card", (NOW - timedelta(seconds=10), 10.0)))
    desk.clock.advance(ended_before_acceptance)
    assert accept(desk, docked.docking_id)["late"] == 0
    assert list(verdicts(desk).values()) == [expected]


def test_a_late_acceptance_needs_a_reason_and_keeps_it_out_of_the_ledger(desk: LiveStation, quick_path: Path) -> None:
    # R38, R9: one second beyond the doubt
    docked = dock_and_interpret(desk, card_of(quick_path / "card", (NOW - timedelta(seconds=10), 10.0)))
    desk.clock.advance(timedelta(hours=24, seconds=2))
    for reason in (None, "  "):
        with pytest.raises(LateWithoutReasonError) as refused:
            accept(desk, docked.docking_id, reason=reason)
    assert str(refused.value) == (
        f"1 of 1 recordings of docking {docked.docking_id} are handed over later than 24 hours after their end "
        "(A3 art. 7: hand over within 24 hours); say why with --reason"
    )
    assert desk.entries("dock.accepted") == []
    assert accept(desk, docked.docking_id, reason="road closed by flood")["late"] == 1
    assert list(verdicts(desk).values()) == [("late", "accepted-after-hours")]
    (entry,) = desk.entries("dock.accepted")
    commitment = str(entry.facts["reason"])
    assert desk.station.texts.reveal([commitment]) == {commitment: b"road closed by flood"}
    assert b"flood" not in entry.line


def test_late_at_the_dock_needs_a_reason_as_well(live: LiveStation, quick_path: Path) -> None:
    # R38: where docking is the handover, the verdict stays the docking's
    docked = dock_and_interpret(live, card_of(quick_path / "card", (NOW - timedelta(hours=25), 10.0)))
    with pytest.raises(LateWithoutReasonError):
        accept(live, docked.docking_id)
    accept(live, docked.docking_id, reason="ill")
    assert list(verdicts(live).values()) == [("late", "docked-after-hours")]


def test_a_late_acceptance_of_what_was_docked_in_time_changes_nothing_there(
    live: LiveStation, quick_path: Path
) -> None:
    # R38
    docked = dock_and_interpret(live, card_of(quick_path / "card", (day(11), 10.0)))
    live.clock.advance(timedelta(days=3))
    size = live.station.ledger.size
    accept(live, docked.docking_id)
    assert list(verdicts(live).values()) == [("on-time", "docked-within-hours")]
    assert live.station.ledger.size == size + 1


def test_what_was_not_read_for_its_times_waits_or_has_a_reason(desk: LiveStation, quick_path: Path) -> None:
    # R38: never silently on time
    docked = desk.dock(card_of(quick_path / "card", (day(11), 10.0)), **MEASURED)
    with pytest.raises(NotJudgedYetError) as refused:
        accept(desk, docked.docking_id)
    assert str(refused.value) == (
        f"1 of 1 recordings of docking {docked.docking_id} have not been read for their times, so nobody can tell "
        "whether they are late (A3 art. 7); wait until they are, or give a reason with --reason now"
    )
    assert accept(desk, docked.docking_id, reason="the desk closes")["waiting"] == 1
    desk.interpret()
    assert verdicts(desk) == {"11:00:00": ("on-time", "accepted-within-hours")}


def test_only_a_custodian_accepts_and_the_sealing_does_not_care(desk: LiveStation, quick_path: Path) -> None:
    # R39: the refusal quotes the article
    docked = dock_and_interpret(desk, card_of(quick_path / "card", (day(11), 10.0)))
    with pytest.raises(RoleRequiredError) as refused:
        accept(desk, docked.docking_id, person="supervisor-1")
    assert str(refused.value) == "supervisor-1 is a supervisor; the rules reserve this to a custodian (A3 art. 7)"
    with pytest.raises(PersonUnknownError):
        accept(desk, docked.docking_id, person="nobody")
    assert desk.entries("dock.accepted") == []
    assert docked.outcome_of(recorded_name(day(11))) == "sealed"


def test_an_act_is_entered_once(desk: LiveStation, quick_path: Path) -> None:
    docked = dock_and_interpret(desk, card_of(quick_path / "card", (day(11), 10.0)))
    accept(desk, docked.docking_id)
    with pytest.raises(AlreadyAcceptedError, match=r"was accepted by custodian-1 at 2026-11-21T12:00:00.000000Z"):
        accept(desk, docked.docking_id)
    assert len(desk.entries("dock.accepted")) == 1


def test_nothing_is_accepted_that_is_not_there_or_not_over(desk: LiveStation, quick_path: Path) -> None:
    with pytest.raises(NotFoundError):
        accept(desk, "20261121T120000Z-none")
    docked = dock_and_interpret(desk, card_of(quick_path / "card", (day(11), 10.0)))
    with sqlite3.connect(desk.station.catalog.path) as catalog:
        catalog.execute("UPDATE dockings SET phase = 'copying'")
    catalog.close()
    with pytest.raises(DockingNotOverError, match="is not over yet"):
        accept(desk, docked.docking_id)


def test_a_file_that_failed_makes_nobody_late_with_the_others(desk: LiveStation, quick_path: Path) -> None:
    # R39
    card = card_of(quick_path / "card", (day(11), 10.0))
    make_card(card, {"b.mp4": b"worn"})
    with odd_card(card, UNREADABLE, "b.mp4") as worn:
        docked = dock_and_interpret(desk, worn)
    assert accept(desk, docked.docking_id)["files_left"] == 1
    assert list(verdicts(desk).values()) == [("on-time", "accepted-within-hours")]


def test_a_clip_of_two_dockings_counts_from_its_first_acceptance(desk: LiveStation, quick_path: Path) -> None:
    # R8, R38
    card = card_of(quick_path / "card", (day(11), 10.0))
    first = dock_and_interpret(desk, card)
    accept(desk, first.docking_id)
    desk.clock.advance(timedelta(days=3))
    second = dock_and_interpret(desk, card)
    assert accept(desk, second.docking_id)["late"] == 0
    assert list(verdicts(desk).values()) == [("on-time", "accepted-within-hours")]
    assert desk.rows("SELECT accepted_at FROM clips") == [{"accepted_at": "2026-11-21T12:00:00.000000Z"}]


def test_a_photograph_is_accepted_like_a_recording(desk: LiveStation, quick_path: Path) -> None:
    # R38
    docked = dock_and_interpret(
        desk, make_card(quick_path / "card", {recorded_name(day(10), extension="jpg"): b"a still"})
    )
    accept(desk, docked.docking_id)
    assert list(verdicts(desk).values()) == [("on-time", "accepted-within-hours")]


def test_a_split_accepted_earlier_is_judged_by_its_own_acceptance(desk: LiveStation, quick_path: Path) -> None:
    # R38: one recording on two cards, its end is that of the last split
    first = dock_and_interpret(desk, card_of(quick_path / "first", (day(8), 300.0)))
    accept(desk, first.docking_id)
    second = dock_and_interpret(desk, card_of(quick_path / "second", (day(8, 5), 300.0)))
    assert verdicts(desk) == {
        "08:00:00": ("on-time", "accepted-within-hours"),
        "08:05:00": ("undeterminable", "awaiting-acceptance"),
    }
    desk.clock.advance(timedelta(days=1))
    assert accept(desk, second.docking_id, reason="night duty")["late"] == 1
    assert verdicts(desk)["08:05:00"] == ("late", "accepted-after-hours")
    assert verdicts(desk)["08:00:00"] == ("on-time", "accepted-within-hours")


def test_an_acceptance_that_a_crash_left_unjudged_is_judged_at_the_next_look(
    desk: LiveStation, quick_path: Path
) -> None:
    docked = dock_and_interpret(desk, card_of(quick_path / "card", (day(11), 10.0)))
    facts: dict[str, Json] = {"docking_id": docked.docking_id, "person": "custodian-1"}
    accepted = Draft(kind=EntryKind.DOCK_ACCEPTED, subject=f"docking:{docked.docking_id}", facts=facts)
    desk.station.record.enter([accepted])
    assert verdicts(desk) == {"11:00:00": ("undeterminable", "awaiting-acceptance")}
    desk.interpret()
    assert verdicts(desk) == {"11:00:00": ("on-time", "accepted-within-hours")}
    size = desk.station.ledger.size
    desk.interpret()
    assert desk.station.ledger.size == size
