"""docs/configuration.md against the program, and the arrows out of `config`."""

import ast
import re
import tomllib
from pathlib import Path

import pytest

from config.errors import ConfigError
from config.load import load_settings
from config.schema import Key, all_keys
from config.text import default_text
from tests.config.files import dropped_in, with_change, written

ROOT = Path(__file__).parents[2]
OURS = {"bodycam_custody", "docking", "hashing", "archive", "cli"}
_ROW = re.compile(
    r"^\| `(?P<key>[a-z_]+\.[a-z_]+)` \| (?P<default>.*?) \| (?P<unit>[a-z]*) ?\| (?P<meaning>.*) \|$", re.M
)


def page() -> str:
    """Return the page on the configuration."""
    return (ROOT / "docs/configuration.md").read_text(encoding="utf-8")


def documented_default(key: Key) -> str:
    """Return what the table of the page must say."""
    if key.is_required:
        return "required"
    return "none" if default_text(key) == "…" else f"`{default_text(key)}`"


def test_the_reference_names_every_key_with_its_default_unit_and_meaning() -> None:
    rows = [match.groups() for match in _ROW.finditer(page())]
    assert rows == [(key.dotted, documented_default(key), key.setting.unit, key.setting.meaning) for key in all_keys()]


def example() -> str:
    """Return the example of the page."""
    return page().partition("```toml\n")[2].partition("```")[0]


def test_the_example_of_the_page_loads(tmp_path: Path) -> None:
    assert load_settings(written(tmp_path, example()), {}).station.origin == "cg.example.gov.cn/station-1/1"


def test_the_example_of_the_page_uses_every_table() -> None:
    assert set(tomllib.loads(example())) == {key.table for key in all_keys()}


def test_the_error_shown_on_the_page_is_the_one_printed(tmp_path: Path) -> None:
    file = written(tmp_path, with_change("name = ", "nmae = "))
    dropped_in(tmp_path, "50-docking.toml", "[docking]\nrescan_s = 0\n")
    with pytest.raises(ConfigError) as caught:
        load_settings(file, {})
    assert str(caught.value).replace(str(tmp_path), "/etc/bodycam-custody") in page()


@pytest.mark.parametrize("module", sorted((ROOT / "config").glob("*.py")), ids=lambda path: path.name)
def test_config_imports_nothing_of_ours(module: Path) -> None:
    imported: set[str] = set()
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            imported |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            imported.add((node.module or "").partition(".")[0])
    assert not imported & OURS
