"""What can go wrong while bytes are kept.

StatedError
└── ArchiveError
    ├── DurableWriteError
    ├── AlreadyThereError
    ├── StoreError
    │   ├── StoreMissingError
    │   ├── StoreNotMountedError
    │   ├── StoreUnreadableError
    │   ├── StoreForeignError
    │   │   ├── StoreUnmarkedError
    │   │   └── StoreMarkerBadError
    │   ├── StoreFullError
    │   ├── StoreReadOnlyError
    │   └── StoreFolderTakenError
    ├── PlacementError
    │   ├── SharedDiskError
    │   ├── DiskUnprovenError
    │   └── StoreUnderHomeError
    ├── LedgerCopyError
    │   ├── LedgerCopyAheadError
    │   ├── LedgerCopyContradictsError
    │   └── LedgerCopyDamagedError
    └── ClearanceError             archive/clearance_errors.py: the stores do not yet allow a card to be cleared
        ├── CopiesTooFewError
        ├── CopyNotWholeError
        ├── EntryNotShownError
        ├── HeadNotApartError
        └── DigestNotSealedError

and, in the second block of this module, for copying and media:

ArchiveError
├── CopyError
│   ├── SourceChangedError
│   ├── SourceReadError
│   ├── CopyMismatchError
│   └── CopyUnreadableError
└── ProbeFailedError
"""

from hashing.errors import N_, StatedError


class ArchiveError(StatedError):
    """Bytes could not be kept, or are not kept as they must be."""

    code = "archive-error"


class DurableWriteError(ArchiveError):
    """A write or flush failed; after a failed fsync not even a later success proves anything."""

    code = "durable-write-failed"
    template = N_(
        "{path}: writing to disk failed ({reason}); nothing written there counts as kept. "
        "Check the disk, then let it be written again from the start."
    )


class AlreadyThereError(ArchiveError):
    """A name that may only be created once exists already."""

    code = "already-there"
    template = N_("{path}: something is there already and is never overwritten. Look at it before you go on.")


class StoreError(ArchiveError):
    """A store cannot be used as it is."""


class StoreMissingError(StoreError):
    """The store's folder does not exist."""

    code = "store-missing"
    template = N_(
        "Store {store_id}: expected the folder {path}, found nothing there. "
        "Mount the disk or correct the configured path."
    )


class StoreNotMountedError(StoreError):
    """The folder is there, but no store is in it: most likely only the mount point is."""

    code = "store-not-mounted"
    template = N_(
        "Store {store_id}: the folder {path} is there, but no store is mounted on it: it lies on {source}, "
        "mounted at {mount_point}. Mount the store's disk; nothing was written."
    )


class StoreUnreadableError(StoreError):
    """Whether the store is the expected one cannot be seen: no permission, or the disk does not answer."""

    code = "store-unreadable"
    template = N_(
        "Store {store_id}: {path} cannot be read ({reason}). Run this as the station's own user, or check the disk."
    )


class StoreForeignError(StoreError):
    """A store is there, but not the expected one."""

    code = "store-foreign"
    template = N_(
        "Store {store_id} at {path}: expected {field} {expected}, found {found}. "
        "Another disk or a copy may be mounted there; nothing was written."
    )


class StoreUnmarkedError(StoreForeignError):
    """A file system is mounted there, but carries no store marker."""

    code = "store-unmarked"
    template = N_(
        "Store {store_id}: {source} is mounted at {path}, but has no {marker}, so it is not one of our stores. "
        "Mount the right disk, or create a store on it first; nothing was written."
    )


class StoreMarkerBadError(StoreForeignError):
    """The store marker is not the one the station signed."""

    code = "store-marker-bad"
    template = N_(
        "Store {store_id}: {marker} is not as the station signed it ({reason}). "
        "Do not use this disk before somebody has found out why; nothing was written."
    )


class StoreFullError(StoreError):
    """No space is left (or a quota is used up)."""

    code = "store-full"
    template = N_(
        "{path}: the disk is full. Nothing was lost: the recordings stay on their card. Make room or add a larger disk."
    )


class StoreReadOnlyError(StoreError):
    """The file system takes no writes, by mount option or because the kernel forced it after an error."""

    code = "store-read-only"
    template = N_(
        "{path}: the file system is read-only; the kernel does that after disk errors. "
        "Look at the system log, repair the disk and mount it writable again."
    )


