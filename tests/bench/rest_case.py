"""What a station costs that has nothing to do: twenty recorders stand in their slots, all of them done."""

import os
import time
from pathlib import Path

from cli.client import connect
from cli.wire import Docking
from tests.bench.cards import write_card
from tests.bench.processes import family_cpu_s, running_daemon
from tests.bench.report import Figure, Report, Row
from tests.bench.rounds import say
from tests.bench.slips import dock_folder
from tests.bench.stations import make_station

_MOST_PERCENT = 0.6
_FILE_BYTES = 1 << 16
# Interpretation and the first keeping run are over by then.
_SETTLE_S = 10.0
_LOOK_S = 0.5


def at_rest(work: Path, *, slots: int, watched_s: float) -> Report:
    """Watch the processor time of a daemon and its children while `slots` cards stand there that it has read."""
    settings = make_station(work)
    cards = [write_card(work / f"card-{slot}", files=2, file_bytes=_FILE_BYTES) for slot in range(slots)]
    with running_daemon(settings, work / "config.toml") as pid:
        for slot, card in enumerate(cards):
            dock_folder(settings, card, slot=slot)
        with connect(settings) as station:
            while not _is_done(dockings := station.dockings(limit=slots), slots):
                time.sleep(_LOOK_S)
        if any(docking["files_sealed"] != 2 for docking in dockings):
            raise RuntimeError(f"a docking went wrong: {dockings}")
        time.sleep(_SETTLE_S)
        say(f"  watching for {watched_s:.0f} s")
        before, started = family_cpu_s(pid), time.monotonic()
        time.sleep(watched_s)
        used_s, taken_s = family_cpu_s(pid) - before, time.monotonic() - started
    percent = used_s / taken_s * 100
    case = f"{slots} slots at rest, watched for {watched_s / 60:g} min"
    return Report(
        rows=[Row(case=case, name="processor time of daemon and children", median=f"{percent:.2f} %")],
        figures=[
            Figure(
                text=f"{case}: under {_MOST_PERCENT:g} % of one of {os.cpu_count()} processors",
                measured=f"{percent:.2f} %",
                is_met=percent < _MOST_PERCENT,
            )
        ],
    )


def _is_done(dockings: list[Docking], slots: int) -> bool:
    return len(dockings) == slots and all(docking["phase"] == "closed" for docking in dockings)
