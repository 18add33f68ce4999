"""A store's copy of the ledger: whole under its checkpoint, at every moment, or refused."""

import os
import random
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from archive.errors import (
    ArchiveError,
    LedgerCopyAheadError,
    LedgerCopyContradictsError,
    LedgerCopyDamagedError,
    StoreFullError,
)
from archive.ledger_copy import LedgerCopy, PublishReport
from hashing.chain import leaf_hash
from hashing.checkpoint import NoteVerifier, parse_checkpoint
from hashing.tiles import tiles_of
from tests.archive.ledger_maker import MadeLedger
from tests.archive.loop_filesystem import small_ext4
from tests.archive.power_cut import cut_power, make_disk, power_on
from tests.archive.station import ORIGIN

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


def test_partial_tiles_left_by_a_crash_before_their_removal_go_with_the_next_publish(tmp_path: Path) -> None:
    publish(tmp_path, 100)
    shutil.copytree(tmp_path / "tile/0/000.p", tmp_path / "kept")
    publish(tmp_path, 300)
    (tmp_path / "kept").rename(tmp_path / "tile/0/000.p")
    publish(tmp_path, 301)
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


def test_a_ledger_behind_the_checkpoint_is_refused(tmp_path: Path) -> None:
    publish(tmp_path, 300)
    before = files_below(tmp_path)
    with pytest.raises(LedgerCopyAheadError) as caught:
        publish(tmp_path, 299)
    assert str(caught.value) == (
        f"{tmp_path}: the store holds a ledger head of 300 entries, but our ledger has only 299. "
        "Entries have been lost or the database was put back; nothing may be appended before that is explained."
    )
    assert files_below(tmp_path) == before


def test_a_ledger_behind_a_head_that_was_never_shown_is_refused(tmp_path: Path) -> None:
    with crashed_before_checkpoint(tmp_path, shown=100, written=300):
        assert LedgerCopy(tmp_path).head_note() == LEDGER.note(100)
        assert LedgerCopy(tmp_path).highest_head_note() == LEDGER.note(300)
        with pytest.raises(LedgerCopyAheadError, match="a ledger head of 300 entries, but our ledger has only 200"):
            publish(tmp_path, 200)


@contextmanager
def crashed_before_checkpoint(path: Path, *, shown: int, written: int) -> Iterator[None]:
    """What a crash between head and checkpoint leaves: everything of `written`, under the checkpoint of `shown`."""
    publish(path, shown)
    shutil.copytree(path, path.with_name("before"))
    publish(path, written)
    shutil.copytree(path.with_name("before"), path, dirs_exist_ok=True)
    yield


def test_a_publish_that_crashed_before_its_checkpoint_is_done_again(tmp_path: Path) -> None:
    path = tmp_path / "ledger"
    path.mkdir()
    with crashed_before_checkpoint(path, shown=100, written=300):
        assert_whole(path, 100)
        publish(path, 300)
        assert_whole(path, 300)


def test_a_crashed_publish_is_overtaken_by_a_larger_one(tmp_path: Path) -> None:
    path = tmp_path / "ledger"
    path.mkdir()
    with crashed_before_checkpoint(path, shown=100, written=300):
        publish(path, 400)
        assert_whole(path, 400)


def test_a_head_that_was_never_shown_still_binds(tmp_path: Path) -> None:
    path = tmp_path / "ledger"
    path.mkdir()
    other = MadeLedger(1500, changed={150: b'{"seq":150,"changed":true}'})
    with crashed_before_checkpoint(path, shown=100, written=300):
        with pytest.raises(LedgerCopyContradictsError, match="at heads/300: expected"):
            publish(path, 400, other)
        assert_whole(path, 100)


def test_what_an_interrupted_publish_left_is_written_anew(tmp_path: Path) -> None:
    publish(tmp_path, 100)
    for name in ("tile/0/000", "tile/entries/000", "tile/0/001.p/44", "heads/.300.waiting", ".checkpoint.waiting"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"half")
    (tmp_path / "tile/0/.000.beside").write_bytes(b"quarter")
    assert_whole(tmp_path, 100)
    publish(tmp_path, 300)
    assert_whole(tmp_path, 300)
    assert not [name for name in files_below(tmp_path) if name.endswith(("waiting", "beside"))]


@pytest.mark.parametrize(("left", "then"), [(253, 255), (258, 261)])
def test_what_an_interrupted_publish_left_goes_when_its_size_is_overtaken(tmp_path: Path, left: int, then: int) -> None:
    publish(tmp_path, 250)
    # Cut short in the middle of a write: it would fit no head, now or later.
    name = f"{left // 256:03}.p/{left % 256}"
    leftovers = [f"tile/entries/{name}", f"tile/0/{name}", f"heads/.{left}.waiting"]
    for leftover in leftovers:
        (tmp_path / leftover).parent.mkdir(exist_ok=True)
        (tmp_path / leftover).write_bytes(b"")
    publish(tmp_path, then)
    assert_whole(tmp_path, then)
    assert not set(leftovers) & set(files_below(tmp_path))


