"""What can go wrong on the spine of custody; what belongs to one subject stands in the errors.py of its package.

StatedError
└── CustodyError
    ├── LedgerRefusesError
    ├── LedgerCorruptError
    ├── LedgerBehindError
    ├── LedgerForkedError
    ├── CatalogBehindError
    ├── CatalogCorruptError
    ├── KeyExposedError
    ├── KeyMissingError
    ├── KeyExistsError
    ├── StationBusyError
    ├── StationMissingError
    ├── StationExistsError
    ├── NotStationOwnerError
    ├── StationMismatchError
    ├── PersonRefusedError
    ├── RecoveryKeysError
    ├── PersonUnknownError
    ├── OutOfOfficeError
    ├── RoleRequiredError
    ├── AuthorisationError
    ├── OperationUnknownError
    ├── RequestInvalidError
    ├── NotFoundError
    ├── AmbiguousIdError
    ├── PrimaryUnavailableError
    ├── StoreNotEnteredError
    ├── SocketTakenError
    ├── ImportRefusedError
    └── BagAlreadyThereError
"""

from bodycam_custody.entries import Entry
from hashing.errors import N_, StatedError

__all__ = ["N_", "CustodyError", "StatedError"]


class CustodyError(StatedError):
    """Custody cannot go on as asked; the text says why and what to do."""


class LedgerRefusesError(CustodyError):
    """Nothing may be appended to this ledger."""

    code = "ledger-refuses"
    template = N_("ledger {path} accepts no entries, and cards stay unread until this is settled. {reason}")


class LedgerCorruptError(CustodyError):
    """A stored entry is not what was written."""

    code = "ledger-corrupt"
    template = N_(
        "ledger {path} is damaged at entry {seq}; nothing is appended any more, compare it with the copies in the "
        "stores (custody audit verify). {reason}"
    )


class LedgerBehindError(CustodyError):
    """A head seen elsewhere covers entries that this database lacks."""

    code = "ledger-behind"
    template = N_(
        "ledger {path} has {own_size} entries, but the signed head at {seen_at} covers {seen_size}: this database is "
        "older than what was already shown; nothing is appended, restore the newer database"
    )


class LedgerForkedError(CustodyError):
    """A head seen elsewhere covers other entries than this database has."""

    code = "ledger-forked"
    template = N_(
        "ledger {path} has other entries than the signed head at {seen_at} covers ({seen_size} entries); nothing is "
        "appended, keep both and call the auditor"
    )


class CatalogBehindError(CustodyError):
    """Entries stand in the ledger that the catalog could not take; until it can, no others follow."""

    code = "catalog-behind"
    template = N_(
        "catalog {path} lacks {count} entries of the ledger ({reason}); nothing is lost, and nothing more is "
        "entered before it has them. See that the disk of the state folder is not full, then run: custody store rebuild"
    )

    def __init__(self, *, path: str, count: int, reason: str) -> None:
        super().__init__(path=path, count=count, reason=reason)
        self.entered: tuple[Entry, ...] = ()
        """What was entered all the same before this was raised: whoever asked must not ask again."""


class CatalogCorruptError(CustodyError):
    """The catalog cannot be read; it holds nothing that ledger and bags do not."""

    code = "catalog-corrupt"
    template = N_("catalog {path} is damaged; nothing is lost, rebuild it with: custody store rebuild. {reason}")


class KeyExposedError(CustodyError):
    """A private key can be read by others."""

    code = "key-exposed"
    template = N_(
        "key file {path} has mode {mode}, expected 0600 or stricter and owned by the station (found owner uid {uid}): "
        "others could sign as the station; if no one did, run: chmod 600 {path}"
    )


class KeyMissingError(CustodyError):
    """A station key is not there or cannot be parsed."""

    code = "key-missing"
    template = N_("key file {path} cannot be used; restore it from the station's sealed key backup. {reason}")


class KeyExistsError(CustodyError):
    """A station key would be overwritten."""

    code = "key-exists"
    template = N_("key file {path} is already there and is never overwritten; choose another folder")


