"""How much memory the daemon and its workers take: for one very large clip, and for cards in twenty slots at once."""

import time
from pathlib import Path

from cli.client import connect
from config.settings import Settings
from tests.bench.cards import write_sparse_card
from tests.bench.processes import family_pss_bytes, running_daemon
from tests.bench.report import Figure, Report, Row
from tests.bench.rounds import say
from tests.bench.slips import dock_folder
from tests.bench.stations import make_station

_MOST_BYTES = 150 << 20
_MOST_BYTES_MANY = 200 << 20
_LOOK_S = 0.05
# The daemon is asked now and then only: an answer takes memory too.
_ASK_EVERY_LOOKS = 10


def copying_memory(work: Path, *, clip_bytes: int) -> Report:
    """Dock a card with one large clip at a running daemon and add up what all its processes take until it is read."""
    settings = make_station(work)
    card = write_sparse_card(work / "card", file_bytes=clip_bytes)
    with running_daemon(settings, work / "config.toml") as pid:
        idle = family_pss_bytes(pid)
        dock_folder(settings, card, slot=1)
        found = _watch(settings, pid, cards=1)
    case = f"one clip of {clip_bytes / 2**30:g} GiB, daemon and workers"
    return _report(case, idle, found, most_bytes=_MOST_BYTES)


def copying_memory_of_many(work: Path, *, cards: int, clip_bytes: int) -> Report:
    """The same with a card in each of `cards` slots, all of them copied at the same time."""
    settings = make_station(work, cards_at_once=cards)
    folders = [write_sparse_card(work / f"card-{slot}", file_bytes=clip_bytes) for slot in range(cards)]
    with running_daemon(settings, work / "config.toml") as pid:
        idle = family_pss_bytes(pid)
        for slot, folder in enumerate(folders):
            dock_folder(settings, folder, slot=slot)
        found = _watch(settings, pid, cards=cards)
    case = f"{cards} cards of {clip_bytes >> 20} MiB at once, daemon and workers"
    return _report(case, idle, found, most_bytes=_MOST_BYTES_MANY)


def _watch(settings: Settings, pid: int, *, cards: int) -> list[int]:
    """Return what the daemon and its children took, look by look, until every card is read.

    Raises:
        RuntimeError: something was not sealed.
    """
    found: list[int] = []
    is_over = False
    with connect(settings) as station:
        while not is_over:
            for _ in range(_ASK_EVERY_LOOKS):
                found.append(family_pss_bytes(pid))
                time.sleep(_LOOK_S)
            dockings = station.dockings(limit=cards)
            is_over = len(dockings) == cards and all(docking["closed_at"] is not None for docking in dockings)
    if any(docking["files_sealed"] != 1 for docking in dockings):
        raise RuntimeError(f"a docking went wrong: {dockings}")
    say(f"  {len(found)} looks")
    return found


def _report(case: str, idle: int, found: list[int], *, most_bytes: int) -> Report:
    return Report(
        rows=[
            Row(case=case, name="PSS at rest", median=_mib(idle)),
            Row(
                case=case,
                name="PSS while copying",
                median=_mib(sorted(found)[len(found) // 2]),
                range=f"{_mib(min(found))} - {_mib(max(found))}",
                durable="yes",
                reread="yes",
            ),
        ],
        figures=[
            Figure(
                text=f"{case}: under {_mib(most_bytes)} while copying",
                measured=f"at most {_mib(max(found))}",
                is_met=max(found) < most_bytes,
            )
        ],
    )


def _mib(size: int) -> str:
    return f"{size / 2**20:.0f} MiB"
