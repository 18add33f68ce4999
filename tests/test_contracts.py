"""What holds for the whole program and for no single module."""

import ast
import string
from collections.abc import Iterator
from importlib import import_module, metadata
from pathlib import Path

import pytest

from bodycam_custody.installation.files import PACKAGES
from hashing.errors import StatedError

ROOT = Path(__file__).parent.parent
# Its template is an argument: it stands for an error another process stated.
WITHOUT_TEMPLATE = {"WorkerError", "HelperError"}


def sources() -> Iterator[tuple[Path, ast.Module]]:
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            yield path, ast.parse(path.read_text(encoding="utf-8"))


def leaves(root: type[StatedError]) -> Iterator[type[StatedError]]:
    for leaf in root.__subclasses__():
        yield leaf
        yield from leaves(leaf)


@pytest.fixture(scope="module")
def errors() -> dict[str, type[StatedError]]:
    """Every stated error of the program, by class name."""
    for path, _ in sources():
        import_module(".".join(path.relative_to(ROOT).with_suffix("").parts))
    ours = [error for error in leaves(StatedError) if error.__module__.split(".")[0] in PACKAGES]
    names = [error.__name__ for error in ours]
    assert len(set(names)) == len(names)
    return {error.__name__: error for error in ours}


def test_every_error_is_raised_with_exactly_the_facts_its_text_needs(errors: dict[str, type[StatedError]]) -> None:
    wrong = []
    for path, tree in sources():
        for node in ast.walk(tree):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
                continue
            error = errors.get(node.func.id)
            if error is None or error.__name__ in WITHOUT_TEMPLATE:
                continue
            given = {keyword.arg for keyword in node.keywords}
            needed = {name for _, name, _, _ in string.Formatter().parse(error.template) if name}
            if node.args or None in given or not needed <= given:
                wrong.append(f"{path.relative_to(ROOT)}:{node.lineno} {node.func.id} gives {given}, needs {needed}")
    assert wrong == []


def test_every_error_has_a_code_of_its_own(errors: dict[str, type[StatedError]]) -> None:
    stating = [error for error in errors.values() if "template" in error.__dict__]
    codes = [error.code for error in stating if error.__name__ not in WITHOUT_TEMPLATE]
    assert sorted(set(codes)) == sorted(codes)
    assert len(codes) > 50


def test_no_dependency_owns_one_of_our_import_names() -> None:
    owners = metadata.packages_distributions()
    for package in PACKAGES:
        assert set(owners.get(package, [])) <= {"bodycam-custody"}


def test_importing_any_module_starts_nothing_and_writes_nothing(errors: dict[str, type[StatedError]]) -> None:
    import threading

    assert errors
    assert [thread.name for thread in threading.enumerate() if not thread.daemon] == ["MainThread"]
