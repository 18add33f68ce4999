"""A publish that ends in the middle: the copy stays whole under a checkpoint, and the next publish goes on."""

import os
import random
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from archive.errors import ArchiveError, LedgerCopyAheadError, LedgerCopyContradictsError, StoreFullError
from archive.ledger_copy import LedgerCopy
from hashing.tiles import tiles_of
from tests.archive.ledger_maker import MadeLedger
from tests.archive.loop_filesystem import small_ext4
from tests.archive.power_cut import cut_power, make_disk, power_on
from tests.archive.published_ledger import LEDGER, assert_whole, files_below, publish


def test_partial_tiles_left_by_a_crash_before_their_removal_go_with_the_next_publish(tmp_path: Path) -> None:
    publish(tmp_path, 100)
    shutil.copytree(tmp_path / "tile/0/000.p", tmp_path / "kept")
    publish(tmp_path, 300)
    (tmp_path / "kept").rename(tmp_path / "tile/0/000.p")
    publish(tmp_path, 301)
    assert not (tmp_path / "tile/0/000.p").exists()


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
