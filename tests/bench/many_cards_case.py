"""Twenty cards at once beside one card with the same files: what it costs to be fair."""

from collections.abc import Callable, Iterator
from concurrent.futures import wait
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from bodycam_custody.runtime import Runtime
from tests.bench.cards import files_of, write_card
from tests.bench.report import Figure, Report
from tests.bench.rounds import Contestant, rows_of, run_rounds
from tests.bench.stations import arrival_of, make_station, opened, require_all_sealed

ONE = "one card"
MANY = "the same on as many cards"
_MOST_OVER_ONE = 1.1


def many_cards(work: Path, *, cards: int, card_bytes: int, rounds: int) -> Report:
    """Take in `cards` cards of one clip each, docked at the same moment, beside one card with as many clips."""
    one = [write_card(work / "one", files=cards, file_bytes=card_bytes)]
    many = [_card_with(file, work / f"card-{slot}") for slot, file in enumerate(files_of(one[0]))]
    contestants = [
        Contestant(name=ONE, durable="yes", reread="yes", ready=partial(_docked, one)),
        Contestant(name=MANY, durable="yes", reread="yes", ready=partial(_docked, many)),
    ]
    timings = run_rounds(contestants, work=work, rounds=rounds)
    case = f"{cards} x {card_bytes >> 20} MiB in memory, in {cards} slots"
    ratio = timings.ratio(MANY, ONE)
    return Report(
        rows=rows_of(case, contestants, timings, ours=ONE),
        figures=[
            Figure(
                text=f"{case}: within {_MOST_OVER_ONE:g} x of one card of the same total",
                measured=f"{ratio:.2f} x (in processor time {timings.cpu_ratio(MANY, ONE):.2f} x)",
                is_met=ratio <= _MOST_OVER_ONE,
            )
        ],
    )


def _card_with(file: Path, card: Path) -> Path:
    """Make a card of one file that already lies in memory, without taking more of it."""
    folder = card / "DCIM" / "100MEDIA"
    folder.mkdir(parents=True)
    (folder / file.name).hardlink_to(file)
    return card


@contextmanager
def _docked(cards: list[Path], folder: Path) -> Iterator[Callable[[], object]]:
    """Give the call that docks all `cards` at a fresh station in `folder` and waits until each is taken in."""
    with opened(make_station(folder)) as station:
        runtime = Runtime(station, mode="bench")

        def dock_all() -> None:
            wait([runtime.dock(arrival_of(station, card, slot)) for slot, card in enumerate(cards)])

        yield dock_all
        runtime.close()
        require_all_sealed(station, runtime.progress.values())
