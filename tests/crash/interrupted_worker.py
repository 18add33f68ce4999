"""A card worker that can be stopped at a step, alone or together with the station that started it.

Run by path in an isolated interpreter, with a JSON object before the worker's own arguments (see `driver.py`).
"""

import json
import os
import signal
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))  # an isolated interpreter does not know where tests are

from bodycam_custody.card_worker import main
from tests.crash.interruption import Steps, Stop, kill_self, write_without_flushing


def _kill_both() -> None:
    os.kill(os.getppid(), signal.SIGKILL)
    kill_self()


if __name__ == "__main__":
    orders = json.loads(sys.argv[1])
    if not orders["flushes"]:
        write_without_flushing()
    stop = Stop(**orders["stop"]) if orders["stop"] else None
    steps = Steps(stop, _kill_both if orders["both"] else kill_self)
    steps.watch()
    result = main(sys.argv[2:])
    Path(orders["taken"]).write_text(json.dumps(steps.taken), encoding="utf-8")
    sys.exit(result)
