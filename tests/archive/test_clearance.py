"""What the stores must show before a card is cleared: two whole copies apart, entries, a head apart (R40, R43)."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from archive.bag import TAGMANIFEST
from archive.clearance import (
    SealedBag,
    Witness,
    require_digest,
    require_entry,
    require_head_apart,
    sealed_digests,
)
from archive.clearance_errors import (
    CopiesTooFewError,
    CopyNotWholeError,
    DigestNotSealedError,
    EntryNotShownError,
    HeadNotApartError,
)
from archive.ledger_copy import LedgerCopy
from archive.marker import StoreId, StoreLocation, StoreRole
from archive.physical import PhysicalDevice
from archive.store import Store, create_store
from archive.verified_ledger import VerifiedLedger
from hashing.canonical import canonical_line
from hashing.checkpoint import NoteVerifier
from hashing.digest import Digest
from tests.archive.bag_maker import PAYLOAD, MadeBag, make_bag, overwrite, reseal, verify_signature
from tests.archive.ledger_maker import MadeLedger
from tests.archive.station import CREATED_AT, ORIGIN, Station

KINDS = ("clip.sealed",)


def device(*disks: str) -> PhysicalDevice:
    return PhysicalDevice(filesystem="ext4", disks=frozenset(disks) or None)


class Stores:
    """Two stores with the same bag and a ledger that names it in entry 1."""

    def __init__(self, folder: Path) -> None:
        self.stores = [self._store(folder / name, name) for name in ("primary", "backup")]
        self.bags: list[MadeBag] = [make_bag(store.path) for store in self.stores]
        path = str(self.bags[0].path.relative_to(self.stores[0].path))
        self.bag = SealedBag(bag_path=path, tagmanifest=self.bags[0].tagmanifest, seq=1)
        facts = {"bag_path": path, "tagmanifest_sha256": self.bag.tagmanifest.hex}
        self.ledger = MadeLedger(3, changed={1: canonical_line({"kind": "clip.sealed", "facts": facts})})
        for store in self.stores:
            LedgerCopy(store.ledger).publish(self.ledger.read, 3, self.ledger.note(3))

    def _store(self, path: Path, name: str) -> Store:
        location = StoreLocation(store_id=StoreId(name), path=path, role=StoreRole.REPLICA)
        return create_store(location, origin=ORIGIN, created_at=CREATED_AT, sign=Station().sign, ballast_bytes=0)

    def witnesses(self, devices: Sequence[PhysicalDevice] = (device("sda"), device("sdb"))) -> list[Witness]:
        verifier = NoteVerifier(self.ledger.signer.vkey)
        return [
            Witness(store=store, ledger=VerifiedLedger(store.ledger, verifier), device=on)
            for store, on in zip(self.stores, devices, strict=True)
        ]

    def digests(self, devices: Sequence[PhysicalDevice] = (device("sda"), device("sdb"))) -> frozenset[str]:
        return sealed_digests(self.witnesses(devices), self.bag, kinds=KINDS, verify_signature=verify_signature)


@pytest.fixture
def stores(tmp_path: Path) -> Stores:
    return Stores(tmp_path)


def test_two_whole_copies_on_different_disks_give_the_digests_of_their_files(stores: Stores) -> None:
    assert stores.digests() == {Digest.of(data).hex for data in PAYLOAD.values()}


@pytest.mark.parametrize(
    "devices", [(device("sda"), device("sda")), (device("sda"), device("sdb", "sda")), (device("sda"), device())]
)
def test_copies_that_are_not_shown_to_be_on_different_disks_are_too_few(
    stores: Stores, devices: Sequence[PhysicalDevice]
) -> None:
    # R43
    with pytest.raises(CopiesTooFewError, match=r"found 2 \(primary, backup\)"):
        stores.digests(devices)


def test_a_copy_that_is_missing_is_not_replaced_by_one_that_is_there(stores: Stores) -> None:
    stores.bags[1].path.rename(stores.stores[1].path / "aside")
    with pytest.raises(CopiesTooFewError, match=r"found 1 \(primary\)"):
        stores.digests()


def test_a_flipped_bit_in_any_copy_stops_it(stores: Stores) -> None:
    file = stores.bags[1].path / "data/main.mp4"
    overwrite(file, file.read_bytes()[:-1] + b"\0")
    with pytest.raises(CopyNotWholeError, match=r"store backup: .*\(B031 data/main\.mp4\)"):
        stores.digests()


def test_a_bag_that_was_sealed_afresh_with_the_station_s_key_is_not_the_one_of_the_ledger(stores: Stores) -> None:
    for bag in stores.bags:
        overwrite(bag.path / "bag-info.txt", (bag.path / "bag-info.txt").read_bytes() + b"X: y\n")
        reseal(bag.path)
    with pytest.raises(CopyNotWholeError, match="B010"):
        stores.digests()


def test_a_bag_that_no_entry_sealed_is_none(stores: Stores) -> None:
    for seq in (0, 2, 3, -1):
        stores.bag = SealedBag(bag_path=stores.bag.bag_path, tagmanifest=stores.bag.tagmanifest, seq=seq)
        with pytest.raises(EntryNotShownError, match=f"entry {seq} "):
            stores.digests()


def test_an_entry_of_another_kind_or_with_other_facts_does_not_count(stores: Stores) -> None:
    witnesses = stores.witnesses()
    assert require_entry(witnesses, 1, kinds=KINDS, facts={})["bag_path"] == stores.bag.bag_path
    with pytest.raises(EntryNotShownError):
        require_entry(witnesses, 1, kinds=["receipt.issued"], facts={})
    with pytest.raises(EntryNotShownError):
        require_entry(witnesses, 1, kinds=KINDS, facts={"bag_path": "clips/other"})


@pytest.mark.parametrize("path", ["../outside", "/etc", "ledger", "clips/../ledger"])
def test_a_bag_elsewhere_than_among_the_clips_is_not_looked_at(stores: Stores, path: str) -> None:
    facts = {"bag_path": path, "tagmanifest_sha256": stores.bag.tagmanifest.hex}
    ledger = MadeLedger(
        5, changed={4: canonical_line({"kind": "clip.sealed", "facts": facts}), **stores.ledger.changed}
    )
    for store in stores.stores:
        LedgerCopy(store.ledger).publish(ledger.read, 5, ledger.note(5))
    stores.bag = SealedBag(bag_path=path, tagmanifest=stores.bag.tagmanifest, seq=4)
    with pytest.raises(EntryNotShownError):
        stores.digests()


def test_a_manifest_is_only_believed_under_the_tagmanifest_of_the_ledger(stores: Stores) -> None:
    assert (stores.bags[0].path / TAGMANIFEST).exists()
    require_digest(stores.bag.bag_path, stores.digests(), Digest.of(PAYLOAD["data/main.mp4"]))
    with pytest.raises(DigestNotSealedError, match=stores.bag.bag_path):
        require_digest(stores.bag.bag_path, stores.digests(), Digest.of(b"other"))


def test_a_head_counts_only_on_another_disk_than_the_ledger_and_over_enough_entries(
    stores: Stores, tmp_path: Path
) -> None:
    # R40
    own = device("sda")
    apart, same, untold = device("sdb"), device("sda"), device()
    require_head_apart(stores.witnesses((same, apart)), own, size=3)
    for devices, size in (((same, same), 3), ((same, untold), 3), ((apart, apart), 4)):
        with pytest.raises(HeadNotApartError, match=f"over {size} entries"):
            require_head_apart(stores.witnesses(devices), own, size=size)
    with pytest.raises(HeadNotApartError, match="—"):
        require_head_apart([], own, size=1)
    with pytest.raises(HeadNotApartError):
        require_head_apart(stores.witnesses((apart, apart)), device(), size=3)
