"""A station as one process holds it: keys, ledger, texts, catalog and stores, behind one lock."""

import fcntl
import logging
import os
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from archive.answers import Answer
from bodycam_custody.catalog import Catalog
from bodycam_custody.clock import Clock
from bodycam_custody.copying.nursery import Nursery
from bodycam_custody.copying.turns import Turns
from bodycam_custody.entries import EntryKind, read_entry
from bodycam_custody.errors import CatalogCorruptError, StationBusyError, StationMismatchError, StationMissingError
from bodycam_custody.installation.software import software_name
from bodycam_custody.ledger import Ledger
from bodycam_custody.model import Remark
from bodycam_custody.record import Record
from bodycam_custody.sealing import Sealer
from bodycam_custody.station_keys import StationKeys, load_keys
from bodycam_custody.stores import StoreSet, locations_of
from bodycam_custody.texts import Texts
from config.settings import Settings
from docking.drivers.families import load_families
from docking.drivers.verbs import DriverName
from docking.profile import RecorderProfile
from docking.profiles import load_profiles
from docking.usb_devices import UsbId
from hashing.errors import StatedError, shown

logger = logging.getLogger(__name__)

LEDGER_DB = "ledger.db"
TEXTS_DB = "texts.db"
CATALOG_DB = "catalog.db"
LOCK = "station.lock"
ANCHOR = "checkpoint"


@dataclass(slots=True, kw_only=True)
class KeptDockings:
    """Dockings whose every bag was found immutable, as far as the entries before `until_seq` tell."""

    docking_ids: set[str] = field(default_factory=set)
    until_seq: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)


@dataclass(slots=True, kw_only=True)
class Station:
    """One station, open for one process. Values and parts only; what is done with them lies in other modules."""

    settings: Settings
    clock: Clock
    keys: StationKeys
    ledger: Ledger
    texts: Texts
    catalog: Catalog
    stores: StoreSet
    record: Record
    sealer: Sealer
    profiles: tuple[RecorderProfile, ...]
    families: Mapping[UsbId, DriverName]
    """Which USB ids belong to which family of locked recorders."""
    remarks: set[Remark]
    turns: Turns
    nursery: Nursery = field(default_factory=Nursery)
    """Where the processes that read cards come from."""
    sealing: threading.RLock = field(default_factory=threading.RLock)
    """Held from the look whether a clip is known to its entry: two cards may hold the same clip."""
    judging: threading.Lock = field(default_factory=threading.Lock)
    """Held while clips are judged."""
    stopping: threading.Event = field(default_factory=threading.Event)
    """Set when this process is to end: cards are let go, as a crash would."""
    unkeepable: set[Path] = field(default_factory=set)
    """Stores whose filesystem cannot make a bag immutable, as far as this process has tried."""
    kept: KeptDockings = field(default_factory=KeptDockings)
    """What need not be looked at again."""
    unsettled: tuple[StatedError, ...] = ()
    """What the last reconciliation had to leave as it was."""
    has_work: threading.Event = field(default_factory=threading.Event)
    """Set when sealed clips wait for interpretation."""

    def interpret_soon(self) -> None:
        """Wake whoever interprets sealed clips."""
        self.has_work.set()

    def close(self) -> None:
        """Close the databases; nothing is written."""
        self.nursery.close()
        self.ledger.close()
        self.texts.close()
        self.catalog.close()


@contextmanager
def station_lock(state: Path, *, wait_s: float = 0) -> Iterator[None]:
    """Hold the station's state folder for this process.

    Raises:
        StationBusyError: another process holds it, and still did after `wait_s` seconds.
        StationMissingError: there is no such folder.
    """
    path = state / LOCK
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except FileNotFoundError as err:
        raise StationMissingError(state=shown(state), expected=LEDGER_DB) from err
    try:
        deadline = time.monotonic() + wait_s
        while not _try_lock(descriptor):
            if time.monotonic() >= deadline:
                pid = os.pread(descriptor, 32, 0).decode("ascii", "replace").strip()
                raise StationBusyError(state=shown(state), pid=pid)
            time.sleep(0.02)
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode("ascii"), 0)
        yield
    finally:
        os.close(descriptor)


