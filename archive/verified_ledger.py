"""Single entries of a store's ledger copy, each shown to stand under the station's signed head.

A ledger of years is not read for it: an entry is proven by its inclusion proof (RFC 6962 §2.1.1), made from the tiles
beside it and checked against the root of the checkpoint.
"""

from pathlib import Path
from typing import Final

from archive.errors import LedgerCopyDamagedError
from archive.ledger_folder import CHECKPOINT_PATH, LedgerFolder
from hashing.chain import leaf_hash
from hashing.checkpoint import NoteVerifier, parse_checkpoint
from hashing.errors import HashingError
from hashing.frontier import HASH_BYTES, root_of
from hashing.merkle import inclusion_proof, verify_inclusion
from hashing.tiles import TILE_HEIGHT, TILE_WIDTH, tile_path

# Tiles and bundles are asked for again and again; this many are remembered.
_REMEMBERED: Final = 512


class VerifiedLedger:
    """The ledger copy in `folder`, read under the checkpoint it shows when it is opened."""

    def __init__(self, folder: Path, verifier: NoteVerifier) -> None:
        """Read the checkpoint and check its signature.

        Raises:
            LedgerCopyDamagedError: there is none, or it cannot be read.
            CheckpointError: the station did not sign it.
        """
        self._folder = LedgerFolder(folder)
        self.head = parse_checkpoint(self._folder.read_covered(CHECKPOINT_PATH), verifier)
        self._tiles: dict[tuple[int, int], bytes] = {}
        self._bundles: dict[int, list[bytes]] = {}

    def line(self, seq: int) -> bytes:
        """Return entry `seq` as stored.

        Guaranteed: it is leaf number `seq` under the signed root.

        Raises:
            LedgerCopyDamagedError: what is stored is not what was signed, or cannot be read.
            ValueError: the head covers no entry `seq`.
        """
        if not 0 <= seq < self.head.size:
            raise ValueError(f"the head covers {self.head.size} entries, not entry {seq}")
        line = self._bundle(seq // TILE_WIDTH)[seq % TILE_WIDTH]
        try:
            proof = inclusion_proof(seq, self.head.size, self._node)
            verify_inclusion(leaf_hash(line), index=seq, size=self.head.size, root=self.head.root, proof=proof)
        except HashingError as err:
            raise self._folder.damaged(CHECKPOINT_PATH, f"entry {seq} is not under its root") from err
        return line

    def _bundle(self, index: int) -> list[bytes]:
        if index not in self._bundles:
            _make_room(self._bundles)
            width = min(TILE_WIDTH, self.head.size - index * TILE_WIDTH)
            self._bundles[index] = self._folder.read_bundle(index, width)
        return self._bundles[index]

    def _node(self, level: int, index: int) -> bytes:
        """Return the root of the perfect subtree `(level, index)` from the tile that holds its leaves."""
        tile_level, below = divmod(level, TILE_HEIGHT)
        tile, offset = divmod(index << below, TILE_WIDTH)
        data = self._tile(tile_level, tile)
        hashes = [data[start * HASH_BYTES : (start + 1) * HASH_BYTES] for start in range(offset, offset + (1 << below))]
        return hashes[0] if below == 0 else root_of(hashes)

    def _tile(self, level: int, index: int) -> bytes:
        if (level, index) not in self._tiles:
            _make_room(self._tiles)
            nodes = self.head.size >> level * TILE_HEIGHT
            width = min(TILE_WIDTH, nodes - index * TILE_WIDTH)
            relative = tile_path(level, index, width)
            data = self._folder.read_covered(relative)
            if len(data) != width * HASH_BYTES:
                raise LedgerCopyDamagedError(
                    path=str(self._folder.path / relative),
                    reason=f"{len(data)} bytes instead of {width * HASH_BYTES}",
                )
            self._tiles[level, index] = data
        return self._tiles[level, index]


def _make_room(remembered: dict[int, list[bytes]] | dict[tuple[int, int], bytes]) -> None:
    if len(remembered) >= _REMEMBERED:
        remembered.clear()
