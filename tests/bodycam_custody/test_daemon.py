"""The daemon as a process: it answers over its socket, knows who asks, takes in cards, and ends when told."""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bodycam_custody.clock import Clock
from bodycam_custody.genesis import create_station
from bodycam_custody.ledger import Ledger
from bodycam_custody.station_keys import load_keys
from config.settings import Settings
from docking.slips import write_slip
from tests.bodycam_custody.stations import make_card, people, write_settings
from tests.docking.folder_slips import folder_slip

RUN = (
    "import sys; from pathlib import Path; from config.load import load_settings\n"
    "from bodycam_custody.daemon import run_daemon\n"
    "from hashing.errors import StatedError\n"
    "try: run_daemon(load_settings(Path(sys.argv[1]), {}), foreground=True)\n"
    "except StatedError as err: sys.exit(str(err))"
)
PATIENCE_S = 30.0


class Connection(http.client.HTTPConnection):
    """HTTP over a Unix socket."""

    def __init__(self, path: Path) -> None:
        super().__init__("localhost", timeout=PATIENCE_S)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(PATIENCE_S)
        self.sock.connect(str(self._path))


def ask(path: Path, method: str, url: str, body: object = None) -> tuple[int, Any]:
    connection = Connection(path)
    try:
        connection.request(method, url, body=None if body is None else json.dumps(body))
        response = connection.getresponse()
        return response.status, json.loads(response.read())
    finally:
        connection.close()


class Daemon:
    """A daemon process, its settings and what systemd would hear."""

    def __init__(
        self, settings: Settings, notify: socket.socket, notify_path: Path, environ: dict[str, str] | None = None
    ) -> None:
        self.settings = settings
        self.socket = settings.paths.socket
        self._notify = notify
        environ = {**os.environ, "NOTIFY_SOCKET": str(notify_path), **(environ or {})}
        config = settings.paths.state.parent / "config.toml"
        self.process = subprocess.Popen(
            [sys.executable, "-c", RUN, str(config)], env=environ, stderr=subprocess.PIPE, text=True
        )

    def wait_until_ready(self) -> None:
        assert self.heard() == "READY=1"

    def heard(self) -> str:
        return self._notify.recv(100).decode()

    def stop(self) -> float:
        """Send SIGTERM and return how many seconds the end took."""
        started = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(PATIENCE_S) == 0
        return time.monotonic() - started


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    settings = write_settings(tmp_path / "s", {"docking.rescan_s": 1})
    create_station(settings, people(), Clock())
    return settings


@pytest.fixture
def daemon(settings: Settings, tmp_path: Path) -> Iterator[Daemon]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
        notify.bind(str(tmp_path / "notify"))
        notify.settimeout(PATIENCE_S)
        daemon = Daemon(settings, notify, tmp_path / "notify")
        try:
            daemon.wait_until_ready()
            yield daemon
        finally:
            if daemon.process.poll() is None:
                daemon.process.kill()
            daemon.process.wait()
            assert daemon.process.stderr is not None
            daemon.process.stderr.close()


