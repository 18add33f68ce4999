"""Both READMEs against the program: commands, options, tables, folders, and the tour as it stands there."""

import fnmatch
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from bodycam_custody.operations import TABLE
from cli.exit_codes import markdown_table
from tests.bodycam_custody.stations import make_card
from tests.docs.program import application, check_command, commands_in, leaves, options_of
from tests.docs.reading import (
    READMES,
    ROOT,
    below_marker,
    code_blocks,
    command_lines,
    headings,
    rows,
    section,
    text_of,
    ticked,
)

_LINK = re.compile(r"\]\(([^)]+)\)")


@pytest.mark.parametrize("readme", READMES)
def test_every_command_that_is_shown_exists_with_its_options(readme: str) -> None:
    shown = [command for line in command_lines(readme) for command in commands_in(line)]
    named = [command for code in ticked(text_of(readme)) for command in commands_in(code)]
    assert len(shown) >= 8
    assert len(named) >= 12
    for command in [*shown, *named]:
        check_command(command)


@pytest.mark.parametrize("readme", READMES)
def test_every_option_that_is_named_alone_belongs_to_some_command(readme: str) -> None:
    known = options_of(application()).union(*(options_of(command) for _, command in leaves()))
    named = {word for code in ticked(text_of(readme)) if code.startswith("--") for word in code.split()[:1]}
    assert named >= {"--json", "--seen", "--watch"}
    assert named <= known


@pytest.mark.parametrize("readme", READMES)
def test_every_command_of_the_program_is_named(readme: str) -> None:
    named = ticked(text_of(readme))
    assert [name for name, _ in leaves() if name not in named] == []


def test_continuous_integration_reads_the_two_commands_from_the_first_block() -> None:
    printed = subprocess.run([ROOT / ".ci/run", "--commands"], capture_output=True, text=True, check=True, timeout=20)
    assert printed.stdout.splitlines() == [
        "apt-get update && apt-get install -y make && make demo",
        "make check",
    ]


@pytest.mark.parametrize("readme", READMES)
def test_every_make_target_that_is_named_is_in_the_makefile(readme: str) -> None:
    named = {target for code in re.findall(r"make [a-z-]+", text_of(readme)) for target in code.split()[1:]}
    targets = set(re.findall(r"^([a-z-]+):", text_of("Makefile"), re.M))
    assert named >= {"demo", "check", "bench", "crash"}
    assert named <= targets


@pytest.mark.parametrize(("readme", "language"), [("README.md", "en"), ("README.zh-CN.md", "zh_CN")])
def test_the_exit_codes_are_those_of_the_program(readme: str, language: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LANGUAGE", language)
    assert below_marker(readme, "exit codes") == markdown_table()


@pytest.mark.parametrize(("readme", "heading"), [("README.md", "Folders"), ("README.zh-CN.md", "文件夹")])
def test_the_folder_map_is_the_root(readme: str, heading: str) -> None:
    mapped = {ticked(cells[0])[0] for cells in rows(section(readme, heading))}
    assert mapped == {f"{name}/" for name in root_folders()}


def root_folders() -> set[str]:
    """Return the folders at the root, without those that are never committed."""
    ignored = [line.strip("/") for line in text_of(".gitignore").splitlines() if line.endswith("/")]
    folders = {path.name for path in ROOT.iterdir() if path.is_dir() and path.name != ".git"}
    return {name for name in folders if not any(fnmatch.fnmatch(name, pattern) for pattern in ignored)}


def test_both_readmes_show_the_same_commands() -> None:
    english, chinese = (code_blocks(text_of(readme), "sh") for readme in READMES)
    assert english == chinese


def test_both_readmes_have_the_same_structure() -> None:
    english, chinese = ([level for level, _ in headings(readme)] for readme in READMES)
    assert english == chinese
    assert len(english) > 8


def test_both_readmes_name_the_same_files_commands_and_exit_codes() -> None:
    def named(readme: str) -> tuple[set[str], list[str], set[str]]:
        text = text_of(readme)
        codes = [cells[0] for cells in rows(below_marker(readme, "exit codes"))]
        return set(ticked(text)) - {"LANG=zh_CN.UTF-8"}, codes, set(_LINK.findall(text)) - set(READMES)

    assert named("README.md") == named("README.zh-CN.md")


@pytest.mark.timeout(180)
def test_the_tour_runs_as_it_stands_there(tmp_path: Path) -> None:
    bin_folder = Path(sys.executable).parent
    environment = {"PATH": f"{bin_folder}:{os.environ['PATH']}", "HOME": str(tmp_path), "LANG": "C.UTF-8"}
    make_small_demonstration(bin_folder / "custody", tmp_path, environment)
    blocks = code_blocks(section("README.md", "A tour in five minutes"), "sh")
    lines = [line for block in blocks for line in block.splitlines()]
    script = "".join(f'{line}\necho "exit $?"\n' for line in lines)
    ran = subprocess.run(
        ["bash"], input=script, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=120
    )
    ended = [int(code) for code in re.findall(r"^exit (\d+)$", ran.stdout, re.M)]
    verifications = [number for number, line in enumerate(lines) if line.startswith("custody audit verify")]
    assert len(ended) == len(lines), ran.stderr
    assert len(verifications) == 2
    # Only the verification after the edit finds something, and it names the recording.
    assert [number for number, code in enumerate(ended) if code] == verifications[1:], ran.stdout + ran.stderr
    assert ended[verifications[1]] == 3
    assert "BROKEN B031" in ran.stdout


def make_small_demonstration(custody: Path, folder: Path, environment: dict[str, str]) -> None:
    """Leave a demo-station as `make demo` does, with a card that takes no ffmpeg to make."""
    card = make_card(folder / "card", {f"DCIM/{name}.mp4": name.encode() * 4096 for name in ("one", "two")})
    command = [str(custody), "demo", "--dir", "demo-station", "--card", str(card)]
    subprocess.run(command, cwd=folder, env=environment, capture_output=True, check=True, timeout=60)
    card.rename(folder / "demo-station/card")


def test_no_operation_is_promised_or_hidden() -> None:
    """What the README says comes later must not be there already, and what is there must not be called missing."""
    later = ("desk", "retention", "disposal", "USB")
    assert all(word in section("README.md", "bodycam-custody") for word in later)
    words = " ".join([name for name, _ in leaves()] + [operation.name for operation in TABLE])
    assert not any(word in words for word in ("case", "retention", "access"))
