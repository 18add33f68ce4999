"""Reading the `ledger/` folder of a store: C2SP tlog-tiles, one file at a time.

Nothing is verified here beyond the form; `custody audit verify` does that with keys from elsewhere.
"""

import os
import stat
from pathlib import Path, PurePosixPath

from archive.errors import LedgerCopyDamagedError
from archive.tile_edge import TileEdge, growing_widths
from hashing.base64_text import decode_base64
from hashing.chain import leaf_hash
from hashing.checkpoint import Checkpoint
from hashing.errors import HashingError, shown
from hashing.frontier import HASH_BYTES
from hashing.tiles import TILE_WIDTH, decode_entries, entries_path, tile_path

CHECKPOINT_PATH = PurePosixPath("checkpoint")
HEADS_PATH = PurePosixPath("heads")


def parse_head(note: bytes) -> Checkpoint:
    """Return what the body of a signed note says; its signatures are not looked at.

    Raises:
        ValueError: not the body of a C2SP checkpoint without extension lines.
    """
    body, separator, _signatures = note.partition(b"\n\n")
    lines = body.decode("utf-8").split("\n")
    if not separator or len(lines) != 3 or not lines[1].isdecimal():
        raise ValueError("not the three lines of a checkpoint")
    head = Checkpoint(origin=lines[0], size=int(lines[1]), root=decode_base64(lines[2]))
    if head.body().encode() != body + b"\n":
        raise ValueError("a checkpoint in another spelling")
    return head


class LedgerFolder:
    """The files of a ledger copy, read without following links."""

    def __init__(self, path: Path) -> None:
        """Take the folder at `path`; nothing is read yet."""
        self.path = path

    def read(self, relative: PurePosixPath) -> bytes:
        """Return the bytes of one regular file.

        Raises:
            FileNotFoundError: it is not there.
            LedgerCopyDamagedError: it is there and cannot be read.
        """
        place = self.path / relative
        try:
            descriptor = os.open(place, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
            with open(descriptor, "rb") as stream:
                if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                    raise self.damaged(relative, "not a regular file")
                return stream.read()
        except FileNotFoundError:
            raise
        except OSError as err:
            raise self.damaged(relative, err.strerror or str(err)) from err

    def read_covered(self, relative: PurePosixPath) -> bytes:
        """Return the bytes of a file that must be there.

        Raises:
            LedgerCopyDamagedError: it is not, or cannot be read.
        """
        try:
            return self.read(relative)
        except FileNotFoundError as err:
            raise self.damaged(relative, "missing") from err

    def read_head(self, relative: PurePosixPath) -> Checkpoint:
        """Return what a stored note says.

        Raises:
            LedgerCopyDamagedError: it is missing or is no checkpoint.
        """
        try:
            return parse_head(self.read_covered(relative))
        except ValueError as err:
            raise self.damaged(relative, str(err)) from err

    def head_sizes(self) -> list[int]:
        """Return the sizes of all heads ever held, ascending.

        Raises:
            LedgerCopyDamagedError: the folder cannot be read.
        """
        try:
            names = [entry.name for entry in (self.path / HEADS_PATH).iterdir()]
        except FileNotFoundError:
            return []
        except OSError as err:
            raise self.damaged(HEADS_PATH, err.strerror or str(err)) from err
        return sorted(int(name) for name in names if name.isdecimal())

    def read_bundle(self, index: int, width: int) -> list[bytes]:
        """Return the entries of one bundle of a tree in which it is `width` wide.

        Raises:
            LedgerCopyDamagedError: it is missing or not a bundle of that many entries.
        """
        relative = entries_path(index, width)
        try:
            return decode_entries(self.read_covered(relative), path=str(relative), width=width)
        except HashingError as err:
            raise self.damaged(relative, str(err)) from err

    def read_edge(self, head: Checkpoint) -> TileEdge:
        """Return the growing tiles below `head`, shown to have its root.

        Raises:
            LedgerCopyDamagedError: a tile or bundle is missing, or they do not belong together.
        """
        rows = [self._read_row(level, head.size) for level in range(len(growing_widths(head.size)))]
        width = head.size % TILE_WIDTH
        lines = self.read_bundle(head.size // TILE_WIDTH, width) if width else []
        if lines and [leaf_hash(line) for line in lines] != rows[0]:
            raise self.damaged(entries_path(head.size // TILE_WIDTH, width), "its entries are not those of the tile")
        edge = TileEdge(head.size, rows, lines)
        if edge.frontier().root() != head.root:
            raise self.damaged(CHECKPOINT_PATH, "the tiles do not have its root")
        return edge

    def _read_row(self, level: int, size: int) -> list[bytes]:
        nodes = size // TILE_WIDTH**level
        width = nodes % TILE_WIDTH
        if not width:
            return []
        relative = tile_path(level, nodes // TILE_WIDTH, width)
        data = self.read_covered(relative)
        if len(data) != width * HASH_BYTES:
            raise self.damaged(relative, f"{len(data)} bytes instead of {width * HASH_BYTES}")
        return [data[start : start + HASH_BYTES] for start in range(0, len(data), HASH_BYTES)]

    def damaged(self, relative: PurePosixPath, reason: str) -> LedgerCopyDamagedError:
        """Return the error that names a file of this folder."""
        return LedgerCopyDamagedError(path=shown(self.path / relative), reason=reason)
