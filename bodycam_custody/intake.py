"""From a docked card to sealed, recorded clips: the picture of docs/architecture.md as one procedure.

The order of the steps is the security of the whole. What a crash after each step leaves:

1. `dock.seen` and the inventory of all files are entries,   -> nothing lost: the card still has everything
   and so is what was sealed before and looks the same
2. one read copies each file into every store's staging      -> leftovers, swept once their lock is free
3. each copy is read back from the medium and compared       -> the same
4. tag files, tagmanifest, signature, all flushed            -> the same
5. the bag is renamed into place, folders flushed            -> a bag without entry: start-up adopts or quarantines it
6. `clip.sealed` and the sighting are entries, then shown    -> the catalog is folded again
7. interpretation (probe, times, session, verdict) follows   -> its queue is derived from the catalog
8. replicas that were not there are written later            -> the same
9. receipt, clearing and clock sync are deliberately absent: nothing here changes a card
"""

import logging
import time
from collections import deque
from collections.abc import Sequence
from pathlib import Path

from archive.durable import DIRECTORY_MODE, stated
from archive.errors import ArchiveError
from archive.marker import StoreRole
from archive.store import Store
from bodycam_custody.clip_sealing import ClipSealing, CopiedUnit
from bodycam_custody.copying.card_reader import CardReader, Copied, CopyFailed, CopyJob, WorkerError
from bodycam_custody.copying.errors import CardReaderFailedError, CardSilentError, StationStoppingError
from bodycam_custody.copying.listing import listed_units
from bodycam_custody.copying.turns import Turn
from bodycam_custody.copying.urgency import earliest_due
from bodycam_custody.dockings.comparison import compared_drafts
from bodycam_custody.dockings.drafts import Arrival, NumberedUnit, closed_draft, inventory_drafts, seen_draft
from bodycam_custody.dockings.progress import Progress
from bodycam_custody.dockings.recorder_clock import clock_drafts
from bodycam_custody.entries import Draft
from bodycam_custody.errors import PrimaryUnavailableError
from bodycam_custody.model import DockingPhase
from bodycam_custody.release.standing import recovered_drafts
from bodycam_custody.staging import staging_area
from bodycam_custody.station import Station
from bodycam_custody.store_disks import enter_store_disks
from docking.card import DockingKind
from docking.errors import CardGoneError
from docking.inventory import Inventory
from docking.profile import RecorderProfile
from docking.profiles import choose_profile
from docking.source import SourceFile
from docking.units import group_units
from hashing.errors import StatedError, shown

logger = logging.getLogger(__name__)

# Sealing costs two flushes a store however many bags it covers; this many wait at most...
BATCH_UNITS = 64
# ...and this long at most, so that a large clip is safe soon after it is copied.
BATCH_WAIT_S = 0.2

# What a store says when it takes no more bytes; other errors are about the card or about one file.
_STORE_TROUBLE = frozenset({"store-full", "store-read-only", "durable-write-failed"})
# What a copy says that was written and did not come back right: one file's trouble, unless a replica gives it back.
_BAD_COPY = frozenset({"copy-mismatch", "copy-unreadable"})


def take_in(station: Station, arrival: Arrival, progress: Progress) -> None:
    """Seal everything on one card and record it. See the module for the order and what a crash leaves.

    On return `dock.closed` says how many files were found, sealed, known already, or failed and why (R11). The card is
    only read. A file that fails does not stop the others; a primary store that fails, or a card that is gone, stops the
    docking and leaves the rest on the card.

    Raises:
        LedgerRefusesError: nothing may be appended; the card was not read.
    """
    # 1. what was docked is on record before anything is read
    (seen,) = station.record.enter([seen_draft(arrival, rule_set_version=station.settings.rule_set.version)])
    intake = _Intake(station, arrival, progress, docking_seq=seen.seq)
    outcome, code = DockingPhase.CLOSED, None
    try:
        intake.read_card()
    except StationStoppingError as err:
        # Left as a crash would leave it: the next start closes this docking, and the card is docked again.
        progress.add_problem(err)
        return
    except StatedError as err:
        logger.warning("docking ended early docking=%s reason=%s", arrival.docking_id, err.code)
        progress.add_problem(err)
        outcome, code = DockingPhase.FAILED, err.code
    counts = {"found": intake.files_found, **intake.sealing.counts}
    closed = closed_draft(arrival.docking_id, outcome=outcome, code=code, counts=counts, left_out=intake.left_out)
    station.record.enter([*_judgements(station, arrival, profile=intake.profile, outcome=outcome), closed])
    # 7. interpretation works from the catalog, in its own time
    station.interpret_soon()


