"""The command line reaches the station over its socket, and says plainly when it cannot."""

import json
import os
import socket
from pathlib import Path

import pytest

from cli.client import Station
from cli.messages import StationProblemError
from cli.sockets import is_answering
from cli.transport import SocketTransport
from tests.cli.answering_server import ROUTES, StatedProblemError
from tests.cli.conftest import Custody
from tests.cli.station import FakeStation


def test_the_operations_called_are_those_of_the_station() -> None:
    from bodycam_custody.operations import TABLE

    assert {operation.name: (operation.method, operation.path) for operation in TABLE}.items() >= ROUTES.items()


def test_every_page_of_a_list_is_fetched(station: FakeStation, tmp_path: Path) -> None:
    found = Station(SocketTransport(tmp_path / "socket")).clips(state=None, docking_id=None)
    assert found == station.clips
    assert [name for name, _ in station.seen] == ["clips.list", "clips.list"]


def test_parameters_that_are_not_given_are_not_sent(station: FakeStation, tmp_path: Path) -> None:
    Station(SocketTransport(tmp_path / "socket")).clips(state="safe", docking_id=None)
    assert station.seen[0][1] == {"limit": "500", "state": "safe"}


def test_a_socket_below_a_very_long_path_is_reached(tmp_path: Path) -> None:
    folder = tmp_path.joinpath(*["a-rather-long-folder-name"] * 6)
    folder.mkdir(parents=True)
    here = os.open(folder, os.O_PATH)
    with FakeStation(Path(f"/proc/self/fd/{here}/socket")):
        assert Station(SocketTransport(folder / "socket")).status()["ledger"]["size"] == 27
    os.close(here)


def test_a_path_parameter_cannot_leave_its_place(station: FakeStation, tmp_path: Path) -> None:
    with pytest.raises(StationProblemError):
        Station(SocketTransport(tmp_path / "socket")).clip("../stores")
    assert station.seen == [("clips.show", {"clip_id": "..%2Fstores"})]


def test_a_stated_problem_arrives_with_its_facts(station: FakeStation, tmp_path: Path) -> None:
    station.refuses = StatedProblemError(503, "store-full", "store {store} is full", store="primary")
    with pytest.raises(StationProblemError, match="store primary is full") as caught:
        Station(SocketTransport(tmp_path / "socket")).status()
    assert caught.value.problem == {
        "code": "store-full",
        "template": "store {store} is full",
        "facts": {"store": "primary"},
    }


def test_no_daemon_is_seen_as_none(tmp_path: Path) -> None:
    assert not is_answering(tmp_path / "socket")
    assert not is_answering(tmp_path / "nowhere" / "socket")
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(tmp_path / "socket"))  # a socket file whose daemon has died
    assert not is_answering(tmp_path / "socket")


def test_a_daemon_that_breaks_off_ends_with_6_and_says_where(custody: Custody, config_file: Path) -> None:
    import threading

    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(config_file.parent / "socket"))
        server.listen()

        def hang_up_twice() -> None:
            for _ in range(2):
                server.accept()[0].close()

        thread = threading.Thread(target=hang_up_twice)
        thread.start()
        ended = custody("--config", config_file, "status")
        thread.join()
    assert ended.code == 6
    assert f"the station's daemon at {config_file.parent / 'socket'} broke off" in ended.err
    assert ended.out == ""


@pytest.mark.skipif(os.geteuid() == 0, reason="root may open every socket")
def test_a_socket_closed_to_this_user_ends_with_6(custody: Custody, config_file: Path, station: FakeStation) -> None:
    (config_file.parent / "socket").chmod(0)
    ended = custody("--config", config_file, "status")
    assert ended.code == 6
    assert "is closed to you" in ended.err


def test_with_json_a_problem_is_one_json_line_on_standard_error(
    custody: Custody, config_file: Path, station: FakeStation
) -> None:
    station.refuses = StatedProblemError(503, "store-full", "store {store} is full", store="primary")
    ended = custody("--config", config_file, "status", "--json")
    assert ended.code == 8
    assert ended.out == ""
    assert json.loads(ended.err)["error"]["code"] == "store-full"
