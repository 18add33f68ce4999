"""The whole program on make-believe USB: real pyusb and libusb, bulk transfers through umockdev's usbfs."""

import functools
import json
import os
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from docking.unlock_helper import UnlockExit
from tests.docking.test_usb_on_umockdev import PORT, ROOT, SCENE_LIMIT_S, SITE_PACKAGES, system_python

PASSWORDS = {
    "unlock.ambarella.log-in": "00000000",
    "unlock.ambarella.command": "12345678",
    "unlock.bc-plus.log-in": "s3cret-word",
}


@pytest.fixture
def play(tmp_path: Path) -> functools.partial[Any]:
    """Play a scene of unlock_scenes.py with these passwords as its credentials."""
    for name, password in PASSWORDS.items():
        (tmp_path / name).write_text(f"{password}\n", encoding="ascii")
        (tmp_path / name).chmod(0o400)
    return functools.partial(_play, tmp_path)


# As MemoryDenyWriteExecute= does it (systemd.exec(5)); what it forbids stays forbidden for whatever is started.
_NOTHING_WRITABLE_AND_EXECUTABLE = """
import ctypes, os, sys
PR_SET_MDWE, PR_MDWE_REFUSE_EXEC_GAIN = 65, 1
if ctypes.CDLL(None, use_errno=True).prctl(PR_SET_MDWE, PR_MDWE_REFUSE_EXEC_GAIN, 0, 0, 0) != 0:
    sys.exit(77)
os.execvp(sys.argv[1], sys.argv[1:])
"""


def _play(credentials: Path, scene: str, *, before: Sequence[str | Path] = ()) -> Any:
    program = ROOT / "tests" / "docking" / "drivers" / "unlock_scenes.py"
    done = subprocess.run(
        [*before, "umockdev-wrapper", system_python(), program, scene, SITE_PACKAGES, credentials],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        timeout=SCENE_LIMIT_S,
        check=False,
    )
    if done.returncode == 77:
        pytest.skip("this kernel has no PR_SET_MDWE (Linux 6.3)")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    # The recorders on the ports beside are never opened.
    assert found["others"] == [[], []]
    assert not any(password in f"{found['report']}{found['log']}" for password in PASSWORDS.values())
    return found


def test_the_card_a_recorder_comes_back_as_has_its_clock_and_its_own_serial(play: functools.partial[Any]) -> None:
    """R32: the offset measured behind the control channel stands in the dock slip of the card."""
    found = play("comes_back_as_a_card")
    report, slip = found["report"], found["slip"]
    assert (report["state"], found["kernel"]) == ("storage-asked", None)
    assert report["clock"]["uncertainty_ms"] < 1500
    assert (slip["clock_offset_ms"], slip["clock_offset_uncertainty_ms"]) == (
        report["clock"]["offset_ms"],
        report["clock"]["uncertainty_ms"],
    )
    assert (slip["port_path"], slip["serial"]) == (report["device"]["port"], "B1")


def test_a_recorder_is_unlocked_where_no_memory_may_be_writable_and_executable(play: functools.partial[Any]) -> None:
    """The unit forbids it: neither libffi, nor libusb, nor Python need it."""
    found = play("bc_plus", before=[system_python(), "-c", _NOTHING_WRITABLE_AND_EXECUTABLE])
    assert (found["code"], found["report"]["state"]) == (UnlockExit.DONE, "storage-asked")


def test_an_ambarella_recorder_is_read_and_becomes_a_card(play: functools.partial[Any]) -> None:
    found = play("ambarella")
    report = found["report"]
    assert (found["code"], report["state"], report["problem"]) == (UnlockExit.DONE, "storage-asked", None)
    assert (report["device"]["port"], report["device"]["recorder"]) == (f"{PORT}2", "usb:4255:0001:A1")
    assert report["holder"]["officer_name"] == {"text": "张三", "encoding": "gbk", "is_cut": False}
    assert report["warnings"] == ["factory-password"]
    assert found["heard"] == ["@Ver;8;00000000;#", "@Gdv;8;12345678;#", "@ATH;8;12345678;#"]
    assert found["calls"] == ["claim", "release"]
    # R9: no names in logs.
    assert found["log"] == "custody-unlock: port=1-2 state=storage-asked problem=none\n"


def test_a_bc_plus_recorder_is_read_in_pieces_and_becomes_a_card(play: functools.partial[Any]) -> None:
    found = play("bc_plus")
    report = found["report"]
    assert (found["code"], report["state"], report["battery_percent"]) == (UnlockExit.DONE, "storage-asked", 87)
    assert (report["clock"]["recorder"], report["clock"]["recorder_time"]) == (
        "usb:1234:5678:B1",
        "2026-11-21T12:00:03",
    )
    assert 501 <= report["clock"]["uncertainty_ms"] < 2000
    assert report["warnings"] == []
    assert found["heard"] == ["BC+LOGIN=s3cret-word\r\n", "BC+SYSTIME?\r\n", "BC+BATVAL?\r\n", "BC+UDISKEN=1\r\n"]


def test_a_serial_the_kernel_did_not_get_is_asked_for_before_the_recorder_is_named(
    play: functools.partial[Any],
) -> None:
    found = play("unread_serial")
    assert (found["code"], found["report"]["state"]) == (UnlockExit.DONE, "open")
    assert found["report"]["device"]["recorder"] == "usb:4255:0001:A1"


def test_a_recorder_that_leaves_the_bus_instead_of_answering_is_asked_all_the_same(
    play: functools.partial[Any],
) -> None:
    found = play("leaving_unheard")
    assert (found["code"], found["report"]["state"]) == (UnlockExit.DONE, "storage-asked")
    assert "no-reply-to-storage" in found["report"]["warnings"]


@pytest.mark.parametrize(
    ("scene", "code", "state", "problem", "said"),
    [
        ("pulled", UnlockExit.FAILED, "open", "control-gone", 1),
        ("silent", UnlockExit.FAILED, "locked", "control-silent", 1),
        ("stalling", UnlockExit.FAILED, "locked", "control-failed", 0),
        ("choking", UnlockExit.FAILED, "locked", "control-silent", 0),
        ("wrong_password", UnlockExit.LOGIN_REFUSED, "locked", "login-refused", 1),
        ("in_use", UnlockExit.FAILED, "locked", "control-failed", 0),
        ("two_channels", UnlockExit.FAILED, "locked", "control-mismatch", 0),
        ("typing", UnlockExit.FAILED, "locked", "usb-interface-refused", 0),
    ],
)
def test_every_failure_is_told_apart_and_lets_go_of_the_device(
    play: functools.partial[Any], scene: str, code: UnlockExit, state: str, problem: str, said: int
) -> None:
    found = play(scene)
    assert (found["code"], found["report"]["state"], found["report"]["problem"]["code"]) == (code, state, problem)
    assert len(found["heard"]) == said
    assert found["calls"] in ([], ["claim", "release"])
    assert found["log"] == f"custody-unlock: port=1-2 state={state} problem={problem}\n"


def test_a_device_that_got_the_number_meanwhile_is_not_opened(play: functools.partial[Any]) -> None:
    assert play("number_given_to_another")["report"] == (
        "1-2: the recorder is no longer there. Dock it again; nothing on it was changed."
    )


def test_a_fact_that_is_a_phrase_travels_as_one_so_that_it_can_be_translated(play: functools.partial[Any]) -> None:
    assert play("in_use")["report"]["problem"]["facts"]["reason"] == {"template": "something else uses it", "facts": {}}
