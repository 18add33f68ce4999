"""A store's copy of the ledger: whole under its checkpoint, and read back as it was published."""

import os
from pathlib import Path

import pytest

from archive.ledger_copy import LedgerCopy, PublishReport
from hashing.checkpoint import NoteVerifier, parse_checkpoint
from tests.archive.ledger_maker import MadeLedger
from tests.archive.published_ledger import LEDGER, assert_whole, files_below, publish
from tests.archive.station import ORIGIN


def test_a_new_copy_holds_nothing(tmp_path: Path) -> None:
    copy = LedgerCopy(tmp_path)
    assert copy.head_note() is None
    assert copy.highest_head_note() is None
    assert copy.published_size() == 0
    assert copy.read_lines(0, 0) == []


@pytest.mark.parametrize("size", [0, 1, 255, 256, 257, 1000, 1500])
def test_a_ledger_of_any_size_is_published_whole(tmp_path: Path, size: int) -> None:
    assert publish(tmp_path, size).to_size == size
    assert_whole(tmp_path, size)


def test_a_tile_of_tiles_is_published(tmp_path: Path) -> None:
    ledger = MadeLedger(65536 + 300)
    publish(tmp_path, 65535, ledger)
    publish(tmp_path, 65836, ledger)
    assert_whole(tmp_path, 65836, ledger)
    assert (tmp_path / "tile/1/000").is_file()
    assert not (tmp_path / "tile/1/000.p").exists()
    assert (tmp_path / "tile/2/000.p/1").is_file()


def test_the_head_is_a_checkpoint_that_the_public_key_verifies(tmp_path: Path) -> None:
    publish(tmp_path, 300)
    note = LedgerCopy(tmp_path).head_note()
    assert note is not None
    checkpoint = parse_checkpoint(note, NoteVerifier(LEDGER.signer.vkey), origin=ORIGIN)
    assert (checkpoint.size, checkpoint.root) == (300, LEDGER.tree.root(300))


def test_many_small_batches_give_the_same_files_as_one(tmp_path: Path) -> None:
    copy = LedgerCopy(tmp_path / "many")
    (tmp_path / "many").mkdir()
    (tmp_path / "one").mkdir()
    for size in range(37, 520, 37):
        assert copy.publish(LEDGER.read, size, LEDGER.note(size)).from_size == size - 37
        assert_whole(tmp_path / "many", size)
    publish(tmp_path / "one", 518)
    many, one = files_below(tmp_path / "many"), files_below(tmp_path / "one")
    assert one.items() <= many.items()


def test_a_store_that_was_away_catches_up_in_one_call(tmp_path: Path) -> None:
    publish(tmp_path, 100)
    report = publish(tmp_path, 1500)
    assert (report.from_size, report.to_size) == (100, 1500)
    assert_whole(tmp_path, 1500)


def test_catching_up_asks_for_each_line_of_a_small_batch_once(tmp_path: Path) -> None:
    publish(tmp_path, 100)
    asked: list[tuple[int, int]] = []

    def read(start: int, stop: int) -> list[bytes]:
        asked.append((start, stop))
        return LEDGER.read(start, stop)

    LedgerCopy(tmp_path).publish(read, 900, LEDGER.note(900))
    assert asked == [(100, 900)]


def test_publishing_again_changes_nothing(tmp_path: Path) -> None:
    publish(tmp_path, 300)
    before = files_below(tmp_path)
    assert publish(tmp_path, 300) == PublishReport(from_size=300, to_size=300, files_written=0)
    assert files_below(tmp_path) == before


def test_a_partial_tile_stays_until_the_full_one_is_there(tmp_path: Path) -> None:
    publish(tmp_path, 100)
    publish(tmp_path, 200)
    assert sorted(path.name for path in (tmp_path / "tile/entries/000.p").iterdir()) == ["100", "200"]
    publish(tmp_path, 300)
    assert not (tmp_path / "tile/entries/000.p").exists()
    assert not (tmp_path / "tile/0/000.p").exists()


def test_nothing_in_the_copy_is_open_to_others(tmp_path: Path) -> None:
    # R9
    old = os.umask(0)
    try:
        publish(tmp_path, 300)
    finally:
        os.umask(old)
    for path in tmp_path.rglob("*"):
        assert path.stat().st_mode & 0o7777 == (0o750 if path.is_dir() else 0o440)


def test_any_range_of_lines_is_read_back(tmp_path: Path) -> None:
    publish(tmp_path, 600)
    copy = LedgerCopy(tmp_path)
    for start, stop in ((0, 1), (255, 257), (256, 512), (300, 300), (599, 600), (0, 600)):
        assert copy.read_lines(start, stop) == LEDGER.lines[start:stop]
    with pytest.raises(ValueError, match="entries 0 to 601 are not within the 600 published ones"):
        copy.read_lines(0, 601)


def test_a_note_of_another_size_is_a_mistake_of_the_caller(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="the note is for 300 entries, not for 301"):
        LedgerCopy(tmp_path).publish(LEDGER.read, 301, LEDGER.note(300))
    with pytest.raises(ValueError, match="not the three lines of a checkpoint"):
        LedgerCopy(tmp_path).publish(LEDGER.read, 300, b"note")


def test_too_few_lines_are_a_mistake_of_the_caller(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="the ledger gave 299 lines for entries 0 to 300"):
        LedgerCopy(tmp_path).publish(lambda start, stop: LEDGER.read(start, stop - 1), 300, LEDGER.note(300))
    assert files_below(tmp_path) == {}
