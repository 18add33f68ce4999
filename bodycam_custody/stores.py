"""The stores of a station: opened when they are there, refused when they are not ours (R41, R43)."""

import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from archive.answers import Answer
from archive.errors import ArchiveError
from archive.marker import StoreId, StoreLocation, StoreRole
from archive.placement import reject_home_directory, reject_shared_disks
from archive.store import Store, open_store
from bodycam_custody.errors import StoreNotEnteredError
from bodycam_custody.station_keys import PRINCIPAL
from config.settings import AcceptedRisks, StoreSetting
from hashing.allowed_signers import AllowedSigners
from hashing.errors import StatedError
from hashing.namespaces import Namespace
from hashing.sshsig import verify


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreLook:
    """A configured store as it was found just now: open, or with the problem that keeps it shut."""

    location: StoreLocation
    store: Store | None
    problem: StatedError | None


def locations_of(settings: Sequence[StoreSetting]) -> tuple[StoreLocation, ...]:
    """Return where the configuration expects the stores, the primary first."""
    found = (StoreLocation(store_id=StoreId(one.id), path=one.path, role=StoreRole(one.role.value)) for one in settings)
    return tuple(sorted(found, key=lambda location: location.role is not StoreRole.PRIMARY))


class StoreSet:
    """Every store of the configuration; one that is not in the ledger gets nothing."""

    def __init__(self, locations: Sequence[StoreLocation], *, origin: str, signers: AllowedSigners) -> None:
        self.locations = tuple(locations)
        self._origin = origin
        self._signers = signers
        self._entered: frozenset[str] = frozenset()
        self._opened: dict[StoreId, Store] = {}
        self._lock = threading.Lock()

    def know(self, entered: Iterable[str]) -> None:
        """Tell which store ids the ledger has."""
        self._entered = frozenset(entered)

    def look(self) -> tuple[StoreLook, ...]:
        """Return every store as it is now, the primary first."""
        return tuple(self._look_at(location) for location in self.locations)

    def present(self) -> tuple[Store, ...]:
        """Return the stores that are there and ours, the primary first."""
        return tuple(look.store for look in self.look() if look.store is not None)

    def by_id(self, store_id: str) -> StoreLook | None:
        """Return one store as it is now, None when the configuration has no such store."""
        return next((self._look_at(one) for one in self.locations if one.store_id == store_id), None)

    def apart(self) -> Answer:
        """Return whether the stores lie on different disks; an absent one cannot be told."""
        if any(look.store is None for look in self.look()):
            return Answer.CANNOT_TELL
        return reject_shared_disks(self.locations, accepted=True)

    def check_placement(self, risks: AcceptedRisks) -> Answer:
        """Return whether the stores that are there lie on different disks.

        Raises:
            SharedDiskError, DiskUnprovenError, StoreUnderHomeError: they do not, and the configuration does not
                accept it.
        """
        for location in self.locations:
            reject_home_directory(location.path, accepted=risks.store_under_home)
        there = [store.location for store in self.present()]
        return reject_shared_disks(there, accepted=risks.stores_on_one_disk)

    def _look_at(self, location: StoreLocation) -> StoreLook:
        try:
            return StoreLook(location=location, store=self._open(location), problem=None)
        except (ArchiveError, StoreNotEnteredError) as err:
            return StoreLook(location=location, store=None, problem=err)

    def _open(self, location: StoreLocation) -> Store:
        if location.store_id not in self._entered:
            raise StoreNotEnteredError(store_id=location.store_id)
        with self._lock:
            known = self._opened.get(location.store_id)
        if known is None:
            known = open_store(location, origin=self._origin, verify=self._verify)
            with self._lock:
                self._opened[location.store_id] = known
        else:
            known.check_present()
        return known

    def _verify(self, marker: bytes, signature: bytes) -> None:
        verify(marker, signature, signers=self._signers, principal=PRINCIPAL, namespace=Namespace.STORE)


def store_of(stores: Iterable[Store], path: Path) -> Store | None:
    """Return the store that `path` lies in."""
    return next((store for store in stores if path.is_relative_to(store.path)), None)
