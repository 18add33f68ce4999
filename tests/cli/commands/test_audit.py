"""`custody audit verify | checkpoint`: exit codes on a real station, damaged and whole."""

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Custody
from tests.cli.station import FakeStation


def stores(demo: Path) -> list[Path]:
    """Return both stores of the demonstration."""
    return [demo / "primary", demo / "backup"]


def test_a_whole_station_is_verified_with_neither_configuration_nor_database(custody: Custody, demo: Path) -> None:
    for database in (demo / "state").glob("*.db*"):
        database.unlink()
    (demo / "config.toml").unlink()
    ended = custody("audit", "verify", *stores(demo), "--trust", demo / "trust")
    assert ended.code == 0
    assert ended.out.startswith("VERIFIED: everything covered below is whole.\n")
    assert "Witnessed by a head held outside  0 to" in ended.out


def test_one_flipped_byte_ends_with_3_and_names_the_file(custody: Custody, demo: Path) -> None:
    (main,) = (demo / "backup").glob("clips/*/*/*/*/data/main.amr")
    main.chmod(0o640)
    data = bytearray(main.read_bytes())
    data[3] ^= 1
    main.write_bytes(data)
    ended = custody("audit", "verify", *stores(demo), "--trust", demo / "trust")
    assert ended.code == 3
    assert ended.out.startswith("BROKEN: what is stored is not what was recorded.\n")
    assert f"BROKEN B031  {demo / 'backup'}" in ended.out
    assert "data/main.amr" in ended.out


def test_without_an_anchor_it_ends_with_4_and_says_what_is_not_covered(custody: Custody, demo: Path) -> None:
    (demo / "trust" / "checkpoint").unlink()
    ended = custody("audit", "verify", *stores(demo), "--trust", demo / "trust")
    assert ended.code == 4
    assert "cannot tell A001" in ended.out
    assert "Entries cut off after the newest head in the stores" in ended.out


def test_json_is_the_whole_report_and_progress_goes_elsewhere(custody: Custody, demo: Path) -> None:
    ended = custody("audit", "verify", *stores(demo), "--trust", demo / "trust", "--json")
    report = json.loads(ended.out)
    assert report["answer"] == "yes"
    assert set(report) >= {"answer", "findings", "ranges", "counts"}
    assert all(json.loads(line)["progress"] == "audit" for line in ended.err.splitlines())


@pytest.mark.parametrize("age", ["soon", "-1", "1.5", "7w"])
def test_an_age_that_is_no_number_of_days_is_a_usage_error(custody: Custody, tmp_path: Path, age: str) -> None:
    ended = custody("audit", "verify", tmp_path, "--trust", tmp_path, "--max-age", age)
    assert ended.code == 2


def test_trust_must_be_given(custody: Custody, tmp_path: Path) -> None:
    assert custody("audit", "verify", tmp_path).code == 2


def test_a_trust_folder_that_is_none_ends_with_1(custody: Custody, demo: Path, tmp_path: Path) -> None:
    ended = custody("audit", "verify", *stores(demo), "--trust", tmp_path / "none")
    assert ended.code == 1
    assert str(tmp_path / "none") in ended.err


def test_a_checkpoint_is_shown_and_written_where_it_was_wanted(
    custody: Custody, config_file: Path, station: FakeStation
) -> None:
    out = config_file.parent / "head"
    ended = custody("--config", config_file, "audit", "checkpoint", "--out", out)
    assert ended.code == 0
    assert out.read_text(encoding="utf-8") in ended.out
    assert f"Checkpoint over 27 entries of cg.example.gov.cn/station-1/1, written to /srv/trust/checkpoint, {out}" in (
        ended.out
    )


def test_a_checkpoint_never_overwrites_a_file(custody: Custody, config_file: Path, station: FakeStation) -> None:
    out = config_file.parent / "head"
    out.write_text("an older head", encoding="utf-8")
    ended = custody("--config", config_file, "audit", "checkpoint", "--out", out)
    assert ended.code == 2
    assert out.read_text(encoding="utf-8") == "an older head"
    assert station.seen == []
