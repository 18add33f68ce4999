"""`custody daemon --foreground` as its own process, and the commands that talk to it."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli import main
from cli.sockets import is_answering
from tests.cli.conftest import Custody

# A station of one clip starts in about a second; a loaded machine may take ten times as long.
STARTED_WITHIN_S = 30
STOPPED_WITHIN_S = 10  # fixed by the issue


@pytest.fixture
def daemon(demo: Path) -> "Iterator[subprocess.Popen[str]]":
    """The station of the demonstration with its daemon running."""
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(Path(main.__file__).parents[1]), "LANG": "C.UTF-8"}
    command = [sys.executable, "-m", "cli.main", "--config", str(demo / "config.toml"), "daemon", "--foreground"]
    running = subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True)
    try:
        deadline = time.monotonic() + STARTED_WITHIN_S
        while not is_answering(demo / "state" / "socket"):
            assert running.poll() is None, running.communicate()
            assert time.monotonic() < deadline
            time.sleep(0.05)
        yield running
    finally:
        running.kill()
        running.communicate()


def test_commands_reach_the_daemon_and_a_second_one_is_refused(
    custody: Custody, demo: Path, daemon: "subprocess.Popen[str]"
) -> None:
    config = demo / "config.toml"
    status = json.loads(custody("--config", config, "status", "--json").out)
    assert status["daemon"]["mode"] == "daemon"
    assert status["daemon"]["pid"] == daemon.pid

    (demo / "import" / "camera-7").mkdir()
    (demo / "import" / "camera-7" / "voice.mp3").write_bytes(b"ID3 voice")
    assert custody("--config", config, "import", demo / "import" / "camera-7").code == 0
    assert len(json.loads(custody("--config", config, "clips", "list", "--json").out)) == 2

    refused = custody("--config", config, "import", demo / "primary")
    assert refused.code == 5
    assert "is not imported" in refused.err

    second = custody("--config", config, "daemon", "--foreground")
    assert second.code == 6
    assert f"is held by process {daemon.pid}" in second.err


def test_sigterm_ends_the_daemon_in_order(custody: Custody, demo: Path, daemon: "subprocess.Popen[str]") -> None:
    daemon.send_signal(signal.SIGTERM)
    _, said = daemon.communicate(timeout=STOPPED_WITHIN_S)
    assert daemon.returncode == 0
    assert "Traceback" not in said
    status = json.loads(custody("--config", demo / "config.toml", "status", "--json").out)
    assert status["daemon"]["mode"] == "in-process"


def test_without_a_station_the_way_to_one_is_told(custody: Custody, config_file: Path) -> None:
    ended = custody("--config", config_file, "status")
    assert ended.code == 6
    assert f"no station in {config_file.parent / 'state'}" in ended.err
    assert "custody init" in ended.err