class StoreFolderTakenError(StoreError):
    """A new store would be laid over something that is there."""

    code = "store-folder-taken"
    template = N_(
        "Store {store_id}: a new store needs an empty folder, but {path} already holds {name}. "
        "Choose an empty folder; nothing was changed."
    )


class PlacementError(ArchiveError):
    """Stores lie where they must not lie."""


class SharedDiskError(PlacementError):
    """Two stores are lost together with one disk (A3 art. 7)."""

    code = "stores-share-disk"
    template = N_(
        "Stores {first} and {second} both lie on the disk {disks}; A3 art. 7 asks for copies on other storage devices. "
        "Put one on another disk, or accept the risk in the configuration: accepted_risks.stores_on_one_disk = true."
    )


class DiskUnprovenError(PlacementError):
    """It cannot be told whether two stores lie on different disks (A3 art. 7)."""

    code = "store-disk-unproven"
    template = N_(
        "Stores {first} and {second}: cannot tell which disks they lie on ({filesystem}); A3 art. 7 asks for copies on "
        "other storage devices. Use local disks, or accept the risk in the configuration: "
        "accepted_risks.stores_on_one_disk = true."
    )


class StoreUnderHomeError(PlacementError):
    """A store lies in somebody's home directory (A3 art. 3)."""

    code = "store-under-home"
    template = N_(
        "{path} lies under the home directory {home}; A3 art. 3 asks for central management, not personal folders. "
        "Choose another place, or accept the risk in the configuration: accepted_risks.store_under_home = true."
    )


class LedgerCopyError(ArchiveError):
    """The copy of the ledger in a store cannot be read or extended."""


class LedgerCopyAheadError(LedgerCopyError):
    """The store holds a head that covers more entries than the ledger that is to be copied to it."""

    code = "ledger-copy-ahead"
    template = N_(
        "{path}: the store holds a ledger head of {held_size} entries, but our ledger has only {size}. "
        "Entries have been lost or the database was put back; nothing may be appended before that is explained."
    )


class LedgerCopyContradictsError(LedgerCopyError):
    """What is to be published does not continue what the store holds."""

    code = "ledger-copy-contradicts"
    template = N_(
        "{path}: our ledger does not continue the copy in this store at {place}: expected {expected}, found {found}. "
        "One of them was changed; keep both and run: custody audit verify"
    )


class LedgerCopyDamagedError(LedgerCopyError):
    """A file of the ledger copy is missing or unreadable."""

    code = "ledger-copy-damaged"
    template = N_(
        "{path}: this file of the ledger copy is not usable ({reason}). Keep it as it is and run: custody audit verify"
    )


# Copying, bags and media: leaves below this line.


class CopyError(ArchiveError):
    """A recording could not be brought from its source into the stores whole and verified."""


class SourceChangedError(CopyError):
    """The source was written to while it was read, so what was read is no state it ever had."""

    code = "source-changed"
    template = N_(
        "The file changed while it was read: expected {expected_bytes} bytes (mtime {expected_mtime_ns} ns), "
        "read {read_bytes}, found {found_bytes} afterwards (mtime {found_mtime_ns} ns). "
        "It is not sealed as complete; stop what writes to the card and dock it again."
    )


class SourceReadError(CopyError):
    """The source gives no bytes from some offset on."""

    code = "source-read-failed"
    template = N_(
        "The file cannot be read from byte {offset} on ({reason}). Nothing of it is sealed; "
        "keep the card, plug it in again, and have it examined if that does not help."
    )


class CopyMismatchError(CopyError):
    """What the medium gives back is not what was written to it."""

    code = "copy-mismatch"
    template = N_(
        "{target}: what the disk gives back differs from what was written, at or after byte {offset} "
        "(expected sha256 {expected}). This copy was removed; check the disk, the memory and the cables."
    )


class CopyUnreadableError(CopyError):
    """A fresh copy cannot be read back."""

    code = "copy-unreadable"
    template = N_(
        "{target}: written, but it cannot be read back from byte {offset} on ({reason}). "
        "This copy was removed; check the disk."
    )


class ProbeFailedError(ArchiveError):
    """Nothing could be learned of a recording because it could not be opened or the probe itself is broken."""

    code = "probe-failed"
    template = N_(
        "{path}: the recording was not looked into ({reason}). It stays sealed; "
        "verify the bag, and check the installation if others fail as well."
    )
