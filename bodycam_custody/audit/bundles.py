"""The entry bundles and level-0 tiles of one ledger folder, as they lie on the disk."""

from collections.abc import Iterator
from pathlib import Path

from bodycam_custody.audit.codes import ENTRIES_MISSING, UNREADABLE
from bodycam_custody.audit.damage import StoredBundle, cut_lines
from bodycam_custody.audit.files import LedgerFiles, UnreadableError, read_regular
from bodycam_custody.audit.findings import Findings
from hashing.frontier import HASH_BYTES
from hashing.tiles import TILE_WIDTH, entries_path, tile_path


class StoredBundles:
    """Reads the bundles of a ledger folder that was listed; what cannot be read becomes a finding."""

    def __init__(self, folder: Path, files: LedgerFiles, findings: Findings) -> None:
        """Prepare; nothing is read yet."""
        self._folder, self._files, self._findings = folder, files, findings
        self.used: set[tuple[int, int]] = set()
        """Index and width of every bundle that was read for its entries."""

    def up_to(self, size: int) -> Iterator[StoredBundle]:
        """Yield the bundles of the first `size` entries, read one by one; missing entries become findings."""
        for index in range(-(-size // TILE_WIDTH)):
            width = min(TILE_WIDTH, size - index * TILE_WIDTH)
            widths = self._files.bundle_widths.get(index, ())
            # The very file that was published with the head; a wider one may be left from a broken-off publication.
            held = min((held for held in widths if held >= width), default=max(widths, default=0))
            if held < width:
                path, seq = entries_path(index, width), index * TILE_WIDTH + held
                self._findings.add(ENTRIES_MISSING, f"ledger/{path}", seq=seq, size=size)
            yield self._read_bundle(index, held=held, width=width)

    def beyond(self, size: int) -> StoredBundle | None:
        """Return the widest bundle that holds the entry after the first `size`, when there is one."""
        index = size // TILE_WIDTH
        widest = max(self._files.bundle_widths.get(index, ()), default=0)
        return self._read_bundle(index, held=widest, width=widest) if widest > size % TILE_WIDTH else None

    def line_after(self, bundle: StoredBundle) -> bytes | None:
        """Return the first line of the bundle after `bundle`, when there is one."""
        width = max(self._files.bundle_widths.get(bundle.index + 1, ()), default=None)
        if width is None:
            return None
        try:
            lines, _ = cut_lines(read_regular(self._folder / entries_path(bundle.index + 1, width)), 1)
        except UnreadableError:
            return None  # found again, and reported, when that bundle is read for its own sake
        return lines[0] if lines else None

    def unused(self) -> Iterator[StoredBundle]:
        """Yield the bundles on the disk that were not read for their entries."""
        for index, widths in sorted(self._files.bundle_widths.items()):
            for width in sorted(widths):
                if (index, width) not in self.used:
                    yield self._read_bundle(index, held=width, width=width)

    def _read_bundle(self, index: int, *, held: int, width: int) -> StoredBundle:
        path = str(entries_path(index, held or width))
        lines, has_rest = self._read_lines(path, held) if held else ([], False)
        self.used.add((index, held))
        return StoredBundle(
            index=index,
            width=width,
            path=f"ledger/{path}",
            lines=lines[:width],
            has_rest=has_rest or (len(lines) < held <= width),
            tile=self._read_tile(index, width),
        )

    def _read_lines(self, path: str, width: int) -> tuple[list[bytes], bool]:
        try:
            return cut_lines(read_regular(self._folder / path), width)
        except UnreadableError as err:
            self._findings.add(UNREADABLE, f"ledger/{path}", reason=str(err))
            return [], False

    def _read_tile(self, index: int, width: int) -> bytes | None:
        held = min((held for held in self._files.tile_widths.get((0, index), ()) if held >= width), default=None)
        if held is None:
            return None
        try:
            data = read_regular(self._folder / tile_path(0, index, held))
        except UnreadableError:
            return None  # reported when the tile itself is compared
        return data[: width * HASH_BYTES] if len(data) >= width * HASH_BYTES else None
