"""Single entries of a ledger copy: given only where they stand under the signed head."""

from pathlib import Path

import pytest

from archive.errors import LedgerCopyDamagedError
from archive.ledger_copy import LedgerCopy
from archive.verified_ledger import VerifiedLedger
from hashing.checkpoint import Checkpoint, NoteSigner, NoteVerifier
from hashing.errors import CheckpointError
from hashing.tiles import entries_path, tile_path
from tests.archive.ledger_maker import MadeLedger

LEDGER = MadeLedger(1500)
VERIFIER = NoteVerifier(LEDGER.signer.vkey)


def published(folder: Path, size: int) -> Path:
    LedgerCopy(folder).publish(LEDGER.read, size, LEDGER.note(size))
    return folder


@pytest.mark.parametrize("size", [1, 2, 255, 256, 257, 511, 512, 1000, 1500])
def test_every_entry_is_given_as_stored(tmp_path: Path, size: int) -> None:
    ledger = VerifiedLedger(published(tmp_path, size), VERIFIER)
    assert ledger.head.size == size
    for seq in {0, 1, 254, 255, 256, 257, 511, 512, 767, 999, size - 1, size // 2} & set(range(size)):
        assert ledger.line(seq) == LEDGER.lines[seq]


def test_what_the_head_does_not_cover_is_not_given(tmp_path: Path) -> None:
    ledger = VerifiedLedger(published(tmp_path, 300), VERIFIER)
    for seq in (-1, 300, 1000):
        with pytest.raises(ValueError, match="300 entries"):
            ledger.line(seq)


def test_an_entry_that_was_changed_is_not_given_and_its_neighbours_are(tmp_path: Path) -> None:
    published(tmp_path, 300)
    bundle = tmp_path / entries_path(0)
    bundle.chmod(0o640)
    bundle.write_bytes(bundle.read_bytes().replace(b'{"seq":7}', b'{"seq":8}'))
    ledger = VerifiedLedger(tmp_path, VERIFIER)
    assert ledger.line(8) == LEDGER.lines[8]
    with pytest.raises(LedgerCopyDamagedError, match="entry 7 is not under its root"):
        ledger.line(7)


def test_a_tile_that_was_changed_proves_nothing(tmp_path: Path) -> None:
    published(tmp_path, 600)
    tile = tmp_path / tile_path(0, 1)
    tile.chmod(0o640)
    data = bytearray(tile.read_bytes())
    data[40] ^= 1
    tile.write_bytes(data)
    ledger = VerifiedLedger(tmp_path, VERIFIER)
    with pytest.raises(LedgerCopyDamagedError):
        ledger.line(256)


def test_a_tile_that_is_cut_is_named(tmp_path: Path) -> None:
    published(tmp_path, 300)
    tile = tmp_path / tile_path(0, 0)
    tile.chmod(0o640)
    tile.write_bytes(tile.read_bytes()[:-1])
    with pytest.raises(LedgerCopyDamagedError, match="8191 bytes instead of 8192"):
        VerifiedLedger(tmp_path, VERIFIER).line(3)


def test_a_head_that_another_key_signed_is_refused(tmp_path: Path) -> None:
    published(tmp_path, 300)
    other = NoteSigner.from_seed(LEDGER.origin, bytes(32))
    note = other.sign(Checkpoint(origin=LEDGER.origin, size=300, root=LEDGER.tree.root(300)))
    (tmp_path / "checkpoint").chmod(0o640)
    (tmp_path / "checkpoint").write_bytes(note)
    with pytest.raises(CheckpointError):
        VerifiedLedger(tmp_path, VERIFIER)


def test_a_store_without_a_head_is_refused(tmp_path: Path) -> None:
    with pytest.raises(LedgerCopyDamagedError, match="missing"):
        VerifiedLedger(tmp_path, VERIFIER)
