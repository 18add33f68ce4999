"""Catalogues compiled at build time, and the wheel that carries them."""

import gettext
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from babel.messages.pofile import PoFileError

from cli.build_catalogs import catalog_faults, compile_catalogs, missing_messages

ROOT = Path(__file__).parents[2]
PACKAGES = ("archive", "bodycam_custody", "cli", "config", "docking", "hashing")
HEADER = """\
msgid ""
msgstr ""
"Content-Type: text/plain; charset=UTF-8\\n"

"""


def catalog(root: Path, body: str) -> Path:
    """Write a Chinese catalogue below `root` and return it."""
    file = root / "zh_CN" / "LC_MESSAGES" / "messages.po"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(HEADER + body, encoding="utf-8")
    return file


def test_a_compiled_catalogue_translates(tmp_path: Path) -> None:
    source = catalog(tmp_path, 'msgid "sealed"\nmsgstr "已固定"\n')
    assert compile_catalogs(tmp_path) == [source.with_suffix(".mo")]
    assert gettext.translation("messages", tmp_path, ["zh_CN"]).gettext("sealed") == "已固定"


def test_compiling_leaves_nothing_but_the_result(tmp_path: Path) -> None:
    source = catalog(tmp_path, 'msgid "sealed"\nmsgstr "已固定"\n')
    compile_catalogs(tmp_path)
    compile_catalogs(tmp_path)
    assert sorted(file.name for file in source.parent.iterdir()) == ["messages.mo", "messages.po"]


def test_a_fuzzy_translation_is_not_used(tmp_path: Path) -> None:
    catalog(tmp_path, '#, fuzzy\nmsgid "sealed"\nmsgstr "已备份"\n')
    compile_catalogs(tmp_path)
    assert gettext.translation("messages", tmp_path, ["zh_CN"]).gettext("sealed") == "sealed"


def test_a_malformed_catalogue_stops_the_build(tmp_path: Path) -> None:
    catalog(tmp_path, 'msgid "sealed\n')
    with pytest.raises(PoFileError):
        compile_catalogs(tmp_path)


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        ('msgid "sealed"\nmsgstr ""\n', "not translated: 'sealed'"),
        ('#, fuzzy\nmsgid "sealed"\nmsgstr "已固定"\n', "marked fuzzy, so not used: 'sealed'"),
        ('msgid "{count} clips"\nmsgstr "{number} 个片段"\n', "other fields than the original: '{count} clips'"),
        ('msgid "{count} clips"\nmsgstr "片段"\n', "other fields than the original: '{count} clips'"),
    ],
)
def test_an_incomplete_catalogue_names_the_message(tmp_path: Path, body: str, fault: str) -> None:
    source = catalog(tmp_path, body)
    assert catalog_faults(source) == [f"{source}: {fault}"]


def test_a_complete_catalogue_has_no_faults(tmp_path: Path) -> None:
    """A header marked fuzzy is used all the same, so it is no fault."""
    body = 'msgid "{count} of {all:,}"\nmsgstr "共 {all} 个, 已有 {count}"\n\n#~ msgid "gone"\n#~ msgstr ""\n'
    source = catalog(tmp_path, body)
    source.write_text("#, fuzzy\n" + source.read_text(encoding="utf-8"), encoding="utf-8")
    assert catalog_faults(source) == []


def test_a_message_that_the_code_has_and_the_catalogue_lacks_is_named(tmp_path: Path) -> None:
    source = catalog(tmp_path, 'msgid "sealed"\nmsgstr "已固定"\n\nmsgid "extra"\nmsgstr "多余"\n')
    template = tmp_path / "messages.pot"
    template.write_text(HEADER + 'msgid "sealed"\nmsgstr ""\n\nmsgid "docked"\nmsgstr ""\n', encoding="utf-8")
    assert missing_messages(source, template) == [f"{source}: not in the catalogue: 'docked'"]


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Copy what a wheel is built from, with one known catalogue and an empty test package."""
    copy = tmp_path_factory.mktemp("sources")
    for package in PACKAGES:
        shutil.copytree(ROOT / package, copy / package, ignore=shutil.ignore_patterns("__pycache__", "locale", "*.mo"))
    for name in ("pyproject.toml", ".gitignore"):
        shutil.copy(ROOT / name, copy)
    (copy / "README.md").touch()
    (copy / "tests").mkdir()
    (copy / "tests" / "__init__.py").touch()
    catalog(copy / "cli" / "locale", 'msgid "sealed"\nmsgstr "已固定"\n')
    return copy


@pytest.fixture(scope="module")
def wheel_names(sources: Path) -> set[str]:
    """Build the wheel and return the names in it."""
    command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", "dist"]
    subprocess.run(command, cwd=sources, check=True, capture_output=True)
    (wheel,) = (sources / "dist").glob("*.whl")
    return set(zipfile.ZipFile(wheel).namelist())


def test_the_wheel_holds_the_six_packages_and_nothing_beside_them(wheel_names: set[str]) -> None:
    tops = {name.partition("/")[0] for name in wheel_names}
    assert {top for top in tops if not top.endswith(".dist-info")} == set(PACKAGES)


def test_the_wheel_says_that_each_package_is_typed(wheel_names: set[str]) -> None:
    assert {f"{package}/py.typed" for package in PACKAGES} <= wheel_names


def test_the_wheel_holds_every_source_and_data_file(sources: Path, wheel_names: set[str]) -> None:
    files = {
        file.relative_to(sources).as_posix()
        for package in PACKAGES
        for suffix in ("*.py", "*.toml")
        for file in (sources / package).rglob(suffix)
    }
    assert files - wheel_names == {"cli/build_catalogs.py"}
    assert "docking/profiles/generic.toml" in wheel_names


def test_the_wheel_holds_compiled_catalogues_and_not_their_sources(wheel_names: set[str]) -> None:
    assert {name for name in wheel_names if "/locale/" in name} == {"cli/locale/zh_CN/LC_MESSAGES/messages.mo"}
