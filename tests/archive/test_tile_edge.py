"""The growing edge gives the files and the root of the tree it stands for."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archive.tile_edge import TileEdge, growing_widths
from hashing.tiles import decode_entries, entries_path, tiles_between
from tests.archive.ledger_maker import MadeLedger

LEDGER = MadeLedger(1500)


@pytest.mark.parametrize("size", [0, 1, 2, 255, 256, 257, 511, 512, 1000])
def test_the_edge_has_the_root_of_the_tree(size: int) -> None:
    edge = TileEdge()
    assert list(edge.extend(LEDGER.lines[:size])) is not None
    assert edge.frontier().root() == LEDGER.tree.root(size)
    assert edge.frontier().size == size


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(0, 1500), min_size=1, max_size=6).map(sorted))
def test_growing_in_any_steps_gives_exactly_the_tiles_that_are_new(sizes: list[int]) -> None:
    edge = TileEdge()
    for size in sizes:
        since = edge.size
        files = dict([*edge.extend(LEDGER.lines[since:size]), *edge.partial_files(since)])
        tiles = list(tiles_between(since, size))
        bundles = {entries_path(tile.index, tile.width): tile for tile in tiles if tile.level == 0}
        assert {tile.path: tile.data(LEDGER.tree.node) for tile in tiles} == {
            path: data for path, data in files.items() if path not in bundles
        }
        for path, tile in bundles.items():
            assert decode_entries(files[path]) == LEDGER.lines[tile.start : tile.start + tile.width]


def test_a_copy_grows_on_its_own() -> None:
    edge = TileEdge()
    list(edge.extend(LEDGER.lines[:300]))
    copied = edge.copy()
    list(copied.extend(LEDGER.lines[300:600]))
    assert (edge.size, copied.size) == (300, 600)
    assert edge.frontier().root() == LEDGER.tree.root(300)
    assert copied.frontier().root() == LEDGER.tree.root(600)


def test_the_growing_widths_are_the_digits_of_the_size_in_base_256() -> None:
    assert growing_widths(0) == []
    assert growing_widths(255) == [255]
    assert growing_widths(256) == [0, 1]
    assert growing_widths(3 * 65536 + 2 * 256 + 1) == [1, 2, 3]


def test_rows_that_do_not_make_the_size_are_refused() -> None:
    with pytest.raises(ValueError, match="do not make the edge of 3 entries"):
        TileEdge(3, [[bytes(32)] * 2], [b"a", b"b", b"c"])
