"""A station at work in this process: dockings and imports on threads, interpretation beside them."""

import logging
import os
import secrets
import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from bodycam_custody.clearing.errors import ClearingRefusedError
from bodycam_custody.dockings.drafts import Arrival
from bodycam_custody.dockings.progress import Progress
from bodycam_custody.entries import Actor
from bodycam_custody.errors import ImportRefusedError
from bodycam_custody.keeping import Keeper
from bodycam_custody.model import DockingId
from bodycam_custody.slots.board import SlotBoard
from bodycam_custody.station import Station
from docking.card import UNKNOWN_RECORDER, DockedCard, DockingKind
from docking.presence import SYSFS
from hashing.errors import N_, StatedError, Statement, shown

if TYPE_CHECKING:
    from bodycam_custody.slots.arrivals import Slots

logger = logging.getLogger(__name__)

# How long an idle interpreter sleeps before it looks for work nobody announced.
IDLE_LOOK_S = 60.0
# Beside the station's own socket; what answers there is the service custody-probe@.
PROBE_SOCKET = "probe"
# Every card is listed when it arrives; copying/turns.py decides which of them is copied. More than a station has slots.
CARDS_LISTED = 64
# More than can be under way at once, and enough to show what happened today.
DOCKINGS_REMEMBERED = 500


