"""The daemon's side of a card worker: what it is asked, and when it is given up."""

import base64
import json
import logging
import os
import select
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from bodycam_custody.copying.errors import CardReaderFailedError, CardSilentError, StationStoppingError
from bodycam_custody.copying.nursery import Nursery
from docking.inventory import Inventory
from docking.source import FileType, SourceFile, SpecialFile, SpecialKind
from hashing.digest import Digest
from hashing.errors import StatedError, shown

logger = logging.getLogger(__name__)

# Requests given to a worker beyond the files it is copying, so that small files never wait for us...
AHEAD_PER_THREAD = 32
# ...and no more bytes than these, so that a card whose turn is over soon has nothing more to do.
AHEAD_BYTES = 64 * 1024 * 1024
_READ_BYTES = 1 << 16
# How long the end of the station may go unnoticed while a card is waited for.
STOP_LOOK_S = 0.5
# A worker that was told to end and has nothing to do ends at once; one in a hung read never does.
_FAREWELL_S = 2.0
# How a worker ended that nobody saw end.
_UNKNOWN = "?"


@dataclass(frozen=True, slots=True, kw_only=True)
class CopyJob:
    """One file of the card as the inventory lists it, and where its copies go."""

    number: int
    path: bytes
    size_bytes: int
    mtime_ns: int
    targets: tuple[Path, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Copied:
    """The file was read once and every target was read back and found equal."""

    number: int
    size_bytes: int
    sha256: Digest


@dataclass(frozen=True, slots=True, kw_only=True)
class CopyFailed:
    """The file was not copied; no target is left."""

    number: int
    error: StatedError


class WorkerError(StatedError):
    """An error a worker reported; code, template and facts are those of the error over there."""

    def __init__(self, *, code: str, template: str, facts: dict[str, object]) -> None:
        self.code = code  # type: ignore[misc]  # one class stands for every error the worker may report
        self.template = template  # type: ignore[misc]
        super().__init__(**facts)


class CardReader:
    """One worker process on one card. Use it as a context manager; leaving abandons the worker if it hangs."""

    def __init__(
        self,
        root: Path,
        *,
        nursery: Nursery,
        threads: int,
        silence_s: float,
        locks: Sequence[Path],
        is_stopping: Callable[[], bool],
    ) -> None:
        """Start the worker; nothing is read yet. `locks` are files it holds while it lives.

        Once `is_stopping` is true, waiting for the card ends with StationStoppingError within about half a second.
        """
        self._is_stopping = is_stopping
        self._silence_s = silence_s
        self._threads = threads
        self._unread = b""
        self._outstanding: dict[int, bytes] = {}
        self._ahead_bytes: dict[int, int] = {}
        arguments = [base64.b64encode(os.fsencode(root)).decode("ascii"), str(threads), *map(str, locks)]
        try:
            self._worker = nursery.start(arguments)
        except OSError as err:
            raise CardReaderFailedError(exit_code=_UNKNOWN, path="(start)") from err
        self._stdin, self._stdout = self._worker.requests, self._worker.answers

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def inventory(self) -> Inventory:
        """List the card; every type is `unknown` until a profile names it.

        Raises:
            WorkerError: the card cannot be listed, or vanished.
            CardSilentError, CardReaderFailedError: the worker hung or died.
        """
        self._ask({"op": "inventory", "n": -1}, b"(inventory)")
        files: list[SourceFile] = []
        while True:
            answer = self._next_answer()
            files.extend(
                SourceFile(
                    path=base64.b64decode(path),
                    size_bytes=size,
                    mtime_ns=mtime,
                    changed_ns=changed,
                    file_type=FileType.UNKNOWN,
                )
                for path, size, mtime, changed in answer.get("files", ())
            )
            if "error" in answer:
                raise WorkerError(**answer["error"])
            if answer.get("done"):
                specials = [
                    SpecialFile(path=base64.b64decode(path), kind=SpecialKind(kind))
                    for path, kind in answer["specials"]
                ]
                self._outstanding.clear()
                return Inventory(files=tuple(files), specials=tuple(specials))

    def copy(
        self, next_job: Callable[[], CopyJob | None], *, on_moved: Callable[[int, int], None]
    ) -> Iterator[Copied | CopyFailed | None]:
        """Give jobs to the worker as it has room for them and yield each outcome as it comes.

        None is yielded whenever there is nothing to read just now, so that the caller can use the time. `next_job`
        returns None when it has no job; it is asked again after each outcome. `on_moved` gets the number of card bytes
        read since it was called last, and how many blocks were read from the card or read back.

        Raises:
            CardSilentError, CardReaderFailedError: the worker hung or died.
        """
        self._fill(next_job)
        while self._outstanding:
            answer = self._answer_at_hand()
            if answer is None:
                yield None
                answer = self._next_answer()
            if self._is_stopping():
                raise StationStoppingError
            on_moved(answer.get("bytes", 0), answer.get("blocks", 0))
            if "error" in answer or answer.get("done"):
                number = answer["n"]
                self._outstanding.pop(number)
                self._ahead_bytes.pop(number)
                yield self._outcome(number, answer)
                self._fill(next_job)

    def close(self) -> None:
        """End the worker; one that hangs in a read is killed and left behind, holding its locks until it can die."""
        try:
            self._stdin.close()
        except BrokenPipeError:
            logger.debug("worker was gone before it was closed pid=%s", self._worker.pid)
        if self._worker.wait(_FAREWELL_S if not self._outstanding else 0.05) is None:
            self._worker.kill()
            if self._worker.wait(_FAREWELL_S) is None:
                logger.warning("worker hangs in a read and is left behind pid=%s", self._worker.pid)
                # It dies when the kernel gives that read up, maybe never.
                self._worker.abandon()
        self._stdout.close()

    def _fill(self, next_job: Callable[[], CopyJob | None]) -> None:
        while self._has_room() and (job := next_job()) is not None:
            request = {
                "op": "copy",
                "n": job.number,
                "path": base64.b64encode(job.path).decode("ascii"),
                "size": job.size_bytes,
                "mtime_ns": job.mtime_ns,
                "targets": [str(target) for target in job.targets],
            }
            self._outstanding[job.number] = job.path
            self._ahead_bytes[job.number] = job.size_bytes
            self._ask(request, job.path)

    def _has_room(self) -> bool:
        """Every thread has something to do; beyond that, small files only."""
        if len(self._outstanding) < self._threads:
            return True
        is_full = len(self._outstanding) >= self._threads * AHEAD_PER_THREAD
        return not is_full and sum(self._ahead_bytes.values()) < AHEAD_BYTES

    def _ask(self, request: dict[str, object], path: bytes) -> None:
        self._outstanding.setdefault(int(str(request["n"])), path)
        try:
            self._stdin.write(json.dumps(request).encode("ascii") + b"\n")
            self._stdin.flush()
        except BrokenPipeError as err:
            raise self._died() from err

    def _answer_at_hand(self) -> dict[str, Any] | None:
        """Return the next answer if it can be had without waiting."""
        if b"\n" not in self._unread and self._readable(0):
            self._receive()
        if b"\n" not in self._unread:
            return None
        line, _, self._unread = self._unread.partition(b"\n")
        answer: dict[str, Any] = json.loads(line)
        return answer

    def _next_answer(self) -> dict[str, Any]:
        """Wait for the next answer, but not for longer than a living card needs."""
        while (answer := self._answer_at_hand()) is None:
            self._wait_for_more()
        return answer

    def _wait_for_more(self) -> None:
        deadline = time.monotonic() + self._silence_s
        while not self._readable(min(STOP_LOOK_S, self._silence_s)):
            if self._is_stopping():
                raise StationStoppingError
            if time.monotonic() >= deadline:
                self._worker.kill()
                raise CardSilentError(silence_s=self._silence_s, path=self._waiting_for())

    def _readable(self, wait_s: float) -> bool:
        return bool(select.select([self._stdout], [], [], wait_s)[0])

    def _receive(self) -> None:
        data = os.read(self._stdout.fileno(), _READ_BYTES)
        if not data:
            raise self._died()
        self._unread += data

    def _outcome(self, number: int, answer: dict[str, Any]) -> Copied | CopyFailed:
        if "error" in answer:
            return CopyFailed(number=number, error=WorkerError(**answer["error"]))
        return Copied(number=number, size_bytes=answer["size_bytes"], sha256=Digest(hex=answer["sha256"]))

    def _died(self) -> CardReaderFailedError:
        # Its pipes are closed, so it is ending; what nobody can tell is not guessed.
        exit_code = self._worker.wait(_FAREWELL_S)
        self._worker.kill()
        return CardReaderFailedError(exit_code=_UNKNOWN if exit_code is None else exit_code, path=self._waiting_for())

    def _waiting_for(self) -> str:
        return shown(next(iter(self._outstanding.values()), b"(nothing)"))
