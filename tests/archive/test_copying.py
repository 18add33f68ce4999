"""Copies are made from one read, durable, read back from the medium, or not there at all."""

import contextlib
import hashlib
import os
import random
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from archive.copying import SYNC_EVERY_BYTES, CopyBuffers, CopyReport, Progress, copy_verified
from archive.errors import (
    AlreadyThereError,
    CopyMismatchError,
    CopyUnreadableError,
    DurableWriteError,
    SourceChangedError,
    SourceReadError,
    StoreFullError,
    StoreReadOnlyError,
)
from hashing.digest import CHUNK_BYTES
from tests.archive import fault_filesystem as fault
from tests.archive.loop_filesystem import small_ext4

BLOCK_BYTES = 4096


def _noise(size_bytes: int) -> bytes:
    return random.Random(size_bytes).randbytes(size_bytes)  # noqa: S311  # the same noise in every run


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[int]:
    fd = os.open(path, os.O_RDONLY)
    try:
        yield fd
    finally:
        os.close(fd)


def _copy(source: Path, *targets: Path, on_bytes: Progress | None = None) -> CopyReport:
    with _opened(source) as fd:
        return copy_verified(fd, targets, on_bytes=on_bytes, scratch=CopyBuffers(BLOCK_BYTES))


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "card.mp4"
    path.write_bytes(_noise(10 * BLOCK_BYTES + 17))
    return path


@pytest.fixture
def primary(tmp_path: Path) -> Path:
    return tmp_path / "primary.mp4"


@pytest.fixture
def backup(tmp_path: Path) -> Path:
    return tmp_path / "backup.mp4"


@pytest.mark.parametrize(
    "size_bytes", [0, 1, BLOCK_BYTES - 1, BLOCK_BYTES, BLOCK_BYTES + 1, 3 * BLOCK_BYTES, CHUNK_BYTES + 5]
)
def test_every_copy_holds_the_bytes_whose_digest_is_reported(
    tmp_path: Path, primary: Path, backup: Path, size_bytes: int
) -> None:
    data = _noise(size_bytes)
    source = tmp_path / "card.mp4"
    source.write_bytes(data)
    report = _copy(source, primary, backup, tmp_path / "third.mp4")
    assert report.sha256.hex == hashlib.sha256(data).hexdigest()
    assert report.size_bytes == size_bytes
    assert report.targets == (primary, backup, tmp_path / "third.mp4")
    assert [path.read_bytes() for path in report.targets] == [data] * 3


def test_copies_are_readable_by_owner_and_group_only_whatever_the_umask(
    source: Path, primary: Path, backup: Path
) -> None:  # R9
    before = os.umask(0o077)
    try:
        _copy(source, primary, backup)
    finally:
        os.umask(before)
    assert {path.stat().st_mode & 0o7777 for path in (primary, backup)} == {0o440}


def test_the_whole_source_is_read_wherever_its_descriptor_stands(source: Path, primary: Path) -> None:
    with _opened(source) as fd:
        os.lseek(fd, 100, os.SEEK_SET)
        report = copy_verified(fd, [primary], scratch=CopyBuffers())
        assert os.lseek(fd, 0, os.SEEK_CUR) == 100
    assert report.size_bytes == source.stat().st_size


def test_progress_adds_up_to_the_size_of_the_source(source: Path, primary: Path, backup: Path) -> None:
    seen: list[int] = []
    _copy(source, primary, backup, on_bytes=seen.append)
    assert sum(seen) == source.stat().st_size
    assert seen.count(0) >= 1 + 11, "syncing and each block read back are signs of life"


def test_a_long_copy_syncs_on_the_way_so_that_it_is_never_silent_for_long(tmp_path: Path, primary: Path) -> None:
    source = tmp_path / "long.mp4"
    with source.open("wb") as file:
        file.truncate(SYNC_EVERY_BYTES + CHUNK_BYTES)
    seen: list[int] = []
    with _opened(source) as fd:
        copy_verified(fd, [primary], on_bytes=seen.append, scratch=CopyBuffers())
    assert sum(seen[: seen.index(0)]) < SYNC_EVERY_BYTES


