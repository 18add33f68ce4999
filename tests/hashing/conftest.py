"""What several tests of this package ask for by name."""

import shutil
from pathlib import Path

import pytest

from tests.hashing.ssh import SshKeygen


@pytest.fixture
def ssh_keygen(tmp_path: Path) -> SshKeygen:
    """The ssh-keygen of the host; skips where there is none."""
    program = shutil.which("ssh-keygen")
    if program is None:
        pytest.skip("ssh-keygen is not installed")
    return SshKeygen(program=program, folder=tmp_path)
