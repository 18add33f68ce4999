"""Programs of ours as people start them, and how much memory and processor time they take."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from config.settings import Settings

CUSTODY = str(Path(sys.executable).with_name("custody"))
_START_WITHIN_S = 30.0


def environment() -> dict[str, str]:
    """Return an environment as users have it: bytecode is kept, the language is English."""
    kept = {name: value for name, value in os.environ.items() if name not in {"PYTHONDONTWRITEBYTECODE", "LANGUAGE"}}
    return kept | {"LC_ALL": "C.UTF-8"}


@contextmanager
def running_daemon(settings: Settings, config: Path) -> Iterator[int]:
    """Run `custody daemon` on a station until it answers, and give its process id; it is stopped in the end.

    Raises:
        RuntimeError: it did not start.
    """
    command = [CUSTODY, "--config", str(config), "daemon", "--foreground"]
    daemon = subprocess.Popen(command, env=environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + _START_WITHIN_S
        while not settings.paths.socket.exists():
            if daemon.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"the daemon did not start: {' '.join(command)}")
            time.sleep(0.05)
        yield daemon.pid
    finally:
        daemon.send_signal(signal.SIGTERM)
        daemon.wait()


def family_pss_bytes(pid: int) -> int:
    """Return the proportional set size of a process and all its descendants."""
    total = 0
    for one in _family(pid):
        with suppress(FileNotFoundError, ProcessLookupError):  # it ended meanwhile
            rollup = (one / "smaps_rollup").read_text()
            total += sum(int(line.split()[1]) * 1024 for line in rollup.splitlines() if line.startswith("Pss:"))
    return total


def family_cpu_s(pid: int) -> float:
    """Return the processor time of a process, its descendants, and those of them that ended and were waited for."""
    return _cpu_s(_family(pid))


def living_children_cpu_s(pid: int) -> float:
    """Return the processor time of the living descendants of a process, with that of those they waited for."""
    return _cpu_s(_family(pid)[1:])


def _cpu_s(processes: list[Path]) -> float:
    ticks = 0
    for one in processes:
        with suppress(FileNotFoundError, ProcessLookupError):
            # The name in parentheses may hold anything; utime, stime, cutime, cstime are fields 14 to 17 (proc(5)).
            fields = (one / "stat").read_text().rpartition(")")[2].split()
            ticks += sum(map(int, fields[11:15]))
    return ticks / os.sysconf("SC_CLK_TCK")


def _family(pid: int) -> list[Path]:
    """Return the folders in /proc of a process and all its descendants."""
    found: list[Path] = []
    waiting = [pid]
    while waiting:
        found.append(Path(f"/proc/{waiting.pop()}"))
        with suppress(FileNotFoundError, ProcessLookupError):  # it ended meanwhile
            for task in (found[-1] / "task").iterdir():
                with suppress(FileNotFoundError, ProcessLookupError):  # a thread that ended
                    waiting += [int(child) for child in (task / "children").read_text().split()]
    return found
