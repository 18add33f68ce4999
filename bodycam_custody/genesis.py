"""The first act of a station: keys, stores, entry 0, and the trust folder an outsider verifies with."""

from collections.abc import Sequence
from pathlib import Path

from archive.durable import make_directories, replace_file
from archive.placement import reject_home_directory, reject_shared_disks
from archive.store import create_store
from bodycam_custody.clock import Clock
from bodycam_custody.entries import Draft, EntryKind
from bodycam_custody.errors import PersonRefusedError, RecoveryKeysError, StationExistsError
from bodycam_custody.installation.software import software_name
from bodycam_custody.ledger import Ledger
from bodycam_custody.people import Person, parse_person
from bodycam_custody.station import ANCHOR, LEDGER_DB, TEXTS_DB, open_station, station_lock
from bodycam_custody.station_keys import StationKeys, create_keys
from bodycam_custody.stores import locations_of
from bodycam_custody.texts import Texts
from config.settings import RuleSet, Settings
from hashing.canonical import Json
from hashing.errors import N_, Statement, shown
from hashing.namespaces import Namespace
from hashing.ssh_keys import SshPublicKey
from hashing.sshsig import sign

__all__ = ["Person", "create_station", "parse_person"]

_TRUST_MODE = 0o644
# Two of them decide, so that one lost and one stolen key do no harm.
RECOVERY_KEYS = 3


def create_station(
    settings: Settings, people: Sequence[Person], clock: Clock, *, recovery_keys: Sequence[SshPublicKey] = ()
) -> None:
    """Create the station of `settings`: keys, stores, ledger with entry 0, trust folder.

    On return `genesis`, `rule_set.loaded` and a `store.added` for every store are entries, and the head is in every
    store. Nothing existing is overwritten; after an error the folders made so far stay and must be removed by hand.

    Raises:
        StationExistsError: there is a station already.
        KeyExistsError, StoreFolderTakenError: keys or a store are there already.
        SharedDiskError, DiskUnprovenError, StoreUnderHomeError: the stores lie where they must not (R43, R7).
        PersonRefusedError: a person id is named twice.
        RecoveryKeysError: not three different keys that nobody of `people` has, and not none.
    """
    state, trust = settings.paths.state, settings.paths.trust
    _reject_repeated(people)
    _reject_recovery_keys(people, recovery_keys)
    for taken in (state / LEDGER_DB, trust / "genesis"):
        if taken.exists():
            raise StationExistsError(state=shown(state), found=shown(taken))
    # 1. Everything that can be refused is refused before anything is made.
    locations = locations_of(settings.stores)
    for location in locations:
        reject_home_directory(location.path, accepted=settings.accepted_risks.store_under_home)
    reject_shared_disks(locations, accepted=settings.accepted_risks.stores_on_one_disk)
    # 2. Keys, then stores signed with them.
    make_directories(state, 0o700)
    keys = create_keys(settings.paths.keys, origin=settings.station.origin)
    stores = [
        create_store(
            location,
            origin=settings.station.origin,
            created_at=clock.now(),
            sign=lambda data: sign(data, keys.bag, Namespace.STORE),
        )
        for location in locations
    ]
    # 3. Entry 0 and what it needs beside it, in one transaction.
    Texts(state / TEXTS_DB).close()
    ledger = Ledger(state / LEDGER_DB, signer=keys.checkpoint, origin=settings.station.origin, clock=clock, create=True)
    drafts = [_genesis_draft(settings, people, keys, recovery_keys), rule_set_draft(settings.rule_set)]
    for store in stores:
        disks: list[Json] | None = [*sorted(store.marker.disks)] if store.marker.disks else None
        drafts.append(
            Draft(
                kind=EntryKind.STORE_ADDED,
                subject=f"store:{store.location.store_id}",
                facts={
                    "store_id": store.location.store_id,
                    "role": store.location.role.value,
                    "filesystem": store.marker.filesystem.kind,
                    "disks": disks,
                },
            )
        )
    genesis, *_ = ledger.append(drafts)
    ledger.close()
    # 4. The trust folder: public, and complete before anyone is told the station exists.
    make_directories(trust, 0o755)
    replace_file(trust / "allowed_signers", keys.allowed_signers.format(), _TRUST_MODE)
    replace_file(trust / "station.vkey", f"{keys.checkpoint.vkey}\n".encode("ascii"), _TRUST_MODE)
    replace_file(trust / "genesis", f"{genesis.leaf.hex()}\n".encode("ascii"), _TRUST_MODE)
    # 5. The first head goes to every store; who keeps it elsewhere holds an anchor.
    with station_lock(state):
        station = open_station(settings, clock, whole_check=True)
        try:
            station.record.publish()
            head = station.ledger.head
            if head is not None:
                write_anchor(trust, head.note)
        finally:
            station.close()


def write_anchor(trust: Path, note: bytes) -> Path:
    """Put a signed head where the auditor's anchor is expected and return its path."""
    path = trust / ANCHOR
    replace_file(path, note, _TRUST_MODE)
    return path


def rule_set_draft(rules: RuleSet) -> Draft:
    """Return the entry that a rule set is in force from here on (R1). The unit's name is public, not a text."""
    return Draft(
        kind=EntryKind.RULE_SET_LOADED,
        subject="station",
        facts={
            "unit": rules.unit,
            "document_number": rules.document_number,
            "effective_date": rules.effective_date.isoformat(),
            "version": rules.version,
            "handover_hours": rules.handover_hours,
            "handover_point": rules.handover_point.value,
            "assumed_clock_uncertainty_s": rules.assumed_clock_uncertainty_s,
            "clearing": rules.clearing.value,
        },
    )


def _genesis_draft(
    settings: Settings, people: Sequence[Person], keys: StationKeys, recovery_keys: Sequence[SshPublicKey]
) -> Draft:
    named: list[Json] = [
        {"person": person.person_id, "role": person.role.value, "key": person.key.text} for person in people
    ]
    return Draft(
        kind=EntryKind.GENESIS,
        subject="station",
        facts={
            "origin": settings.station.origin,
            "station": settings.station.name,
            "checkpoint_vkey": keys.checkpoint.vkey,
            "bag_key": keys.bag.public.text,
            "people": named,
            "recovery_keys": [key.text for key in recovery_keys],
            "rule_set_version": settings.rule_set.version,
            "software": software_name(),
        },
    )


def _reject_recovery_keys(people: Sequence[Person], recovery_keys: Sequence[SshPublicKey]) -> None:
    held = {person.key.text for person in people}
    found = {key.text for key in recovery_keys}
    if recovery_keys and (len(found) != RECOVERY_KEYS or len(recovery_keys) != RECOVERY_KEYS or found & held):
        raise RecoveryKeysError(expected=RECOVERY_KEYS, given=len(recovery_keys), usable=len(found - held))


def _reject_repeated(people: Sequence[Person]) -> None:
    seen = set()
    for person in people:
        if person.person_id in seen:
            raise PersonRefusedError(text=person.person_id, reason=Statement(N_("The id is named twice.")))
        seen.add(person.person_id)
