"""What the mount helper asks of the kernel, and what it makes of the mount it gets."""

import os
from pathlib import Path

import pytest

from docking.mount_errors import CardMountFailedError, CardMountWrongError, CardNotMountedError, FilesystemRefusedError
from docking.mount_helper import SAFE_OPTIONS, check_options, check_result, dock, mount_command, read_format
from docking.mounts import parse_mountinfo
from tests.docking.loop_card import LoopCard, plugged_in
from tests.docking.mounted_cards import device_of, kernel_mounts, mount_there, nothing_is_left, slip_of


def test_a_result_with_another_filesystem_is_refused(ext4_card: LoopCard) -> None:
    mount_there(ext4_card, "-o", "ro")
    with pytest.raises(FilesystemRefusedError, match="found ext4"):
        check_result(slip_of(ext4_card, "vfat"), device_of(ext4_card), sysfs=ext4_card.places.sysfs)


def test_a_result_through_fuse_is_refused(tmp_path: Path) -> None:
    """exfat-fuse drops noexec without a word, and mountinfo shows it as what it is."""
    with plugged_in(tmp_path, "exfat") as card:
        mount_there(card, "-t", "exfat-fuse", "-o", "ro,nosuid,nodev,noexec")
        with pytest.raises(FilesystemRefusedError, match="found fuseblk"):
            check_result(slip_of(card, "exfat"), device_of(card), sysfs=card.places.sysfs)


def test_a_result_that_is_not_there_is_refused(usb_card: LoopCard) -> None:
    with pytest.raises(CardNotMountedError):
        check_result(slip_of(usb_card, "vfat"), device_of(usb_card), sysfs=usb_card.places.sysfs)


@pytest.mark.parametrize("option", SAFE_OPTIONS)
def test_a_result_without_one_of_the_options_is_refused(usb_card: LoopCard, option: str) -> None:
    device = device_of(usb_card)
    options = [one for one in SAFE_OPTIONS if one != option] + ["relatime"]
    line = f"36 35 {device.number} / {usb_card.mount_point} {','.join(options)} - vfat {usb_card.node} ro\n"
    (mount,) = parse_mountinfo(line.encode())
    with pytest.raises(CardMountWrongError, match="expected the mount to have ro,nosuid,nodev,noexec,nosymfollow"):
        check_options(mount, device)


def test_a_result_on_another_device_is_refused(usb_card: LoopCard) -> None:
    line = f"36 35 8:99 / {usb_card.mount_point} {','.join(SAFE_OPTIONS)} - vfat {usb_card.node} ro\n"
    (mount,) = parse_mountinfo(line.encode())
    with pytest.raises(CardMountWrongError, match=r"found device 8:99"):
        check_options(mount, device_of(usb_card))


def test_a_mount_that_fails_leaves_nothing(usb_card: LoopCard) -> None:
    if kernel_mounts(read_format(usb_card.node)):
        pytest.skip("this kernel mounts the card")
    with pytest.raises(CardMountFailedError) as caught:
        dock(usb_card.name, usb_card.places)
    assert f"{usb_card.node}: mounting or unmounting at {usb_card.mount_point} failed (" in str(caught.value)
    assert nothing_is_left(usb_card)


@pytest.mark.parametrize(("filesystem", "zone"), [("vfat", "tz=UTC"), ("exfat", "time_offset=0")])
@pytest.mark.parametrize("by_systemd", [False, True])
def test_the_mount_is_asked_for_with_every_option(filesystem: str, zone: str, by_systemd: bool) -> None:
    command = mount_command(Path("/dev/sdb1"), filesystem, Path("/run/c/sdb1"), by_systemd=by_systemd)
    options = command[command.index("-o") + 1].split(",")
    assert {*SAFE_OPTIONS, zone, f"gid={os.getegid()}", "fmask=0227", "dmask=0027"} <= set(options)
    assert command[0] == ("systemd-mount" if by_systemd else "mount")
    assert command[-2:] == ["/dev/sdb1", "/run/c/sdb1"]
