"""Misspelt names."""

from pathlib import Path

import pytest

from config.errors import ConfigError
from config.load import load_settings
from tests.config.files import GOOD, with_change, written
from tests.config.test_load import problems_of


@pytest.mark.parametrize(
    ("line", "key", "nearest"),
    [
        ("[docking]\nworker_per_card = 2", "docking.worker_per_card", "workers_per_card"),
        ("[docking]\nRESCAN_S = 2", "docking.RESCAN_S", "rescan_s"),
        ("[schedule]\nclock_marks_minute = 2", "schedule.clock_marks_minute", "clock_mark_minutes"),
        ("[accepted_risk]\nstore_under_home = true", "accepted_risk", "accepted_risks"),
    ],
)
def test_a_misspelt_name_suggests_the_nearest(tmp_path: Path, line: str, key: str, nearest: str) -> None:
    found = problems_of(written(tmp_path, f"{GOOD}\n{line}\n"))
    assert found == [("config.toml", key, f"is not a known name; the nearest one is {nearest}")]


def test_a_misspelt_required_key_is_reported_as_unknown_and_as_missing(tmp_path: Path) -> None:
    found = problems_of(written(tmp_path, with_change("agency =", "agancy =")))
    assert found == [
        ("config.toml", "station.agancy", "is not a known name; the nearest one is agency"),
        ("config.toml", "station.agency", "is missing and has no default"),
    ]


def test_a_key_in_the_wrong_table_is_sent_to_its_own(tmp_path: Path) -> None:
    found = problems_of(written(tmp_path, GOOD + "probe_timeout_s = 3\n"))
    reason = "does not belong here; probe_timeout_s is a key of [interpretation]"
    assert found == [("config.toml", "rule_set.probe_timeout_s", reason)]


def test_a_key_above_all_tables_is_sent_to_its_own(tmp_path: Path) -> None:
    found = problems_of(written(tmp_path, "epoch = 2\n" + GOOD))
    assert found == [("config.toml", "epoch", "does not belong here; epoch is a key of [station]")]


def test_a_name_full_of_control_characters_is_shown_harmlessly(tmp_path: Path) -> None:
    file = written(tmp_path, GOOD + '[docking]\n"\\u202eoops\\u001b" = 1\n')
    with pytest.raises(ConfigError, match=r"docking\.\\u202eoops\\x1b: is not a known name"):
        load_settings(file, {})
