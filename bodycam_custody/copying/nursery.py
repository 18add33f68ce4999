"""Card workers, forked from one small process that has imported what they need (docs/adr/0010-workers-are-forked.md).

A worker is a process of its own: it can hang in a read for ever, be killed, or die, and nobody else notices. The daemon
itself is never forked, as it has threads.
"""

import json
import logging
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import BinaryIO

logger = logging.getLogger(__name__)

# The nursery forks and nothing else: one that is silent for so long is stuck, and another is started.
ANSWER_S = 20.0
_LOOK_S = 0.005
_ANSWER_BYTES = 4096


@dataclass(slots=True, kw_only=True)
class Worker:
    """One card worker. Closing `requests` tells it to end."""

    pid: int
    requests: BinaryIO
    answers: BinaryIO
    _nursery: "_Process"
    _exit_code: int | None = None

    def kill(self) -> None:
        """Kill it, if it has not ended; one that hangs in a read dies when the kernel gives that read up."""
        if self.wait(0) is None:
            self._nursery.ask({"op": "kill", "pid": self.pid})

    def wait(self, wait_s: float) -> int | None:
        """Return how it ended, None where it still lives after `wait_s` seconds, or nobody is left to tell."""
        deadline = time.monotonic() + wait_s
        while self._exit_code is None:
            answer = self._nursery.ask({"op": "poll", "pid": self.pid})
            if answer is None:
                return None
            self._exit_code = answer["exit_code"]
            if time.monotonic() >= deadline:
                break
            if self._exit_code is None:
                time.sleep(_LOOK_S)
        return self._exit_code

    def abandon(self) -> None:
        """Leave it to end by itself, whenever that is."""
        self._nursery.ask({"op": "abandon", "pid": self.pid})


@dataclass(slots=True)
class Nursery:
    """Starts card workers; its process is started with the first. All methods may be called from any thread."""

    _process: "_Process | None" = None
    _starting: threading.Lock = field(default_factory=threading.Lock)

    def warm_up(self) -> None:
        """Start the process, so that the first card need not wait for it."""
        self._living()

    def start(self, arguments: Sequence[str]) -> Worker:
        """Return a new worker with these arguments (see card_worker.py).

        Raises:
            OSError: no worker could be started, not even from a new process.
        """
        process = self._living()
        worker = process.start(arguments)
        if worker is None:
            logger.error("nursery does not answer and is replaced pid=%s", process.pid)
            process.close()
            process = self._living()
            worker = process.start(arguments)
        if worker is None:
            raise OSError("no card worker could be started")
        return worker

    def close(self) -> None:
        """Start no more workers; those that live go on until they are told to end."""
        with self._starting:
            if self._process is not None:
                self._process.close()
                self._process = None

    def _living(self) -> "_Process":
        with self._starting:
            if self._process is None or not self._process.is_open:
                self._process = _Process()
            return self._process


class _Process:
    """The process itself and the socket to it."""

    def __init__(self) -> None:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._popen = subprocess.Popen(
                [sys.executable, "-I", "-m", "bodycam_custody.copying.nursery_process", str(theirs.fileno())],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
            )
        ours.settimeout(ANSWER_S)
        self._control = ours
        self._asking = threading.Lock()
        self.is_open = True

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._popen.pid

    def start(self, arguments: Sequence[str]) -> Worker | None:
        """Return a new worker, None where the process does not answer."""
        to_worker, requests = os.pipe()
        answers, from_worker = os.pipe()
        theirs, ours = (to_worker, from_worker), (requests, answers)
        try:
            answer = self.ask({"op": "start", "arguments": list(arguments)}, pipes=theirs)
        finally:
            for descriptor in theirs:
                os.close(descriptor)
        if answer is None or answer["pid"] is None:
            for descriptor in ours:
                os.close(descriptor)
            return None
        return Worker(
            pid=answer["pid"],
            requests=os.fdopen(requests, "wb"),
            answers=os.fdopen(answers, "rb", buffering=0),
            _nursery=self,
        )

    def ask(self, request: dict[str, object], *, pipes: Sequence[int] = ()) -> dict[str, int | None] | None:
        """Return the answer to a request, None where the process ended or is stuck; then it is never asked again."""
        with self._asking:
            if not self.is_open:
                return None
            try:
                socket.send_fds(self._control, [json.dumps(request).encode("ascii")], pipes)
                packet = self._control.recv(_ANSWER_BYTES)
            except OSError:
                packet = b""
            if not packet:
                self._end()
                return None
            answer: dict[str, int | None] = json.loads(packet)
            return answer

    def close(self) -> None:
        """End it; workers it started go on."""
        with self._asking:
            self._end()

    def _end(self) -> None:
        if self.is_open:
            self.is_open = False
            self._control.close()
            self._popen.kill()
            self._popen.wait()
