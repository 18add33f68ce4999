"""`custody store list | sweep | rebuild`."""

from pathlib import Path

import pytest

from cli.wire import Problem
from tests.cli.conftest import Custody
from tests.cli.records import make_store
from tests.cli.station import FakeStation


def test_stores_that_are_well_end_with_0(custody: Custody, config_file: Path, station: FakeStation) -> None:
    ended = custody("--config", config_file, "store", "list")
    assert ended.code == 0
    assert "400.0 GiB of 1000.0 GiB" in ended.out
    assert "On different physical disks: yes." in ended.out


def test_a_store_out_of_order_ends_with_8_and_says_why(
    custody: Custody, config_file: Path, station: FakeStation
) -> None:  # R41
    problem = {"code": "store-missing", "template": "nothing at {path}", "facts": {"path": "/srv/custody/backup"}}
    gone = make_store("backup", "replica", state="store-missing", problem=problem, free_bytes=None, disks=None)
    station.stores = [make_store("primary", "primary"), gone]
    ended = custody("--config", config_file, "store", "list")
    assert ended.code == 8
    assert "OUT OF ORDER" in ended.out
    assert "backup: nothing at /srv/custody/backup" in ended.out


def test_a_sweep_that_finds_nothing_missing_says_every_zero(
    custody: Custody, config_file: Path, station: FakeStation
) -> None:
    ended = custody("--config", config_file, "store", "sweep")
    assert (ended.code, ended.out.splitlines()) == (
        0,
        [
            "Stores swept 2026-11-21 18:00:00 (Asia/Shanghai).",
            "Copies written again: 0",
            "Copies missing or damaged: 0",
            "Clips that are not safe: 0",
        ],
    )


@pytest.mark.parametrize("found", ["copies_missing", "not_safe", "problems"])
def test_a_sweep_that_finds_something_ends_with_8_and_says_what(
    custody: Custody, config_file: Path, station: FakeStation, monkeypatch: pytest.MonkeyPatch, found: str
) -> None:  # R43, R45
    problem: Problem = {"code": "store-missing", "template": "nothing at {path}", "facts": {"path": "/srv"}}
    if found == "problems":
        station.swept["problems"] = [problem]
    elif found == "not_safe":
        station.swept["not_safe"] = 2
    else:
        station.swept["copies_missing"] = 2
    monkeypatch.setenv("LANG", "zh_CN.UTF-8")
    ended = custody("--config", config_file, "store", "sweep")
    assert ended.code == 8
    said = {"copies_missing": "缺失或损坏的副本：2", "not_safe": "尚未安全保存的片段：2", "problems": "nothing at /srv"}
    assert said[found] in ended.out


def test_a_rebuild_says_what_it_read(custody: Custody, config_file: Path, station: FakeStation) -> None:
    ended = custody("--config", config_file, "store", "rebuild")
    assert ended.code == 0
    assert ended.out == "Catalog rebuilt in 0.2 s from 27 ledger entries and 6 bags: 3 clips.\n"
