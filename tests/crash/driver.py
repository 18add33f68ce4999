"""A station that takes in one card in a process of its own, reports what it calls done, and can be stopped anywhere.

The processes are forked from a server that has imported everything, which makes a start cheap.
"""

import json
import logging
import multiprocessing
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any

from archive.ledger_copy import LedgerCopy, PublishReport
from bodycam_custody import intake
from bodycam_custody.copying.nursery import Nursery, Worker
from bodycam_custody.dockings.progress import Progress
from bodycam_custody.interpretation.procedure import interpret_waiting
from bodycam_custody.ledger import Ledger
from bodycam_custody.replication import replicate_lacking
from bodycam_custody.station import Station
from config.load import load_settings
from tests.archive.power_cut import cut_power
from tests.crash.interruption import Steps, Stop, kill_self, write_without_flushing
from tests.crash.small_station import Acknowledged, arrival_of, make_launcher, opened

_WORKER = Path(__file__).with_name("interrupted_worker.py")
# Several batches even on a small card, so that there is something between two of them.
_BATCH_UNITS = 4
_GONE_WITHIN_S = 20.0

_processes = multiprocessing.get_context("forkserver")
_processes.set_forkserver_preload([__name__])


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a station process does, and where it is stopped."""

    root: Path
    card: Path
    stop: Stop | None = None
    """Where the station's process is stopped."""
    cuts: tuple[Path, ...] = ()
    """The disks that lose power at `stop`, in this order; without any the process is killed."""
    worker_stop: Stop | None = None
    """Where the card worker is killed."""
    kills_both: bool = False
    """Whether the worker takes the station with it."""
    flushes: bool = True
    late_backup: bool = False
    """Whether the backup is away while the card is read, and comes back for the replicas."""


@dataclass(slots=True)
class Report:
    """What the process said before it ended."""

    acknowledged: Acknowledged = field(default_factory=Acknowledged)
    steps: list[str] = field(default_factory=list)
    worker_pid: int | None = None
    is_complete: bool = False


class StationProcess:
    """One station process and everything it started."""

    def __init__(self, plan: Plan) -> None:
        """Start it."""
        self._reports, theirs = _processes.Pipe(duplex=False)
        self._process: ForkServerProcess = _processes.Process(target=_run, args=(plan, theirs))
        self._process.start()
        theirs.close()
        self.report = Report()

    @property
    def was_killed(self) -> bool:
        """Whether it ended by SIGKILL."""
        return self._process.exitcode == -signal.SIGKILL

    @property
    def exit_code(self) -> int | None:
        """How it ended."""
        return self._process.exitcode

    def kill(self) -> None:
        """End the station, but not its worker, as kill -9 does."""
        self._process.kill()

    def wait_until(self, word: str) -> None:
        """Read its reports until it says `word` or ends."""
        for said, *_ in self._said():
            if said == word:
                return

    def wait(self) -> Report:
        """Wait until it and its worker are gone, and return all it said."""
        for _ in self._said():
            pass
        self._process.join()
        return self.report

    def wait_for_orphans(self) -> None:
        """Wait until no process it started is left; one that does not end by itself is killed."""
        group = self._process.pid
        deadline = time.monotonic() + _GONE_WITHIN_S
        while members := _members(group):
            if time.monotonic() > deadline:
                for pid in members:
                    os.kill(pid, signal.SIGKILL)
                raise AssertionError(f"left behind by the station process: {members}")
            time.sleep(0.005)  # they are not our children, so there is nothing to wait on

    def kill_orphans(self) -> None:
        """Kill what is left of it, as a power cut does."""
        for pid in _members(self._process.pid):
            os.kill(pid, signal.SIGKILL)
        self.wait_for_orphans()

    def _said(self) -> Iterator[tuple[Any, ...]]:
        while True:
            try:
                said = self._reports.recv()
            except (EOFError, OSError):  # it ended, maybe in the middle of a word
                self._reports.close()
                return
            self._note(*said)
            yield said

    def _note(self, word: str, *facts: Any) -> None:
        known = self.report.acknowledged
        match word:
            case "appended":
                known.leaves.update(facts[0])
                known.head = facts[1]
            case "published":
                known.published[facts[0]] = facts[1]
            case "worker":
                self.report.worker_pid = facts[0]
            case "complete":
                self.report.steps, self.report.is_complete = facts[0], True


def run(plan: Plan) -> StationProcess:
    """Run a station process to its end, or the end its plan gives it."""
    process = StationProcess(plan)
    process.wait()
    return process


