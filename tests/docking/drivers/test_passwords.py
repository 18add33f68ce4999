import os
from pathlib import Path

import pytest

from docking.drivers.passwords import read_password, read_passwords
from docking.drivers.verbs import DriverName
from docking.errors import PasswordFileError, PasswordFileProblem


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
