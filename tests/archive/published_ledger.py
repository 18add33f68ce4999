"""A ledger for tests and its copy in a store: publish some of it, and see that the copy is whole."""

from pathlib import Path

from archive.ledger_copy import LedgerCopy, PublishReport
from hashing.tiles import tiles_of
from tests.archive.ledger_maker import MadeLedger

LEDGER = MadeLedger(1500)


def publish(path: Path, size: int, ledger: MadeLedger = LEDGER) -> PublishReport:
    """Publish as a newly started program does."""
    return LedgerCopy(path).publish(ledger.read, size, ledger.note(size))


def assert_whole(path: Path, size: int, ledger: MadeLedger = LEDGER) -> None:
    """Every tile and entry the checkpoint covers is there and right."""
    copy = LedgerCopy(path)
    note = copy.head_note()
    assert note == ledger.note(size)
    for tile in tiles_of(size):
        assert (path / tile.path).read_bytes() == tile.data(ledger.tree.node)
    assert copy.read_lines(0, size) == ledger.lines[:size]
    assert (path / "heads" / str(size)).read_bytes() == note


def files_below(path: Path) -> dict[str, bytes]:
    return {str(file.relative_to(path)): file.read_bytes() for file in path.rglob("*") if file.is_file()}