def worker_steps(plan: Plan) -> list[str]:
    """Return the steps that the card worker of a whole run takes."""
    run(plan).wait_for_orphans()
    taken: list[str] = json.loads(_taken_file(plan).read_text(encoding="utf-8"))
    return taken


def _taken_file(plan: Plan) -> Path:
    return plan.root / "worker-steps.json"


def _members(group: int | None) -> list[int]:
    """Return the living processes of a process group."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            try:
                state, _, pgrp = (entry / "stat").read_text().rpartition(")")[2].split()[:3]
            except OSError:
                continue  # it ended meanwhile
            # Of a process that was killed the first thread is a zombie while others still hold its files.
            if int(pgrp) == group and (state != "Z" or _has_threads(entry)):
                found.append(int(entry.name))
    return found


def _has_threads(process: Path) -> bool:
    try:
        return len(os.listdir(process / "task")) > 1  # noqa: PTH208  # counted, nothing more
    except OSError:
        return False


def _run(plan: Plan, reports: "Connection[Any, Any]") -> None:
    os.setsid()  # so that whatever it leaves behind can be found
    log = os.open(plan.root / "driver.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(log, 2)
    logging.basicConfig(stream=sys.stderr)
    say = reports.send
    _report_workers(plan, say)
    if not plan.flushes:
        write_without_flushing()
    _report_done(say)
    steps = Steps(plan.stop, _cut(plan.cuts) if plan.cuts else kill_self)
    intake.BATCH_UNITS = _BATCH_UNITS
    steps.watch()
    say(("started",))
    with opened(load_settings(plan.root / "config.toml", {})) as runtime:
        if runtime.failure is not None:
            raise runtime.failure
        _work(plan, runtime.station, say)
    say(("complete", steps.taken))


def _work(plan: Plan, station: Station, say: Callable[[Any], None]) -> None:
    launcher = make_launcher(plan.root)
    say(("docked",))
    with _absent(station.settings.stores[1].path if plan.late_backup else None):
        intake.take_in(station, arrival_of(plan.card), Progress())
    interpret_waiting(station, launcher=launcher)
    replicate_lacking(station)


@contextmanager
def _absent(store: Path | None) -> Iterator[None]:
    if store is None:
        yield
        return
    away = store.with_name("away")
    store.rename(away)
    yield
    away.rename(store)


def _report_done(say: Callable[[Any], None]) -> None:
    """Report every entry once `append` has returned, and every head once `publish` has."""
    append, publish = Ledger.append, LedgerCopy.publish

    def reporting_append(self: Ledger, drafts: Sequence[Any]) -> Any:
        entries = append(self, drafts)
        if entries and self.head is not None:
            say(("appended", {entry.seq: entry.leaf.hex() for entry in entries}, self.head.note))
        return entries

    def reporting_publish(self: LedgerCopy, read_lines: Any, size: int, note: bytes) -> PublishReport:
        report = publish(self, read_lines, size, note)
        say(("published", str(self._folder.path.parent), report.to_size))
        return report

    Ledger.append = reporting_append  # type: ignore[method-assign]  # from outside: the code itself has no hooks
    LedgerCopy.publish = reporting_publish  # type: ignore[method-assign]  # the same


def _report_workers(plan: Plan, say: Callable[[Any], None]) -> None:
    """Start card workers under the same watch, and report their ids."""
    really_start, really_fork = subprocess.Popen.__init__, Nursery.start

    def start(self: Any, arguments: Any, *rest: Any, **named: Any) -> None:
        if "bodycam_custody.copying.nursery_process" in arguments:
            orders = {
                "stop": asdict(plan.worker_stop) if plan.worker_stop else None,
                "kills": os.getpid() if plan.kills_both else None,
                "flushes": plan.flushes,
                "taken": str(_taken_file(plan)),
            }
            after = arguments.index("bodycam_custody.copying.nursery_process") + 1
            arguments = [sys.executable, "-I", str(_WORKER), json.dumps(orders), *arguments[after:]]
        really_start(self, arguments, *rest, **named)

    def fork(self: Nursery, arguments: Sequence[str]) -> Worker:
        worker = really_fork(self, arguments)
        say(("worker", worker.pid))
        return worker

    Nursery.start = fork  # type: ignore[method-assign]  # from outside, as below
    subprocess.Popen.__init__ = start  # type: ignore[method-assign, assignment]  # from outside, as above


def _cut(disks: Sequence[Path]) -> Callable[[], None]:
    descriptors = [os.open(disk, os.O_RDONLY | os.O_DIRECTORY) for disk in disks]

    def cut() -> None:
        for descriptor in descriptors:
            cut_power(descriptor)
        kill_self()

    return cut
