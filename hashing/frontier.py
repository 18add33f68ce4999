"""The right edge of a Merkle tree (RFC 6962 §2.1): append leaves, know the root."""

from collections.abc import Iterable, Sequence
from hashlib import sha256
from itertools import islice
from typing import Self

HASH_BYTES = 32
EMPTY_ROOT = sha256(b"").digest()

# Eight levels at a time: the height of a C2SP tile, and enough to make the loop below cheap per leaf.
_BATCH_LEVEL = 8
_BATCH_LEAVES = 1 << _BATCH_LEVEL


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of an inner node; the 0x01 tells it from a leaf."""
    return sha256(b"\x01" + left + right).digest()


def root_of(leaves: Sequence[bytes]) -> bytes:
    """Return the root over `leaves` (leaf hashes, not entries); the root over none is `EMPTY_ROOT`."""
    frontier = Frontier()
    frontier.extend(leaves)
    return frontier.root()


class Frontier:
    """The right edge of a growing tree: enough to append and to know the root, in O(log n) memory.

    `peaks` are the roots of the perfect subtrees that the size is made of, largest first; with the size they rebuild
    the frontier.
    """

    __slots__ = ("_peaks", "_size")

    def __init__(self, size: int = 0, peaks: Iterable[bytes] = ()) -> None:
        """Rebuild a frontier.

        Raises:
            ValueError: `peaks` cannot belong to a tree of `size` leaves.
        """
        self._size = size
        self._peaks = list(peaks)
        if size < 0 or len(self._peaks) != size.bit_count() or any(len(peak) != HASH_BYTES for peak in self._peaks):
            raise ValueError(f"{len(self._peaks)} peaks do not make a tree of {size} leaves")

    @property
    def size(self) -> int:
        """How many leaves the tree has."""
        return self._size

    @property
    def peaks(self) -> tuple[bytes, ...]:
        """The roots of the perfect subtrees, largest first."""
        return tuple(self._peaks)

    def copy(self) -> Self:
        """Return a frontier that grows on its own."""
        return type(self)(self._size, self._peaks)

    def append(self, leaf: bytes) -> None:
        """Add one leaf hash at the right."""
        self._add_subtree(0, leaf)

    def extend(self, leaves: Sequence[bytes]) -> None:
        """Add many leaf hashes at the right; the same as appending each, but faster."""
        position = min(-self._size % _BATCH_LEAVES, len(leaves))
        for leaf in islice(leaves, position):
            self._add_subtree(0, leaf)
        while len(leaves) - position >= _BATCH_LEAVES:
            self._add_subtree(_BATCH_LEVEL, _perfect_root(leaves[position : position + _BATCH_LEAVES]))
            position += _BATCH_LEAVES
        for leaf in islice(leaves, position, None):
            self._add_subtree(0, leaf)

    def root(self) -> bytes:
        """Return the root over all leaves so far."""
        if not self._peaks:
            return EMPTY_ROOT
        root = self._peaks[-1]
        for peak in self._peaks[-2::-1]:
            root = node_hash(peak, root)
        return root

    def _add_subtree(self, level: int, subtree: bytes) -> None:
        carry = self._size >> level
        while carry & 1:
            subtree = node_hash(self._peaks.pop(), subtree)
            carry >>= 1
        self._peaks.append(subtree)
        self._size += 1 << level


def _perfect_root(nodes: Sequence[bytes]) -> bytes:
    while len(nodes) > 1:
        nodes = [sha256(b"\x01" + left + right).digest() for left, right in zip(nodes[::2], nodes[1::2], strict=True)]
    return nodes[0]
