"""The daemon's unit: systemd takes it, and it starts what the program has."""

import re
import shutil
import subprocess
from dataclasses import fields
from pathlib import Path

import pytest

from config.settings import PathSettings
from tests.docs.program import check_command
from tests.docs.reading import ROOT

UNIT = ROOT / "systemd/bodycam-custody.service"


def setting(name: str) -> str:
    """Return the one value of a setting."""
    (value,) = re.findall(rf"^{name}=(.*)$", UNIT.read_text(encoding="utf-8"), re.M)
    return str(value)


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="this machine has no systemd-analyze")
def test_systemd_finds_nothing_wrong_with_it(tmp_path: Path) -> None:
    # The program is not installed where the unit expects it; everything else is as it stands.
    copy = tmp_path / UNIT.name
    text = UNIT.read_text(encoding="utf-8")
    copy.write_text(re.sub(r"^ExecStart=\S+", f"ExecStart={shutil.which('true')}", text, flags=re.M), encoding="utf-8")
    checked = subprocess.run(["systemd-analyze", "verify", copy], capture_output=True, text=True, timeout=60)
    assert (checked.returncode, checked.stdout + checked.stderr) == (0, "")


def test_it_starts_a_command_of_the_program_that_says_when_it_is_ready() -> None:
    program, _, arguments = setting("ExecStart").partition(" ")
    assert Path(program).name == "custody"
    check_command(f"custody {arguments}")
    assert (setting("Type"), setting("User")) == ("notify", "custody")


def test_callers_keep_their_uid_and_the_probe_its_sandbox() -> None:
    names = set(re.findall(r"^(\w+)=", UNIT.read_text(encoding="utf-8"), re.M))
    assert not names & {"PrivateUsers", "RestrictNamespaces", "SystemCallFilter", "DynamicUser"}


def test_its_folders_are_those_the_configuration_expects() -> None:
    defaults = {field.name: str(field.default) for field in fields(PathSettings)}
    run, slips = (f"/run/{folder}" for folder in setting("RuntimeDirectory").split())
    assert (f"/var/lib/{setting('StateDirectory')}", slips) == (defaults["state"], defaults["slips"])
    assert defaults["socket"].startswith(f"{run}/")
