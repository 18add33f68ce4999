"""Durable writes: whole or refused, never over anything, and every error says what it means."""

import errno
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from archive.durable import (
    create_file,
    drop_cache,
    durable_error,
    flush_filesystem,
    flush_together,
    fsync_directory,
    make_directories,
    open_created,
    rename_new,
    replace_file,
)
from archive.errors import AlreadyThereError, DurableWriteError, StoreFullError, StoreReadOnlyError
from tests.archive.loop_filesystem import small_ext4
from tests.archive.power_cut import cut_power, make_disk, power_on


@pytest.fixture
def open_umask() -> Iterator[None]:
    """The umask that lets most through, so that only our own modes can make a file narrow."""
    old = os.umask(0)
    yield
    os.umask(old)


@pytest.fixture
def tight_umask() -> Iterator[None]:
    """The umask that would make every mode narrower than promised."""
    old = os.umask(0o077)
    yield
    os.umask(old)


def mode_of(path: Path) -> int:
    return path.stat().st_mode & 0o7777


def test_a_created_file_has_its_bytes_and_mode_under_an_open_umask(tmp_path: Path, open_umask: None) -> None:
    create_file(tmp_path / "a", b"bytes")
    assert (tmp_path / "a").read_bytes() == b"bytes"
    assert mode_of(tmp_path / "a") == 0o440


def test_a_created_file_has_its_mode_under_a_tight_umask(tmp_path: Path, tight_umask: None) -> None:
    create_file(tmp_path / "a", b"")
    assert mode_of(tmp_path / "a") == 0o440


def test_creating_refuses_a_taken_name_and_leaves_it_alone(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"first")
    with pytest.raises(AlreadyThereError) as caught:
        create_file(path, b"second")
    assert str(caught.value) == (
        f"{path}: something is there already and is never overwritten. Look at it before you go on."
    )
    assert path.read_bytes() == b"first"


