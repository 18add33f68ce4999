"""Reading evidence that may be hostile."""

import os
from pathlib import Path

import pytest

from bodycam_custody.audit.files import NotPermittedError, UnreadableError, list_folder, list_ledger, read_regular


def test_a_regular_file_is_read_whole(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"x" * 100_000)
    assert read_regular(tmp_path / "file") == b"x" * 100_000


def test_a_fifo_is_refused_without_waiting(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    with pytest.raises(UnreadableError, match="not a regular file"):
        read_regular(tmp_path / "fifo")


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"x")
    (tmp_path / "link").symlink_to("file")
    with pytest.raises(UnreadableError, match="symbolic links"):
        read_regular(tmp_path / "link")
    (tmp_path / "folder").symlink_to(tmp_path)
    with pytest.raises(UnreadableError, match="Not a directory"):
        list_folder(tmp_path / "folder")


def test_what_the_reader_may_not_read_says_nothing_about_the_evidence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Tests may run as root, whom no mode stops: so the kernel's refusal is put in its place."""

    def refuse(*_: object) -> int:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "open", refuse)
    for read in (read_regular, list_folder):
        with pytest.raises(NotPermittedError, match="Permission denied") as caught:
            read(tmp_path)
        assert caught.value.path == tmp_path


def test_a_file_beyond_the_limit_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"x" * 11)
    with pytest.raises(UnreadableError, match="larger than 10 bytes"):
        read_regular(tmp_path / "file", 10)
    assert read_regular(tmp_path / "file", 11) == b"x" * 11


def test_ledger_files_are_sorted_by_what_they_are(tmp_path: Path) -> None:
    names = ["checkpoint", "heads/7", "tile/0/000.p/7", "tile/1/x001/002", "tile/entries/000.p/7"]
    strays = ["heads/07", "tile/6/000", "tile/0/000.p/257", "tile/0/x000/001", "tile/entries/001.p/256", "notes.txt"]
    for name in [*names, *strays]:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    os.mkfifo(tmp_path / "tile/0/fifo")
    found = list_ledger(tmp_path)
    assert found.head_sizes == [7]
    assert found.tile_widths == {(0, 0): [7], (1, 1002): [256]}
    assert found.bundle_widths == {0: [7]}
    assert sorted(found.strays) == sorted(strays)
    assert found.specials == [("tile/0/fifo", "fifo")]


def test_a_path_beyond_the_kernels_limit_does_not_end_the_listing(tmp_path: Path) -> None:
    here = os.open(tmp_path, os.O_RDONLY)
    for _ in range(25):
        os.mkdir("d" * 200, dir_fd=here)
        below = os.open("d" * 200, os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = below
    os.close(here)
    (tmp_path / "heads").mkdir()
    (tmp_path / "heads/7").touch()
    found = list_ledger(tmp_path)
    assert found.head_sizes == [7]
    assert [reason for _, reason in found.unreadable] == ["File name too long"]
