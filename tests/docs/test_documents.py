"""Every document: links lead somewhere, places are those of a station, and versions are the program's."""

import re
import tomllib
from pathlib import Path

import pytest

from tests.docs.program import check_command, commands_in
from tests.docs.reading import READMES, ROOT, documents, text_of, ticked

_LINK = re.compile(r"\]\(([^)]+)\)")
# What a station's machine has; a document that names another absolute place names somebody's own machine.
_PLACES = {"etc", "var", "run", "srv", "opt", "usr", "media", "mnt", "home", "dev", "sys", "proc", "v1"}
_ABSOLUTE = re.compile(r"""[\s"'`(=]/([a-z][a-z0-9_.-]*)/""")


@pytest.mark.parametrize("document", documents())
def test_every_link_leads_to_a_file(document: str) -> None:
    folder = (ROOT / document).parent
    links = [link for link in _LINK.findall(text_of(document)) if not link.startswith(("https://", "#"))]
    assert [link for link in links if not (folder / link.partition("#")[0]).exists()] == []


@pytest.mark.parametrize("document", documents())
def test_absolute_paths_are_those_of_a_station(document: str) -> None:
    assert set(_ABSOLUTE.findall(text_of(document))) <= _PLACES


@pytest.mark.parametrize("readme", READMES)
def test_every_page_can_be_found_from_the_readme(readme: str) -> None:
    pages = {f"docs/{path.name}" for path in (ROOT / "docs").glob("*.md")}
    assert pages <= set(_LINK.findall(text_of(readme)))


@pytest.mark.parametrize("document", [name for name in documents() if name not in READMES])
def test_every_command_in_backticks_exists(document: str) -> None:
    for code in ticked(text_of(document)):
        for command in commands_in(code):
            check_command(command.replace("…", "").strip() if command != "custody …" else "custody --help status")


@pytest.mark.parametrize("document", documents())
def test_every_source_file_that_is_named_exists(document: str) -> None:
    named = [code for code in ticked(text_of(document)) if re.fullmatch(r"[\w/]+/[\w/]+\.(py|service|md)", code)]
    assert [path for path in named if not (ROOT / path).exists()] == []


def test_decisions_are_numbered_without_holes_and_start_with_their_number() -> None:
    pages = sorted((ROOT / "docs/adr").glob("*.md"))
    assert [page.name[:4] for page in pages] == [f"{number:04d}" for number in range(1, len(pages) + 1)]
    assert all(page.read_text(encoding="utf-8").startswith(f"# ADR-{page.name[:4]}: ") for page in pages)


def test_the_changelog_begins_with_the_version_of_the_program() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    newest = re.search(r"^## ([0-9.]+)", text_of("CHANGELOG.md"), re.M)
    assert newest is not None
    assert newest[1] == project["version"]


def test_documents_are_found() -> None:
    assert {"README.md", "docs/interface.md", "docs/adr/0001-sibling-packages.md"} <= set(documents())
    assert Path(ROOT / "Makefile").exists()
