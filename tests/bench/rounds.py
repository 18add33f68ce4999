"""Timing rows beside one another: every round runs each row once, so that a busy minute slows all of them."""

import os
import resource
import shutil
import statistics
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from tests.bench.processes import living_children_cpu_s
from tests.bench.report import Row

ROUNDS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Contestant:
    """One row of a case.

    `ready` gets an empty folder and gives, as a context manager, the call that is timed; what it does before and after
    is not timed. `missing` says what has to be installed first, None when everything is there.
    """

    name: str
    durable: str
    reread: str
    ready: Callable[[Path], AbstractContextManager[Callable[[], object]]]
    missing: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Timings:
    """Seconds by row name, one for each round; the same index is the same round."""

    seconds: Mapping[str, Sequence[float]]
    cpu_seconds: Mapping[str, Sequence[float]]
    """Of this process and its descendants; other work on the machine changes it little."""

    def median_s(self, name: str) -> float:
        """Return the median of a row."""
        return statistics.median(self.seconds[name])

    def ratio(self, name: str, to: str) -> float:
        """Return how often `to` fits into `name`: the median of the ratios of the same rounds."""
        pairs = zip(self.seconds[name], self.seconds[to], strict=True)
        return statistics.median(one / other for one, other in pairs)

    def cpu_ratio(self, name: str, to: str) -> float:
        """Return the same of the processor time, which other work on the machine changes less."""
        pairs = zip(self.cpu_seconds[name], self.cpu_seconds[to], strict=True)
        return statistics.median(one / other for one, other in pairs)

    def median_cpu_s(self, name: str) -> float:
        """Return the median processor time of a row."""
        return statistics.median(self.cpu_seconds[name])


def say(text: str) -> None:
    """Tell whoever waits what is going on; the report itself goes to standard output."""
    sys.stderr.write(text + "\n")
    sys.stderr.flush()


def run_rounds(contestants: Sequence[Contestant], *, work: Path, rounds: int, keep: bool = False) -> Timings:
    """Time every contestant `rounds` times after one round of warming up.

    With `keep` no files are removed before the end of the case: ext4 passes over each inode that was freed in the last
    minutes whenever it looks for a new one, and whoever creates files after a removal pays for it.
    """
    seconds: dict[str, list[float]] = {contestant.name: [] for contestant in contestants}
    cpu_seconds: dict[str, list[float]] = {contestant.name: [] for contestant in contestants}
    for number in range(rounds + 1):
        for contestant in contestants:
            folder = work / f"run-{number}-{contestants.index(contestant)}"
            taken_s, cpu_s = _timed(contestant, folder)
            if not keep:
                shutil.rmtree(folder)
            say(
                f"  {f'round {number}' if number else 'warm-up'}: {contestant.name}: {taken_s:.3f} s, CPU {cpu_s:.3f} s"
            )
            if number:
                seconds[contestant.name].append(taken_s)
                cpu_seconds[contestant.name].append(cpu_s)
    return Timings(seconds=seconds, cpu_seconds=cpu_seconds)


def _cpu_s() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    # Card workers are waited for by the nursery, which lives on.
    return sum(one.ru_utime + one.ru_stime for one in used) + living_children_cpu_s(os.getpid())


def _timed(contestant: Contestant, folder: Path) -> tuple[float, float]:
    folder.mkdir(parents=True)
    with contestant.ready(folder) as run:
        # What others left to be written must not be waited for by this row.
        os.sync()
        cpu_before, started = _cpu_s(), time.perf_counter()
        run()
        return time.perf_counter() - started, _cpu_s() - cpu_before


def rows_of(case: str, contestants: Sequence[Contestant], timings: Timings, *, ours: str) -> list[Row]:
    """Return the table's rows of one case, fastest first."""
    ranked = sorted(contestants, key=lambda contestant: timings.median_s(contestant.name))
    return [
        Row(
            case=case,
            name=one.name,
            median=f"{timings.median_s(one.name):.2f} s",
            range=f"{min(timings.seconds[one.name]):.2f} - {max(timings.seconds[one.name]):.2f}",
            cpu=f"{timings.median_cpu_s(one.name):.2f} s",
            beside_ours="1" if one.name == ours else f"{timings.ratio(one.name, ours):.2f} x",
            durable=one.durable,
            reread=one.reread,
        )
        for one in ranked
    ]
