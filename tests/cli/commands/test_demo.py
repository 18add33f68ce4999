"""`custody demo` from the first folder to the last line, on a real station with a small card of text files."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.conftest import Custody


@pytest.fixture
def card(tmp_path: Path) -> Path:
    """A card with an empty clip, a foreign file and a recording that is none."""
    folder = tmp_path / "card" / "DCIM"
    folder.mkdir(parents=True)
    (folder / "500123_DSJ0017_20261121101500_0001.mp4").write_bytes(b"")
    (folder / "500123_DSJ0017_20261121101600_0002.mp4").write_bytes(b"cut short")
    (folder / "setup.exe").write_bytes(b"MZ")
    return folder.parent


def sections(screen: str) -> Iterator[str]:
    """Yield the headings of the screen."""
    return (line for line in screen.splitlines() if line and not line.startswith(" "))


def test_the_outcome_is_one_screen_a_custodian_understands(custody: Custody, tmp_path: Path, card: Path) -> None:
    ended = custody("demo", "--dir", tmp_path / "d", "--card", card)
    assert ended.code == 0
    assert list(sections(ended.out))[-4:] == ["FOUND ON THE CARD", "SAFE", "NEEDS ATTENTION", "TRY NEXT"]
    assert "3 files (11 B): video 2, foreign file 1." in ended.out
    assert "Taken in: 3. Left on the card: 0. Unexplained: 0." in ended.out
    assert "3 clips: hashed and signed, written to primary (primary), backup (replica)" in ended.out
    assert "! Empty file: 500123_DSJ0017_20261121101500_0001.mp4" in ended.out
    assert "! Damaged recording: 500123_DSJ0017_20261121101600_0002.mp4" in ended.out
    assert "! Foreign file: setup.exe" in ended.out
    assert len(ended.out.splitlines()) <= 40


def test_safe_in_the_demonstration_carries_its_remark(custody: Custody, tmp_path: Path, card: Path) -> None:  # R43
    out = custody("demo", "--dir", tmp_path / "d", "--card", card).out
    safe = out[out.index("\nSAFE\n") : out.index("\nNEEDS ATTENTION\n")]
    assert "Remark: " in safe
    assert "physical disk" in safe


def test_every_command_it_proposes_works(custody: Custody, tmp_path: Path, card: Path) -> None:
    out = custody("demo", "--dir", tmp_path / "d", "--card", card).out
    commands = [line.split() for line in out.splitlines() if line.startswith("  custody ")]
    assert len(commands) == 5
    for command in commands:
        ended = custody(*command[1:])
        assert ended.code == 0, ended
        assert ended.out


def test_json_holds_what_the_screen_was_made_of(custody: Custody, tmp_path: Path, card: Path) -> None:
    ended = custody("demo", "--dir", tmp_path / "d", "--card", card, "--json")
    value = json.loads(ended.out)
    assert set(value) == {"directory", "docking", "status", "clips", "sessions"}
    assert len(value["clips"]) == 3
    lines = [json.loads(line) for line in ended.err.splitlines()]
    assert lines[-1]["progress"] == "demo"


def test_a_folder_that_is_in_use_is_refused_and_left_alone(custody: Custody, tmp_path: Path, card: Path) -> None:
    ended = custody("demo", "--dir", card, "--card", card)
    assert ended.code == 1
    assert f"{card} is not empty; the demonstration needs a new folder, choose another with --dir" in ended.err
    assert [entry.name for entry in card.iterdir()] == ["DCIM"]


@pytest.mark.usefixtures("in_chinese")
def test_the_screen_is_chinese_with_the_legal_words(custody: Custody, tmp_path: Path, card: Path) -> None:
    ended = custody("demo", "--dir", tmp_path / "d", "--card", card)
    assert list(sections(ended.out))[-4:] == ["存储卡上有什么", "已安全保存", "需要关注", "接下来可以试试"]
    for words in ("采集站", "固定", "指定存储设备", "备份件", "存证日志", "校验点", "无关文件：setup.exe"):
        assert words in ended.out
    assert "clip" not in ended.out.partition("接下来可以试试")[0]
