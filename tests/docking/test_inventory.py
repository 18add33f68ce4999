import os
import socket
import stat
import subprocess
import sys
import unicodedata
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import fields
from pathlib import Path

import pytest

from docking.errors import CardGoneError, CardUnreadableError
from docking.inventory import MAX_DEPTH, FileType, SourceFile, SpecialFile, SpecialKind, take_inventory
from docking.profiles import RecorderProfile
from tests.docking.conftest import open_descriptors

NASTY_NAMES = [
    b"two\nlines.mp4",
    b"\xe2\x80\xaegpj.exe",  # RIGHT-TO-LEFT OVERRIDE makes this read as "exe.jpg"
    b"\xff\xfe not UTF-8 \x80.mp4",
    b"n" * 251 + b".mp4",
    b" leading and trailing ",
    b"back\\slash.mp4",
    b"-rf",
    unicodedata.normalize("NFC", "é.mp4").encode(),
    unicodedata.normalize("NFD", "é.mp4").encode(),
]


def _write(card: Path, path: bytes, content: bytes = b"x") -> None:
    target = card / os.fsdecode(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(content)


def _paths(card: Path) -> list[bytes]:
    return [file.path for file in take_inventory(card).files]


def _specials(card: Path) -> dict[bytes, SpecialKind]:
    return {special.path: special.kind for special in take_inventory(card).specials}


def _make_deep(card: Path, name: bytes, depth: int) -> None:
    """Make `depth` nested folders called `name`, with a file at the bottom, whatever the path length."""
    fd = os.open(card, os.O_RDONLY | os.O_DIRECTORY)
    for _ in range(depth):
        os.mkdir(name, dir_fd=fd)
        below = os.open(name, os.O_RDONLY | os.O_DIRECTORY, dir_fd=fd)
        os.close(fd)
        fd = below
    os.close(os.open(b"bottom.mp4", os.O_WRONLY | os.O_CREAT, 0o644, dir_fd=fd))
    os.close(fd)


@pytest.mark.parametrize("name", NASTY_NAMES, ids=ascii)
def test_a_nasty_name_is_listed_with_its_exact_bytes(card: Path, name: bytes) -> None:
    _write(card, b"DCIM/" + name, b"12345")
    (file,) = take_inventory(card).files
    assert (file.path, file.size_bytes) == (b"DCIM/" + name, 5)


def test_names_that_look_the_same_are_different_files(card: Path) -> None:
    for name in NASTY_NAMES:
        _write(card, name)
    assert _paths(card) == sorted(NASTY_NAMES)


def test_files_are_sorted_by_path_bytes_not_by_folder(card: Path) -> None:
    for path in (b"a/z", b"a.b", b"a/\xff", b"B", b"a0"):
        _write(card, path)
    assert _paths(card) == [b"B", b"a.b", b"a/z", b"a/\xff", b"a0"]


def test_every_type_and_size_is_listed_and_none_left_out(card: Path, profiles: dict[str, RecorderProfile]) -> None:
    # R2, R10, R27: photos, sound, foreign, unknown and empty files are custody objects like clips.
    expected = {
        b"a.MP4": FileType.VIDEO,
        b"b.wav": FileType.AUDIO,
        b"c.JPG": FileType.PHOTO,
        b"d.xml": FileType.SIDECAR,
        b"autorun.inf": FileType.FOREIGN,
        b"f.xyz": FileType.UNKNOWN,
        b"no extension": FileType.UNKNOWN,
        b".mp4": FileType.UNKNOWN,
    }
    for path in expected:
        _write(card, path, b"")
    inventory = take_inventory(card, profiles["generic"])
    assert {file.path: file.file_type for file in inventory.files} == expected
    assert take_inventory(card).classified_by(profiles["generic"]) == inventory
    assert all(file.file_type is FileType.UNKNOWN for file in take_inventory(card).files)


def test_size_and_mtime_are_what_the_filesystem_says(card: Path) -> None:
    for seconds in (0, 4_102_444_799):  # clocks in 1970 and 2099
        _write(card, b"%d.mp4" % seconds)
        os.utime(card / f"{seconds}.mp4", ns=(1, seconds * 10**9 + 7))
    assert {file.path: file.mtime_ns for file in take_inventory(card).files} == {
        b"0.mp4": 7,
        b"4102444799.mp4": 4_102_444_799 * 10**9 + 7,
    }


def test_a_sparse_terabyte_is_only_a_number(card: Path) -> None:
    _write(card, b"sparse.mp4")
    os.truncate(card / "sparse.mp4", 2**40)
    assert take_inventory(card).files[0].size_bytes == 2**40


def test_a_fifo_is_listed_and_not_waited_for(card: Path) -> None:
    os.mkfifo(card / "clip.mp4")
    assert _specials(card) == {b"clip.mp4": SpecialKind.FIFO}


def test_a_socket_is_listed(card: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(card / "s"))
        assert _specials(card) == {b"s": SpecialKind.SOCKET}


@pytest.mark.parametrize(
    ("mode", "kind"), [(stat.S_IFCHR, SpecialKind.CHAR_DEVICE), (stat.S_IFBLK, SpecialKind.BLOCK_DEVICE)]
)
def test_a_device_node_is_listed_and_not_opened(card: Path, mode: int, kind: SpecialKind) -> None:
    try:
        os.mknod(card / "tape.mp4", mode | 0o666, os.makedev(240, 99))
    except PermissionError:
        pytest.skip("making device nodes takes root")
    assert _specials(card) == {b"tape.mp4": kind}


def test_symbolic_links_are_listed_and_not_followed(card: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret.mp4").touch()
    (card / "file.mp4").symlink_to("/etc/passwd")
    (card / "folder").symlink_to(outside)
    (card / "dangling").symlink_to("nowhere")
    (card / "DCIM").mkdir()
    (card / "DCIM" / "loop").symlink_to("..")
    assert take_inventory(card).files == ()
    assert _specials(card) == dict.fromkeys((b"file.mp4", b"folder", b"dangling", b"DCIM/loop"), SpecialKind.SYMLINK)


def test_a_folder_that_is_its_own_ancestor_is_listed_once(card: Path, mount: Callable[..., Path]) -> None:
    (card / "loop").mkdir()
    _write(card, b"a.mp4")
    mount(card / "loop", "--bind", str(card))
    assert _paths(card) == [b"a.mp4"]
    assert _specials(card) == {b"loop": SpecialKind.DIRECTORY_LOOP}


def test_another_filesystem_on_the_card_is_listed_and_not_entered(card: Path, mount: Callable[..., Path]) -> None:
    (card / "inner").mkdir()
    mount(card / "inner", "-t", "tmpfs", "none")
    _write(card, b"inner/a.mp4")
    before = open_descriptors()
    assert take_inventory(card).files == ()
    assert _specials(card) == {b"inner": SpecialKind.OTHER_FILESYSTEM}
    assert open_descriptors() == before


def test_fifteen_hundred_nested_folders_are_walked(card: Path) -> None:
    _make_deep(card, b"d", 1500)
    _write(card, b"after.mp4")
    assert _paths(card) == [b"after.mp4", b"d/" * 1500 + b"bottom.mp4"]


def test_a_card_nested_without_end_is_walked_to_a_limit_and_says_where(card: Path) -> None:
    _make_deep(card, b"d", MAX_DEPTH + 5)
    _write(card, b"after.mp4")
    assert _paths(card) == [b"after.mp4"]
    assert _specials(card) == {b"/".join([b"d"] * (MAX_DEPTH + 1)): SpecialKind.UNREADABLE_DIRECTORY}


def test_a_path_longer_than_the_kernel_accepts_is_walked(card: Path) -> None:
    _make_deep(card, b"n" * 200, 40)
    assert _paths(card) == [(b"n" * 200 + b"/") * 40 + b"bottom.mp4"]


def test_the_walk_holds_few_descriptors(card: Path) -> None:
    _make_deep(card, b"d", 200)
    code = (
        "import resource, sys; from pathlib import Path; resource.setrlimit(resource.RLIMIT_NOFILE, (12, 12));"
        "from docking.inventory import take_inventory; print(len(take_inventory(Path(sys.argv[1])).files))"
    )
    done = subprocess.run([sys.executable, "-c", code, card], capture_output=True, text=True, check=True)
    assert done.stdout == "1\n"


def test_a_hundred_folders_of_files_are_all_listed(card: Path) -> None:
    expected = []
    for folder in range(100):
        (card / f"{folder:03}").mkdir()
        for number in range(50):
            (card / f"{folder:03}" / f"{number:04}.mp4").touch()
            expected.append(b"%03d/%04d.mp4" % (folder, number))
    assert _paths(card) == expected


def test_a_folder_that_cannot_be_read_is_listed_as_such(
    card: Path, as_ordinary_user: Callable[[], AbstractContextManager[None]]
) -> None:
    _write(card, b"shut/a.mp4")
    _write(card, b"open/b.mp4")
    (card / "shut").chmod(0)
    with as_ordinary_user():
        inventory = take_inventory(card)
    assert [file.path for file in inventory.files] == [b"open/b.mp4"]
    assert inventory.specials == (SpecialFile(path=b"shut", kind=SpecialKind.UNREADABLE_DIRECTORY),)
    (card / "shut").chmod(0o755)


def test_a_folder_that_may_be_listed_but_not_searched_hides_no_name(
    card: Path, as_ordinary_user: Callable[[], AbstractContextManager[None]]
) -> None:
    # R11: what cannot even be looked at is still part of the difference to explain.
    _write(card, b"top/half/a.mp4")
    _write(card, b"top/other/b.mp4")
    (card / "top" / "half").chmod(0o444)
    with as_ordinary_user():
        inventory = take_inventory(card)
    assert [file.path for file in inventory.files] == [b"top/other/b.mp4"]
    assert inventory.specials == (SpecialFile(path=b"top/half/a.mp4", kind=SpecialKind.UNREADABLE_ENTRY),)
    (card / "top" / "half").chmod(0o755)


def test_an_empty_card_that_is_still_there_has_an_empty_inventory(card: Path) -> None:
    inventory = take_inventory(card)
    assert (inventory.files, inventory.specials) == ((), ())


def test_a_card_that_is_not_there_says_so(card: Path) -> None:
    with pytest.raises(CardGoneError) as caught:
        take_inventory(card / "gone")
    assert str(caught.value) == (
        f"{card}/gone: the card is no longer there (No such file or directory). Nothing may be concluded about its "
        "files: dock it again, what is already sealed stays sealed."
    )


def test_a_root_that_is_no_folder_is_refused(card: Path) -> None:
    _write(card, b"file")
    (card / "link").symlink_to(card)
    for name in ("file", "link"):
        with pytest.raises(CardUnreadableError, match=r"expected a folder that can be listed, found: Not a directory"):
            take_inventory(card / name)


def test_a_root_that_may_not_be_listed_is_refused(
    card: Path, as_ordinary_user: Callable[[], AbstractContextManager[None]]
) -> None:
    card.chmod(0)
    with as_ordinary_user(), pytest.raises(CardUnreadableError, match="Permission denied"):
        take_inventory(card)


class _DuringTheWalk(RecorderProfile):
    """A profile that does something to the card when the first file is classified, that is in mid-walk."""

    __slots__ = ("act",)
    act: Callable[[], object]

    def file_type(self, path: bytes) -> FileType:
        self.act()
        return RecorderProfile.file_type(self, path)


def _acting(profile: RecorderProfile, act: Callable[[], object]) -> RecorderProfile:
    acting = _DuringTheWalk(**{field.name: getattr(profile, field.name) for field in fields(profile)})
    object.__setattr__(acting, "act", act)
    return acting


def test_a_card_unmounted_during_the_walk_is_gone_not_short(
    card: Path, mount: Callable[..., Path], profiles: dict[str, RecorderProfile]
) -> None:
    mount(card, "-t", "tmpfs", "none")
    _write(card, b"a.mp4")
    pull = _acting(profiles["generic"], lambda: subprocess.run(["umount", "-l", card], check=True))
    with pytest.raises(CardGoneError, match="another folder stands there now"):
        take_inventory(card, pull)


def test_a_card_removed_during_the_walk_is_gone(card: Path, profiles: dict[str, RecorderProfile]) -> None:
    root = card / "root"
    _write(root, b"a.mp4")
    with pytest.raises(CardGoneError, match="No such file or directory"):
        take_inventory(root, _acting(profiles["generic"], lambda: root.rename(card / "elsewhere")))


def test_a_card_whose_device_left_is_gone_even_if_it_lists_as_empty(tmp_path: Path) -> None:
    if os.major(tmp_path.stat().st_dev) == 0:
        pytest.skip("the temporary folder has no block device")
    (tmp_path / "sys" / "dev" / "block" / "999:0").mkdir(parents=True)
    (tmp_path / "card").mkdir()
    with pytest.raises(CardGoneError, match="its device left the machine"):
        take_inventory(tmp_path / "card", sysfs=tmp_path / "sys")


def test_folders_moved_during_the_walk_are_not_listed_in_the_wrong_place(
    card: Path, profiles: dict[str, RecorderProfile]
) -> None:
    _write(card, b"a/b/c.mp4")
    (card / "z").mkdir()

    def move() -> None:
        if (card / "a" / "b").exists():
            (card / "a" / "b").rename(card / "z" / "b")

    with pytest.raises(CardUnreadableError, match="folders were moved while they were being listed"):
        take_inventory(card, _acting(profiles["generic"], move))


def test_a_card_that_fails_because_it_left_is_gone_not_unreadable(
    card: Path, profiles: dict[str, RecorderProfile]
) -> None:
    root = card / "root"
    _write(root, b"a/b/c.mp4")

    def scatter() -> None:
        (root / "a" / "b").rename(card / "b")
        root.rename(card / "elsewhere")

    with pytest.raises(CardGoneError):
        take_inventory(root, _acting(profiles["generic"], scatter))


def test_the_inventory_leaks_no_descriptor(card: Path) -> None:
    _write(card, b"a/b.mp4")
    (card / "link").symlink_to("a")
    before = open_descriptors()
    take_inventory(card)
    assert open_descriptors() == before


def test_a_bare_worker_loads_no_heavy_module() -> None:
    heavy = {"tomllib", "watchdog", "zoneinfo", "json", "logging", "cryptography", "importlib.resources", "asyncio"}
    code = "import sys, docking.inventory; print(*sorted(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert heavy & set(done.stdout.split()) == set()


def test_source_files_are_values() -> None:
    file = SourceFile(path=b"a", size_bytes=1, mtime_ns=2, changed_ns=3, file_type=FileType.VIDEO)
    assert file == SourceFile(path=b"a", size_bytes=1, mtime_ns=2, changed_ns=3, file_type=FileType.VIDEO)