def test_one_copy_needs_at_least_one_target(source: Path) -> None:
    with pytest.raises(ValueError, match="at least one target"):
        _copy(source)


@pytest.mark.timeout(20)
def test_a_source_that_grows_is_not_copied_as_complete(source: Path, primary: Path, backup: Path) -> None:
    size_bytes = source.stat().st_size

    def grow(_: int) -> None:
        with source.open("ab") as file:
            file.write(b"x" * BLOCK_BYTES)

    with pytest.raises(SourceChangedError, match=f"expected {size_bytes} bytes") as caught:
        _copy(source, primary, backup, on_bytes=grow)
    assert "not sealed as complete" in str(caught.value)
    read_bytes = caught.value.facts["read_bytes"]
    assert isinstance(read_bytes, int)
    assert read_bytes <= size_bytes + BLOCK_BYTES, "a file that grows as fast as it is read must not hold us"
    assert not primary.exists()
    assert not backup.exists()


def test_a_source_that_shrinks_is_not_copied_as_complete(source: Path, primary: Path, backup: Path) -> None:
    with pytest.raises(SourceChangedError, match=r"read \d+, found 4097 afterwards"):
        _copy(source, primary, backup, on_bytes=lambda _: os.truncate(source, 4097))
    assert not primary.exists()
    assert not backup.exists()


def test_a_source_rewritten_in_place_is_noticed_by_its_mtime(source: Path, primary: Path) -> None:
    def rewrite(_: int) -> None:
        os.utime(source, ns=(1, 1))

    with pytest.raises(SourceChangedError, match=r"mtime 1 ns"):
        _copy(source, primary, on_bytes=rewrite)
    assert not primary.exists()


def test_a_target_that_is_there_already_is_kept_and_no_other_is_left(source: Path, primary: Path, backup: Path) -> None:
    backup.write_bytes(b"evidence")
    with pytest.raises(AlreadyThereError, match=r"backup\.mp4: something is there already"):
        _copy(source, primary, backup)
    assert backup.read_bytes() == b"evidence"
    assert not primary.exists()


def test_a_link_where_a_copy_should_go_is_not_followed(source: Path, primary: Path, tmp_path: Path) -> None:
    primary.symlink_to(tmp_path / "elsewhere.mp4")
    with pytest.raises(AlreadyThereError):
        _copy(source, primary)
    assert not (tmp_path / "elsewhere.mp4").exists()
    assert primary.is_symlink()


