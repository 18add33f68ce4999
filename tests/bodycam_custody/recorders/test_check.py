"""Missing, overdue, unregistered, too few: each with what it is counted of."""

import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bodycam_custody.entries import Draft, EntryKind
from bodycam_custody.handlers import answer
from bodycam_custody.operations import Caller
from bodycam_custody.recorders.check import HeldRecorder, is_missing, is_overdue
from bodycam_custody.roles import Role
from bodycam_custody.runtime import Runtime
from tests.bodycam_custody.stations import LiveStation, live_station, make_card, people

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
DAY = timedelta(hours=24)
TICK = timedelta(microseconds=1)


def held(since: datetime, docked: datetime | None = None) -> HeldRecorder:
    return HeldRecorder(held_since=since, last_docked_at=docked)


def test_the_hours_run_from_the_issue_or_the_last_docking_and_the_limit_is_in_time() -> None:
    # R38, R72
    assert not is_overdue(held(NOW - DAY), hours=24, now=NOW)
    assert is_overdue(held(NOW - DAY - TICK), hours=24, now=NOW)
    assert not is_overdue(held(NOW - 9 * DAY, NOW - DAY), hours=24, now=NOW)
    assert is_overdue(held(NOW - 9 * DAY, NOW - DAY - TICK), hours=24, now=NOW)
    # A docking by the officer before does not count for this one, nor against them.
    assert not is_overdue(held(NOW - DAY, NOW - 9 * DAY), hours=24, now=NOW)


def test_missing_is_what_was_never_docked_since_its_issue_or_since_a_date() -> None:
    # R70, R72
    long_ago = NOW - 9 * DAY
    assert is_missing(held(long_ago), since=None, hours=24, now=NOW)
    assert is_missing(held(long_ago, long_ago - TICK), since=None, hours=24, now=NOW)
    assert not is_missing(held(long_ago, long_ago), since=None, hours=24, now=NOW)
    assert not is_missing(held(NOW - DAY), since=None, hours=24, now=NOW)
    since = NOW - 3 * DAY
    assert is_missing(held(long_ago, since - TICK), since=since, hours=24, now=NOW)
    assert not is_missing(held(long_ago, since), since=since, hours=24, now=NOW)
    assert not is_missing(held(since), since=since, hours=24, now=NOW)
    assert is_missing(held(since - TICK), since=since, hours=24, now=NOW)


Ask = Callable[..., Any]


@pytest.fixture
def ask(live: LiveStation) -> Iterator[Ask]:
    runtime = Runtime(live.station, mode="in-process")
    yield lambda name, **params: answer(runtime, f"recorders.{name}", params, Caller(uid=os.geteuid()))
    runtime.close()


def ids(found: Any) -> list[str]:
    return [one["recorder_id"][-1] for one in found["items"]]


def test_a_check_names_each_recorder_and_what_it_is_counted_of(live: LiveStation, ask: Ask, quick_path: Path) -> None:
    # R70–R73
    by = {"by": "custodian-1"}
    for serial in "12345":
        ask("add", recorder_id=f"usb:4255:0001:{serial}", **by)
    ask("issue", recorder_id="1", officer="officer-1", **by)
    ask("issue", recorder_id="2", officer="officer-1", **by)
    ask("fault", recorder_id="4", note="broken", **by)
    ask("retire", recorder_id="5", note="old", **by)
    live.clock.advance(timedelta(hours=1))
    live.dock(make_card(quick_path / "card", {"a.mp4": b"moving pictures"}), serial="2")
    live.dock(make_card(quick_path / "card", {}), serial="6")
    live.clock.advance(timedelta(hours=23))
    quiet = ask("check", minimum="1.5")
    assert (quiet["missing"]["count"], quiet["overdue"]["count"]) == (0, 0)
    live.clock.advance(timedelta(seconds=1))
    found = ask("check", minimum="1.5")
    assert (found["missing"]["count"], found["missing"]["of"], ids(found["missing"])) == (1, 2, ["1"])
    assert (found["overdue"]["of"], ids(found["overdue"])) == (2, ["1"])
    assert (found["faulty"]["of"], ids(found["faulty"])) == (4, ["4"])
    assert (found["unregistered"]["of"], ids(found["unregistered"])) == (2, ["6"])
    assert (found["registered"], found["by_state"]) == (
        5,
        {"unregistered": 1, "in-stock": 1, "issued": 2, "faulty": 1, "withdrawn": 0, "retired": 1},
    )
    assert found["officers_without"] == {"count": 1, "of": 2, "items": ["officer-2"]}
    # three in service for two officers: exactly the minimum asked for
    assert found["per_officer"] == {"recorders": 3, "officers": 2, "ratio": 1.5, "minimum": 1.5, "enough": "yes"}
    assert ask("check", minimum="1.5001")["per_officer"]["enough"] == "no"
    assert ask("check")["per_officer"]["enough"] is None
    live.clock.advance(timedelta(hours=1))
    assert ids(ask("check")["overdue"]) == ["1", "2"]
    assert ids(ask("check")["missing"]) == ["1"]
    assert ids(ask("check", since="2026-11-22")["missing"]) == ["1", "2"]


