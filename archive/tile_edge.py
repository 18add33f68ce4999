"""The right edge of a ledger laid out in tiles: append entries, get the files to write and the root. No I/O."""

from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath
from typing import Self

from hashing.chain import leaf_hash
from hashing.merkle import Frontier, root_of
from hashing.tiles import TILE_HEIGHT, TILE_WIDTH, encode_entries, entries_path, tile_path


class TileEdge:
    """What is in the tiles that still grow, at `size` entries.

    `rows[level]` are the hashes of the growing tile of that level, `lines` the entries of the growing bundle.
    """

    __slots__ = ("_lines", "_rows", "_size")

    def __init__(self, size: int = 0, rows: Sequence[Sequence[bytes]] = (), lines: Sequence[bytes] = ()) -> None:
        """Rebuild an edge; that the hashes belong to the lines is not checked.

        Raises:
            ValueError: `rows` and `lines` are not as long as they must be at this size.
        """
        self._size = size
        self._rows = [list(row) for row in rows]
        self._lines = list(lines)
        if [len(row) for row in rows] != growing_widths(size) or len(lines) != size % TILE_WIDTH:
            raise ValueError(f"these rows and lines do not make the edge of {size} entries")

    @property
    def size(self) -> int:
        """How many entries lie left of the edge."""
        return self._size

    def copy(self) -> Self:
        """Return an edge that grows on its own."""
        return type(self)(self._size, self._rows, self._lines)

    def frontier(self) -> Frontier:
        """Return the frontier of the tree at this edge."""
        peaks = [root_of(part) for row in reversed(self._rows) for part in _perfect_parts(row)]
        return Frontier(self._size, peaks)

    def extend(self, lines: Sequence[bytes]) -> Iterator[tuple[PurePosixPath, bytes]]:
        """Append entries; yield every full tile and bundle that this completes, with its path.

        The edge is only right once the iterator is exhausted.
        """
        for line in lines:
            if not self._rows:
                self._rows.append([])
            self._lines.append(line)
            self._rows[0].append(leaf_hash(line))
            self._size += 1
            if len(self._lines) == TILE_WIDTH:
                yield entries_path(self._size // TILE_WIDTH - 1), encode_entries(self._lines)
                self._lines.clear()
                yield from self._close_rows()

    def partial_files(self, since: int) -> Iterator[tuple[PurePosixPath, bytes]]:
        """Yield every partial tile and bundle that the edge at `since` entries did not have."""
        if self._lines and since != self._size:
            yield entries_path(self._size // TILE_WIDTH, len(self._lines)), encode_entries(self._lines)
        for level, row in enumerate(self._rows):
            height = level * TILE_HEIGHT
            if row and since >> height != self._size >> height:
                yield tile_path(level, (self._size >> height) // TILE_WIDTH, len(row)), b"".join(row)

    def _close_rows(self) -> Iterator[tuple[PurePosixPath, bytes]]:
        level = 0
        while len(row := self._rows[level]) == TILE_WIDTH:
            index = (self._size >> (level + 1) * TILE_HEIGHT) - 1
            yield tile_path(level, index), b"".join(row)
            if len(self._rows) == level + 1:
                self._rows.append([])
            self._rows[level + 1].append(root_of(row))
            row.clear()
            level += 1


def growing_widths(size: int) -> list[int]:
    """Return the width of the growing tile of each level, lowest first; 0 where the last tile is full."""
    widths = []
    while size:
        widths.append(size % TILE_WIDTH)
        size //= TILE_WIDTH
    return widths


def _perfect_parts(row: Sequence[bytes]) -> Iterator[Sequence[bytes]]:
    """Yield the parts of a row that are whole subtrees, largest first."""
    position = 0
    for level in reversed(range(TILE_HEIGHT)):
        if len(row) >> level & 1:
            yield row[position : position + (1 << level)]
            position += 1 << level
