import os
import struct
from pathlib import Path

import pytest

from docking.drivers.errors import PasswordFileError, PasswordFileProblem
from docking.drivers.passwords import read_password, read_passwords
from docking.drivers.verbs import DriverName


def put(folder: Path, name: str, content: bytes, mode: int = 0o400) -> Path:
    path = folder / name
    path.write_bytes(content)
    path.chmod(mode)
    return path


@pytest.mark.parametrize("mode", [0o400, 0o600])
@pytest.mark.parametrize("end", [b"", b"\n"])
def test_one_password_serves_for_both_unless_there_is_another(tmp_path: Path, mode: int, end: bytes) -> None:
    put(tmp_path, "unlock.ambarella.log-in", b"first" + end, mode)
    found = read_passwords(tmp_path, DriverName.AMBARELLA)
    assert found is not None
    assert (found.log_in.reveal(), found.command.reveal()) == (b"first", b"first")
    put(tmp_path, "unlock.ambarella.command", b"second" + end, mode)
    found = read_passwords(tmp_path, DriverName.AMBARELLA)
    assert found is not None
    assert (found.log_in.reveal(), found.command.reveal()) == (b"first", b"second")


def test_without_folder_or_file_there_is_no_password(tmp_path: Path) -> None:
    assert read_passwords(None, DriverName.BC_PLUS) is None
    put(tmp_path, "unlock.ambarella.log-in", b"first")
    assert read_passwords(tmp_path, DriverName.BC_PLUS) is None


def test_one_factory_password_of_two_is_noticed(tmp_path: Path) -> None:
    put(tmp_path, "unlock.ambarella.log-in", b"s3cret-word")
    put(tmp_path, "unlock.ambarella.command", b"12345678")
    found = read_passwords(tmp_path, DriverName.AMBARELLA)
    assert found is not None
    assert found.is_factory_set()
    put(tmp_path / "..", tmp_path.name + "/unlock.bc-plus.log-in", b"s3cret-word")
    other = read_passwords(tmp_path, DriverName.BC_PLUS)
    assert other is not None
    assert not other.is_factory_set()


@pytest.mark.parametrize("mode", [0o440, 0o404, 0o644, 0o620, 0o700])
def test_a_password_others_may_use_is_not_used(tmp_path: Path, mode: int) -> None:
    path = put(tmp_path, "one", b"hush-hush", mode)
    with pytest.raises(PasswordFileError, match="set its mode to 0400") as caught:
        read_password(path)
    assert "hush" not in str(caught.value)


@pytest.mark.parametrize(
    "content", [b"", b"\n", b"hush hush", b"hush\n\n", b"hush;hush", b"h" * 65, b"hush\r\n", b"h" * 500]
)
def test_a_file_that_is_no_password_is_not_quoted(tmp_path: Path, content: bytes) -> None:
    path = put(tmp_path, "one", content)
    with pytest.raises(PasswordFileError) as caught:
        read_password(path)
    assert caught.value.facts["problem"] is PasswordFileProblem.CONTENT
    assert "hush" not in str(caught.value)


# linux/posix_acl.h: owner, named user, owning group, named group, mask, others.
OWNER, USER, GROUP, NAMED_GROUP, MASK, OTHERS = 0x01, 0x02, 0x04, 0x08, 0x10, 0x20
NOBODY = 0xFFFFFFFF


def grant(path: Path, *entries: tuple[int, int, int]) -> None:
    """Give a file an access list, as systemd does; skips where the file system knows none."""
    acl = struct.pack("<I", 2) + b"".join(struct.pack("<HHI", *entry) for entry in entries)
    try:
        os.setxattr(path, "system.posix_acl_access", acl)
    except OSError as err:
        pytest.skip(f"no access lists here: {err.strerror}")


def test_a_credential_of_a_service_that_is_not_root_is_read(tmp_path: Path) -> None:
    path = put(tmp_path, "one", b"s3cret-word")
    grant(path, (OWNER, 4, NOBODY), (USER, 4, os.geteuid()), (GROUP, 0, NOBODY), (MASK, 4, NOBODY), (OTHERS, 0, NOBODY))
    assert path.stat().st_mode & 0o777 == 0o440
    secret = read_password(path)
    assert secret is not None
    assert secret.reveal() == b"s3cret-word"


@pytest.mark.parametrize(
    "entry", [(USER, 4, 4242), (NAMED_GROUP, 4, 4242), (GROUP, 4, NOBODY)], ids=["user", "named group", "group"]
)
def test_a_credential_that_names_others_too_is_not_used(tmp_path: Path, entry: tuple[int, int, int]) -> None:
    path = put(tmp_path, "one", b"s3cret-word")
    entries = [(OWNER, 4, NOBODY), (GROUP, 0, NOBODY), (MASK, 4, NOBODY), (OTHERS, 0, NOBODY)]
    if entry[0] == GROUP:
        entries.remove((GROUP, 0, NOBODY))
    grant(path, *sorted([*entries, entry]))
    with pytest.raises(PasswordFileError) as caught:
        read_password(path)
    assert caught.value.facts["problem"] is PasswordFileProblem.MODE


def test_a_link_or_a_pipe_is_no_password(tmp_path: Path) -> None:
    put(tmp_path, "one", b"hush-hush")
    (tmp_path / "link").symlink_to(tmp_path / "one")
    os.mkfifo(tmp_path / "pipe", 0o400)
    for name, problem in (("link", PasswordFileProblem.UNREADABLE), ("pipe", PasswordFileProblem.NOT_REGULAR)):
        with pytest.raises(PasswordFileError) as caught:
            read_password(tmp_path / name)
        assert caught.value.facts["problem"] is problem


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_a_password_of_another_user_is_not_used(tmp_path: Path) -> None:
    path = put(tmp_path, "one", b"hush-hush")
    os.chown(path, 65534, 65534)
    with pytest.raises(PasswordFileError, match="it belongs to another user"):
        read_password(path)
