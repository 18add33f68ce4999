"""Whether the stores show that nothing is lost when files vanish from a card (R40, R41, R43).

Nobody's word is taken: bags are read again from the medium, entries are proven under signed heads, disks are asked of
the kernel.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Final

from archive.answers import Answer
from archive.bag import MANIFEST, TAGMANIFEST, is_payload_name
from archive.bag_check import VerifySignature, check_bag
from archive.clearance_errors import (
    CopiesTooFewError,
    CopyNotWholeError,
    DigestNotSealedError,
    EntryNotShownError,
    HeadNotApartError,
)
from archive.mounts import HOST, Host
from archive.physical import PhysicalDevice, on_different_disks, physical_device_of
from archive.store import Store
from archive.verified_ledger import VerifiedLedger
from hashing.canonical import Json, parse_line
from hashing.checkpoint import NoteVerifier
from hashing.digest import Digest
from hashing.errors import HashingError, shown

# A refusal names this many findings of a bag: it must fit a screen.
_NAMED: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedBag:
    """A bag as its sealing entry names it."""

    bag_path: str
    tagmanifest: Digest
    seq: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Witness:
    """A present store, the head it shows, and the disks it lies on."""

    store: Store
    ledger: VerifiedLedger
    device: PhysicalDevice

    @property
    def store_id(self) -> str:
        """What the unit calls the store."""
        return str(self.store.location.store_id)


def witness_of(store: Store, verifier: NoteVerifier, *, host: Host = HOST) -> Witness:
    """Return what `store` can bear witness of; nothing but its signed head was read yet.

    Raises:
        LedgerCopyDamagedError, CheckpointError: its ledger copy shows no head that the station signed.
    """
    return Witness(
        store=store, ledger=VerifiedLedger(store.ledger, verifier), device=physical_device_of(store.path, host)
    )


def require_head_apart(witnesses: Sequence[Witness], own: PhysicalDevice, *, size: int) -> None:
    """Return if a head over at least `size` entries is held on another disk than the ledger, which lies on `own`.

    Raises:
        HeadNotApartError: none is, or it cannot be told.
    """
    found = []
    for witness in witnesses:
        apart = on_different_disks(own, witness.device)
        if apart is Answer.YES and witness.ledger.head.size >= size:
            return
        found.append(f"{witness.store_id}: {witness.ledger.head.size}, {apart.value}")
    raise HeadNotApartError(size=size, found=", ".join(found) or "—")


def require_entry(
    witnesses: Iterable[Witness], seq: int, *, kinds: Sequence[str], facts: Mapping[str, Json]
) -> Mapping[str, Json]:
    """Return the facts of entry `seq` if every witness shows it, of one of `kinds` and with these `facts`.

    Raises:
        EntryNotShownError: one shows something else there, or its head does not reach that far.
        LedgerCopyDamagedError: a ledger copy is not what was signed.
    """
    expected = f"{'/'.join(kinds)} {dict(facts)}"
    shown_facts: Mapping[str, Json] = {}
    for witness in witnesses:
        refused = EntryNotShownError(store=witness.store_id, seq=seq, expected=shown(expected))
        if not 0 <= seq < witness.ledger.head.size:
            raise refused
        try:
            entry = parse_line(witness.ledger.line(seq))
        except HashingError as err:
            raise refused from err
        said = entry.get("facts")
        if entry.get("kind") not in kinds or not isinstance(said, dict):
            raise refused
        if any(said.get(name) != value for name, value in facts.items()):
            raise refused
        shown_facts = said
    return shown_facts


def sealed_digests(
    witnesses: Sequence[Witness], bag: SealedBag, *, kinds: Sequence[str], verify_signature: VerifySignature
) -> frozenset[str]:
    """Return the digests of the evidence files in `bag`, read again from the medium in every store that has it.

    Guaranteed: at least two stores on different disks hold the bag whole under the signed entry that sealed it, and
    no present store holds it damaged.

    Raises:
        EntryNotShownError: no such entry sealed it.
        CopyNotWholeError: a copy does not verify.
        CopiesTooFewError: fewer than two, or not shown to be on different disks.
    """
    facts: dict[str, Json] = {"bag_path": bag.bag_path, "tagmanifest_sha256": bag.tagmanifest.hex}
    require_entry(witnesses, bag.seq, kinds=kinds, facts=facts)
    holders: list[Witness] = []
    digests: frozenset[str] = frozenset()
    for witness in witnesses:
        path = witness.store.path / bag.bag_path
        if not path.is_relative_to(witness.store.clips) or ".." in path.parts:
            raise EntryNotShownError(store=witness.store_id, seq=bag.seq, expected=shown(bag.bag_path))
        if not path.is_dir():
            continue
        findings = check_bag(path, verify_signature=verify_signature, expected_tagmanifest=bag.tagmanifest)
        if findings:
            named = ", ".join(f"{finding.code} {finding.place}" for finding in findings[:_NAMED])
            raise CopyNotWholeError(store=witness.store_id, bag=bag.bag_path, findings=named)
        digests = _payload_digests(witness, path, bag)
        holders.append(witness)
    if not _any_apart(holders):
        names = ", ".join(holder.store_id for holder in holders)
        raise CopiesTooFewError(bag=bag.bag_path, found=len(holders), stores=names or "—")
    return digests


def require_digest(bag: str, sealed: Iterable[str], expected: Digest) -> None:
    """Return if `expected` is among the digests of what is sealed.

    Raises:
        DigestNotSealedError: it is not.
    """
    if expected.hex not in set(sealed):
        raise DigestNotSealedError(bag=bag, expected=expected.hex)


def _any_apart(holders: Sequence[Witness]) -> bool:
    return any(on_different_disks(one.device, other.device) is Answer.YES for one, other in combinations(holders, 2))


def _payload_digests(witness: Witness, path: Path, bag: SealedBag) -> frozenset[str]:
    """Read the manifest once more, held against the tagmanifest that the ledger names: nobody swaps it in between."""
    tagmanifest, manifest = (path / TAGMANIFEST).read_bytes(), (path / MANIFEST).read_bytes()
    covered = _lines(tagmanifest)
    if Digest.of(tagmanifest) != bag.tagmanifest or covered.get(MANIFEST) != Digest.of(manifest).hex:
        raise CopyNotWholeError(store=witness.store_id, bag=bag.bag_path, findings=MANIFEST)
    return frozenset(digest for name, digest in _lines(manifest).items() if is_payload_name(name))


def _lines(manifest: bytes) -> dict[str, str]:
    pairs = [line.split("  ", 1) for line in manifest.decode("utf-8", "backslashreplace").splitlines()]
    return {name: digest for digest, name in pairs}
