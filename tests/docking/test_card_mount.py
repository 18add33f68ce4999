from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from docking.errors import CardGoneError
from docking.mount_errors import (
    CardNotMountedError,
    CardReplacedError,
    CardWritableError,
    FilesystemRefusedError,
    FolderCardRefusedError,
)
from docking.mounts import Mount
from docking.slips import DockSlip, check_card_mount
from tests.docking.test_slips import SLIP


def _slip(mount_point: Path, filesystem: str = "exfat") -> DockSlip:
    return replace(SLIP, mount_point=mount_point, filesystem=filesystem)


def _mount(mount_point: Path, filesystem: str = "exfat") -> Mount:
    return Mount(
        device="8:17",
        root=Path("/"),
        mount_point=mount_point,
        options=frozenset({"ro"}),
        filesystem=filesystem,
        source="/dev/sdb1",
        superblock_options=frozenset({"ro"}),
    )


def _sysfs(folder: Path, diskseq: str) -> Path:
    """A sysfs with one disk and its partition 8:17, as the kernel lays it out."""
    partition = folder / "devices" / "sdb" / "sdb1"
    partition.mkdir(parents=True)
    (partition.parent / "diskseq").write_text(diskseq)
    (folder / "dev" / "block").mkdir(parents=True)
    (folder / "dev" / "block" / "8:17").symlink_to(partition)
    return folder


@pytest.fixture
def read_only(tmp_path: Path, mount: Callable[..., Path]) -> Path:
    point = tmp_path / "read-only"
    point.mkdir()
    return mount(point, "-t", "tmpfs", "-o", "ro", "none")


def test_a_read_only_card_that_matches_its_slip_is_accepted(read_only: Path, tmp_path: Path) -> None:
    sysfs = _sysfs(tmp_path / "sys", "14\n")
    for filesystem in ("vfat", "exfat"):
        check_card_mount(
            _slip(read_only, filesystem),
            folder_cards_allowed=False,
            mounts=[_mount(read_only, filesystem)],
            sysfs=sysfs,
        )


def test_a_card_that_could_be_written_is_refused(tmp_path: Path) -> None:
    """mountinfo may say ro all it likes: the flag of the filesystem itself decides."""
    with pytest.raises(CardWritableError) as caught:
        check_card_mount(_slip(tmp_path), folder_cards_allowed=False, mounts=[_mount(tmp_path)])
    assert str(caught.value) == (
        f"{tmp_path}: expected a card mounted read-only, found it writable; it is not read, because reading could "
        "change it. Undock it and check the mount helper."
    )


def test_a_mount_point_with_nothing_mounted_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CardNotMountedError, match="expected a card to be mounted here, found nothing mounted"):
        check_card_mount(_slip(tmp_path), folder_cards_allowed=True)


def test_the_real_mounts_are_asked_when_none_are_given(read_only: Path) -> None:
    with pytest.raises(FilesystemRefusedError, match="expected filesystem exfat or vfat, found tmpfs"):
        check_card_mount(_slip(read_only), folder_cards_allowed=False)


@pytest.mark.parametrize("filesystem", ["ext4", "fuseblk", "ntfs3"])
def test_other_filesystems_are_refused_even_if_the_slip_names_them(tmp_path: Path, filesystem: str) -> None:
    with pytest.raises(FilesystemRefusedError, match=f"expected filesystem exfat or vfat, found {filesystem}"):
        check_card_mount(_slip(tmp_path, filesystem), folder_cards_allowed=False, mounts=[_mount(tmp_path, filesystem)])


def test_another_filesystem_than_the_slip_says_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FilesystemRefusedError, match="expected filesystem exfat, found vfat; this card is not read"):
        check_card_mount(_slip(tmp_path), folder_cards_allowed=False, mounts=[_mount(tmp_path, "vfat")])


def test_a_card_changed_since_its_slip_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CardReplacedError, match="expected disk sequence 14, found 15"):
        check_card_mount(
            _slip(tmp_path),
            folder_cards_allowed=False,
            mounts=[_mount(tmp_path)],
            sysfs=_sysfs(tmp_path / "sys", "15\n"),
        )


def test_a_mount_point_that_vanished_is_a_card_that_is_gone(tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    with pytest.raises(CardGoneError, match="No such file or directory"):
        check_card_mount(_slip(gone), folder_cards_allowed=False, mounts=[_mount(gone)])


def test_a_folder_is_a_card_only_where_that_is_said_out_loud(tmp_path: Path) -> None:
    check_card_mount(_slip(tmp_path, "folder"), folder_cards_allowed=True)
    with pytest.raises(FolderCardRefusedError) as caught:
        check_card_mount(_slip(tmp_path, "folder"), folder_cards_allowed=False)
    assert str(caught.value) == (
        f"{tmp_path}: expected a mounted card, found a plain folder. Use `custody import`, or set "
        "docking.folder_cards where folders are wanted (demonstration and tests)."
    )


def test_a_folder_card_must_be_a_folder_and_no_link(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "link").symlink_to(tmp_path)
    for name in ("file", "link", "none"):
        with pytest.raises(CardNotMountedError, match="found no plain folder"):
            check_card_mount(_slip(tmp_path / name, "folder"), folder_cards_allowed=True)
