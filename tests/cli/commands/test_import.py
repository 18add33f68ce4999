"""`custody import DIR`: followed to its end, and never called done when something is left."""

import json
from pathlib import Path

import pytest

from cli.commands import import_ as import_command
from tests.cli.conftest import Custody
from tests.cli.records import make_docking
from tests.cli.station import FakeStation


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(import_command, "_POLL_S", 0)


def test_an_import_is_followed_to_its_end(custody: Custody, config_file: Path, station: FakeStation) -> None:  # R20
    station.phases = [
        make_docking(kind="import", phase="copying", bytes_done=1),
        make_docking(kind="import", phase="interpreting"),
    ]
    ended = custody("--config", config_file, "import", config_file.parent / "cards")
    assert ended.code == 0
    assert "This card: may be taken away." in ended.out
    assert station.seen[0] == ("imports.start", {"path": str(config_file.parent / "cards")})
    steps = [json.loads(line)["step"] for line in ended.err.splitlines()]
    assert steps == ["copying", "interpreting", "closed"]


def test_files_left_behind_end_with_8_and_are_named(custody: Custody, config_file: Path, station: FakeStation) -> None:
    station.dockings = [make_docking(files_failed=1, files_sealed=2, safe_to_take_away="no")]
    problem = {"code": "source-unreadable", "template": "byte {offset} cannot be read", "facts": {"offset": 7}}
    station.files = [
        {
            "path": "a.mp4",
            "size_bytes": 9,
            "file_type": "video",
            "outcome": "failed",
            "clip_id": None,
            "problem": problem,  # type: ignore[typeddict-item]  # a plain dict is what JSON gives
        }
    ]
    ended = custody("--config", config_file, "import", config_file.parent / "cards")
    assert ended.code == 8
    assert ended.out.startswith("This card: leave it here.\n")
    assert "  a.mp4: byte 7 cannot be read" in ended.out


def test_a_folder_that_is_not_there_is_a_usage_error(custody: Custody, config_file: Path) -> None:
    assert custody("--config", config_file, "import", config_file.parent / "none").code == 2


def test_a_remark_stands_beside_the_verdict(custody: Custody, config_file: Path, station: FakeStation) -> None:  # R43
    station.dockings = [make_docking(remarks=["stores-on-one-disk"])]
    lines = custody("--config", config_file, "import", config_file.parent / "cards").out.splitlines()
    assert lines[1].startswith("Remark: all copies are on one physical disk")
