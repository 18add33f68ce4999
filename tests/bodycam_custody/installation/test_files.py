"""The installed files against the wheel's RECORD."""

import base64
import hashlib
from importlib import metadata
from pathlib import Path

import pytest

from archive.answers import Answer
from bodycam_custody.installation.errors import InstallationChangedError
from bodycam_custody.installation.files import check_installed_files


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """A site-packages folder with two of our modules and what an installer writes beside them."""
    site = tmp_path / "site-packages"
    rows = []
    for name in ("hashing/digest.py", "cli/main.py"):
        path = site / name
        path.parent.mkdir(parents=True)
        path.write_bytes(name.encode())
        digest = base64.urlsafe_b64encode(hashlib.sha256(path.read_bytes()).digest()).rstrip(b"=").decode()
        rows.append(f"{name},sha256={digest},{len(name)}")
    info = site / "bodycam_custody-0.1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: bodycam-custody\nVersion: 0.1.0\n")
    (info / "RECORD").write_text("\n".join([*rows, "cli/__pycache__/main.pyc,,", "other/x.py,sha256=AAAA,1"]) + "\n")
    return info


def test_files_as_in_the_wheel_are_accepted(installed: Path) -> None:
    assert check_installed_files(metadata.Distribution.at(installed)) is Answer.YES


def test_a_changed_file_is_named(installed: Path) -> None:
    path = installed.parent / "cli" / "main.py"
    path.write_bytes(b"cli/main.pz")
    with pytest.raises(InstallationChangedError) as caught:
        check_installed_files(metadata.Distribution.at(installed))
    assert str(caught.value).startswith(f"installed file {path} is not the one of the wheel: expected sha256 ")
    assert "install the program again" in str(caught.value)


def test_a_missing_file_is_named(installed: Path) -> None:
    (installed.parent / "hashing" / "digest.py").unlink()
    with pytest.raises(InstallationChangedError, match=r"hashing/digest\.py .* found No such file"):
        check_installed_files(metadata.Distribution.at(installed))


def test_an_editable_installation_cannot_be_compared(installed: Path) -> None:
    (installed / "RECORD").write_text("bodycam_custody.pth,sha256=AAAA,1\n")
    assert check_installed_files(metadata.Distribution.at(installed)) is Answer.CANNOT_TELL