def test_a_head_beyond_the_checkpoint_keeps_its_tiles_when_it_is_overtaken(tmp_path: Path) -> None:
    publish(tmp_path, 250)
    checkpoint = (tmp_path / "checkpoint").read_bytes()
    publish(tmp_path, 253)
    (tmp_path / "checkpoint").write_bytes(checkpoint)
    publish(tmp_path, 255)
    assert_whole(tmp_path, 255)
    for tile in tiles_of(253):
        assert (tmp_path / tile.path).read_bytes() == tile.data(LEDGER.tree.node)


@pytest.mark.parametrize("seq", [0, 99, 100, 255, 256, 299])
def test_a_ledger_whose_past_was_changed_is_refused_with_the_entry(tmp_path: Path, seq: int) -> None:
    publish(tmp_path, 300)
    before = files_below(tmp_path)
    other = MadeLedger(400, changed={seq: b'{"changed":true}'})
    with pytest.raises(LedgerCopyContradictsError) as caught:
        publish(tmp_path, 400, other)
    assert str(caught.value) == (
        f"{tmp_path}: our ledger does not continue the copy in this store at seq {seq}: "
        f"expected {leaf_hash(other.lines[seq]).hex()}, found {leaf_hash(LEDGER.lines[seq]).hex()}. "
        "One of them was changed; keep both and run: custody audit verify"
    )
    assert files_below(tmp_path) == before


def test_a_second_head_of_the_same_size_is_refused(tmp_path: Path) -> None:
    publish(tmp_path, 300)
    before = files_below(tmp_path)
    with pytest.raises(LedgerCopyContradictsError, match="at heads/300: expected"):
        publish(tmp_path, 300, MadeLedger(300, changed={7: b"{}"}))
    assert files_below(tmp_path) == before


def test_a_stored_head_of_the_same_size_is_never_replaced(tmp_path: Path) -> None:
    copy = LedgerCopy(tmp_path)
    copy.publish(LEDGER.read, 100, LEDGER.note(100))
    other = MadeLedger(200, changed={150: b"{}"}).note(200)
    (tmp_path / "heads/200").write_bytes(other)
    with pytest.raises(LedgerCopyContradictsError, match="at heads/200: expected"):
        copy.publish(LEDGER.read, 200, LEDGER.note(200))
    assert (tmp_path / "heads/200").read_bytes() == other
    assert copy.published_size() == 100


def test_the_ledger_of_another_station_is_refused(tmp_path: Path) -> None:
    publish(tmp_path, 300)
    with pytest.raises(LedgerCopyContradictsError, match=r"expected a/b/1, found cg\.example\.gov\.cn/station-1/1"):
        publish(tmp_path, 400, MadeLedger(400, origin="a/b/1"))


def test_lines_that_do_not_have_the_signed_root_are_refused_before_anything_is_written(tmp_path: Path) -> None:
    publish(tmp_path, 100)
    before = files_below(tmp_path)
    other = MadeLedger(300, changed={200: b"{}"})
    with pytest.raises(LedgerCopyContradictsError, match="at heads/300: expected"):
        LedgerCopy(tmp_path).publish(other.read, 300, LEDGER.note(300))
    assert files_below(tmp_path) == before


def test_the_root_of_an_empty_ledger_is_checked_too(tmp_path: Path) -> None:
    note = LEDGER.note(1).replace(b"\n1\n", b"\n0\n")
    with pytest.raises(LedgerCopyContradictsError, match="at heads/0: expected"):
        LedgerCopy(tmp_path).publish(LEDGER.read, 0, note)


def test_a_note_of_another_size_is_a_mistake_of_the_caller(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="the note is for 300 entries, not for 301"):
        LedgerCopy(tmp_path).publish(LEDGER.read, 301, LEDGER.note(300))
    with pytest.raises(ValueError, match="not the three lines of a checkpoint"):
        LedgerCopy(tmp_path).publish(LEDGER.read, 300, b"note")


