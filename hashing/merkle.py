"""The Merkle tree over the ledger's leaves, as in RFC 6962 §2.1, and its proofs.

A node is known by `(level, index)`: the root of the perfect subtree over leaves `index·2^level` up to
`(index+1)·2^level`. Proofs are made from such nodes, wherever they are stored, and checked from nothing but hashes
(by the procedures of RFC 9162 §2.1.3.2 and §2.1.4.2, which are those of RFC 6962 written out).
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from hmac import compare_digest
from typing import Self, TypeAlias

from hashing.errors import ProofLengthError, RootMismatchError
from hashing.frontier import EMPTY_ROOT, Frontier, node_hash, root_of

__all__ = [
    "EMPTY_ROOT",
    "Frontier",
    "LeafTree",
    "NodeReader",
    "consistency_proof",
    "frontier_at",
    "inclusion_proof",
    "node_hash",
    "root_of",
    "tree_root",
    "verify_consistency",
    "verify_inclusion",
]

NodeReader: TypeAlias = Callable[[int, int], bytes]
"""Gives the 32 bytes of the perfect subtree `(level, index)`."""


@dataclass(frozen=True, slots=True)
class LeafTree:
    """A whole tree in memory: every perfect subtree, for small ledgers, tests and proofs."""

    _levels: list[list[bytes]]

    @classmethod
    def of(cls, leaves: Iterable[bytes] = ()) -> Self:
        """Return the tree over `leaves`."""
        tree = cls([[]])
        for leaf in leaves:
            tree.append(leaf)
        return tree

    @property
    def size(self) -> int:
        """How many leaves the tree has."""
        return len(self._levels[0])

    def append(self, leaf: bytes) -> None:
        """Add one leaf hash at the right."""
        node, level = leaf, 0
        self._levels[0].append(node)
        while len(self._levels[level]) % 2 == 0:
            node = node_hash(*self._levels[level][-2:])
            level += 1
            if level == len(self._levels):
                self._levels.append([])
            self._levels[level].append(node)

    def node(self, level: int, index: int) -> bytes:
        """Return a perfect subtree; this method is a `NodeReader`.

        Raises:
            IndexError: the tree has not grown that far.
        """
        return self._levels[level][index]

    def root(self, size: int | None = None) -> bytes:
        """Return the root over the first `size` leaves, of all by default."""
        return tree_root(self.size if size is None else size, self.node)


def tree_root(size: int, read_node: NodeReader) -> bytes:
    """Return the root over the first `size` leaves, from perfect subtrees."""
    return _range_root(0, size, read_node) if size else EMPTY_ROOT


def frontier_at(size: int, read_node: NodeReader) -> Frontier:
    """Return the frontier of the tree over the first `size` leaves, from perfect subtrees."""
    levels = [level for level in reversed(range(size.bit_length())) if size >> level & 1]
    return Frontier(size, [read_node(level, (size >> level) - 1) for level in levels])


def inclusion_proof(index: int, size: int, read_node: NodeReader) -> list[bytes]:
    """Return the audit path of leaf `index` in the tree over the first `size` leaves (RFC 6962 §2.1.1).

    Raises:
        ValueError: the tree has no such leaf.
    """
    if not 0 <= index < size:
        raise ValueError(f"a tree of {size} leaves has no leaf {index}")
    proof, start, stop = [], 0, size
    while stop - start > 1:
        middle = start + _split(stop - start)
        if index < middle:
            proof.append(_range_root(middle, stop, read_node))
            stop = middle
        else:
            proof.append(_range_root(start, middle, read_node))
            start = middle
    return proof[::-1]


def consistency_proof(old_size: int, size: int, read_node: NodeReader) -> list[bytes]:
    """Return the proof that the tree of `size` leaves extends the one of `old_size` (RFC 6962 §2.1.2).

    It is empty when the sizes are equal or `old_size` is 0.

    Raises:
        ValueError: `old_size` is negative or larger than `size`.
    """
    if not 0 <= old_size <= size:
        raise ValueError(f"a tree of {size} leaves cannot extend one of {old_size}")
    if old_size in (0, size):
        return []
    proof, start, stop = [], 0, size
    while stop != old_size:
        middle = start + _split(stop - start)
        if old_size <= middle:
            proof.append(_range_root(middle, stop, read_node))
            stop = middle
        else:
            proof.append(_range_root(start, middle, read_node))
            start = middle
    if start:
        proof.append(_range_root(start, stop, read_node))
    return proof[::-1]


def verify_inclusion(leaf: bytes, *, index: int, size: int, root: bytes, proof: Sequence[bytes]) -> None:
    """Return if `leaf` is leaf number `index` of the tree of `size` leaves under `root`.

    That `root` can be trusted is not checked.

    Raises:
        ProofError: it is not, or the proof does not show it.
        ValueError: a tree of `size` leaves has no leaf `index`.
    """
    if not 0 <= index < size:
        raise ValueError(f"a tree of {size} leaves has no leaf {index}")
    _require_length(proof, _inclusion_length(index, size), size)
    node, position, last = leaf, index, size - 1
    for sibling in proof:
        # A node without a right sibling rises until it is a right child itself.
        while position == last and not position & 1:
            position, last = position >> 1, last >> 1
        node = node_hash(sibling, node) if position & 1 else node_hash(node, sibling)
        position, last = position >> 1, last >> 1
    _require_root(node, root, size)


def verify_consistency(*, old_size: int, old_root: bytes, size: int, root: bytes, proof: Sequence[bytes]) -> None:
    """Return if the tree of `size` leaves under `root` starts with the tree of `old_size` under `old_root`.

    Every tree extends the empty one. That either root can be trusted is not checked.

    Raises:
        ProofError: it does not, or the proof does not show it.
        ValueError: `old_size` is negative or larger than `size`.
    """
    if not 0 <= old_size <= size:
        raise ValueError(f"a tree of {size} leaves cannot extend one of {old_size}")
    _require_length(proof, _consistency_length(old_size, size), size)
    if old_size == 0:
        _require_root(EMPTY_ROOT, old_root, 0)
        return
    if old_size == size:
        _require_root(old_root, root, size)
        return
    # Walk up from the last perfect subtree of the old tree; it leads the proof unless it is the whole old tree.
    position, last = old_size - 1, size - 1
    while position & 1:
        position, last = position >> 1, last >> 1
    steps = list(proof) if position else [old_root, *proof]
    old_node = new_node = steps[0]
    for sibling in steps[1:]:
        if position & 1 or position == last:
            old_node, new_node = node_hash(sibling, old_node), node_hash(sibling, new_node)
            while position and not position & 1:
                position, last = position >> 1, last >> 1
        else:
            new_node = node_hash(new_node, sibling)
        position, last = position >> 1, last >> 1
    _require_root(old_node, old_root, old_size)
    _require_root(new_node, root, size)


def _inclusion_length(index: int, size: int) -> int:
    # One sibling for each level below the point where the paths of `index` and of the last leaf part, and above it
    # one for each left turn of the last leaf's path.
    inner = (index ^ (size - 1)).bit_length()
    return inner + (index >> inner).bit_count()


def _consistency_length(old_size: int, size: int) -> int:
    if old_size in (0, size):
        return 0
    # The audit path of the old tree's last perfect subtree, with that subtree itself unless it is the whole old tree.
    level = (old_size & -old_size).bit_length() - 1
    length = _inclusion_length((old_size - 1) >> level, ((size - 1) >> level) + 1)
    return length if old_size.bit_count() == 1 else length + 1


def _require_length(proof: Sequence[bytes], expected: int, size: int) -> None:
    if len(proof) != expected:
        raise ProofLengthError(size=size, expected=expected, found=len(proof))


def _require_root(found: bytes, expected: bytes, size: int) -> None:
    if not compare_digest(found, expected):
        raise RootMismatchError(size=size, expected=expected.hex(), found=found.hex())


def _split(count: int) -> int:
    """Return the largest power of two below `count` (RFC 6962 §2.1: `k`)."""
    return 1 << (count - 1).bit_length() - 1


def _range_root(start: int, stop: int, read_node: NodeReader) -> bytes:
    count = stop - start
    if count & (count - 1) == 0:
        level = count.bit_length() - 1
        return read_node(level, start >> level)
    middle = start + _split(count)
    return node_hash(_range_root(start, middle, read_node), _range_root(middle, stop, read_node))
