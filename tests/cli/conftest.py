"""What the tests of the command line share: a station configuration, a station that answers, and the catalogue."""

import logging
import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from bodycam_custody.demo.station import run_demo
from bodycam_custody.installation.files import PACKAGES
from cli import main
from cli.build_catalogs import compile_catalogs
from cli.language import LOCALE_FOLDER
from tests.cli.station import FakeStation

CONFIG = """
[station]
agency = "cg.example.gov.cn"
name = "station-1"
time_zone = "Asia/Shanghai"
[paths]
state = "state"
socket = "socket"
slips = "docked"
refused = "refused"
unlocked = "unlocked"
families = "recorder-families.toml"
import_roots = ["cards"]
[[stores]]
id = "primary"
path = "primary"
role = "primary"
[[stores]]
id = "backup"
path = "backup"
role = "replica"
[rule_set]
unit = "綦江区城市管理局"
document_number = "2022-1"
effective_date = 2022-03-01
version = "1"
handover_hours = 24
handover_point = "dock"
clearing = "keep-at-desk"
[docking]
folder_cards = true
[accepted_risks]
stores_on_one_disk = true
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How a command ended and what it printed."""

    code: int
    out: str
    err: str


Custody = Callable[..., Ended]


@pytest.fixture(scope="session", autouse=True)
def _compiled_catalogue() -> None:
    compile_catalogs(LOCALE_FOLDER)


@pytest.fixture(autouse=True)
def _plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "CUSTODY_CONFIG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LANG", "C.UTF-8")


@pytest.fixture
def in_chinese(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the person at the terminal read Chinese."""
    monkeypatch.setenv("LANG", "zh_CN.UTF-8")


@pytest.fixture
def config_file(tmp_path: Path) -> Path:
    """A usable configuration whose paths all lie beside it."""
    file = tmp_path / "config.toml"
    file.write_text(CONFIG, encoding="utf-8")
    (tmp_path / "cards").mkdir()
    return file


@pytest.fixture
def station(config_file: Path) -> Iterator[FakeStation]:
    """A station that answers at the socket of the configuration."""
    with FakeStation(config_file.parent / "socket") as running:
        yield running


@pytest.fixture(scope="session")
def _demonstration(tmp_path_factory: pytest.TempPathFactory) -> Path:
    card = tmp_path_factory.mktemp("card")
    (card / "note.amr").write_bytes(b"#!AMR voice")
    folder = tmp_path_factory.mktemp("demonstration") / "d"
    run_demo(folder, card, lambda _: None, unit="Test unit")
    return folder


@pytest.fixture
def demo(_demonstration: Path, tmp_path: Path) -> Path:
    """A real station at rest with one clip, free to be damaged."""
    return shutil.copytree(_demonstration, tmp_path / "d")


@pytest.fixture
def custody(capsys: pytest.CaptureFixture[str]) -> Custody:
    """Run `custody ARGS…` in this process."""

    def run(*args: str | os.PathLike[str]) -> Ended:
        words: Sequence[str] = [os.fspath(arg) for arg in args]
        code = main.run(words)
        said = capsys.readouterr()
        return Ended(code=code, out=said.out, err=said.err)

    return run


@pytest.fixture(autouse=True)
def _loggers_as_before() -> Iterator[None]:
    """A command gives our loggers handlers of its own; other tests must not find them."""
    ours = [logging.getLogger(name) for name in PACKAGES]
    before = [(logger.handlers, logger.level, logger.propagate) for logger in ours]
    yield
    for logger, (handlers, level, propagate) in zip(ours, before, strict=True):
        logger.handlers, logger.propagate = handlers, propagate
        logger.setLevel(level)
