"""USB devices under umockdev: the real libusb, pyusb and sysfs calls, with devices that come, go and come back."""

import functools
import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import usb

from tests.docking.usb_tree import HOST

ROOT = Path(__file__).parents[2]
SITE_PACKAGES = Path(usb.__file__).parents[1]
PORT = f"pci-{HOST}-usb-0:"
_NEEDED = "import sys, gi; assert sys.version_info >= (3, 11); gi.require_version('UMockdev', '1.0')"
# A scene takes half a second; libusb gives up on a device that never answers after one.
SCENE_LIMIT_S = 30


@functools.cache
def system_python() -> str:
    """Return the interpreter that has gi, or skip: it is the system's, because gi is in no wheel."""
    if shutil.which("umockdev-wrapper") is None:
        pytest.skip("umockdev is not installed (apt install umockdev)")
    python = shutil.which("python3", path="/usr/bin:/usr/local/bin")
    if python is None or subprocess.run([python, "-c", _NEEDED], capture_output=True, check=False).returncode != 0:
        pytest.skip("no system Python 3.11 with gi and UMockdev (apt install python3-gi gir1.2-umockdev-1.0)")
    return python


def play(scene: str) -> Any:
    """Return what a scene of usb_scenes.py sees."""
    done = subprocess.run(
        ["umockdev-wrapper", system_python(), ROOT / "tests" / "docking" / "usb_scenes.py", scene, SITE_PACKAGES],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        timeout=SCENE_LIMIT_S,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_a_recorder_comes_and_goes() -> None:
    before, there, after = play("coming_and_going")
    assert (before, after) == ([], [])
    (recorder,) = there
    assert (recorder["port"], recorder["recorder"]) == (f"{PORT}2", "usb:4255:0001:0000017")
    assert (recorder["interfaces"], recorder["kind"]) == (["08/06/50"], "storage")


def test_a_recorder_that_comes_back_unlocked_under_another_number_is_one_arrival() -> None:
    assert play("unlocking") == [
        ["empty", 0, []],
        ["present-locked", 1, [f"{PORT}2"]],
        ["unlocking", 1, []],
        ["storage", 1, [f"{PORT}2"]],
    ]


def test_a_hub_with_seven_ports_is_seven_slots() -> None:
    recorders, present = play("seven_ports")
    assert [recorder["port"] for recorder in recorders] == [f"{PORT}4.{port}" for port in range(1, 8)]
    assert [recorder["recorder"] for recorder in recorders] == [f"usb:4255:0001:A{port}" for port in range(1, 8)]
    assert [name for name, _ in present] == ["1-4", *(f"1-4.{port}" for port in range(1, 8))]


def test_libusb_gives_the_strings_the_kernel_did_not_get() -> None:
    before, after, asked = play("unread_strings")
    assert (before["recorder"], before["remarks"]) == ("unknown", ["serial-unknown"])
    assert after["strings"] == ["Maker", "Body camera", "0000017"]
    assert (after["recorder"], after["remarks"]) == ("usb:4255:0001:0000017", [])
    assert asked == [0, 1, 2, 3], "the languages, and each string once"


def test_a_device_that_gives_no_strings_is_an_unknown_recorder() -> None:
    found = play("no_strings_at_all")
    assert (found["strings"], found["recorder"]) == ([None, None, None], "unknown")


@pytest.mark.parametrize("scene", ["gone_before_it_is_asked", "number_given_to_another"])
def test_a_device_that_is_another_by_now_is_not_asked(scene: str) -> None:
    assert play(scene) == (
        f"{PORT}2: the device cannot be asked for its serial (it is no longer there, or it came back as another "
        "device). Dock it again."
    )


def test_a_device_that_may_not_be_opened_says_so() -> None:
    assert play("a_node_that_may_not_be_opened") == (
        f"{PORT}2: the device cannot be asked for its serial (/dev/bus/usb/001/099 may not be opened by this user, or "
        "is not there). Dock it again."
    )


def test_a_stick_that_types_is_refused() -> None:
    (stick,) = play("keyboard_beside_storage")
    assert "found interface 03/01/01 (a keyboard)" in stick["refused"]
