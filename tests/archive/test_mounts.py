"""The mount a path lies on, found by the kernel's mount id."""

from dataclasses import replace
from pathlib import Path

import pytest

from archive.errors import MountUnknownError
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


def test_a_mount_that_the_kernel_does_not_list_is_named(tmp_path: Path) -> None:
    mountinfo = tmp_path / "mountinfo"
    mountinfo.write_text("")
    with pytest.raises(MountUnknownError) as caught:
        mount_of(tmp_path, replace(HOST, mountinfo=mountinfo))
    assert str(caught.value) == (
        f"{tmp_path}: expected the file system it lies on in {mountinfo}, found no such mount. "
        "Check that the program sees the machine's mounts."
    )
