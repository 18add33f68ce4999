import os
import socket
import stat
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from docking.errors import CardGoneError, NotARegularFileError, SourceUnreadableError
from docking.inventory import open_regular, take_inventory
from tests.docking.conftest import open_descriptors


@pytest.fixture
def root_fd(card: Path) -> Iterator[int]:
    fd = os.open(card, os.O_RDONLY | os.O_DIRECTORY)
    yield fd
    os.close(fd)


def _content(root_fd: int, path: bytes) -> bytes:
    with os.fdopen(open_regular(root_fd, path), "rb") as stream:
        return stream.read()


@pytest.mark.parametrize("name", [b"a\nb.mp4", b"\xe2\x80\xae.mp4", b"\xff.mp4", b"n" * 255, b" ", b"...", b"-"])
def test_a_file_is_opened_by_its_exact_bytes(card: Path, root_fd: int, name: bytes) -> None:
    (card / "DCIM").mkdir()
    with open(os.path.join(os.fsencode(card), b"DCIM", name), "wb") as stream:
        stream.write(name)
    assert _content(root_fd, b"DCIM/" + name) == name


def test_every_listed_file_opens_however_deep_it_lies(card: Path, root_fd: int) -> None:
    fd = os.dup(root_fd)
    for _ in range(40):
        os.mkdir(b"n" * 200, dir_fd=fd)
        below = os.open(b"n" * 200, os.O_RDONLY, dir_fd=fd)
        os.close(fd)
        fd = below
    os.close(os.open(b"a.mp4", os.O_WRONLY | os.O_CREAT, 0o644, dir_fd=fd))
    os.close(fd)
    (file,) = take_inventory(card).files
    assert len(file.path) > 4096
    assert _content(root_fd, file.path) == b""


def test_the_descriptor_can_only_read_and_is_not_inherited(card: Path, root_fd: int) -> None:
    (card / "a").write_bytes(b"x")
    fd = open_regular(root_fd, b"a")
    assert not os.get_inheritable(fd)
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.write(fd, b"y")
    os.close(fd)


def test_a_fifo_is_refused_without_waiting(card: Path, root_fd: int) -> None:
    os.mkfifo(card / "clip\n.mp4")
    with pytest.raises(NotARegularFileError) as caught:
        open_regular(root_fd, b"clip\n.mp4")
    assert str(caught.value) == "clip\\n.mp4: expected a regular file, found fifo; it is listed and not opened."


def test_a_socket_and_a_folder_are_refused(card: Path, root_fd: int) -> None:
    (card / "d").mkdir()
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(card / "s"))
        with pytest.raises(NotARegularFileError, match="found socket"):
            open_regular(root_fd, b"s")
    with pytest.raises(NotARegularFileError, match="found directory"):
        open_regular(root_fd, b"d")


def test_a_device_node_is_refused_unopened(card: Path, root_fd: int) -> None:
    try:
        # No driver has this number, so an attempt to open it would answer ENXIO, that is CardGoneError.
        os.mknod(card / "tape", stat.S_IFCHR | 0o666, os.makedev(240, 99))
    except PermissionError:
        pytest.skip("making device nodes takes root")
    with pytest.raises(NotARegularFileError, match="found char-device"):
        open_regular(root_fd, b"tape")


def test_a_symbolic_link_is_refused_as_file_and_on_the_way(card: Path, root_fd: int) -> None:
    (card / "DCIM").mkdir()
    (card / "DCIM" / "a.mp4").touch()
    (card / "link.mp4").symlink_to("DCIM/a.mp4")
    (card / "way").symlink_to("DCIM")
    for path in (b"link.mp4", b"way/a.mp4"):
        with pytest.raises(NotARegularFileError, match="found symlink"):
            open_regular(root_fd, path)


def test_a_file_on_another_filesystem_is_refused(card: Path, root_fd: int, mount: Callable[..., Path]) -> None:
    (card / "inner").mkdir()
    mount(card / "inner", "-t", "tmpfs", "none")
    (card / "inner" / "a.mp4").touch()
    with pytest.raises(NotARegularFileError, match="found other-filesystem"):
        open_regular(root_fd, b"inner/a.mp4")


@pytest.mark.parametrize("path", [b"", b"/etc/passwd", b"../x", b"a/../b", b"a//b", b"./a", b"a/", b"a\0b"])
def test_a_path_that_is_not_plain_is_misuse(root_fd: int, path: bytes) -> None:
    with pytest.raises(ValueError, match="not a relative path of plain names"):
        open_regular(root_fd, path)


def test_a_file_that_is_missing_says_so_while_the_card_is_there(root_fd: int) -> None:
    with pytest.raises(SourceUnreadableError) as caught:
        open_regular(root_fd, b"DCIM/\xff.mp4")
    assert str(caught.value) == (
        "DCIM/\\xff.mp4: the file cannot be opened (No such file or directory). The other files are not affected; "
        "dock the card again."
    )


def test_a_file_where_a_folder_should_be_is_not_called_a_link(card: Path, root_fd: int) -> None:
    (card / "a").touch()
    with pytest.raises(SourceUnreadableError, match="Not a directory"):
        open_regular(root_fd, b"a/b")


def test_a_file_that_may_not_be_read_says_so(
    card: Path, root_fd: int, as_ordinary_user: Callable[[], AbstractContextManager[None]]
) -> None:
    (card / "a").touch(mode=0)
    with as_ordinary_user(), pytest.raises(SourceUnreadableError, match="Permission denied"):
        open_regular(root_fd, b"a")


def test_a_removed_card_is_gone_rather_than_its_file(card: Path) -> None:
    root = card / "root"
    root.mkdir()
    fd = os.open(root, os.O_RDONLY)
    root.rmdir()
    with pytest.raises(CardGoneError, match="the card is no longer there"):
        open_regular(fd, b"a.mp4")
    os.close(fd)


def test_a_card_whose_device_left_is_gone(tmp_path: Path) -> None:
    if os.major(tmp_path.stat().st_dev) == 0:
        pytest.skip("the temporary folder has no block device")
    (tmp_path / "dev" / "block" / "999:0").mkdir(parents=True)
    fd = os.open(tmp_path, os.O_RDONLY)
    with pytest.raises(CardGoneError):
        open_regular(fd, b"a.mp4", sysfs=tmp_path)
    os.close(fd)


def test_opening_leaks_no_descriptor(card: Path, root_fd: int) -> None:
    (card / "d").mkdir()
    os.mkfifo(card / "d" / "fifo")
    before = open_descriptors()
    for path in (b"d/fifo", b"d/none", b"none/a", b"d"):
        with pytest.raises((NotARegularFileError, SourceUnreadableError)):
            open_regular(root_fd, path)
    assert open_descriptors() == before
