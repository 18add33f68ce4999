"""Sealed bags become immutable, and the helper that does it can be talked into nothing else."""

import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from archive.keep_helper import QUESTION
from archive.keeping import Keeping, KeptBag, is_kept, keep_bags
from tests.archive.keep_service import Helper
from tests.archive.loop_filesystem import small_ext4


@pytest.fixture
def helper(tmp_path: Path) -> Iterator[Helper]:
    helper = Helper(tmp_path / "keep")
    yield helper
    helper.close()


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A disk whose filesystem has the flag; whatever was kept on it is let go again."""
    with small_ext4(tmp_path / "disk.img") as disk:
        yield disk
        subprocess.run(["chattr", "-R", "-i", disk], capture_output=True)


def make_bag(folder: Path) -> Path:
    """Return a folder that looks like a sealed bag."""
    for name in ("data/main.mp4", "custody/clip.json", "tagmanifest-sha256.txt", "tagmanifest-sha256.txt.sig"):
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(b"sealed")
        file.chmod(0o440)
    return folder


def kept(helper: Helper, *bags: Path) -> list[KeptBag]:
    return list(keep_bags(bags, helper.path))


def test_nobody_changes_removes_or_renames_a_kept_bag(helper: Helper, disk: Path) -> None:
    bag = make_bag(disk / "bag")
    assert kept(helper, bag) == [KeptBag(bag=bag, outcome=Keeping.KEPT, reason="")]
    assert is_kept(bag)
    for attempt in (
        (bag / "data/main.mp4").unlink,
        lambda: (bag / "data/main.mp4").write_bytes(b"other"),
        lambda: (bag / "custody/clip.json").chmod(0o640),
        lambda: (bag / "new").touch(),
        lambda: (bag / "data/new").touch(),
        lambda: bag.rename(disk / "elsewhere"),
    ):
        with pytest.raises(PermissionError):
            attempt()
    assert (bag / "data/main.mp4").read_bytes() == b"sealed"


def test_bags_that_are_kept_already_are_not_asked_about(helper: Helper, disk: Path) -> None:
    bags = [make_bag(disk / name) for name in ("one", "two")]
    assert [one.outcome for one in kept(helper, *bags)] == [Keeping.KEPT, Keeping.KEPT]
    assert helper.connections == 1
    assert kept(helper, *bags) == []
    assert helper.connections == 1


def test_a_bag_that_was_kept_in_part_is_kept_whole(helper: Helper, disk: Path) -> None:
    bag = make_bag(disk / "bag")
    subprocess.run(["chattr", "+i", bag / "data/main.mp4"], check=True)
    assert [one.outcome for one in kept(helper, bag)] == [Keeping.KEPT]


def test_a_filesystem_without_the_flag_is_told_apart(helper: Helper) -> None:
    if shutil.which("chattr") is None:
        pytest.skip("chattr is not installed (e2fsprogs), so what the test keeps could not be let go")
    # /dev/shm is a tmpfs on every Linux; newer kernels give it the flag.
    folder = Path("/dev/shm") / f"keeping-{os.getpid()}"
    make_bag(folder)
    try:
        (found,) = kept(helper, folder)
        assert found.outcome in {Keeping.CANNOT, Keeping.KEPT}
        assert (found.reason == "") is (found.outcome is Keeping.KEPT)
    finally:
        subprocess.run(["chattr", "-R", "-i", folder], capture_output=True)
        subprocess.run(["rm", "-r", folder], check=True)


def _unsealed(bag: Path) -> None:
    (bag / "tagmanifest-sha256.txt.sig").unlink()


def _writable(bag: Path) -> None:
    (bag / "data/main.mp4").chmod(0o640)


def _linked_twice(bag: Path) -> None:
    (bag.parent / "second").hardlink_to(bag / "data/main.mp4")


def _link(bag: Path) -> None:
    (bag / "data/link").symlink_to("/etc/passwd")


def _deep(bag: Path) -> None:
    (bag / "data/more/folders").mkdir(parents=True)


def _of_another(bag: Path) -> None:
    os.chown(bag / "data/main.mp4", 65534, 65534)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (_unsealed, "not a sealed bag: it has no signature"),
        (_writable, "a file in it is not sealed"),
        (_linked_twice, "a file in it is not sealed"),
        (_link, "something in it is neither file nor folder"),
        (_deep, "folders too deep for a bag"),
        (_of_another, "it belongs to somebody else"),
    ],
    ids=lambda value: getattr(value, "__name__", "").strip("_"),
)
def test_what_is_no_sealed_bag_of_the_caller_is_refused(
    helper: Helper, disk: Path, change: object, reason: str
) -> None:
    bag = make_bag(disk / "bag")
    assert callable(change)
    change(bag)
    (found,) = kept(helper, bag)
    assert (found.outcome, found.reason) == (Keeping.REFUSED, reason)
    flags = subprocess.run(["lsattr", "-R", disk], capture_output=True, text=True, check=True).stdout
    assert not any("i" in line.split()[0] for line in flags.splitlines() if line.startswith("-"))


def test_a_file_in_place_of_a_folder_and_no_file_at_all_are_refused(helper: Helper, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection, (tmp_path / "file").open() as file:
        connection.connect(str(helper.path))
        socket.send_fds(connection, [QUESTION], [file.fileno()])
        assert connection.recv(200) == b'{"outcome": "refused", "reason": "not a folder"}\n'
        connection.sendall(QUESTION)
        assert connection.recv(200) == b'{"outcome": "refused", "reason": "expected one open folder"}\n'


def test_without_the_service_nothing_is_kept(tmp_path: Path) -> None:
    bag = make_bag(tmp_path / "bag")
    with pytest.raises(FileNotFoundError):
        list(keep_bags([bag], tmp_path / "no service"))
    assert not is_kept(bag)