def _judgements(station: Station, arrival: Arrival, *, profile: str | None, outcome: DockingPhase) -> list[Draft]:
    """Judge the recorder's clock; if all of its card was read, compare it with what was on it, and missing, before."""
    drafts = clock_drafts(station, arrival, profile=profile)
    if outcome is DockingPhase.CLOSED and arrival.card.kind is DockingKind.DOCK and profile is not None:
        drafts += compared_drafts(station, arrival.docking_id, recorder=arrival.card.recorder, profile=profile)
        drafts += recovered_drafts(station.catalog, arrival.docking_id, recorder=arrival.card.recorder)
    return drafts


class _Intake:
    def __init__(self, station: Station, arrival: Arrival, progress: Progress, *, docking_seq: int) -> None:
        self._station = station
        self._arrival = arrival
        self._progress = progress
        self._files: tuple[SourceFile, ...] = ()
        self._units: dict[int, CopiedUnit] = {}
        self._queue: deque[int] = deque()
        self._jobs_of_turn = 0
        self._stores: tuple[Store, ...] = ()
        self._profile: RecorderProfile | None = None
        self.left_out: dict[str, str] = {}
        """Replicas that took nothing, or no more, by their ids, and why: the code of the problem."""
        self.sealing = ClipSealing(station, arrival, docking_seq=docking_seq, on_left_out=self._go_on_without)

    @property
    def profile(self) -> str | None:
        """The recorder family, once the card is listed."""
        return None if self._profile is None else self._profile.name

    @property
    def files_found(self) -> int:
        """How many files the inventory has; what is not in the other counts is still on the card."""
        return len(self._files)

    def read_card(self) -> None:
        settings = self._station.settings.docking
        self._stores = self._writable_stores()
        with (
            staging_area(self._stores, self._arrival.docking_id) as locks,
            CardReader(
                self._arrival.card.root,
                nursery=self._station.nursery,
                threads=settings.workers_per_card,
                silence_s=settings.card_silence_s,
                locks=locks,
                is_stopping=self._station.stopping.is_set,
            ) as reader,
        ):
            self._enter_inventory(reader.inventory())
            while self._queue:
                self._take_turn(reader)

    def _writable_stores(self) -> tuple[Store, ...]:
        """The primary and every replica that takes writes now; without the primary nothing is pulled (R41)."""
        usable = []
        for look in self._station.stores.look():
            problem = look.problem
            if look.store is not None:
                try:
                    look.store.check_writable()
                    # The ledger's reserve may be used up: recordings must not take what it frees for entries.
                    look.store.restore_ballast()
                    usable.append(look.store)
                except ArchiveError as err:
                    problem = err
            if problem is not None and look.location.role is StoreRole.PRIMARY:
                raise PrimaryUnavailableError(reason=problem) from problem
            if problem is not None:
                self._progress.add_problem(problem)
                self.left_out[look.location.store_id] = problem.code
        # A disk may have been plugged elsewhere since the start: copies on one disk are none (R43).
        enter_store_disks(self._station)
        self._station.stores.check_placement(self._station.settings.accepted_risks)
        return tuple(usable)

    def _enter_inventory(self, raw: Inventory) -> None:
        profile = choose_profile(raw, self._station.profiles)
        self._profile = profile
        inventory = raw.classified_by(profile)
        self._files = inventory.files
        numbers = {file.path: number for number, file in enumerate(inventory.files)}
        units = [
            NumberedUnit(
                main=numbers[unit.main.path], sidecars=tuple(numbers[sidecar.path] for sidecar in unit.sidecars)
            )
            for unit in group_units(inventory, profile)
        ]
        for unit in units:
            copied = CopiedUnit(unit=unit, sources={})
            copied.sources.update((number, inventory.files[number]) for number in copied.numbers)
            self._units.update(dict.fromkeys(copied.numbers, copied))
        drafts = inventory_drafts(
            self._arrival.docking_id,
            inventory.files,
            inventory.specials,
            units,
            profile=profile.name,
            keep=lambda texts: self._station.texts.keep(texts, meaning="card-path"),
        )
        self._station.record.enter(list(drafts))
        self._pass_over_listed(units)

    def _pass_over_listed(self, units: Sequence[NumberedUnit]) -> None:
        """Note what was sealed before and looks the same, and queue everything else to be read."""
        listed = listed_units(self._station, self._arrival, self._files, units)
        self.sealing.note_listed(listed)
        known = {one.unit.main for one in listed}
        for unit in units:
            if unit.main not in known:
                # A clip and its sidecars follow one another, so that its bag is complete early.
                self._queue.extend(self._units[unit.main].numbers)

    def _take_turn(self, reader: CardReader) -> None:
        """Wait until it is this card's turn, and copy until the turn is over or the card is done."""
        station, arrival = self._station, self._arrival
        if self._profile is None:
            raise RuntimeError("a card is listed before its turn")
        left = [self._files[number] for number in self._queue]
        due = earliest_due(station, arrival, left, profile=self._profile)
        self._progress.is_waiting = True
        with station.turns.turn(
            due=due, docked_at=arrival.docked_at, now=station.clock.now, is_stopping=station.stopping.is_set
        ) as turn:
            self._progress.is_waiting = False
            self._jobs_of_turn = 0
            self._copy_and_seal(reader, turn)

    def _copy_and_seal(self, reader: CardReader, turn: Turn) -> None:
        def on_moved(card_bytes: int, blocks: int) -> None:
            self._progress.add_bytes(card_bytes)
            turn.note(blocks)

        ready: list[CopiedUnit] = []
        waiting_since = 0.0
        try:
            # 2. and 3. happen in the worker, which answers only for copies it has read back
            for outcome in reader.copy(lambda: self._next_job(turn), on_moved=on_moved):
                if outcome is not None and (unit := self._note(outcome)) is not None:
                    waiting_since = waiting_since if ready else time.monotonic()
                    ready.append(unit)
                is_late = time.monotonic() - waiting_since > BATCH_WAIT_S
                if ready and (len(ready) >= BATCH_UNITS or (outcome is None and is_late)):
                    # 4. to 6.
                    self.sealing.settle(ready)
                    ready = []
        except (WorkerError, CardSilentError, CardReaderFailedError):
            # The card gives no more, but what it gave is whole.
            self.sealing.settle(ready)
            raise
        self.sealing.settle(ready)

    def _next_job(self, turn: Turn) -> CopyJob | None:
        if not self._queue:
            return None
        number = self._queue[0]
        unit = self._units[number]
        # Another card's turn begins between two units, never in one: what was begun is sealed first. And no turn is
        # in vain, however long it took to get this far.
        if self._jobs_of_turn and number == unit.unit.main and turn.is_over:
            return None
        self._jobs_of_turn += 1
        self._queue.popleft()
        name = unit.payload_name(number)
        targets = []
        for store in self._stores:
            folder = store.staging / self._arrival.docking_id / unit.staging_name
            try:
                store.check_present()
                _make_staging_folder(folder)
            except ArchiveError as err:
                self._go_on_without(store, err)
            else:
                targets.append(folder / name)
        unit.stores_of[number] = self._stores
        file = self._files[number]
        return CopyJob(
            number=number,
            path=file.path,
            size_bytes=file.size_bytes,
            mtime_ns=file.mtime_ns,
            targets=tuple(targets),
        )

    def _note(self, outcome: Copied | CopyFailed) -> CopiedUnit | None:
        """Return the unit that this outcome completed."""
        unit = self._units[outcome.number]
        if isinstance(outcome, Copied):
            unit.done[outcome.number] = outcome
        elif outcome.error.code == CardGoneError.code:
            raise outcome.error
        elif self._is_replica_trouble(unit.stores_of[outcome.number], outcome.error):
            self._queue.appendleft(outcome.number)
            return None
        else:
            self._progress.add_problem(outcome.error)
            unit.failed[outcome.number] = outcome.error
        return unit if unit.is_complete else None

    def _is_replica_trouble(self, stores: Sequence[Store], error: StatedError) -> bool:
        """Return whether to copy the file again because one of `stores`, its targets, was a replica that fails."""
        if error.code not in _STORE_TROUBLE | _BAD_COPY:
            return False
        place = Path(str(error.facts["target" if error.code in _BAD_COPY else "path"]))
        for store in stores:
            if place.is_relative_to(shown(store.path)):
                if store.location.role is StoreRole.PRIMARY and error.code in _BAD_COPY:
                    return False
                self._go_on_without(store, error)
                return True
        return False

    def _go_on_without(self, store: Store, error: StatedError) -> None:
        """Leave out a replica that takes no more bytes; without the primary nothing goes on."""
        if store.location.role is StoreRole.PRIMARY:
            raise PrimaryUnavailableError(reason=error) from error
        # A replica that is out already had other jobs under way.
        if store in self._stores:
            self._progress.add_problem(error)
            self.left_out[store.location.store_id] = error.code
            self._stores = tuple(one for one in self._stores if one is not store)


def _make_staging_folder(folder: Path) -> None:
    """Make `folder` and its data folder; the flush that seals the bag makes their names durable."""
    for path in (folder, folder / "data"):
        with stated(path):
            path.mkdir(DIRECTORY_MODE, exist_ok=True)
            path.chmod(DIRECTORY_MODE)
