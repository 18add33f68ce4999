"""The process that reads one card: one interpreter of its own, which the daemon can abandon when the card hangs.

It is forked from the nursery (nursery_process.py) with the arguments ROOT THREADS LOCK… and speaks JSON lines:
requests on standard input, answers on standard output (see card_reader.py). It imports little, so that twenty of them
stay small.
It holds a shared lock on each LOCK file as long as it lives: what it writes is swept only when that lock is free.
"""

import base64
import contextlib
import fcntl
import json
import os
import queue
import sys
import threading
import time
import traceback
from pathlib import Path
from typing import Any

from archive.copying import CopyBuffers, copy_verified
from archive.durable import write_all
from archive.errors import SourceReadError
from docking.errors import CardGoneError, SourceUnreadableError
from docking.inventory import open_regular, take_inventory
from docking.opening import require_as_listed
from docking.presence import confirm_card_present, open_card
from hashing.errors import StatedError, shown

# Progress is worth a line every so many bytes; more would cost time and tell nobody more.
PROGRESS_BYTES = 8 * 1024 * 1024
# A line without news says that the worker lives; a line for every block read back would take as long as the reading.
SIGN_OF_LIFE_S = 0.1
# An inventory answer carries this many files, so that no line grows without bound.
INVENTORY_PART = 2000


def main(arguments: list[str]) -> int:
    """Serve requests until standard input ends."""
    root, threads, *locks = arguments
    held = [_hold(path) for path in locks]
    worker = _Worker(Path(os.fsdecode(base64.b64decode(root))))
    jobs: queue.Queue[dict[str, Any] | None] = queue.Queue()
    threading.excepthook = _end_at_once
    pool = [threading.Thread(target=worker.serve, args=(jobs,)) for _ in range(int(threads))]
    for thread in pool:
        thread.start()
    for line in sys.stdin.buffer:
        jobs.put(json.loads(line))
    for _ in pool:
        jobs.put(None)
    for thread in pool:
        thread.join()
    for descriptor in held:
        os.close(descriptor)
    return 0


def _end_at_once(failed: threading.ExceptHookArgs) -> None:
    """End the process where a thread failed: alone, the others would leave the daemon waiting for an answer."""
    traceback.print_exception(failed.exc_type, failed.exc_value, failed.exc_traceback)
    os._exit(1)


def _hold(lock: str) -> int:
    descriptor = os.open(lock, os.O_RDWR | os.O_CLOEXEC)
    fcntl.flock(descriptor, fcntl.LOCK_SH)
    return descriptor


class _Worker:
    def __init__(self, root: Path) -> None:
        self._root = root
        self._root_fd: int | None = None
        self._writing = threading.Lock()
        self._opening = threading.Lock()

    def serve(self, jobs: "queue.Queue[dict[str, Any] | None]") -> None:
        buffers = CopyBuffers()
        while (job := jobs.get()) is not None:
            try:
                answer = self._inventory(job) if job["op"] == "inventory" else self._copy(job, buffers)
            except StatedError as err:
                facts = {name: fact if isinstance(fact, int) else str(fact) for name, fact in err.facts.items()}
                answer = {"error": {"code": err.code, "template": err.template, "facts": facts}}
            self._say({"n": job["n"], **answer})

    def _inventory(self, job: dict[str, Any]) -> dict[str, Any]:
        inventory = take_inventory(self._root)
        for start in range(0, len(inventory.files), INVENTORY_PART):
            part = inventory.files[start : start + INVENTORY_PART]
            rows = [[_text(file.path), file.size_bytes, file.mtime_ns, file.changed_ns] for file in part]
            self._say({"n": job["n"], "files": rows})
        return {"done": True, "specials": [[_text(special.path), special.kind] for special in inventory.specials]}

    def _copy(self, job: dict[str, Any], buffers: CopyBuffers) -> dict[str, Any]:
        unsaid, blocks, said_at = 0, 0, time.monotonic()

        def on_bytes(count: int) -> None:
            nonlocal unsaid, blocks, said_at
            unsaid += count
            blocks += 1
            now = time.monotonic()
            if unsaid >= PROGRESS_BYTES or now - said_at >= SIGN_OF_LIFE_S:
                self._say({"n": job["n"], "bytes": unsaid, "blocks": blocks})
                unsaid, blocks, said_at = 0, 0, now

        path = base64.b64decode(job["path"])
        source = open_regular(self._card(), path)
        try:
            require_as_listed(source, path, size_bytes=job["size"], mtime_ns=job["mtime_ns"])
            targets = [Path(target) for target in job["targets"]]
            report = copy_verified(source, targets, on_bytes=on_bytes, scratch=buffers)
        except SourceReadError:
            self._confirm_card()
            raise
        except OSError as err:
            # What fails at a target is stated there; a card that leaves may fail at any call.
            self._confirm_card()
            raise SourceUnreadableError(path=shown(path), reason=os.strerror(err.errno or 0)) from err
        finally:
            _close(source)
        moved = {"bytes": unsaid, "blocks": blocks}
        return {"done": True, "size_bytes": report.size_bytes, "sha256": report.sha256.hex, **moved}

    def _card(self) -> int:
        with self._opening:
            if self._root_fd is None:
                self._root_fd = open_card(self._root)
            return self._root_fd

    def _confirm_card(self) -> None:
        """Return if the card is still there; the error of one file is then the trouble of that file.

        Raises:
            CardGoneError: it is not.
        """
        try:
            confirm_card_present(self._root, self._card())
        except OSError as err:
            raise CardGoneError(card=shown(self._root), reason=os.strerror(err.errno or 0)) from err

    def _say(self, answer: dict[str, Any]) -> None:
        line = json.dumps(answer).encode("ascii") + b"\n"
        with self._writing:
            write_all(1, line)


def _close(source: int) -> None:
    # Nothing was written through it: what a card that left says about its closing changes nothing.
    with contextlib.suppress(OSError):
        os.close(source)


def _text(path: bytes) -> str:
    return base64.b64encode(path).decode("ascii")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
