"""The nightly sweep looks for every copy, writes again what a store lacks, and is made up for when it is overdue."""

import os
import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bodycam_custody.handlers import answer
from bodycam_custody.operations import Caller
from bodycam_custody.runtime import Runtime
from bodycam_custody.schedule import Schedule
from bodycam_custody.sweeping import OVERDUE_AFTER, SWEEP, sweep_if_overdue
from tests.bodycam_custody.stations import LiveStation, make_card


@pytest.fixture
def runtime(live: LiveStation) -> Iterator[Runtime]:
    runtime = Runtime(live.station, mode="test")
    yield runtime
    runtime.close()


def sweep(runtime: Runtime) -> dict[str, Any]:
    found: dict[str, Any] = answer(runtime, "stores.sweep", {}, Caller(uid=os.geteuid()))
    return found


def test_a_sweep_of_a_station_that_is_well_says_so(live: LiveStation, runtime: Runtime, quick_path: Path) -> None:
    live.dock(make_card(quick_path / "card", {"a.mp4": b"moving pictures"}))
    assert sweep(runtime) == {
        "at": "2026-11-21T12:00:00.000000Z",
        "copies_made": 0,
        "copies_missing": 0,
        "not_safe": 0,
        "problems": [],
    }
    assert live.station.catalog.last_success(SWEEP) == "2026-11-21T12:00:00.000000Z"


def test_a_sweep_finds_a_copy_that_is_gone_and_writes_it_again(
    live: LiveStation, runtime: Runtime, quick_path: Path
) -> None:
    # R43
    live.dock(make_card(quick_path / "card", {"a.mp4": b"a", "b.mp4": b"b"}))
    lost, kept = live.bags(live.backup)
    shutil.rmtree(lost)
    found = sweep(runtime)
    assert (found["copies_made"], found["copies_missing"], found["not_safe"]) == (1, 0, 0)
    assert len(live.entries("copy.missing")) == 1
    assert live.bags(live.backup) == [lost, kept]
    live.require_everything_verifies()


def test_a_sweep_writes_what_a_store_lacked_while_it_was_away(
    live: LiveStation, runtime: Runtime, quick_path: Path
) -> None:
    # R43, R45
    away = live.backup.rename(live.backup.with_name("away"))
    live.dock(make_card(quick_path / "card", {"a.mp4": b"moving pictures"}))
    found = sweep(runtime)
    assert (found["copies_made"], found["not_safe"]) == (0, 1)
    assert [problem["code"] for problem in found["problems"]] == ["store-missing"]
    assert live.station.catalog.last_success(SWEEP) is None, "the daemon tries again within the hour"
    away.rename(live.backup)
    found = sweep(runtime)
    assert (found["copies_made"], found["not_safe"], found["problems"]) == (1, 0, [])
    live.require_everything_verifies()


def test_only_an_overdue_sweep_is_made_up_for(live: LiveStation, runtime: Runtime, quick_path: Path) -> None:
    sweep(runtime)
    live.clock.advance(OVERDUE_AFTER)
    sweep_if_overdue(runtime)
    assert live.station.catalog.last_success(SWEEP) == "2026-11-21T12:00:00.000000Z"
    live.clock.advance(timedelta(seconds=1))
    sweep_if_overdue(runtime)
    assert live.station.catalog.last_success(SWEEP) == "2026-11-22T14:00:01.000000Z"


def test_the_daemon_looks_for_an_overdue_sweep_by_itself(live: LiveStation, runtime: Runtime) -> None:
    (job,) = [job for job in Schedule(runtime).jobs if job.name == "sweep-overdue"]
    job.run()
    assert live.station.catalog.last_success(SWEEP) is not None
