"""The daemon's side of a card worker: it answers, or it is given up."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from bodycam_custody.copying.card_reader import CardReader, Copied, CopyFailed, CopyJob, WorkerError
from bodycam_custody.copying.errors import CardReaderFailedError, CardSilentError
from bodycam_custody.copying.nursery import Nursery
from docking.source import SpecialKind
from hashing.digest import Digest
from tests.bodycam_custody.odd_card import HANGS, odd_card
from tests.bodycam_custody.stations import NOW, make_card


@contextmanager
def reading(card: Path, *, locks: tuple[Path, ...] = (), silence_s: float = 10) -> Iterator[CardReader]:
    nursery = Nursery()
    with CardReader(
        card, nursery=nursery, threads=1, silence_s=silence_s, locks=locks, is_stopping=lambda: False
    ) as reader:
        yield reader
    nursery.close()


def copy_all(reader: CardReader, jobs: list[CopyJob]) -> list[Copied | CopyFailed]:
    waiting = iter(jobs)
    outcomes = reader.copy(lambda: next(waiting, None), on_moved=lambda _bytes, _blocks: None)
    return [outcome for outcome in outcomes if outcome is not None]


def test_a_card_is_listed_by_its_worker(quick_path: Path) -> None:
    card = make_card(quick_path / "card", {b"b\xff.mp4": b"more", b"sub/a.mp4": b"moving pictures"})
    (card / "link").symlink_to("b")
    with reading(card) as reader:
        inventory = reader.inventory()
    assert [(file.path, file.size_bytes) for file in inventory.files] == [(b"b\xff.mp4", 4), (b"sub/a.mp4", 15)]
    assert [(special.path, special.kind) for special in inventory.specials] == [(b"link", SpecialKind.SYMLINK)]


def test_a_large_card_is_listed_in_parts(quick_path: Path) -> None:
    card = make_card(quick_path / "card", {f"{number:05d}.mp4": b"" for number in range(4_100)})
    with reading(card) as reader:
        assert len(reader.inventory().files) == 4_100


def job(number: int, path: bytes, size_bytes: int, *targets: Path) -> CopyJob:
    """Ask for a file as `make_card` writes it."""
    mtime_ns = int(NOW.timestamp()) * 10**9
    return CopyJob(number=number, path=path, size_bytes=size_bytes, mtime_ns=mtime_ns, targets=targets)


@pytest.mark.parametrize("change", ["size", "mtime"])
def test_a_file_that_is_another_than_the_inventory_lists_is_not_copied(quick_path: Path, change: str) -> None:
    # What is signed about it would be false, and a later docking would take its first state for sealed.
    card = make_card(quick_path / "card", {"a.mp4": b"moving pictures"})
    if change == "size":
        make_card(card, {"a.mp4": b"moving pictures and more"})
    else:
        os.utime(card / "a.mp4", ns=(1, 1))
    with reading(card) as reader:
        (failed,) = copy_all(reader, [job(0, b"a.mp4", 15, quick_path / "copy")])
    assert isinstance(failed, CopyFailed)
    found = "24 (mtime 1795262400000000000 ns)" if change == "size" else "15 (mtime 1 ns)"
    assert str(failed.error) == (
        "a.mp4: the file was listed with 15 bytes (mtime 1795262400000000000 ns) and has "
        f"{found} now. Nothing of it is sealed; stop what writes to the card and dock it again."
    )
    assert not (quick_path / "copy").exists()


def test_files_are_copied_to_every_target_and_failures_come_between(quick_path: Path) -> None:
    card = make_card(quick_path / "card", {"a.mp4": b"moving pictures", "b.mp4": b"more"})
    for name in ("one", "two"):
        (quick_path / name).mkdir()
    jobs = [
        job(number, path, size_bytes, quick_path / "one" / str(number), quick_path / "two" / str(number))
        for number, (path, size_bytes) in enumerate([(b"a.mp4", 15), (b"no.mp4", 7), (b"b.mp4", 4)])
    ]
    with reading(card) as reader:
        first, failed, last = copy_all(reader, jobs)
    assert first == Copied(number=0, size_bytes=15, sha256=Digest.of(b"moving pictures"))
    assert last == Copied(number=2, size_bytes=4, sha256=Digest.of(b"more"))
    assert isinstance(failed, CopyFailed)
    assert str(failed.error) == (
        "no.mp4: the file cannot be opened (No such file or directory). The other files are not affected; dock the "
        "card again."
    )
    assert {path.name: path.read_bytes() for path in (quick_path / "two").iterdir()} == {
        "0": b"moving pictures",
        "2": b"more",
    }


def test_what_took_a_files_place_since_the_inventory_is_not_opened(quick_path: Path) -> None:
    card = make_card(quick_path / "card", {"a.mp4": b"moving pictures"})
    with reading(card) as reader:
        reader.inventory()
        (card / "a.mp4").unlink()
        (card / "a.mp4").symlink_to("/etc/passwd")
        (failed,) = copy_all(reader, [job(0, b"a.mp4", 15, quick_path / "copy")])
    assert isinstance(failed, CopyFailed)
    assert str(failed.error) == "a.mp4: expected a regular file, found symlink; it is listed and not opened."
    assert not (quick_path / "copy").exists()


def test_an_error_of_the_worker_keeps_its_code_words_and_facts(quick_path: Path) -> None:
    with reading(quick_path / "nowhere") as reader, pytest.raises(WorkerError) as gone:
        reader.inventory()
    assert gone.value.code == "card-gone"
    assert gone.value.facts == {"card": f"{quick_path}/nowhere", "reason": "No such file or directory"}
    assert str(gone.value).startswith(f"{quick_path}/nowhere: the card is no longer there (No such file or directory).")


def test_a_worker_that_dies_says_so_and_what_it_was_about(quick_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    card = make_card(quick_path / "card", {"a.mp4": b"moving pictures"})
    # Without its lock a worker does not work: what it writes would be swept under it.
    with (
        reading(card, locks=(quick_path / "no.lock",)) as reader,
        pytest.raises(
            CardReaderFailedError, match=r"the reading process ended \(exit 1\) while \(inventory\) was read"
        ),
    ):
        reader.inventory()
    assert "no.lock" in capfd.readouterr().err


def test_a_worker_that_is_silent_is_given_up(quick_path: Path) -> None:
    card = make_card(quick_path / "card", {"a.mp4": b"moving pictures"})
    with odd_card(card, HANGS, "a.mp4") as hanging:
        nursery = Nursery()
        reader = CardReader(hanging, nursery=nursery, threads=1, silence_s=0.3, locks=(), is_stopping=lambda: False)
        with pytest.raises(CardSilentError, match=r"the card gave nothing for 0.3 s while a.mp4 was read"):
            copy_all(reader, [job(0, b"a.mp4", 15, quick_path / "copy")])
    reader.close()  # the odd card is gone by now, so that the worker can die at once
    nursery.close()


def test_a_mistake_in_the_worker_is_told_at_once_and_not_waited_for(
    quick_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    card = make_card(quick_path / "card", {"a.mp4": b"moving pictures"})
    with (
        reading(card, silence_s=60) as reader,
        pytest.raises(
            CardReaderFailedError, match=r"ended \(exit 1\) while \.\./a\.mp4 was read; dock the recorder again"
        ),
    ):
        copy_all(reader, [job(0, b"../a.mp4", 15, quick_path / "copy")])
    assert "not a relative path of plain names" in capfd.readouterr().err
