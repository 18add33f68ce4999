"""The ledger's copy in a store: `checkpoint`, `tile/…`, `tile/entries/…` (C2SP tlog-tiles), create-only `heads/<size>`.

What the file `checkpoint` covers is on the medium. Anything beyond it is left over from a publish that did not end,
counts for nothing and is written anew.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path, PurePosixPath
from typing import TypeAlias

from archive.durable import fsync_directory, rename_without_replacing, stated
from archive.errors import AlreadyThereError, LedgerCopyAheadError, LedgerCopyContradictsError
from archive.ledger_folder import CHECKPOINT_PATH, HEADS_PATH, LedgerFolder, parse_head
from archive.tile_edge import TileEdge
from archive.unshown_files import UnshownFiles
from hashing.base64_text import encode_base64
from hashing.chain import leaf_hash
from hashing.checkpoint import Checkpoint
from hashing.errors import shown
from hashing.tiles import MAX_TILE_LEVEL, TILE_HEIGHT, TILE_WIDTH, entries_path, tile_path

LineReader: TypeAlias = Callable[[int, int], list[bytes]]
"""Gives the ledger's lines from one seq up to, not including, another."""

_WAITING_CHECKPOINT_PATH = PurePosixPath(".checkpoint.waiting")

# Up to here new lines are held in memory and asked for once; beyond, they are asked for twice, in such pieces.
_PIECE_LINES = 16 * TILE_WIDTH


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishReport:
    """What is on the medium of the store now that was not before: entries `from_size` up to, not with, `to_size`."""

    from_size: int
    to_size: int
    files_written: int


