"""systemd hears of a station only while its interpreter and its ledger answer."""

import os
import sqlite3
import threading
import time
from collections.abc import Iterator

import pytest

from bodycam_custody.clock import Clock
from bodycam_custody.entries import Draft, EntryKind
from bodycam_custody.errors import CatalogBehindError
from bodycam_custody.liveness import Liveness, is_at_work, start_liveness, watchdog_interval_s
from bodycam_custody.operations import Caller, Nothing
from bodycam_custody.runtime import Runtime
from bodycam_custody.station_answers import show_status
from tests.bodycam_custody.stations import LiveStation
from tests.bodycam_custody.test_record import failing


class AdvancingClock(Clock):
    """The real clock, ahead by as much as the test wants."""

    ahead_s = 0.0

    def monotonic_s(self) -> float:
        return super().monotonic_s() + self.ahead_s


@pytest.fixture
def clock(live: LiveStation) -> AdvancingClock:
    clock = AdvancingClock()
    live.station.clock = clock
    return clock


@pytest.fixture
def runtime(live: LiveStation, clock: AdvancingClock) -> Iterator[Runtime]:
    runtime = Runtime(live.station, mode="daemon")
    yield runtime
    runtime.close()


def test_the_interval_is_half_of_what_systemd_allows() -> None:
    assert watchdog_interval_s({"WATCHDOG_USEC": "120000000", "WATCHDOG_PID": "7"}, 7) == 60
    assert watchdog_interval_s({"WATCHDOG_USEC": "120000000"}, 7) == 60


@pytest.mark.parametrize(
    "environ", [{}, {"WATCHDOG_USEC": "0"}, {"WATCHDOG_USEC": "x"}, {"WATCHDOG_USEC": "1000", "WATCHDOG_PID": "8"}]
)
def test_nothing_is_told_where_systemd_does_not_want_to_hear_of_this_process(environ: dict[str, str]) -> None:
    assert watchdog_interval_s(environ, 7) is None


def test_a_station_whose_interpreter_never_began_or_has_ended_is_not_at_work(runtime: Runtime) -> None:
    assert not is_at_work(runtime)
    runtime.start_interpreting()
    assert is_at_work(runtime)
    runtime.close()
    assert not is_at_work(runtime)


def test_a_station_whose_interpreter_makes_no_progress_is_not_at_work(runtime: Runtime, clock: AdvancingClock) -> None:
    runtime.start_interpreting()
    # The first look is announced; only once it was taken is the interpreter idle for a minute.
    while runtime.station.has_work.is_set():
        time.sleep(0.01)
    clock.ahead_s = 400
    assert is_at_work(runtime)
    # Further than the limit from whichever side of the first step that look ended.
    clock.ahead_s = 1_000
    assert not is_at_work(runtime)


def test_a_station_whose_ledger_does_not_answer_is_not_at_work(runtime: Runtime, live: LiveStation) -> None:
    runtime.start_interpreting()
    live.station.ledger.close()
    with pytest.raises(sqlite3.ProgrammingError):
        is_at_work(runtime)


def test_a_station_whose_catalog_cannot_follow_its_ledger_is_not_at_work(runtime: Runtime, live: LiveStation) -> None:
    runtime.start_interpreting()
    with failing(live.station.catalog.path, "meta"):
        with pytest.raises(CatalogBehindError):
            live.station.record.enter([Draft(kind=EntryKind.CLOCK_MARK, subject="station", facts={})])
        assert not is_at_work(runtime)
        status = show_status(runtime, Nothing(), Caller(uid=0))["ledger"]
        assert (status["writable"], status["problem"]["code"]) == (False, "catalog-behind")
    # It need not wait for the next entry.
    assert is_at_work(runtime)
    assert live.station.catalog.last_seq == live.station.ledger.size - 1
    assert show_status(runtime, Nothing(), Caller(uid=0))["ledger"]["problem"] is None


def test_it_is_told_again_and_again_until_the_stop(runtime: Runtime) -> None:
    runtime.start_interpreting()
    told = threading.Semaphore(0)
    liveness = Liveness(runtime, every_s=0.01, tell=told.release)
    liveness.start()
    for _ in range(3):
        assert told.acquire(timeout=20)
    liveness.stop()


def test_a_question_that_fails_is_not_told_and_asked_again(runtime: Runtime, live: LiveStation) -> None:
    runtime.start_interpreting()
    live.station.ledger.close()
    told = threading.Event()
    liveness = Liveness(runtime, every_s=0.01, tell=told.set)
    liveness.start()
    assert not told.wait(0.2)
    liveness.stop()


def test_it_starts_when_systemd_names_this_process(runtime: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WATCHDOG_USEC", raising=False)
    assert start_liveness(runtime, lambda: None) is None
    monkeypatch.setenv("WATCHDOG_USEC", "20000")
    monkeypatch.setenv("WATCHDOG_PID", str(os.getpid()))
    runtime.start_interpreting()
    told = threading.Event()
    liveness = start_liveness(runtime, told.set)
    assert liveness is not None
    assert told.wait(20)
    liveness.stop()
