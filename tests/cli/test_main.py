"""The rim: whatever happens, a plain message and an exit code from the table."""

import logging
import os
import subprocess
import sys
from pathlib import Path

import pytest

from cli import main
from tests.cli.conftest import Custody
from tests.cli.station import FakeStation


def test_help_lists_every_command_and_exit_code(custody: Custody) -> None:
    ended = custody("--help")
    assert ended.code == 0
    for word in ("init", "demo", "daemon", "import", "status", "dock", "clips", "store", "audit", "key", "Exit codes:"):
        assert word in ended.out


@pytest.mark.parametrize("words", [["no-such"], ["clips", "lst"], ["clips", "show"], ["status", "--no-such"], []])
def test_what_is_typed_wrongly_ends_with_2(custody: Custody, words: list[str]) -> None:
    assert custody(*words).code == 2


def test_a_wrong_configuration_ends_with_7_and_names_every_problem(custody: Custody, tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text("[station]\nagency = 5\nnmae = 'x'\n", encoding="utf-8")
    ended = custody("--config", file, "status")
    assert ended.code == 7
    assert "station.agency" in ended.err
    assert "station.nmae" in ended.err
    assert "Traceback" not in ended.err


def test_ctrl_c_ends_with_130_and_one_plain_line(
    custody: Custody, config_file: Path, station: FakeStation, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(_seconds: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("cli.commands.status.time.sleep", interrupted)  # where a person would press it
    ended = custody("--config", config_file, "status", "--watch")
    assert ended.code == 130
    assert ended.err == "Stopped by Ctrl-C. What the station has taken in is kept.\n"


def test_what_nobody_foresaw_is_told_plainly_and_logged_whole(
    custody: Custody, config_file: Path, station: FakeStation
) -> None:
    del station.clips[0]["file_type"]  # type: ignore[misc]  # a station that does not keep to the interface
    ended = custody("--config", config_file, "clips", "list")
    assert ended.code == 1
    assert ended.out == ""
    assert "Traceback" in ended.err
    assert ended.err.splitlines()[-1].startswith("custody: something unexpected went wrong (KeyError: 'file_type')")


def test_only_our_packages_are_logged_and_never_twice() -> None:
    main._configure_logging(is_verbose=True, is_daemon=False)
    main._configure_logging(is_verbose=False, is_daemon=False)
    assert len(logging.getLogger("archive").handlers) == 1
    assert not logging.getLogger("archive").propagate


def run_custody(*words: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    """Run the command line as its own process."""
    base = {"PATH": os.environ["PATH"], "PYTHONPATH": str(Path(main.__file__).parents[1])}
    command = [sys.executable, "-m", "cli.main", *words]
    return subprocess.run(command, env=base | environment, capture_output=True, text=True, check=False, timeout=60)


def test_help_is_chinese_where_the_environment_is() -> None:
    ended = run_custody("--help", LANG="zh_CN.UTF-8", PYTHONIOENCODING="utf-8")
    assert ended.returncode == 0
    assert "用法：" in ended.stdout
    assert "Usage" not in ended.stdout
    assert "Show this message" not in ended.stdout


def test_a_usage_error_is_chinese_where_the_environment_is() -> None:
    ended = run_custody("nothing", LANG="zh_CN.UTF-8", PYTHONIOENCODING="utf-8")
    assert ended.returncode == 2
    assert "没有" in ended.stderr
    assert "No such command" not in ended.stderr


def test_chinese_is_shown_on_a_machine_without_chinese_locales() -> None:
    """Containers have no zh_CN locale; Python then falls back to ASCII unless it is told better."""
    assert "用法：" in run_custody("--help", LANG="zh_CN.UTF-8").stdout


def test_help_loads_neither_the_station_nor_a_drawing_library() -> None:
    words = "import sys\nfrom cli.main import run\nrun(['--help'])\nprint(*sys.modules)"
    base = {"PATH": os.environ["PATH"], "PYTHONPATH": str(Path(main.__file__).parents[1])}
    command = [sys.executable, "-c", words]
    done = subprocess.run(command, env=base, capture_output=True, text=True, check=True, timeout=60)
    loaded = set(done.stdout.splitlines()[-1].split())
    assert not loaded & {"rich", "cryptography", "sqlite3", "sqlite_utils", "starlette", "uvicorn", "http.client"}


def test_a_reader_that_goes_away_is_no_error_to_shout_about() -> None:
    base = {"PATH": os.environ["PATH"], "PYTHONPATH": str(Path(main.__file__).parents[1])}
    line = f"{sys.executable} -u -m cli.main --help | true"
    done = subprocess.run(["bash", "-c", line], env=base, capture_output=True, text=True, check=False, timeout=60)
    assert "Traceback" not in done.stderr
