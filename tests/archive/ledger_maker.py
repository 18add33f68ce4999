"""A ledger in memory for tests: lines, their tree, and signed heads at any size."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from hashing.chain import leaf_hash
from hashing.checkpoint import Checkpoint, NoteSigner
from hashing.merkle import LeafTree
from tests.archive.station import ORIGIN


@dataclass(slots=True)
class MadeLedger:
    """`size` lines; `changed` replaces some of them, which makes another ledger of the same station."""

    size: int
    changed: dict[int, bytes] = field(default_factory=dict)
    origin: str = ORIGIN
    lines: list[bytes] = field(init=False)
    tree: LeafTree = field(init=False)

    def __post_init__(self) -> None:
        self.lines = [self.changed.get(seq, b'{"seq":%d}' % seq) for seq in range(self.size)]
        self.tree = LeafTree.of(leaf_hash(line) for line in self.lines)

    @property
    def signer(self) -> NoteSigner:
        return NoteSigner.from_seed(self.origin, bytes(range(32)))

    def read(self, start: int, stop: int) -> list[bytes]:
        return self.lines[start:stop]

    def note(self, size: int) -> bytes:
        return self.signer.sign(Checkpoint(origin=self.origin, size=size, root=self.tree.root(size)))


def leaves_of(lines: Iterable[bytes]) -> list[bytes]:
    return [leaf_hash(line) for line in lines]
