"""R43, R7: copies on disks of their own, and no store in a personal folder."""

from pathlib import Path

import pytest

from archive.answers import Answer
from archive.errors import DiskUnprovenError, SharedDiskError, StoreUnderHomeError
from archive.placement import reject_home_directory, reject_shared_disks
from archive.store import StoreId, StoreLocation, StoreRole
from tests.archive.fake_host import FakeHost
from tests.archive.loop_filesystem import small_ext4


def location(store_id: str, path: Path) -> StoreLocation:
    return StoreLocation(store_id=StoreId(store_id), path=path, role=StoreRole.REPLICA)


@pytest.fixture
def machine(tmp_path: Path) -> FakeHost:
    (tmp_path / "host").mkdir()
    return FakeHost(tmp_path / "host")


def test_stores_on_one_disk_are_refused_with_the_article(machine: FakeHost, tmp_path: Path) -> None:
    # R43
    machine.partition(machine.disk("sda", "8:0"), "sda1", "8:1")
    machine.mounted(tmp_path, "8:1", "ext4")
    stores = [location("primary", tmp_path / "not/yet/made"), location("backup", tmp_path)]
    with pytest.raises(SharedDiskError) as caught:
        reject_shared_disks(stores, accepted=False, host=machine.host)
    assert str(caught.value) == (
        "Stores primary and backup both lie on the disk sda; A3 art. 7 asks for copies on other storage devices. "
        "Put one on another disk, or accept the risk in the configuration: accepted_risks.stores_on_one_disk = true."
    )
    assert reject_shared_disks(stores, accepted=True, host=machine.host) is Answer.NO


def test_stores_whose_disks_cannot_be_told_are_refused(machine: FakeHost, tmp_path: Path) -> None:
    # R43
    machine.mounted(tmp_path, "0:44", "nfs4", "host:/x")
    stores = [location("primary", tmp_path), location("backup", tmp_path)]
    with pytest.raises(DiskUnprovenError) as caught:
        reject_shared_disks(stores, accepted=False, host=machine.host)
    assert str(caught.value) == (
        "Stores primary and backup: cannot tell which disks they lie on (nfs4); A3 art. 7 asks for copies on other "
        "storage devices. Use local disks, or accept the risk in the configuration: "
        "accepted_risks.stores_on_one_disk = true."
    )
    assert reject_shared_disks(stores, accepted=True, host=machine.host) is Answer.CANNOT_TELL


def test_stores_on_disks_of_their_own_pass(machine: FakeHost, tmp_path: Path) -> None:
    with small_ext4(tmp_path / "other.img") as other:
        machine.disk("sda", "8:0")
        machine.disk("sdb", "8:16")
        machine.mounted(tmp_path, "8:0", "ext4")
        machine.mounted(other, "8:16", "xfs")
        stores = [location("primary", tmp_path), location("backup", other)]
        assert reject_shared_disks(stores, accepted=False, host=machine.host) is Answer.YES


def test_a_certain_shared_disk_is_named_before_an_uncertain_one(machine: FakeHost, tmp_path: Path) -> None:
    with small_ext4(tmp_path / "other.img") as other:
        machine.disk("sda", "8:0")
        machine.mounted(tmp_path, "8:0", "ext4")
        machine.mounted(other, "0:44", "nfs4")
        stores = [location("far", other), location("primary", tmp_path), location("backup", tmp_path)]
        with pytest.raises(SharedDiskError, match="Stores primary and backup"):
            reject_shared_disks(stores, accepted=False, host=machine.host)


def test_a_store_under_a_home_directory_is_refused(tmp_path: Path) -> None:
    # R7
    home = tmp_path / "wang"
    home.mkdir()
    with pytest.raises(StoreUnderHomeError) as caught:
        reject_home_directory(home / "store", accepted=False, homes=[home])
    assert str(caught.value) == (
        f"{home}/store lies under the home directory {home}; A3 art. 3 asks for central management, not personal "
        "folders. Choose another place, or accept the risk in the configuration: "
        "accepted_risks.store_under_home = true."
    )
    reject_home_directory(home / "store", accepted=True, homes=[home])


def test_a_link_into_a_home_directory_is_followed(tmp_path: Path) -> None:
    # R7
    home = tmp_path / "wang"
    home.mkdir()
    (tmp_path / "store").symlink_to(home)
    with pytest.raises(StoreUnderHomeError):
        reject_home_directory(tmp_path / "store", accepted=False, homes=[home])


def test_a_name_that_only_begins_like_a_home_directory_passes(tmp_path: Path) -> None:
    reject_home_directory(tmp_path / "wangs-disk", accepted=False, homes=[tmp_path / "wang"])


@pytest.mark.parametrize("path", ["/home/wang/store", "/home", "/root/store"])
def test_the_usual_homes_are_known(path: str) -> None:
    # R7
    with pytest.raises(StoreUnderHomeError):
        reject_home_directory(Path(path), accepted=False)


@pytest.mark.parametrize("path", ["/srv/custody/primary", "/var/lib/custody", "/media/disk"])
def test_the_usual_places_for_stores_pass(path: str) -> None:
    reject_home_directory(Path(path), accepted=False)
