"""Opening a mounted card for writing: only for whoever opens it, and closed again whatever happens."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from docking.card_access import empty_folder, is_device_read_only, require_nobody_writes, restore
from docking.clearing_errors import CardInUseError
from docking.mounting import SAFE_OPTIONS, set_read_only
from docking.mounts import mount_at, read_mounts
from tests.docking.loop_card import LoopCard, mount_there, plugged_in

# What is tried is the kernel's handling of mounts, which is the same for every filesystem of a disk; ext4 is one that
# every kernel has. Without a journal, so that reading it changes nothing.
FILESYSTEM = "ext4"

_PROGRAM = """
import os, sys
from pathlib import Path
from docking.card_access import close_for_writing, held, hide_mounts, mounted_apart, open_for_writing, restore

point, node, own, verb = (*map(Path, sys.argv[1:4]), sys.argv[4])
hide_mounts()
def told(word):
    print(word, flush=True)
    sys.stdin.readline()
if verb == "restore":
    print(restore(point, node, own))
    sys.exit()
with mounted_apart(point, own):
    root = os.open(own, os.O_RDONLY | os.O_DIRECTORY)
    told("apart")
    with held(node):
        open_for_writing(own, node)
        told("open")
        os.unlink("a.mp4", dir_fd=root)
        told("removed")
        os.close(root)
        close_for_writing(own, node)
    told(f"closed {sorted(os.listdir(own))}")
"""


@pytest.fixture
def card(tmp_path: Path) -> Iterator[LoopCard]:
    """A card with two files, mounted read-only on a device that refuses writes, as the mount helper leaves it."""
    with plugged_in(tmp_path, FILESYSTEM) as card:
        mount_there(card, "-o", "rw")
        for name in ("a.mp4", "b.mp4"):
            (card.mount_point / name).write_bytes(b"x")
        subprocess.run(["umount", card.mount_point], check=True)
        set_read_only(card.node)
        mount_there(card, "-o", ",".join([*SAFE_OPTIONS, "noload"]))
        yield card


@contextmanager
def program(card: LoopCard, folder: Path, verb: str = "clear") -> Iterator["subprocess.Popen[str]"]:
    own = folder / "own"
    own.mkdir(exist_ok=True)
    command = [sys.executable, "-c", _PROGRAM, str(card.mount_point), str(card.node), str(own), verb]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def go_on(process: "subprocess.Popen[str]") -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def tell(process: "subprocess.Popen[str]") -> None:
    assert process.stdin is not None
    process.stdin.write("\n")
    process.stdin.flush()


def is_read_only_for_others(card: LoopCard) -> bool:
    found = mount_at(read_mounts(), card.mount_point)
    assert found is not None
    try:
        (card.mount_point / "new").write_bytes(b"x")
    except OSError:
        return "ro" in found.options and bool(os.statvfs(card.mount_point).f_flag & os.ST_RDONLY)
    return False


def superblock(card: LoopCard) -> str:
    found = mount_at(read_mounts(), card.mount_point)
    assert found is not None
    return "ro" if "ro" in found.superblock_options else "rw"


def test_only_the_program_can_write_and_only_while_it_is_open(card: LoopCard, tmp_path: Path) -> None:
    require_nobody_writes(card.mount_point, card.node)
    before = mount_at(read_mounts(), card.mount_point)
    states = {}
    with program(card, tmp_path) as process:
        for step in ("apart", "open", "removed", "closed ['b.mp4', 'lost+found']"):
            assert go_on(process) == step
            states[step.split()[0]] = (superblock(card), is_read_only_for_others(card))
            tell(process)
        process.wait(20)
    assert states == {"apart": ("ro", True), "open": ("rw", True), "removed": ("rw", True), "closed": ("ro", True)}
    # Whoever watches the mounts sees neither a removal nor a new card.
    assert mount_at(read_mounts(), card.mount_point) == before
    require_nobody_writes(card.mount_point, card.node)
    assert sorted(path.name for path in card.mount_point.iterdir()) == ["b.mp4", "lost+found"]


def test_what_was_removed_is_gone_from_the_disk_itself(card: LoopCard, tmp_path: Path) -> None:
    with program(card, tmp_path) as process:
        for _ in range(4):
            go_on(process)
            tell(process)
        process.wait(20)
    subprocess.run(["umount", card.mount_point], check=True)
    mount_there(card, "-o", ",".join([*SAFE_OPTIONS, "noload"]))
    assert not (card.mount_point / "a.mp4").exists()
    assert (card.mount_point / "b.mp4").exists()


def test_a_card_that_a_killed_program_left_open_is_closed_again(card: LoopCard, tmp_path: Path) -> None:
    with program(card, tmp_path) as process:
        for step in ("apart", "open"):
            assert go_on(process) == step
            tell(process)
        assert go_on(process) == "removed"
    assert not is_device_read_only(card.node)
    with pytest.raises(CardInUseError, match="rw"):
        require_nobody_writes(card.mount_point, card.node)
    for expected in ("True", "False"):
        with program(card, tmp_path, "restore") as process:
            assert go_on(process) == expected
            process.wait(20)
    require_nobody_writes(card.mount_point, card.node)


def test_a_card_that_a_living_program_has_open_is_not_closed(card: LoopCard, tmp_path: Path) -> None:
    with program(card, tmp_path) as process:
        for step in ("apart", "open"):
            assert go_on(process) == step
            tell(process)
        assert go_on(process) == "removed"
        own = tmp_path / "other"
        own.mkdir()
        with pytest.raises(CardInUseError, match="flock"):
            restore(card.mount_point, card.node, own)
        assert superblock(card) == "rw"


def test_a_card_somebody_else_could_write_to_is_found(card: LoopCard) -> None:
    subprocess.run(["blockdev", "--setrw", card.node], check=True)
    with pytest.raises(CardInUseError, match=card.node.name):
        require_nobody_writes(card.mount_point, card.node)
    with pytest.raises(CardInUseError, match="no mount"):
        require_nobody_writes(card.mount_point.parent, card.node)


def test_the_mounts_of_the_program_are_its_own(card: LoopCard, tmp_path: Path) -> None:
    with program(card, tmp_path) as process:
        assert go_on(process) == "apart"
        assert mount_at(read_mounts(), tmp_path / "own") is None


def test_the_folder_for_a_mount_is_never_removed_with_what_is_in_it(caplog: pytest.LogCaptureFixture) -> None:
    # Where unmounting fails, the card itself is what is in it.
    with empty_folder() as own:
        (own / "footage.mp4").write_bytes(b"x")
    try:
        assert (own / "footage.mp4").read_bytes() == b"x"
        assert f"folder is left folder={own} reason=Directory not empty" in caplog.text
    finally:
        (own / "footage.mp4").unlink()
        own.rmdir()


def test_the_folder_for_a_mount_is_gone_afterwards() -> None:
    with empty_folder() as own:
        assert own.is_dir()
    assert not own.exists()
