"""Two cases of copying: a few large clips in memory, where the processor counts, and many small ones on a disk."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from tests.bench.cards import files_of, write_card
from tests.bench.prototype import copy_bare, write_naive
from tests.bench.report import Figure, Report
from tests.bench.rounds import Contestant, Timings, rows_of, run_rounds
from tests.bench.stations import dock, make_station, opened, ready_to_dock
from tests.bench.tools import BAGIT, DC3DD, OPENSSL, tools

OURS = "bodycam-custody"
PROTOTYPE = "bare prototype"
NAIVE = "naive loop: write, fsync"
NAIVE_CLIPS_ONLY = "naive loop, clips only, no bags"

_MOST_OVER_PROTOTYPE = 1.15
_LEAST_UNDER = {OPENSSL: 1.2, BAGIT: 1.8, DC3DD: 4.0}
_MOST_OVER_NAIVE = 2.0


def large_clips(work: Path, *, clips: int, clip_bytes: int, rounds: int) -> Report:
    """Take in a few large clips beside everything else that makes two checked copies."""
    card = write_card(work / "card", files=clips, file_bytes=clip_bytes)
    asked = [
        Contestant(name=PROTOTYPE, durable="no names", reread="yes", ready=partial(_bare, card)),
        _ours(card),
        *tools(card),
    ]
    present = [one for one in asked if one.missing is None]
    timings = run_rounds(present, work=work, rounds=rounds)
    case = f"{clips} x {clip_bytes >> 20} MiB in memory"
    return Report(
        rows=rows_of(case, present, timings, ours=OURS),
        figures=_large_figures(case, present, timings),
        skipped=[one.missing for one in asked if one.missing is not None],
    )


def small_clips(work: Path, *, clips: int, clip_bytes: int, rounds: int) -> Report:
    """Take in many small clips on a disk, beside a loop that writes and flushes the same files one by one."""
    card = write_card(work / "card", files=clips, file_bytes=clip_bytes)
    model = work / "model"
    model.mkdir()
    with opened(make_station(model)) as station:
        dock(station, card)
    present = [
        _ours(card),
        Contestant(name=NAIVE, durable="no names", reread="no", ready=partial(_naive, model / "primary" / "clips")),
        Contestant(name=NAIVE_CLIPS_ONLY, durable="no names", reread="no", ready=partial(_naive, card)),
    ]
    timings = run_rounds(present, work=work, rounds=rounds, keep=True)
    case = f"{clips} x {clip_bytes >> 10} KiB on a disk"
    ratio = timings.ratio(OURS, NAIVE)
    return Report(
        rows=rows_of(case, present, timings, ours=OURS),
        figures=[
            Figure(
                text=f"{case}: at most {_MOST_OVER_NAIVE:g} x a naive fsync loop writing the same files",
                measured=f"{ratio:.2f} x ({timings.ratio(OURS, NAIVE_CLIPS_ONLY):.2f} x with the clips alone)",
                is_met=ratio <= _MOST_OVER_NAIVE,
            )
        ],
    )


def _ours(card: Path) -> Contestant:
    return Contestant(name=OURS, durable="yes", reread="yes", ready=partial(ready_to_dock, card))


@contextmanager
def _bare(card: Path, folder: Path) -> Iterator[Callable[[], object]]:
    first, second = _two_folders(folder)
    sources = files_of(card)
    yield lambda: copy_bare(sources, first, second)


@contextmanager
def _naive(tree: Path, folder: Path) -> Iterator[Callable[[], object]]:
    first, second = _two_folders(folder)
    files = files_of(tree)
    yield lambda: write_naive(tree, files, first, second)


def _two_folders(folder: Path) -> tuple[Path, Path]:
    first, second = folder / "A", folder / "B"
    first.mkdir()
    second.mkdir()
    return first, second


def _large_figures(case: str, present: list[Contestant], timings: Timings) -> list[Figure]:
    over = timings.ratio(OURS, PROTOTYPE)
    figures = [
        Figure(
            text=f"{case}: within {_MOST_OVER_PROTOTYPE:g} x of the bare prototype",
            measured=f"{over:.2f} x (in processor time {timings.cpu_ratio(OURS, PROTOTYPE):.2f} x)",
            is_met=over <= _MOST_OVER_PROTOTYPE,
        )
    ]
    for one in present:
        if one.name not in {OURS, PROTOTYPE}:
            least, ratio = _LEAST_UNDER.get(one.name, 1.0), timings.ratio(one.name, OURS)
            figures.append(
                Figure(
                    text=f"{case}: at least {least:g} x as fast as {one.name}",
                    measured=f"{ratio:.2f} x (in processor time {timings.cpu_ratio(one.name, OURS):.2f} x)",
                    is_met=ratio >= least and ratio > 1,
                )
            )
    return figures
