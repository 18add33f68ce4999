"""Where a ledger's entries and tree lie as files: the C2SP tlog-tiles layout.

A tile holds up to 256 hashes of one tree level in eight: tile `(L, N)` holds the nodes `(8L, 256N)` onwards. An entry
bundle holds the entries of the level-0 tile of the same number.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

from hashing.errors import TileError, TileProblem
from hashing.merkle import NodeReader

TILE_HEIGHT = 8
TILE_WIDTH = 1 << TILE_HEIGHT

# tlog-tiles: "<L> is the level of the tile, as decimal ASCII integer between 0 and 5".
MAX_TILE_LEVEL = 5

# tlog-tiles: entries are "big-endian uint16 length-prefixed".
_LENGTH_BYTES = 2
MAX_ENTRY_BYTES = 0xFFFF


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Tile:
    """One tile of the tree, full or (at the right edge) partial."""

    level: int
    index: int
    width: int = TILE_WIDTH

    def __post_init__(self) -> None:
        if not 0 <= self.level <= MAX_TILE_LEVEL:
            raise ValueError(f"tile level {self.level} is not between 0 and {MAX_TILE_LEVEL}")
        if self.index < 0 or not 1 <= self.width <= TILE_WIDTH:
            raise ValueError(f"no tile has index {self.index} and width {self.width}")

    @property
    def is_full(self) -> bool:
        """Whether the tile will never grow."""
        return self.width == TILE_WIDTH

    @property
    def path(self) -> PurePosixPath:
        """Where the hashes lie, below the folder of the ledger."""
        return tile_path(self.level, self.index, self.width)

    @property
    def start(self) -> int:
        """Number of the first node the tile holds, within its level."""
        return self.index * TILE_WIDTH

    def data(self, read_node: NodeReader) -> bytes:
        """Return the bytes of the tile: its hashes, one after the other."""
        return b"".join(read_node(self.level * TILE_HEIGHT, self.start + offset) for offset in range(self.width))


def tile_path(level: int, index: int, width: int = TILE_WIDTH) -> PurePosixPath:
    """Return where tile `(level, index)` lies, as `tile/<L>/<N>[.p/<W>]`."""
    return PurePosixPath(f"tile/{level}/{_number_path(index)}{_partial_suffix(width)}")


def entries_path(index: int, width: int = TILE_WIDTH) -> PurePosixPath:
    """Return where entry bundle `index` lies, as `tile/entries/<N>[.p/<W>]`."""
    return PurePosixPath(f"tile/entries/{_number_path(index)}{_partial_suffix(width)}")


def encode_entries(lines: Iterable[bytes]) -> bytes:
    """Return the entry bundle that holds `lines` in order.

    Raises:
        ValueError: a line is longer than 65,535 bytes.
    """
    parts: list[bytes] = []
    for line in lines:
        if len(line) > MAX_ENTRY_BYTES:
            raise ValueError(f"an entry of {len(line)} bytes does not fit an entry bundle")
        parts += (len(line).to_bytes(_LENGTH_BYTES, "big"), line)
    return b"".join(parts)


def decode_entries(data: bytes, *, path: str = "tile/entries", width: int | None = None) -> list[bytes]:
    """Return the lines that an entry bundle holds; what the lines say is not checked.

    Raises:
        TileError: the bundle ends inside an entry, or holds another number of entries than `width`. `path` names it.
    """
    lines: list[bytes] = []
    position, size_bytes = 0, len(data)
    try:
        while position < size_bytes:
            start = position + _LENGTH_BYTES
            position = start + (data[position] << 8 | data[position + 1])
            lines.append(data[start:position])
    except IndexError as err:
        raise TileError(path=path, problem=TileProblem.CUT_SHORT) from err
    if position != size_bytes:
        raise TileError(path=path, problem=TileProblem.CUT_SHORT)
    if width is not None and len(lines) != width:
        raise TileError(path=path, problem=TileProblem.COUNT)
    return lines


def tiles_between(old_size: int, new_size: int) -> Iterator[Tile]:
    """Yield the tiles that a tree of `new_size` has and one of `old_size` does not, lowest level first.

    For level 0 the entry bundles of the same index and width are new as well.

    Raises:
        ValueError: a size is negative, or the tree would shrink.
    """
    if not 0 <= old_size <= new_size:
        raise ValueError(f"a tree of {old_size} leaves cannot become one of {new_size}")
    for level in range(MAX_TILE_LEVEL + 1):
        old_nodes, new_nodes = old_size >> level * TILE_HEIGHT, new_size >> level * TILE_HEIGHT
        if old_nodes == new_nodes:
            continue
        for index in range(old_nodes // TILE_WIDTH, new_nodes // TILE_WIDTH):
            yield Tile(level=level, index=index)
        if width := new_nodes % TILE_WIDTH:
            yield Tile(level=level, index=new_nodes // TILE_WIDTH, width=width)


def tiles_of(size: int) -> Iterator[Tile]:
    """Yield every tile of a tree of `size` leaves, lowest level first."""
    return tiles_between(0, size)


def _number_path(index: int) -> str:
    """Return `index` in groups of three digits, all but the last with an x: 1234067 is `x001/x234/067`."""
    if index < 0:
        raise ValueError(f"no tile has index {index}")
    path = f"{index % 1000:03}"
    while index := index // 1000:
        path = f"x{index % 1000:03}/{path}"
    return path


def _partial_suffix(width: int) -> str:
    if not 1 <= width <= TILE_WIDTH:
        raise ValueError(f"no tile has width {width}")
    return "" if width == TILE_WIDTH else f".p/{width}"
