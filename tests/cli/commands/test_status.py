"""`custody status`: what a person needs to know, first."""

import json
from pathlib import Path

import pytest

from tests.cli.answering_server import StatedProblemError
from tests.cli.conftest import Custody
from tests.cli.records import make_clip, make_docking, make_store
from tests.cli.station import FakeStation


def test_a_station_without_trouble_says_so(custody: Custody, config_file: Path, station: FakeStation) -> None:
    ended = custody("--config", config_file, "status")
    assert ended.code == 0
    assert ended.out.splitlines()[0] == "綦江区城市管理局 · cg.example.gov.cn/station-1/1"
    assert "ALL IN ORDER" in ended.out
    assert "SAFE      3 clips" in ended.out
    assert "On different physical disks: yes." in ended.out
    assert "Ledger: 27 entries, newest 2026-11-21 17:01:00 (Asia/Shanghai)." in ended.out


def test_what_needs_a_person_stands_above_everything_else(
    custody: Custody, config_file: Path, station: FakeStation
) -> None:  # R45
    problem = {"code": "store-full", "template": "store {store} is full", "facts": {"store": "backup"}}
    station.stores = [
        make_store("primary", "primary"),
        make_store("backup", "replica", state="store-full", problem=problem),
    ]
    station.clips = [make_clip(1, state="sealed"), make_clip(2, state="damaged")]
    lines = custody("--config", config_file, "status").out.splitlines()
    start = lines.index("NEEDS ATTENTION")
    assert lines[start + 1 : start + 4] == [
        "  ! backup: store backup is full",
        "  ! 1 clip is damaged",
        "  ! 1 clip is not safe yet, since 2026-11-21 17:00",
    ]
    assert start < 5


def test_an_empty_station_is_ready(custody: Custody, config_file: Path, station: FakeStation) -> None:
    station.clips, station.dockings = [], []
    assert "READY. Nothing has been taken in yet." in custody("--config", config_file, "status").out


def test_json_is_what_the_station_said(custody: Custody, config_file: Path, station: FakeStation) -> None:
    assert json.loads(custody("--config", config_file, "status", "--json").out) == station.status()


def test_watching_shows_it_again_until_the_station_is_gone(
    custody: Custody, config_file: Path, station: FakeStation, monkeypatch: pytest.MonkeyPatch
) -> None:
    def next_look(seconds: float) -> None:
        assert seconds == 5
        station.ledger_size += 1
        if station.ledger_size > 29:
            station.refuses = StatedProblemError(503, "store-full", "store {store} is full", store="primary")

    monkeypatch.setattr("cli.commands.status.time.sleep", next_look)
    ended = custody("--config", config_file, "status", "--watch", "--every", "5", "--json")
    assert [json.loads(line)["ledger"]["size"] for line in ended.out.splitlines()] == [27, 28, 29]
    assert ended.code == 8


@pytest.mark.usefixtures("in_chinese")
def test_status_is_chinese_for_a_chinese_custodian(custody: Custody, config_file: Path, station: FakeStation) -> None:
    station.dockings = [make_docking(safe_to_take_away="no")]
    out = custody("--config", config_file, "status").out
    for words in ("一切正常", "已安全保存", "指定存储设备", "备份件", "存证日志", "请留在原处", "24 小时内移交"):
        assert words in out
    assert "SAFE" not in out
