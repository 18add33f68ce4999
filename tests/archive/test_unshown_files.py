"""Files that are flushed together, and removed together when they were written in vain."""

import os
from pathlib import Path, PurePosixPath

import pytest

from archive.errors import ArchiveError
from archive.unshown_files import UnshownFiles
from tests.archive.power_cut import cut_power, make_disk, power_on


def write_all(files: UnshownFiles, count: int) -> None:
    for number in range(count):
        files.write(PurePosixPath(f"tile/{number % 3}/{number}"), b"bytes")


@pytest.mark.parametrize("count", [3, 100])
@pytest.mark.parametrize("whole_filesystem", [True, False])
def test_flushed_files_survive_a_power_cut(tmp_path: Path, count: int, whole_filesystem: bool) -> None:
    image = make_disk(tmp_path / "disk.img")
    with power_on(image) as disk:
        folder = os.open(disk, os.O_RDONLY)
        with UnshownFiles(disk, whole_filesystem=whole_filesystem) as files:
            write_all(files, count)
            files.flush()
            cut_power(folder)
        os.close(folder)
    with power_on(image) as disk:
        for number in range(count):
            assert (disk / f"tile/{number % 3}/{number}").read_bytes() == b"bytes"


def lose_power_before_the_flush(disk: Path, count: int) -> None:
    folder = os.open(disk, os.O_RDONLY)
    try:
        with UnshownFiles(disk, whole_filesystem=False) as files:
            write_all(files, count)
            cut_power(folder)
            files.flush()
    finally:
        os.close(folder)


@pytest.mark.parametrize("count", [3, 100])
def test_a_flush_that_fails_is_an_error(tmp_path: Path, count: int) -> None:
    with power_on(make_disk(tmp_path / "disk.img")) as disk, pytest.raises(ArchiveError):
        lose_power_before_the_flush(disk, count)


def write_and_fail(root: Path, names: list[str], *, flushed: bool) -> None:
    with UnshownFiles(root, whole_filesystem=False) as files:
        for name in names:
            files.write(PurePosixPath(name), b"new")
        if flushed:
            files.flush()
        raise RuntimeError("afterwards")


def test_an_error_before_the_flush_removes_what_was_made_and_keeps_what_was_there(tmp_path: Path) -> None:
    (tmp_path / "there").write_bytes(b"old")
    with pytest.raises(RuntimeError, match="afterwards"):
        write_and_fail(tmp_path, ["made", "there"], flushed=False)
    assert [path.name for path in tmp_path.iterdir()] == ["there"]


def test_an_error_after_the_flush_removes_nothing(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="afterwards"):
        write_and_fail(tmp_path, ["made"], flushed=True)
    assert (tmp_path / "made").read_bytes() == b"new"
