"""Our udev rules read by the real udev: who is switched off, and for what the helpers are started."""

import functools
import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.docking.test_usb_on_umockdev import ROOT, system_python

# A scene asks udevadm nine times.
SCENE_LIMIT_S = 60
# udev reads rules from fixed places only; in a namespace of our own one of them is a folder in memory.
_WITH_RULES = (
    "mkdir -p /run/udev && mount -t tmpfs none /run/udev && mkdir /run/udev/rules.d && "
    'cp "$1" "$2" /run/udev/rules.d/ && shift 2 && exec "$@"'
)


@functools.cache
def seen() -> dict[str, Any]:
    """Return what udev made of every device, or skip where it cannot be asked."""
    udevadm = shutil.which("udevadm")
    defaults = Path("/usr/lib/udev/rules.d/50-udev-default.rules")
    if udevadm is None or not defaults.exists():
        pytest.skip("udev is not installed (apt install udev)")
    unshare = ["unshare", "--mount"]
    if os.geteuid() != 0 or subprocess.run([*unshare, "mount", "-t", "tmpfs", "none", "/mnt"], check=False).returncode:
        pytest.skip("needs root and a mount namespace of its own")
    rules = ROOT / "systemd" / "70-bodycam-custody.rules"
    scenes = ROOT / "tests" / "docking" / "udev_scenes.py"
    command: list[str | Path] = ["umockdev-wrapper", system_python(), scenes, udevadm]
    done = subprocess.run(
        [*unshare, "sh", "-c", _WITH_RULES, "sh", defaults, rules, *command],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        timeout=SCENE_LIMIT_S,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def test_only_storage_beside_something_else_is_switched_off() -> None:
    authorized = {what: right for what, (_, right) in seen().items() if right is not None}
    assert authorized.pop("storage and keyboard") == "0"
    assert authorized == dict.fromkeys(["storage", "keyboard", "storage and control", "control"], "1")


def test_the_helpers_are_started_for_whatever_may_be_a_card_or_a_locked_recorder() -> None:
    wanted = {what: unit for what, (unit, _) in seen().items() if unit is not None}
    assert wanted == {
        "control": "custody-unlock@1-5.service",
        "unformatted": "custody-mount@sdb.service",
        "LUKS": "custody-mount@sdc.service",
        "vfat": "custody-mount@sdd.service",
    }
