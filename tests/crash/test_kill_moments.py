"""kill -9 at random moments: whatever the process was doing, between two system calls or in the middle of one."""

import os
import random
import signal
import threading
import time
from pathlib import Path

from tests.crash.driver import Plan, StationProcess
from tests.crash.small_station import Site, make_small_card, recover

STATION_KILLS = 200
WORKER_KILLS = 30
# Damage on damage: this many kills before the station may recover.
_KILLS_IN_A_ROW = 5


def test_a_station_killed_at_200_random_moments_loses_nothing_and_repeats_nothing(
    fast_folder: Path, site: Site, seed: str
) -> None:
    chance = random.Random(seed)  # noqa: S311  # moments, not secrets
    whole_s = _whole_run_s(site, fast_folder)
    killed = 0
    number = 0
    while killed < STATION_KILLS:
        number += 1
        assert number < STATION_KILLS, "the moments come too late: the runs end before them"
        card = make_small_card(fast_folder / f"card-{number}", f"{seed}-{number}")
        head = None
        for _ in range(_KILLS_IN_A_ROW):
            process = StationProcess(Plan(root=site.root, card=card))
            process.wait_until("started")
            timer = threading.Timer(chance.uniform(0, whole_s), process.kill)
            timer.start()
            head = process.wait().acknowledged.head or head
            timer.cancel()
            assert process.was_killed or process.exit_code == 0, (site.root / "driver.log").read_text()
            killed += process.was_killed
        # The last worker may still be writing when the station starts again, which must not matter. When the station
        # looks at its staging folders for the last time it has to be gone, or it would rightly be spared.
        process.wait_for_orphans()
        recover(site, [card], seen=[head] if head else [])


def test_a_card_worker_killed_at_random_moments_ends_its_docking_and_nothing_else(
    fast_folder: Path, site: Site, seed: str
) -> None:
    chance = random.Random(seed)  # noqa: S311  # moments, not secrets
    whole_s = _whole_run_s(site, fast_folder)
    for number in range(WORKER_KILLS):
        card = make_small_card(fast_folder / f"card-{number}", f"{seed}-{number}")
        process = StationProcess(Plan(root=site.root, card=card))
        process.wait_until("worker")
        assert process.report.worker_pid is not None
        worker = os.pidfd_open(process.report.worker_pid)
        time.sleep(chance.uniform(0, whole_s / 2))  # the moment is the point
        try:
            signal.pidfd_send_signal(worker, signal.SIGKILL)
        except ProcessLookupError:
            pass  # it had done its work
        finally:
            os.close(worker)
        report = process.wait()
        process.wait_for_orphans()
        assert report.is_complete, (site.root / "driver.log").read_text()
        head = report.acknowledged.head
        recover(site, [card], seen=[head] if head else [])


def _whole_run_s(site: Site, folder: Path) -> float:
    """Return how long a run takes that nobody kills; each needs a card of its own."""
    times = []
    for number in range(2):
        card = make_small_card(folder / f"timed-{number}", f"timed-{number}")
        process = StationProcess(Plan(root=site.root, card=card))
        process.wait_until("started")
        started = time.monotonic()
        process.wait()
        times.append(time.monotonic() - started)
        process.wait_for_orphans()
    return min(times)