def test_systemd_hears_that_the_daemon_is_at_work_when_it_asked_to(settings: Settings, tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
        notify.bind(str(tmp_path / "notify"))
        notify.settimeout(PATIENCE_S)
        daemon = Daemon(settings, notify, tmp_path / "notify", {"WATCHDOG_USEC": "200000"})
        try:
            assert {daemon.heard() for _ in range(4)} == {"READY=1", "WATCHDOG=1"}
        finally:
            daemon.process.kill()
            daemon.process.communicate()


def until(question: Any) -> Any:
    """Ask again and again until the answer is true."""
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        if found := question():
            return found
        time.sleep(0.05)
    raise AssertionError("it did not come about")


def dock(settings: Settings, name: str, card: Path) -> Path:
    return write_slip(settings.paths.slips, name, folder_slip(card, datetime.now(UTC), serial="A1"))


def test_the_daemon_answers_takes_in_docked_cards_and_ends_on_sigterm(daemon: Daemon, tmp_path: Path) -> None:
    status, said = ask(daemon.socket, "GET", "/v1/status")
    assert (status, said["daemon"]["mode"], said["daemon"]["pid"]) == (200, "daemon", daemon.process.pid)

    dock(daemon.settings, "slot-1", make_card(tmp_path / "card", {"a.mp4": b"one", "b.txt": b"two"}))
    clips = until(lambda: (found := ask(daemon.socket, "GET", "/v1/clips")[1]["items"]) and len(found) == 2 and found)
    assert {clip["state"] for clip in clips} <= {"safe-one-disk", "safe-disks-unproven"}

    folder = make_card(daemon.settings.paths.state.parent / "import" / "camera", {"c.mp4": b"three"})
    status, begun = ask(daemon.socket, "POST", "/v1/imports", {"path": str(folder)})
    assert status == 200
    until(lambda: ask(daemon.socket, "GET", f"/v1/dockings/{begun['docking_id']}")[1]["phase"] == "closed")

    assert daemon.stop() < 10
    assert daemon.heard() == "STOPPING=1"
    assert daemon.process.stderr is not None
    assert "Traceback" not in daemon.process.stderr.read()


def test_the_ledger_says_that_the_daemon_started_and_marks_the_time(daemon: Daemon) -> None:
    until(lambda: ask(daemon.socket, "GET", "/v1/status")[1]["ledger"]["size"] >= 6)
    daemon.stop()
    settings = daemon.settings
    keys = load_keys(settings.paths.keys)
    ledger = Ledger(
        settings.paths.state / "ledger.db", signer=keys.checkpoint, origin=settings.station.origin, clock=Clock()
    )
    ledger.check(whole=True)
    assert [entry.kind for entry in ledger.entries(4)] == ["station.started", "clock.mark"]
    ledger.close()


def test_a_second_daemon_on_the_same_state_is_told_which_process_holds_it(daemon: Daemon) -> None:
    config = daemon.settings.paths.state.parent / "config.toml"
    second = subprocess.run([sys.executable, "-c", RUN, str(config)], capture_output=True, text=True, check=False)
    assert second.returncode == 1
    assert second.stderr.strip() == (
        f"station {daemon.settings.paths.state} is held by process {daemon.process.pid}; one process at a time may "
        "write, stop it or talk to it"
    )
    assert ask(daemon.socket, "GET", "/v1/status")[0] == 200


def test_only_owner_and_group_reach_the_socket(daemon: Daemon) -> None:
    assert daemon.socket.stat().st_mode & 0o777 == 0o660


def test_who_asks_is_what_the_kernel_says_whatever_the_request_claims(daemon: Daemon) -> None:
    if os.geteuid() != 0:
        pytest.skip("calling under another uid needs root")
    # Every folder on the way and the socket are opened up, so that only the daemon's own check is left.
    for folder in (daemon.socket, *daemon.socket.parents):
        if folder == Path("/tmp"):
            break
        folder.chmod(folder.stat().st_mode | 0o007)
    child = (
        "import os, socket, sys; os.setgid(54321); os.setuid(54321)\n"
        "s = socket.socket(socket.AF_UNIX); s.connect(sys.argv[1])\n"
        "s.sendall(b'GET /v1/status?uid=0 HTTP/1.1\\r\\nHost: x\\r\\nX-Uid: 0\\r\\nConnection: close\\r\\n\\r\\n')\n"
        "data = b''\n"
        "while part := s.recv(65536): data += part\n"
        "sys.stdout.buffer.write(data)"
    )
    said = subprocess.run([sys.executable, "-c", child, str(daemon.socket)], capture_output=True, check=True).stdout
    head, _, body = said.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 403")
    assert b"application/problem+json" in head
    problem = json.loads(body)
    assert problem["type"] == "urn:bodycam-custody:problem:not-authorised"
    assert problem["facts"]["uid"] == 54321


def test_errors_are_rfc_9457_problems_with_template_and_facts(daemon: Daemon) -> None:
    status, problem = ask(daemon.socket, "GET", "/v1/clips/zzzzzzzz")
    assert (status, problem["status"]) == (404, 404)
    assert problem["code"] == problem["title"] == "not-found"
    assert problem["detail"] == "no clip with the id zzzzzzzz"
    assert problem["template"].format(**problem["facts"]) == problem["detail"]


@pytest.mark.parametrize(
    ("body", "status", "text"),
    [
        ("[1]", 422, "parameter (body): expected a JSON object, found list"),
        ("{", 422, "parameter (body): expected a JSON object, found "),
        ('"' + "x" * 70_000 + '"', 422, "parameter (body): expected at most 65536 bytes, found more"),
        ('{"path": 7}', 422, "parameter path: expected text, found 7"),
        ("", 422, "parameter path: expected a value, found nothing"),
    ],
)
def test_a_wrong_body_is_refused_with_what_was_expected(daemon: Daemon, body: str, status: int, text: str) -> None:
    connection = Connection(daemon.socket)
    connection.request("POST", "/v1/imports", body=body)
    response = connection.getresponse()
    problem = json.loads(response.read())
    connection.close()
    assert response.status == status
    assert problem["detail"].startswith(text)


def test_a_killed_daemon_leaves_a_socket_that_the_next_one_replaces(daemon: Daemon, tmp_path: Path) -> None:
    daemon.process.kill()
    daemon.process.wait()
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
        notify.bind(str(tmp_path / "notify2"))
        notify.settimeout(PATIENCE_S)
        again = Daemon(daemon.settings, notify, tmp_path / "notify2")
        again.wait_until_ready()
        assert ask(again.socket, "GET", "/v1/status")[0] == 200
        again.stop()
        assert again.process.stderr is not None
        again.process.stderr.close()


def test_sigterm_in_mid_copy_ends_in_time_and_the_next_docking_finishes(daemon: Daemon, tmp_path: Path) -> None:
    card = make_card(tmp_path / "card", {f"{number}.mp4": os.urandom(20_000_000) for number in range(8)})
    dock(daemon.settings, "slot-1", card)
    until(lambda: [one for one in ask(daemon.socket, "GET", "/v1/dockings")[1]["items"] if one["bytes_done"]])
    assert daemon.stop() < 10
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
        notify.bind(str(tmp_path / "notify2"))
        notify.settimeout(PATIENCE_S)
        again = Daemon(daemon.settings, notify, tmp_path / "notify2")
        again.wait_until_ready()
        until(lambda: len(ask(again.socket, "GET", "/v1/clips")[1]["items"]) == 8)
        dockings = until(
            lambda: (found := ask(again.socket, "GET", "/v1/dockings")[1]["items"]) and found[0]["closed_at"] and found
        )
        assert [one["phase"] for one in dockings][1:] == ["interrupted"]
        again.stop()
        assert again.process.stderr is not None
        again.process.stderr.close()
