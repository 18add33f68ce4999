"""A file system is known again by what is on the disk, not by where it is plugged in."""

import os
from pathlib import Path

import pytest

from archive.filesystem import FilesystemIdentity, filesystem_identity_of
from tests.archive.fake_host import FakeHost


def identity(kind: str = "ext4", fsid: str = "00aa", uuid: str | None = None) -> FilesystemIdentity:
    return FilesystemIdentity(kind=kind, fsid=fsid, uuid=uuid)


@pytest.fixture
def machine(tmp_path: Path) -> FakeHost:
    (tmp_path / "host").mkdir()
    machine = FakeHost(tmp_path / "host")
    machine.partition(machine.disk("sda", "8:0"), "sda1", "8:1")
    machine.mounted(tmp_path, "8:1", "ext4", "/dev/sda1")
    return machine


def test_equal_uuids_are_one_file_system_whatever_the_fsid() -> None:
    assert identity(fsid="1", uuid="f00d").is_same_as(identity(fsid="2", uuid="f00d"))


def test_different_uuids_are_two_file_systems() -> None:
    assert not identity(uuid="f00d").is_same_as(identity(uuid="beef"))


def test_another_kind_is_another_file_system() -> None:
    assert not identity(kind="ext4", uuid="f00d").is_same_as(identity(kind="xfs", uuid="f00d"))


@pytest.mark.parametrize("kind", ["ext2", "ext3", "ext4", "btrfs", "tmpfs", "zfs"])
def test_without_a_uuid_the_fsid_decides_where_it_is_made_from_the_disk(kind: str) -> None:
    assert not identity(kind, "1", "f00d").is_same_as(identity(kind, "2"))
    assert identity(kind, "1", "f00d").is_same_as(identity(kind, "1"))


@pytest.mark.parametrize("kind", ["xfs", "vfat", "exfat", "f2fs", "fuseblk"])
def test_an_fsid_made_from_the_device_number_decides_nothing(kind: str) -> None:
    assert identity(kind, "1").is_same_as(identity(kind, "2"))


def test_the_kind_and_fsid_come_from_the_kernel(tmp_path: Path, machine: FakeHost) -> None:
    found = filesystem_identity_of(tmp_path, machine.host)
    assert (found.kind, found.fsid, found.uuid) == ("ext4", f"{os.statvfs(tmp_path).f_fsid:016x}", None)


def test_the_uuid_comes_from_the_udev_database(tmp_path: Path, machine: FakeHost) -> None:
    machine.udev_uuid("8:1", "f00d-cafe")
    assert filesystem_identity_of(tmp_path, machine.host).uuid == "f00d-cafe"


def test_the_uuid_comes_from_the_links_where_there_is_no_database(tmp_path: Path, machine: FakeHost) -> None:
    machine.uuid_link("beef", machine.sysfs / "dev/block/8:0")
    machine.uuid_link("f00d-cafe", machine.sysfs / "dev/block/8:1")
    assert filesystem_identity_of(tmp_path, machine.host).uuid == "f00d-cafe"


def test_the_uuid_of_btrfs_is_that_of_the_device_it_names(tmp_path: Path, machine: FakeHost) -> None:
    machine.mounted(tmp_path, "0:35", "btrfs", "/dev/sda1")
    machine.udev_uuid("8:1", "f00d-cafe")
    assert filesystem_identity_of(tmp_path, machine.host).uuid == "f00d-cafe"


def test_an_identity_is_shown_by_its_best_mark() -> None:
    assert str(identity("xfs", "12", "f00d")) == "xfs f00d"
    assert str(identity("xfs", "12")) == "xfs 12"