class LedgerCopy:
    """The `ledger/` folder of one store. One writer at a time; others may read what `checkpoint` covers meanwhile."""

    def __init__(self, path: Path) -> None:
        """Take the folder at `path`; nothing is read yet."""
        self._folder = LedgerFolder(path)
        # The edge that the last publish left, good as long as the checkpoint says what that one wrote: saves reading
        # tiles and the list of heads again. None after a publish that did not end.
        self._edge = TileEdge()
        self._edge_head: Checkpoint | None = None

    def head_note(self) -> bytes | None:
        """Return the checkpoint the store shows, or None where nothing was published yet.

        Raises:
            LedgerCopyDamagedError: it cannot be read.
        """
        try:
            return self._folder.read(CHECKPOINT_PATH)
        except FileNotFoundError:
            return None

    def published_size(self) -> int:
        """Return how many entries the checkpoint covers.

        Raises:
            LedgerCopyDamagedError: the checkpoint cannot be read or is none.
        """
        head = self._shown_head()
        return 0 if head is None else head.size

    def highest_head_note(self) -> bytes | None:
        """Return the head over most entries that the store holds, shown or not.

        Raises:
            LedgerCopyDamagedError: the checkpoint or that head cannot be read.
        """
        highest = max(self._folder.head_sizes(), default=0)
        if highest <= self.published_size():
            return self.head_note()
        return self._folder.read_covered(HEADS_PATH / str(highest))

    def read_lines(self, start: int, stop: int) -> list[bytes]:
        """Return entries `start` up to, not including, `stop`, as stored; nothing about them is verified.

        Raises:
            ValueError: not a range within the published entries.
            LedgerCopyDamagedError: a bundle is missing or is none.
        """
        size = self.published_size()
        if not 0 <= start <= stop <= size:
            raise ValueError(f"entries {start} to {stop} are not within the {size} published ones")
        lines: list[bytes] = []
        first = start // TILE_WIDTH
        for index in range(first, -(-stop // TILE_WIDTH)):
            lines += self._folder.read_bundle(index, min(TILE_WIDTH, size - index * TILE_WIDTH))
        return lines[start - first * TILE_WIDTH : stop - first * TILE_WIDTH]

    def publish(self, read_lines: LineReader, size: int, note: bytes) -> PublishReport:
        """Make the store hold the ledger's first `size` entries under the signed checkpoint `note`.

        On return all of it is on the medium; one call catches up on any number of batches. Calling again is safe. On
        error, and after a power cut at any point, either the old checkpoint stands with everything it covers
        untouched, or the new one with all of its own. Signatures are not checked.

        Raises:
            ValueError: `note` is no checkpoint of `size` entries.
            LedgerCopyAheadError: the store holds a head of more entries.
            LedgerCopyContradictsError: what the store holds is not the beginning of what is to be published.
            LedgerCopyDamagedError: what the store holds cannot be read.
            StoreFullError, StoreReadOnlyError, DurableWriteError: not written, or not confirmed.
        """
        head = parse_head(note)
        if head.size != size:
            raise ValueError(f"the note is for {head.size} entries, not for {size}")
        # 1. The store holds no head beyond ours, and none of another ledger.
        held = self._shown_head()
        is_ours = held is not None and held == self._edge_head
        heads = self._reject_other_heads(head, held, [] if is_ours else self._folder.head_sizes())
        if is_ours and head == held:
            return PublishReport(from_size=size, to_size=size, files_written=0)
        # 2. What it holds, followed by our new lines, has the roots that are signed. Nothing is written before that.
        edge = self._edge.copy() if is_ours else self._read_edge(held)
        pieces = _Pieces(read_lines, edge.size, sorted(heads))
        self._reject_contradiction(edge, pieces, read_lines, heads)
        if not is_ours:
            self._remove_left_over(edge.size, sorted(heads))
        # 3. Entries, tiles and head, where no reader looks before the checkpoint covers them; one flush for all.
        from_size, self._edge_head = edge.size, None
        files_written = self._write_unshown(edge, pieces, note, whole_filesystem=not is_ours)
        # 4. The head, then the checkpoint: each whole, each lasting before the next step.
        self._show_head(head)
        self._show_checkpoint()
        self._edge, self._edge_head = edge, head
        # 5. Partial tiles go once the full one is there: a reader with an older checkpoint takes that one instead.
        self._remove_superseded(from_size, size)
        return PublishReport(from_size=from_size, to_size=size, files_written=files_written)

    def _shown_head(self) -> Checkpoint | None:
        if self.head_note() is None:
            return None
        return self._folder.read_head(CHECKPOINT_PATH)

    def _reject_other_heads(
        self, head: Checkpoint, held: Checkpoint | None, sizes: Sequence[int]
    ) -> dict[int, Checkpoint]:
        """Return the heads to be met on the way from the held size to `head`, by size; refuse any beyond it."""
        held_size = held.size if held else 0
        met = {size: self._held_head(size) for size in sizes if size >= held_size}
        highest = max(met, default=held_size)
        if max(highest, held_size) > head.size:
            raise LedgerCopyAheadError(path=shown(self._folder.path), size=head.size, held_size=highest)
        for other in [*([held] if held else []), *met.values()]:
            if other.origin != head.origin:
                raise self._contradiction(other.size, head.origin, other.origin)
            if other.size == head.size and other.root != head.root:
                raise self._contradiction(head.size, encode_base64(head.root), encode_base64(other.root))
        return {**met, head.size: head}

    def _held_head(self, size: int) -> Checkpoint:
        head = self._folder.read_head(HEADS_PATH / str(size))
        if head.size != size:
            raise self._folder.damaged(HEADS_PATH / str(size), f"it is a head of {head.size} entries")
        return head

    def _read_edge(self, held: Checkpoint | None) -> TileEdge:
        return TileEdge() if held is None else self._folder.read_edge(held)

    def _reject_contradiction(
        self, edge: TileEdge, pieces: "_Pieces", read_lines: LineReader, heads: dict[int, Checkpoint]
    ) -> None:
        """Refuse lines under which a head that was signed does not stand."""
        frontier = edge.frontier()
        for lines in ([], *pieces):
            frontier.extend([leaf_hash(line) for line in lines])
            signed = heads.get(frontier.size)
            if signed is not None and signed.root != frontier.root():
                self._reject_other_entries(read_lines, edge.size)
                raise self._contradiction(signed.size, encode_base64(signed.root), encode_base64(frontier.root()))

    def _reject_other_entries(self, read_lines: LineReader, size: int) -> None:
        """Name the first entry of the store that is not the ledger's, if one differs."""
        for start in range(0, size, TILE_WIDTH):
            stop = min(start + TILE_WIDTH, size)
            pairs = zip(read_lines(start, stop), self.read_lines(start, stop), strict=True)
            for seq, (ours, stored) in enumerate(pairs, start):
                if ours != stored:
                    raise LedgerCopyContradictsError(
                        path=shown(self._folder.path),
                        place=f"seq {seq}",
                        expected=leaf_hash(ours).hex(),
                        found=leaf_hash(stored).hex(),
                    )

    def _contradiction(self, size: int, expected: str, found: str) -> LedgerCopyContradictsError:
        return LedgerCopyContradictsError(
            path=shown(self._folder.path), place=f"heads/{size}", expected=expected, found=found
        )

    def _remove_left_over(self, held_size: int, head_sizes: Sequence[int]) -> None:
        """Remove what a publish that did not end may have left, whole or not, for sizes that are never published."""
        for level in range(MAX_TILE_LEVEL + 1):
            widths: dict[int, set[int]] = {}
            for size in head_sizes:
                widths.setdefault((size >> level * TILE_HEIGHT) // TILE_WIDTH, set()).add(
                    (size >> level * TILE_HEIGHT) % TILE_WIDTH
                )
            held_index, held_width = divmod(held_size >> level * TILE_HEIGHT, TILE_WIDTH)
            for index in range(held_index, max(widths) + 1):
                needed = widths.get(index, set()) | set(range(held_width + 1) if index == held_index else ())
                _remove_widths(self._folder.path / tile_path(level, index, 1).parent, needed)
                if level == 0:
                    _remove_widths(self._folder.path / entries_path(index, 1).parent, needed)
        for waiting in (self._folder.path / HEADS_PATH).glob(".*.waiting"):
            with stated(waiting):
                waiting.unlink()

    def _write_unshown(self, edge: TileEdge, pieces: "_Pieces", note: bytes, *, whole_filesystem: bool) -> int:
        """Write and flush everything but the names that show it; return how many files. Moves `edge` on."""
        head, from_size, files_written = parse_head(note), edge.size, 0
        with UnshownFiles(self._folder.path, whole_filesystem=whole_filesystem) as unshown:
            for path, data in _files_of(edge, pieces, from_size):
                unshown.write(path, data)
                files_written += 1
            if edge.frontier().root() != head.root:
                raise RuntimeError("the ledger gave other lines when asked again")
            unshown.write(_waiting_head_path(head.size), note)
            unshown.write(_WAITING_CHECKPOINT_PATH, note)
            unshown.flush()
        return files_written

    def _show_head(self, head: Checkpoint) -> None:
        waiting = self._folder.path / _waiting_head_path(head.size)
        target = self._folder.path / HEADS_PATH / str(head.size)
        try:
            rename_without_replacing(waiting, target)
        except AlreadyThereError:
            held = self._held_head(head.size)
            if held != head:
                raise self._contradiction(head.size, encode_base64(head.root), encode_base64(held.root)) from None
            with stated(waiting):
                waiting.unlink()
        fsync_directory(target.parent)

    def _show_checkpoint(self) -> None:
        target = self._folder.path / CHECKPOINT_PATH
        with stated(target):
            (self._folder.path / _WAITING_CHECKPOINT_PATH).replace(target)
        fsync_directory(target.parent)

    def _remove_superseded(self, from_size: int, to_size: int) -> None:
        """Remove the partial forms of tiles that are full now, and of the one before: a crash may have left them."""
        for level in range(MAX_TILE_LEVEL + 1):
            height = (level + 1) * TILE_HEIGHT
            for index in range(max(0, (from_size >> height) - 1), to_size >> height):
                _remove_folder(self._folder.path / tile_path(level, index, 1).parent)
                if level == 0:
                    _remove_folder(self._folder.path / entries_path(index, 1).parent)


class _Pieces:
    """The new lines in pieces that end at every head; iterate as often as needed."""

    def __init__(self, read_lines: LineReader, start: int, head_sizes: Sequence[int]) -> None:
        self._read_lines = read_lines
        stop = max(head_sizes)
        self._ends = sorted(
            {*(size for size in head_sizes if size > start), *range(start, stop, _PIECE_LINES)} - {start}
        )
        self._start = start
        self._held = [self._read(*span) for span in self._spans()] if stop - start <= _PIECE_LINES else None

    def __iter__(self) -> Iterator[list[bytes]]:
        return iter(self._held) if self._held is not None else (self._read(*span) for span in self._spans())

    def _spans(self) -> Iterator[tuple[int, int]]:
        return pairwise([self._start, *self._ends])

    def _read(self, start: int, stop: int) -> list[bytes]:
        lines = self._read_lines(start, stop)
        if len(lines) != stop - start:
            raise RuntimeError(f"the ledger gave {len(lines)} lines for entries {start} to {stop}")
        return lines


def _files_of(edge: TileEdge, pieces: Iterable[list[bytes]], since: int) -> Iterator[tuple[PurePosixPath, bytes]]:
    for lines in pieces:
        yield from edge.extend(lines)
    yield from edge.partial_files(since)


def _waiting_head_path(size: int) -> PurePosixPath:
    return HEADS_PATH / f".{size}.waiting"


def _remove_widths(path: Path, needed: set[int]) -> None:
    """Remove the partial tiles or bundles in a folder that are not `needed` wide."""
    if not path.is_dir():
        return
    with stated(path):
        for entry in path.iterdir():
            if entry.name.isdecimal() and int(entry.name) not in needed:
                entry.unlink()


def _remove_folder(path: Path) -> None:
    with stated(path):
        if not path.is_dir():
            return
        for entry in path.iterdir():
            entry.unlink()
        path.rmdir()
