"""`custody store list | rebuild`."""

from pathlib import Path

from tests.cli.conftest import Custody
from tests.cli.station import FakeStation, make_store


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


def test_a_rebuild_says_what_it_read(custody: Custody, config_file: Path, station: FakeStation) -> None:
    ended = custody("--config", config_file, "store", "rebuild")
    assert ended.code == 0
    assert ended.out == "Catalog rebuilt in 0.2 s from 27 ledger entries and 6 bags: 3 clips.\n"
