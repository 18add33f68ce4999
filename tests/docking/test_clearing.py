"""Removing receipted files: everything is read and compared first, and nothing else is touched (R40)."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from docking.clearing import ReceiptedFile, remove, require_looks_unchanged, require_unchanged
from docking.clearing_errors import FileNotReceiptedError
from docking.errors import DockingError, NotARegularFileError, SourceUnreadableError
from hashing.digest import Digest

CONTENT = {b"DCIM/a.mp4": b"first", b"DCIM/sub/b.mp4": b"second", b"c.xml": b""}


@pytest.fixture
def root_fd(card: Path) -> Iterator[int]:
    for name, data in CONTENT.items():
        path = card / os.fsdecode(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    (card / "foreign.exe").write_bytes(b"not ours")
    descriptor = os.open(card, os.O_RDONLY | os.O_DIRECTORY)
    yield descriptor
    os.close(descriptor)


def receipted(card: Path) -> list[ReceiptedFile]:
    return [
        ReceiptedFile(
            number=number,
            path=name,
            size_bytes=len(data),
            mtime_ns=(card / os.fsdecode(name)).stat().st_mtime_ns,
            sha256=Digest.of(data),
        )
        for number, (name, data) in enumerate(CONTENT.items())
    ]


def files_on(card: Path) -> set[str]:
    return {str(path.relative_to(card)) for path in card.rglob("*") if not path.is_dir()}


def test_receipted_files_go_one_by_one_and_everything_else_stays(card: Path, root_fd: int) -> None:
    files, passed, removed = receipted(card), [], []
    require_unchanged(root_fd, files, on_file=lambda file: passed.append(file.number))
    require_looks_unchanged(root_fd, files)
    remove(root_fd, files, on_removed=lambda file: removed.append((file.number, len(files_on(card)))))
    assert passed == [0, 1, 2]
    assert removed == [(0, 3), (1, 2), (2, 1)]
    assert files_on(card) == {"foreign.exe"}
    assert (card / "DCIM/sub").is_dir()


def other_bytes(path: Path) -> None:
    before = path.stat()
    path.write_bytes(b"FIRST")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def longer(path: Path) -> None:
    before = path.stat()
    path.write_bytes(b"first and more")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def later(path: Path) -> None:
    os.utime(path, ns=(0, path.stat().st_mtime_ns + 2_000_000_000))


def link(path: Path) -> None:
    path.rename(path.with_name("aside"))
    path.symlink_to("aside")


def pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


CHANGES: list[tuple[Callable[[Path], None], type[DockingError], str]] = [
    (other_bytes, FileNotReceiptedError, "sha256"),
    (longer, FileNotReceiptedError, "size 5, the card says 14"),
    (later, FileNotReceiptedError, "time of change"),
    (link, NotARegularFileError, "symlink"),
    (pipe, NotARegularFileError, "fifo"),
    (lambda path: path.unlink(), SourceUnreadableError, "No such file"),
]


@pytest.mark.parametrize(("change", "error", "said"), CHANGES, ids=["bytes", "size", "time", "link", "pipe", "gone"])
def test_any_change_is_found_before_anything_is_removed(
    card: Path, root_fd: int, change: Callable[[Path], None], error: type[DockingError], said: str
) -> None:
    files = receipted(card)
    change(card / "DCIM/a.mp4")
    with pytest.raises(error, match=said):
        require_unchanged(root_fd, files, on_file=lambda _: None)


@pytest.mark.parametrize(("change", "error", "said"), CHANGES[1:], ids=["size", "time", "link", "pipe", "gone"])
def test_the_last_look_finds_what_changed_since_the_reading(
    card: Path, root_fd: int, change: Callable[[Path], None], error: type[DockingError], said: str
) -> None:
    files = receipted(card)
    change(card / "DCIM/a.mp4")
    with pytest.raises(error):
        require_looks_unchanged(root_fd, files)


def test_a_file_that_changes_while_others_are_removed_stays_with_all_after_it(card: Path, root_fd: int) -> None:
    files, removed = receipted(card), []

    def on_removed(file: ReceiptedFile) -> None:
        removed.append(file.number)
        later(card / "DCIM/sub/b.mp4")

    with pytest.raises(FileNotReceiptedError):
        remove(root_fd, files, on_removed=on_removed)
    assert removed == [0]
    assert files_on(card) == {"DCIM/sub/b.mp4", "c.xml", "foreign.exe"}


def test_a_folder_that_becomes_a_link_leads_nowhere(card: Path, root_fd: int) -> None:
    files = receipted(card)
    (card / "DCIM").rename(card / "aside")
    (card / "DCIM").symlink_to("aside")
    with pytest.raises(NotARegularFileError, match="symlink"):
        remove(root_fd, files, on_removed=lambda _: None)
    assert (card / "aside/a.mp4").exists()