class StationBusyError(CustodyError):
    """Another process holds the station."""

    code = "station-busy"
    template = N_("station {state} is held by process {pid}; one process at a time may write, stop it or talk to it")


class StationMissingError(CustodyError):
    """There is no station at the configured place."""

    code = "station-missing"
    template = N_("no station in {state}: expected {expected}; create one with: custody init")


class StationExistsError(CustodyError):
    """A station would be overwritten."""

    code = "station-exists"
    template = N_("there is already a station in {state} ({found} is there); nothing was changed")


class NotStationOwnerError(CustodyError):
    """The caller is neither root nor the owner of the state folder."""

    code = "not-station-owner"
    template = N_(
        "no daemon answers at {socket}, and {state} belongs to uid {owner_uid}, not to you (uid {uid}); start the "
        "daemon with: systemctl start bodycam-custody"
    )


class StationMismatchError(CustodyError):
    """Configuration and ledger name different stations."""

    code = "station-mismatch"
    template = N_("the configuration says {expected}, the ledger in {state} says {found}; use the matching file")


class PersonRefusedError(CustodyError):
    """A person named at init cannot be entered."""

    code = "person-refused"
    template = N_("person {text}: expected ID:ROLE:KEY, with KEY an ssh-ed25519 public key or its file. {reason}")


class RecoveryKeysError(CustodyError):
    """The recovery keys are not three keys of their own."""

    code = "recovery-keys"
    template = N_(
        "recovery keys: expected {expected} different ones that no person has, or none; found {given} given, {usable} "
        "of them usable"
    )


class PersonUnknownError(CustodyError):
    """An act names a person whom the ledger does not know."""

    code = "person-unknown"
    template = N_("nobody at this station has the person id {person}; expected one of those in: custody people list")


class OutOfOfficeError(CustodyError):
    """The person holds no office on the day of the act."""

    code = "out-of-office"
    template = N_("{person} holds no office today; the rules reserve this to {needed} ({article})")


class RoleRequiredError(CustodyError):
    """An act is reserved to another role."""

    code = "role-required"
    template = N_("{person} is {found}; the rules reserve this to {needed} ({article})")


class AuthorisationError(CustodyError):
    """The caller has no right to this operation."""

    code = "not-authorised"
    template = N_(
        "uid {uid} may not call {operation} ({article}); until people are registered at the desk only root and the "
        "station's owner may"
    )


class OperationUnknownError(CustodyError):
    """No such operation."""

    code = "operation-unknown"
    template = N_("no operation {operation}")


class RequestInvalidError(CustodyError):
    """A request lacks a parameter or has a wrong one."""

    code = "request-invalid"
    template = N_("parameter {name}: expected {expected}, found {found}")


class NotFoundError(CustodyError):
    """Nothing has this id."""

    code = "not-found"
    template = N_("no {what} with the id {id}")


class AmbiguousIdError(CustodyError):
    """A shortened id fits several."""

    code = "id-ambiguous"
    template = N_("{id} fits {count} clips; type more of the id (at least 6 characters)")


class PrimaryUnavailableError(CustodyError):
    """The primary store cannot take bytes, so no card is read."""

    code = "primary-unavailable"
    template = N_("the primary store cannot be written, so nothing is pulled and the card stays as it is. {reason}")


class StoreNotEnteredError(CustodyError):
    """A configured store is not in the ledger."""

    code = "store-not-entered"
    template = N_("store {store_id} is configured but the ledger does not name it, so nothing is written there")


class SocketTakenError(CustodyError):
    """Something that is no socket stands where the daemon's socket goes."""

    code = "socket-taken"
    template = N_("{path} is not a socket; expected nothing or a socket there, move it away")


class ImportRefusedError(CustodyError):
    """A folder may not be imported."""

    code = "import-refused"
    template = N_("folder {path} is not imported. {reason}")


class BagAlreadyThereError(CustodyError):
    """A bag of this id is on a store, but with other contents."""

    code = "bag-already-there"
    template = N_("store {store} already holds {bag_path} with other contents; both are kept, call the auditor")
