"""R43: which physical disks a folder lies on, and honest about not knowing."""

import subprocess
from pathlib import Path

import pytest

from archive.answers import Answer
from archive.physical import PhysicalDevice, on_different_disks, physical_device_of
from tests.archive.fake_host import FakeHost
from tests.archive.loop_filesystem import small_ext4

NO_BLOCK_DEVICE = {"tmpfs": "tmpfs", "fuse.sshfs": "host:/x", "nfs4": "host:/x", "overlay": "overlay", "zfs": "pool/x"}


@pytest.fixture
def machine(tmp_path: Path) -> FakeHost:
    (tmp_path / "host").mkdir()
    return FakeHost(tmp_path / "host")


def disks_of(machine: FakeHost, path: Path) -> frozenset[str] | None:
    return physical_device_of(path, machine.host).disks


def test_a_partition_lies_on_its_whole_disk(machine: FakeHost, tmp_path: Path) -> None:
    machine.partition(machine.disk("sda", "8:0"), "sda1", "8:1")
    machine.mounted(tmp_path, "8:1", "ext4")
    assert physical_device_of(tmp_path, machine.host) == PhysicalDevice(filesystem="ext4", disks=frozenset({"sda"}))


def test_two_partitions_of_one_disk_are_not_different_disks(machine: FakeHost, tmp_path: Path) -> None:
    # R43
    disk = machine.disk("sda", "8:0")
    machine.partition(disk, "sda1", "8:1")
    machine.partition(disk, "sda2", "8:2")
    machine.mounted(tmp_path, "8:1", "ext4")
    first = physical_device_of(tmp_path, machine.host)
    machine.mounted(tmp_path, "8:2", "ext4")
    assert on_different_disks(first, physical_device_of(tmp_path, machine.host)) is Answer.NO


def test_two_disks_are_different_disks() -> None:
    first = PhysicalDevice(filesystem="ext4", disks=frozenset({"sda", "sdb"}))
    second = PhysicalDevice(filesystem="xfs", disks=frozenset({"sdc"}))
    assert on_different_disks(first, second) is Answer.YES


def test_one_shared_member_is_enough_not_to_be_different() -> None:
    first = PhysicalDevice(filesystem="ext4", disks=frozenset({"sda", "sdb"}))
    second = PhysicalDevice(filesystem="ext4", disks=frozenset({"sdb", "sdc"}))
    assert on_different_disks(first, second) is Answer.NO


def test_an_unknown_disk_is_neither_the_same_nor_another() -> None:
    known = PhysicalDevice(filesystem="ext4", disks=frozenset({"sda"}))
    unknown = PhysicalDevice(filesystem="tmpfs", disks=None)
    assert on_different_disks(known, unknown) is Answer.CANNOT_TELL
    assert on_different_disks(unknown, unknown) is Answer.CANNOT_TELL


def test_no_disk_at_all_is_not_an_answer() -> None:
    with pytest.raises(ValueError, match="no disk at all"):
        PhysicalDevice(filesystem="ext4", disks=frozenset())


def test_encrypted_volumes_and_raid_lie_on_all_their_members(machine: FakeHost, tmp_path: Path) -> None:
    members = [
        machine.partition(machine.disk(f"sd{n}", f"8:{i}"), f"sd{n}1", f"8:{i + 1}") for i, n in ((0, "a"), (16, "b"))
    ]
    raid = machine.composed("md0", "9:0", members)
    machine.composed("dm-0", "253:0", [raid])
    machine.mounted(tmp_path, "253:0", "ext4", "/dev/mapper/vault")
    assert disks_of(machine, tmp_path) == frozenset({"sda", "sdb"})


def test_devices_in_a_circle_cannot_be_told(machine: FakeHost, tmp_path: Path) -> None:
    folder = machine.composed("dm-0", "253:0", [])
    (folder / "slaves/dm-0").symlink_to(folder)
    machine.mounted(tmp_path, "253:0", "ext4")
    assert disks_of(machine, tmp_path) is None


def test_a_btrfs_subvolume_lies_on_all_devices_of_its_file_system(machine: FakeHost, tmp_path: Path) -> None:
    first, second = machine.disk("sda", "8:0"), machine.disk("sdb", "8:16")
    machine.disk("sdc", "8:32")
    machine.btrfs("f00d", [first, second])
    machine.mounted(tmp_path, "0:35", "btrfs", "/dev/sda")
    assert disks_of(machine, tmp_path) == frozenset({"sda", "sdb"})