class Runtime:
    """Runs what a station does beside answering. Use it as a context manager."""

    def __init__(self, station: Station, *, mode: str, sysfs: Path = SYSFS) -> None:
        self.station = station
        self.mode = mode
        self.pid = os.getpid()
        self.since = station.clock.now()
        self.owner_uid = station.settings.paths.state.stat().st_uid
        self.failure: Exception | None = None
        """What went wrong last that the ledger could not be told."""
        self._arrivals: dict[str, Arrival] = {}
        self._dockings: set[Future[None]] = set()
        self._under_way: set[str] = set()
        """The dockings whose threads have not ended; one that ended without an entry that says so was broken off."""
        self._progress: dict[str, Progress] = {}
        self._cards = ThreadPoolExecutor(CARDS_LISTED, thread_name_prefix="card")
        self._interpreter: threading.Thread | None = None
        self._interpreter_seen_s = station.clock.monotonic_s()
        self._busy = threading.Lock()
        self._slots: Slots | None = None
        self._clearing: set[str] = set()
        self._catching_up = threading.Lock()
        self.keeper = Keeper(station)
        """Has sealed bags made immutable, where that can be."""
        self._clearing_lock = threading.Lock()
        self.board = SlotBoard(station, sysfs=sysfs, progress=self._progress)
        """What stands in every slot; it looks by itself once slips are watched."""

    @property
    def progress(self) -> Mapping[str, Progress]:
        """The progress of every docking this process has worked on."""
        return self._progress

    @property
    def arrivals(self) -> Mapping[str, Arrival]:
        """Every docking this process was given, those included that have no entry yet."""
        return self._arrivals

    def settle(self) -> None:
        """Reconcile disks, ledger and catalog, and write missing copies; a ledger that refuses stays as it is."""
        try:
            self.catch_up()
        except StatedError as err:
            self.failure = err
            logger.exception("station could not be reconciled")

    def catch_up(self) -> int:
        """Do the same and return how many copies were written; one caller at a time, so that no bag is copied twice.

        Raises:
            LedgerRefusesError: nothing may be appended; the stores were not touched.
        """
        from bodycam_custody.reconcile import reconcile  # only where there is work, as `take_in`
        from bodycam_custody.replication import replicate_lacking

        with self._catching_up:
            with self.station.sealing:
                # Also called while cards are read: what this process works on is not interrupted.
                self.station.unsettled = reconcile(self.station, under_way=[*self._under_way, *self._clearing])
            made = replicate_lacking(self.station)
            self.station.record.publish()
        return made

    def start_interpreting(self) -> None:
        """Interpret sealed clips in the background from now on."""
        self._interpreter = threading.Thread(target=self._interpret, name="interpreter", daemon=True)
        self._interpreter.start()
        self.station.interpret_soon()

    def interpreter_silence_s(self) -> float | None:
        """Return how long ago the interpreter last made progress, None when it has ended or never began."""
        if self._interpreter is None or not self._interpreter.is_alive():
            return None
        return self.station.clock.monotonic_s() - self._interpreter_seen_s

    def watch_slips(self) -> None:
        """Take in every card a trusted slip announces from now on, those already docked included.

        Raises:
            SlipFolderMissingError: the folder of the slips is not there.
        """
        # Only here: watchdog takes 9 ms, and most commands never watch.
        from bodycam_custody.slots.arrivals import Slots

        self._slots = Slots(self.station, self.dock, self.new_docking_id, self.board.claimants)
        self.station.nursery.warm_up()
        self._slots.start()
        self.board.start()

    def dock(self, arrival: Arrival) -> "Future[None]":
        """Take in a card on a thread of its own: it is listed at once, and copied when it is its turn."""
        progress = Progress()
        self._forget_oldest()
        self._arrivals[arrival.docking_id] = arrival
        self._progress[arrival.docking_id] = progress
        self._under_way.add(arrival.docking_id)
        docking = self._cards.submit(self._work_on, arrival, progress)
        self._dockings.add(docking)
        docking.add_done_callback(self._dockings.discard)
        return docking

    def _work_on(self, arrival: Arrival, progress: Progress) -> None:
        try:
            self._take_in(arrival, progress)
        finally:
            self._under_way.discard(arrival.docking_id)

    @contextmanager
    def clearing(self, docking_id: DockingId) -> Iterator[None]:
        """Hold a docking while its card is cleared: by one at a time, and nobody calls it broken off meanwhile.

        Raises:
            ClearingRefusedError: somebody else clears it.
        """
        with self._clearing_lock:
            if docking_id in self._clearing:
                reason = Statement(N_("It is being cleared."))
                raise ClearingRefusedError(docking_id=docking_id, reason=reason)
            self._clearing.add(docking_id)
        try:
            yield
        finally:
            self._clearing.discard(docking_id)

    def _forget_oldest(self) -> None:
        """Keep what this process remembers of dockings bounded; ledger and catalog remember all of them."""
        for docking_id in list(self._arrivals)[: -DOCKINGS_REMEMBERED or None]:
            del self._arrivals[docking_id], self._progress[docking_id]

    def start_import(self, path: Path, *, actor: Actor) -> DockingId:
        """Begin to take in a folder and return its docking id (R20).

        Raises:
            ImportRefusedError: the folder lies outside the import roots, or touches a store or the state.
        """
        root = self._importable(path)
        now = self.station.clock.now()
        arrival = Arrival(
            docking_id=self.new_docking_id(),
            card=DockedCard(
                root=root,
                kind=DockingKind.IMPORT,
                recorder=UNKNOWN_RECORDER,
                slot=None,
                port_path=None,
                filesystem="folder",
            ),
            docked_at=now,
            actor=actor,
        )
        self.dock(arrival)
        return arrival.docking_id

    def new_docking_id(self) -> DockingId:
        """Return a fresh id, readable at the counter: the moment, and four random characters."""
        random = "".join(secrets.choice("abcdefghijkmnpqrstuvwxyz23456789") for _ in range(4))
        return DockingId(f"{self.station.clock.now():%Y%m%dT%H%M%SZ}-{random}")

    def close(self, *, wait_s: float = 5.0) -> bool:
        """Stop taking in cards and interpreting; a copy under way is left as a crash would leave it.

        Return whether everything has ended within about `wait_s` seconds; if not, the databases must stay open.
        """
        self.station.stopping.set()
        deadline_s = self.station.clock.monotonic_s() + wait_s
        if self._slots is not None:
            self._slots.stop()
        self.board.stop()
        self._cards.shutdown(wait=False, cancel_futures=True)
        self.station.interpret_soon()
        if self._interpreter is not None:
            self._interpreter.join(wait_s)
        _, unfinished = wait(self._dockings, max(0.0, deadline_s - self.station.clock.monotonic_s()))
        return not unfinished and (self._interpreter is None or not self._interpreter.is_alive())

    def finish(self) -> None:
        """Wait until every docking begun has ended and every clip is interpreted."""
        self._cards.shutdown(wait=True)
        from bodycam_custody.interpretation.procedure import interpret_waiting  # only where there is work, as `take_in`

        with self._busy:
            interpret_waiting(self.station, launcher=self._launcher())

    def _take_in(self, arrival: Arrival, progress: Progress) -> None:
        # Only where there is work: all that reads cards takes a tenth of the time a look takes, and a look reads none.
        from bodycam_custody.intake import take_in

        try:
            take_in(self.station, arrival, progress)
        except StatedError as err:
            # The ledger took no entry about it, so this is the only place where it shows.
            progress.add_problem(err)
            self.failure = err
            logger.exception("docking could not be recorded docking=%s", arrival.docking_id)
        except Exception as err:
            # The rim of this thread: the docking stays open and is closed as interrupted by the next
            # reconciliation.
            self.failure = err
            logger.exception("docking failed docking=%s", arrival.docking_id)
            raise
        try:
            # At once, not with the next run of the schedule: until then the card may not go.
            self.keeper.run()
        except OSError as err:
            logger.warning("bags are not kept yet docking=%s reason=%s", arrival.docking_id, err.strerror)

    def _interpret(self) -> None:
        from bodycam_custody.interpretation.procedure import interpret_waiting  # only where there is work, as `take_in`

        while not self.station.stopping.is_set():
            self._see_interpreter()
            self.station.has_work.wait(IDLE_LOOK_S)
            self.station.has_work.clear()
            if self.station.stopping.is_set():
                return
            try:
                with self._busy:
                    interpret_waiting(self.station, launcher=self._launcher(), on_batch=self._see_interpreter)
            except StatedError:
                logger.exception("interpretation waits")
            except Exception:
                # The rim of this thread: sealed clips are safe without being interpreted, the next look tries again.
                logger.exception("interpretation failed")

    def _launcher(self) -> Path:
        from archive.media import find_launcher  # only where there is work, as `take_in`

        # custody-probe.socket makes it beside ours; looked for each time, as the service may come later.
        return find_launcher(self.station.settings.paths.socket.with_name(PROBE_SOCKET))

    def _see_interpreter(self) -> None:
        self._interpreter_seen_s = self.station.clock.monotonic_s()

    def _importable(self, path: Path) -> Path:
        settings = self.station.settings
        if not path.is_absolute():
            raise ImportRefusedError(path=shown(path), reason=Statement(N_("Expected an absolute path.")))
        root = path.resolve()
        if not root.is_dir():
            raise ImportRefusedError(path=shown(path), reason=Statement(N_("It is not a folder.")))
        roots = [one.resolve() for one in settings.paths.import_roots]
        if not any(root.is_relative_to(one) for one in roots):
            allowed = ", ".join(shown(one) for one in roots) or "-"
            reason = Statement(N_("It lies under none of the import roots ({roots})."), roots=allowed)
            raise ImportRefusedError(path=shown(path), reason=reason)
        for ours in (settings.paths.state, settings.paths.keys, *(store.path for store in settings.stores)):
            held = ours.resolve()
            if root.is_relative_to(held) or held.is_relative_to(root):
                reason = Statement(N_("It holds or lies in the station's own folder {folder}."), folder=shown(held))
                raise ImportRefusedError(path=shown(path), reason=reason)
        return root
