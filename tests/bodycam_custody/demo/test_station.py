"""The demonstration is a real station at work, and at rest afterwards."""

import shutil
from pathlib import Path

import pytest

from bodycam_custody.demo.errors import DemoCardMissingError, DemoFolderTakenError
from bodycam_custody.demo.station import DemoEvent, run_demo
from bodycam_custody.local import open_local
from bodycam_custody.views import SAFE_STATES
from config.load import load_settings

UNIT = "Demonstration unit"


def ignore(_: DemoEvent) -> None:
    """Look at nothing."""


@pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="ffmpeg makes the recordings of the sample card")
def test_the_sample_card_shows_what_a_custodian_meets(quick_path: Path) -> None:
    events: list[DemoEvent] = []
    outcome = run_demo(quick_path / "demo", None, events.append, unit=UNIT)
    docking = outcome.docking
    found = docking["files_found"]
    assert (docking["phase"], docking["files_sealed"], docking["files_failed"]) == ("closed", found, 0)
    assert (docking["files_unexplained"], docking["foreign_files"]) == (0, 1)  # R10, R11
    assert docking["safe_to_take_away"] == "yes"
    assert docking["remarks"]  # one folder is one disk, or nobody can tell: said wherever SAFE is (R43)
    assert {clip["state"] for clip in outcome.clips} <= SAFE_STATES
    verdicts = {clip["handover"] for clip in outcome.clips}
    assert verdicts == {"on-time", "late", "undeterminable"}  # R38
    assert 0 in {clip["size_bytes"] for clip in outcome.clips}  # R27
    assert (events[-1].done, events[-1].total) == (docking["bytes_found"], docking["bytes_found"])
    sessions = {clip["session_id"]: clip["clip_id"] for clip in outcome.clips if clip["session_id"]}
    settings = load_settings(quick_path / "demo" / "config.toml", {})
    # The station is at rest: it opens without a daemon, and tells the interruption (R21).
    with open_local(settings) as local:
        shown = [local.call("clips.show", {"clip_id": clip_id}) for clip_id in sessions.values()]
    assert sum(clip["session"]["gap_count"] for clip in shown) == 1
    assert (quick_path / "demo" / "trust" / "checkpoint").read_bytes().startswith(b"demo.example/station-1/1\n")


def test_a_folder_in_use_is_left_alone(quick_path: Path) -> None:
    (quick_path / "mine").write_text("keep")
    with pytest.raises(DemoFolderTakenError) as refused:
        run_demo(quick_path, None, ignore, unit=UNIT)
    assert str(refused.value) == (
        f"{quick_path} is not empty; the demonstration needs a new folder, choose another with --dir"
    )
    assert [path.name for path in quick_path.iterdir()] == ["mine"]


def test_a_card_that_is_not_there_is_said_before_anything_is_made(quick_path: Path) -> None:
    with pytest.raises(DemoCardMissingError) as refused:
        run_demo(quick_path / "demo", quick_path / "card", ignore, unit=UNIT)
    assert str(refused.value).startswith(f"card {quick_path}/card is not a folder; give a folder with recordings")
    assert not (quick_path / "demo").exists()
