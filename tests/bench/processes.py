"""Programs of ours as people start them, and how much memory they share out."""

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
    waiting = [pid]
    while waiting:
        one = Path(f"/proc/{waiting.pop()}")
        with suppress(FileNotFoundError, ProcessLookupError):  # it ended meanwhile
            rollup = (one / "smaps_rollup").read_text()
            total += sum(int(line.split()[1]) * 1024 for line in rollup.splitlines() if line.startswith("Pss:"))
            for task in (one / "task").iterdir():
                with suppress(FileNotFoundError, ProcessLookupError):  # a thread that ended
                    waiting += [int(child) for child in (task / "children").read_text().split()]
    return total
