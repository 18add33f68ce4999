"""The same operations without a daemon, by whoever owns the station."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from bodycam_custody.clock import Clock
from bodycam_custody.errors import NotStationOwnerError, StationBusyError, StationMissingError
from bodycam_custody.genesis import create_station
from bodycam_custody.local import open_local
from bodycam_custody.station import station_lock
from config.settings import Settings
from tests.bodycam_custody.stations import make_card, people, write_settings


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    settings = write_settings(tmp_path / "s")
    create_station(settings, people(), Clock())
    return settings


def test_an_import_in_process_is_finished_and_interpreted_before_the_command_ends(settings: Settings) -> None:
    folder = make_card(settings.paths.state.parent / "import" / "x", {"a.mp4": b"one"})
    with open_local(settings) as local:
        docking_id = local.call("imports.start", {"path": str(folder)})["docking_id"]
    with open_local(settings) as local:
        shown = local.call("dockings.show", {"docking_id": docking_id})
    assert (shown["phase"], shown["files_sealed"], shown["interpretation_waiting"]) == ("closed", 1, 0)


def test_looking_writes_nothing(settings: Settings) -> None:
    with open_local(settings) as local:
        before = local.call("status.show", {})
        local.call("clips.list", {})
        local.call("stores.list", {})
    with open_local(settings) as local:
        assert local.call("status.show", {})["ledger"] == before["ledger"]


def test_without_a_station_the_command_says_how_to_make_one(tmp_path: Path) -> None:
    settings = write_settings(tmp_path)
    with pytest.raises(StationMissingError, match="create one with: custody init"), open_local(settings):
        pass


def test_another_user_is_told_to_start_the_daemon(settings: Settings) -> None:
    if os.geteuid() != 0:
        pytest.skip("becoming another user needs root")
    for folder in (settings.paths.state, *settings.paths.state.parents):
        if folder == Path("/tmp"):
            break
        folder.chmod(0o755)
    child = (
        "import os, sys, json; from pathlib import Path\n"
        "from config.load import load_settings; from bodycam_custody.local import open_local\n"
        "from hashing.errors import StatedError\n"
        "settings = load_settings(Path(sys.argv[1]), {}); os.setuid(54321)\n"
        "try:\n"
        "    with open_local(settings): pass\n"
        "except StatedError as err: print(json.dumps([err.code, str(err)]))"
    )
    config = settings.paths.state.parent / "config.toml"
    said = subprocess.run([sys.executable, "-c", child, str(config)], capture_output=True, text=True, check=True)
    code, text = json.loads(said.stdout)
    assert code == NotStationOwnerError.code
    assert text == (
        f"no daemon answers at {settings.paths.socket}, and {settings.paths.state} belongs to uid 0, not to you (uid "
        "54321); start the daemon with: systemctl start bodycam-custody"
    )


def test_a_station_held_by_another_process_is_waited_for_and_then_reported(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bodycam_custody.local.LOCK_WAIT_S", 0.1)
    with (
        station_lock(settings.paths.state),
        pytest.raises(StationBusyError, match=f"held by process {os.getpid()}"),
        open_local(settings),
    ):
        pass
