"""The mount a path lies on, found by the kernel's mount id."""

import os
from dataclasses import replace
from pathlib import Path

import pytest

from archive.mounts import HOST, Mount, mount_of, parse_mountinfo


def test_a_mountinfo_line_is_read_with_its_escapes_and_optional_fields() -> None:
    text = (
        "36 35 98:0 /mnt1 /media/a\\040b\\134c rw,noatime master:1 shared:2 - ext3 /dev/root\\012 rw,errors=continue\n"
    )
    assert parse_mountinfo(text) == {
        36: Mount(
            mount_id=36,
            device_number="98:0",
            mount_point="/media/a b\\c",
            filesystem="ext3",
            source="/dev/root\n",
        )
    }


def test_a_mountinfo_line_without_its_hyphen_is_refused() -> None:
    with pytest.raises(ValueError, match="not a mountinfo line: '36 35 98:0'"):
        parse_mountinfo("36 35 98:0\n")


def test_proc_lies_on_its_own_mount() -> None:
    mount = mount_of(Path("/proc/self"))
    assert (mount.mount_point, mount.filesystem) == ("/proc", "proc")


def test_of_a_mount_that_the_kernel_does_not_list_only_the_device_is_known(tmp_path: Path) -> None:
    mountinfo = tmp_path / "mountinfo"
    mountinfo.write_text("")
    mount = mount_of(tmp_path, replace(HOST, mountinfo=mountinfo))
    device = tmp_path.stat().st_dev
    assert (mount.device_number, mount.filesystem) == (f"{os.major(device)}:{os.minor(device)}", "unknown")
