"""Whether the clock is synchronised is what systemd's own tool says."""

import shutil
import subprocess

import pytest

from archive.answers import Answer
from bodycam_custody.installation.system_clock import is_clock_synchronised


def test_the_kernel_answers() -> None:
    assert is_clock_synchronised() in {Answer.YES, Answer.NO}


def test_the_answer_is_that_of_adjtimex() -> None:
    if shutil.which("adjtimex") is None:
        pytest.skip("this machine has no adjtimex (Debian package adjtimex)")
    printed = subprocess.run(["adjtimex", "--print"], capture_output=True, text=True, check=True).stdout
    status = next(int(line.split()[1]) for line in printed.splitlines() if line.strip().startswith("status:"))
    assert is_clock_synchronised() is (Answer.NO if status & 0x40 else Answer.YES)
