"""What the daemon does by the clock: clock marks, catching up stores, missing copies, a sweep that is overdue."""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from apscheduler.schedulers.background import BackgroundScheduler

from bodycam_custody.clock import parse_rfc3339, rfc3339
from bodycam_custody.entries import Draft, EntryKind
from bodycam_custody.errors import StatedError
from bodycam_custody.runtime import Runtime
from bodycam_custody.sweeping import sweep_if_overdue

logger = logging.getLogger(__name__)

# After a step of the wall clock APScheduler sleeps on; this often the two clocks are compared.
CLOCK_GUARD_S = 5.0
# A step smaller than this delays nothing that matters.
CLOCK_STEP_S = 2.0
CATCH_UP_MINUTES = 15
# A bag is sealed by its entry; this is how long the daemon itself could still remove it.
KEEP_MINUTES = 1
# How often the daemon looks whether the nightly sweep was made.
SWEEP_LOOK_MINUTES = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """Something done again and again; overdue at start when its last success is older than its interval."""

    name: str
    every: timedelta
    run: Callable[[], None]
    turn: threading.Lock = field(default_factory=threading.Lock)
    """Held while it runs. Jobs that copy share one; a clock mark never waits for hours of copying."""


class Schedule:
    """Runs the jobs of a station with APScheduler; when each last succeeded is kept in the catalog."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        # The persistent stores of APScheduler pickle; ours is memory, and last successes are in our own table.
        self._scheduler = BackgroundScheduler(timezone="UTC")
        self._stopping = threading.Event()
        self._guard = threading.Thread(target=self._guard_clock, name="clock-guard", daemon=True)
        minutes = runtime.station.settings.schedule.clock_mark_minutes
        copying = threading.Lock()
        self.jobs: tuple[Job, ...] = (
            Job(name="clock-mark", every=timedelta(minutes=minutes), run=self._mark),
            Job(name="catch-up", every=timedelta(minutes=CATCH_UP_MINUTES), run=self._catch_up, turn=copying),
            Job(name="keep", every=timedelta(minutes=KEEP_MINUTES), run=runtime.keeper.run),
            Job(name="sweep-overdue", every=timedelta(minutes=SWEEP_LOOK_MINUTES), run=self._sweep, turn=copying),
        )

    def start(self) -> None:
        """Begin; a job whose last success is too old runs at once."""
        now = self._runtime.station.clock.now()
        for job in self.jobs:
            self._scheduler.add_job(
                self._run,
                "interval",
                args=[job],
                seconds=job.every.total_seconds(),
                next_run_time=self._first_run(job, now),
                id=job.name,
                # The default grace drops a job that is one second late.
                misfire_grace_time=None,
                coalesce=True,
                max_instances=1,
            )
        self._scheduler.start()
        self._guard.start()

    def stop(self, *, wait_s: float = 3.0) -> bool:
        """Begin no more jobs and return whether none is running after `wait_s` seconds.

        A job that still runs is left to be ended with the process: each leaves what a crash would leave.
        """
        self._stopping.set()
        if self._scheduler.running:
            self._scheduler.shutdown(wait=False)
        deadline_s = time.monotonic() + wait_s
        return all(_ends_by(job.turn, deadline_s) for job in self.jobs)

    def _first_run(self, job: Job, now: datetime) -> datetime:
        last = self._runtime.station.catalog.last_success(job.name)
        return now if last is None else max(now, parse_rfc3339(last) + job.every)

    def _run(self, job: Job) -> None:
        try:
            with job.turn:
                if self._stopping.is_set():
                    return
                job.run()
                self._runtime.station.catalog.note_success(job.name, rfc3339(self._runtime.station.clock.now()))
        except StatedError as err:
            logger.error("job failed job=%s reason=%s", job.name, err)
        except Exception:
            # The rim of a job: the others go on, this one is tried again.
            logger.exception("job failed job=%s", job.name)

    def _mark(self) -> None:
        """Enter that the station was alive now: a dead daemon shows as a hole between marks."""
        self._runtime.station.record.enter([Draft(kind=EntryKind.CLOCK_MARK, subject="station", facts={})])

    def _catch_up(self) -> None:
        self._runtime.catch_up()

    def _sweep(self) -> None:
        sweep_if_overdue(self._runtime)

    def _guard_clock(self) -> None:
        clock = self._runtime.station.clock
        behind = clock.now().timestamp() - clock.monotonic_s()
        while not self._stopping.wait(CLOCK_GUARD_S):
            now = clock.now().timestamp() - clock.monotonic_s()
            if abs(now - behind) > CLOCK_STEP_S:
                logger.warning("wall clock was stepped seconds=%.1f", now - behind)
                self._scheduler.wakeup()
            behind = now


def _ends_by(turn: threading.Lock, deadline_s: float) -> bool:
    """Return whether no job has this turn at `deadline_s` (monotonic) or before."""
    is_free = turn.acquire(timeout=max(0.0, deadline_s - time.monotonic()))
    if is_free:
        turn.release()
    return is_free
