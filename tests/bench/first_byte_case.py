"""How long a recorder stands in its slot before its first byte is read: from the dock slip to the read itself."""

import ctypes
import os
import select
import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.bench.cards import files_of, write_card
from tests.bench.processes import running_daemon
from tests.bench.report import Figure, Report, Row
from tests.bench.rounds import say
from tests.bench.slips import dock_folder
from tests.bench.stations import make_station

_MOST_MS = 300
_CASE = "a card in a slot of a running daemon"
_FILE_BYTES = 1 << 20
_WITHIN_S = 30.0
# inotify(7)
_IN_CLOEXEC = os.O_CLOEXEC
_IN_ACCESS = 0x1
# Between two cards: long enough for the first to be sealed, so that each finds an idle station.
_REST_S = 1.5


def first_byte(work: Path, *, rounds: int) -> Report:
    """Dock one card after the other, and time each from its slip to the first byte that is read of it."""
    settings = make_station(work)
    taken_ms = []
    with running_daemon(settings, work / "config.toml"):
        for number in range(rounds + 1):
            card = write_card(work / f"card-{number}", files=1, file_bytes=_FILE_BYTES)
            with _reads_of(files_of(card)[0]) as reads:
                dock_folder(settings, card, slot=number)
                started = time.perf_counter()
                if not select.select([reads], [], [], _WITHIN_S)[0]:
                    raise RuntimeError("the card was never read")
                taken_ms.append((time.perf_counter() - started) * 1000)
            say(f"  {f'round {number}' if number else 'warm-up'}: {taken_ms[-1]:.0f} ms")
            time.sleep(_REST_S)
    # The warm-up is not counted.
    counted = taken_ms[1:]
    return Report(
        rows=[
            Row(
                case=_CASE,
                name="slip to first byte read",
                median=f"{statistics.median(counted):.0f} ms",
                range=f"{min(counted):.0f} - {max(counted):.0f}",
            )
        ],
        figures=[
            Figure(
                text=f"{_CASE}: first byte read under {_MOST_MS} ms after the slip",
                measured=f"at most {max(counted):.0f} ms",
                is_met=max(counted) < _MOST_MS,
            )
        ],
    )


@contextmanager
def _reads_of(path: Path) -> Iterator[int]:
    """Give a descriptor that is readable as soon as anybody has read from the file."""
    libc = ctypes.CDLL(None, use_errno=True)
    descriptor = libc.inotify_init1(_IN_CLOEXEC)
    if descriptor < 0 or libc.inotify_add_watch(descriptor, os.fsencode(path), _IN_ACCESS) < 0:
        raise OSError(ctypes.get_errno(), "inotify")
    try:
        yield descriptor
    finally:
        os.close(descriptor)
