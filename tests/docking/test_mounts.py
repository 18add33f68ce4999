from pathlib import Path

import pytest

from docking.mounts import mount_at, parse_mountinfo, read_mounts

LINE = (
    b"36 35 8:17 / /run/cards/sdb1 ro,nosuid,nodev,noexec,nosymfollow shared:1 master:2 "
    b"- exfat /dev/sdb1 ro,errors=continue"
)


def test_a_line_with_optional_fields_is_read() -> None:
    (mount,) = parse_mountinfo(LINE + b"\n")
    assert (mount.device, mount.root, mount.mount_point) == ("8:17", Path("/"), Path("/run/cards/sdb1"))
    assert mount.options == {"ro", "nosuid", "nodev", "noexec", "nosymfollow"}
    assert (mount.filesystem, mount.source) == ("exfat", "/dev/sdb1")


def test_octal_escapes_become_the_bytes_they_stand_for() -> None:
    line = rb"36 35 8:17 / /mnt/a\040b\011c\012d\134e\043f ro - vfat /dev/disk\040one ro"
    (mount,) = parse_mountinfo(line)
    assert str(mount.mount_point) == "/mnt/a b\tc\nd\\e#f"
    assert mount.source == "/dev/disk one"


def test_an_escaped_backslash_does_not_start_another_escape() -> None:
    (mount,) = parse_mountinfo(rb"36 35 8:17 / /mnt/a\134040b ro - vfat none ro")
    assert str(mount.mount_point) == r"/mnt/a\040b"


def test_a_name_that_is_not_utf8_or_holds_a_carriage_return_survives() -> None:
    (mount,) = parse_mountinfo(b"36 35 8:17 / /mnt/\xff\r\x85 ro - vfat none ro\n")
    assert bytes(mount.mount_point) == b"/mnt/\xff\r\x85"


def test_an_empty_source_is_read() -> None:
    (mount,) = parse_mountinfo(b"36 35 0:30 / /mnt ro - tmpfs  rw")
    assert (mount.filesystem, mount.source) == ("tmpfs", "")


def test_the_last_mount_on_a_point_is_the_visible_one() -> None:
    covering = LINE.replace(b"exfat", b"vfat")
    mounts = parse_mountinfo(LINE + b"\n" + covering + b"\n")
    found = mount_at(mounts, Path("/run/cards/sdb1"))
    assert found is not None
    assert found.filesystem == "vfat"
    assert mount_at(mounts, Path("/run/cards")) is None


@pytest.mark.parametrize(
    "line", [b"nonsense", b"36 35 8:17 / /mnt ro", b"36 35 - vfat none ro", b"1 2 3 / /m ro - vfat"]
)
def test_a_line_of_another_form_is_refused(line: bytes) -> None:
    with pytest.raises(ValueError, match="not a line of mountinfo"):
        parse_mountinfo(line)


def test_the_mounts_of_this_machine_are_read() -> None:
    root = mount_at(read_mounts(), Path("/"))
    if root is None:
        pytest.skip("the root of this chroot is no mount point")
    assert root.filesystem
