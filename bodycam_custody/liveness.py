"""Telling systemd that the station is at work, and only while it is: a station that hangs is started again."""

import logging
import os
import threading
from collections.abc import Callable, Mapping

from bodycam_custody.interpretation.procedure import BATCH_CLIPS
from bodycam_custody.runtime import IDLE_LOOK_S, Runtime

logger = logging.getLogger(__name__)

# sd_watchdog_enabled(3): tell at least twice in the time allowed.
_TIMES_IN_LIMIT = 2
# A disk that wakes up, or a batch of entries that waits for it.
_SLACK_S = 120.0


def watchdog_interval_s(environ: Mapping[str, str], pid: int) -> float | None:
    """Return how often systemd wants to hear of process `pid`, None where it does not (sd_watchdog_enabled(3))."""
    limit, named = environ.get("WATCHDOG_USEC", ""), environ.get("WATCHDOG_PID", str(pid))
    if not limit.isdecimal() or int(limit) == 0 or named != str(pid):
        return None
    return int(limit) / 1_000_000 / _TIMES_IN_LIMIT


def is_at_work(runtime: Runtime) -> bool:
    """Return whether the interpreter makes progress, the ledger's database answers and the catalog keeps up with it.

    Waits as long as that takes.
    """
    station = runtime.station
    # The longest the interpreter may be silent: one batch in which every probe runs into its time limit.
    limit_s = max(IDLE_LOOK_S, BATCH_CLIPS * station.settings.interpretation.probe_timeout_s) + _SLACK_S
    silence_s = runtime.interpreter_silence_s()
    if silence_s is None or silence_s > limit_s:
        logger.error("interpreter does not answer silent_s=%s", silence_s)
        return False
    newest = station.ledger.size - 1
    if len(station.ledger.lines(newest, newest + 1)) != 1:
        logger.error("ledger does not answer")
        return False
    if not station.record.keeps_up():
        logger.error("catalog is behind the ledger")
        return False
    return True


class Liveness:
    """A thread that tells again and again, as long as the station is at work."""

    def __init__(self, runtime: Runtime, *, every_s: float, tell: Callable[[], None]) -> None:
        self._runtime = runtime
        self._every_s = every_s
        self._tell = tell
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="liveness", daemon=True)

    def start(self) -> None:
        """Begin to tell."""
        self._thread.start()

    def stop(self) -> None:
        """Tell no more; a question the ledger does not answer is not waited for."""
        self._stopping.set()

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                if is_at_work(self._runtime) and not self._stopping.is_set():
                    self._tell()
            except Exception:
                # The rim of this thread: nothing is told, so systemd acts, and the reason is in the journal.
                logger.exception("station cannot be asked whether it is at work")
            self._stopping.wait(self._every_s)


def start_liveness(runtime: Runtime, tell: Callable[[], None]) -> Liveness | None:
    """Begin to tell if systemd wants to hear of this process."""
    every_s = watchdog_interval_s(os.environ, os.getpid())
    if every_s is None:
        return None
    liveness = Liveness(runtime, every_s=every_s, tell=tell)
    liveness.start()
    return liveness
