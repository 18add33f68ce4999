"""How much memory the daemon and its workers take while they copy one very large clip."""

import time
from pathlib import Path

from bodycam_custody.clock import Clock
from cli.client import connect
from docking.slips import FOLDER_FILESYSTEM, DockSlip, write_slip
from tests.bench.cards import write_sparse_card
from tests.bench.processes import family_pss_bytes, running_daemon
from tests.bench.report import Figure, Report, Row
from tests.bench.rounds import say
from tests.bench.stations import make_station

_MOST_BYTES = 150 << 20
_LOOK_S = 0.05
# The daemon is asked now and then only: an answer takes memory too.
_ASK_EVERY_LOOKS = 10


def copying_memory(work: Path, *, clip_bytes: int) -> Report:
    """Dock a card with one large clip at a running daemon and add up what all its processes take until it is read."""
    settings = make_station(work)
    card = write_sparse_card(work / "card", file_bytes=clip_bytes)
    with running_daemon(settings, work / "config.toml") as pid:
        idle = family_pss_bytes(pid)
        write_slip(settings.paths.slips, "slot-1", _slip(card))
        found = []
        is_closed = False
        with connect(settings) as station:
            while not is_closed:
                for _ in range(_ASK_EVERY_LOOKS):
                    found.append(family_pss_bytes(pid))
                    time.sleep(_LOOK_S)
                dockings = station.dockings(limit=1)
                is_closed = bool(dockings) and dockings[0]["closed_at"] is not None
    (docking,) = dockings
    if docking["files_sealed"] != 1:
        raise RuntimeError(f"the docking went wrong: {docking}")
    case = f"one clip of {clip_bytes / 2**30:g} GiB, daemon and workers"
    say(f"  {len(found)} looks")
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
                text=f"{case}: under {_mib(_MOST_BYTES)} while copying",
                measured=f"at most {_mib(max(found))}",
                is_met=max(found) < _MOST_BYTES,
            )
        ],
    )


def _mib(size: int) -> str:
    return f"{size / 2**20:.0f} MiB"


def _slip(card: Path) -> DockSlip:
    return DockSlip(
        device=None,
        diskseq=None,
        port_path="bench-1",
        slot="slot-1",
        vendor_id="4255",
        product_id="0001",
        serial="BENCH",
        filesystem=FOLDER_FILESYSTEM,
        mount_point=card,
        docked_at=Clock().now(),
        clock_offset_ms=None,
        clock_offset_uncertainty_ms=None,
    )
