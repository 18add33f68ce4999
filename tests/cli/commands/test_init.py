"""`custody init`: a new station from what the unit answered."""

import json
from pathlib import Path

import pytest

from config.load import load_settings
from tests.cli.conftest import Custody

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIIqBLOJBOvYEYVDVSDDVzmWqZPnjmXsxqv4FdpFOGu0y li@desk"


def answers(folder: Path, *without: str) -> list[str]:
    """Return the options of a complete `custody init`, except those left out."""
    given = {
        "--agency": "cg.example.gov.cn",
        "--name": "station-1",
        "--unit": "綦江区城市管理局",
        "--document-number": "綦城管〔2022〕1号",
        "--effective-date": "2022-03-01",
        "--rules-version": "1",
        "--primary": str(folder / "primary"),
        "--replica": str(folder / "backup"),
        "--clearing": "keep-at-desk",
        "--state": str(folder / "state"),
    }
    options = [word for name, value in given.items() if name not in without for word in (name, value)]
    return ["init", "--person", f"li:custodian:{KEY}", "--accept-one-disk", "--accept-home", *options]


def test_a_station_is_set_up_from_the_answers(custody: Custody, tmp_path: Path) -> None:
    file = tmp_path / "etc" / "config.toml"
    ended = custody("--config", file, *answers(tmp_path))
    assert ended.code == 0, ended
    settings = load_settings(file, {})
    assert settings.station.origin == "cg.example.gov.cn/station-1/1"
    assert settings.rule_set.unit == "綦江区城市管理局"
    assert [store.id for store in settings.stores] == ["primary", "backup"]
    assert "The station is set up." in ended.out
    assert custody("--config", file, "status").code == 0


def test_json_says_where_everything_lies(custody: Custody, tmp_path: Path) -> None:
    ended = custody("--config", tmp_path / "config.toml", *answers(tmp_path), "--json")
    assert json.loads(ended.out) == {
        "origin": "cg.example.gov.cn/station-1/1",
        "config": str(tmp_path / "config.toml"),
        "state": str(tmp_path / "state"),
        "trust": str(tmp_path / "state" / "trust"),
        "stores": {"primary": str(tmp_path / "primary"), "backup": str(tmp_path / "backup")},
    }


def test_the_unit_must_choose_what_happens_to_recorders(custody: Custody, tmp_path: Path) -> None:  # R40
    file = tmp_path / "config.toml"
    ended = custody("--config", file, *answers(tmp_path, "--clearing", "--unit"))
    assert ended.code == 2
    assert "a new station needs --unit, --clearing" in ended.err
    assert not file.exists()


def test_answers_that_make_no_configuration_leave_nothing_behind(custody: Custody, tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    ended = custody("--config", file, *answers(tmp_path, "--agency", "--effective-date"), "--agency", "No Spaces!",
                    "--effective-date", "soon")  # fmt: skip
    assert ended.code == 7
    assert "station.agency" in ended.err
    assert "rule_set.effective_date" in ended.err
    assert list(tmp_path.iterdir()) == []


def test_a_configuration_that_exists_is_used_and_never_overwritten(
    custody: Custody, config_file: Path, tmp_path: Path
) -> None:
    before = config_file.read_bytes()
    ended = custody("--config", config_file, *answers(tmp_path))
    assert ended.code == 2
    assert "exists and says how this station is: leave out" in ended.err
    assert "--agency" in ended.err
    ended = custody("--config", config_file, "init", "--person", f"li:custodian:{KEY}")
    assert config_file.read_bytes() == before
    assert ended.code in {0, 5}, ended  # refused where the test folder lies below a home directory


def test_a_person_that_cannot_be_read_is_refused_before_anything_is_written(custody: Custody, tmp_path: Path) -> None:
    ended = custody("--config", tmp_path / "c.toml", *answers(tmp_path), "--person", "no-role")
    assert ended.code == 2
    assert "person no-role" in ended.err
    assert list(tmp_path.iterdir()) == []


def test_a_second_station_in_the_same_place_is_refused(custody: Custody, tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    assert custody("--config", file, *answers(tmp_path)).code == 0
    ended = custody("--config", file, "init", "--person", f"li:custodian:{KEY}")
    assert ended.code == 1
    assert "there is already a station" in ended.err


@pytest.mark.usefixtures("in_chinese")
def test_the_comments_of_the_file_are_in_the_language_of_who_wrote_it(custody: Custody, tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    assert custody("--config", file, *answers(tmp_path)).code == 0
    assert "# 本采集站的设置" in file.read_text(encoding="utf-8")
