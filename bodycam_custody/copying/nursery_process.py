"""The process that card workers are forked from: it has imported what they need, once for all of them.

Started as `python -I -m bodycam_custody.copying.nursery_process DESCRIPTOR`. On that socket it takes packets of JSON
(see nursery.py) and answers each: it forks a worker, kills one, or says how one ended. It never touches a card and
never waits for a worker, so that nothing a card does can hold it up. It ends when the socket is closed.
"""

import contextlib
import gc
import json
import os
import signal
import socket
import sys
import traceback
from typing import Any

from bodycam_custody.copying import card_worker

# A root, and a lock for every store: far more than paths can fill.
PACKET_BYTES = 1 << 16
_PIPES = 2


def main(arguments: list[str]) -> int:
    """Serve until the other end of the socket is closed."""
    (descriptor,) = arguments
    # The keys of a terminal reach every process; who ends the workers is the daemon, by closing their pipes.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # What was imported is never freed: left alone by the collector, its pages stay shared with every worker.
    gc.collect()
    gc.freeze()
    abandoned: set[int] = set()
    with socket.socket(fileno=int(descriptor)) as control:
        while True:
            packet, pipes, _, _ = socket.recv_fds(control, PACKET_BYTES, _PIPES)
            if not packet:
                return 0
            control.send(json.dumps(_answer(json.loads(packet), pipes, control, abandoned)).encode("ascii"))


def _answer(
    request: dict[str, Any], pipes: list[int], control: socket.socket, abandoned: set[int]
) -> dict[str, int | None]:
    abandoned -= {pid for pid in abandoned if _exit_code(pid) is not None}
    if request["op"] == "start":
        return {"pid": _fork(request["arguments"], pipes, control)}
    pid = request["pid"]
    if request["op"] == "abandon":
        abandoned.add(pid)
    elif request["op"] == "kill":
        # Not reaped before it is asked for, so that this number is still the worker's.
        os.kill(pid, signal.SIGKILL)
    return {"exit_code": _exit_code(pid) if request["op"] == "poll" else None}


def _fork(arguments: list[str], pipes: list[int], control: socket.socket) -> int:
    requests, answers = pipes
    pid = os.fork()
    if pid:
        os.close(requests)
        os.close(answers)
        return pid
    code = 1
    try:
        control.close()
        os.dup2(requests, 0)
        os.dup2(answers, 1)
        os.close(requests)
        os.close(answers)
        code = card_worker.main(arguments)
    except BaseException:  # noqa: BLE001  # the process ends here, whatever it was
        # The rim of the worker: what it says on standard error is all anybody learns.
        traceback.print_exc()
    finally:
        with contextlib.suppress(OSError):
            sys.stderr.flush()
        os._exit(code)


def _exit_code(pid: int) -> int | None:
    """Return how a worker ended, None while it lives; asked once more it is forgotten."""
    ended, status = os.waitpid(pid, os.WNOHANG)
    return os.waitstatus_to_exitcode(status) if ended else None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