def test_creating_does_not_follow_a_dangling_link(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(AlreadyThereError):
        create_file(tmp_path / "link", b"bytes")
    assert not (tmp_path / "elsewhere").exists()


def test_a_full_disk_is_named_and_no_part_of_the_file_stays(tmp_path: Path) -> None:
    with small_ext4(tmp_path / "disk.img") as disk:
        with pytest.raises(StoreFullError) as caught:
            create_file(disk / "big", bytes(8 * 1024 * 1024))
        assert list(disk.iterdir()) == [disk / "lost+found"]
    assert str(caught.value) == (
        f"{disk}/big: the disk is full. Nothing was lost: the recordings stay on their card. "
        "Make room or add a larger disk."
    )


def test_a_full_disk_leaves_the_old_file_in_place_of_a_replacement(tmp_path: Path) -> None:
    with small_ext4(tmp_path / "disk.img") as disk:
        replace_file(disk / "note", b"old")
        with pytest.raises(StoreFullError):
            replace_file(disk / "note", bytes(8 * 1024 * 1024))
        assert (disk / "note").read_bytes() == b"old"
        assert sorted(path.name for path in disk.iterdir()) == ["lost+found", "note"]


def test_a_read_only_file_system_is_named(tmp_path: Path) -> None:
    with small_ext4(tmp_path / "disk.img") as disk:
        subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
        with pytest.raises(StoreReadOnlyError) as caught:
            create_file(disk / "a", b"bytes")
    assert str(caught.value) == (
        f"{disk}/a: the file system is read-only; the kernel does that after disk errors. "
        "Look at the system log, repair the disk and mount it writable again."
    )


def test_a_quota_that_is_used_up_counts_as_full() -> None:
    assert isinstance(durable_error(OSError(errno.EDQUOT, "quota"), Path("/x")), StoreFullError)


def test_an_input_output_error_says_that_nothing_counts_as_kept() -> None:
    assert str(durable_error(OSError(errno.EIO, "any"), Path("/store/a\nb"))) == (
        "/store/a\\nb: writing to disk failed (Input/output error); nothing written there counts as kept. "
        "Check the disk, then let it be written again from the start."
    )


def test_replacing_gives_the_new_bytes_and_leaves_nothing_beside(tmp_path: Path) -> None:
    path = tmp_path / "note"
    replace_file(path, b"old")
    replace_file(path, b"new")
    assert path.read_bytes() == b"new"
    assert mode_of(path) == 0o440
    assert list(tmp_path.iterdir()) == [path]


def test_made_directories_have_their_mode_under_a_tight_umask(tmp_path: Path, tight_umask: None) -> None:
    make_directories(tmp_path / "a/b/c")
    assert [mode_of(tmp_path / part) for part in ("a", "a/b", "a/b/c")] == [0o750] * 3


def test_making_directories_again_changes_nothing(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir(0o700)
    make_directories(tmp_path / "a/b")
    make_directories(tmp_path / "a/b")
    assert mode_of(tmp_path / "a") == 0o700


def test_a_file_where_a_directory_must_be_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"bytes")
    with pytest.raises(AlreadyThereError, match="/a: something is there already"):
        make_directories(tmp_path / "a/b")


def test_a_missing_directory_cannot_be_flushed(tmp_path: Path) -> None:
    with pytest.raises(DurableWriteError, match="writing to disk failed \\(No such file or directory\\)"):
        fsync_directory(tmp_path / "missing")


def test_renaming_moves_a_whole_directory(tmp_path: Path) -> None:
    (tmp_path / "staging/clip").mkdir(parents=True)
    (tmp_path / "staging/clip/file").write_bytes(b"bytes")
    (tmp_path / "clips").mkdir()
    rename_new(tmp_path / "staging/clip", tmp_path / "clips/clip")
    assert (tmp_path / "clips/clip/file").read_bytes() == b"bytes"
    assert not (tmp_path / "staging/clip").exists()


def test_renaming_refuses_even_an_empty_directory_that_rename_would_replace(tmp_path: Path) -> None:
    for name in ("source", "target"):
        (tmp_path / name).mkdir()
    (tmp_path / "source/file").write_bytes(b"bytes")
    with pytest.raises(AlreadyThereError, match="/target: something is there already"):
        rename_new(tmp_path / "source", tmp_path / "target")
    assert (tmp_path / "source/file").exists()
    assert list((tmp_path / "target").iterdir()) == []


def test_renaming_what_is_not_there_fails(tmp_path: Path) -> None:
    with pytest.raises(DurableWriteError, match="No such file or directory"):
        rename_new(tmp_path / "missing", tmp_path / "target")


def test_a_file_system_is_flushed_by_path_and_by_descriptor(tmp_path: Path) -> None:
    descriptor = open_created(tmp_path / "a", b"bytes")
    flush_filesystem(tmp_path)
    flush_filesystem(descriptor)
    os.close(descriptor)
    with pytest.raises(DurableWriteError, match="Bad file descriptor"):
        flush_filesystem(descriptor)


def test_writes_after_the_disk_has_gone_are_refused(tmp_path: Path) -> None:
    with small_ext4(tmp_path / "disk.img") as disk:
        folder = os.open(disk, os.O_RDONLY)
        try:
            os.close(open_created(disk / "lost", b"bytes"))
            cut_power(folder)
            with pytest.raises((DurableWriteError, StoreReadOnlyError)):
                create_file(disk / "a", b"bytes")
            with pytest.raises((DurableWriteError, StoreReadOnlyError)):
                flush_filesystem(folder)
        finally:
            os.close(folder)


def test_a_dropped_file_is_no_longer_in_memory(tmp_path: Path) -> None:
    if not shutil.which("fincore"):
        pytest.skip("needs fincore to look into the page cache")
    with small_ext4(tmp_path / "disk.img") as disk:
        create_file(disk / "a", bytes(256 * 1024))
        assert cached_pages(disk / "a") == 64
        descriptor = os.open(disk / "a", os.O_RDONLY)
        drop_cache(descriptor)
        os.close(descriptor)
        assert cached_pages(disk / "a") == 0


def cached_pages(path: Path) -> int:
    counted = subprocess.run(["fincore", "-n", "-o", "PAGES", str(path)], check=True, capture_output=True, text=True)
    return int(counted.stdout)


def test_what_was_reported_as_written_survives_a_power_cut(tmp_path: Path) -> None:
    image = make_disk(tmp_path / "disk.img")
    with power_on(image) as disk:
        make_directories(disk / "staging/clip")
        make_directories(disk / "clips/2026/11/21")
        create_file(disk / "staging/clip/file", b"sealed")
        fsync_directory(disk / "staging/clip")
        rename_new(disk / "staging/clip", disk / "clips/2026/11/21/clip")
        replace_file(disk / "note", b"new")
        folder = os.open(disk, os.O_RDONLY)
        cut_power(folder)
        os.close(folder)
    with power_on(image) as disk:
        assert (disk / "clips/2026/11/21/clip/file").read_bytes() == b"sealed"
        assert (disk / "note").read_bytes() == b"new"
        assert list((disk / "staging").iterdir()) == []


def test_what_was_only_flushed_as_a_whole_survives_a_power_cut(tmp_path: Path) -> None:
    image = make_disk(tmp_path / "disk.img")
    with power_on(image) as disk:
        folder = os.open(disk, os.O_RDONLY)
        for number in range(20):
            os.close(open_created(disk / str(number), b"bytes"))
        flush_filesystem(folder)
        cut_power(folder)
        os.close(folder)
    with power_on(image) as disk:
        assert [(disk / str(number)).read_bytes() for number in range(20)] == [b"bytes"] * 20


@pytest.mark.parametrize("name", ["staging/sealed", "clips/clip"])
def test_a_rename_that_was_reported_survives_a_power_cut_right_after_it(tmp_path: Path, name: str) -> None:
    image = make_disk(tmp_path / "disk.img")
    with power_on(image) as disk:
        make_directories(disk / "staging/clip")
        make_directories(disk / "clips")
        flush_filesystem(disk)
        folder = os.open(disk, os.O_RDONLY)
        rename_new(disk / "staging/clip", disk / name)
        cut_power(folder)
        os.close(folder)
    with power_on(image) as disk:
        assert (disk / name).is_dir()
        assert not (disk / "staging/clip").exists()


def test_a_directory_that_was_reported_survives_a_power_cut_right_after_it(tmp_path: Path) -> None:
    image = make_disk(tmp_path / "disk.img")
    with power_on(image) as disk:
        folder = os.open(disk, os.O_RDONLY)
        make_directories(disk / "2026/11/21")
        cut_power(folder)
        os.close(folder)
    with power_on(image) as disk:
        assert (disk / "2026/11/21").is_dir()


def test_a_directory_left_unflushed_by_a_killed_program_is_flushed_by_the_next_call(tmp_path: Path) -> None:
    image = make_disk(tmp_path / "disk.img")
    with power_on(image) as disk:
        folder = os.open(disk, os.O_RDONLY)
        (disk / "2026").mkdir()
        make_directories(disk / "2026")
        cut_power(folder)
        os.close(folder)
    with power_on(image) as disk:
        assert (disk / "2026").is_dir()


def test_flushes_together_all_run_and_a_failed_one_is_raised() -> None:
    ended: list[str] = []

    def failing() -> None:
        raise StoreFullError(path="full")

    with pytest.raises(StoreFullError):
        flush_together([failing, lambda: ended.append("second"), lambda: ended.append("third")])
    assert sorted(ended) == ["second", "third"]


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_flushes_together_never_succeed_when_one_ended_unexpectedly() -> None:
    def broken() -> None:
        raise ValueError("not about a store")

    with pytest.raises(RuntimeError):
        flush_together([lambda: None, broken])
