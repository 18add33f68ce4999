"""`custody clips …` against a station that answers."""

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Custody
from tests.cli.records import make_clip
from tests.cli.station import FakeStation

# The fixed interface of `clips list --json`; others build on it.
KEYS = {
    "clip_id",
    "recorder_id",
    "source_path",
    "size_bytes",
    "sha256",
    "recorded_from",
    "recorded_to",
    "handover_due",
    "handover",
    "handover_reason",
    "state",
    "copies",
    "sightings",
}


def test_list_json_is_a_plain_list_of_clips(custody: Custody, config_file: Path, station: FakeStation) -> None:
    ended = custody("--config", config_file, "clips", "list", "--json")
    clips = json.loads(ended.out)
    assert ended.code == 0
    assert [clip["clip_id"] for clip in clips] == [clip["clip_id"] for clip in station.clips]
    assert all(set(clip) >= KEYS and isinstance(clip["copies"], list) for clip in clips)


def test_list_shows_short_ids_local_times_and_sizes(custody: Custody, config_file: Path, station: FakeStation) -> None:
    ended = custody("--config", config_file, "clips", "list")
    header, first, *_ = ended.out.splitlines()
    assert header.split() == ["Clip", "Type", "Recorded", "Size", "Handover", "State", "Name", "on", "the", "card"]
    assert first.split()[:4] == ["ooopkz3f", "video", "2026-11-21", "10:15"]
    assert "909.7 KiB" in first
    assert first.endswith("500123_DSJ0017_20261121101501_0001.mp4")
    assert "3 clips; times in Asia/Shanghai." in ended.out


@pytest.mark.parametrize(
    ("state", "word", "remark"),
    [
        ("safe-one-disk", "SAFE (one disk)", "all copies are on one physical disk"),
        ("safe-disks-unproven", "SAFE (disks unproven)", "it is not proven that the copies are on different"),
    ],
)
def test_safe_is_never_said_without_its_remark(
    custody: Custody, config_file: Path, station: FakeStation, state: str, word: str, remark: str
) -> None:  # R43
    station.clips = [make_clip(1, state=state)]
    for command in (["clips", "list"], ["clips", "show", station.clips[0]["clip_id"]], ["status"]):
        out = custody("--config", config_file, *command).out
        assert word in out
        assert f"Remark: {remark}" in out


def test_safe_on_different_disks_needs_no_remark(custody: Custody, config_file: Path, station: FakeStation) -> None:
    assert "Remark" not in custody("--config", config_file, "clips", "list").out


def test_list_passes_on_what_is_wanted(custody: Custody, config_file: Path, station: FakeStation) -> None:
    custody("--config", config_file, "clips", "list", "--state", "damaged", "--docking", "d-1")
    assert station.seen[0][1] == {"limit": "500", "state": "damaged", "docking_id": "d-1"}


def test_no_clips_is_said_in_words(custody: Custody, config_file: Path, station: FakeStation) -> None:
    station.clips = []
    assert custody("--config", config_file, "clips", "list").out == "No clips.\n"


def test_show_tells_everything_known(custody: Custody, config_file: Path, station: FakeStation) -> None:
    out = custody("--config", config_file, "clips", "show", "ooopkz").out
    for text in (
        station.clips[0]["clip_id"],
        station.clips[0]["sha256"],
        "DCIM/500123_DSJ0017_20261121101501_0001.mp4",
        "on time: docked within the time allowed",
        "primary (primary)",
        "backup (replica)",
        "duration_ms",
        "clips/2026/11/21/",
    ):
        assert text in out


def test_history_names_every_entry_with_time_actor_and_proof(
    custody: Custody, config_file: Path, station: FakeStation
) -> None:  # R4
    lines = custody("--config", config_file, "clips", "history", "ooopkz").out.splitlines()
    assert lines[1].split()[:3] == ["4", "2026-11-21", "17:00:00"]
    assert "sealed: hashed and signed" in lines[1]
    assert "the station" in lines[1]
    assert "uid 0" in lines[3]
    assert "in the ledger of 27 entries" in lines[-1]


def test_verify_ends_with_0_where_every_copy_is_whole(
    custody: Custody, config_file: Path, station: FakeStation
) -> None:
    ended = custody("--config", config_file, "clips", "verify", "ooopkz")
    assert ended.code == 0
    assert ended.out.splitlines()[0].endswith(": whole")


def test_verify_ends_with_3_and_names_the_copy_and_the_place(
    custody: Custody, config_file: Path, station: FakeStation
) -> None:
    station.damaged = {"backup"}
    ended = custody("--config", config_file, "clips", "verify", "ooopkz")
    assert ended.code == 3
    assert ended.out.splitlines()[1:] == [
        "  primary: whole",
        "  backup: BROKEN",
        "    B005  data/main.mp4: expected SHA-256 aa, found bb",
    ]


@pytest.mark.usefixtures("in_chinese")
def test_the_list_lines_up_in_chinese(custody: Custody, config_file: Path, station: FakeStation) -> None:
    header, first, *_ = custody("--config", config_file, "clips", "list").out.splitlines()
    assert header.startswith("片段      类型  录制时间")
    assert first.startswith("ooopkz3f  视频  2026-11-21 10:15")
