"""Card workers that can be stopped at a step, alone or together with the station that started them.

Run by path in an isolated interpreter in the place of the nursery, with a JSON object before the nursery's own
arguments (see `driver.py`).
"""

import json
import os
import signal
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))  # an isolated interpreter does not know where tests are

from bodycam_custody.copying import card_worker, nursery_process
from tests.crash.interruption import Steps, Stop, kill_self, write_without_flushing

_orders = json.loads(sys.argv[1])
_really_work = card_worker.main


def _kill_both() -> None:
    os.kill(_orders["kills"], signal.SIGKILL)
    kill_self()


def _work(arguments: list[str]) -> int:
    """Be a worker under watch; this runs in its own process already."""
    if not _orders["flushes"]:
        write_without_flushing()
    stop = Stop(**_orders["stop"]) if _orders["stop"] else None
    steps = Steps(stop, _kill_both if _orders["kills"] else kill_self)
    steps.watch()
    result = _really_work(arguments)
    Path(_orders["taken"]).write_text(json.dumps(steps.taken), encoding="utf-8")
    return result


if __name__ == "__main__":
    card_worker.main = _work
    sys.exit(nursery_process.main(sys.argv[2:]))
