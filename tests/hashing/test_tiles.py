"""Tiles and entry bundles, as C2SP tlog-tiles lays them out."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hashing.errors import TileError, TileProblem
from hashing.merkle import LeafTree, tree_root
from hashing.tiles import Tile, decode_entries, encode_entries, entries_path, tile_path, tiles_between, tiles_of
from tests.hashing.test_merkle import LEAVES, TREE


@pytest.mark.parametrize(
    ("level", "index", "width", "path"),
    [
        (0, 0, 256, "tile/0/000"),
        (0, 5, 256, "tile/0/005"),
        (1, 999, 256, "tile/1/999"),
        (0, 1000, 256, "tile/0/x001/000"),
        # The example of the specification.
        (3, 1234067, 256, "tile/3/x001/x234/067"),
        (0, 273, 112, "tile/0/273.p/112"),
        (5, 0, 1, "tile/5/000.p/1"),
    ],
)
def test_tiles_lie_where_the_specification_says(level: int, index: int, width: int, path: str) -> None:
    assert str(tile_path(level, index, width)) == path
    assert Tile(level=level, index=index, width=width).path == tile_path(level, index, width)


def test_entry_bundles_lie_beside_the_tiles() -> None:
    assert str(entries_path(1234067)) == "tile/entries/x001/x234/067"
    assert str(entries_path(273, 112)) == "tile/entries/273.p/112"


@pytest.mark.parametrize(("level", "index", "width"), [(6, 0, 256), (-1, 0, 1), (0, -1, 1), (0, 0, 0), (0, 0, 257)])
def test_tiles_that_cannot_exist_are_refused(level: int, index: int, width: int) -> None:
    with pytest.raises(ValueError, match="tile"):
        Tile(level=level, index=index, width=width)


def test_paths_of_tiles_that_cannot_exist_are_refused() -> None:
    with pytest.raises(ValueError, match="no tile has index -1"):
        entries_path(-1)
    with pytest.raises(ValueError, match="no tile has width 257"):
        tile_path(0, 0, 257)


def test_the_tiles_of_the_specified_example_are_those_listed() -> None:
    """tlog-tiles: a log of 70,000 entries has 273 + 1 partial tiles at level 0, 1 + 1 at level 1, 1 at level 2."""
    tiles = list(tiles_of(70_000))
    assert tiles[:273] == [Tile(level=0, index=index) for index in range(273)]
    assert tiles[273:] == [
        Tile(level=0, index=273, width=112),
        Tile(level=1, index=0),
        Tile(level=1, index=1, width=17),
        Tile(level=2, index=0, width=1),
    ]


@given(sizes=st.lists(st.integers(0, 70_000), min_size=1, max_size=6).map(sorted))
def test_full_tiles_written_step_by_step_are_those_of_the_final_tree(sizes: list[int]) -> None:
    steps = zip([0, *sizes], sizes, strict=False)
    written = [tile for old_size, new_size in steps for tile in tiles_between(old_size, new_size)]
    full = [tile for tile in written if tile.is_full]
    assert len(full) == len(set(full))
    assert set(full) == {tile for tile in tiles_of(sizes[-1]) if tile.is_full}
    assert set(tiles_of(sizes[-1])) <= set(written)


def test_a_tree_does_not_shrink() -> None:
    with pytest.raises(ValueError, match="a tree of 5 leaves cannot become one of 4"):
        list(tiles_between(5, 4))


@given(size=st.integers(1, len(LEAVES)))
def test_the_root_can_be_computed_from_tiles_alone(size: int) -> None:
    tiles = {(tile.level, tile.index): tile.data(TREE.node) for tile in tiles_of(size)}

    def read_node(level: int, index: int) -> bytes:
        """Return a node from the stored level at or below it."""
        tile_level, rest = divmod(level, 8)
        first = index << rest
        data = tiles[tile_level, first // 256][first % 256 * 32 : (first % 256 + (1 << rest)) * 32]
        return LeafTree.of(data[start : start + 32] for start in range(0, len(data), 32)).root()

    assert tree_root(size, read_node) == TREE.root(size)


@given(st.lists(st.binary(max_size=300), max_size=256))
def test_an_entry_bundle_reads_back_as_its_lines(lines: list[bytes]) -> None:
    assert decode_entries(encode_entries(lines), width=len(lines)) == lines


def test_an_entry_bundle_is_lengths_and_lines() -> None:
    assert encode_entries([b"abc", b"", b"x" * 258]) == b"\x00\x03abc\x00\x00\x01\x02" + b"x" * 258


def test_an_entry_longer_than_a_bundle_can_say_is_refused() -> None:
    assert decode_entries(encode_entries([b"x" * 65_535])) == [b"x" * 65_535]
    with pytest.raises(ValueError, match="an entry of 65536 bytes does not fit"):
        encode_entries([b"x" * 65_536])


@pytest.mark.parametrize("cut", [1, 2, 3, 4, 6, 7])
def test_a_bundle_cut_inside_an_entry_is_refused(cut: int) -> None:
    data = encode_entries([b"abc", b"de"])
    with pytest.raises(TileError) as caught:
        decode_entries(data[:-cut] if cut != 4 else data[:-4] + b"\x00", path="tile/entries/000.p/2")
    assert caught.value.facts == {"path": "tile/entries/000.p/2", "problem": TileProblem.CUT_SHORT}
    assert str(caught.value) == "The ledger file tile/entries/000.p/2 is damaged: it ends in the middle of an entry."


@pytest.mark.parametrize("width", [1, 3])
def test_a_bundle_with_another_number_of_entries_than_its_name_is_refused(width: int) -> None:
    with pytest.raises(TileError) as caught:
        decode_entries(encode_entries([b"abc", b"de"]), width=width)
    assert caught.value.facts["problem"] is TileProblem.COUNT
