"""How long a person waits for a command: from typing it to the prompt."""

import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from tests.bench.processes import CUSTODY, environment, running_daemon
from tests.bench.report import Figure, Report, Row
from tests.bench.rounds import Contestant, Timings, run_rounds
from tests.bench.stations import make_station

_BARE = "python -c pass"
_HELP = "custody --help"
_STATUS = "custody status, no daemon"
_STATUS_SOCKET = "custody status, over the socket"
_MOST_MS = {_HELP: 150, _STATUS: 250, _STATUS_SOCKET: 250}
_CASE = "start-up, compiled bytecode"


def starting(work: Path, *, rounds: int) -> Report:
    """Time commands on the station that `custody demo` leaves, and beside them an interpreter that does nothing."""
    demo = work / "demo"
    subprocess.run([CUSTODY, "demo", "--dir", str(demo)], env=environment(), check=True, capture_output=True)
    config = str(demo / "config.toml")
    served = work / "served"
    served.mkdir()
    settings = make_station(served)
    alone = [
        _command(_BARE, [sys.executable, "-c", "pass"]),
        _command(_HELP, [CUSTODY, "--help"]),
        _command(_STATUS, [CUSTODY, "--config", config, "status"]),
    ]
    over_socket = _command(_STATUS_SOCKET, [CUSTODY, "--config", str(served / "config.toml"), "status"])
    with running_daemon(settings, served / "config.toml"):
        contestants = [*alone, over_socket]
        timings = run_rounds(contestants, work=work, rounds=rounds)
    return Report(
        rows=[_row(one.name, timings) for one in contestants],
        figures=[
            Figure(
                text=f"{name} under {most_ms} ms",
                measured=f"{timings.median_s(name) * 1000:.0f} ms",
                is_met=timings.median_s(name) * 1000 < most_ms,
            )
            for name, most_ms in _MOST_MS.items()
        ],
    )


def _command(name: str, command: Sequence[str]) -> Contestant:
    @contextmanager
    def ready(_: Path) -> Iterator[Callable[[], object]]:
        yield partial(subprocess.run, command, env=environment(), check=True, capture_output=True)

    return Contestant(name=name, durable="", reread="", ready=ready)


def _row(name: str, timings: Timings) -> Row:
    taken = timings.seconds[name]
    return Row(
        case=_CASE,
        name=name,
        median=f"{timings.median_s(name) * 1000:.0f} ms",
        range=f"{min(taken) * 1000:.0f} - {max(taken) * 1000:.0f}",
        cpu=f"{timings.median_cpu_s(name) * 1000:.0f} ms",
        beside_ours=f"{timings.ratio(name, _BARE):.1f} x python" if name != _BARE else "1",
    )
