"""The files of a ledger copy that only repeat its entries, against those: tiles and superseded bundles (tlog-tiles)."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path

from bodycam_custody.audit.bundles import StoredBundles
from bodycam_custody.audit.codes import FILE_DIFFERS, LEFT_OVER, TILE_MISSING, UNREADABLE
from bodycam_custody.audit.damage import first_difference
from bodycam_custody.audit.entries import Followed
from bodycam_custody.audit.files import LedgerFiles, UnreadableError, read_regular
from bodycam_custody.audit.findings import Findings
from hashing.frontier import HASH_BYTES, root_of
from hashing.tiles import MAX_TILE_LEVEL, TILE_HEIGHT, TILE_WIDTH, Tile, entries_path, tiles_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """Which files belong to a tree that was published: those must be right, any other may be left over."""

    signed_size: int
    partials: Collection[Tile]

    @classmethod
    def by_heads(cls, sizes: Iterable[int], signed_size: int) -> "Published":
        """Return what publishing at each of `sizes` wrote, none beyond `signed_size`."""
        partials = set()
        for size in sizes:
            for level in range(MAX_TILE_LEVEL + 1):
                index, width = divmod(size >> level * TILE_HEIGHT, TILE_WIDTH)
                if width and size <= signed_size:
                    partials.add(Tile(level=level, index=index, width=width))
        return cls(signed_size=signed_size, partials=frozenset(partials))

    def covers(self, tile: Tile) -> bool:
        """Return whether a published tree has this tile."""
        end = (tile.start + tile.width) << tile.level * TILE_HEIGHT
        return tile in self.partials or (tile.is_full and end <= self.signed_size)


def compare_tiles(
    ledger: Path, files: LedgerFiles, followed: Followed, published: Published, findings: Findings
) -> None:
    """Compare every byte of every tile on the disk."""
    levels = _levels(followed)
    for (level, index), widths in sorted(files.tile_widths.items()):
        for width in sorted(widths):
            tile = Tile(level=level, index=index, width=width)
            try:
                data = read_regular(ledger / tile.path)
            except UnreadableError as err:
                findings.add(UNREADABLE, f"ledger/{tile.path}", reason=str(err))
                continue
            bad = _first_bad_hash(data, tile, levels[level], followed)
            if bad is not None:
                _report(f"ledger/{tile.path}", tile, bad, published, findings)


def compare_superseded(bundles: StoredBundles, followed: Followed, published: Published, findings: Findings) -> None:
    """Compare the bundles that were not read for their entries with the leaves of those entries."""
    for bundle in bundles.unused():
        tile = Tile(level=0, index=bundle.index, width=bundle.width)
        start, stop = bundle.start * HASH_BYTES, (bundle.start + bundle.width) * HASH_BYTES
        known = bytes(followed.leaves[start:stop])
        leaves = [known[at : at + HASH_BYTES] for at in range(0, len(known), HASH_BYTES)]
        bad = first_difference(bundle.lines, leaves)
        if bad is None and followed.is_complete and (bundle.has_rest or len(leaves) < bundle.width):
            bad = len(leaves)
        if bad is not None:
            _report(bundle.path, tile, bundle.start + bad, published, findings)


def require_tiles(files: LedgerFiles, *, signed_size: int, findings: Findings) -> None:
    """Check that every tile and bundle which the newest head needs is there, in that width or full."""
    for tile in tiles_of(signed_size):
        if not {tile.width, TILE_WIDTH} & set(files.tile_widths.get((tile.level, tile.index), ())):
            findings.add(TILE_MISSING, f"ledger/{tile.path}", size=signed_size)
        bundles = files.bundle_widths.get(tile.index, ()) if tile.level == 0 else ()
        # When no bundle is wide enough, the missing entries were found already.
        if max(bundles, default=0) > tile.width and not {tile.width, TILE_WIDTH} & set(bundles):
            findings.add(TILE_MISSING, f"ledger/{entries_path(tile.index, tile.width)}", size=signed_size)


def _report(path: str, tile: Tile, node: int, published: Published, findings: Findings) -> None:
    if published.covers(tile):
        findings.add(FILE_DIFFERS, path, seq=node << tile.level * TILE_HEIGHT)
    else:
        findings.add(LEFT_OVER, path, size=published.signed_size)


def _levels(followed: Followed) -> list[bytes]:
    levels = [bytes(followed.leaves), b"".join(followed.subtrees)]
    nodes = followed.subtrees
    while len(levels) <= MAX_TILE_LEVEL:
        starts = range(0, len(nodes) - TILE_WIDTH + 1, TILE_WIDTH)
        nodes = [root_of(nodes[start : start + TILE_WIDTH]) for start in starts]
        levels.append(b"".join(nodes))
    return levels


def _first_bad_hash(data: bytes, tile: Tile, level: bytes, followed: Followed) -> int | None:
    """Return the number, within its level, of the first hash that is not the one the entries give."""
    expected = level[tile.start * HASH_BYTES : (tile.start + tile.width) * HASH_BYTES]
    if len(data) == tile.width * HASH_BYTES and not followed.is_complete:
        # Beyond the place where the entries break off nothing is known.
        data = data[: len(expected)]
    if data == expected and (len(data) == tile.width * HASH_BYTES or not followed.is_complete):
        return None
    shorter = min(len(data), len(expected))
    at = next((at for at in range(shorter) if data[at] != expected[at]), shorter)
    return tile.start + at // HASH_BYTES
