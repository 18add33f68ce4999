"""Every change a process makes to a disk as a step at which it can be stopped, seen from outside the code that runs.

Python's own system calls, libc's and SQLite's are wrapped in the process that is to be stopped; the code under test has
no hooks. A step is told by where in our packages it happens and on which disk, so that it is found again in a run that
does the same things in another order.
"""

import ctypes
import functools
import os
import signal
import sqlite3
import sys
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from archive import durable

REPOSITORY = Path(__file__).parents[2]
_PACKAGES = tuple(f"{REPOSITORY / name}{os.sep}" for name in ("archive", "bodycam_custody", "docking"))
_DISKS = ("primary", "backup", "state")
# Enough of the stack to tell the callers of one durable write apart.
_FRAMES_TOLD = 7
_PUBLISHING = "LedgerCopy.publish"

# The last of them changes nothing: it stands for reading back from the medium, which follows it.
_CALLS = ("fsync", "fdatasync", "mkdir", "rename", "replace", "unlink", "rmdir", "write", "posix_fadvise")
# What SQLite writes: a transaction, or one statement outside of one.
_STATEMENTS = ("COMMIT", "INSERT")


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """Where a process is stopped: before the `occurrence`-th step (from 0) of this name."""

    step: str
    occurrence: int = 0


def kill_self() -> None:
    """End this process as kill -9 does."""
    os.kill(os.getpid(), signal.SIGKILL)


class Steps:
    """Counts the steps of this process and acts at one of them."""

    def __init__(self, stop: Stop | None, act: Callable[[], None]) -> None:
        self.taken: list[str] = []
        self._counts: Counter[str] = Counter()
        self._stop = stop
        self._act = act
        self._taking = threading.Lock()

    def watch(self) -> None:
        """Wrap everything that changes a disk, for the rest of this process's life."""
        for name in _CALLS:
            setattr(os, name, self._stepping(name, getattr(os, name)))
        really_open = os.open

        @functools.wraps(really_open)
        def stepping_open(path: Any, flags: int, *rest: Any, **named: Any) -> int:
            if flags & os.O_CREAT:
                self._take("create", path)
            return really_open(path, flags, *rest, **named)

        os.open = stepping_open
        durable._libc = _SteppingLibc(durable._libc, self._take)  # type: ignore[assignment]  # the calls we make of it
        _connect_by(_stepping_connection(_connection_class(), self._take))

    def _stepping(self, name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(call)
        def stepping(place: Any, *rest: Any, **named: Any) -> Any:
            self._take(name, place)
            return call(place, *rest, **named)

        return stepping

    def _take(self, call: str, place: object) -> None:
        stack = _stack()
        if not stack:
            return  # a library's business, such as the pipe to the test
        step = f"{_disk_of(place)}: {' > '.join(stack)}: {call}"
        with self._taking:
            self.taken.append(step)
            if self._stop is not None and step == self._stop.step and self._counts[step] == self._stop.occurrence:
                self._act()
            self._counts[step] += 1


class _SteppingLibc:
    def __init__(self, libc: Any, take: Callable[[str, object], None]) -> None:
        self._libc = libc
        self._take = take

    def renameat2(self, *arguments: Any) -> int:
        self._take("renameat2", arguments[1])
        result: int = self._libc.renameat2(*arguments)
        return result

    def syncfs(self, descriptor: int) -> int:
        self._take("syncfs", descriptor)
        result: int = self._libc.syncfs(descriptor)
        return result


def _connection_class() -> type[sqlite3.Connection]:
    """Return what `sqlite3.connect` makes in this process."""
    chosen: type[sqlite3.Connection] = getattr(sqlite3.connect, "keywords", {}).get("factory", sqlite3.Connection)
    return chosen


def _connect_by(factory: type[sqlite3.Connection]) -> None:
    sqlite3.connect = functools.partial(sqlite3.connect, factory=factory)  # type: ignore[assignment]  # fewer overloads


def _stepping_connection(
    base: type[sqlite3.Connection], take: Callable[[str, object], None]
) -> type[sqlite3.Connection]:
    class Stepping(base):  # type: ignore[misc, valid-type]  # whatever this process uses so far
        def execute(self, sql: str, *parameters: Any) -> sqlite3.Cursor:
            word = sql.split(None, 1)[0].upper()
            if word == "COMMIT" or (word in _STATEMENTS and not self.in_transaction):
                take(word, "state/")
            cursor: sqlite3.Cursor = super().execute(sql, *parameters)
            return cursor

    return Stepping


def write_without_flushing() -> None:
    """Turn every flush of this process into nothing, for the rest of its life: what forgetting fsync would be."""

    def no_flush(_: Any) -> None:
        pass

    os.fsync = os.fdatasync = no_flush  # type: ignore[assignment]  # another name for the same argument
    durable._libc = _FlushlessLibc(durable._libc)  # type: ignore[assignment]  # the calls we make of it
    _connect_by(_FlushlessConnection)


class _FlushlessLibc:
    def __init__(self, libc: ctypes.CDLL) -> None:
        self._libc = libc

    def renameat2(self, *arguments: Any) -> int:
        result: int = self._libc.renameat2(*arguments)
        return result

    def syncfs(self, _: int) -> int:
        return 0


class _FlushlessConnection(sqlite3.Connection):
    def execute(self, sql: str, *parameters: Any) -> sqlite3.Cursor:
        if sql.startswith(("BEGIN", "INSERT")) and not self.in_transaction:
            super().execute("PRAGMA synchronous = OFF")
        return super().execute(sql, *parameters)


def _stack() -> Sequence[str]:
    """Return the functions of our packages that are running in this thread, outermost first."""
    names: list[str] = []
    frame = sys._getframe(2)
    while frame is not None and len(names) < _FRAMES_TOLD:
        if frame.f_code.co_filename.startswith(_PACKAGES):
            names.append(frame.f_code.co_qualname)
        frame = frame.f_back  # type: ignore[assignment]  # None ends the loop
    if _PUBLISHING in names:  # the same whoever has something to publish
        names = names[: names.index(_PUBLISHING) + 1]
    return names[::-1]


def _disk_of(place: object) -> str:
    """Return which disk of a station `place` (a path or a descriptor) lies on."""
    if isinstance(place, int):
        place = Path(f"/proc/self/fd/{place}").readlink()
    parts = Path(os.fsdecode(place)).parts if isinstance(place, str | bytes | Path) else ()
    return next((disk for disk in _DISKS if disk in parts), "elsewhere")