def test_too_few_lines_are_a_mistake_of_the_caller(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="the ledger gave 299 lines for entries 0 to 300"):
        LedgerCopy(tmp_path).publish(lambda start, stop: LEDGER.read(start, stop - 1), 300, LEDGER.note(300))
    assert files_below(tmp_path) == {}


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("checkpoint", "not the three lines of a checkpoint"),
        ("heads/300", "not the three lines of a checkpoint"),
        ("tile/0/001.p/44", "0 bytes instead of 1408"),
        ("tile/1/000.p/1", "0 bytes instead of 32"),
        ("tile/entries/001.p/44", "damaged"),
    ],
)
def test_an_emptied_file_of_the_edge_is_named(tmp_path: Path, name: str, reason: str) -> None:
    publish(tmp_path, 300)
    (tmp_path / name).chmod(0o640)
    (tmp_path / name).write_bytes(b"")
    with pytest.raises(LedgerCopyDamagedError) as caught:
        publish(tmp_path, 400)
    assert str(caught.value).startswith(f"{tmp_path}/{name}: this file of the ledger copy is not usable (")
    assert reason in str(caught.value)
    assert str(caught.value).endswith("Keep it as it is and run: custody audit verify")


@pytest.mark.parametrize("name", ["tile/0/001.p/44", "tile/1/000.p/1", "tile/entries/001.p/44"])
def test_a_flipped_bit_at_the_edge_is_found_before_anything_is_built_on_it(tmp_path: Path, name: str) -> None:
    publish(tmp_path, 300)
    path = tmp_path / name
    path.chmod(0o640)
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    with pytest.raises(LedgerCopyDamagedError):
        publish(tmp_path, 400)
    assert LedgerCopy(tmp_path).published_size() == 300


def test_a_missing_bundle_is_named(tmp_path: Path) -> None:
    publish(tmp_path, 300)
    (tmp_path / "tile/entries/000").unlink()
    with pytest.raises(LedgerCopyDamagedError, match=r"tile/entries/000: this file .* is not usable \(missing\)"):
        LedgerCopy(tmp_path).read_lines(0, 300)


@pytest.mark.parametrize("make", [os.mkfifo, Path.mkdir, lambda path: path.symlink_to("heads/300")])
def test_what_is_not_a_file_is_neither_followed_nor_waited_for(tmp_path: Path, make: Callable[[Path], None]) -> None:
    publish(tmp_path, 300)
    (tmp_path / "checkpoint").unlink()
    make(tmp_path / "checkpoint")
    with pytest.raises(LedgerCopyDamagedError):
        LedgerCopy(tmp_path).head_note()


def test_a_reader_that_fails_leaves_the_old_checkpoint(tmp_path: Path) -> None:
    publish(tmp_path, 100)

    def read(start: int, stop: int) -> list[bytes]:
        raise OSError("the database is gone")

    with pytest.raises(OSError, match="the database is gone"):
        LedgerCopy(tmp_path).publish(read, 300, LEDGER.note(300))
    assert_whole(tmp_path, 100)


def test_a_full_disk_leaves_the_old_checkpoint_and_lets_the_next_publish_succeed(tmp_path: Path) -> None:
    ledger = MadeLedger(40_000)
    with small_ext4(tmp_path / "disk.img", size_bytes=2 * 1024 * 1024) as disk:
        copy = LedgerCopy(disk)
        copy.publish(ledger.read, 100, ledger.note(100))
        with pytest.raises(StoreFullError):
            copy.publish(ledger.read, 40_000, ledger.note(40_000))
        assert_whole(disk, 100, ledger)
        copy.publish(ledger.read, 3000, ledger.note(3000))
        assert_whole(disk, 3000, ledger)


def publish_until_the_power_goes(disk: Path, sizes: range, cut_after_s: float) -> list[int]:
    """Publish one size after the other; return those that were reported as done before the cut."""
    folder = os.open(disk, os.O_RDONLY)
    done: list[int] = []
    cut = threading.Timer(cut_after_s, cut_power, (folder,))
    cut.start()
    try:
        copy = LedgerCopy(disk)
        for size in sizes:
            copy.publish(LEDGER.read, size, LEDGER.note(size))
            done.append(size)
    except ArchiveError:
        pass
    finally:
        cut.join()
        os.close(folder)
    return done


@pytest.mark.parametrize("seed", range(4))
def test_what_was_reported_as_published_survives_a_power_cut(tmp_path: Path, seed: int) -> None:
    image = make_disk(tmp_path / "disk.img")
    with power_on(image) as disk:
        cut_after_s = random.Random(seed).uniform(0.02, 0.2)  # noqa: S311  # moments, not secrets
        done = publish_until_the_power_goes(disk, range(9, 1500, 9), cut_after_s)
    with power_on(image) as disk:
        size = LedgerCopy(disk).published_size()
        assert size >= max(done, default=0)
        if size:
            assert_whole(disk, size)
        for head in done:
            assert (disk / "heads" / str(head)).read_bytes() == LEDGER.note(head)
        publish(disk, 1500)
        assert_whole(disk, 1500)