def test_a_btrfs_on_a_mapped_device_is_found_by_its_mapped_name(machine: FakeHost, tmp_path: Path) -> None:
    vault = machine.composed("dm-3", "253:3", [machine.disk("sda", "8:0")], dm__name="vault")
    machine.btrfs("f00d", [vault])
    machine.mounted(tmp_path, "0:35", "btrfs", "/dev/mapper/vault")
    assert disks_of(machine, tmp_path) == frozenset({"sda"})


@pytest.mark.parametrize("kind", sorted(NO_BLOCK_DEVICE))
def test_what_has_no_block_device_cannot_be_told(machine: FakeHost, tmp_path: Path, kind: str) -> None:
    machine.disk("sda", "8:0")
    machine.mounted(tmp_path, "0:44", kind, NO_BLOCK_DEVICE[kind])
    assert physical_device_of(tmp_path, machine.host) == PhysicalDevice(filesystem=kind, disks=None)


@pytest.mark.parametrize("name", ["zram0", "ram0", "nbd0", "rbd0", "zd0"])
def test_memory_and_network_block_devices_cannot_be_told(machine: FakeHost, tmp_path: Path, name: str) -> None:
    machine.disk(name, "250:0", below="virtual")
    machine.mounted(tmp_path, "250:0", "ext4")
    assert disks_of(machine, tmp_path) is None


def test_an_iscsi_disk_cannot_be_told(machine: FakeHost, tmp_path: Path) -> None:
    machine.disk("sda", "8:0", below="platform/host3/session1/target3:0:0", device__wwid="naa.6001405")
    machine.mounted(tmp_path, "8:0", "ext4")
    assert disks_of(machine, tmp_path) is None


def test_two_paths_to_one_disk_are_one_disk(machine: FakeHost, tmp_path: Path) -> None:
    for name, number in (("sda", "8:0"), ("sdb", "8:16")):
        machine.disk(name, number, device__wwid="naa.5000c500a1b2c3d4")
    machine.mounted(tmp_path, "8:0", "ext4")
    first = physical_device_of(tmp_path, machine.host)
    machine.mounted(tmp_path, "8:16", "ext4")
    assert on_different_disks(first, physical_device_of(tmp_path, machine.host)) is Answer.NO


def test_two_namespaces_of_one_nvme_disk_are_one_disk(machine: FakeHost, tmp_path: Path) -> None:
    for name, number in (("nvme0n1", "259:0"), ("nvme0n2", "259:1")):
        below = "virtual/nvme-subsystem/nvme-subsys0"
        machine.disk(name, number, below=below, wwid=f"eui.{name}", device__serial="S1234")
    machine.mounted(tmp_path, "259:0", "ext4")
    first = physical_device_of(tmp_path, machine.host)
    machine.mounted(tmp_path, "259:1", "ext4")
    second = physical_device_of(tmp_path, machine.host)
    assert first.disks == frozenset({"S1234"})
    assert on_different_disks(first, second) is Answer.NO


def test_a_loop_device_whose_file_is_gone_cannot_be_told(machine: FakeHost, tmp_path: Path) -> None:
    machine.disk("loop0", "7:0", below="virtual", loop__backing_file=f"{tmp_path}/gone.img (deleted)")
    machine.mounted(tmp_path, "7:0", "ext4")
    assert disks_of(machine, tmp_path) is None


def test_a_device_that_sysfs_does_not_know_cannot_be_told(machine: FakeHost, tmp_path: Path) -> None:
    machine.mounted(tmp_path, "8:1", "ext4")
    assert disks_of(machine, tmp_path) is None


def test_two_loop_devices_on_one_disk_are_not_different_disks(tmp_path: Path) -> None:
    # R43, on the real machine
    below = physical_device_of(tmp_path)
    with small_ext4(tmp_path / "one.img") as one, small_ext4(tmp_path / "two.img") as two:
        first, second = physical_device_of(one), physical_device_of(two)
        assert one.stat().st_dev != two.stat().st_dev
    assert first == PhysicalDevice(filesystem="ext4", disks=below.disks)
    expected = Answer.CANNOT_TELL if below.disks is None else Answer.NO
    assert on_different_disks(first, second) is expected


def test_a_loop_device_in_memory_cannot_be_told(tmp_path: Path) -> None:
    memory = tmp_path / "memory"
    memory.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(memory)], capture_output=True)
    if mounted.returncode != 0:
        pytest.skip("this machine does not let us mount a tmpfs")
    try:
        assert physical_device_of(memory) == PhysicalDevice(filesystem="tmpfs", disks=None)
        with small_ext4(memory / "disk.img") as disk:
            assert physical_device_of(disk) == PhysicalDevice(filesystem="ext4", disks=None)
    finally:
        subprocess.run(["umount", "--lazy", str(memory)], check=True)


def test_a_path_that_is_not_there_has_no_disk(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        physical_device_of(tmp_path / "missing")