def test_a_faulty_recorder_somebody_holds_is_asked_for_all_the_same(live: LiveStation, ask: Ask) -> None:
    # R68, R70: it may hold recordings that are nowhere else
    by = {"by": "custodian-1"}
    ask("add", recorder_id="usb:4255:0001:1", **by)
    ask("issue", recorder_id="1", officer="officer-1", **by)
    ask("fault", recorder_id="1", note="does not switch on", **by)
    live.clock.advance(DAY + TICK)
    assert ids(ask("check")["overdue"]) == ["1"]
    assert ask("check")["officers_without"]["items"] == ["officer-1", "officer-2"]


def test_the_ratio_is_of_recorders_that_can_be_used_and_the_minimum_is_exact(live: LiveStation, ask: Ask) -> None:
    # R71, R72: faulty, withdrawn and retired ones equip nobody
    by = {"by": "custodian-1"}
    for serial in "1234":
        ask("add", recorder_id=f"usb:4255:0001:{serial}", **by)
    assert ask("check", minimum="2")["per_officer"]["enough"] == "yes"
    ask("fault", recorder_id="1", note="broken", **by)
    ask("retire", recorder_id="2", note="old", **by)
    (reason,) = live.station.texts.keep([b"bad sectors"], meaning="release-reason")
    facts = {"docking_id": None, "recorder": "usb:4255:0001:3", "port": "2", "person": "custodian-1", "reason": reason}
    live.station.record.enter([Draft(kind=EntryKind.DOCK_WITHDRAWN, subject="recorder:usb:4255:0001:3", facts=facts)])
    found = ask("check", minimum="0.5")
    assert found["per_officer"] == {"recorders": 1, "officers": 2, "ratio": 0.5, "minimum": 0.5, "enough": "yes"}
    assert ask("check", minimum="0.5001")["per_officer"]["enough"] == "no"
    assert (ids(found["faulty"]), ids(found["withdrawn"])) == (["1"], ["3"])


def test_nobody_can_tell_whether_recorders_suffice_where_no_officer_is_appointed(quick_path: Path) -> None:
    # R71, R72
    with live_station(
        quick_path / "station", appointed=[one for one in people() if one.role is not Role.OFFICER]
    ) as live:
        runtime = Runtime(live.station, mode="in-process")
        found = answer(runtime, "recorders.check", {"minimum": "1"}, Caller(uid=os.geteuid()))
        runtime.close()
    assert found["per_officer"] == {
        "recorders": 0,
        "officers": 0,
        "ratio": None,
        "minimum": 1.0,
        "enough": "cannot-tell",
    }
    assert found["officers_without"] == {"count": 0, "of": 0, "items": []}


def test_a_recorder_in_stock_or_retired_is_neither_missing_nor_overdue(live: LiveStation, ask: Ask) -> None:
    # R70: nobody answers for it outside
    by = {"by": "custodian-1"}
    for serial in "12":
        ask("add", recorder_id=f"usb:4255:0001:{serial}", **by)
        ask("issue", recorder_id=serial, officer="officer-1", **by)
    ask("return", recorder_id="1", **by)
    ask("retire", recorder_id="2", note="lost", **by)
    live.clock.advance(9 * DAY)
    found = ask("check")
    assert [found[name]["count"] for name in ("missing", "overdue")] == [0, 0]
    assert [found[name]["of"] for name in ("missing", "overdue")] == [0, 0]


def test_a_check_enters_nothing(live: LiveStation, ask: Ask) -> None:
    before = live.station.ledger.size
    ask("check")
    assert live.station.ledger.size == before