def test_an_abandoned_copy_leaves_nothing(source: Path, primary: Path, backup: Path) -> None:
    def abandon(_: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        _copy(source, primary, backup, on_bytes=abandon)
    assert not primary.exists()
    assert not backup.exists()


def test_a_card_that_fails_while_read_says_from_which_byte(tmp_path: Path, primary: Path, backup: Path) -> None:
    card = tmp_path / "card"
    card.mkdir()
    (card / "a.mp4").write_bytes(_noise(5 * BLOCK_BYTES))
    with (
        fault.faulty(card, f"{fault.READ_ERROR}:a.mp4:{3 * BLOCK_BYTES + 5}") as mount,
        pytest.raises(SourceReadError, match=f"cannot be read from byte {3 * BLOCK_BYTES} on"),
    ):
        _copy(mount / "a.mp4", primary, backup)
    assert not primary.exists()
    assert not backup.exists()


@pytest.mark.parametrize("bad", ["first.mp4", "second.mp4"])
def test_a_bit_that_turns_on_the_medium_names_the_copy_and_the_byte(source: Path, tmp_path: Path, bad: str) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    place = 2 * BLOCK_BYTES + 99
    with fault.faulty(disk, f"{fault.BIT_FLIP}:{bad}:{place}") as mount:
        with pytest.raises(CopyMismatchError) as caught:
            _copy(source, mount / "first.mp4", mount / "second.mp4")
        assert list(mount.iterdir()) == []
    assert str(mount / bad) in str(caught.value)
    assert f"at or after byte {place} " in str(caught.value)
    assert hashlib.sha256(source.read_bytes()).hexdigest() in str(caught.value)


def test_a_bit_that_turns_in_the_only_copy_is_found_by_its_digest(source: Path, tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    with (
        fault.faulty(disk, f"{fault.BIT_FLIP}:only.mp4:0") as mount,
        pytest.raises(CopyMismatchError, match="at or after byte 0 "),
    ):
        _copy(source, mount / "only.mp4")


def test_a_copy_that_somebody_makes_longer_is_not_equal(tmp_path: Path, primary: Path, backup: Path) -> None:
    source = tmp_path / "card.mp4"
    source.write_bytes(_noise(3 * BLOCK_BYTES))

    def lengthen(count: int) -> None:
        if not count:
            with backup.open("ab") as file:
                file.write(b"x")

    if os.geteuid() != 0:
        pytest.skip("only root can write to a copy, which is 0440")
    with pytest.raises(CopyMismatchError, match=rf"backup\.mp4: .* at or after byte {3 * BLOCK_BYTES} "):
        _copy(source, primary, backup, on_bytes=lengthen)


def test_a_copy_that_cannot_be_read_back_says_where(source: Path, tmp_path: Path, primary: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    with (
        fault.faulty(disk, f"{fault.READ_ERROR}:b.mp4:{BLOCK_BYTES}") as mount,
        pytest.raises(CopyUnreadableError, match=rf"b\.mp4: written, but .* from byte {BLOCK_BYTES} on"),
    ):
        _copy(source, primary, mount / "b.mp4")
    assert not primary.exists()


@pytest.mark.parametrize("kind", [fault.WRITE_ERROR, fault.SYNC_ERROR])
def test_a_failed_write_or_sync_fails_the_copy(source: Path, tmp_path: Path, primary: Path, kind: str) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    with (
        fault.faulty(disk, f"{kind}:b.mp4:0") as mount,
        pytest.raises(DurableWriteError, match=r"b\.mp4: writing to disk failed \(Input/output error\)"),
    ):
        _copy(source, primary, mount / "b.mp4")
    assert not primary.exists()
    assert list(disk.iterdir()) == []


def test_a_full_store_says_so_and_keeps_no_half_copy(tmp_path: Path, primary: Path) -> None:
    source = tmp_path / "card.mp4"
    source.write_bytes(_noise(3 * 1024 * 1024))
    with small_ext4(tmp_path / "disk.img", size_bytes=2 * 1024 * 1024) as mount:
        with pytest.raises(StoreFullError, match=r"b\.mp4: the disk is full"):
            _copy(source, primary, mount / "b.mp4")
        assert not (mount / "b.mp4").exists()
    assert not primary.exists()


def test_a_read_only_store_says_so(source: Path, tmp_path: Path, primary: Path) -> None:
    with (
        small_ext4(tmp_path / "disk.img", options="loop,ro") as mount,
        pytest.raises(StoreReadOnlyError, match=r"b\.mp4: the file system is read-only"),
    ):
        _copy(source, primary, mount / "b.mp4")
    assert not primary.exists()


def test_reading_back_does_not_trust_the_cache(source: Path, tmp_path: Path, primary: Path) -> None:
    """The medium rots between the sync and the reading back; the page cache still holds good bytes."""
    image = tmp_path / "disk.img"
    needle = source.read_bytes()[2 * BLOCK_BYTES : 2 * BLOCK_BYTES + 64]
    rotten = False

    def rot(count: int) -> None:
        nonlocal rotten
        place = -1 if count else image.read_bytes().find(needle)
        if place >= 0 and not rotten:
            with image.open("r+b") as file:
                file.seek(place)
                file.write(bytes([needle[0] ^ 0x10]))
            rotten = True

    with (
        small_ext4(image) as mount,
        pytest.raises(CopyMismatchError, match=rf"b\.mp4: .* at or after byte {2 * BLOCK_BYTES} "),
    ):
        _copy(source, primary, mount / "b.mp4", on_bytes=rot)
    assert rotten


def test_a_worker_that_copies_loads_nothing_heavy() -> None:
    heavy = {"cryptography", "asyncio", "sqlite3", "ffmpeg", "watchdog", "tomllib", "subprocess", "json", "socket"}
    program = "import sys, archive.copying; print(*sys.modules, sep='\\n')"
    loaded = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True).stdout
    assert not heavy & set(loaded.split())
