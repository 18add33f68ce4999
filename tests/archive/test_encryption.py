"""Encrypted means dm-crypt above every disk; what cannot be seen is not called encrypted."""

from pathlib import Path

import pytest

from archive.answers import Answer
from archive.encryption import is_encrypted
from tests.archive.fake_host import FakeHost

LUKS = {"dm__uuid": "CRYPT-LUKS2-0123-store"}
LVM = {"dm__uuid": "LVM-abc"}


@pytest.fixture
def machine(tmp_path: Path) -> FakeHost:
    (tmp_path / "host").mkdir()
    return FakeHost(tmp_path / "host")


def answer(machine: FakeHost, path: Path, number: str, filesystem: str = "ext4") -> Answer:
    machine.mounted(path, number, filesystem)
    return is_encrypted(path, machine.host)


def test_a_bare_disk_and_its_partition_are_not_encrypted(machine: FakeHost, tmp_path: Path) -> None:
    machine.partition(machine.disk("sda", "8:0"), "sda1", "8:1")
    assert answer(machine, tmp_path, "8:0") is Answer.NO
    assert answer(machine, tmp_path, "8:1") is Answer.NO


def test_a_luks_volume_is_encrypted(machine: FakeHost, tmp_path: Path) -> None:
    machine.composed("dm-0", "253:0", [machine.disk("sda", "8:0")], **LUKS)
    assert answer(machine, tmp_path, "253:0") is Answer.YES


def test_a_logical_volume_on_luks_is_encrypted_and_one_beside_it_is_not(machine: FakeHost, tmp_path: Path) -> None:
    luks = machine.composed("dm-0", "253:0", [machine.disk("sda", "8:0")], **LUKS)
    machine.composed("dm-1", "253:1", [luks], **LVM)
    machine.composed("dm-2", "253:2", [machine.disk("sdb", "8:16")], **LVM)
    assert answer(machine, tmp_path, "253:1") is Answer.YES
    assert answer(machine, tmp_path, "253:2") is Answer.NO


def test_one_plain_member_is_enough_not_to_be_encrypted(machine: FakeHost, tmp_path: Path) -> None:
    luks = machine.composed("dm-0", "253:0", [machine.disk("sda", "8:0")], **LUKS)
    machine.composed("md0", "9:0", [luks, machine.disk("sdb", "8:16")])
    assert answer(machine, tmp_path, "9:0") is Answer.NO


@pytest.mark.parametrize("filesystem", ["tmpfs", "nfs4", "fuse.sshfs"])
def test_what_has_no_block_device_cannot_be_told(machine: FakeHost, tmp_path: Path, filesystem: str) -> None:
    assert answer(machine, tmp_path, "0:40", filesystem) is Answer.CANNOT_TELL


def test_a_loop_device_is_what_its_file_lies_on(machine: FakeHost, tmp_path: Path) -> None:
    machine.composed("dm-0", "253:0", [machine.disk("sda", "8:0")], **LUKS)
    (tmp_path / "store").mkdir()
    (tmp_path / "image").touch()
    machine.disk("loop0", "7:0", loop__backing_file=str(tmp_path / "image"))
    machine.mounted(tmp_path / "image", "253:0", "ext4")
    machine.disk("loop1", "7:1", loop__backing_file=str(tmp_path / "no such file"))
    assert answer(machine, tmp_path, "7:1") is Answer.CANNOT_TELL
