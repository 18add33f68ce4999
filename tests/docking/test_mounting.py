"""What a card is mounted with, on real card images, and every result that is not what was asked for."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from docking.mount_errors import CardMountWrongError, CardNotMountedError, DeviceWritableError, FilesystemRefusedError
from docking.mounting import (
    SAFE_OPTIONS,
    check_options,
    check_result,
    is_read_only,
    mount_command,
    read_format,
    set_read_only,
)
from docking.mounts import parse_mountinfo
from tests.docking.loop_card import LoopCard, device_of, mount_there, plugged_in, slip_of


@pytest.fixture(params=["vfat", "exfat"])
def card(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[LoopCard]:
    """A recorder's card."""
    with plugged_in(tmp_path, request.param) as card:
        yield card


def test_the_format_is_what_the_disk_says(card: LoopCard, request: pytest.FixtureRequest) -> None:
    assert read_format(card.node) == request.node.callspec.params["card"]


def test_a_device_is_made_read_only_and_the_kernel_asked(card: LoopCard) -> None:
    assert not is_read_only(card.node)
    set_read_only(card.node)
    assert is_read_only(card.node)
    with pytest.raises(PermissionError), card.node.open("r+b", buffering=0) as device:
        device.write(bytes(4096))


def test_a_device_that_stays_writable_is_refused(tmp_path: Path) -> None:
    plain = tmp_path / "plain"
    plain.write_bytes(b"")
    with pytest.raises(DeviceWritableError, match="expected a device the kernel keeps read-only"):
        set_read_only(plain)


@pytest.mark.parametrize(("filesystem", "zone"), [("vfat", "tz=UTC"), ("exfat", "time_offset=0")])
@pytest.mark.parametrize("by_systemd", [False, True])
def test_the_mount_is_asked_for_with_every_option(filesystem: str, zone: str, by_systemd: bool) -> None:
    command = mount_command(Path("/dev/sdb1"), filesystem, Path("/run/c/sdb1"), by_systemd=by_systemd)
    options = command[command.index("-o") + 1].split(",")
    assert {*SAFE_OPTIONS, zone, f"gid={os.getegid()}", "fmask=0227", "dmask=0027"} <= set(options)
    assert command[0] == ("systemd-mount" if by_systemd else "mount")
    assert command[-2:] == ["/dev/sdb1", "/run/c/sdb1"]


def test_a_result_with_another_filesystem_is_refused(tmp_path: Path) -> None:
    with plugged_in(tmp_path, "ext4") as card:
        mount_there(card, "-o", "ro")
        with pytest.raises(FilesystemRefusedError, match="found ext4"):
            check_result(slip_of(card, "vfat"), device_of(card), sysfs=card.places.sysfs)


def test_a_result_through_fuse_is_refused(tmp_path: Path) -> None:
    """exfat-fuse drops noexec without a word, and mountinfo shows it as what it is."""
    with plugged_in(tmp_path, "exfat") as card:
        mount_there(card, "-t", "exfat-fuse", "-o", "ro,nosuid,nodev,noexec")
        with pytest.raises(FilesystemRefusedError, match="found fuseblk"):
            check_result(slip_of(card, "exfat"), device_of(card), sysfs=card.places.sysfs)


def test_a_result_that_is_not_there_is_refused(card: LoopCard) -> None:
    with pytest.raises(CardNotMountedError):
        check_result(slip_of(card, "vfat"), device_of(card), sysfs=card.places.sysfs)


@pytest.mark.parametrize("option", SAFE_OPTIONS)
def test_a_result_without_one_of_the_options_is_refused(card: LoopCard, option: str) -> None:
    device = device_of(card)
    options = [one for one in SAFE_OPTIONS if one != option] + ["relatime"]
    line = f"36 35 {device.number} / {card.mount_point} {','.join(options)} - vfat {card.node} ro\n"
    (mount,) = parse_mountinfo(line.encode())
    with pytest.raises(CardMountWrongError, match="expected the mount to have ro,nosuid,nodev,noexec,nosymfollow"):
        check_options(mount, device)


def test_a_result_on_another_device_is_refused(card: LoopCard) -> None:
    line = f"36 35 8:99 / {card.mount_point} {','.join(SAFE_OPTIONS)} - vfat {card.node} ro\n"
    (mount,) = parse_mountinfo(line.encode())
    with pytest.raises(CardMountWrongError, match=r"found device 8:99"):
        check_options(mount, device_of(card))
