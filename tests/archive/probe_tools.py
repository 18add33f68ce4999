"""An installed-looking `custody-probe` with a PATH of the test's own, so that a test decides which tools exist."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import archive

BUBBLEWRAP_TOOLS = ("ffprobe", "bwrap", "prlimit")


def needs(*tools: str) -> None:
    """Skip the test where one of `tools` is not installed."""
    missing = [tool for tool in tools if shutil.which(tool) is None]
    if missing:
        pytest.skip(f"not installed here: {', '.join(missing)}")


def needs_bubblewrap() -> None:
    """Skip the test where bubblewrap is missing or the kernel does not let it work (some chroots and containers)."""
    needs("bwrap", "prlimit")
    works = subprocess.run(
        ["bwrap", "--unshare-all", "--ro-bind", "/", "/", "true"], capture_output=True, text=True, check=False
    )
    if works.returncode != 0:
        pytest.skip(f"bubblewrap cannot work here: {works.stderr.strip()}")


def make_launcher(folder: Path, *tools: str, fake_ffprobe: str | None = None, fake_bwrap: str | None = None) -> Path:
    """Return an executable like the console script; it finds `tools` of this machine and the fakes, nothing else."""
    needs(*tools)
    path = folder / "bin"
    path.mkdir()
    for tool in tools:
        (path / tool).symlink_to(str(shutil.which(tool)))
    for name, script in (("ffprobe", fake_ffprobe), ("bwrap", fake_bwrap)):
        if script is not None:
            _write_program(path / name, script)
    # The root of the packages that are being tested, installed or not.
    root = Path(archive.__file__).parent.parent
    launcher = folder / "custody-probe"
    _write_program(
        launcher, f"PATH='{path}' PYTHONPATH='{root}' exec '{sys.executable}' -m archive.probe_launcher \"$@\""
    )
    return launcher


def _write_program(path: Path, script: str) -> None:
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
