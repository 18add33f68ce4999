"""What the daemon does by the clock, and what a restart makes of a job that is overdue."""

import threading
from dataclasses import replace
from datetime import timedelta

from bodycam_custody.clock import rfc3339
from bodycam_custody.runtime import Runtime
from bodycam_custody.schedule import Job, Schedule
from tests.bodycam_custody.stations import LiveStation


class Ran:
    """A job that tells when it ran."""

    def __init__(self, *, fails: bool = False) -> None:
        self.event = threading.Event()
        self._fails = fails

    def __call__(self) -> None:
        self.event.set()
        if self._fails:
            raise RuntimeError("on purpose")


def scheduled(live: LiveStation, ran: Ran) -> Schedule:
    schedule = Schedule(Runtime(live.station, mode="daemon"))
    schedule.jobs = (Job(name="test", every=timedelta(minutes=10), run=ran),)
    return schedule


def test_a_job_that_never_ran_runs_at_start(live: LiveStation) -> None:
    ran = Ran()
    schedule = scheduled(live, ran)
    schedule.start()
    assert ran.event.wait(20)
    schedule.stop()


def test_a_job_whose_last_success_is_recent_waits(live: LiveStation) -> None:
    from bodycam_custody.clock import Clock

    live.station.clock = Clock()
    live.station.catalog.note_success("test", rfc3339(live.station.clock.now()))
    ran = Ran()
    schedule = scheduled(live, ran)
    schedule.start()
    assert not ran.event.wait(0.3)
    schedule.stop()


def test_a_job_that_fails_is_not_noted_as_done_and_stops_no_other(live: LiveStation) -> None:
    failing, ran = Ran(fails=True), Ran()
    schedule = scheduled(live, failing)
    schedule.jobs += (Job(name="other", every=timedelta(minutes=10), run=ran),)
    schedule.start()
    assert failing.event.wait(20)
    assert ran.event.wait(20)
    schedule.stop()
    assert live.station.catalog.last_success("test") is None


def test_a_clock_mark_is_an_entry(live: LiveStation) -> None:
    schedule = Schedule(Runtime(live.station, mode="daemon"))
    (mark,) = [job for job in schedule.jobs if job.name == "clock-mark"]
    assert mark.every == timedelta(minutes=10)
    mark.run()
    assert [entry.subject for entry in live.entries("clock.mark")] == ["station"]


def test_a_clock_mark_does_not_wait_for_hours_of_copying(live: LiveStation) -> None:
    schedule = Schedule(Runtime(live.station, mode="daemon"))
    jobs = {job.name: job for job in schedule.jobs}
    copying, over, marked = threading.Event(), threading.Event(), threading.Event()

    def copy() -> None:
        copying.set()
        over.wait(60)

    schedule.jobs = (replace(jobs["catch-up"], run=copy), replace(jobs["clock-mark"], run=marked.set))
    schedule.start()
    assert copying.wait(20)
    assert marked.wait(20)
    assert not schedule.stop(wait_s=0.1)
    over.set()
    assert schedule.stop(wait_s=20)


def test_jobs_that_copy_take_turns(live: LiveStation) -> None:
    schedule = Schedule(Runtime(live.station, mode="daemon"))
    jobs = {job.name: job for job in schedule.jobs}
    assert jobs["catch-up"].turn is jobs["sweep-overdue"].turn
    assert len({id(job.turn) for job in schedule.jobs}) == 3
