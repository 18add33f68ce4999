"""The demonstration's card has what a custodian meets, and nothing about it contradicts itself."""

import json
import shutil
import subprocess
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from bodycam_custody.demo.card import make_demo_card
from bodycam_custody.demo.errors import FfmpegFailedError, FfmpegMissingError
from docking.inventory import FileType, take_inventory
from docking.profiles import choose_profile, load_profiles

DOCKED_AT = datetime(2026, 11, 21, 8, 30, 7, 500_000, tzinfo=UTC)

needs_ffmpeg = pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="ffmpeg is not installed")


@pytest.fixture(scope="module")
def card(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A card, made once."""
    folder = tmp_path_factory.mktemp("card")
    make_demo_card(folder, docked_at=DOCKED_AT, time_zone="Asia/Shanghai")
    return folder


def recordings(card: Path) -> dict[str, tuple[datetime, datetime]]:
    """Return begin and end of every recording that ffprobe can read, from its container."""
    found = {}
    for path in sorted((card / "DCIM/100MEDIA").glob("*.m[p4]*")):
        command = ["ffprobe", "-v", "error", "-show_format", "-of", "json", f"file:{path}"]
        done = subprocess.run(command, capture_output=True, check=False)
        if done.returncode == 0:
            facts = json.loads(done.stdout)["format"]
            begins = datetime.fromisoformat(facts["tags"]["creation_time"])
            found[path.name] = (begins, begins + timedelta(seconds=float(facts["duration"])))
    return found


@needs_ffmpeg
def test_every_kind_of_file_is_there_once_at_least(card: Path) -> None:  # R2, R10, R27
    profiles = load_profiles()
    files = take_inventory(card, profiles[0]).files
    names = [file.path.decode() for file in files]
    assert sum(name.endswith(".mp4") for name in names) == 9
    assert sum(name.endswith(".jpg") for name in names) == 1
    assert sum(name.endswith(".m4a") for name in names) == 1
    assert sum(name.endswith(".xml") for name in names) == 1
    assert "autorun.inf" in names
    assert [file.path for file in files if file.size_bytes == 0 and file.path.endswith(b".mp4")] != []
    assert sum(file.size_bytes for file in files) < 12 * 2**20


@needs_ffmpeg
def test_the_profile_of_such_recorders_is_chosen_and_reads_every_name(card: Path) -> None:
    profiles = load_profiles()
    profile = choose_profile(take_inventory(card, profiles[0]), profiles)
    assert profile.name == "gat-underscore"
    inventory = take_inventory(card, profile)
    foreign = [file.path for file in inventory.files if file.file_type is FileType.FOREIGN]
    assert foreign == [b"autorun.inf"]
    read = {file.path: profile.parse_name(file.path) for file in inventory.files if file.path not in foreign}
    assert None not in read.values()
    assert {facts.device_id for facts in read.values() if facts is not None} == {"DSJ0017", "DSJ0023"}


@needs_ffmpeg
def test_name_container_and_file_time_of_a_recording_agree(card: Path) -> None:
    profiles = load_profiles()
    profile = choose_profile(take_inventory(card, profiles[0]), profiles)
    times = recordings(card)
    assert len(times) == 8
    for name, (begins, ends) in times.items():
        path = card / "DCIM/100MEDIA" / name
        facts = profile.parse_name(f"DCIM/100MEDIA/{name}".encode())
        assert facts is not None
        assert facts.started_at == begins
        assert datetime.fromtimestamp(path.stat().st_mtime, UTC) == ends


@needs_ffmpeg
def test_splits_follow_one_another_but_for_one_interruption(card: Path) -> None:  # R21
    first = [times for name, times in sorted(recordings(card).items()) if "DSJ0017" in name]
    gaps = [(later[0] - earlier[1]).total_seconds() for earlier, later in pairwise(first)]
    assert gaps == [0, 0, 240, 0]


@needs_ffmpeg
def test_one_recording_alone_is_older_than_a_day(card: Path) -> None:  # R38
    late = [name for name, (_, ends) in recordings(card).items() if DOCKED_AT - ends > timedelta(hours=24)]
    assert len(late) == 1


@needs_ffmpeg
def test_the_truncated_recording_has_data_but_no_end(card: Path) -> None:
    path = next((card / "DCIM/100MEDIA").glob("500456_DSJ0023_*_0004.mp4"))
    assert path.name not in recordings(card)
    assert path.stat().st_size > 100_000
    assert b"moov" not in path.read_bytes()


def test_without_ffmpeg_the_way_out_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(FfmpegMissingError) as caught:
        make_demo_card(tmp_path / "card", docked_at=DOCKED_AT, time_zone="Asia/Shanghai")
    assert str(caught.value) == (
        "the program ffmpeg is needed to make the sample card and was not found; install it (apt install ffmpeg), or "
        "show your own recordings with: custody demo --card FOLDER"
    )


def test_an_ffmpeg_that_fails_is_quoted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "ffmpeg"
    program.write_text("#!/bin/sh\necho no encoder >&2\nexit 1\n", encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.setattr("bodycam_custody.demo.card.FFMPEG", str(program))
    with pytest.raises(FfmpegFailedError, match=r"could not make .*_0001\.mp4: no encoder; show your own"):
        make_demo_card(tmp_path / "card", docked_at=DOCKED_AT, time_zone="Asia/Shanghai")


def test_a_moment_without_a_zone_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="naive datetime"):
        make_demo_card(tmp_path, docked_at=datetime(2026, 11, 21), time_zone="Asia/Shanghai")  # noqa: DTZ001  # the point
