"""`custody dock list`."""

from pathlib import Path

from tests.cli.conftest import Custody
from tests.cli.station import FakeStation, make_docking


def test_every_docking_says_what_was_found_kept_and_left(
    custody: Custody, config_file: Path, station: FakeStation
) -> None:  # R11
    station.dockings = [make_docking(files_found=5, files_sealed=2, files_known=1, safe_to_take_away="no")]
    header, row, *_ = custody("--config", config_file, "dock", "list").out.splitlines()
    assert " ".join(header.split()) == "Docking Docked Slot Phase Found Kept Left Card Officer Recorder"
    assert row.split()[1:] == [
        *["2026-11-21", "16:59", "slot-1", "finished", "5", "3", "2"],
        *["leave", "it", "here", "officer-1", "usb:4255:0001:ZX12"],
    ]


def test_the_number_of_dockings_is_limited(custody: Custody, config_file: Path, station: FakeStation) -> None:
    custody("--config", config_file, "dock", "list", "--limit", "7")
    assert station.seen[0] == ("dockings.list", {"limit": "7"})


def test_a_station_without_dockings_says_so(custody: Custody, config_file: Path, station: FakeStation) -> None:
    station.dockings = []
    assert custody("--config", config_file, "dock", "list").out == "No card has been docked yet.\n"
