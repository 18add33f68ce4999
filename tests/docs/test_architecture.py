"""docs/architecture.md and ADR-0001 against the packages."""

import tomllib

from bodycam_custody.schedule import CATCH_UP_MINUTES
from tests.docs.reading import ROOT, rows, section, text_of, ticked


def test_the_packages_are_those_of_the_wheel_and_their_arrows_those_that_are_checked() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    table = {ticked(cells[0])[0]: set(ticked(cells[2])) for cells in rows(section("docs/architecture.md", "Packages"))}
    assert set(table) == set(project["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"])
    top, custody, parts, bottom = project["tool"]["importlinter"]["contracts"][0]["layers"]
    assert (table[top], table[bottom], table["config"]) == ({custody, "config"}, set(), set())
    assert all(table[part] == {bottom} for part in parts.split(" | ") if part != "config")


def test_every_subject_of_custody_has_its_row_and_its_package() -> None:
    table = [ticked(cells[0])[0] for cells in rows(section("docs/architecture.md", "Subjects of custody"))]
    assert table == sorted(path.parent.name for path in (ROOT / "bodycam_custody").glob("*/__init__.py"))


def test_the_minutes_between_two_catch_ups_are_the_schedule_s() -> None:
    pages = ("docs/architecture.md", "docs/adr/0003-entries-then-head.md")
    architecture, decision = (" ".join(text_of(page).split()) for page in pages)
    assert f"every {CATCH_UP_MINUTES} minutes" in architecture
    assert f"the {CATCH_UP_MINUTES}-minute job" in decision
