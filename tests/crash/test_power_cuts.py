"""Power cuts during an intake, with primary, backup and ledger on three disks of their own.

One file system would hide a missing flush of a directory: whatever is flushed last takes the rest along.
"""

import random
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.crash.disks import Disks, three_disks
from tests.crash.driver import Plan, StationProcess
from tests.crash.interruption import Stop
from tests.crash.small_station import Site, create_site, losses, make_small_card, recover

CUTS = 48

# Where a cut hurts most if a flush is missing: before the next step after something was called lasting.
_CRITICAL = (
    "LedgerCopy._write_unshown > UnshownFiles.write > open_created: create",  # entries and head are committed
    "Catalog.fold > Catalog._writing: COMMIT",  # their head is published
    "LedgerCopy._show_checkpoint: replace",  # what the checkpoint will cover is flushed
    "place > rename_without_replacing: renameat2",  # the bags are flushed and read back
    "Store.check_writable > create_file > open_created: create",
)


@pytest.fixture
def disks(fast_folder: Path) -> Iterator[Disks]:
    """Three new disks."""
    with three_disks(fast_folder) as disks:
        yield disks


@pytest.fixture
def site_on_disks(disks: Disks, tmp_path: Path) -> Site:
    """A station whose state and stores lie on three disks, all of it on the medium."""
    state, primary, backup = disks.places
    site = create_site(
        tmp_path / "station",
        {"paths.state": state / "custody", "docking.workers_per_card": 2},
        stores={"primary": primary / "store", "backup": backup / "store"},
    )
    disks.flush()
    return site


def test_a_power_cut_loses_nothing_that_was_acknowledged(site_on_disks: Site, disks: Disks, seed: str) -> None:
    cuts = _Cuts(site_on_disks, disks, seed)
    for number in range(CUTS):
        card, head = cuts.cut(number, flushes=True)
        assert cuts.losses == [], f"cut {number}"
        recover(site_on_disks, [card], seen=[head] if head else [])
    assert cuts.in_intake > CUTS / 2, "most cuts came before or after the intake"


def test_the_same_cuts_find_a_station_that_does_not_flush(site_on_disks: Site, disks: Disks, seed: str) -> None:
    """The test above is able to fail: without fsync it does, long before it has made all its cuts."""
    cuts = _Cuts(site_on_disks, disks, seed)
    for number in range(CUTS):
        cuts.cut(number, flushes=False)
        if cuts.losses:
            return
    pytest.fail(f"no loss was seen in {CUTS} cuts without a single flush")


class _Cuts:
    """One power cut after another on one station."""

    def __init__(self, site: Site, disks: Disks, seed: str) -> None:
        self._site = site
        self._disks = disks
        self._seed = seed
        self._chance = random.Random(seed)  # noqa: S311  # moments, not secrets
        self._whole_s, steps = self._watch_whole_run()
        self._critical = sorted({step for step in steps if any(part in step for part in _CRITICAL)})
        self._chance.shuffle(self._critical)
        assert all(any(part in step for step in self._critical) for part in _CRITICAL)
        self.losses: list[str] = []
        self.in_intake = 0

    def cut(self, number: int, *, flushes: bool) -> tuple[Path, bytes | None]:
        """Cut the power while a new card is taken in; return the card and the newest head that was acknowledged."""
        card = self._card(number)
        if number % 2:
            stop = Stop(step=self._critical[number // 2 % len(self._critical)])
            process = StationProcess(
                Plan(root=self._site.root, card=card, stop=stop, cuts=self._disks.places, flushes=flushes)
            )
            process.wait()
        else:
            process = StationProcess(Plan(root=self._site.root, card=card, flushes=flushes))
            process.wait_until("docked")
            timer = threading.Timer(self._chance.uniform(0, self._whole_s), self._cut, [process])
            timer.start()
            process.wait()
            timer.join()
        process.kill_orphans()
        self.in_intake += not process.report.is_complete
        self._disks.power_on_again()
        self.losses = losses(self._site, process.report.acknowledged)
        return card, process.report.acknowledged.head

    def _cut(self, process: StationProcess) -> None:
        self._disks.cut_power()
        process.kill()

    def _card(self, name: object) -> Path:
        return make_small_card(self._site.root / f"card-{name}", f"{self._seed}-{name}")

    def _watch_whole_run(self) -> tuple[float, list[str]]:
        process = StationProcess(Plan(root=self._site.root, card=self._card("timed")))
        process.wait_until("docked")
        started = time.monotonic()
        report = process.wait()
        took_s = time.monotonic() - started
        assert report.is_complete
        process.wait_for_orphans()
        self._disks.flush()
        return took_s, report.steps