def _try_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def open_station(settings: Settings, clock: Clock, *, whole_check: bool) -> Station:
    """Open a station whose lock is held.

    A ledger behind a head in a store, or one that contradicts it, is opened for reading and refuses to append; a
    damaged or missing catalog is made again and the remark says so. `whole_check` verifies every ledger entry now
    instead of before the first append. After an error nothing is left open.

    Raises:
        StationMissingError, StationMismatchError: not the station of this configuration.
        KeyExposedError, KeyMissingError: the station's keys cannot be used.
        SharedDiskError, DiskUnprovenError, StoreUnderHomeError: the stores lie where they must not.
        LedgerCorruptError: the ledger is damaged; the first bad entry is named and nothing was appended.
    """
    state = settings.paths.state
    if not (state / LEDGER_DB).exists():
        raise StationMissingError(state=shown(state), expected=LEDGER_DB)
    keys = load_keys(settings.paths.keys)
    with ExitStack() as opened:
        ledger = Ledger(state / LEDGER_DB, signer=keys.checkpoint, origin=settings.station.origin, clock=clock)
        opened.callback(ledger.close)
        _require_same_station(settings, keys, ledger)
        ledger.check(whole=whole_check)
        texts = Texts(state / TEXTS_DB)
        opened.callback(texts.close)
        catalog, remarks = _open_catalog(state / CATALOG_DB, texts)
        opened.callback(catalog.close)
        stores = StoreSet(locations_of(settings.stores), origin=settings.station.origin, signers=keys.allowed_signers)
        record = Record(ledger=ledger, catalog=catalog, stores=stores)
        if record.catch_up_catalog() and remarks:
            logger.warning("catalog rebuilt entries=%s", ledger.size)
        stores.know(row["store_id"] for row in catalog.rows("SELECT store_id FROM stores"))
        remarks |= _remarks_on(stores.check_placement(settings.accepted_risks))
        record.compare_with_stores()
        record.compare_with_anchor(settings.paths.trust / ANCHOR)
        station = Station(
            settings=settings,
            clock=clock,
            keys=keys,
            ledger=ledger,
            texts=texts,
            catalog=catalog,
            stores=stores,
            record=record,
            sealer=Sealer(key=keys.bag, origin=settings.station.origin, software=software_name),
            profiles=load_profiles(settings.paths.profiles),
            families=load_families(settings.paths.families),
            remarks=remarks,
            turns=Turns(settings.docking.cards_at_once),
        )
        # From here on whoever opened the station closes it.
        opened.pop_all()
        return station


def _remarks_on(disks_apart: Answer) -> set[Remark]:
    if disks_apart is Answer.YES:
        return set()
    return {Remark.STORES_ON_ONE_DISK if disks_apart is Answer.NO else Remark.DISKS_UNPROVEN}


def _require_same_station(settings: Settings, keys: StationKeys, ledger: Ledger) -> None:
    first = ledger.lines(0, 1)
    if not first:
        raise StationMissingError(state=shown(settings.paths.state), expected=str(EntryKind.GENESIS))
    facts = read_entry(first[0]).facts
    for expected, found in (
        (settings.station.origin, facts.get("origin")),
        (keys.checkpoint.vkey, facts.get("checkpoint_vkey")),
        (keys.bag.public.text, facts.get("bag_key")),
    ):
        if expected != found:
            raise StationMismatchError(expected=expected, found=found, state=shown(settings.paths.state))


def _open_catalog(path: Path, texts: Texts) -> tuple[Catalog, set[Remark]]:
    try:
        return Catalog(path, reveal=texts.reveal), set()
    except CatalogCorruptError as err:
        # A projection: nothing is lost. The damaged file is kept for whoever wants to know why.
        aside = path.with_name(f"{path.name}.damaged")
        path.replace(aside)
        for suffix in ("-wal", "-shm"):
            path.with_name(path.name + suffix).unlink(missing_ok=True)
        logger.warning("catalog was damaged and is made again reason=%s kept=%s", err, aside)
        return Catalog(path, reveal=texts.reveal), {Remark.CATALOG_REBUILT}
